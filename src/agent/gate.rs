//! Streamed text on its way to a person: what may be a call written as text is held back until that is known.

/// What may begin a call.
const MARKS: [&str; 3] = ["```", "<tool_call>", "<function_call>"];

/// The gate.
pub struct Gate {
    whole: String,
    shown: usize,
    /// Whether anything is held back at all: only where tools are offered.
    watching: bool,
    holding: bool,
}

impl Gate {
    /// A gate that watches for calls, or lets everything pass.
    pub fn new(watching: bool) -> Gate {
        Gate { whole: String::new(), shown: 0, watching, holding: false }
    }

    /// Takes a piece; gives what a person may see now.
    pub fn pass(&mut self, piece: &str) -> Option<String> {
        self.whole.push_str(piece);
        if self.holding {
            return None;
        }
        let mut until = self.whole.len();
        if self.watching {
            if let Some(at) = begin_of_call(&self.whole, self.shown) {
                self.holding = true;
                until = at;
            } else {
                until = until.saturating_sub(could_begin(&self.whole));
            }
        }
        self.release(until)
    }

    /// What was held back and is no call.
    pub fn rest(&mut self) -> Option<String> {
        self.release(self.whole.len())
    }

    fn release(&mut self, until: usize) -> Option<String> {
        let out = self.whole.get(self.shown..until).filter(|t| !t.is_empty())?.to_owned();
        self.shown = until;
        Some(out)
    }
}

/// Where something begins that may be a call: a mark, or an object at the start of a line.
fn begin_of_call(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let mark = MARKS.iter().filter_map(|m| rest.find(m)).min().map(|at| from + at);
    let object = rest.match_indices('{').map(|(at, _)| from + at).find(|&at| {
        let before = text.get(..at).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default().trim().is_empty()
    });
    mark.into_iter().chain(object).min()
}

/// How many bytes at the end may yet become a mark.
fn could_begin(text: &str) -> usize {
    let longest = |mark: &str| {
        (1..mark.len()).rev().find(|&n| mark.get(..n).is_some_and(|head| text.ends_with(head))).unwrap_or(0)
    };
    MARKS.iter().map(|m| longest(m)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&str]) -> (String, String) {
        let mut gate = Gate::new(true);
        let now: String = pieces.iter().filter_map(|p| gate.pass(p)).collect();
        (now, gate.rest().unwrap_or_default())
    }

    #[test]
    fn calls_are_held_and_words_pass() {
        assert_eq!(shown(&["Hello ", "world"]), ("Hello world".into(), String::new()));
        assert_eq!(shown(&["I pay.\n`", "``json\n{}", "\n```"]), ("I pay.\n".into(), "```json\n{}\n```".into()));
        assert_eq!(shown(&["<tool", "_call>{"]), (String::new(), "<tool_call>{".into()));
        assert_eq!(shown(&["a <b", "> c"]), ("a <b> c".into(), String::new()));
        assert_eq!(shown(&["x = {1}", "\n  {\"name\""]), ("x = {1}\n  ".into(), "{\"name\"".into()));
        assert_eq!(Gate::new(false).pass("{\"name\"").unwrap(), "{\"name\"");
    }
}
