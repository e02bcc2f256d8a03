//! Text from models, datasets and providers, made plain for a terminal.

use domain::text::is_hidden;
use textwrap::core::display_width;

/// Lines kept, everything a terminal would obey taken out.
pub fn plain_lines(text: &str) -> String {
    text.chars().filter_map(|c| if c == '\t' { Some(' ') } else { (c == '\n' || !is_hidden(c)).then_some(c) }).collect()
}

/// Wraps text that comes in pieces: words are held back until they are whole, so none is broken by a line's end.
#[derive(Debug)]
pub struct Flow {
    width: usize,
    column: usize,
    word: String,
    spaces: usize,
}

impl Flow {
    /// A flow of lines at most `width` columns wide.
    pub fn new(width: usize) -> Flow {
        Flow { width: width.max(20), column: 0, word: String::new(), spaces: 0 }
    }

    /// What may be printed once `piece` has come.
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::new();
        for c in plain_lines(piece).chars() {
            match c {
                '\n' => {
                    self.flush_word(&mut out);
                    out.push('\n');
                    (self.column, self.spaces) = (0, 0);
                }
                ' ' => {
                    self.flush_word(&mut out);
                    self.spaces += 1;
                }
                other => self.word.push(other),
            }
        }
        out
    }

    /// What was held back; the text is over.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        self.flush_word(&mut out);
        (self.column, self.spaces) = (0, 0);
        out
    }

    fn flush_word(&mut self, out: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let width = display_width(&self.word);
        if self.column > 0 && self.column + self.spaces + width > self.width {
            out.push('\n');
            self.column = 0;
        } else {
            out.push_str(&" ".repeat(self.spaces));
            self.column += self.spaces;
        }
        out.push_str(&self.word);
        self.column += width;
        self.spaces = 0;
        self.word.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str, width: usize) -> String {
        let mut flow = Flow::new(width);
        let out = flow.push(text);
        out + &flow.finish()
    }

    #[test]
    fn words_stay_whole_and_lines_stay_lines() {
        assert_eq!(
            whole("The dataset is large, so it goes away.\n\n  - one", 20),
            "The dataset is\nlarge, so it goes\naway.\n\n  - one"
        );
        assert_eq!(whole("\u{1b}[31mred\u{7}", 20), "[31mred");
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_text(text in "[a-z \n]{0,80}", cut in 0usize..80) {
            let cut = cut.min(text.len());
            let mut flow = Flow::new(20);
            let mut pieces = flow.push(&text[..cut]);
            pieces += &flow.push(&text[cut..]);
            pieces += &flow.finish();
            prop_assert_eq!(pieces, whole(&text, 20));
        }

        #[test]
        fn nothing_a_terminal_obeys_gets_through(text in "\\PC{0,40}|[\\x00-\\x1f\\x7f-\\u{9f}]{0,20}") {
            prop_assert!(whole(&text, 20).chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
