//! Which names of files stand in a sentence: by their form alone, in any language.

/// A shorter word of a name says nothing, characters.
const SHORTEST_WORD: usize = 3;
/// What stands around a name in a sentence and is no part of it.
const AROUND: [char; 20] =
    [',', ';', ':', '!', '?', '(', ')', '[', ']', '{', '}', '"', '\'', '`', '“', '”', '„', '«', '»', '、'];
/// Marks between which a name with spaces stands.
const QUOTES: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('«', '»')];
/// Endings of file names have at most so many characters.
const LONGEST_ENDING: usize = 8;

/// The names of files in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Named {
    /// Listed files that stand in it.
    pub(super) listed: Vec<String>,
    /// What looks like a file and is none of the listed, as it stands there.
    pub(super) unlisted: Vec<String>,
    /// The sentence without any of them: a number in a name is not a number that was said.
    pub(super) rest: String,
}

/// The names in `said`, where these `files` are listed.
pub(super) fn in_sentence(said: &str, files: &[String]) -> Named {
    let mut named = Named { rest: said.to_owned(), ..Named::default() };
    // Names with spaces first: `data.fa` does not stand in 'my data.fa'.
    for (open, close) in QUOTES {
        let mut from = 0;
        while let Some((start, end)) = between(&named.rest, from, open, close) {
            let inner = named.rest.get(start..end).unwrap_or_default().trim().to_owned();
            from = end + close.len_utf8();
            if inner.contains(' ') && looks_like_file(&inner) {
                named.rest.replace_range(start..end, " ");
                from = start + 1 + close.len_utf8();
                named.take(inner, files);
            }
        }
    }
    let mut longest_first: Vec<&String> = files.iter().collect();
    longest_first.sort_by_key(|file| std::cmp::Reverse(file.len()));
    for file in longest_first {
        let mut stands = false;
        while let Some(at) = whole(&named.rest, file) {
            named.rest.replace_range(at..at + file.len(), " ");
            stands = true;
        }
        if stands {
            named.take(file.clone(), files);
        }
    }
    let words = named.rest.split_whitespace().map(bare).filter(|word| looks_like_file(word));
    for word in words.map(str::to_owned).collect::<Vec<_>>() {
        named.rest = named.rest.replace(&word, " ");
        named.take(word, files);
    }
    named
}

impl Named {
    fn take(&mut self, name: String, files: &[String]) {
        let (of, name) = match files.iter().find(|file| is_same(file, &name)) {
            Some(file) => (&mut self.listed, file.clone()),
            None => (&mut self.unlisted, name),
        };
        if !of.contains(&name) {
            of.push(name);
        }
    }
}

/// The words of a path that say something, lower case: those of three letters or digits and more, without the ending.
pub(super) fn words_of(path: &str) -> Vec<String> {
    let stem = path.split_once('.').map_or(path, |(stem, _)| stem).to_lowercase();
    let words = stem.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= SHORTEST_WORD);
    words.map(str::to_owned).collect()
}

/// Where `name` stands in `said` as a whole.
fn whole(said: &str, name: &str) -> Option<usize> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '*');
    let stands = |at: usize| {
        let before = said.get(..at).and_then(|text| text.chars().next_back());
        let mut after = said.get(at + name.len()..).unwrap_or_default().chars();
        let (next, then) = (after.next(), after.next());
        let goes_on = next.is_some_and(part_of_name) || (next == Some('.') && then.is_some_and(part_of_name));
        !goes_on && !before.is_some_and(|c| part_of_name(c) || c == '.')
    };
    // A name without a letter or digit would stand everywhere.
    let can_stand = name.chars().any(char::is_alphanumeric);
    can_stand.then(|| said.match_indices(name).map(|(at, _)| at).find(|at| stands(*at)))?
}

/// The place of the next text between two marks, from a place on.
fn between(text: &str, from: usize, open: char, close: char) -> Option<(usize, usize)> {
    let start = from + text.get(from..)?.find(open)? + open.len_utf8();
    let end = start + text.get(start..)?.find(close)?;
    Some((start, end))
}

