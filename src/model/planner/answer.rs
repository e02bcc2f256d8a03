//! The planner's answers, out of tool results and the catalogue, and out of nothing else.

pub(super) mod about;
pub(super) mod doubt;
mod result;

use serde_json::Value;

use super::{
    Outcome, Seen,
    plain::{Level, Reading, is_one_off},
};
use crate::{
    domain::{job::JobState, task::TaskType, units},
    model::context::{Context, FileSeen},
    tools::Tool,
};

/// A text within a result.
fn text<'v>(value: &'v Value, at: &str) -> Option<&'v str> {
    value.pointer(at)?.as_str().filter(|t| !t.is_empty())
}

fn title(tasks: &[TaskType], name: &str) -> String {
    tasks.iter().find(|t| t.name == name).map_or_else(|| name.to_owned(), |t| t.title.clone())
}

/// A sentence with a full stop and a capital letter.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    // A path, an id or a name in backquotes keeps its first letter.
    let word = text.split_whitespace().next().unwrap_or_default();
    let first =
        if word.contains(['`', '.', '/', '_', '-']) { first.to_string() } else { first.to_uppercase().collect() };
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// What came of the tasks of this turn.
pub(super) fn work(seen: &Seen, tasks: &[TaskType], reading: &Reading) -> String {
    let mut jobs: Vec<&str> = Vec::new();
    for result in &seen.results {
        if let Some(job) = result.text("job")
            && !jobs.contains(&job)
        {
            jobs.push(job);
        }
    }
    let mut parts: Vec<String> = Vec::new();
    for job in jobs {
        let of_job: Vec<&Outcome> = seen.results.iter().filter(|r| r.text("job") == Some(job)).collect();
        parts.push(one_job(&of_job, tasks, reading));
    }
    for failed in seen.results.iter().filter(|r| !r.is_ok() && r.text("job").is_none()) {
        parts.push(format!("{}{}", failure(&failed.content), near(&seen.context, failed)));
    }
    match parts.is_empty() {
        true => nothing_to_do(),
        false => parts.join("\n\n"),
    }
}

/// The only file here that a name which is none is a slip of: data.fasta for data.fsata.
fn near(context: &Context, failed: &Outcome) -> String {
    let said = text(&failed.arguments, "/dataset").unwrap_or_default();
    let near: Vec<&FileSeen> = context.files.iter().filter(|f| f.path != said && is_one_off(said, &f.path)).collect();
    match near.as_slice() {
        [only] if !context.files.iter().any(|f| f.path == said) => {
            format!(" The only near name here is {}.", only.path)
        }
        _ => String::new(),
    }
}

fn one_job(results: &[&Outcome], tasks: &[TaskType], reading: &Reading) -> String {
    let Some(last) = results.last() else { return String::new() };
    if !last.is_ok() {
        return failure(&last.content);
    }
    let check = results.iter().find(|r| r.name == Tool::CheckLocalCapability.name()).map(|r| &r.content);
    if last.content.get("dry_run").is_some() {
        return check.map_or_else(nothing_to_do, |check| plan(check, tasks));
    }
    if let (Some(check), [_]) = (check, results)
        && (matches!(reading.level, Level::Look(_)) || text(check, "/where") == Some("offload"))
        && let Some(why) = doubt::held_back(reading, check)
    {
        return format!("{} {why}", plan(check, tasks));
    }
    if let Some(above) = doubt::above(reading.limit, &last.content) {
        return above;
    }
    let task = text(&last.content, "/task_type").unwrap_or_default();
    let path = text(&last.content, "/dataset/path").or_else(|| check.and_then(|c| text(c, "/dataset/path")));
    let subject = format!("{} of {}", title(tasks, task), path.unwrap_or("your dataset"));
    let state = last.text("state").unwrap_or_default();
    if state != JobState::Done.as_str() {
        let job = last.text("job").unwrap_or_default();
        let quote = text(&last.content, "/quote/amount").filter(|_| reading.quote_first && state == "submitted");
        if let Some(amount) = quote {
            return format!(
                "{subject} would cost {amount} GAS, and nothing was paid. To pay it and have it done: \"go ahead\"."
            );
        }
        return format!("{subject} is not finished: {job} is {state}. To go on: `agent jobs resume {job}`.");
    }
    let mut out = format!("{subject} is done. ");
    match check {
        Some(check) => out.push_str(&place(check, "ran")),
        None if text(&last.content, "/where") == Some("offload") => out.push_str("It ran at the provider."),
        None => out.push_str("It ran on this machine."),
    }
    if let Some(amount) = text(&last.content, "/amount") {
        out.push_str(&format!(" It cost {amount} GAS."));
    }
    out.push_str("\n\n");
    out.push_str(&result::explain(task, &last.content));
    let caveat = tasks.iter().find(|t| t.name == task).and_then(|t| t.caveat.as_deref());
    if let Some(caveat) = caveat {
        out.push_str(&format!("\n\n{}", sentence(caveat)));
    }
    out
}

/// Why a job is for the provider, each a half-sentence of its own.
fn reasons(of: &Value) -> Vec<String> {
    let why = of.get("reasons").and_then(Value::as_array).into_iter().flatten().filter_map(|r| text(r, "/why"));
    let verb = |why: &str| why.starts_with("would ") || why.starts_with("needs ");
    why.map(|why| if verb(why) { format!("it {why}") } else { why.to_owned() }).collect()
}

