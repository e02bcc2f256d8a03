//! What looks like a secret: by the names of a file, and by how its content begins.
//!
//! Names and content are judged together. A name that only secrets have is enough. A name that data may have too
//! (`keystore.txt`) counts unless the content is sequences. And content counts whatever the name is: a key that somebody
//! copied to `notes.txt` is a key. Sequences (FASTA, FASTQ) are looked through for keys alone, as their headers are free
//! text that may look like settings.

mod keys;
mod names;
mod rules;
mod search;

use std::io::{self, Read};

use cassette::scrub::known;
use science::input::{Content, InputError};

pub use names::{Name, name};
pub use search::{Search, through};

/// How much of a file is looked at when it is opened, bytes: files of keys and of settings are small, and begin at once. The
/// rest is looked at before it is worked on or sent ([`through`]).
pub const HEAD: usize = 64 * 1024;

/// What the beginning of a file's content holds that no dataset does, in words; `None` when nothing was found.
///
/// Secrets of this process's own are looked for, too (`cassette::scrub::known`).
pub fn content(head: &[u8]) -> Option<String> {
    let mut search = Search::new(&known::sought());
    search.push(head).or_else(|| search.finish())
}

/// Whether a file's content begins as FASTA or FASTQ.
pub fn holds_sequences(head: &[u8]) -> bool {
    is_sequences(head)
}

/// For that no more content is read than this, bytes: a hole may be terabytes of zeros.
const MOST_READ: u64 = 64 * HEAD as u64;

/// The first [`HEAD`] bytes of a file's content, unpacked and without the zeros of wide characters. Of what is packed and
/// damaged before that, what came out.
///
/// # Errors
/// The file cannot be read.
pub fn head(file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut content = match Content::new(file) {
        Ok(content) => content,
        Err(InputError::Read(error)) => return Err(error),
        Err(_) => return Ok(Vec::new()),
    };
    while bytes.len() < HEAD
        && content.given() < MOST_READ
        && let Ok(piece) = content.next_piece()
        && !piece.is_empty()
    {
        bytes.extend(piece.iter().copied().filter(|&byte| byte != 0));
    }
    bytes.truncate(HEAD);
    Ok(bytes)
}

/// Told by the first character behind blanks and lines that begin with `;`: `>`, or `@` with a line that begins with `+`.
fn is_sequences(text: &[u8]) -> bool {
    let head = text.get(..HEAD).unwrap_or(text);
    let mut text = head.trim_ascii_start();
    while text.starts_with(b";") {
        text = memchr::memchr(b'\n', text).and_then(|at| text.get(at..)).unwrap_or_default().trim_ascii_start();
    }
    text.starts_with(b">") || text.starts_with(b"@") && text.windows(2).any(|two| two == b"\n+")
}

#[cfg(test)]
mod tests;
