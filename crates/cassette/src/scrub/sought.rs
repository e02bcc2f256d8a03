//! Known secrets looked for in bytes of any length, a piece at a time, within bounded memory.
//!
//! Two searches go side by side. One looks for each form as it is. The other looks at letters and digits alone, in either
//! case: so a key is found that was broken into lines, written in groups or as a list of bytes, with whatever between.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use secrecy::zeroize::Zeroizing;

/// A form of letters and digits alone is looked for when it is as long as this, bytes.
const SHORTEST_SQUEEZED: usize = 12;

/// Letters and digits of forms, without what stands between them.
#[derive(Clone)]
pub struct Squeezed {
    search: AhoCorasick,
    /// Whose each pattern is.
    names: Vec<String>,
    longest: usize,
}

impl Squeezed {
    /// Of these forms, each with the name it is shown by; `None` where none is long enough.
    pub fn of<'f>(forms: impl Iterator<Item = (&'f [u8], &'f str)>) -> Option<Squeezed> {
        let mut patterns: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        let mut names = Vec::new();
        for (form, name) in forms {
            let mut letters = Zeroizing::new(form.to_vec());
            letters.retain(u8::is_ascii_alphanumeric);
            letters.make_ascii_lowercase();
            if letters.len() >= SHORTEST_SQUEEZED && !patterns.contains(&letters) {
                patterns.push(letters);
                names.push(name.to_owned());
            }
        }
        let longest = patterns.iter().map(|pattern| pattern.len()).max()?;
        let mut search = AhoCorasick::builder();
        search.ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest);
        Some(Squeezed { search: search.build(patterns.iter().map(|p| p.as_slice())).ok()?, names, longest })
    }

    /// Where in `bytes` secrets stand with whatever between their letters: from the first to the last, in order and apart,
    /// with the name.
    pub fn in_bytes(&self, bytes: &[u8]) -> Vec<(std::ops::Range<usize>, &str)> {
        let (mut letters, mut places) = (Vec::new(), Vec::new());
        for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()) {
            letters.push(*byte);
            places.push(at);
        }
        let place = |at: usize| places.get(at).copied().unwrap_or_default();
        let found = self.search.find_iter(&letters);
        found.map(|hit| (place(hit.start())..place(hit.end() - 1) + 1, self.name(hit.pattern().as_usize()))).collect()
    }

    fn name(&self, pattern: usize) -> &str {
        self.names.get(pattern).map_or("", String::as_str)
    }
}

/// The text with JSON's escapes of ASCII (`\u0073`) undone; nothing where there are none.
pub fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut escapes = memmem::find_iter(text, b"\\u00").peekable();
    escapes.peek()?;
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in escapes {
        let code = text.get(at + 4..at + 6).and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) else { continue };
        out.extend_from_slice(text.get(from..at).unwrap_or_default());
        out.push(byte);
        from = at + 6;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    Some(out)
}

/// All known secrets, to be looked for.
#[derive(Clone, Default)]
pub struct Sought {
    parts: Option<Arc<Parts>>,
}

struct Parts {
    whole: AhoCorasick,
    names: Vec<String>,
    longest: usize,
    squeezed: Option<Squeezed>,
}

impl Sought {
    /// Those of these forms.
    pub fn of(forms: &[(Zeroizing<Vec<u8>>, String)], whole: &AhoCorasick, squeezed: Option<&Squeezed>) -> Sought {
        let longest = forms.iter().map(|(form, _)| form.len()).max().unwrap_or_default();
        let names = forms.iter().map(|(_, name)| name.clone()).collect();
        Sought { parts: Some(Arc::new(Parts { whole: whole.clone(), names, longest, squeezed: squeezed.cloned() })) }
    }

    /// The name of a secret that these bytes hold.
    ///
    /// Escapes of JSON are looked behind, too.
    pub fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let found = |bytes: &[u8]| Search::new(self.clone()).push(bytes);
        found(bytes).or_else(|| found(&unescaped(bytes)?))
    }
}

/// A search through pieces that follow one another.
pub struct Search {
    sought: Sought,
    /// The end of what came before, and what is looked at now.
    whole: Vec<u8>,
    /// The same of letters and digits.
    letters: Vec<u8>,
}

impl Search {
    /// Before the first piece.
    pub fn new(sought: Sought) -> Search {
        Search { sought, whole: Vec::new(), letters: Vec::new() }
    }

    /// Looks at the next piece; gives the name of a secret that ends in it.
    pub fn push(&mut self, piece: &[u8]) -> Option<String> {
        let Search { sought, whole, letters } = self;
        let parts = sought.parts.as_deref()?;
        whole.extend_from_slice(piece);
        if let Some(hit) = parts.whole.find(whole.as_slice()) {
            return parts.names.get(hit.pattern().as_usize()).cloned();
        }
        keep_end(whole, parts.longest);
        let squeezed = parts.squeezed.as_ref()?;
        letters.extend(piece.iter().copied().filter(u8::is_ascii_alphanumeric));
        if let Some(hit) = squeezed.search.find(letters.as_slice()) {
            return Some(squeezed.name(hit.pattern().as_usize()).to_owned());
        }
        keep_end(letters, squeezed.longest);
        None
    }
}

/// Keeps what a form that ends later may begin in.
fn keep_end(bytes: &mut Vec<u8>, longest: usize) {
    bytes.drain(..(bytes.len() + 1).saturating_sub(longest.max(1)));
}
