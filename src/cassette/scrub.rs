//! Taking secrets out of everything that is written.
//!
//! Two ways at once. By value: every secret that the program knows is looked for in each form that it may take on its way
//! through a protocol. By place: what stands where signatures, keys and passwords stand is taken out whatever it is, and
//! so is every private key in Wallet Import Format. What is put in its place is the same each time, so that a run that is
//! played again from scrubbed words asks with the same scrubbed words.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use secrecy::zeroize::Zeroizing;
use serde_json::Value;

/// A secret shorter than this is not looked for by value: it would be found in ordinary words, bytes.
pub const SHORTEST: usize = 6;
/// A form of a secret that is shorter than this says too little to be looked for, bytes.
const SHORTEST_FORM: usize = 6;

/// Names of query parameters whose values are secret.
const PARAMETERS: [&str; 16] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "sig",
    "token",
    "access_token",
    "refresh_token",
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "secret",
    "password",
    "auth",
];
/// Names of JSON fields whose texts are secret.
const FIELDS: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api_key",
    "apikey",
    "access_token",
    "refresh_token",
    "secret",
    "secret_key",
    "password",
    "passphrase",
    "private_key",
    "wif",
    "cookie",
];

/// The secrets that are known, in every form that they are looked for in.
#[derive(Default)]
pub struct Scrubber {
    forms: Vec<(Zeroizing<Vec<u8>>, String)>,
    known: BTreeSet<(String, [u8; 32])>,
    search: Option<AhoCorasick>,
}

impl Scrubber {
    /// Looks for this secret from now on, under this name. Too short ones are left: see [`SHORTEST`].
    pub fn learn(&mut self, name: &str, secret: &[u8]) {
        let secret = secret.trim_ascii();
        let print = crate::domain::hash::Sha256::of(secret).0;
        if secret.len() < SHORTEST || !self.known.insert((name.to_owned(), print)) {
            return;
        }
        let shown = format!("scrubbed-{name}");
        for one in keys_behind(secret) {
            for form in forms(&one) {
                if form.len() >= SHORTEST_FORM && !self.forms.iter().any(|(known, _)| **known == *form) {
                    self.forms.push((form, shown.clone()));
                }
            }
        }
        let patterns = self.forms.iter().map(|(form, _)| form.as_slice());
        // The longest first: a part of a form must not leave the rest of it behind. Patterns of this size always build.
        self.search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok();
    }

    /// Bytes without the secrets that are known.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.search {
            Some(search) if search.is_match(bytes) => {
                let mut out = Vec::with_capacity(bytes.len());
                search.replace_all_with_bytes(bytes, &mut out, |found, _, out| {
                    let shown = self.forms.get(found.pattern().as_usize()).map_or("scrubbed", |(_, shown)| shown);
                    out.extend_from_slice(shown.as_bytes());
                    true
                });
                out
            }
            _ => bytes.to_vec(),
        }
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
                    let secret = FIELDS.contains(&name.to_ascii_lowercase().as_str());
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

/// The secret, and where it is a private key, the same key in its other spellings.
fn keys_behind(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut all = vec![Zeroizing::new(secret.to_vec())];
    let text = std::str::from_utf8(secret).unwrap_or_default();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let raw = if digits.len() == 64 { hex::decode(digits).ok() } else { wif(text) };
    if let Some(raw) = raw.map(Zeroizing::new) {
        let mut payload = Zeroizing::new(vec![0x80]);
        payload.extend_from_slice(&raw);
        payload.push(0x01);
        all.push(Zeroizing::new(bs58::encode(payload.as_slice()).with_check().into_vec()));
        all.push(Zeroizing::new(hex::encode(raw.as_slice()).into_bytes()));
        // Neo writes numbers with the last byte first.
        let reversed: Vec<u8> = raw.iter().rev().copied().collect();
        all.push(Zeroizing::new(hex::encode(&reversed).into_bytes()));
        all.push(Zeroizing::new(reversed));
        all.push(raw);
    }
    all
}

/// The key in a text of Wallet Import Format.
fn wif(text: &str) -> Option<Vec<u8>> {
    if text.len() != 52 || !text.starts_with(['K', 'L']) {
        return None;
    }
    let payload = bs58::decode(text).with_check(Some(0x80)).into_vec().ok()?;
    Some(payload.get(1..33)?.to_vec())
}

