//! Text cut into sentences and words.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation as _;

/// After these a full stop ends no sentence, whatever follows. What is written with full stops within (`z.B.`, `e.g.`), and
/// single letters, is known without.
const ABBREVIATIONS: [&str; 43] = [
    "abb", "al", "approx", "art", "bzgl", "bzw", "ca", "cf", "ch", "col", "dept", "dr", "ed", "ej", "env", "eq", "fig",
    "figs", "ggf", "hr", "inkl", "max", "min", "mr", "mrs", "ms", "no", "nr", "pág", "prof", "ref", "resp", "sog",
    "sp", "spp", "sr", "sra", "st", "tab", "vgl", "vol", "vs", "zit",
];

/// The longest abbreviation that is looked for, characters.
const LONGEST: usize = 24;

/// A language whose common words are fewer of a text's words than this is not the text's.
const LEAST_SHARE: f64 = 0.1;

/// Hindi and English in one list: it would be found in any English text.
const NO_LANGUAGE: &str = "hinglish";

/// The sentences of `text`, their surrounding space left out, each in one line.
///
/// Sentences end where Unicode says (UAX #29), but not after an abbreviation, and at blank lines, headings and the items of
/// lists. Lines of a paragraph are joined.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for paragraph in paragraphs(text) {
        let mut sentence = String::new();
        for part in paragraph.split_sentence_bounds() {
            sentence.push_str(part);
            if !is_abbreviated(&sentence) {
                push(&mut out, &sentence);
                sentence.clear();
            }
        }
        push(&mut out, &sentence);
    }
    out
}

fn push(out: &mut Vec<String>, sentence: &str) {
    let sentence = sentence.trim();
    if sentence.chars().any(char::is_alphanumeric) {
        out.push(sentence.to_owned());
    }
}

/// Paragraphs, headings and items of lists, each in one line.
fn paragraphs(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut heading = false;
    for line in text.lines() {
        let (item, rest) = item(line.trim());
        if item || heading || rest.is_empty() {
            out.push(String::new());
        }
        heading = rest.starts_with('#');
        if heading {
            out.push(String::new());
        }
        if let Some(open) = out.last_mut() {
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(rest.trim_start_matches('#').trim());
        }
    }
    out
}

/// Whether a line is an item of a list (`- one`, `* one`, `2. two`, `c) three`), and what follows its mark.
fn item(line: &str) -> (bool, &str) {
    let Some((mark, rest)) = line.split_once(char::is_whitespace) else { return (false, line) };
    let bullet = matches!(mark, "-" | "*" | "+" | "•" | "–" | "—" | "▪" | "◦" | "‣");
    let number = mark.strip_suffix(['.', ')']).is_some_and(|number| {
        let digits = number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
        let letter = mark.ends_with(')') && number.chars().count() == 1;
        !number.is_empty() && (digits || letter)
    });
    if bullet || number { (true, rest.trim_start()) } else { (false, line) }
}

/// Whether the full stop at the end is that of an abbreviation.
fn is_abbreviated(sentence: &str) -> bool {
    let Some(before) = sentence.trim_end().strip_suffix('.') else { return false };
    // No abbreviation is longer, and whatever is written without blanks is not looked through at each of its full stops.
    let before = before.char_indices().nth_back(LONGEST).map_or(before, |(at, _)| before.get(at..).unwrap_or_default());
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '„' | '“')).next();
    let word = word.unwrap_or_default();
    let letters = |part: &str| (1..=3).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic);
    let dotted = word.contains('.') && word.split('.').all(letters);
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    dotted || initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// The common words of a text's own language.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// ISO 639-1, where it is known.
    pub(crate) language: Option<&'static str>,
    words: HashSet<&'static str>,
}

