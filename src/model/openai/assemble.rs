//! From streamed pieces to a turn.

use serde_json::Value;

use super::{
    chat::{CallPiece, Choice, Chunk, Piece},
    lenient::spoken,
    usage,
};
use crate::model::{ChatTurn, Finish, ModelError, ToolCall, ToolChoice, Usage};

/// The longest text and the longest arguments of one answer, bytes.
const MAX_TEXT: usize = 256 * 1024;
/// The longest run of white space, and the longest text where a call must come, bytes.
const MOST_BLANK: usize = 200;
const MOST_BEFORE_CALL: usize = 3000;
/// So many characters that stand so often in an answer of a form are a circle. A list of files differs within them.
const CIRCLE: usize = 60;
const MOST_CIRCLES: usize = 6;
/// The most calls in one answer.
const MAX_CALLS: usize = 32;

/// What providers call the ends of an answer, in any case.
const STOP: [&str; 7] = ["stop", "eos", "end_turn", "tool_calls", "tool_use", "function_call", "stop_sequence"];
const LENGTH: [&str; 5] =
    ["length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"];
const FILTER: [&str; 7] =
    ["content_filter", "safety", "recitation", "refusal", "blocklist", "prohibited_content", "spii"];

fn is_any(reason: &str, of: &[&str]) -> bool {
    of.iter().any(|known| known.eq_ignore_ascii_case(reason))
}

const THINK: (&str, &str) = ("<think>", "</think>");

/// An answer in the making.
#[derive(Default)]
pub(super) struct Assembly {
    text: String,
    /// How much of `text` was given out.
    shown: usize,
    calls: Vec<Slot>,
    bytes: usize,
    finish: Option<String>,
    usage: Option<Usage>,
    anything: bool,
    refused: bool,
    wandered: bool,
}

#[derive(Default)]
struct Slot {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
    echo: Option<Value>,
}

impl Assembly {
    /// Takes one event; gives the text that a person may see now.
    pub(super) fn take(&mut self, chunk: Chunk) -> Option<String> {
        // The last that says something holds: servers count as they go, and some end with nothing.
        self.usage = chunk.usage.as_deref().and_then(usage::read).or(self.usage);
        for Choice { index, delta, message, finish_reason } in chunk.choices {
            self.anything = true;
            if index != 0 {
                continue;
            }
            if let Some(reason) = finish_reason.filter(|r| !r.is_empty()) {
                self.finish = Some(reason);
            }
            for piece in [delta, message].into_iter().flatten() {
                self.piece(piece);
            }
        }
        self.visible(false)
    }

    fn piece(&mut self, piece: Piece) {
        let (text, refusal) = spoken(piece.content.as_ref());
        let refusal = piece.refusal.filter(|words| !words.is_empty()).or(refusal);
        self.refused |= refusal.is_some();
        for text in [text, refusal].into_iter().flatten() {
            self.bytes += text.len();
            self.text.push_str(&text);
        }
        for (position, call) in piece.tool_calls.into_iter().flatten().enumerate() {
            self.call(call, position);
        }
    }