/// Every form in which a secret may stand in a text: as it is, escaped once and twice for JSON, for URLs, for XML, in
/// hexadecimal, and in base 64 wherever in a longer text it begins.
fn forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut out: Vec<Vec<u8>> = vec![secret.to_vec()];
    if let Ok(text) = std::str::from_utf8(secret) {
        let once = escaped(text);
        out.extend(
            [escaped(&once), once.replace('/', "\\/"), ascii(&once), escaped(&ascii(&once))].map(String::into_bytes),
        );
        out.push(once.into_bytes());
        let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        out.push(xml.replace('"', "&quot;").into_bytes());
        out.push(xml.into_bytes());
    }
    let percent = |plain: fn(u8) -> bool| -> String {
        let letter = |&b: &u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        secret.iter().map(letter).collect()
    };
    // As signing rules want it, and the same within a path.
    let mut in_urls = vec![
        percent(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)),
        percent(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b)),
        url::form_urlencoded::byte_serialize(secret).collect(),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        in_urls.extend(in_addresses(text));
    }
    for text in in_urls {
        out.push(lower_escapes(&text).into_bytes());
        // Once more escaped, as a parameter within a parameter.
        out.push(text.replace('%', "%25").into_bytes());
        out.push(text.into_bytes());
    }
    let digits = hex::encode(secret);
    out.push(digits.to_uppercase().into_bytes());
    out.push(digits.into_bytes());
    for before in 0..3_usize {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        // Letters that hold bits of what stands before or after are not the secret's own.
        let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            out.extend(text.get(first..last).map(|own| own.as_bytes().to_vec()));
        }
    }
    out.sort();
    out.dedup();
    out.into_iter().map(Zeroizing::new).collect()
}

/// As parts of an address are written: of its path, its query, its user.
fn in_addresses(text: &str) -> Vec<String> {
    let Ok(mut url) = url::Url::parse("http://host/") else { return Vec::new() };
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(text);
    }
    url.set_query(Some(text));
    // Fails only for addresses that cannot have a user.
    let _ = url.set_password(Some(text));
    let path = url.path().trim_start_matches('/').to_owned();
    [Some(path), url.query().map(str::to_owned), url.password().map(str::to_owned)].into_iter().flatten().collect()
}

fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// With every letter beyond ASCII as `\uXXXX`.
fn ascii(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn lower_escapes(text: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' { 3 } else { usize::saturating_sub(left, 1) };
        if left > 0 { c.to_ascii_lowercase() } else { c }
    };
    text.chars().map(lower).collect()
}

/// A text without what its place gives away as a secret.
pub fn by_place(text: &str) -> String {
    let text = without_values(text, &PARAMETERS, "scrubbed");
    let text = without_bearer(&text);
    without_fields(&without_keys(&text))
}

/// The text with the values of these parameters of queries replaced, also where the query is escaped within another text.
pub fn without_values(text: &str, names: &[&str], shown: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push('=');
        rest = &after[1..];
        let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name_at = before.char_indices().rfind(|(_, c)| !in_name(*c)).map(|(at, c)| at + c.len_utf8());
        // A name that begins the text follows no separator: it is prose.
        let Some(name_at) = name_at else { continue };
        let (separator, name) = before.split_at(name_at);
        // After `\u0026` the separator is the end of an escape.
        let name = if separator.ends_with('\\') { name.strip_prefix("u0026").unwrap_or(name) } else { name };
        let follows = separator.ends_with(['?', '&', ';', '\\']) || separator.ends_with("&amp;");
        if follows && names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let end = rest.find(|c: char| c.is_whitespace() || "&;\"'\\<>#,)]}".contains(c)).unwrap_or(rest.len());
            if end > 0 {
                out.push_str(shown);
                rest = &rest[end..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn without_bearer(text: &str) -> String {
    const MARK: &str = "Bearer ";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at + MARK.len());
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "\"'\\<>,;".contains(c)).unwrap_or(after.len());
        // Shorter ones are words: "Bearer of news".
        if end >= 12 {
            out.push_str("scrubbed");
            rest = &after[end..];
        } else {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Private keys that anybody wrote anywhere.
fn without_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let plain = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if wif(plain).is_some() {
            out.push_str("scrubbed-key");
            out.push_str(&word[plain.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

/// JSON within a text: the fields that hold secrets, in it.
fn without_fields(text: &str) -> String {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) || !FIELDS.iter().any(|name| contains_ignoring_case(text, name)) {
        return text.to_owned();
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let clean = clean_fields(value.clone());
            // Spacing stays as it is where nothing was found.
            if clean == value { text.to_owned() } else { clean.to_string() }
        }
        Err(_) => text.to_owned(),
    }
}

fn clean_fields(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(clean_fields).collect()),
        Value::Object(fields) => {
            let one = |(name, value): (String, Value)| match value {
                Value::String(text) if !text.is_empty() && FIELDS.contains(&name.to_ascii_lowercase().as_str()) => {
                    (name, Value::String("scrubbed".to_owned()))
                }
                other => (name, clean_fields(other)),
            };
            Value::Object(fields.into_iter().map(one).collect())
        }
        Value::String(text) => Value::String(without_fields(&text)),
        other => other,
    }
}

fn contains_ignoring_case(text: &str, name: &str) -> bool {
    text.as_bytes().windows(name.len()).any(|window| window.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests;
