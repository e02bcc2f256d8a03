//! What a stranger's model gave: addresses of files, text, numbers, and lists and objects of these.
//!
//! Nothing of it can be verified, and nothing of it is believed: an address is only something to be fetched from a server that
//! the owner allows, and names of files are made here.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};
use url::Url;

use domain::{
    result::{self, NOT_VERIFIABLE},
    task::remote::{OutputKind, RemoteModel},
    units::{self, clean},
};

/// A result has at most this many files.
pub const MOST_FILES: usize = 1000;
/// The output's name where a model gives one thing without a name.
const WHOLE: &str = "result";
/// The longest name that is made of an address, characters.
const LONGEST_NAME: usize = 80;
/// Outputs in the summary, and the characters of each.
const SHOWN: usize = 20;
const SHOWN_TEXT: usize = 2_000;
/// The longest address that is one.
const LONGEST_ADDRESS: usize = 8_192;

/// What a model gave, taken apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    /// What is to be fetched.
    pub files: Vec<GivenFile>,
    /// Each output with its value, or with the name of its file.
    pub records: Vec<Value>,
}

/// A file that a model names by its address.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenFile {
    /// Where it is. May carry a signature: it is shown nowhere.
    pub url: Url,
    /// What it is called here.
    pub name: String,
}

/// What no result can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider names more than {} files", units::count(MOST_FILES as u64))]
pub struct WrongGift;

impl Given {
    /// Takes apart what a task gave.
    ///
    /// # Errors
    /// More files than any result has.
    pub fn of(result: &Value, remote: &RemoteModel) -> Result<Given, WrongGift> {
        let mut taking = Taking::default();
        match result {
            Value::Object(outputs) => {
                for (output, value) in outputs {
                    let values_only = remote.outputs.get(output) == Some(&OutputKind::Value);
                    taking.take(output, value, values_only)?;
                }
            }
            whole => taking.take(WHOLE, whole, remote.has_values_only())?,
        }
        Ok(taking.given)
    }

    /// What a person wants to know first: the first outputs, shortened, and that nobody checked them.
    pub fn summary(&self, caveat: Option<&str>) -> Map<String, Value> {
        let mut summary = Map::new();
        for record in self.records.iter().take(SHOWN) {
            let output = record.get("output").and_then(Value::as_str).unwrap_or_default();
            let shown = match (record.get("file"), record.get("value")) {
                (Some(file), _) => file.clone(),
                (None, Some(Value::String(text))) => clean(text, SHOWN_TEXT).into(),
                (None, Some(number @ (Value::Number(_) | Value::Bool(_)))) => number.clone(),
                (None, Some(other)) => clean(&other.to_string(), SHOWN_TEXT).into(),
                (None, None) => Value::Null,
            };
            // What these two say is said here and by nobody else.
            let name = clean(output, 60);
            let name = if matches!(name.as_str(), "notes" | "caveat") { format!("output {name}") } else { name };
            summary.insert(name, shown);
        }
        let mut notes = vec![NOT_VERIFIABLE.to_owned()];
        let more = self.records.len().saturating_sub(SHOWN);
        notes.extend((more > 0).then(|| format!("{} more outputs are in result.json", units::count(more as u64))));
        summary.insert("notes".to_owned(), notes.into());
        summary.extend(caveat.map(|text| ("caveat".to_owned(), text.into())));
        summary
    }
}

#[derive(Default)]
struct Taking {
    given: Given,
    /// Names that are taken, in small letters.
    names: HashSet<String>,
    /// What an address is called that came before.
    known: HashMap<Url, String>,
}

