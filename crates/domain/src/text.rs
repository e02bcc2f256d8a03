//! What of a text nobody sees, or what changes how the rest of it is seen: on terminals, in logs, in files of JSON.
//!
//! Which characters these are is Unicode's to say: its classes `Default_Ignorable_Code_Point` (tag characters, soft
//! hyphens, fillers, joiners, selectors) and `Bidi_Control`, the control characters C0, C1 and DEL, and the separators of
//! lines and paragraphs.

use std::{borrow::Cow, fmt::Write as _};

use icu_properties::{
    CodePointSetData,
    props::{BidiControl, DefaultIgnorableCodePoint},
};

/// Whether a character is a control character, is ignored where text is drawn, or turns the text around it.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<BidiControl>().contains(c)
}

/// A text of JSON whose strings hold no hidden character as it is: each is written as its escape, and reads back the same.
///
/// Outside its strings JSON has no such character but line ends and tabs, which stay.
pub fn json_escaped(json: &str) -> Cow<'_, str> {
    replaced(json, |c, out| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// A text without hidden characters, such as for a page: line ends and tabs stay.
pub fn without_hidden(text: &str) -> Cow<'_, str> {
    replaced(text, |_, _| {})
}

/// A text for a terminal without hidden characters: what may style it (`ESC [ ... m`), line ends and tabs stay.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return without_hidden(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, from) = rest.split_at(at);
        out.push_str(&without_hidden(before));
        let style = style_at(from);
        out.push_str(style);
        rest = from.get(style.len().max(1)..).unwrap_or_default();
    }
    out.push_str(&without_hidden(rest));
    Cow::Owned(out)
}

/// The sequence that a text begins with where it only chooses colours and weights; else nothing.
fn style_at(text: &str) -> &str {
    let Some(codes) = text.strip_prefix("\u{1b}[") else { return "" };
    match codes.find(|c: char| !c.is_ascii_digit() && c != ';') {
        Some(end) if codes[end..].starts_with('m') => &text[..2 + end + 1],
        _ => "",
    }
}

/// The text with its hidden characters put as `put` writes them.
fn replaced(text: &str, put: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let stays = |c: char| matches!(c, '\n' | '\t') || !is_hidden(c);
    let Some(first) = text.char_indices().find_map(|(at, c)| (!stays(c)).then_some(at)) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len());
    out.push_str(clean);
    for c in rest.chars() {
        if stays(c) {
            out.push(c);
        } else {
            put(c, &mut out);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C0, ESC, DEL, C1, a soft hyphen, joiners, marks of direction, isolates, tags, fillers, selectors, separators.
    const HOSTILE: &str = "\u{7}\u{1b}\u{7f}\u{80}\u{9b}\u{9f}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\
        \u{200b}\u{200c}\u{200d}\u{200e}\u{202e}\u{2028}\u{2029}\u{2060}\u{2066}\u{2069}\u{3164}\u{fe0f}\u{feff}\
        \u{ffa0}\u{1d173}\u{e0001}\u{e0041}\u{e007f}\u{e0100}\r";

    #[test]
    fn hidden_characters_are_those_of_unicode() {
        assert!(HOSTILE.chars().all(is_hidden));
        for seen in ['a', ' ', '~', '\u{a0}', 'é', 'ж', '漢', 'ا', '🧬', '\u{301}', '\u{2800}', '\u{fffd}'] {
            assert!(!is_hidden(seen), "{seen:?}");
        }
    }

    #[test]
    fn json_holds_them_as_escapes_and_reads_back_the_same() {
        let value = serde_json::json!({"a": HOSTILE, (HOSTILE): ["漢🧬\"\\\u{2028}"]});
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let escaped = json_escaped(&json);
            assert!(!escaped.chars().any(|c| is_hidden(c) && c != '\n'), "{escaped}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        }
        assert!(matches!(json_escaped("{\"a\": \"漢 é\"}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_terminal_is_given_styles_and_nothing_else_that_is_not_seen() {
        let styled = "\u{1b}[1;31mred\u{1b}[0m\tand\nplain é";
        assert_eq!(for_terminal(styled), styled);
        assert_eq!(for_terminal(&format!("a{HOSTILE}b")), "ab");
        for (hostile, left) in [
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("\u{1b}[2Jx", "[2Jx"),
            ("\u{1b}[31;1Hx", "[31;1Hx"),
            ("\u{1b}[31", "[31"),
            ("\u{1b}[?25lx", "[?25lx"),
            ("\u{1b}", ""),
            ("\u{9b}31mx", "31mx"),
            ("\u{1b}\u{1b}[0mx", "\u{1b}[0mx"),
        ] {
            assert_eq!(for_terminal(hostile), left, "{hostile:?}");
        }
    }
}
