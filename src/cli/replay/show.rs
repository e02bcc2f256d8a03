//! Showing a recorded run: a line an exchange, one step whole, or the events as the person saw them.

use std::{collections::HashMap, process::ExitCode};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    cli::{CommandError, Context, wiring::recorded::OPENING},
    face::{
        look::{Look, Tone, cut},
        text::plain_lines,
    },
};
use cassette::{
    format::{Answered, Asked, Body, Entry, Part, What},
    read::Cassette,
};
use domain::{
    event::{EVENT_VERSION, Event, Sink as _},
    units::{self, clean},
};

/// An exchange or a person's words, on one line. Steps are counted as the lines of the file are, from 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The line of the request in the file.
    pub step: usize,
    /// When the request went out.
    pub at: Timestamp,
    /// Who was asked; `person` for their words.
    pub part: &'static str,
    /// The request, in short.
    pub request: String,
    /// The answer, in short; nothing when there was none.
    pub answer: Option<String>,
    /// Bytes of the request's body.
    pub sent: u64,
    /// Bytes of the answer's body.
    pub received: u64,
    /// Seconds from request to answer.
    pub seconds: Option<f64>,
}

/// Every step of the run.
pub fn steps(cassette: &Cassette) -> Vec<Step> {
    let mut answers: HashMap<u64, (Timestamp, &Answered)> = HashMap::new();
    for entry in &cassette.entries {
        if let What::Answered(answered) = &entry.what {
            answers.insert(answered.id, (entry.at, answered));
        }
    }
    let step = |(line, entry): (usize, &Entry)| match &entry.what {
        What::Input { text } => Some(Step {
            step: line + 1,
            at: entry.at,
            part: "person",
            request: clean(text, 200),
            answer: None,
            sent: text.len() as u64,
            received: 0,
            seconds: None,
        }),
        What::Asked(asked) => {
            let answer = answers.get(&asked.id);
            Some(Step {
                step: line + 1,
                at: entry.at,
                part: asked.part.name(),
                request: request(asked),
                answer: answer.map(|(_, answered)| answer_of(asked, answered)),
                sent: asked.body.len(),
                received: answer.map_or(0, |(_, answered)| answered.body.len()),
                seconds: answer.map(|(at, _)| at.duration_since(entry.at).as_secs_f64()),
            })
        }
        _ => None,
    };
    cassette.entries.iter().enumerate().filter_map(step).collect()
}

/// A request in short: a node's method with its parameters, how much a model is told and offered, or method and path.
fn request(asked: &Asked) -> String {
    match (asked.part, &asked.body) {
        (Part::Chain, Body::Text(body)) => {
            let call: Value = serde_json::from_str(body).unwrap_or_default();
            let method = call.get("method").and_then(Value::as_str).unwrap_or_default();
            let params = call.get("params").map(Value::to_string).unwrap_or_default();
            format!("{} {}", clean(method, 60), clean(&params, 100))
        }
        (Part::Model, Body::Json(body)) => {
            let count = |name: &str, one: &str| {
                let n = body.get(name).and_then(Value::as_array).map_or(0, Vec::len);
                units::counted(n as u64, one, name)
            };
            format!("{}, {}", count("messages", "message"), count("tools", "tool"))
        }
        _ => {
            let path = url::Url::parse(&asked.target).map_or_else(
                |_| asked.target.clone(),
                |url| {
                    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                    format!("{}{query}", url.path())
                },
            );
            format!("{} {}", asked.method, clean(&path, 300))
        }
    }
}

