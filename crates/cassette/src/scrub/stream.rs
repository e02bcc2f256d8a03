//! Text that comes in pieces, such as a model's answer: a secret may lie across two of them.

use super::Scrubber;

/// The end of a text that may be the beginning of a secret; it is given on once that is decided.
#[derive(Debug, Default)]
pub struct Held {
    end: String,
}

impl Held {
    /// The text that can be given on now, without secrets. What may just have begun is kept as it came: cut, it would be taken for
    /// all that there is of a secret, and the rest would be given on.
    pub fn push(&mut self, known: &Scrubber, piece: &str) -> String {
        self.end.push_str(piece);
        let keep = self.end.len() - known.begun_at_end(self.end.as_bytes());
        let held = self.end.split_off(self.end.floor_char_boundary(keep));
        let given = std::mem::replace(&mut self.end, held);
        clean(known, &given)
    }

    /// What is left where nothing more comes.
    pub fn finish(&mut self, known: &Scrubber) -> String {
        clean(known, &std::mem::take(&mut self.end))
    }
}

fn clean(known: &Scrubber, text: &str) -> String {
    String::from_utf8_lossy(&known.bytes(text.as_bytes())).into_owned()
}
