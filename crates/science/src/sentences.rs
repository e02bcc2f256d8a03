//! Text cut into sentences and words.

/// After these a full stop ends no sentence.
const ABBREVIATIONS: [&str; 26] = [
    "al", "approx", "ca", "cf", "ch", "col", "dept", "dr", "e.g", "ed", "eq", "etc", "fig", "figs", "i.e", "mr", "mrs",
    "ms", "no", "nr", "prof", "ref", "sp", "spp", "st", "vs",
];

/// Words that say nothing of what an English text is about.
const COMMON: &str = " a about above after again all also although am an and any are as at be because been before being \
    below between both but by can cannot could did do does doing down during each either else ever every few for from \
    further had has have having he her here hers him his how however i if in into is it its itself just may me might \
    more most much must my neither no nor not of off on once one only or other our out over own per same she should \
    since so some such than that the their them then there these they this those though through thus to too under until \
    up upon us very was we were what when where whether which while who whom whose why will with within without would \
    yet you your ";

/// The sentences of `text`, their surrounding space left out.
///
/// A sentence ends at `.`, `!`, `?` or an ideographic full stop that is followed by space and no lower-case letter, and
/// at a blank line. Common abbreviations and single initials end none.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for paragraph in text.split("\n\n").flat_map(|p| p.split("\r\n\r\n")) {
        let mut start = 0;
        for (i, mark) in paragraph.char_indices() {
            let next = i + mark.len_utf8();
            if ends(paragraph, start, i, mark) {
                push(&mut out, paragraph.get(start..next));
                start = next;
            }
        }
        push(&mut out, paragraph.get(start..));
    }
    out
}

fn push<'t>(out: &mut Vec<&'t str>, sentence: Option<&'t str>) {
    let sentence = sentence.unwrap_or_default().trim();
    if sentence.chars().any(char::is_alphanumeric) {
        out.push(sentence);
    }
}

fn ends(text: &str, start: usize, at: usize, mark: char) -> bool {
    if matches!(mark, '。' | '！' | '？') {
        return true;
    }
    if !matches!(mark, '.' | '!' | '?') {
        return false;
    }
    let after = text.get(at + 1..).unwrap_or_default();
    let mut rest = after.chars().skip_while(|c| matches!(c, '"' | '\'' | ')' | ']' | '”' | '’'));
    let followed = match rest.next() {
        None => true,
        // Closing quotes belong to the sentence; the next one takes them, which costs nothing but looks.
        Some(c) if c.is_whitespace() => rest.find(|c| !c.is_whitespace()).is_none_or(|c| !c.is_lowercase()),
        Some(_) => false,
    };
    if !followed || mark != '.' {
        return followed;
    }
    let word = text.get(start..at).unwrap_or_default().rsplit(|c: char| c.is_whitespace() || c == '(').next();
    let word = word.unwrap_or_default().to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    !(initial || ABBREVIATIONS.contains(&word.as_str()))
}

/// The words of a sentence that carry meaning, in lower case.
pub(crate) fn words(sentence: &str) -> impl Iterator<Item = String> {
    sentence
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .map(|w| w.trim_matches('-').to_lowercase())
        .filter(|w| w.chars().count() > 1 && w.chars().any(char::is_alphabetic) && !is_common(w))
}

fn is_common(word: &str) -> bool {
    COMMON.contains(&format!(" {word} "))
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
                "He said \"No.",
                "\" Then J. Doe left.",
            ]
        );
        assert!(sentences("... \n\n ---").is_empty());
    }

    #[test]
    fn words_carry_meaning() {
        let found: Vec<_> = words("The X-ray of a T-cell, in 1998, was the well-known one -").collect();
        assert_eq!(found, ["x-ray", "t-cell", "well-known"]);
    }
}