fn answer_of(asked: &Asked, answered: &Answered) -> String {
    if let Some(broken) = &answered.broken {
        let status = answered.status.map(|status| format!("{status}, then ")).unwrap_or_default();
        return format!("{status}{}", clean(broken.cause(), 120));
    }
    match (asked.part, &answered.body) {
        (Part::Model, Body::Json(kept)) => turn_of(kept),
        (Part::Chain, Body::Text(body)) => {
            let reply: Value = serde_json::from_str(body).unwrap_or_default();
            let said = match reply.get("error") {
                Some(error) => error.get("message").and_then(Value::as_str).unwrap_or("an error").to_owned(),
                None => reply.get("result").map(Value::to_string).unwrap_or_default(),
            };
            clean(&said, 100)
        }
        _ => answered.status.map(|status| status.to_string()).unwrap_or_default(),
    }
}

/// A model's turn in short: what it calls, what it says, or how it failed.
fn turn_of(kept: &Value) -> String {
    if let Some(error) = kept.get("error") {
        return format!("failed: {}", clean(&error.to_string(), 100));
    }
    let calls = kept.pointer("/turn/calls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = calls.iter().filter_map(|call| call.get("name")?.as_str()).collect();
    if !names.is_empty() {
        return format!("calls {}", clean(&names.join(", "), 100));
    }
    let text = kept.pointer("/turn/text").and_then(Value::as_str).unwrap_or_default();
    format!("says \"{}\"", clean(text, 100))
}

/// Prints a line a step.
///
/// # Errors
/// None so far.
pub fn list(context: &Context, cassette: &Cassette) -> Result<ExitCode, CommandError> {
    let steps = steps(cassette);
    if context.json() {
        steps.iter().for_each(|step| context.output.json(step));
    } else {
        context.output.lines(lines(cassette, &steps, &context.look));
    }
    Ok(ExitCode::SUCCESS)
}

/// The run for people.
pub fn lines(cassette: &Cassette, steps: &[Step], look: &Look) -> Vec<String> {
    let start = &cassette.start;
    let began = cassette.entries.first().map_or(Timestamp::UNIX_EPOCH, |entry| entry.at);
    let mut lines = look.field("Recorded", Tone::Plain, &began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let command = format!("{} {}", start.command, start.flags.join(" "));
    lines.extend(look.field(
        "Program",
        Tone::Plain,
        &format!("version {}, agent {}", start.program, clean(command.trim(), 200)),
    ));
    lines.extend(look.field("Folder", Tone::Plain, &clean(&start.folder, 200)));
    lines.push(String::new());
    let last = steps.last().map_or(1, |step| step.step.to_string().len());
    lines.extend(steps.iter().map(|step| look.line(Tone::Plain, &line(step, last, look.width))));
    lines.push(String::new());
    let end = match cassette.exit_code() {
        Some(code) => format!("exit code {code}"),
        None => "none: the record was cut off".to_owned(),
    };
    lines.extend(look.field("End", Tone::Plain, &end));
    lines
}

/// One step on one line: when, who, what was asked, what came of it, and how large both were.
fn line(step: &Step, digits: usize, width: usize) -> String {
    /// Columns that an answer takes where there is room, and that both share where there is little.
    const ANSWER: usize = 24;
    const LEAST: usize = 24;
    let size = |n: u64| if n == 0 { "-".to_owned() } else { units::bytes(n) };
    let head = format!("{:>digits$}  {}  {:<8}  ", step.step, step.at.strftime("%H:%M:%S%.3f"), step.part);
    if step.part == "person" {
        return cut(&format!("{head}{}", step.request), width.max(40));
    }
    let answer = step.answer.as_deref().unwrap_or("no answer");
    let sizes = format!("  {} / {}", size(step.sent), size(step.received));
    let room = width.saturating_sub(head.len() + sizes.len() + 4).max(LEAST);
    let request = cut(&step.request, room.saturating_sub(answer.chars().count().min(ANSWER).min(room / 2)));
    let answer = cut(answer, room.saturating_sub(request.chars().count()));
    format!("{head}{request} -> {answer}{sizes}")
}

/// Prints one step whole: request and answer, or whatever else the line of that number holds.
///
/// # Errors
/// A number beyond the last line.
pub fn step(context: &Context, cassette: &Cassette, number: usize) -> Result<ExitCode, CommandError> {
    let entry = number.checked_sub(1).and_then(|line| cassette.entries.get(line)).ok_or_else(|| {
        CommandError::usage(format!("there is no step {number}: the record has {}", cassette.entries.len()))
            .hint("agent replay --show FILE lists the steps")
    })?;
    let id = match &entry.what {
        What::Asked(asked) => Some(asked.id),
        _ => None,
    };
    let is_its_answer = |e: &&Entry| matches!(&e.what, What::Answered(answered) if Some(answered.id) == id);
    let both = [Some(entry), cassette.entries.iter().find(is_its_answer)];
    for entry in both.into_iter().flatten() {
        if context.json() {
            context.output.json(entry);
        } else {
            context.output.lines(whole(entry, &context.look));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(entry: &Entry, look: &Look) -> Vec<String> {
    let at = entry.at.to_string();
    let mut lines = Vec::new();
    let (headers, body) = match &entry.what {
        What::Asked(asked) => {
            lines.extend(look.field("Asked", Tone::Strong, &format!("{} at {at}", asked.part)));
            lines.extend(look.more(Tone::Plain, &clean(&format!("{} {}", asked.method, asked.target), 2000)));
            (Some(&asked.headers), &asked.body)
        }
        What::Answered(answered) => {
            let status = answered.status.map(|status| format!("{status} ")).unwrap_or_default();
            lines.extend(look.field("Answered", Tone::Strong, &format!("{status}at {at}")));
            if let Some(broken) = &answered.broken {
                lines.extend(look.field("Broken", Tone::Bad, &clean(&broken.to_string(), 1000)));
            }
            if let Some(sent) = &answered.sent {
                let sent = format!("{}, SHA-256 {}", units::bytes(sent.bytes), sent.sha256);
                lines.extend(look.field("Sent", Tone::Plain, &sent));
            }
            (Some(&answered.headers), &answered.body)
        }
        other => {
            let text = serde_json::to_string_pretty(other).unwrap_or_default();
            lines.extend(plain_lines(&text).lines().map(str::to_owned));
            return lines;
        }
    };
    for (name, value) in headers.into_iter().flatten() {
        lines.extend(look.more(Tone::Dim, &clean(&format!("{name}: {value}"), 500)));
    }
    if !body.is_empty() {
        lines.push(String::new());
        lines.extend(plain_lines(&body.shown()).lines().map(str::to_owned));
    }
    lines.push(String::new());
    lines
}

/// Prints the events as the terminal face did, or as `--json` did.
///
/// # Errors
/// None so far.
pub fn events(context: &Context, cassette: &Cassette) -> Result<ExitCode, CommandError> {
    let told = cassette.entries.iter().filter_map(|entry| match &entry.what {
        What::Event { event } => Some((entry.at, event)),
        _ => None,
    });
    if context.json() {
        let session = cassette.value(OPENING).and_then(|opening| opening.get("session")).and_then(Value::as_str);
        for (seq, (ts, event)) in (1_u64..).zip(told) {
            let mut line = json!({"v": EVENT_VERSION, "seq": seq, "ts": ts, "session": session});
            if let (Some(line), Some(event)) = (line.as_object_mut(), event.as_object()) {
                line.extend(event.clone());
            }
            context.output.json(&line);
        }
        return Ok(ExitCode::SUCCESS);
    }
    // The result's file is not in the record; what was said of it is.
    let face = context.terminal().without_documents();
    for (_, event) in told {
        match serde_json::from_value::<Event>(event.clone()) {
            Ok(event) => face.emit(event),
            Err(_) => {
                let kind = event.get("type").and_then(Value::as_str).unwrap_or("unknown");
                let text = format!("{}: this version tells it otherwise; --json shows it as it was", clean(kind, 40));
                context.output.lines(context.look.field("Event", Tone::Dim, &text));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