impl Common {
    /// Of the language whose common words make up most of the text; of none where no language's do.
    pub(crate) fn of(sentences: &[String]) -> Common {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for word in sentences.iter().flat_map(|sentence| all_words(sentence)) {
            *counts.entry(word).or_default() += 1;
        }
        let all: u64 = counts.values().sum();
        let share = |words: &[&str]| {
            let distinct: HashSet<&str> = words.iter().copied().collect();
            let found: Vec<u64> = distinct.iter().filter_map(|word| counts.get(*word).copied()).collect();
            // One word may be common in a language by accident.
            if found.len() < 2 { 0.0 } else { found.iter().sum::<u64>() as f64 / all.max(1) as f64 }
        };
        let known = stop_words::available_languages().iter().filter(|language| **language != NO_LANGUAGE);
        let found = known
            .filter_map(|language| Some((*language, stop_words::lookup(language)?)))
            .map(|(language, words)| (language, words, share(words)))
            .filter(|(_, _, share)| *share >= LEAST_SHARE)
            // Of equals the first.
            .reduce(|best, next| if next.2 > best.2 { next } else { best });
        match found {
            Some((language, words, _)) => Common { language: Some(language), words: words.iter().copied().collect() },
            None => Common::default(),
        }
    }

    /// The words of a sentence that carry meaning, in lower case.
    pub(crate) fn words(&self, sentence: &str) -> impl Iterator<Item = String> {
        all_words(sentence).filter(|word| {
            word.chars().count() > 1 && word.chars().any(char::is_alphabetic) && !self.words.contains(word.as_str())
        })
    }
}

/// The words of a sentence, in lower case; `T-cell` is one.
fn all_words(sentence: &str) -> impl Iterator<Item = String> {
    sentence
        .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '\''))
        .map(|w| w.trim_matches(['-', '\'']).to_lowercase())
        .filter(|w| !w.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_readers_end_them() {
        let text = "Dr. Smith et al. measured 3.5 mg. Was it enough? Yes!\n\nA heading\n\nSee Fig. 2, e.g. the left. He \
                    said \"No.\" Then J. Doe left.";
        assert_eq!(
            sentences(text),
            [
                "Dr. Smith et al. measured 3.5 mg.",
                "Was it enough?",
                "Yes!",
                "A heading",
                "See Fig. 2, e.g. the left.",
                "He said \"No.\"",
                "Then J. Doe left.",
            ]
        );
        assert!(sentences("... \n\n ---").is_empty());
        assert_eq!(
            sentences("Die Größe ändert\nsich, z.B. Wasser. Z. B. Eis, d.h. Kälte.\r\nDas ist alles, usw. Ende."),
            ["Die Größe ändert sich, z.B. Wasser.", "Z. B. Eis, d.h. Kälte.", "Das ist alles, usw.", "Ende."]
        );
        assert_eq!(sentences("酶是蛋白质。它们折叠！对吗？"), ["酶是蛋白质。", "它们折叠！", "对吗？"]);
    }

    #[test]
    fn each_item_of_a_list_is_by_itself() {
        let list = "# Methods\nWe did this:\n- First we froze\n  the cells\n* Then they were cut. Twice.\n1. Numbered\n2) And so on\na) Or so\n\
                    Version 2. is text - as this is.";
        let expected = [
            "Methods",
            "We did this:",
            "First we froze the cells",
            "Then they were cut.",
            "Twice.",
            "Numbered",
            "And so on",
            "Or so Version 2. is text - as this is.",
        ];
        assert_eq!(sentences(list), expected);
    }

    #[test]
    fn words_carry_meaning_in_the_language_of_the_text() {
        let of = |text: &str| {
            let sentences = sentences(text);
            let common = Common::of(&sentences);
            let words: Vec<_> = sentences.iter().flat_map(|s| common.words(s).collect::<Vec<_>>()).collect();
            (common.language, words.join(" "))
        };
        let english = of("The X-ray of a T-cell, in 1998, was the well-known one -");
        assert_eq!(english, (Some("en"), "x-ray t-cell well-known one".to_owned()));
        let german = of("Die Enzyme sind in der Zelle, und sie werden nicht von der Wärme verändert.");
        assert_eq!(german, (Some("de"), "enzyme zelle wärme verändert".to_owned()));
        let french = of("Les enzymes sont dans la cellule, et elles ne sont pas changées par la chaleur.");
        assert_eq!(french, (Some("fr"), "enzymes cellule elles changées chaleur".to_owned()));
        let spanish = of("Las enzimas están en la célula y no son cambiadas por el calor.");
        assert_eq!(spanish.0, Some("es"));
        assert_eq!(of("ACGT GGCC ATAT").0, None);
    }
}
