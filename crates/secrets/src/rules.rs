//! What secrets look like, as data: the rules of gitleaks (MIT, `rules/gitleaks.LICENSE`), and our own for what those do
//! not tell of.
//!
//! As in gitleaks a rule is tried only around its keywords, which are all looked for at once; and an expression is compiled
//! when it is tried first. Expressions are run by an engine whose time is linear in the text.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::Deserialize;

/// Rules of gitleaks that are not used: the first takes what anything is called by that is named `key`, `token` or `access`
/// for a secret, which data is full of (ours, `setting`, wants a line of its own); the second wants all of a key in sight.
const LEFT_OUT: [&str; 2] = ["generic-api-key", "private-key"];

/// All rules, with the search for their keywords.
pub struct Rules {
    rules: Vec<Rule>,
    keywords: AhoCorasick,
    /// By keyword: the rules that it is of.
    of_keyword: Vec<Vec<usize>>,
}

/// The rules. What is compiled into the program and does not parse finds everything: an error here is a refusal.
pub static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| Rules::read().ok());

/// One rule.
pub struct Rule {
    written: Written,
    /// Said of a file in which it is found.
    pub what: String,
    /// Whether sequences are searched for it.
    pub sequences: bool,
    regex: OnceLock<Option<Regex>>,
    allowed: OnceLock<Vec<Allowed>>,
}

#[derive(Deserialize)]
struct File {
    rules: Vec<Written>,
}

/// A rule as its file has it. Descriptions, tags and paths are for readers of repositories.
#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(default)]
    regex: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    entropy: f64,
    #[serde(default, rename = "secretGroup")]
    secret_group: Option<usize>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
    what: Option<String>,
    sequences: Option<bool>,
}

#[derive(Deserialize)]
struct Allowlist {
    #[serde(default)]
    condition: String,
    #[serde(default, rename = "regexTarget")]
    target: String,
    #[serde(default)]
    regexes: Vec<String>,
}

/// What is no secret although a rule finds it.
struct Allowed {
    of_match: bool,
    regexes: Vec<Regex>,
}

