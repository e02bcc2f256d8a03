//! Halves of a character that JSON writes as two escapes (`\ud83d\ude00`), where a server sends each in an event of its own.
//!
//! A half by itself is no character, and no JSON parser takes it. It is read as a mark out of a private use area, and two
//! marks that meet become the character.

/// The first of the marks, one for each half from `D800` to `DFFF`: the last but one block of the last private use plane.
const MARKS: u32 = 0x10_F000;
const HIGH: std::ops::Range<u32> = 0xD800..0xDC00;
const LOW: std::ops::Range<u32> = 0xDC00..0xE000;

/// JSON with a mark in the place of each escape that is half a character; `None` where there is none.
pub(super) fn marked(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let (mut rest, mut any) = (json, false);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(high), Some(low)) if HIGH.contains(&high) && LOW.contains(&low) => 12,
            (Some(half), _) if HIGH.contains(&half) || LOW.contains(&half) => {
                out.extend(char::from_u32(MARKS + half - HIGH.start));
                any = true;
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            _ => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, after) = escape.split_at(length.min(escape.len()));
        out.push_str(kept);
        rest = after;
    }
    out.push_str(rest);
    any.then_some(out)
}

/// The number of an escape, `\u` and four hexadecimal digits, at the beginning of a text.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

fn half(mark: char) -> Option<u32> {
    let half = u32::from(mark).checked_sub(MARKS)? + HIGH.start;
    (HIGH.contains(&half) || LOW.contains(&half)).then_some(half)
}

/// Joins the halves of one text as its pieces come.
#[derive(Default)]
pub(super) struct Halves(Option<char>);

impl Halves {
    /// The piece, with whole characters. A first half at its end is held back; one that stays alone becomes `U+FFFD`.
    pub(super) fn pass(&mut self, piece: String) -> String {
        if self.0.is_none() && !piece.contains(|c| half(c).is_some()) {
            return piece;
        }
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            match (self.0.take().and_then(half), half(c)) {
                (Some(high), Some(low)) if LOW.contains(&low) => {
                    let whole = 0x1_0000 + ((high - HIGH.start) << 10) + (low - LOW.start);
                    out.push(char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER));
                    continue;
                }
                (Some(_), _) => out.push(char::REPLACEMENT_CHARACTER),
                (None, _) => {}
            }
            match half(c) {
                Some(high) if HIGH.contains(&high) => self.0 = Some(c),
                Some(_) => out.push(char::REPLACEMENT_CHARACTER),
                None => out.push(c),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> String {
        let mut halves = Halves::default();
        let texts = pieces.iter().map(|json| {
            let marked = marked(json);
            serde_json::from_str::<String>(marked.as_deref().unwrap_or(json)).unwrap()
        });
        texts.map(|text| halves.pass(text)).collect()
    }

    #[test]
    fn halves_that_meet_are_one_character() {
        assert_eq!(read(&[r#""a\ud83d""#, r#""\ude00b""#]), "a😀b");
        assert_eq!(read(&[r#""a\uD83D""#, r#""""#, r#""\uDE00""#]), "a😀");
        assert_eq!(read(&[r#""\ud83d\ude00 \\ud83d \u00e9""#]), "😀 \\ud83d é");
        assert_eq!(read(&[r#""a\ud83d""#, r#""b""#, r#""\ude00c""#]), "a\u{fffd}b\u{fffd}c");
        assert_eq!(marked(r#""\\\ud83d\ude00 \"é\" \u00e9""#), None);
        assert_eq!(marked(r#""\u12""#), None);
    }
}
