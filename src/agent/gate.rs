//! Streamed text on its way to a person: what may be a call written as text is held back until that is known.

use crate::model::repair;

/// As much of what was shown is kept, bytes: a long line is not gone through again for each of its pieces.
const FORGOTTEN: usize = 1024;

/// The gate.
pub struct Gate<'k> {
    /// The names that may be called.
    known: &'k [&'k str],
    whole: String,
    shown: usize,
    /// Whether anything is held back at all: only where tools are offered.
    watching: bool,
    holding: bool,
}

impl<'k> Gate<'k> {
    /// A gate that watches for calls of these names, or lets everything pass.
    pub fn new(known: &'k [&'k str], watching: bool) -> Gate<'k> {
        Gate { known, whole: String::new(), shown: 0, watching, holding: false }
    }

    /// Takes a piece; gives what a person may see now.
    pub fn pass(&mut self, piece: &str) -> Option<String> {
        self.whole.push_str(piece);
        if self.holding {
            return None;
        }
        let mut until = self.whole.len();
        if self.watching {
            if let Some(at) = repair::begin_of_call(&self.whole, self.shown, self.known) {
                self.holding = true;
                until = at;
            } else {
                until = until.saturating_sub(repair::could_begin(&self.whole, self.shown, self.known));
            }
        }
        self.release(until)
    }

    /// What was held back and is no call.
    pub fn rest(&mut self) -> Option<String> {
        self.release(self.whole.len())
    }

    /// Of what was shown it only matters whether its last line began with anything: a call may still begin that line.
    fn forget(&mut self) {
        let shown = self.whole.get(..self.shown).unwrap_or_default();
        let blank = shown.rsplit('\n').next().unwrap_or_default().trim().is_empty();
        let stands_for_it = if blank { "" } else { "x" };
        self.whole.replace_range(..self.shown, stands_for_it);
        self.shown = stands_for_it.len();
    }

    fn release(&mut self, until: usize) -> Option<String> {
        let out = self.whole.get(self.shown..until).filter(|t| !t.is_empty())?.to_owned();
        self.shown = until;
        if self.shown > FORGOTTEN {
            self.forget();
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::{model::Finish, tools::Tool};

    fn shown(pieces: &[&str]) -> (String, String) {
        let known = Tool::names();
        let mut gate = Gate::new(&known, true);
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
        assert_eq!(shown(&["Hel", "lo\nyou"]), ("Hello\n".into(), "you".into()), "a word may yet be a tool's name");
        assert_eq!(
            shown(&["Results (see below)\n[1] x (y)"]),
            ("Results (see below)\n[1] x (y)".into(), String::new())
        );
        assert_eq!(Gate::new(&[], false).pass("{\"name\"").unwrap(), "{\"name\"");
    }

    /// One call in each dialect; see the tests of `repair` for the whole list.
    const CALLS: [&str; 23] = [
        "<tool_call>{\"name\": \"list_jobs\", \"arguments\": {}}</tool_call>",
        "<function_call>{\"name\": \"list_jobs\", \"arguments\": {}}</function_call>",
        "<tools>{\"name\": \"list_jobs\", \"arguments\": {}}</tools>",
        "<tool-use>{\"name\": \"list_jobs\", \"arguments\": {}}</tool-use>",
        "<function=list_jobs><parameter=state>all</parameter></function>",
        "<invoke name=\"list_jobs\"><parameter name=\"state\">all</parameter></invoke>",
        "<|python_tag|>{\"name\": \"list_jobs\", \"parameters\": {}}",
        "<|tool_call|>[{\"name\": \"list_jobs\", \"arguments\": {}}]",
        "<|tool_call_start|>[list_jobs()]<|tool_call_end|>",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.list_jobs:0<|tool_call_argument_begin|>{}<|tool_call_end|>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>list_jobs<｜tool▁sep｜>{}<｜tool▁call▁end｜>",
        "<|channel|>commentary to=functions.list_jobs <|message|>{}<|call|>",
        "[TOOL_CALLS]list_jobs[ARGS]{}",
        "```json\n{\"name\": \"list_jobs\", \"arguments\": {}}\n```",
        "{\"name\": \"list_jobs\", \"arguments\": {}}",
        "[\n {\"name\": \"list_jobs\", \"arguments\": {}}]",
        "ListJobs(state=\"all\")",
        "[list_jobs()]",
        "list_jobs{}",
        "Action: list_jobs\nAction Input: {}",
        "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"list_jobs\">\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
        "<｜｜DSML｜｜ calls><｜｜DSML｜｜ invoke name=\"list_jobs\"><｜｜DSML｜｜ parameter name=\"state\" string=\"true\">all</｜｜DSML｜｜ parameter></｜｜DSML｜｜ invoke></｜｜DSML｜｜ calls>",
        "<‖DSML‖invoke name=\"list_jobs\"><‖DSML‖parameter name=\"state\" string=\"true\">all</‖DSML‖parameter></‖DSML‖invoke>",
    ];

    proptest! {
        #[test]
        fn no_piece_of_a_call_is_shown(
            call in select(CALLS.to_vec()),
            words in select(vec!["", "I look.\n", "Now, as <b> said (see above):\n\n", "1. one\n2. [two]\n"]),
            cuts in vec(1..6usize, 0..60),
        ) {
            let text = format!("{words}{call}");
            let read = repair::read(&text, &Tool::names(), &Finish::Stop);
            prop_assert_eq!(&read.calls.first().map(|c| c.name.as_str()), &Some("list_jobs"));
            let known = Tool::names();
            let mut gate = Gate::new(&known, true);
            let (mut seen, mut chars) = (String::new(), text.chars().peekable());
            for cut in cuts.into_iter().chain(std::iter::repeat(7)) {
                if chars.peek().is_none() {
                    break;
                }
                let piece: String = chars.by_ref().take(cut).collect();
                seen.extend(gate.pass(&piece));
            }
            prop_assert!(words.starts_with(&seen), "{} shows {}", call, seen);
            prop_assert_eq!(seen + &gate.rest().unwrap_or_default(), text);
        }
    }
}
