//! A conversation made to fit a model's window, before the server refuses it.
//!
//! Old turns are folded into a [note](super::earlier); the present turn is squeezed only when it is too long by
//! itself: first its results, the older ones more, then older steps. The person's newest words are never cut, and
//! what came of the last step is not left out unless the note tells of its jobs: a model that sees nothing of what it
//! did does it again.
//!
//! A call and its result stay together, and nothing is taken out of the history itself. The beginning that a model is
//! shown moves rarely and far, so that a server's prefix cache serves.

use super::{history, shorten, window};
use crate::model::Message;

/// The note on the messages that a model is no more shown, in about so many bytes.
pub type Note<'a> = &'a dyn Fn(&[Message], usize) -> String;

/// What the model says to a note: turns alternate, as strict servers want it.
const NOTED: &str = "Noted.";
/// What is left of results within a turn that is too long, bytes: of older ones and of those of the last step, ever
/// less.
const RESULTS: [(usize, usize); 4] = [(600, usize::MAX), (600, 2000), (300, 1000), (200, 500)];
/// What is left at the very last of one, and of what the model said, bytes.
const LEAST: usize = 160;

/// What the model is shown of `history` in `room` bytes. The first `folded` messages are in the note already; more are
/// put there when there is need. `None` where not even the person's newest words fit with the last
/// step.
pub fn view(history: &[Message], folded: &mut usize, room: usize, note: Note<'_>) -> Option<Vec<Message>> {
    let shown = |from: usize| after_note(history, from, from, room, note);
    let begin = *folded;
    let mut out = shown(begin);
    if window::messages(&out) <= room {
        return Some(out);
    }
    let turns = history::turns(history);
    for start in turns.iter().copied().filter(|start| *start > begin) {
        *folded = start;
        out = shown(start);
        if window::messages(&out) <= room / 2 {
            break;
        }
    }
    if window::messages(&out) <= room {
        return Some(out);
    }
    squeeze(history, turns.last().copied().unwrap_or(0), room, note)
}

/// The note on everything before `noted`, the prompt of the turn where `noted` lies within one, and the rest from
/// there.
fn after_note(history: &[Message], prompt: usize, noted: usize, room: usize, note: Note<'_>) -> Vec<Message> {
    let mut out = Vec::new();
    if noted > 0 {
        out.push(Message::User { text: note(history.get(..noted).unwrap_or_default(), room / 4) });
        out.push(Message::said(NOTED));
    }
    if prompt < noted {
        out.extend(history.get(prompt).cloned());
    }
    out.extend_from_slice(history.get(noted..).unwrap_or_default());
    out
}

/// The present turn, which is too long by itself.
fn squeeze(history: &[Message], prompt: usize, room: usize, note: Note<'_>) -> Option<Vec<Message>> {
    let fits = |messages: &Vec<Message>| window::messages(messages) <= room;
    let steps = steps(history, prompt);
    let last = steps.last().copied().unwrap_or(history.len());
    let mut short = history.to_vec();
    for (older, newest) in RESULTS {
        for (at, message) in short.iter_mut().enumerate().skip(prompt + 1) {
            cut(message, if at < last { older } else { newest }, usize::MAX);
        }
        let out = after_note(&short, prompt, prompt, room, note);
        if fits(&out) {
            return Some(out);
        }
    }
    for step in steps.iter().copied().skip(1) {
        let out = after_note(&short, prompt, step, room, note);
        if fits(&out) {
            return Some(out);
        }
    }
    short.iter_mut().skip(last).for_each(|message| cut(message, LEAST, LEAST));
    let noted = [last, history.len()].map(|from| after_note(&short, prompt, from, room, note));
    let words = short.get(prompt).into_iter();
    let least: Vec<Message> = words.chain(short.get(last..).unwrap_or_default()).cloned().collect();
    noted.into_iter().chain([least]).find(fits)
}

/// Where the steps of the present turn begin: at what the model said, so that no two messages of a person's follow
/// one another.
fn steps(history: &[Message], prompt: usize) -> Vec<usize> {
    (prompt + 1..history.len()).filter(|&at| matches!(history.get(at), Some(Message::Assistant { .. }))).collect()
}

