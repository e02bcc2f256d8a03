//! From streamed pieces to a turn.

use super::{
    calls::Calls,
    chunk::{Choice, Chunk, Piece},
    lenient::spoken,
    reasoning::Reasoned,
    surrogates::Halves,
    thoughts::{Said, Splitter},
    usage,
};
use crate::model::{ChatRequest, ChatTurn, Delta, Finish, ModelError, ToolChoice, Usage};

/// The longest text and the longest arguments of one answer, bytes.
pub(super) const MAX_TEXT: usize = 256 * 1024;
/// The longest run of white space, and the longest text where a call must come, bytes.
const MOST_BLANK: usize = 200;
const MOST_BEFORE_CALL: usize = 3000;
/// So many characters that stand so often in an answer of a form are a circle. A list of files differs within them.
const CIRCLE: usize = 60;
const MOST_CIRCLES: usize = 6;

/// What providers call the ends of an answer, in any case.
const STOP: [&str; 7] = ["stop", "eos", "end_turn", "tool_calls", "tool_use", "function_call", "stop_sequence"];
const LENGTH: [&str; 5] =
    ["length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"];
const FILTER: [&str; 7] =
    ["content_filter", "safety", "recitation", "refusal", "blocklist", "prohibited_content", "spii"];

fn is_any(reason: &str, of: &[&str]) -> bool {
    of.iter().any(|known| known.eq_ignore_ascii_case(reason))
}

/// An answer in the making.
#[derive(Default)]
pub(super) struct Assembly {
    /// The text as it came, thoughts included.
    raw: String,
    halves: Halves,
    splitter: Splitter,
    /// The answer itself.
    text: String,
    /// The choice that the text is of.
    speaker: Option<u32>,
    /// Whether pieces came that are no whole messages.
    in_pieces: bool,
    calls: Calls,
    reasoned: Reasoned,
    bytes: usize,
    /// How long the answer was when circles were looked for.
    looked: usize,
    finish: Option<String>,
    usage: Option<Usage>,
    anything: bool,
    refused: bool,
    wandered: bool,
    streamed: bool,
    unopened: bool,
}

impl Assembly {
    /// The answer to a request. `thinks_first`: the model's template begins its thoughts.
    pub(super) fn of(request: &ChatRequest, thinks_first: bool) -> Assembly {
        let offered = request.tools.iter().map(|tool| tool.name.clone()).collect();
        let splitter = if thinks_first { Splitter::within_thought() } else { Splitter::default() };
        Assembly { calls: Calls::of(offered), splitter, ..Assembly::default() }
    }

    /// Takes one event; gives what a person may see now.
    pub(super) fn take(&mut self, chunk: Chunk) -> Vec<Delta> {
        // The last that says something holds: servers count as they go, and some end with nothing.
        self.usage = chunk.usage.as_deref().and_then(usage::read).or(self.usage);
        self.anything |= !chunk.choices.is_empty();
        chunk.reasoned.into_iter().for_each(|item| self.reasoned.item(item));
        let mut out = Vec::new();
        for Choice { index, delta, message, finish_reason, error: _ } in chunk.choices {
            if let Some(reason) = finish_reason.filter(|r| !r.is_empty()) {
                self.finish = Some(reason);
            }
            if let Some(delta) = delta {
                self.in_pieces |= !delta.is_empty();
                self.piece(index, delta, false, &mut out);
            }
            if let Some(message) = message {
                self.piece(index, message, true, &mut out);
            }
        }
        out
    }

    /// A piece of a choice. `whole`: a message, which beside pieces holds all that they held.
    fn piece(&mut self, choice: u32, mut piece: Piece, whole: bool, out: &mut Vec<Delta>) {
        let said = spoken(piece.content.as_ref());
        let thoughts = [self.reasoned.take(&mut piece, whole), said.thought.filter(|_| !whole || !self.in_pieces)];
        out.extend(thoughts.into_iter().flatten().map(Delta::Thought));
        let refusal = piece.refusal.filter(|words| !words.is_empty()).or(said.refusal);
        self.refused |= refusal.is_some();
        let speaks = |text: &String| !text.is_empty();
        let texts: Vec<String> = [said.text, refusal].into_iter().flatten().filter(speaks).collect();
        // One answer is asked for: a second choice of a gateway holds what is left of it, and not the same again.
        if !texts.is_empty() && *self.speaker.get_or_insert(choice) == choice {
            for text in texts {
                let new = if whole { self.new_in(text) } else { text };
                self.say(&new, out);
            }
        }
        let calls = piece.tool_calls.unwrap_or_default();
        if whole && !self.calls.is_empty() {
            self.bytes += self.calls.take_whole(choice, calls);
            return;
        }
        let together = calls.len();
        for (position, call) in calls.into_iter().enumerate() {
            self.bytes += self.calls.take(choice, call, position, together);
        }
    }

