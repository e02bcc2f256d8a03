//! A file searched for secrets from its first byte to its last, in bounded memory and in time that is linear in its length.
//!
//! Four things are looked for: secrets of this program's own settings, in every form (`cassette::scrub`); keys with a
//! checksum; what the rules tell of; and all of that once more behind JSON's escapes, where there are any.

use std::{io, ops::Range};

use super::{keys, rules::RULES};
use cassette::scrub::{self, Sought, unescaped};
use science::input::{Content, InputError};

/// So much is looked at together, bytes.
const STRETCH: usize = 256 * 1024;
/// What a rule finds begins so far before its keyword at most, bytes.
const BEFORE: usize = 512;
/// And ends so far behind the keyword's beginning at most, bytes.
const BEHIND: usize = 1536;

/// Bytes of a character that JSON escapes: `\u0073`.
const ESCAPE: usize = 6;

/// A search through pieces that follow one another.
pub struct Search {
    known: scrub::Search,
    /// The same, in the text as it is read.
    read: scrub::Search,
    /// The end of what was looked at, and what comes next; without zeros, as Windows writes characters of two bytes.
    pub(super) text: Vec<u8>,
    zeros: bool,
    /// Told by how the content begins; not known before the first stretch.
    sequences: Option<bool>,
    windows: Vec<Vec<Range<usize>>>,
}

impl Search {
    /// Before the first piece. `known` are the secrets of this program's own.
    pub fn new(known: &Sought) -> Search {
        Search {
            known: scrub::Search::new(known.clone()),
            read: scrub::Search::new(known.clone()),
            zeros: false,
            text: Vec::with_capacity(STRETCH),
            sequences: None,
            windows: Vec::new(),
        }
    }

    /// Looks at the next piece; what it holds that no dataset does, in words.
    pub fn push(&mut self, piece: &[u8]) -> Option<String> {
        if let Some(name) = self.known.push(piece) {
            return Some(own(&name));
        }
        for part in piece.chunks(STRETCH) {
            match memchr::memchr(0, part) {
                None => self.text.extend_from_slice(part),
                Some(_) => {
                    self.zeros = true;
                    self.text.extend(part.iter().filter(|&&byte| byte != 0));
                }
            }
            if self.text.len() >= STRETCH
                && let Some(found) = self.stretch(false)
            {
                return Some(found);
            }
        }
        None
    }

    /// Looks at what is left at the end.
    pub fn finish(mut self) -> Option<String> {
        self.stretch(true)
    }

    fn stretch(&mut self, ends: bool) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        let sequences = *self.sequences.get_or_insert_with(|| super::is_sequences(&text));
        let plain = unescaped(&text);
        let looked = plain.as_deref().unwrap_or(&text);
        if (plain.is_some() || std::mem::take(&mut self.zeros))
            && let Some(name) = self.read.push(looked)
        {
            return Some(own(&name));
        }
        let found = keys::found_in(looked).map(str::to_owned).or_else(|| self.rules(looked, sequences, ends));
        // An escaped character takes as many bytes.
        let wide = if plain.is_some() { ESCAPE } else { 1 };
        self.text = text;
        self.text.drain(..self.text.len().saturating_sub((BEFORE + BEHIND) * wide));
        found
    }

    /// What the rules find. Windows around the keywords of a rule that touch are looked at together: each rule looks at each
    /// byte once, whatever the text is.
    fn rules(&mut self, text: &[u8], sequences: bool, ends: bool) -> Option<String> {
        let Some(rules) = RULES.as_ref() else { return Some("the rules of secrets cannot be read".to_owned()) };
        self.windows.resize_with(rules.len(), Vec::new);
        // What begins later is looked at with what follows.
        let last = if ends { text.len() } else { text.len().saturating_sub(BEHIND) };
        for (at, of) in rules.keywords_in(text).filter(|(at, _)| *at <= last) {
            let window = at.saturating_sub(BEFORE)..(at + BEHIND).min(text.len());
            for rule in of {
                let Some(windows) = self.windows.get_mut(*rule) else { continue };
                match windows.last_mut() {
                    Some(before) if before.end >= window.start => before.end = window.end.max(before.end),
                    _ => windows.push(window.clone()),
                }
            }
        }
        let mut found = None;
        for (at, windows) in self.windows.iter_mut().enumerate() {
            let windows = std::mem::take(windows);
            let Some(rule) = rules.get(at).filter(|rule| rule.sequences || !sequences) else { continue };
            let finds = |window: &Range<usize>| {
                // A window ends at its bound: what goes on behind it is long enough. Where the text ends, more may follow.
                let ends = ends || window.end < text.len();
                text.get(..window.end).is_some_and(|text| rule.finds(text, window.start, ends))
            };
            if found.is_none() && windows.iter().any(finds) {
                found = Some(rule.what.clone());
            }
        }
        found
    }
}

fn own(name: &str) -> String {
    let name = name.strip_prefix("scrubbed-").unwrap_or(name);
    format!("it holds a secret of this program's own ({name})")
}

/// Searches all of a file: its bytes as they are, and its content where it is packed. What is packed and damaged is searched
/// as far as it can be unpacked. `progress` is told bytes of the file, never falling.
///
/// # Errors
/// The file cannot be read.
pub fn through(file: impl io::Read + io::Seek, known: &Sought, progress: &dyn Fn(u64)) -> io::Result<Option<String>> {
    let mut file = file;
    file.rewind()?;
    let mut content = match Content::new(&mut file) {
        Ok(content) => content,
        Err(InputError::Read(error)) => return Err(error),
        Err(_) => return bytes_of(&mut file, known, progress),
    };
    let packed = content.compression().is_some();
    let mut search = Search::new(known);
    loop {
        let piece = match content.next_piece() {
            Ok([]) => break,
            Ok(piece) => piece,
            Err(InputError::Read(error)) => return Err(error),
            Err(_) => break,
        };
        let found = search.push(piece);
        if found.is_some() {
            return Ok(found);
        }
        if !packed {
            progress(content.taken());
        }
    }
    drop(content);
    match search.finish() {
        Some(found) => Ok(Some(found)),
        None if packed => bytes_of(&mut file, known, progress),
        None => Ok(None),
    }
}

/// Searches a file's bytes as they are.
fn bytes_of(
    file: &mut (impl io::Read + io::Seek),
    known: &Sought,
    progress: &dyn Fn(u64),
) -> io::Result<Option<String>> {
    file.rewind()?;
    let mut search = Search::new(known);
    let (mut block, mut read) = (vec![0; STRETCH], 0);
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => return Ok(search.finish()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if let Some(found) = search.push(block.get(..count).unwrap_or_default()) {
            return Ok(Some(found));
        }
        read += count as u64;
        progress(read);
    }
}