/// A word without the marks around it and the full stop after it.
fn bare(word: &str) -> &str {
    word.trim_matches(AROUND).trim_end_matches(['.', '。']).trim_matches(AROUND)
}

/// Whether a word has the form of a file's name, a path or a glob.
fn looks_like_file(word: &str) -> bool {
    if word.contains("://") || word.contains('@') {
        return false;
    }
    if word.contains(['/', '*']) {
        return word.chars().any(char::is_alphanumeric);
    }
    let Some((stem, ending)) = word.rsplit_once('.') else { return false };
    stem.chars().any(char::is_alphanumeric)
        && (2..=LONGEST_ENDING).contains(&ending.len())
        && ending.chars().all(|c| c.is_ascii_alphanumeric())
        && ending.chars().any(|c| c.is_ascii_alphabetic())
}

/// Whether a listed file may have been taken for a name that is not listed: it is of the same kind, or nearly called so.
pub(super) fn may_be_meant(file: &str, name: &str) -> bool {
    let ending = |text: &str| text.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    ending(file).is_some_and(|of_file| ending(name) == Some(of_file)) || strsim::osa_distance(file, name) <= 2
}

/// Whether a name in a sentence is a listed file: the same, but for case, a `./`, and the folders before it.
fn is_same(file: &str, name: &str) -> bool {
    let (file, name) = (file.to_lowercase(), name.to_lowercase());
    let name = name.strip_prefix("./").unwrap_or(&name);
    file == name || file.strip_suffix(name).is_some_and(|folders| folders.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_name_stands_whole() {
        for (said, name, is) in [
            ("fold data.fasta.", "data.fasta", true),
            ("fold (data.fasta), please", "data.fasta", true),
            ("fold data.fasta.gz", "data.fasta", false),
            ("fold mydata.fasta", "data.fasta", false),
            ("fold other/data.fasta", "data.fasta", false),
            ("fold 'my data.fasta'", "data.fasta", false),
            ("data.fastaを折る", "data.fasta", true),
            ("fold my data.fa", "my data.fa", true),
            ("", "data.fasta", false),
            ("a - b", "-", false),
        ] {
            assert_eq!(!in_sentence(said, &files(&[name])).listed.is_empty(), is, "{said}");
        }
    }

    #[test]
    fn names_are_found_by_their_form() {
        let all = files(&["data.fasta", "samples/s1.fastq", "my data (v2).fasta"]);
        for (said, listed, unlisted) in [
            ("Run protein folding on dta.fasta, please.", &[][..], &["dta.fasta"][..]),
            ("fold Data.fasta and ./data.fasta and s1.fastq", &["data.fasta", "samples/s1.fastq"], &[]),
            ("Fold everything in 'my data (v2).fasta'", &["my data (v2).fasta"], &[]),
            ("Fold my data (v2).fasta and data.fasta", &["my data (v2).fasta", "data.fasta"], &[]),
            ("Fold everything in 'my old data.fasta'", &[], &["my old data.fasta"]),
            ("stats of samples/*.fastq and ~/x", &[], &["samples/*.fastq", "~/x"]),
            ("e.g. 1.5 GAS at https://example.org/a.fasta, not 2.0", &[], &[]),
            ("it is a 5 GB file", &[], &[]),
        ] {
            let named = in_sentence(said, &all);
            assert_eq!((named.listed, named.unlisted), (files(listed), files(unlisted)), "{said}");
        }
    }

    #[test]
    fn numbers_in_names_are_left_out() {
        let left = in_sentence("fold run 7.fasta and run.8.fasta with seed 9", &files(&["run 7.fasta"])).rest;
        assert!(left.contains('9') && !left.contains('7') && !left.contains('8'), "{left}");
    }

    proptest! {
        #[test]
        fn no_sentence_makes_it_panic(said in "[\\PC'\"`“”«»]{0,60}", file in "\\PC{0,9}") {
            in_sentence(&said, &[file]);
        }
    }
}
