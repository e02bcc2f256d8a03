//! Secrets that are looked for wherever the program leaves anything, in every form in which one could leak.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use crate::payment::USER;

pub const ACCESS_KEY: &str = "AKCANARY7Q9X2M";
pub const SECRET_KEY: &str = "SK/canary+secret=7Qx9mT";
pub const API_KEY: &str = "api-canary/+key=41b7Zr";
pub const OPENAI_KEY: &str = r#"sk-canary-"q"+7/=Yw3"#;
pub const PASSPHRASE: &str = r#"canary "pass" \ phräse/+7"#;
pub const WIF: &str = USER;
/// The same key in hexadecimal.
pub const HEX: &str = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";

/// The six that no sink may hold; each server may hear the one that is meant for it.
pub const SECRETS: [(&str, &str); 6] = [
    ("AIOZ_SECRET_KEY", SECRET_KEY),
    ("AIOZ_API_KEY", API_KEY),
    ("OPENAI_API_KEY", OPENAI_KEY),
    ("the passphrase", PASSPHRASE),
    ("NEO_PRIVATE_KEY", WIF),
    ("NEO_PRIVATE_KEY in hexadecimal", HEX),
];

/// A form of a secret, as text of which each character is one byte.
struct Form {
    name: &'static str,
    text: String,
}

/// Bytes as text of which each character is one byte: what is searched need not be UTF-8.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A text's base64 at each of its three places within other text, without the characters that depend on what is around.
fn base64_anywhere(bytes: &[u8], engine: &impl base64::Engine) -> Vec<String> {
    let at = |shift: usize| {
        let padded = [vec![0; shift], bytes.to_vec()].concat();
        let whole = padded.len() / 3 * 3;
        let text = engine.encode(&padded[..whole]);
        text[if shift == 0 { 0 } else { 4 }..].to_owned()
    };
    (0..3).map(at).collect()
}

fn percent(bytes: &[u8], upper: bool) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = match (byte.is_ascii_alphanumeric() || b"-._~".contains(byte), upper) {
            (true, _) => write!(text, "{}", char::from(*byte)),
            (false, true) => write!(text, "%{byte:02X}"),
            (false, false) => write!(text, "%{byte:02x}"),
        };
        text
    })
}

fn forms(secret: &str) -> Vec<Form> {
    let bytes = secret.as_bytes();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let json = serde_json::to_string(secret).unwrap();
    let escaped: String =
        secret.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) }).collect();
    let mut all = vec![
        ("as it is", latin(bytes)),
        ("hexadecimal", hex::encode(bytes)),
        ("hexadecimal", hex::encode_upper(bytes)),
        ("percent-encoded", percent(bytes, true)),
        ("percent-encoded", percent(bytes, false)),
        ("escaped", latin(&json.as_bytes()[1..json.len() - 1])),
        ("escaped", latin(escaped.as_bytes())),
        ("escaped", latin(format!("{secret:?}").trim_matches('"').as_bytes())),
        ("reversed", latin(&reversed)),
    ];
    all.extend(base64_anywhere(bytes, &STANDARD_NO_PAD).into_iter().map(|text| ("base64", text)));
    all.extend(base64_anywhere(bytes, &URL_SAFE_NO_PAD).into_iter().map(|text| ("base64", text)));
    if secret.len() == 64
        && let Ok(key) = hex::decode(secret)
    {
        // A key is bytes before it is text.
        all.push(("as bytes", latin(&key)));
        all.push(("as bytes, reversed", latin(&key.iter().rev().copied().collect::<Vec<_>>())));
        all.push(("hexadecimal", secret.to_uppercase()));
        all.extend(base64_anywhere(&key, &STANDARD_NO_PAD).into_iter().map(|text| ("base64 of its bytes", text)));
    }
    all.into_iter().map(|(name, text)| Form { name, text }).collect()
}

/// The forms of all secrets, made once.
fn all_forms() -> &'static [(&'static str, &'static str, Vec<Form>)] {
    static FORMS: LazyLock<Vec<(&'static str, &'static str, Vec<Form>)>> =
        LazyLock::new(|| SECRETS.iter().map(|(name, secret)| (*name, *secret, forms(secret))).collect());
    &FORMS
}

/// Fails when `place` holds one of the secrets in any form, but for those that belong there.
pub fn none_in(place: &str, content: &[u8], belong: &[&str]) {
    let content = latin(content);
    for (name, _, forms) in all_forms().iter().filter(|(_, secret, _)| !belong.contains(secret)) {
        for form in forms {
            assert!(!content.contains(&form.text), "{name}, {}, is in {place}", form.name);
        }
    }
}

/// Fails when `content` holds even a part of `secret`.
pub fn no_part_in(place: &str, content: &str, secret: &str) {
    let characters: Vec<char> = secret.chars().collect();
    for part in characters.windows(12) {
        let part: String = part.iter().collect();
        assert!(!content.contains(&part), "`{part}` is in {place}:\n{content}");
    }
}

/// Every file beneath a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => open.push(entry.path()),
                kind if kind.is_file() => all.push(entry.path()),
                _ => {}
            }
        }
    }
    all
}

#[test]
fn what_leaks_is_found_in_every_form() {
    for (_, secret) in SECRETS {
        for form in forms(secret) {
            let bytes: Vec<u8> = form.text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
            let around = [b"x=".as_slice(), &bytes, b"&y"].concat();
            let found = std::panic::catch_unwind(|| none_in("a test", &around, &[]));
            assert!(found.is_err(), "{secret}, {}", form.name);
        }
        for shift in 0..3 {
            let whole =
                base64::engine::general_purpose::STANDARD.encode(format!("{}{secret} and more", "x".repeat(shift)));
            assert!(std::panic::catch_unwind(|| none_in("a test", whole.as_bytes(), &[])).is_err(), "{secret} {shift}");
        }
    }
    none_in("a test", b"nothing here", &[]);
}
