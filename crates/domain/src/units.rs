//! Sizes and times as people read them.

use bytesize::ByteSize;

use super::text::is_hidden;

/// `5.0 GB`, `148 B`: decimal units, as the offload rule counts them.
pub fn bytes(n: u64) -> String {
    ByteSize::b(n).display().si().to_string()
}

/// Bytes out of what [`bytes`] shows, as exactly as it shows them. More than there is a number for is none.
pub fn bytes_of(shown: &str) -> Option<u64> {
    // What is too large is read as the largest number.
    shown.parse::<ByteSize>().ok().map(|size| size.as_u64()).filter(|&bytes| bytes < u64::MAX)
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `14 days`, `3.2 years`.
pub fn seconds(s: f64) -> String {
    if !s.is_finite() || s < 0.0 {
        return "unknown".to_owned();
    }
    if s < 0.05 {
        return "under 0.1 s".to_owned();
    }
    if s < 9.95 {
        return format!("{s:.1} s");
    }
    let whole = s.round() as u64;
    match whole {
        0..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        7200..172_800 => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        172_800..63_072_000 => format!("{} days", whole / 86_400),
        _ => format!("{:.1} years", s / 31_557_600.0),
    }
}

/// `about 12 s`, and `under 0.1 s`, which is no less about.
pub fn about_seconds(s: f64) -> String {
    let shown = seconds(s);
    if shown.starts_with("under") { shown } else { format!("about {shown}") }
}

/// `14,200,000`: thousands marked.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 file`, `1,200 files`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// No key of any kind that is met here is as short as this, characters; no address and no amount is longer.
const LONGEST_QUOTED: usize = 44;

/// A text in an error that says what is wrong with it: between backticks where it is short; told by its length where it
/// may be a key that a person put in the wrong place.
pub fn quoted(text: &str) -> String {
    match text.chars().count() {
        n if n > LONGEST_QUOTED => format!("a text of {n} characters"),
        _ => format!("`{}`", clean(text, LONGEST_QUOTED)),
    }
}

/// Text from outside made safe for terminals and logs: hidden characters out ([`is_hidden`]), at most `limit` characters.
pub fn clean(text: &str, limit: usize) -> String {
    let stays = |c: &char| c.is_whitespace() || !is_hidden(*c);
    let mut out = String::new();
    let mut blank = false;
    for (i, c) in text.chars().filter(stays).enumerate() {
        if i >= limit {
            out.push('…');
            break;
        }
        let space = c.is_whitespace();
        if !(space && blank) {
            out.push(if space { ' ' } else { c });
        }
        blank = space;
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_these() {
        assert_eq!(bytes(5_000_000_000), "5.0 GB");
        assert_eq!(bytes(148), "148 B");
        for n in [0, 1, 148, 1500, 2_500_000, 5_000_000_000] {
            assert_eq!(bytes_of(&bytes(n)), Some(n));
        }
        assert_eq!(bytes_of("a lot"), None);
        for too_much in ["99999999999999999999GB", "99999999999999999999", "17EiB"] {
            assert_eq!(bytes_of(too_much), None, "{too_much}");
        }
        assert_eq!(seconds(0.01), "under 0.1 s");
        assert_eq!(seconds(9.96), "10 s");
        assert_eq!(seconds(3725.0), "62 min 5 s");
        assert_eq!(seconds(1e9), "31.7 years");
        assert_eq!(count(14_200_000), "14,200,000");
        assert_eq!(count(999), "999");
    }

    #[test]
    fn hostile_text_is_made_plain() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\r\n\u{202e}txt", 80), "[31mred[0m txt");
        assert_eq!(clean("a\u{ad}\u{e0041}\u{3164}\u{115f}\u{9b}31m\u{7f}b\u{2028}c\u{fe0f}", 80), "a31mb c");
        assert_eq!(clean("abcdef", 3), "abc…");
    }
}
