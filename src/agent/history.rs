//! What was said, in an order that every server takes.

use std::collections::HashSet;

use crate::model::{ChatRequest, Message, ToolCall, context::NOTE};

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

/// A person's words as they are kept: those of the program begin with its note, and a person's never do.
pub fn as_prompt(words: &str) -> &str {
    let mut said = words.trim();
    while let Some(rest) = said.strip_prefix(NOTE) {
        said = rest.trim_start();
    }
    // Who says nothing but the note is answered to that.
    if said.is_empty() { words.trim().trim_start_matches('[') } else { said }
}

/// Where the turns begin: at a person's words.
pub fn turns(messages: &[Message]) -> Vec<usize> {
    messages.iter().enumerate().filter(|(_, m)| is_prompt(m)).map(|(i, _)| i).collect()
}

/// A history that the next turn can build on, wherever it was cut off and whatever a damaged file holds: it begins with a
/// person's words, each call has its one result, nothing is empty, and the model has the last word.
pub fn closed(messages: Vec<Message>) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::with_capacity(messages.len());
    let mut open: Vec<(String, String)> = Vec::new();
    let mut used: HashSet<String> = HashSet::new();
    let whole = messages.into_iter().filter_map(|message| mended(message, &mut used));
    for message in whole.skip_while(|m| !is_prompt(m)) {
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
            Message::User { .. } if !ends_with_words(&out) => out.push(Message::said(NO_ANSWER)),
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

/// Whether the next prompt can follow these messages.
///
/// # Errors
/// The rule that every request keeps and that one of them breaks, in a sentence.
pub fn check(messages: &[Message]) -> Result<(), String> {
    let next = Message::User { text: "next".to_owned() };
    let messages = messages.iter().cloned().chain([next]).collect();
    ChatRequest { system: "system".to_owned(), messages, ..ChatRequest::default() }.check()
}

/// A message without what no server takes: calls without a name or an id of their own, arguments that are no object. Nothing
/// where it says nothing.
fn mended(message: Message, used: &mut HashSet<String>) -> Option<Message> {
    match message {
        Message::Assistant { text, mut calls, reasoning } => {
            calls.retain(|call| !call.id.is_empty() && !call.name.is_empty() && used.insert(call.id.clone()));
            calls.iter_mut().filter(|call| !has_object(call)).for_each(|call| call.arguments = "{}".to_owned());
            (!calls.is_empty() || !text.trim().is_empty()).then_some(Message::Assistant { text, calls, reasoning })
        }
        Message::User { text } if text.trim().is_empty() => None,
        other => Some(other),
    }
}

fn has_object(call: &ToolCall) -> bool {
    serde_json::from_str::<serde_json::Map<_, _>>(&call.arguments).is_ok()
}

fn answer(out: &mut Vec<Message>, open: &mut Vec<(String, String)>) {
    for (call_id, name) in open.drain(..) {
        out.push(Message::ToolResult { call_id, name, content: CUT_CALL.to_owned() });
    }
}

fn end(out: &mut Vec<Message>) {
    if !ends_with_words(out) {
        out.push(Message::said(CUT_ANSWER));
    }
}

fn ends_with_words(out: &[Message]) -> bool {
    matches!(out.last(), None | Some(Message::Assistant { .. }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_message() -> impl Strategy<Value = Message> {
        let id = || "[abc]?";
        let arguments = prop_oneof![Just("{}"), Just("[1]"), Just("{\"a\":"), Just("")];
        let call = (id(), "(list_jobs)?", arguments).prop_map(|(id, name, arguments)| ToolCall {
            id,
            name,
            arguments: arguments.into(),
            echo: None,
        });
        prop_oneof![
            "(and now\\?| \n)".prop_map(|text| Message::User { text }),
            Just(Message::User { text: format!("{NOTE} go on") }),
            ("x?", prop::collection::vec(call, 0..3)).prop_map(|(text, calls)| Message::called(text, calls)),
            id().prop_map(|id| Message::ToolResult { call_id: id, name: "list_jobs".into(), content: "{}".into() }),
        ]
    }

    proptest! {
        /// Messages in any order whatever, as a damaged file may hold them.
        #[test]
        fn whatever_was_cut_off_the_next_prompt_can_follow(messages in prop::collection::vec(any_message(), 0..20)) {
            let messages = closed(messages);
            prop_assert_eq!(closed(messages.clone()), messages.clone(), "closed once is closed");
            prop_assert_eq!(check(&messages), Ok(()));
            let empty = |m: &Message| matches!(m, Message::User { text } if text.trim().is_empty());
            prop_assert!(!messages.iter().any(empty));
        }
    }

    #[test]
    fn a_whole_history_stays_as_it_is_and_a_damaged_one_loses_only_what_nobody_takes() {
        let call = |id: &str, arguments: &str| ToolCall {
            id: id.into(),
            name: "list_jobs".into(),
            arguments: arguments.into(),
            echo: None,
        };
        let says = |text: &str, calls: Vec<ToolCall>| Message::called(text, calls);
        let result =
            |id: &str| Message::ToolResult { call_id: id.into(), name: "list_jobs".into(), content: id.into() };
        let user = |text: &str| Message::User { text: text.into() };
        let whole = vec![user("a"), says("", vec![call("1", "{}")]), result("1"), says("b", vec![])];
        assert_eq!(closed(whole.clone()), whole);
        let damaged = vec![
            user(" "),
            user("a"),
            says("", vec![call("1", "{\"a\": "), call("1", "{}"), call("", "{}")]),
            result("1"),
            result("1"),
            says("", vec![call("1", "{}")]),
            says(" ", vec![]),
            says("b", vec![]),
        ];
        assert_eq!(closed(damaged), whole);
    }

    #[test]
    fn a_person_s_words_are_never_taken_for_the_program_s() {
        for (words, kept) in [
            (format!(" {NOTE} {NOTE}fold it "), "fold it"),
            ("fold it".to_owned(), "fold it"),
            (NOTE.to_owned(), &NOTE[1..]),
        ] {
            assert_eq!(as_prompt(&words), kept);
            assert!(is_prompt(&Message::User { text: as_prompt(&words).to_owned() }));
        }
    }
}
