//! Text that comes in pieces, such as a model's answer: a secret may lie across two of them.

use super::Scrubber;

/// The end of a text that may be the beginning of a secret; it is given on once that is decided.
#[derive(Debug, Default)]
pub struct Held {
    end: String,
}

impl Held {
    /// The text that can be given on now, without secrets.
    pub fn push(&mut self, known: &Scrubber, piece: &str) -> String {
        self.end.push_str(piece);
        let clean = String::from_utf8_lossy(&known.bytes(self.end.as_bytes())).into_owned();
        let keep = clean.len() - known.begun_at_end(clean.as_bytes());
        let (given, held) = clean.split_at(clean.floor_char_boundary(keep));
        self.end = held.to_owned();
        given.to_owned()
    }

    /// What is left where nothing more comes.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.end)
    }
}