/// Why the rules cannot be used; a test shows that they can.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file of rules does not parse.
    #[error(transparent)]
    File(#[from] toml::de::Error),
    /// The keywords cannot be searched.
    #[error(transparent)]
    Keywords(#[from] aho_corasick::BuildError),
}

impl Rules {
    fn read() -> Result<Rules, RulesError> {
        let gitleaks: File = toml::from_str(include_str!("../rules/gitleaks.toml"))?;
        let own: File = toml::from_str(include_str!("../rules/own.toml"))?;
        let used = |rule: &Written| !rule.regex.is_empty() && !LEFT_OUT.contains(&rule.id.as_str());
        let of = |written: Written| Rule {
            what: written.what.clone().unwrap_or_else(|| format!("it holds a secret ({})", written.id)),
            // Theirs are of tokens with a form of their own; ours say so.
            sequences: written.sequences.unwrap_or(written.what.is_none()),
            written,
            regex: OnceLock::new(),
            allowed: OnceLock::new(),
        };
        let rules: Vec<Rule> = gitleaks.rules.into_iter().chain(own.rules).filter(used).map(of).collect();
        let (mut words, mut of_keyword): (Vec<String>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            for keyword in &rule.written.keywords {
                let keyword = keyword.to_ascii_lowercase();
                match words.iter().position(|known| *known == keyword) {
                    Some(known) => of_keyword[known].push(at),
                    None => {
                        words.push(keyword);
                        of_keyword.push(vec![at]);
                    }
                }
            }
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            // Some megabytes, for a search that is twice as fast.
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)?;
        Ok(Rules { rules, keywords, of_keyword })
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// A rule by its place.
    pub fn get(&self, at: usize) -> Option<&Rule> {
        self.rules.get(at)
    }

    /// Where keywords begin in a text, in order of their ends, each with the places of its rules.
    pub fn keywords_in<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, &'t [usize])> {
        let of = |pattern: usize| self.of_keyword.get(pattern).map_or(&[][..], Vec::as_slice);
        self.keywords.find_overlapping_iter(text).map(move |hit| (hit.start(), of(hit.pattern().as_usize())))
    }
}

fn compiled(source: &str) -> Option<Regex> {
    RegexBuilder::new(source).unicode(false).size_limit(64 << 20).dfa_size_limit(16 << 20).build().ok()
}

impl Rule {
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compiled(&self.written.regex)).as_ref()
    }

    fn allowed(&self) -> &[Allowed] {
        self.allowed.get_or_init(|| {
            // Where several things must hold together, of which paths may be one, nothing is let through.
            let lists = self.written.allowlists.iter().filter(|list| !list.condition.eq_ignore_ascii_case("AND"));
            let one = |list: &Allowlist| Allowed {
                of_match: matches!(list.target.as_str(), "match" | "line"),
                regexes: list.regexes.iter().filter_map(|source| compiled(source)).collect(),
            };
            lists.map(one).collect()
        })
    }

    /// Whether this rule finds a secret that begins at `from` or later and ends before the end of `text`; at the very end
    /// only where the text `ends` there.
    pub fn finds(&self, text: &[u8], from: usize, ends: bool) -> bool {
        let Some(regex) = self.regex() else { return true };
        let mut at = from;
        while at <= text.len()
            && let Some(found) = regex.captures_at(text, at)
        {
            let Some(whole) = found.get(0) else { return true };
            let cut = !ends && whole.end() == text.len();
            if !cut && self.is_secret(&found) {
                return true;
            }
            at = whole.end().max(at + 1);
        }
        false
    }

    fn is_secret(&self, found: &Captures<'_>) -> bool {
        let group = |at: usize| found.get(at).map(|group| group.as_bytes()).filter(|text| !text.is_empty());
        let whole = group(0).unwrap_or_default();
        let secret = match self.written.secret_group {
            Some(at) => group(at),
            None => (1..found.len()).find_map(group),
        };
        let secret = secret.unwrap_or(whole);
        if self.written.entropy > 0.0 && entropy(secret) < self.written.entropy {
            return false;
        }
        if self.written.what.is_none() && is_sequence(secret) {
            return false;
        }
        !self.allowed().iter().any(|list| {
            let text = if list.of_match { whole } else { secret };
            list.regexes.iter().any(|regex| regex.is_match(text))
        })
    }
}

/// Letters of one case alone: a peptide or a gene. Tokens have digits, or letters of either case.
fn is_sequence(secret: &[u8]) -> bool {
    let any = |is: fn(&u8) -> bool| secret.iter().any(is);
    let both_cases = any(u8::is_ascii_uppercase) && any(u8::is_ascii_lowercase);
    !both_cases && !any(u8::is_ascii_digit)
}

/// Shannon's entropy of a text's bytes, bits a byte.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in text {
        counts[usize::from(byte)] += 1;
    }
    let all = text.len() as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / all).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles_and_has_keywords() {
        let rules = Rules::read().unwrap();
        assert!(rules.len() > 250, "{}", rules.len());
        for rule in &rules.rules {
            let id = &rule.written.id;
            assert!(rule.regex().is_some(), "{id}");
            assert!(!rule.written.keywords.is_empty(), "{id}");
            let wanted: usize = rule.written.allowlists.iter().map(|list| list.regexes.len()).sum();
            let compiled = rule.written.allowlists.iter().flat_map(|list| &list.regexes).filter_map(|r| compiled(r));
            // One of theirs has a brace that this engine takes for a count: what it lets through there is refused here.
            let left = usize::from(id == "curl-auth-user");
            assert_eq!(compiled.count() + left, wanted, "{id}");
        }
    }

    #[test]
    fn entropy_is_shannon_s() {
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abcd"), 2.0);
        assert!(entropy(b"") == 0.0);
    }
}
