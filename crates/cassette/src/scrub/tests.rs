use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// As nasty as a secret may be: quotes, backslashes, spaces, slashes, signs of URLs and XML, letters beyond ASCII.
const NASTY: &str = "pä\"ss\\wo rd/+&=<%>'é!";
const KEY: &str = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
const DIGITS: &str = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";

fn knowing(secret: &str) -> Scrubber {
    let mut scrubber = Scrubber::default();
    scrubber.learn("IT", secret.as_bytes());
    scrubber
}

#[test]
fn a_secret_is_found_in_every_form() {
    let scrubber = knowing(NASTY);
    let once = json!(NASTY).to_string();
    let mut query = url::Url::parse("https://host/").unwrap();
    query.query_pairs_mut().append_pair("q", NASTY);
    let mut path = url::Url::parse("https://host/").unwrap();
    path.path_segments_mut().unwrap().push(NASTY);
    let percent: String = NASTY.bytes().map(|b| format!("%{b:02x}")).collect();
    for text in [
        NASTY.to_owned(),
        once.clone(),
        json!(once).to_string(),
        json!(json!(once).to_string()).to_string(),
        query.to_string(),
        path.to_string(),
        STANDARD.encode(NASTY),
        URL_SAFE.encode(NASTY),
        STANDARD.encode(format!("user:{NASTY}")),
        STANDARD.encode(format!("me:{NASTY}:rest")),
        hex::encode(NASTY),
        hex::encode_upper(NASTY),
    ] {
        let clean = scrubber.text(&format!("before {text} after"));
        assert!(clean.contains("scrubbed-IT") && clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
    }
    // Escaped to the last letter no scanner of known forms finds it, and no client of ours writes it so.
    assert_eq!(percent.matches('%').count(), NASTY.len());
}

#[test]
fn a_private_key_is_found_in_each_of_its_spellings() {
    let raw = hex::decode(DIGITS).unwrap();
    for known in [KEY, DIGITS, &format!("0x{DIGITS}"), &DIGITS.to_uppercase()] {
        let scrubber = knowing(known);
        for text in
            [KEY.to_owned(), DIGITS.to_owned(), DIGITS.to_uppercase(), STANDARD.encode(&raw), STANDARD.encode(KEY)]
        {
            let clean = scrubber.text(&text);
            assert!(clean.starts_with("scrubbed-"), "{known}: {text}: {clean}");
        }
        let mut bytes = b"\0\xff".to_vec();
        bytes.extend(&raw);
        assert_eq!(scrubber.bytes(&bytes), b"\0\xffscrubbed-IT");
    }
}

#[test]
fn names_numbers_and_depths_of_a_value_are_searched() {
    let scrubber = knowing("90210777");
    let clean = scrubber.value(json!({"a": [{"x90210777y": 90210777}, true, null, 9021], "b": "\"90210777\""}));
    assert_eq!(clean, json!({"a": [{"xscrubbed-ITy": "scrubbed-IT"}, true, null, 9021], "b": "\"scrubbed-IT\""}));
}

#[test]
fn what_stands_in_a_secret_s_place_goes_whatever_it_is() {
    for (text, clean) in [
        (
            "https://s3/b/k?X-Amz-Date=1&X-Amz-Credential=AK%2F2026&X-Amz-Signature=abc&x=1",
            "https://s3/b/k?X-Amz-Date=1&X-Amz-Credential=scrubbed&X-Amz-Signature=scrubbed&x=1",
        ),
        (
            r#"{"input":"http://h/?X-Amz-Signature=abc\u0026x=1"}"#,
            r#"{"input":"http://h/?X-Amz-Signature=scrubbed\u0026x=1"}"#,
        ),
        (r#"{"u":"http://h/?a=1\u0026token=abc"}"#, r#"{"u":"http://h/?a=1\u0026token=scrubbed"}"#),
        ("http://h/f?token=17.ab, next", "http://h/f?token=scrubbed, next"),
        ("Authorization: Bearer sk-0123456789abcdef.", "Authorization: Bearer scrubbed"),
        ("the Bearer of news", "the Bearer of news"),
        ("set token=1 and prompt_tokens=5&x=1", "set token=1 and prompt_tokens=5&x=1"),
        (r#"{"a":{"Password":"hush"},"text":"a password"}"#, r#"{"a":{"Password":"scrubbed"},"text":"a password"}"#),
        (r#"{ "password" : "" }"#, r#"{ "password" : "" }"#),
    ] {
        assert_eq!(Scrubber::default().text(text), clean);
    }
    let key = format!("my key is {KEY}, keep it");
    assert_eq!(Scrubber::default().text(&key), "my key is scrubbed-key, keep it");
    let other = KEY.replace('J', "K");
    assert_eq!(Scrubber::default().text(&other), other, "52 letters are no key without its checksum");
}

#[test]
fn what_a_cut_left_of_a_secret_is_taken_out() {
    let secret = "canary-0123456789-abcdefghij";
    let scrubber = knowing(secret);
    for (text, clean) in [
        (format!("a file {}…", &secret[..20]), "a file scrubbed-IT…"),
        (format!("{} […] {}", &secret[..12], &secret[15..]), "scrubbed-IT […] scrubbed-IT"),
        (format!("…{}, and more", &secret[18..]), "…scrubbed-IT, and more"),
        (format!("{}{secret}", &secret[..10]), "scrubbed-ITscrubbed-IT"),
        (hex::encode(&secret[..9]), "scrubbed-IT"),
        // Less than ten bytes say too little, and short secrets have no ends that are no words.
        (secret[..9].to_owned(), "canary-01"),
    ] {
        assert_eq!(scrubber.text(&text), clean);
    }
    assert_eq!(knowing("protein-folds").text("protein-fo"), "protein-fo");
    let accented = knowing("é".repeat(12).as_str());
    assert_eq!(accented.text(&format!("{}è", "é".repeat(7))), "scrubbed-IT\u{fffd}");
}

#[test]
fn a_secret_that_is_a_word_is_left() {
    assert_eq!(knowing("none").text("none of them"), "none of them");
}

proptest! {
    #[test]
    fn clean_text_stays_and_scrubbing_twice_changes_nothing(text in "\\PC{0,80}", secret in "[a-zA-Z0-9+/]{12,40}") {
        let scrubber = knowing(&secret);
        let clean = scrubber.text(&format!("{text} {secret} {text}"));
        prop_assert!(!clean.contains(&secret));
        prop_assert_eq!(scrubber.text(&clean), clean);
    }

    #[test]
    fn wherever_base64_begins(before in "[a-z]{0,9}", after in "[a-z]{0,9}", secret in "[a-zA-Z0-9+/]{20,40}") {
        let text = STANDARD.encode(format!("{before}{secret}{after}"));
        let clean = knowing(&secret).text(&text);
        prop_assert!(clean.contains("scrubbed-IT"), "{}", clean);
    }
}

/// The wallet's key as people and programs write keys, with whatever between.
fn spellings() -> Vec<String> {
    let raw = hex::decode(DIGITS).unwrap();
    let reversed: Vec<u8> = raw.iter().rev().copied().collect();
    let each = |write: &dyn Fn(&u8) -> String, between: &str| raw.iter().map(write).collect::<Vec<_>>().join(between);
    let lines = |text: &str, size: usize| {
        text.as_bytes()
            .chunks(size)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    vec![
        KEY.to_owned(),
        lines(KEY, 8),
        KEY.chars().map(|c| format!("{c}-")).collect(),
        DIGITS.to_owned(),
        DIGITS.to_uppercase(),
        DIGITS.chars().enumerate().map(|(n, c)| if n % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect(),
        DIGITS.chars().rev().collect(),
        hex::encode(&reversed),
        STANDARD.encode(&raw),
        lines(&STANDARD.encode(KEY), 16),
        STANDARD.encode(DIGITS),
        URL_SAFE.encode(&reversed),
        each(&|byte| format!("{byte:02x}"), ":"),
        each(&|byte| format!("{byte:02X}"), " "),
        each(&|byte| format!("0x{byte:02x}"), ", "),
        each(&|byte| format!("\\x{byte:02x}"), ""),
        each(&|byte| format!("%{byte:02x}"), ""),
        format!("[{}]", each(&|byte| byte.to_string(), ", ")),
        lines(DIGITS, 4),
    ]
}

#[test]
fn a_key_is_found_in_a_stream_in_every_spelling_wherever_a_piece_ends() {
    let sought = knowing(KEY).sought();
    for spelt in spellings() {
        assert_eq!(sought.found_in(spelt.as_bytes()).as_deref(), Some("scrubbed-IT"), "{spelt}");
        let long = format!("{}\n{spelt}\n{}", "ACGT\n".repeat(1000), "ACGT\n".repeat(1000));
        for size in [1, 7, 64, 4096] {
            let mut search = Search::new(sought.clone());
            let found = long.as_bytes().chunks(size).find_map(|piece| search.push(piece));
            assert_eq!(found.as_deref(), Some("scrubbed-IT"), "{size}: {spelt}");
        }
        let clean = knowing(KEY).text(&format!("before {spelt} after"));
        assert!(clean.contains("scrubbed-") && clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
    }
    // Another key is nobody's business, and neither is a part of this one.
    let other: String = DIGITS.chars().map(|c| if c == '7' { '8' } else { c }).collect();
    assert_eq!(sought.found_in(other.as_bytes()), None);
    assert_eq!(sought.found_in(format!("{} {}", &DIGITS[..40], &DIGITS[44..]).as_bytes()), None);
    assert_eq!(Scrubber::default().sought().found_in(KEY.as_bytes()), None);
}