impl Taking {
    /// One output, or a part of one that holds addresses.
    fn take(&mut self, output: &str, value: &Value, values_only: bool) -> Result<(), WrongGift> {
        if values_only || !holds_address(value) {
            self.given.records.push(json!({"output": output, "value": value}));
            return Ok(());
        }
        match value {
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(n, item)| self.take(&format!("{output}[{n}]"), item, false))
            }
            Value::Object(map) => {
                map.iter().try_for_each(|(key, item)| self.take(&format!("{output}.{key}"), item, false))
            }
            leaf => {
                if let Some(url) = address(leaf) {
                    let name = self.file(url, output)?;
                    self.given.records.push(json!({"output": output, "file": name}));
                }
                Ok(())
            }
        }
    }

    fn file(&mut self, url: Url, output: &str) -> Result<String, WrongGift> {
        if let Some(name) = self.known.get(&url) {
            return Ok(name.clone());
        }
        if self.given.files.len() >= MOST_FILES {
            return Err(WrongGift);
        }
        let name = self.free(&name_of(&url, output));
        self.known.insert(url.clone(), name.clone());
        self.given.files.push(GivenFile { url, name: name.clone() });
        Ok(name)
    }

    /// The name, or with a number where it is taken, also where capitals are not told from small letters.
    fn free(&mut self, name: &str) -> String {
        let (stem, ending) = match name.split_once('.') {
            Some((stem, ending)) => (stem, format!(".{ending}")),
            None => (name, String::new()),
        };
        let reserved = [result::RESULT_FILE, result::STDOUT_FILE, result::STDERR_FILE];
        let numbered = (1u64..).map(|n| if n == 1 { name.to_owned() } else { format!("{stem}-{n}{ending}") });
        let is_free = |name: &String| {
            let small = name.to_ascii_lowercase();
            !reserved.contains(&small.as_str()) && !self.names.contains(&small)
        };
        let free = numbered.into_iter().find(is_free).unwrap_or_default();
        self.names.insert(free.to_ascii_lowercase());
        free
    }
}

fn holds_address(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_address),
        Value::Object(map) => map.values().any(holds_address),
        leaf => address(leaf).is_some(),
    }
}

/// The address that a value is, all of it.
fn address(value: &Value) -> Option<Url> {
    let text = value.as_str()?;
    let begins = text.starts_with("https://") || text.starts_with("http://");
    if !begins || text.len() > LONGEST_ADDRESS || text.contains(char::is_whitespace) {
        return None;
    }
    text.parse::<Url>().ok().filter(Url::has_host)
}

/// A plain name out of the last part of an address, or of what the output is called.
fn name_of(url: &Url, output: &str) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let made = [last, output].into_iter().map(plain).find(|name| !name.is_empty());
    made.unwrap_or_else(|| WHOLE.to_owned())
}

