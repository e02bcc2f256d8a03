//! Asking the model: the request made to fit its window and the session's ceilings, the reply with the calls that are written in it,
//! and what both took.

use super::{
    close::{self, End},
    compact,
    conversation::Conversation,
    earlier, ending,
    gate::Gate,
    outcome, spending, window,
};
use crate::{
    model::{ChatRequest, ChatTurn, Delta, Message, ModelError, ToolCall, ToolChoice, Usage, repair},
    tools::{Cancel, ToolSpec},
};
use domain::event::Event;

/// What of a window is left for the answer: one part in so many.
const ANSWER_SHARE: u64 = 8;
/// The most that is left for it, tokens.
const MOST_ANSWER: u64 = 4096;
/// What is left for it where a whole share leaves no room for the person's words, tokens.
const LEAST_ANSWER: u64 = 128;
/// No smaller window is tried when a server says that a conversation is too long, tokens.
const LEAST_WINDOW: u64 = 2048;

/// What came of asking the model.
pub(super) struct Reply {
    /// Its turn.
    pub(super) turn: ChatTurn,
    /// Why a call in its text could not be read.
    pub(super) broken: Option<String>,
}

impl Conversation {
    /// The request, made to fit the model's window; the end of the turn where the person's words do not fit it.
    pub(super) fn request(
        &mut self,
        system: &str,
        tools: Vec<ToolSpec>,
        choice: ToolChoice,
    ) -> Result<ChatRequest, End> {
        let messages = match self.limits.window {
            None => self.history.clone(),
            Some(window) => {
                let answers = [(window / ANSWER_SHARE).min(MOST_ANSWER), LEAST_ANSWER];
                let fixed = window::fixed(system, &tools);
                let work = &self.toolbox.work;
                let note = |messages: &[Message], limit: usize| {
                    earlier::note(messages, &|id| work.job(id).ok().flatten(), limit)
                };
                let fit = |answer: u64| {
                    let room = self.gauge.bytes(window.saturating_sub(answer)).saturating_sub(fixed);
                    compact::view(&self.history, &mut self.folded, room, &note)
                };
                let fitted = answers.into_iter().find_map(fit);
                fitted.ok_or_else(|| close::too_long(self.gauge.tokens(fixed), window))?
            }
        };
        Ok(ChatRequest { system: system.to_owned(), messages, tools, choice, ..ChatRequest::default() })
    }

    /// The server says that the conversation is too long: its window is smaller than was thought. `false` when it can be
    /// made no smaller.
    pub(super) fn narrow(&mut self, request: &ChatRequest) -> bool {
        let taken = self.gauge.tokens(window::size(request));
        let smaller = self.limits.window.map_or(taken, |window| window.min(taken)) / 2;
        let can = smaller >= LEAST_WINDOW;
        if can {
            self.limits.window = Some(smaller);
        }
        can
    }

    /// The end of a turn whose next model call would pass a ceiling of the session.
    pub(super) fn ceiling(&mut self, request: &ChatRequest) -> Option<End> {
        self.passes(self.gauge.tokens(window::size(request)))
    }

    /// The end of a turn whose front would ask its model to read so many bytes: more than its window, or than a ceiling allows.
    pub(super) fn too_much(&mut self, bytes: usize) -> Option<End> {
        if bytes == 0 {
            return None;
        }
        let tokens = self.gauge.tokens(bytes);
        let window = self.limits.window.filter(|window| tokens + LEAST_ANSWER > *window);
        window.map(|window| close::too_long(tokens, window)).or_else(|| self.passes(tokens))
    }

    /// What a model can be asked to read, in bytes, where its window is known.
    pub(super) fn room(&self) -> Option<usize> {
        self.limits.window.map(|window| self.gauge.bytes(window.saturating_sub(LEAST_ANSWER)))
    }

    fn passes(&self, next: u64) -> Option<End> {
        let message = self.limits.ceilings.passed(&self.spent, next)?;
        Some(End::Stopped {
            kind: "model_ceiling".to_owned(),
            message,
            hint: Some("raise AGENT_MAX_TOKENS or AGENT_MAX_COST, or begin a new session".to_owned()),
            code: outcome::BUDGET,
        })
    }

    /// Counts what a call took, and learns from it how large requests are; where nobody counted, it is estimated.
    pub(super) fn account(&mut self, request: &ChatRequest, reply: &ChatTurn) {
        if let Some(usage) = reply.usage {
            self.gauge.learn(window::size(request), usage.prompt_tokens);
            self.took(usage);
        } else if self.limits.metered {
            self.took(spending::estimate(&self.gauge, request, reply));
        }
    }

    /// Counts it. The event tells what the provider said, and no estimate.
    pub(super) fn took(&mut self, usage: Usage) {
        self.count(usage);
        if !usage.estimated {
            self.sink.emit(Event::Usage {
                prompt_tokens: usage.prompt_tokens,
                cached_tokens: usage.cached_tokens,
                completion_tokens: usage.completion_tokens,
                cost: usage.cost.map(|cost| cost.to_string()),
            });
        }
        if self.limits.ceilings.blind(&self.spent) && !std::mem::replace(&mut self.told_blind, true) {
            let message = "AGENT_MAX_COST cannot be kept: the model's provider does not say what its calls cost. \
                           AGENT_MAX_TOKENS works with every provider";
            self.sink.emit(Event::Warning { message: message.to_owned() });
        }
    }

    /// Asks the model unless it is stopped, which gives nothing; counts what was taken without a turn.
    pub(super) async fn ask_until(
        &mut self,
        request: &ChatRequest,
        known: &[&str],
        cancel: &Cancel,
    ) -> Option<Result<Reply, ModelError>> {
        let mut lost = Vec::new();
        let asked = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            asked = self.ask(request, known, &mut lost) => Some(asked),
        };
        lost.into_iter().for_each(|usage| self.took(usage));
        asked
    }

    /// Asks the model; gives its turn, with calls written as text read. What tries took that gave no turn goes to `lost`.
    async fn ask(&self, request: &ChatRequest, known: &[&str], lost: &mut Vec<Usage>) -> Result<Reply, ModelError> {
        let offers = self.helps.repair && request.choice != ToolChoice::None && !request.tools.is_empty();
        let mut gate = Gate::new(known, self.helps.repair);
        let sink = &self.sink;
        let mut show = |delta| match delta {
            Delta::Text(piece) => {
                if let Some(text) = gate.pass(&piece) {
                    sink.emit(Event::MessageDelta { text });
                }
            }
            Delta::Thought(text) => sink.emit(Event::ThoughtDelta { text }),
            Delta::Lost(usage) => lost.push(usage),
        };
        let mut reply = self.model.turn(request, &mut show).await?;
        let mut broken = None;
        // Where no tool is offered a call in the text is a quotation: reading it would start the work over.
        if offers && reply.calls.is_empty() {
            let reading = repair::read(&reply.text, known, &reply.finish);
            broken = reading.broken;
            if !reading.calls.is_empty() {
                reply.text = reading.text;
                reply.calls = reading
                    .calls
                    .into_iter()
                    .map(|c| ToolCall { name: c.name, arguments: c.arguments.to_string(), ..ToolCall::default() })
                    .collect();
                return Ok(Reply { turn: reply, broken });
            }
        }
        // Nothing but a call is no answer either.
        if !offers && self.helps.repair && self.helps.endings && ending::is_call(&reply, known) {
            reply.text.clear();
            return Ok(Reply { turn: reply, broken });
        }
        if let Some(text) = gate.rest() {
            sink.emit(Event::MessageDelta { text });
        }
        Ok(Reply { turn: reply, broken })
    }
}
