//! Which numbers stand in a sentence. They are compared as text, digit by digit, and never become floats.

use std::collections::BTreeSet;

use super::number_words;

/// No number that is compared is longer, characters.
const LONGEST: usize = 64;
/// No number is moved by more places, by its exponent.
const MOST_PLACES: usize = 40;
/// What limits are in.
const GAS: &str = "gas";
/// "One and a half GAS": so many words may stand between a number in words and its GAS.
const WORDS_TO_GAS: usize = 4;
/// What stands after a number that is of nothing.
const ENDS: [char; 16] = ['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '”', '»', '-', '–', '。', '、'];
/// Units of size: a number before one says how large something is, and is no limit and no choice.
const SIZES: [&str; 10] = ["b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib", "bytes"];
/// The zeros of the digits that people write beside ASCII's: full width, Arabic, Persian, Devanagari.
const ZEROS: [char; 4] = ['０', '٠', '۰', '०'];

/// A number of JSON in one form: no needless zeros, no exponent, no sign but a minus. `None` for what is no number.
pub(super) fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let (minus, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || number.ends_with('.') || !digits(whole) || !digits(part) {
        return None;
    }
    let zeros = "0".repeat(usize::try_from(exponent.unsigned_abs()).ok().filter(|places| *places <= MOST_PLACES)?);
    let (whole, part) = if exponent >= 0 {
        let all = format!("{part}{zeros}");
        let (more, part) = all.split_at_checked(zeros.len())?;
        (format!("{whole}{more}"), part.to_owned())
    } else {
        let all = format!("{zeros}{whole}");
        let (whole, more) = all.split_at_checked(all.len() - zeros.len())?;
        (whole.to_owned(), format!("{more}{part}"))
    };
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match (part, whole) {
        ("", "0") => "0".to_owned(),
        ("", whole) => format!("{minus}{whole}"),
        (part, whole) => format!("{minus}{whole}.{part}"),
    })
}

/// Every number that stands in `said`, in the form of [`plain`]: digits with a point or a comma in every way they can be
/// meant, and small numbers as words. Digits that end a name (`p53`, `b2`) are part of it, and digits before a unit of size are of
/// another kind, as are those that `of` does not allow.
pub(super) fn stand_in(said: &str, of: Kind) -> BTreeSet<String> {
    let chars: Vec<char> = said.chars().map(ascii_digit).collect();
    let mut found = BTreeSet::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let in_name = at > 0 && chars.get(at - 1).is_some_and(|b| b.is_ascii_alphabetic() || *b == '_');
        if !c.is_ascii_digit() {
            at += 1;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let run: String = chars.iter().skip(at).take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        at += run.len();
        // `1e-5` and `2E3` are numbers of one piece.
        let power: String = exponent(chars.get(at..).unwrap_or_default());
        at += power.len();
        if !in_name && of.allows(before, chars.get(at..).unwrap_or_default()) {
            let run = run.trim_end_matches(['.', ',']);
            found.extend(readings(run).into_iter().filter_map(|number| plain(&format!("{number}{power}"))));
        }
    }
    let mut halves = false;
    let words = words(said);
    for (at, word) in words.iter().enumerate() {
        let after = words.get(at + 1..).unwrap_or_default();
        if let Some(number) = number_words::of(word).filter(|_| of.allows_word(after)) {
            halves |= number == "0.5";
            found.insert(number.to_owned());
        }
    }
    if halves {
        let and_a_half: Vec<String> = found.iter().filter(|n| !n.contains('.')).map(|n| format!("{n}.5")).collect();
        found.extend(and_a_half);
    }
    found
}

/// What a number may be of, by what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A choice: of anything but GAS and sizes.
    Choice,
    /// A limit: of GAS, or of nothing that is said. Whether `5 euros` are 5 GAS is not for the program to say.
    Limit,
    /// A limit that was said to be of GAS.
    Gas,
}

impl Kind {
    /// Whether digits between these characters are of this kind.
    fn allows(self, before: Option<&char>, after: &[char]) -> bool {
        let after: String = after.iter().skip_while(|c| c.is_whitespace()).take(LONGEST).collect();
        let ascii: String = after.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        let gas = ascii == GAS;
        match self {
            Kind::Choice => !gas && !SIZES.contains(&ascii.as_str()),
            Kind::Gas => gas,
            Kind::Limit if gas => true,
            // A currency's sign may stand on either side.
            Kind::Limit => {
                let open = |c: char| c.is_alphanumeric() || c.is_whitespace() || ENDS.contains(&c);
                before.is_none_or(|c| open(*c)) && after.chars().next().is_none_or(|c| ENDS.contains(&c))
            }
        }
    }

    /// Whether a number in words is of this kind, by the words after it.
    fn allows_word(self, after: &[String]) -> bool {
        let gas = after.iter().take(WORDS_TO_GAS).any(|word| word == GAS);
        match self {
            Kind::Choice => true,
            Kind::Limit | Kind::Gas => gas,
        }
    }
}

/// A digit of another script as ASCII's.
fn ascii_digit(c: char) -> char {
    let value = ZEROS.iter().filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero))).find(|value| *value < 10);
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

