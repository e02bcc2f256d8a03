//! Call ids as the strictest servers take them back. A session goes on with another model, and the ids in its history are
//! those of the server that made them up: `functions.list_jobs:0`, or any text at all.

use std::collections::{HashMap, HashSet};

use crate::model::{ChatRequest, Message};

/// OpenAI takes no longer ones in Chat Completions, characters.
const LONGEST: usize = 40;

/// The ids of a request's calls, each with the one that is sent in its place.
pub(super) struct Ids<'a>(HashMap<&'a str, String>);

impl<'a> Ids<'a> {
    /// The ids of this request. The same history gives the same ids, however it goes on: what a server has kept of the
    /// beginning of a conversation still holds.
    pub(super) fn of(request: &'a ChatRequest) -> Ids<'a> {
        let mut sent = HashMap::new();
        let mut used = HashSet::new();
        let calls = request.messages.iter().filter_map(|message| match message {
            Message::Assistant { calls, .. } => Some(calls),
            Message::User { .. } | Message::ToolResult { .. } => None,
        });
        for call in calls.flatten() {
            let plain = plain(&call.id);
            let mut id = plain.clone();
            let mut n = 1;
            while used.contains(&id) {
                n += 1;
                let end = format!("-{n}");
                // All of it is ASCII.
                id = plain.chars().take(LONGEST - end.len()).collect::<String>() + &end;
            }
            used.insert(id.clone());
            sent.insert(call.id.as_str(), id);
        }
        Ids(sent)
    }

    /// What is sent in place of this id.
    pub(super) fn sent(&self, id: &str) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| plain(id))
    }
}

/// Of letters, digits, dashes and underscores: `^[A-Za-z0-9_-]{1,40}$`.
fn plain(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let id: String = id.chars().take(LONGEST).map(plain).collect();
    if id.is_empty() { "call".to_owned() } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToolCall;

    fn request(ids: &[&str]) -> ChatRequest {
        let call = |id: &&str| ToolCall { id: (*id).to_owned(), ..ToolCall::default() };
        let calls = ids.iter().map(call).collect();
        ChatRequest { messages: vec![Message::Assistant { text: String::new(), calls }], ..ChatRequest::default() }
    }

    #[test]
    fn each_id_is_plain_its_own_and_the_same_in_the_next_request() {
        let long = ["x".repeat(60), "x".repeat(61)];
        let ids = ["call_1", "functions.list_jobs:0", "functions_list_jobs_0", "a b\nc", "ä", "é", &long[0], &long[1]];
        let wanted = [
            "call_1".to_owned(),
            "functions_list_jobs_0".to_owned(),
            "functions_list_jobs_0-2".to_owned(),
            "a_b_c".to_owned(),
            "_".to_owned(),
            "_-2".to_owned(),
            "x".repeat(40),
            "x".repeat(38) + "-2",
        ];
        for end in 1..=ids.len() {
            let request = request(&ids[..end]);
            let sent = Ids::of(&request);
            let each: Vec<String> = ids[..end].iter().map(|id| sent.sent(id)).collect();
            assert_eq!(each, wanted[..end]);
        }
    }
}
