//! The forms that a secret may take on its way through a protocol.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use secrecy::zeroize::Zeroizing;
use serde_json::Value;

/// The secret, and where it is a private key, the same key in its other spellings.
pub fn keys_behind(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
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
        // And some write the digits themselves from the last to the first.
        all.push(Zeroizing::new(hex::encode(raw.as_slice()).into_bytes().into_iter().rev().collect()));
        all.push(Zeroizing::new(reversed));
        all.push(raw);
    }
    all
}

/// The key in a text of Wallet Import Format.
pub fn wif(text: &str) -> Option<Vec<u8>> {
    if text.len() != 52 || !text.starts_with(['K', 'L']) {
        return None;
    }
    let payload = bs58::decode(text).with_check(Some(0x80)).into_vec().ok()?;
    Some(payload.get(1..33)?.to_vec())
}

/// Every form in which a secret may stand in a text: as it is, escaped up to three times for JSON, for URLs, for XML, in
/// hexadecimal, and in base 64 wherever in a longer text it begins.
pub fn forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut out: Vec<Vec<u8>> = vec![secret.to_vec()];
    if let Ok(text) = std::str::from_utf8(secret) {
        let once = escaped(text);
        let twice = escaped(&once);
        out.extend([once.replace('/', "\\/"), ascii(&once), escaped(&ascii(&once))].map(String::into_bytes));
        out.extend([escaped(&twice), twice].map(String::into_bytes));
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

/// As lists of bytes are written, whatever stands between them: `0x7b, 0x42`, `\x7b\x42`, `[123, 66]`.
pub fn listed(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let each = |write: fn(u8) -> String| secret.iter().map(|&byte| write(byte)).collect::<String>().into_bytes();
    [each(|byte| format!("0x{byte:02x}")), each(|byte| format!("x{byte:02x}")), each(|byte| byte.to_string())]
        .into_iter()
        .map(Zeroizing::new)
        .collect()
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

/// With every letter beyond ASCII as `\u` and four hexadecimal digits.
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
