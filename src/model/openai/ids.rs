//! Call ids as servers take them back. A session goes on with another model, and the ids in its history are those of the
//! server that made them up: `functions.list_jobs:0`, or any text at all. Who made an id up gets it back as it was, as some
//! keep in it what they need (a gateway Gemini's thought signature); everybody else gets one that the strictest takes.

use std::collections::{HashMap, HashSet};

use super::parts::Parts;
use crate::model::{ChatRequest, Message};

/// The ids of a request's calls, each with the one that is sent in its place.
pub(super) struct Ids<'a>(HashMap<&'a str, String>);

impl<'a> Ids<'a> {
    /// The ids of this request. The same history gives the same ids, however it goes on: what a server has kept of the
    /// beginning of a conversation still holds.
    pub(super) fn of(request: &'a ChatRequest, parts: &Parts) -> Ids<'a> {
        let calls = request.messages.iter().filter_map(|message| match message {
            Message::Assistant { calls, .. } => Some(calls),
            Message::User { .. } | Message::ToolResult { .. } => None,
        });
        let ids: Vec<&str> = calls.flatten().map(|call| call.id.as_str()).collect();
        let as_it_is: HashSet<&str> = ids.iter().copied().filter(|id| is_plain(id) || parts.gave_id(id)).collect();
        let mut sent = HashMap::new();
        let mut n = 0;
        for id in ids {
            if as_it_is.contains(id) {
                sent.insert(id, id.to_owned());
                continue;
            }
            let mut plain = numbered(n);
            while as_it_is.contains(plain.as_str()) {
                n += 1;
                plain = numbered(n);
            }
            n += 1;
            sent.insert(id, plain);
        }
        Ids(sent)
    }

    /// What is sent in place of this id.
    pub(super) fn sent(&self, id: &str) -> String {
        self.0.get(id).map_or_else(|| id.to_owned(), Clone::clone)
    }
}

/// Mistral takes nine letters and digits and nothing else; nobody refuses them.
const LENGTH: usize = 9;

fn is_plain(id: &str) -> bool {
    id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn numbered(n: usize) -> String {
    format!("call{n:05}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChatTurn, ToolCall};

    fn calls(ids: &[&str]) -> Vec<ToolCall> {
        ids.iter().map(|id| ToolCall { id: (*id).to_owned(), ..ToolCall::default() }).collect()
    }

    #[test]
    fn each_id_is_plain_its_own_and_the_same_in_the_next_request() {
        let ids = ["call_1", "functions.list_jobs:0", "call00001", "a b\nc", "ä", &"x".repeat(60)];
        let wanted = ["call00000", "call00002", "call00001", "call00003", "call00004", "call00005"];
        for end in 3..=ids.len() {
            let request =
                ChatRequest { messages: vec![Message::called("", calls(&ids[..end]))], ..ChatRequest::default() };
            let sent = Ids::of(&request, &Parts::default());
            let each: Vec<String> = ids[..end].iter().map(|id| sent.sent(id)).collect();
            assert_eq!(each, wanted[..end]);
            assert!(each.iter().all(|id| is_plain(id)));
        }
    }

    #[test]
    fn who_made_an_id_up_gets_it_back() {
        let parts = Parts::default();
        parts.heard(&ChatTurn { calls: calls(&["functions.list_jobs:0"]), ..ChatTurn::default() });
        let request = ChatRequest {
            messages: vec![Message::called("", calls(&["functions.list_jobs:0", "toolu_1"]))],
            ..ChatRequest::default()
        };
        let sent = Ids::of(&request, &parts);
        assert_eq!([sent.sent("functions.list_jobs:0"), sent.sent("toolu_1")], ["functions.list_jobs:0", "call00000"]);
        // Unless what stands behind it takes none such.
        assert!(parts.give_up("Tool call id was functions.list_jobs:0 but must be a-z, A-Z, 0-9, with a length of 9."));
        assert_eq!(Ids::of(&request, &parts).sent("functions.list_jobs:0"), "call00000");
    }
}
