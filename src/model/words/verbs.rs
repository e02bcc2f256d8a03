//! The verb of a request: one that orders work, or one that only wants to look at something.

use super::{plain, says_any};

/// Verbs that order work.
const ORDERS: [&str; 29] = [
    "process",
    "apply",
    "generate",
    "offload",
    "run",
    "do",
    "perform",
    "compute",
    "calculate",
    "start",
    "execute",
    "launch",
    "begin",
    "submit",
    "fold",
    "blast",
    "blastp",
    "align",
    "summarise",
    "summarize",
    "count",
    "predict",
    "hmmsearch",
    "repeat",
    "redo",
    "rerun",
    "use",
    "falte",
    "carry out",
];
/// What stands before a noun, or before a verb that orders nothing: "the fold", "you run", "did it do".
const BEFORE_NOUN: [&str; 24] = [
    "the", "a", "an", "my", "this", "that", "these", "those", "our", "its", "of", "protein", "best", "each", "every",
    "you", "i", "it", "they", "we", "did", "first", "second", "last",
];
/// Verbs that look at what is there.
const LOOKS: [&str; 12] =
    ["show", "tell", "find", "search", "read", "see", "look", "display", "print", "open", "view", "explain"];
/// Verbs that ask for something that is there, or that is to be made.
const FETCHES: [&str; 3] = ["give", "get", "fetch"];

/// Whether a verb of the text orders work: "fold it", and not "the fold".
pub fn orders(text: &str) -> bool {
    let plain = plain(text);
    ORDERS.iter().any(|verb| {
        let verb = format!(" {verb} ");
        plain.match_indices(&verb).any(|(at, _)| {
            let before = plain.get(..at).unwrap_or_default().split(' ').next_back().unwrap_or_default();
            let polite = [" can you", " could you", " will you", " would you", " want you to"];
            !BEFORE_NOUN.contains(&before) || polite.iter().any(|p| plain.get(..at).is_some_and(|t| t.ends_with(p)))
        })
    })
}

/// Whether a verb of the text looks at what is there.
pub fn looks(text: &str) -> bool {
    says_any(&plain(text), &LOOKS)
}

/// Whether a verb of the text wants something shown or handed over.
pub fn wants_shown(text: &str) -> bool {
    looks(text) || says_any(&plain(text), &FETCHES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_told_from_a_noun() {
        for text in ["Fold a.fa and show it", "please fold it", "Could you run it?", "hello, count the proteins"] {
            assert!(orders(text), "{text}");
        }
        for text in ["Find the fold", "what did you do?", "show me my first fold", "protein folding of a.fa"] {
            assert!(!orders(text), "{text}");
        }
        assert!(looks("Tell me again") && !looks("Give me the stats") && wants_shown("Give me the stats"));
    }
}