    /// What a whole message says that was not said yet.
    fn new_in(&self, text: String) -> String {
        match text.strip_prefix(self.raw.as_str()) {
            Some(new) => new.to_owned(),
            // Messages that are pieces after all, from a server that calls them so.
            None if !self.in_pieces => text,
            None => String::new(),
        }
    }

    fn say(&mut self, text: &str, out: &mut Vec<Delta>) {
        let mut text = self.halves.pass(text.to_owned());
        // What is longer is given up as too long: no more of it is looked at.
        let room = (MAX_TEXT + 1).saturating_sub(self.bytes);
        self.bytes += text.len();
        text.truncate(text.floor_char_boundary(room));
        self.raw.push_str(&text);
        let said = self.splitter.push(&text);
        self.hear(said, out);
    }

    fn hear(&mut self, said: Vec<Said>, out: &mut Vec<Delta>) {
        for said in said {
            match said {
                Said::Text(text) => {
                    self.streamed = true;
                    self.text.push_str(&text);
                    out.push(Delta::Text(text));
                }
                Said::Thought(thought) => out.push(Delta::Thought(thought)),
                Said::AllWasThought => {
                    self.unopened = true;
                    self.text.clear();
                }
            }
        }
    }

    /// Whether a person saw something of it.
    pub(super) fn streamed(&self) -> bool {
        self.streamed
    }

    /// Whether a thought ended that nothing in the answer began: the model's template does.
    pub(super) fn thought_unopened(&self) -> bool {
        self.unopened
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
        self.raw.is_empty() && self.calls.is_empty()
    }

    /// Whether a text goes on and says nothing more: white space without end, which small models write that are held to a
    /// call and do not find it, or a long text where a call must come and a thought is over. It is cut there.
    pub(super) fn wanders(&mut self, choice: ToolChoice) -> bool {
        let raw = self.raw.trim_start();
        let blank = raw.len() - raw.trim_end().len();
        let late = choice == ToolChoice::Required && self.text.len() > MOST_BEFORE_CALL && !self.splitter.is_thinking();
        self.wandered |= self.calls.is_empty() && (blank > MOST_BLANK || late);
        self.wandered
    }

    /// Whether an answer of a form says the same over and over, as small models do that find no end to a list. It is cut there.
    pub(super) fn circles(&mut self) -> bool {
        // Looked for again once the answer has grown by a part of itself, so that all looks together stay few.
        if self.raw.len() < self.looked + CIRCLE.max(self.looked / 64) {
            return self.wandered;
        }
        self.looked = self.raw.len();
        let last = self.raw.char_indices().nth_back(CIRCLE - 1).map(|(at, _)| at);
        let tail = last.and_then(|at| self.raw.get(at..)).filter(|_| self.raw.len() > CIRCLE * MOST_CIRCLES);
        self.wandered |= tail.is_some_and(|tail| self.raw.matches(tail).count() >= MOST_CIRCLES);
        self.wandered
    }

    /// Whether it passed its bounds; it is cut there.
    pub(super) fn is_too_long(&self) -> bool {
        self.bytes > MAX_TEXT || self.calls.are_too_many()
    }

    /// The turn, and what was held back of it. `marked`: the server said that this was all; `from`: who says it.
    ///
    /// # Errors
    /// When nothing like an answer came, or it broke off.
    pub(super) fn finish(&mut self, marked: bool, from: &str) -> Result<(ChatTurn, Vec<Delta>), ModelError> {
        let cut = self.is_too_long() || self.wandered;
        if self.finish.is_none() && !cut && !marked {
            let why = if self.anything { "the stream ended without an end mark" } else { "an empty stream" };
            return Err(ModelError::Cut { why: why.to_owned() });
        }
        if !self.anything {
            return Err(ModelError::Cut { why: "a stream without choices".to_owned() });
        }
        let mut rest = Vec::new();
        let said = self.splitter.finish();
        self.hear(said, &mut rest);
        let text = std::mem::take(&mut self.text);
        let calls = self.calls.finish();
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
        Ok((ChatTurn { text, calls, finish, usage: self.usage, reasoning: self.reasoned.given(from) }, rest))
    }
}
