//! What was said, in an order that every server takes.

use crate::model::{Message, context::NOTE};

/// What stands for the result of a call that was cut off.
const CUT_CALL: &str = r#"{"ok":false,"error":"interrupted","why":"the program was stopped during this call; the ledger knows how far it came","next_step":"Call list_jobs to see how the jobs stand."}"#;
/// What stands for an answer that has no words.
const NO_ANSWER: &str = "[no answer]";
/// What stands for an answer that was cut off.
const CUT_ANSWER: &str = "[the turn was cut off here]";

/// Whether a person said it, and not the program in their place.
pub fn is_prompt(message: &Message) -> bool {
    matches!(message, Message::User { text } if !text.starts_with(NOTE))
}

/// Where the turns begin: at a person's words.
pub fn turns(messages: &[Message]) -> Vec<usize> {
    messages.iter().enumerate().filter(|(_, m)| is_prompt(m)).map(|(i, _)| i).collect()
}

/// A history that the next turn can build on, wherever it was cut off: it begins with a person's words, each call has its one
/// result, and the model has the last word.
pub fn closed(messages: Vec<Message>) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::with_capacity(messages.len());
    let mut open: Vec<(String, String)> = Vec::new();
    for message in messages.into_iter().skip_while(|m| !is_prompt(m)) {
        if let Message::ToolResult { call_id, .. } = &message {
            let Some(at) = open.iter().position(|(id, _)| id == call_id) else { continue };
            open.remove(at);
            out.push(message);
            continue;
        }
        answer(&mut out, &mut open);
        match &message {
            // Only a turn that was cut off is followed by the next prompt at once.
            Message::User { .. } if is_prompt(&message) && !out.is_empty() => end(&mut out),
            // What the program tells a model follows words of the model.
            Message::User { .. } if !ends_with_words(&out) => out.push(said(NO_ANSWER)),
            Message::Assistant { calls, .. } => open = calls.iter().map(|c| (c.id.clone(), c.name.clone())).collect(),
            Message::User { .. } | Message::ToolResult { .. } => {}
        }
        out.push(message);
    }
    answer(&mut out, &mut open);
    if !out.is_empty() {
        end(&mut out);
    }
    out
}

fn answer(out: &mut Vec<Message>, open: &mut Vec<(String, String)>) {
    for (call_id, name) in open.drain(..) {
        out.push(Message::ToolResult { call_id, name, content: CUT_CALL.to_owned() });
    }
}

fn end(out: &mut Vec<Message>) {
    if !ends_with_words(out) {
        out.push(said(CUT_ANSWER));
    }
}

fn ends_with_words(out: &[Message]) -> bool {
    matches!(out.last(), None | Some(Message::Assistant { .. }))
}

fn said(text: &str) -> Message {
    Message::Assistant { text: text.to_owned(), calls: Vec::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{ChatRequest, ToolCall};

    fn any_message() -> impl Strategy<Value = Message> {
        let id = || "[abc]";
        let call = id().prop_map(|id| ToolCall { id, name: "list_jobs".into(), arguments: "{}".into(), echo: None });
        prop_oneof![
            Just(Message::User { text: "and now?".into() }),
            Just(Message::User { text: format!("{NOTE} go on") }),
            prop::collection::vec(call, 0..3).prop_map(|calls| Message::Assistant { text: "x".into(), calls }),
            id().prop_map(|id| Message::ToolResult { call_id: id, name: "list_jobs".into(), content: "{}".into() }),
        ]
    }

    proptest! {
        /// Messages in any order whatever, as a damaged file may hold them; ids that are used twice are the file's own.
        #[test]
        fn whatever_was_cut_off_the_next_prompt_can_follow(messages in prop::collection::vec(any_message(), 0..20)) {
            let mut messages = closed(messages);
            prop_assert_eq!(closed(messages.clone()), messages.clone(), "closed once is closed");
            messages.push(Message::User { text: "next".into() });
            let request = ChatRequest { system: "s".into(), messages, ..ChatRequest::default() };
            let check = request.check();
            let twice = check.as_ref().is_err_and(|why| why.contains("used twice"));
            prop_assert!(check.is_ok() || twice, "{:?}", check);
        }
    }
}