/// Cuts a result to `result` bytes, and the model's words and arguments to `words`. A person's words stay whole.
fn cut(message: &mut Message, result: usize, words: usize) {
    match message {
        Message::User { .. } => {}
        Message::Assistant { text, calls, reasoning } => {
            // A server that wants it all the same is given words that stand for it.
            *reasoning = reasoning.take().filter(|reasoning| reasoning.given.to_string().len() <= words);
            *text = shorten::middle_out(text, words);
            for call in calls.iter_mut().filter(|call| call.arguments.len() > words) {
                "{}".clone_into(&mut call.arguments);
            }
        }
        Message::ToolResult { content, .. } => *content = shorten::result(content, result),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;
    use crate::{
        agent::earlier,
        model::{ChatRequest, Reasoning, ToolCall, context::NOTE},
    };

    /// Any conversation: turns of a person's words, steps of calls with their results or of notes, and an answer.
    fn histories() -> impl Strategy<Value = Vec<Message>> {
        let text = || prop_oneof!["\\PC{0,40}", "[a-zé\"\\\\{}]{100,3000}"];
        let step = (text(), prop::collection::vec((text(), 0usize..9000), 0..6), text());
        let turn = (text(), prop::collection::vec(step, 0..6), text());
        (prop::collection::vec(turn, 1..8), any::<Index>()).prop_map(|(turns, cut)| {
            let mut out = Vec::new();
            let mut ids = 0;
            for (prompt, steps, answer) in turns {
                out.push(Message::User { text: prompt });
                for (said, calls, note) in steps {
                    let made: Vec<ToolCall> = calls
                        .iter()
                        .map(|(argument, _)| {
                            ids += 1;
                            let arguments = serde_json::json!({"dataset": argument}).to_string();
                            ToolCall { id: format!("call-{ids}"), name: "list_jobs".into(), arguments, echo: None }
                        })
                        .collect();
                    let results: Vec<Message> = made
                        .iter()
                        .zip(&calls)
                        .map(|(call, (_, length))| Message::ToolResult {
                            call_id: call.id.clone(),
                            name: call.name.clone(),
                            content: serde_json::json!({"ok": true, "job": "job-7k3q9dm2", "x": "x".repeat(*length)})
                                .to_string(),
                        })
                        .collect();
                    let text = if made.is_empty() { format!("I think. {said}") } else { said };
                    let given = serde_json::json!({"reasoning_content": note});
                    let reasoning = Some(Reasoning { from: "m".into(), given }).filter(|_| !made.is_empty());
                    out.push(Message::Assistant { text, calls: made, reasoning });
                    match results.is_empty() {
                        true => out.push(Message::User { text: format!("{NOTE} {note}") }),
                        false => out.extend(results),
                    }
                }
                out.push(Message::said(format!("Done. {answer}")));
            }
            // Where the model is asked: after a prompt, a note or the last of the results.
            let asked: Vec<usize> = (0..out.len()).filter(|&i| matches!(out[i], Message::Assistant { .. })).collect();
            out.truncate(asked[cut.index(asked.len())]);
            out
        })
    }

    fn note(messages: &[Message], limit: usize) -> String {
        earlier::note(messages, &|_| None, limit)
    }

    proptest! {
        #[test]
        fn any_history_fits_and_keeps_the_rules(history in histories(), room in 300usize..40_000, folded in any::<Index>()) {
            let turns = history::turns(&history);
            let mut from = turns[folded.index(turns.len())];
            let before = from;
            let prompt = *turns.last().unwrap();
            let newest = &history[prompt];
            let Some(messages) = view(&history, &mut from, room, &note) else {
                let last = steps(&history, prompt).last().copied().unwrap_or(history.len());
                let mut least = vec![newest.clone()];
                least.extend_from_slice(&history[last..]);
                least.iter_mut().for_each(|message| cut(message, LEAST, LEAST));
                prop_assert!(window::messages(&least) > room, "{least:?} would fit");
                return Ok(());
            };
            prop_assert!(window::messages(&messages) <= room, "{} > {room}", window::messages(&messages));
            prop_assert!(from >= before && (from == 0 || turns.contains(&from)));
            prop_assert!(messages.contains(newest), "the person's newest words are whole");
            let request = ChatRequest { system: "s".into(), messages, ..ChatRequest::default() };
            prop_assert_eq!(request.check(), Ok(()));
        }
    }

    fn talk(turns: usize) -> Vec<Message> {
        (0..turns)
            .flat_map(|i| {
                let user = Message::User { text: format!("What is the N50 of file-{i}.fasta?") };
                [user, Message::said(format!("Its N50 is {i}."))]
            })
            .chain([Message::User { text: "And the sum?".to_owned() }])
            .collect()
    }

    #[test]
    fn old_turns_become_a_note_and_the_beginning_moves_rarely() {
        let history = talk(30);
        let mut folded = 0;
        assert_eq!(view(&history, &mut folded, 100_000, &note).unwrap(), history, "what fits is not touched");
        let messages = view(&history, &mut folded, 2000, &note).unwrap();
        let Some(Message::User { text }) = messages.first() else { panic!("{messages:?}") };
        assert!(text.starts_with(NOTE) && text.contains("N50 of file-") && text.contains("left out"), "{text}");
        assert_eq!(messages.last(), history.last());
        let here = folded;
        for turns in 31..34 {
            view(&talk(turns), &mut folded, 2000, &note);
        }
        assert_eq!(folded, here, "the next turns go on from the same beginning");
    }
}