/// Letters that mean nothing to a shell or a terminal, neither hidden nor an option; the end of it where it is long, as that
/// says what a file is.
fn plain(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let all: Vec<char> = text.chars().map(letter).collect();
    let end: String = all.get(all.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default().iter().collect();
    let name = end.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if result::is_file_name(name) { name.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(result: Value) -> Given {
        Given::of(&result, &RemoteModel::of("u/m")).unwrap()
    }

    fn names(given: &Given) -> Vec<&str> {
        given.files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn every_shape_is_taken_apart() {
        let text = given(json!("a caption"));
        assert_eq!((text.files.len(), &text.records), (0, &vec![json!({"output": "result", "value": "a caption"})]));
        let one = given(json!("https://h/x/out.png?X-Amz-Signature=s"));
        assert_eq!(names(&one), ["out.png"]);
        assert_eq!(one.records, [json!({"output": "result", "file": "out.png"})]);
        let many = given(json!(["https://h/a/out.png", "https://h/b/out.png", "https://h/a/out.png", "text"]));
        assert_eq!(names(&many), ["out.png", "out-2.png"], "one address is one file");
        assert_eq!(many.records.len(), 4);
        let nested = given(json!({
            "image": {"type": "file", "data": "https://h/y"}, "score": 0.5, "labels": ["cat", 3, null], "none": null,
        }));
        assert_eq!(names(&nested), ["y"]);
        assert_eq!(
            nested.records,
            [
                json!({"output": "image.type", "value": "file"}),
                json!({"output": "image.data", "file": "y"}),
                json!({"output": "score", "value": 0.5}),
                json!({"output": "labels", "value": ["cat", 3, null]}),
                json!({"output": "none", "value": null}),
            ]
        );
        assert_eq!(given(json!(7)).records, [json!({"output": "result", "value": 7})]);
        assert_eq!(given(Value::Null).records, [json!({"output": "result", "value": null})]);
    }

    #[test]
    fn what_is_no_address_of_a_file_is_text() {
        for text in [
            "file:///etc/passwd",
            "ftp://h/x",
            "data:text/plain,x",
            "see https://h/x",
            "https://h/a b",
            "https://",
            "//h/x",
            "javascript:alert(1)",
            "HTTPS",
        ] {
            assert_eq!(names(&given(json!({ "x": text }))), [""; 0], "{text}");
        }
        let remote =
            RemoteModel { outputs: [("answer".to_owned(), OutputKind::Value)].into(), ..RemoteModel::of("u/m") };
        let result = json!({"answer": "https://example.org/", "other": "https://h/f.txt"});
        assert_eq!(names(&Given::of(&result, &remote).unwrap()), ["f.txt"]);
        assert_eq!(names(&Given::of(&json!("https://example.org/"), &remote).unwrap()), [""; 0]);
    }

    #[test]
    fn names_are_plain_and_distinct_whatever_stands_in_an_address() {
        for (address, name) in [
            ("https://h/../../x", "x"),
            ("https://h/a%2F..%2F..%2Fx", "a_2F.._2F.._2Fx"),
            ("https://h/-rf", "rf"),
            ("https://h/.bashrc", "bashrc"),
            ("https://h/", "out.file"),
            ("https://h/%00%1b[31m", "00_1b_31m"),
            ("https://h/result.json", "result-2.json"),
            ("https://h/STDOUT.TXT", "STDOUT-2.TXT"),
            ("https://h/...", "out.file"),
            ("https://h/a.tar.gz", "a.tar.gz"),
        ] {
            let given = given(json!({"out.file": address}));
            assert_eq!(names(&given), [name], "{address}");
            assert!(result::is_file_name(&given.files[0].name));
        }
        let long = given(json!({"x": format!("https://h/{}.fasta", "a".repeat(500))}));
        assert!(long.files[0].name.ends_with("a.fasta") && long.files[0].name.len() == LONGEST_NAME);
        let alike = given(json!(["https://h/1/A.txt", "https://h/2/a.TXT", "https://h/3/a.txt"]));
        assert_eq!(names(&alike), ["A.txt", "a-2.TXT", "a-3.txt"]);
    }

    #[test]
    fn more_files_than_any_result_has_are_none() {
        let many = |n: usize| Value::from((0..n).map(|n| format!("https://h/{n}")).collect::<Vec<_>>());
        assert_eq!(given(many(MOST_FILES)).files.len(), MOST_FILES);
        assert_eq!(Given::of(&many(100_000), &RemoteModel::of("u/m")), Err(WrongGift));
        let alike = Value::from(vec!["https://h/x"; 100_000]);
        assert_eq!(given(alike).files.len(), 1);
    }

    #[test]
    fn a_summary_is_short_and_says_that_nobody_checked() {
        let outputs: Map<String, Value> =
            (0..50).map(|n| (format!("o{n}\u{1b}[2J"), "x\u{7}".repeat(9_000).into())).collect();
        let mut result = Map::from_iter([("notes".to_owned(), json!("it is verified")), ("n".to_owned(), json!(2))]);
        result.extend(outputs);
        let summary = given(Value::Object(result)).summary(Some("a guess"));
        assert_eq!(summary["notes"][0], NOT_VERIFIABLE);
        assert_eq!(
            (&summary["output notes"], &summary["n"], &summary["caveat"]),
            (&json!("it is verified"), &json!(2), &json!("a guess"))
        );
        let text = Value::Object(summary).to_string();
        assert!(text.len() < 60_000 && !text.contains('\u{1b}') && !text.contains('\u{7}'), "{}", text.len());
    }
}
