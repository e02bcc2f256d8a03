//! A transcript file as a model: it says what the script says, and fails when the conversation is not as scripted.
//!
//! The format is in `tests/transcripts/README.md`.

mod fill;
mod script;

use std::{path::Path, sync::Mutex};

use async_trait::async_trait;

pub use self::script::{Call, Expect, Fail, Script, Turn};
use super::{ChatModel, ChatRequest, ChatTurn, Delta, Finish, Message, ModelError, ToolCall, ToolChoice, Usage};

/// A scripted model.
pub struct Scripted {
    name: String,
    script: Script,
    place: Mutex<Place>,
}

/// Where in the script the conversation is.
#[derive(Default)]
struct Place {
    /// Turns of the script that are over.
    turn: usize,
    /// How often the present turn was played.
    repeats: usize,
    /// Calls made so far: their ids count up.
    calls: usize,
}

impl Scripted {
    /// Reads a transcript: YAML, or JSON, which is YAML too.
    ///
    /// # Errors
    /// A file that cannot be read or is no transcript.
    pub fn open(path: &Path) -> Result<Scripted, ModelError> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).map_err(|e| ModelError::Settings {
            why: format!("the transcript {} cannot be read: {e}", path.display()),
            hint: "AGENT_MODEL=scripted:PATH names a transcript file; see tests/transcripts/README.md".to_owned(),
        })?;
        Scripted::parse(&name, &text)
    }

    /// Reads a transcript's text; `name` is for messages.
    ///
    /// # Errors
    /// A text that is no transcript.
    pub fn parse(name: &str, text: &str) -> Result<Scripted, ModelError> {
        let script = Script::parse(text).map_err(|why| ModelError::Script {
            script: name.to_owned(),
            why: format!("it is no transcript: {why}"),
        })?;
        Ok(Scripted { name: name.to_owned(), script, place: Mutex::default() })
    }

    fn wrong(&self, turn: usize, why: impl std::fmt::Display) -> ModelError {
        ModelError::Script { script: self.name.clone(), why: format!("turn {}: {why}", turn + 1) }
    }

    /// The turn that is due, with its number and the id of its first call.
    fn due(&self) -> Result<(usize, &Turn, usize), ModelError> {
        let mut place = self.place.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let number = place.turn;
        let Some(turn) = self.script.turns.get(number) else {
            return Err(self.wrong(number, "the model is asked once more than the script has turns"));
        };
        let first = place.calls;
        place.calls += turn.call.len();
        place.repeats += 1;
        if place.repeats >= turn.repeat.max(1) {
            place.turn += 1;
            place.repeats = 0;
        }
        Ok((number, turn, first))
    }
}

#[async_trait]
impl ChatModel for Scripted {
    fn name(&self) -> String {
        format!("scripted:{}", self.name)
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let (number, turn, first_call) = self.due()?;
        request.check().map_err(|why| self.wrong(number, format!("the request breaks a rule: {why}")))?;
        if let Some(expect) = &turn.expect {
            met(expect, request).map_err(|why| self.wrong(number, why))?;
        }
        if let Some(fail) = turn.fail {
            return Err(fail.error());
        }
        let values = fill::Values::seen(request);
        let fill = |text: &str| values.fill(text).map_err(|why| self.wrong(number, why));
        let text = match (&turn.say, &turn.text) {
            (Some(say), _) => fill(say)?,
            (None, Some(raw)) => raw.clone(),
            (None, None) => String::new(),
        };
        // An object is for no person.
        if request.form.is_none() {
            text.split_inclusive(' ').for_each(|piece| sink(Delta::Text(piece.to_owned())));
        }
        let mut calls = Vec::new();
        for (i, call) in turn.call.iter().enumerate() {
            let arguments = match &call.raw {
                Some(raw) => raw.clone(),
                None => fill(&call.arguments.to_string())?,
            };
            let id = format!("call-{}", first_call + i + 1);
            calls.push(ToolCall { id, name: call.name.clone(), arguments, echo: None });
        }
        let finish = turn.finish.clone().unwrap_or(if calls.is_empty() { Finish::Stop } else { Finish::ToolCalls });
        // Counted in words, so that a run with a script shows usage too, the same each time.
        let usage = Usage {
            prompt_tokens: request.system.split_whitespace().count() as u64,
            completion_tokens: text.split_whitespace().count() as u64,
            ..Usage::default()
        };
        Ok(ChatTurn { text, calls, finish, usage: Some(usage), reasoning: None })
    }

    fn finish(&self) -> Result<(), ModelError> {
        let place = self.place.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A turn that may repeat has been played once it was begun.
        let begun = usize::from(place.repeats > 0);
        let left = self.script.turns.iter().skip(place.turn + begun).filter(|t| !t.optional).count();
        if left == 0 {
            return Ok(());
        }
        Err(self.wrong(place.turn, format!("{left} scripted turns were not played")))
    }
}

/// Whether a request shows what the script expects.
fn met(expect: &Expect, request: &ChatRequest) -> Result<(), String> {
    let offered: Vec<&str> = request.tools.iter().map(|t| t.name.as_str()).collect();
    for name in &expect.offered {
        if !offered.contains(&name.as_str()) {
            return Err(format!("{name} is not offered; offered: {offered:?}"));
        }
    }
    for name in &expect.not_offered {
        if offered.contains(&name.as_str()) {
            return Err(format!("{name} is offered; offered: {offered:?}"));
        }
    }
    if expect.only_offered.as_ref().is_some_and(|only| only.iter().map(String::as_str).ne(offered.iter().copied())) {
        return Err(format!("offered: {offered:?}"));
    }
    if let Some(choice) = expect.choice
        && choice != request.choice
    {
        return Err(format!("the tool choice is {:?}", request.choice));
    }
    if expect.form.is_some_and(|form| form != request.form.is_some()) {
        return Err(format!("the answer is to have a form: {}", request.form.is_some()));
    }
    let results: Vec<&str> = request
        .messages
        .iter()
        .filter_map(|m| if let Message::ToolResult { content, .. } = m { Some(content.as_str()) } else { None })
        .collect();
    let last = results.last().copied().unwrap_or_default();
    for text in &expect.last_result {
        if !last.contains(text.as_str()) {
            return Err(format!("the last tool result lacks `{text}`: {last}"));
        }
    }
    for text in &expect.user {
        if !request.last_user_text().contains(text.as_str()) {
            return Err(format!("the last thing said lacks `{text}`: {}", request.last_user_text()));
        }
    }
    for text in &expect.system {
        if !request.system.contains(text.as_str()) {
            return Err(format!("the system prompt lacks `{text}`"));
        }
    }
    if request.choice == ToolChoice::None && !request.tools.is_empty() {
        return Err("tools are sent although none may be called".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
