//! Thoughts told apart from the answer, where a server leaves both in one text: between the marks of the model's own template.
//!
//! A thought begins at the beginning of an answer, at the beginning of a line, or anywhere once the model has thought before,
//! and never within a fence of code: elsewhere the marks are spoken of. What ends and never began was begun by the template,
//! within the prompt.

/// What a piece of a text turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// A part of the answer.
    Text(String),
    /// A part of a thought.
    Thought(String),
    /// All text so far was a thought.
    AllWasThought,
}

/// What begins a thought, and what may end it.
struct Marks {
    open: &'static str,
    closes: &'static [&'static str],
    /// Whether they are tokens of a template, which nobody speaks of by chance: they count anywhere.
    tokens: bool,
}

const fn tags(open: &'static str, closes: &'static [&'static str]) -> Marks {
    Marks { open, closes, tokens: false }
}

const fn tokens(open: &'static str, closes: &'static [&'static str]) -> Marks {
    Marks { open, closes, tokens: true }
}

/// The marks of models, by the templates that they are published with.
const MARKS: [Marks; 9] = [
    // DeepSeek R1, Qwen 3, GLM, MiniMax, and whoever follows them.
    tags("<think>", &["</think>"]),
    // Models that are asked to think in Claude's form, and small ones that mix both.
    tags("<thinking>", &["</thinking>", "</think>"]),
    // Gemini and Gemma.
    tags("<thought>", &["</thought>"]),
    tags("<reasoning>", &["</reasoning>"]),
    // Mistral's Magistral.
    tags("[THINK]", &["[/THINK]"]),
    // Seed-OSS.
    tags("<seed:think>", &["</seed:think>"]),
    // Kimi-VL.
    tokens("◁think▷", &["◁/think▷"]),
    // Cohere's Command.
    tokens("<|START_THINKING|>", &["<|END_THINKING|>"]),
    // gpt-oss: the channels of its harmony format.
    tokens(
        "<|channel|>analysis<|message|>",
        &["<|end|>", "<|start|>assistant", "<|channel|>final<|message|>", "<|return|>"],
    ),
];

/// What ends a thought that the template began.
const LONE: [&str; 7] =
    ["</think>", "</thinking>", "</thought>", "</reasoning>", "[/THINK]", "</seed:think>", "◁/think▷"];

/// Tokens around the answer that are no part of it.
const AROUND: [&str; 5] =
    ["<|channel|>final<|message|>", "<|channel|>commentary<|message|>", "<|start|>assistant", "<|end|>", "<|return|>"];

/// As much of a piece is looked through at a time, bytes: longer than any mark.
const PART: usize = 1024;

/// A thought that was begun.
struct Block {
    closes: &'static [&'static str],
    /// Whether it is one, should nothing end it: otherwise it is held until that is known.
    sure: bool,
    /// What stands for it, should it be none.
    held: String,
    open: &'static str,
}

/// Tells thoughts from the answer as pieces of both come.
#[derive(Default)]
pub(super) struct Splitter {
    /// What is not yet known to be anything.
    buffer: String,
    /// Blanks before the answer, which may yet stand before a thought.
    blank: String,
    inside: Option<Block>,
    /// Whether anything of the answer came.
    begun: bool,
    /// Whether a thought came.
    thought: bool,
    /// The last character of the answer that is not a blank.
    last: Option<char>,
    /// How many of the last characters are backquotes, and whether a fence of them is open.
    quotes: usize,
    fenced: bool,
}

/// What comes next in a text.
enum Next {
    Open(&'static Marks),
    Lone(usize),
    Around(usize),
}

impl Splitter {
    /// One for a model whose template begins its thoughts: all is a thought until something ends it, if anything does.
    pub(super) fn within_thought() -> Splitter {
        let block = Block { closes: &LONE, sure: false, held: String::new(), open: "" };
        Splitter { inside: Some(block), ..Splitter::default() }
    }

    /// Whether the model thinks just now.
    pub(super) fn is_thinking(&self) -> bool {
        self.inside.is_some()
    }

    /// Takes a piece; gives what is known now. Long pieces are taken a part at a time: what is looked through again after each
    /// mark stays short.
    pub(super) fn push(&mut self, piece: &str) -> Vec<Said> {
        let mut out = Vec::new();
        let mut rest = piece;
        loop {
            let (part, more) = rest.split_at(rest.floor_char_boundary(PART));
            self.take(part, &mut out);
            if more.is_empty() {
                return out;
            }
            rest = more;
        }
    }

    fn take(&mut self, piece: &str, out: &mut Vec<Said>) {
        self.buffer.push_str(piece);
        loop {
            let more = match self.inside.take() {
                Some(block) => self.think(block, out),
                None => self.speak(out),
            };
            if !more {
                return;
            }
        }
    }

    /// Gives what was held back, at the end of the text.
    pub(super) fn finish(&mut self) -> Vec<Said> {
        let rest = std::mem::take(&mut self.buffer);
        match self.inside.take() {
            Some(block) if block.sure => said(Said::Thought(rest)),
            Some(block) => said(Said::Text(format!("{}{}{rest}", block.open, block.held))),
            None => said(Said::Text(std::mem::take(&mut self.blank) + &rest)),
        }
    }

    /// Within a thought. `true` where it came to its end.
    fn think(&mut self, mut block: Block, out: &mut Vec<Said>) -> bool {
        if let Some((at, length)) = earliest(&self.buffer, block.closes) {
            let thought = block.held + self.buffer.get(..at).unwrap_or_default();
            out.extend(said(Said::Thought(thought)));
            self.buffer.drain(..at + length);
            self.thought = true;
            return true;
        }
        let known = self.buffer.len() - could_begin(&self.buffer, block.closes.iter().copied());
        let thought: String = self.buffer.drain(..known).collect();
        match block.sure {
            true => out.extend(said(Said::Thought(thought))),
            false => block.held.push_str(&thought),
        }
        self.inside = Some(block);
        false
    }

    /// Outside of a thought. `true` where more can be told of what is left.
    fn speak(&mut self, out: &mut Vec<Said>) -> bool {
        let Some((at, next)) = self.next() else {
            let marks = MARKS.iter().map(|marks| marks.open).chain(LONE).chain(AROUND);
            let held = could_begin(&self.buffer, marks);
            let known = self.buffer.len() - held;
            let text: String = self.buffer.drain(..known).collect();
            if !self.begun && text.trim().is_empty() {
                self.blank.push_str(&text);
            } else {
                self.give(text, out);
            }
            return false;
        };
        let text: String = self.buffer.drain(..at).collect();
        match next {
            Next::Open(marks) => {
                let sure = marks.tokens || self.thought || (!self.begun && text.trim().is_empty());
                self.give(text, out);
                self.buffer.drain(..marks.open.len());
                self.inside = Some(Block { closes: marks.closes, sure, held: String::new(), open: marks.open });
            }
            Next::Lone(length) => {
                out.push(Said::AllWasThought);
                out.extend(said(Said::Thought(std::mem::take(&mut self.blank) + &text)));
                self.buffer.drain(..length);
                (self.thought, self.begun) = (true, false);
            }
            Next::Around(length) => {
                self.give(text, out);
                self.buffer.drain(..length);
            }
        }
        true
    }

    /// Gives a part of the answer: before it nothing, where a thought stands there.
    fn give(&mut self, text: String, out: &mut Vec<Said>) {
        let text = match self.begun {
            true => text,
            false => {
                let whole = std::mem::take(&mut self.blank) + &text;
                self.first_of(whole)
            }
        };
        self.begun |= !text.is_empty();
        self.note(&text);
        out.extend(said(Said::Text(text)));
    }

    fn first_of(&self, text: String) -> String {
        if self.thought || text.trim().is_empty() { text.trim_start().to_owned() } else { text }
    }

    /// Where the first of the marks is that count.
    fn next(&self) -> Option<(usize, Next)> {
        let mut first: Option<(usize, Next)> = None;
        let mut take = |found: Option<usize>, next: Next| {
            if let Some(at) = found
                && first.as_ref().is_none_or(|(known, _)| at < *known)
            {
                first = Some((at, next));
            }
        };
        for marks in &MARKS {
            let counts = |at: usize| marks.tokens || self.may_open(at);
            take(places(&self.buffer, marks.open).find(|at| counts(*at)), Next::Open(marks));
        }
        for lone in LONE.iter().filter(|_| !self.thought) {
            take(places(&self.buffer, lone).find(|at| self.may_close(*at)), Next::Lone(lone.len()));
        }
        for around in AROUND {
            take(self.buffer.find(around), Next::Around(around.len()));
        }
        first
    }

    /// Whether a thought may begin at this byte of the buffer.
    fn may_open(&self, at: usize) -> bool {
        let before = self.buffer.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let begins_line =
            line.trim().is_empty() && (line.len() < before.len() || matches!(self.last, None | Some('\n')));
        !self.is_fenced(before) && (begins_line || self.thought)
    }

    /// Whether one may end here that did not begin here.
    fn may_close(&self, at: usize) -> bool {
        let before = self.buffer.get(..at).unwrap_or_default();
        let last = before.chars().next_back().or(self.last);
        !self.is_fenced(before) && !matches!(last, Some('`' | '"' | '\'' | '“'))
    }

    fn is_fenced(&self, before: &str) -> bool {
        let (mut quotes, mut fenced) = (self.quotes, self.fenced);
        count_fences(before, &mut quotes, &mut fenced);
        fenced
    }

    /// Remembers how a text ends.
    fn note(&mut self, text: &str) {
        count_fences(text, &mut self.quotes, &mut self.fenced);
        self.last = text.chars().rev().find(|c| !matches!(c, ' ' | '\t' | '\r')).or(self.last);
    }
}

fn count_fences(text: &str, quotes: &mut usize, fenced: &mut bool) {
    for c in text.chars() {
        *quotes = if c == '`' { *quotes + 1 } else { 0 };
        if *quotes == 3 {
            (*quotes, *fenced) = (0, !*fenced);
        }
    }
}

/// What is said, unless it is nothing.
fn said(said: Said) -> Vec<Said> {
    let nothing = matches!(&said, Said::Text(text) | Said::Thought(text) if text.is_empty());
    if nothing { Vec::new() } else { vec![said] }
}

fn places<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(mark).map(|(at, _)| at)
}

/// The first of several marks in a text, and its length.
fn earliest(text: &str, marks: &[&str]) -> Option<(usize, usize)> {
    marks
        .iter()
        .filter_map(|mark| Some((text.find(mark)?, mark.len())))
        .min_by_key(|(at, length)| (*at, usize::MAX - length))
}

/// How many bytes at the end of a text may yet become one of these marks.
fn could_begin<'m>(text: &str, marks: impl Iterator<Item = &'m str>) -> usize {
    let longest = |mark: &str| {
        (1..mark.len()).rev().find(|&n| mark.get(..n).is_some_and(|head| text.ends_with(head))).unwrap_or(0)
    };
    marks.map(longest).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    fn split<'a>(mut splitter: Splitter, pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let (mut text, mut thought) = (String::new(), String::new());
        let mut said: Vec<Said> = pieces.into_iter().flat_map(|piece| splitter.push(piece)).collect();
        said.extend(splitter.finish());
        for said in said {
            match said {
                Said::Text(piece) => text.push_str(&piece),
                Said::Thought(piece) => thought.push_str(&piece),
                Said::AllWasThought => thought = std::mem::take(&mut text),
            }
        }
        (text, thought)
    }

    /// An answer as it comes, the text of it, and its thought.
    const ANSWERS: [(&str, &str, &str); 26] = [
        ("Hello", "Hello", ""),
        ("\n  Hello", "\n  Hello", ""),
        ("<think>hm</think>\n\nHello", "Hello", "hm"),
        (" \n<think>hm</think>Hello", "Hello", "hm"),
        ("<thinking>hm</thinking>\nHello", "Hello", "hm"),
        ("<thinking>hm</think>\nHello", "Hello", "hm"),
        ("<thought>\nhm\n</thought>\n\nHello", "Hello", "\nhm\n"),
        ("<reasoning>hm</reasoning>Hello", "Hello", "hm"),
        ("[THINK]hm[/THINK]Hello", "Hello", "hm"),
        ("<seed:think>hm</seed:think>Hello", "Hello", "hm"),
        ("◁think▷hm◁/think▷Hello", "Hello", "hm"),
        ("<|START_THINKING|>hm<|END_THINKING|>Hello", "Hello", "hm"),
        ("hm, so\n</think>\n\nHello", "Hello", "hm, so\n"),
        ("hm[/THINK]Hello", "Hello", "hm"),
        ("<think>one</think><think>two</think>Hello", "Hello", "onetwo"),
        ("<think>one</think>Hel<think>two</think>lo", "Hello", "onetwo"),
        ("Hello\n<think>two</think>\nyou", "Hello\n\nyou", "two"),
        ("<think>cut off", "", "cut off"),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hello<|return|>",
            "Hello",
            "hm",
        ),
        ("<|channel|>analysis<|message|>hm<|channel|>final<|message|>Hello", "Hello", "hm"),
        // Spoken of.
        ("The tag `<think>` opens it, `</think>` ends it", "The tag `<think>` opens it, `</think>` ends it", ""),
        ("Write a <think> there", "Write a <think> there", ""),
        ("```\n<think>\nx\n</think>\n```", "```\n<think>\nx\n</think>\n```", ""),
        ("So:\n<think> is a tag", "So:\n<think> is a tag", ""),
        ("1 < 2 and [T] <", "1 < 2 and [T] <", ""),
        // A call of gpt-oss is left to who reads calls.
        (
            "<|channel|>analysis<|message|>hm<|end|><|channel|>commentary to=functions.list_jobs<|message|>{}<|call|>",
            "<|channel|>commentary to=functions.list_jobs<|message|>{}<|call|>",
            "hm",
        ),
    ];

    #[test]
    fn thoughts_are_told_from_the_answer() {
        for (whole, text, thought) in ANSWERS {
            assert_eq!(split(Splitter::default(), [whole]), (text.to_owned(), thought.to_owned()), "{whole}");
        }
    }

    #[test]
    fn a_model_whose_template_begins_its_thoughts_is_believed_only_when_it_ends_them() {
        let split = |whole| split(Splitter::within_thought(), [whole]);
        assert_eq!(split("hm</think>\n\nHello"), ("Hello".to_owned(), "hm".to_owned()));
        assert_eq!(split("Hello"), ("Hello".to_owned(), String::new()));
    }

    proptest! {
        #[test]
        fn however_it_is_cut(answer in prop::sample::select(ANSWERS.to_vec()), cuts in prop::collection::vec(any::<Index>(), 0..8)) {
            let (whole, text, thought) = answer;
            let places: Vec<usize> = whole.char_indices().map(|(at, _)| at).collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| places[cut.index(places.len())]).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|cut| &whole[cut[0]..cut[1]]).collect();
            prop_assert_eq!(split(Splitter::default(), pieces), (text.to_owned(), thought.to_owned()), "{}", whole);
        }
    }
}