/// Where a task runs, and why.
fn place(check: &Value, verb: &str) -> String {
    let why = reasons(check);
    match text(check, "/where") {
        Some("offload") if why.is_empty() => format!("It {verb} at the provider."),
        Some("offload") => format!("It {verb} at the provider, because {}.", why.join("; ").trim_end_matches('.')),
        _ => format!("It {verb} on this machine, which is large enough for it."),
    }
}

/// What would happen, of a task that was only looked at.
fn plan(check: &Value, tasks: &[TaskType]) -> String {
    let task = title(tasks, text(check, "/task_type").unwrap_or_default());
    let path = text(check, "/dataset/path").unwrap_or("the dataset");
    let size = text(check, "/dataset/size").unwrap_or("of unknown size");
    let records = check.pointer("/dataset/records").and_then(Value::as_u64).unwrap_or_default();
    let sampled = check.pointer("/dataset/sampled") == Some(&Value::Bool(true));
    let records = match (records, sampled) {
        (1, _) => "one record".to_owned(),
        (n, true) => format!("about {} records", units::count(n)),
        (n, false) => format!("{} records", units::count(n)),
    };
    let mut out = format!(
        "{path} is {size} with {records}. {task} would need {} of RAM and {} on this machine. ",
        text(check, "/needs/ram").unwrap_or("an unknown amount"),
        text(check, "/needs/time").unwrap_or("an unknown time"),
    );
    if let Some(part) = check.pointer("/works_on/first_records").and_then(Value::as_u64) {
        let part = units::count(part);
        out.push_str(&format!("That is for the first {part} of them; say how many you want. "));
    }
    out.push_str(&place(check, "would run"));
    if text(check, "/where") == Some("offload") {
        out.push_str(" What it costs, in GAS, is known once the provider has the data and quotes a price.");
    }
    out.push_str(" Nothing was run, uploaded or paid.");
    out
}

/// What was refused or failed, why, and what to do.
pub(super) fn failure(result: &Value) -> String {
    let why = text(result, "/why").unwrap_or("the step failed, and no reason was given");
    let mut out = match text(result, "/refused_by") {
        Some(rule) => format!("That was refused by {rule}: {}", sentence(why)),
        None => format!("That did not work: {}", sentence(why)),
    };
    if let Some(hint) = text(result, "/hint") {
        out.push_str(&format!(" {}", sentence(hint)));
    }
    out
}

/// A task without a file.
pub(super) fn which_file(tasks: &[TaskType], task: &str, candidates: &[String]) -> String {
    let task = title(tasks, task);
    match candidates {
        [] => format!(
            "{task}: on which file? Name it, such as: data.fasta. There is none in this folder that looks like it."
        ),
        some => format!("{task}: on which file? It could be {}.", some.join(", ")),
    }
}

/// A file without a task.
pub(super) fn which_task(tasks: &[TaskType], dataset: &str) -> String {
    format!("What is to be done with {dataset}? I can do: {}.", titles(tasks))
}

/// A task that needs a second file.
pub(super) fn second_file(tasks: &[TaskType], task: &str, parameter: &str) -> String {
    let entry = tasks.iter().find(|t| t.name == task);
    let what = entry.and_then(|t| t.parameters.get(parameter)).map_or(parameter, |p| p.description.as_str());
    let example = match parameter {
        "profile" => "search proteins.fasta with globins.hmm by hmmsearch",
        _ => "blast query.fasta against proteins.fasta",
    };
    format!("{} needs a second file: {what}. Which one? Such as: {example}.", title(tasks, task))
}

/// Nothing is known.
pub(super) fn nothing_to_do() -> String {
    "There is nothing more I can do in this turn. `agent jobs list` shows how jobs stand.".to_owned()
}

/// The files that the runtime showed.
pub(super) fn files(context: &Context) -> String {
    match context.files.as_slice() {
        [] => "There are no data files in this folder.".to_owned(),
        files => {
            let one = |file: &FileSeen| format!("- {} ({})\n", file.path, units::bytes(file.bytes));
            format!("The data files in this folder:\n{}", files.iter().map(one).collect::<String>().trim_end())
        }
    }
}

/// A greeting.
pub(super) fn greeting(tasks: &[TaskType]) -> String {
    format!("Hello. {}", help(tasks))
}

/// What there is to ask for.
pub(super) fn help(tasks: &[TaskType]) -> String {
    let mut out = "I am the offline planner of the Scientific Orchestrator: I understand plain requests for the tasks \
                   below, decide with the runtime where each runs, and see it through.\n"
        .to_owned();
    for task in tasks {
        out.push_str(&format!("- {}: {}\n", task.title, task.description));
    }
    out.push_str(
        "Ask, for example: \"Run protein folding on examples/data.fasta in 3D with seed 7\", \"How many sequences are in \
         reads.fastq?\", \"Would folding big.fasta fit on this machine?\", \"And the second file?\", \"List my jobs\", \
         \"Resume it\", \"What came out?\", \"What did it cost?\", \"Cancel it\". For free conversation, set AGENT_MODEL \
         to PROVIDER:MODEL and that provider's key, or OPENAI_BASE_URL and AGENT_MODEL.",
    );
    out
}

/// A text that is none of the above.
pub(super) fn unknown(tasks: &[TaskType]) -> String {
    format!(
        "I did not understand what is to be done: I work offline and know plain requests only. I can do: {}; and I can \
         list jobs, resume them, and say what came out and what they cost. Name a task and a file, such as: Run protein folding on \
         data.fasta. \"help\" tells more.",
        titles(tasks)
    )
}

fn titles(tasks: &[TaskType]) -> String {
    tasks.iter().map(|t| t.title.as_str()).collect::<Vec<_>>().join(", ")
}
