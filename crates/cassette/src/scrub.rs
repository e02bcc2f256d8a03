//! Taking secrets out of everything that is written.
//!
//! Two ways at once. By value: every secret that the program knows is looked for in each form that it may take on its way
//! through a protocol. By place: what stands where signatures, keys and passwords stand is taken out whatever it is, and
//! so is every private key in Wallet Import Format. What is put in its place is the same each time, so that a run that is
//! played again from scrubbed words asks with the same scrubbed words.

mod forms;
pub mod known;
mod pieces;
mod place;
mod sought;
mod stream;

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::zeroize::Zeroizing;
use serde_json::Value;

use self::{
    forms::{forms, keys_behind, listed},
    pieces::Pieces,
    place::is_secret_field,
    sought::Squeezed,
};
pub use self::{
    place::{by_place, without_values},
    sought::{Search, Sought, unescaped},
    stream::Held,
};
use domain::hash::Sha256;

/// A secret shorter than this is not looked for by value: it would be found in ordinary words, bytes.
pub const SHORTEST: usize = 6;
/// A form of a secret that is shorter than this says too little to be looked for, bytes.
const SHORTEST_FORM: usize = 6;

/// The secrets that are known, in every form that they are looked for in.
#[derive(Clone, Default)]
pub struct Scrubber {
    forms: Vec<(Zeroizing<Vec<u8>>, String)>,
    /// Forms that are looked for by their letters and digits alone.
    listed: Vec<(Zeroizing<Vec<u8>>, String)>,
    known: BTreeSet<(String, [u8; 32])>,
    search: Option<(AhoCorasick, Pieces)>,
    squeezed: Option<Squeezed>,
}

impl Scrubber {
    /// Looks for this secret from now on, under this name. Too short ones are left: see [`SHORTEST`].
    pub fn learn(&mut self, name: &str, secret: &[u8]) {
        self.learn_all([(name, secret)]);
    }

    /// Looks for these secrets from now on, each under its name: searches are made once for all of them.
    pub fn learn_all<'s>(&mut self, secrets: impl IntoIterator<Item = (&'s str, &'s [u8])>) {
        let before = self.known.len();
        for (name, secret) in secrets {
            let secret = secret.trim_ascii();
            let print = Sha256::of(secret).0;
            if secret.len() >= SHORTEST && self.known.insert((name.to_owned(), print)) {
                self.add(name, secret);
            }
        }
        if self.known.len() > before {
            self.build();
        }
    }

    fn add(&mut self, name: &str, secret: &[u8]) {
        let shown = format!("scrubbed-{name}");
        for one in keys_behind(secret) {
            self.listed.extend(listed(&one).into_iter().map(|form| (form, shown.clone())));
            for form in forms(&one) {
                if form.len() >= SHORTEST_FORM && !self.forms.iter().any(|(known, _)| **known == *form) {
                    self.forms.push((form, shown.clone()));
                }
            }
        }
    }

    fn build(&mut self) {
        let patterns = self.forms.iter().map(|(form, _)| form.as_slice());
        // The longest first: a part of a form must not leave the rest of it behind.
        let whole = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok();
        self.search = whole.zip(Pieces::of(&self.forms));
        let letters = self.forms.iter().chain(&self.listed);
        self.squeezed = Squeezed::of(letters.map(|(form, shown)| (form.as_slice(), shown.as_str())));
    }

    /// The same secrets, to be looked for in what is long.
    pub fn sought(&self) -> Sought {
        self.search
            .as_ref()
            .map_or_else(Sought::default, |(whole, _)| Sought::of(&self.forms, whole, self.squeezed.as_ref()))
    }

    /// How many bytes at the end of `text` may be the beginning of a secret whose rest is still to come. A secret that is whole is not
    /// cut for it: where its own end may be the beginning of another, it counts as a whole.
    fn begun_at_end(&self, text: &[u8]) -> usize {
        let longest = self.forms.iter().map(|(form, _)| form.len()).max().unwrap_or_default();
        let begins =
            |tail: &&[u8]| self.forms.iter().any(|(form, _)| form.len() > tail.len() && form.starts_with(tail));
        let tails = (1..=text.len().min(longest)).rev().filter_map(|len| text.get(text.len() - len..));
        let begun = tails.into_iter().find(begins).map_or(0, <[u8]>::len);
        let cut = text.len() - begun;
        let mut whole = self.search.iter().flat_map(|(whole, _)| whole.find_iter(text));
        let through = whole.find(|found| found.start() < cut && cut < found.end());
        through.map_or(begun, |found| text.len() - found.start())
    }

    fn shown(&self, form: usize) -> &[u8] {
        self.forms.get(form).map_or(b"scrubbed", |(_, shown)| shown.as_bytes())
    }

    /// Bytes without the secrets that are known, whole or cut.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let Some((whole, pieces)) = &self.search else {
            // Patterns of this size always build; if ever they did not, nothing would be written at all.
            return if self.forms.is_empty() { bytes.to_vec() } else { b"scrubbed".to_vec() };
        };
        let mut out = Vec::with_capacity(bytes.len());
        whole.replace_all_with_bytes(bytes, &mut out, |found, _, out| {
            out.extend_from_slice(self.shown(found.pattern().as_usize()));
            true
        });
        for (span, form) in pieces.in_bytes(&out, &self.forms).into_iter().rev() {
            out.splice(span, self.shown(form).iter().copied());
        }
        if let Some(squeezed) = &self.squeezed {
            for (span, shown) in squeezed.in_bytes(&out).into_iter().rev() {
                out.splice(span, shown.bytes());
            }
        }
        out
    }

    /// A text without secrets: those that are known, and those that their place gives away.
    pub fn text(&self, text: &str) -> String {
        let known = String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned();
        by_place(&known)
    }

    /// A value without secrets, in all of its texts and names.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => {
                let one = |(name, value): (String, Value)| {
                    let secret = is_secret_field(&name);
                    let value = match value {
                        Value::String(text) if secret && !text.is_empty() => Value::String("scrubbed".to_owned()),
                        other => self.value(other),
                    };
                    (self.text(&name), value)
                };
                Value::Object(fields.into_iter().map(one).collect())
            }
            // A number may be a secret, too: a passphrase of digits.
            Value::Number(number) => match self.bytes(number.to_string().as_bytes()) {
                same if same == number.to_string().as_bytes() => Value::Number(number),
                other => Value::String(String::from_utf8_lossy(&other).into_owned()),
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