    fn call(&mut self, piece: CallPiece, position: usize) {
        let id = piece.id.unwrap_or_default();
        // By index; where a server gives none, by id; a piece with neither goes on with the call before it.
        let same = |slot: &Slot| match piece.index {
            Some(index) => slot.index == Some(index) && (id.is_empty() || slot.id.is_empty() || slot.id == id),
            None => !id.is_empty() && slot.id == id,
        };
        let at = match self.calls.iter().rposition(same) {
            Some(at) => at,
            None if piece.index.is_none() && id.is_empty() && position == 0 && !self.calls.is_empty() => {
                self.calls.len() - 1
            }
            None => {
                self.calls.push(Slot { index: piece.index, ..Slot::default() });
                self.calls.len() - 1
            }
        };
        let Some(slot) = self.calls.get_mut(at) else { return };
        if slot.id.is_empty() {
            slot.id = id;
        }
        slot.echo = piece.extra_content.filter(|extra| !extra.is_null()).or(slot.echo.take());
        let Some(function) = piece.function else { return };
        // Some servers send the name with every piece.
        if let Some(name) = function.name.filter(|n| *n != slot.name) {
            slot.name.push_str(&name);
        }
        let arguments = match function.arguments {
            None | Some(Value::Null) => return,
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        self.bytes += arguments.len();
        slot.arguments.push_str(&arguments);
    }

    /// What may be shown: not a thought at the beginning, nor what may yet become one.
    fn visible(&mut self, last: bool) -> Option<String> {
        let begin = self.text.len() - self.text.trim_start().len();
        let start = match self.text.get(begin..) {
            Some(rest) if rest.starts_with(THINK.0) => match rest.find(THINK.1) {
                Some(end) => begin + end + THINK.1.len(),
                None => return None,
            },
            Some(rest) if !last && THINK.0.starts_with(rest) => return None,
            _ => 0,
        };
        let from = self.shown.max(start);
        let piece = self.text.get(from..)?;
        let piece = if self.shown < start { piece.trim_start() } else { piece };
        if piece.is_empty() {
            return None;
        }
        let piece = piece.to_owned();
        self.shown = self.text.len();
        Some(piece)
    }

    /// Whether a person saw something of it.
    pub(super) fn streamed(&self) -> bool {
        self.shown > 0
    }

    /// What it took so far, where the server said.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Whether its end came: what may follow is only what it took.
    pub(super) fn is_ended(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether nothing of an answer came yet.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.calls.is_empty()
    }

    /// Whether a text goes on and says nothing more: white space without end, which small models write that are held to a
    /// call and do not find it, or a long text where a call must come and a thought is over. It is cut there.
    pub(super) fn wanders(&mut self, choice: ToolChoice) -> bool {
        let text = self.text.trim_start();
        let blank = text.len() - text.trim_end().len();
        let thinks = text.starts_with(THINK.0) || THINK.0.starts_with(text);
        let late = choice == ToolChoice::Required && text.len() > MOST_BEFORE_CALL && !thinks;
        self.wandered |= self.calls.is_empty() && (blank > MOST_BLANK || late);
        self.wandered
    }

    /// Whether an answer of a form says the same over and over, as small models do that find no end to a list. It is cut there.
    pub(super) fn circles(&mut self) -> bool {
        let last = self.text.char_indices().nth_back(CIRCLE - 1).map(|(at, _)| at);
        let tail = last.and_then(|at| self.text.get(at..)).filter(|_| self.text.len() > CIRCLE * MOST_CIRCLES);
        self.wandered |= tail.is_some_and(|tail| self.text.matches(tail).count() >= MOST_CIRCLES);
        self.wandered
    }

    /// Whether it passed its bounds; it is cut there.
    pub(super) fn is_too_long(&self) -> bool {
        self.bytes > MAX_TEXT || self.calls.len() > MAX_CALLS
    }

    /// The turn, and text that was held back. `marked`: the server said that this was all.
    ///
    /// # Errors
    /// When nothing like an answer came, or it broke off.
    pub(super) fn finish(&mut self, marked: bool) -> Result<(ChatTurn, Option<String>), ModelError> {
        let cut = self.is_too_long() || self.wandered;
        if self.finish.is_none() && !cut && !marked {
            let why = if self.anything { "the stream ended without an end mark" } else { "an empty stream" };
            return Err(ModelError::Cut { why: why.to_owned() });
        }
        if !self.anything {
            return Err(ModelError::Cut { why: "a stream without choices".to_owned() });
        }
        let rest = self.visible(true);
        let text = match self.text.trim_start().strip_prefix(THINK.0) {
            Some(thought) => thought.split_once(THINK.1).map_or("", |(_, text)| text).trim_start().to_owned(),
            None => std::mem::take(&mut self.text),
        };
        let calls: Vec<ToolCall> = std::mem::take(&mut self.calls)
            .into_iter()
            .take(MAX_CALLS)
            .map(|slot| ToolCall { id: slot.id, name: slot.name, arguments: slot.arguments, echo: slot.echo })
            .collect();
        let finish = match self.finish.as_deref() {
            _ if cut => Finish::Length,
            _ if self.refused => Finish::ContentFilter,
            Some(reason) if is_any(reason, &LENGTH) => Finish::Length,
            Some(reason) if is_any(reason, &FILTER) => Finish::ContentFilter,
            // The provider behind a gateway failed; what came of the answer is no answer.
            Some("error") => return Err(ModelError::Cut { why: "its provider ended it with an error".to_owned() }),
            // Calls come with `stop` too, and `tool_calls` without any.
            _ if !calls.is_empty() => Finish::ToolCalls,
            None => Finish::Stop,
            Some(reason) if is_any(reason, &STOP) => Finish::Stop,
            Some(other) => Finish::Other(domain::units::clean(other, 40)),
        };
        Ok((ChatTurn { text, calls, finish, usage: self.usage }, rest))
    }
}