/// The exponent that these characters begin with, where one does.
fn exponent(chars: &[char]) -> String {
    let Some('e' | 'E') = chars.first() else { return String::new() };
    let signed = usize::from(matches!(chars.get(1), Some('-' | '+')));
    let digits: String = chars.iter().skip(1 + signed).take_while(|c| c.is_ascii_digit()).collect();
    let sign = if signed == 1 && chars.get(1) == Some(&'-') { "-" } else { "" };
    // The length stays that of what was read, as a plus sign is no part of a number of JSON.
    match (digits.is_empty(), signed == 1 && sign.is_empty()) {
        (true, _) | (false, true) => String::new(),
        (false, false) => format!("e{sign}{digits}"),
    }
}

/// The ways in which digits with points and commas can be meant: either may mark decimals, or groups of three.
fn readings(run: &str) -> Vec<String> {
    let decimal = |mark: char| {
        let (whole, part) = run.rsplit_once(mark)?;
        let grouped = whole.replace(['.', ','], "");
        Some(format!("{grouped}.{part}"))
    };
    let mut all = vec![run.replace(['.', ','], "")];
    let groups = run.split(['.', ',']).skip(1).all(|group| group.len() == 3);
    if !groups {
        all.clear();
    }
    all.extend([decimal('.'), decimal(',')].into_iter().flatten().filter(|n| n.matches(['.', ',']).count() == 1));
    all
}

/// The words of a sentence, lower case; each sign of a script without spaces is one.
fn words(said: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    for c in said.chars().chain([' ']) {
        let ideograph = matches!(c, '\u{4e00}'..='\u{9fff}');
        if (!c.is_alphabetic() || ideograph) && !word.is_empty() {
            all.push(std::mem::take(&mut word));
        }
        if ideograph {
            all.push(c.to_string());
        } else if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, form) in [
            ("2", "2"),
            ("2.0", "2"),
            ("02.50", "2.5"),
            ("0", "0"),
            ("-0", "0"),
            ("0.00", "0"),
            ("-7", "-7"),
            ("1e3", "1000"),
            ("1.25E1", "12.5"),
            ("1e-5", "0.00001"),
            ("12.5e-1", "1.25"),
            ("0.000000001", "0.000000001"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(form), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1,5", "e5", "1e", "1e99", "1e-99", "x", "0x10", "1.2.3", "NaN", "１"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_stand_in_sentences_in_many_ways() {
        for (said, numbers) in [
            ("fold it in 3D with seed 7.", &["3", "7"][..]),
            ("budget 1.5", &["1.5"]),
            ("höchstens 1,5 GAS", &["1.5"]),
            ("seed=8, max 1,000 sequences", &["8", "1000", "1"]),
            ("1.234.567,5 and 1,234.50", &["1234567.5", "1234.5"]),
            ("最大２GASまで", &["2"]),
            ("٣ جاز", &["3"]),
            ("p53 and b2 and s_4", &[]),
            ("an E-value of 1e-5 or 2E3", &["0.00001", "2000"]),
            ("this 5 GB FASTA of 20MB for 3 GAS", &["3"]),
            ("in two sentences", &["2"]),
            ("one and a half GAS", &["0.5", "1", "1.5"]),
            ("eineinhalb", &[]),
            ("三つ", &["3"]),
            ("", &[]),
        ] {
            let all = [Kind::Choice, Kind::Limit].into_iter().flat_map(|of| stand_in(said, of));
            assert_eq!(all.collect::<BTreeSet<String>>(), numbers.iter().map(|n| (*n).to_owned()).collect(), "{said}");
        }
    }

    #[test]
    fn a_number_of_a_unit_is_of_another_kind() {
        let found = stand_in("fold the first 5, for at most 2 GAS or 3gas", Kind::Choice);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["5"]);
        for (said, limits) in [
            ("fold the first 5 of them, at most 2 GAS or 3gas", &["2", "3"][..]),
            ("at most 4 euros, 6  Euro, 5 €, $5, 5$, 5\u{a0}€ or five euros", &[]),
            ("最大２GASまで", &["2"]),
            ("höchstens zwei GAS", &["2"]),
            ("one and a half GAS", &["0.5", "1", "1.5"]),
            ("plie un fichier", &[]),
            ("budget 1.5", &["1.5"]),
            ("a limit of 1,5!", &["1.5"]),
            ("a 5 GB file", &[]),
        ] {
            let found = stand_in(said, Kind::Limit);
            assert_eq!(found.into_iter().collect::<Vec<_>>(), limits, "{said}");
        }
        assert_eq!(stand_in("budget 1.5, or 2 GAS", Kind::Gas).into_iter().collect::<Vec<_>>(), ["2"]);
        assert!(!stand_in("最大２GASまで", Kind::Choice).contains("2"));
    }

    proptest! {
        #[test]
        fn no_sentence_makes_it_panic(said in "\\PC{0,60}") {
            for number in stand_in(&said, Kind::Limit) {
                prop_assert_eq!(plain(&number), Some(number.clone()));
            }
        }

        #[test]
        fn a_number_that_is_said_stands(number in "(0|[1-9][0-9]{0,12})(\\.[0-9]{0,7}[1-9])?", before in "[a-z ]{0,9} ") {
            let found = stand_in(&format!("{before}{number} GAS"), Kind::Limit);
            prop_assert!(found.contains(&number));
        }
    }
}
