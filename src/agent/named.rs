//! Names that stand in a text: jobs, hashes, addresses, and paths of results. They are told by their form alone.

use std::{collections::HashSet, hash::Hash};

use domain::{hash::Hash160, ids::JobId};

/// Letters of an address: base 58 of 25 bytes whose first is the version.
const ADDRESS: usize = 34;
/// Digits of a hash of 256 bits.
const DIGITS: usize = 64;

/// The jobs, in order, each once.
pub fn jobs(text: &str) -> Vec<JobId> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    once(words.filter_map(|word| word.to_ascii_lowercase().parse().ok()))
}

/// The hashes: 64 hexadecimal digits; with `0x` before them they are a transaction's.
pub fn hashes(text: &str) -> Vec<String> {
    let is_hash = |word: &&str| {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    once(words.filter(is_hash).map(str::to_ascii_lowercase))
}

/// The addresses of Neo N3 whose checksums are right.
pub fn addresses(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    // Every word is none, but for those of the right length, and telling that from its checksum takes long.
    once(words.filter(|word| word.len() == ADDRESS && Hash160::from_address(word).is_ok()).map(str::to_owned))
}

/// The paths that are whole or lead into a folder of results. A command of the chat, such as `/cancel`, is none.
pub fn paths(text: &str) -> Vec<String> {
    const AROUND: &str = "\"'`“”‘’«»()[]{}<>,;|";
    const AFTER: [char; 5] = ['.', ':', '!', '?', '…'];
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || AROUND.contains(c));
    let words = words.map(|word| word.trim_end_matches(AFTER));
    let is_path = |word: &&str| {
        let whole = word.starts_with('/') || word.starts_with("~/");
        let deep = word.trim_start_matches(['/', '~']).contains('/') || word.contains('.');
        !word.contains("://") && ((whole && deep) || word.starts_with("results/") || word.contains("/results/"))
    };
    once(words.filter(is_path).map(str::to_owned))
}

fn once<T: Clone + Eq + Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(one.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_their_form() {
        let hash = "ab".repeat(32);
        let text = format!(
            "Job-7k3q9dm2, (job-7k3q9dm2) and job-1: paid in 0x{hash} to NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv, not to \
             NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAw; sha256 `{hash}`."
        );
        assert_eq!(jobs(&text), ["job-7k3q9dm2".parse().unwrap()]);
        assert_eq!(hashes(&text), [format!("0x{hash}"), hash]);
        assert_eq!(addresses(&text), ["NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv"]);
    }

    #[test]
    fn paths_are_those_that_lead_somewhere() {
        for (text, expected) in [
            ("saved in `/tmp/summary.csv`.", vec!["/tmp/summary.csv"]),
            ("it is in results/job-1/out.pdb, see it", vec!["results/job-1/out.pdb"]),
            (
                "see ~/out.json and (/home/ada/.agent/results/job-1)!",
                vec!["~/out.json", "/home/ada/.agent/results/job-1"],
            ),
            ("結果は「/tmp/a/b」に", vec![]),
            ("give it up with /cancel job-7k3q9dm2 or /help", vec![]),
            ("HP and/or 3D in 2.5 s at https://example.org/results/x", vec![]),
            ("0.33 GAS per sequence of data.fasta", vec![]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
    }
}
