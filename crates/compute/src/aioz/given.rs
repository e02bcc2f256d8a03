//! What a stranger's model gave: addresses of files, text, numbers, and lists and objects of these.
//!
//! Nothing of it can be verified, and nothing of it is believed: an address is only something to be fetched from a server that
//! the owner allows, and names of files are made here.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};
use url::Url;

use domain::{
    result::{self, MOST_FILES, NOT_VERIFIABLE},
    task::remote::{OutputKind, RemoteModel},
    units::{self, clean},
};

/// Objects and lists within each other; with what stands around them in `result.json`, fewer than [`result::BOUNDS`] has.
const MOST_DEPTH: usize = 24;
/// Values in all, those that `result.json` has around them too: fewer than [`result::BOUNDS`] has, with its files.
const MOST_VALUES: usize = 240_000;
/// The longest name of one output, of all keys that lead to it, bytes.
const LONGEST_OUTPUT: usize = 400;
/// All names of outputs together, bytes: six times as many where each has to be escaped, which still fits into `result.json`.
const MOST_NAMES: usize = 8 << 20;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongGift {
    /// More files than any result has.
    #[error("the provider names more than {} files", units::count(MOST_FILES as u64))]
    Files,
    /// Objects and lists within each other without end.
    #[error("what the provider gives has more than {MOST_DEPTH} objects and lists within each other")]
    Depth,
    /// More than a result document holds.
    #[error("what the provider gives has more than {} values", units::count(MOST_VALUES as u64))]
    Values,
    /// A name that nobody could read.
    #[error("what the provider gives has an output whose name is longer than {} bytes", units::count(LONGEST_OUTPUT as u64))]
    Name,
    /// Many that are long.
    #[error("the names of the outputs that the provider gives have more than {}", units::bytes(MOST_NAMES as u64))]
    Names,
}

impl Given {
    /// Takes apart what a task gave, in time and memory that grow as it does and no faster.
    ///
    /// # Errors
    /// More than any result has.
    pub fn of(result: &Value, remote: &RemoteModel) -> Result<Given, WrongGift> {
        let mut taking = Taking::default();
        match result {
            Value::Object(outputs) => {
                for (output, value) in outputs {
                    let values_only = remote.outputs.get(output) == Some(&OutputKind::Value);
                    let found = taking.look(value, MOST_DEPTH - 1, values_only)?;
                    taking.take(output, value, found)?;
                }
            }
            whole => {
                let found = taking.look(whole, MOST_DEPTH, remote.has_values_only())?;
                taking.take(WHOLE, whole, found)?;
            }
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

/// What of a value is an address. It is looked for once, whatever holds what.
enum Found {
    /// Nothing.
    Plain,
    /// All of it.
    Address(Box<Url>),
    /// Something of what is in it: of each part by itself, in their order.
    Within(Vec<Found>),
}

#[derive(Default)]
struct Taking {
    given: Given,
    /// Names that are taken, in small letters.
    names: HashSet<String>,
    /// What an address is called that came before.
    known: HashMap<Url, String>,
    /// Values that were met, and those around them.
    values: usize,
    /// Bytes of the names of outputs.
    named: usize,
}

impl Taking {
    /// Looks for addresses in a value that may have `depth` objects and lists within each other.
    fn look(&mut self, value: &Value, depth: usize, values_only: bool) -> Result<Found, WrongGift> {
        self.count(1)?;
        let mut within = |items: &mut dyn Iterator<Item = &Value>| {
            let depth = depth.checked_sub(1).ok_or(WrongGift::Depth)?;
            let parts = items.map(|item| self.look(item, depth, values_only)).collect::<Result<Vec<_>, _>>()?;
            let plain = parts.iter().all(|part| matches!(part, Found::Plain));
            Ok(if plain { Found::Plain } else { Found::Within(parts) })
        };
        match value {
            Value::Array(items) => within(&mut items.iter()),
            Value::Object(map) => within(&mut map.values()),
            leaf => {
                let url = address(leaf).filter(|_| !values_only);
                Ok(url.map_or(Found::Plain, |url| Found::Address(Box::new(url))))
            }
        }
    }

    /// One output, or a part of one that holds addresses.
    fn take(&mut self, output: &str, value: &Value, found: Found) -> Result<(), WrongGift> {
        match (found, value) {
            (Found::Address(url), _) => {
                let name = self.file(*url, output)?;
                self.record(output, "file", &Value::String(name))
            }
            (Found::Within(parts), Value::Array(items)) => {
                let mut numbered = items.iter().zip(parts).enumerate();
                numbered.try_for_each(|(n, (item, part))| {
                    self.take(&joined(output, &["[", &n.to_string(), "]"])?, item, part)
                })
            }
            (Found::Within(parts), Value::Object(map)) => {
                let mut named = map.iter().zip(parts);
                named.try_for_each(|((key, item), part)| self.take(&joined(output, &[".", key])?, item, part))
            }
            (Found::Plain | Found::Within(_), value) => self.record(output, "value", value),
        }
    }

    /// One line of the document: an output, and what it is.
    fn record(&mut self, output: &str, kind: &str, is: &Value) -> Result<(), WrongGift> {
        if output.len() > LONGEST_OUTPUT {
            return Err(WrongGift::Name);
        }
        self.named += output.len();
        if self.named > MOST_NAMES {
            return Err(WrongGift::Names);
        }
        // The object, and the two that it holds.
        self.count(3)?;
        self.given.records.push(json!({"output": output, kind: is}));
        Ok(())
    }

    fn count(&mut self, more: usize) -> Result<(), WrongGift> {
        self.values += more;
        if self.values > MOST_VALUES { Err(WrongGift::Values) } else { Ok(()) }
    }

    fn file(&mut self, url: Url, output: &str) -> Result<String, WrongGift> {
        if let Some(name) = self.known.get(&url) {
            return Ok(name.clone());
        }
        if self.given.files.len() >= MOST_FILES {
            return Err(WrongGift::Files);
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
        let numbered = (1u64..).map(|n| if n == 1 { name.to_owned() } else { format!("{stem}-{n}{ending}") });
        let is_free = |name: &String| {
            let small = name.to_ascii_lowercase();
            !result::OUR_FILES.contains(&small.as_str()) && !self.names.contains(&small)
        };
        let free = numbered.into_iter().find(is_free).unwrap_or_default();
        self.names.insert(free.to_ascii_lowercase());
        free
    }
}

/// The name of a part, which is looked at before it is made: what leads to it may be as long as all of the answer.
fn joined(output: &str, parts: &[&str]) -> Result<String, WrongGift> {
    let bytes = parts.iter().fold(output.len(), |sum, part| sum.saturating_add(part.len()));
    if bytes > LONGEST_OUTPUT {
        return Err(WrongGift::Name);
    }
    Ok([&[output], parts].concat().concat())
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
        assert_eq!(Given::of(&many(100_000), &RemoteModel::of("u/m")), Err(WrongGift::Files));
        let alike = Value::from(vec!["https://h/x"; 50_000]);
        assert_eq!(given(alike).files.len(), 1);
    }

    #[test]
    fn keys_without_end_take_no_more_than_they_are() {
        let wrong = |result: Value| Given::of(&result, &RemoteModel::of("u/m")).unwrap_err();
        // A long key above many values: each of them would have it in its name.
        let long = "k".repeat(1 << 20);
        let mut many: Vec<Value> = vec![json!(1); 100_000];
        many.push(json!("https://h/x"));
        assert_eq!(wrong(json!({ (long.as_str()): many.clone() })), WrongGift::Name);
        assert_eq!(wrong(json!({"o": { (long.as_str()): many.clone() }})), WrongGift::Name);
        assert_eq!(wrong(json!({ (long.as_str()): 1 })), WrongGift::Name, "also where it holds no address");
        // Many keys that are long together, each of a length that one may have.
        let key = |n: usize| format!("{n}{}", "k".repeat(300));
        let keys: Map<String, Value> = (0..40_000).map(|n| (key(n), json!(1))).collect();
        assert_eq!(wrong(Value::Object(keys)), WrongGift::Names);
        // More than a document may hold with what stands around it.
        assert_eq!(wrong(json!({ "o": vec![json!(1); MOST_VALUES] })), WrongGift::Values);
        many.truncate(90_000);
        many.push(json!("https://h/x"));
        assert_eq!(wrong(json!({ "o": many })), WrongGift::Values, "each is a record of its own");
        let deep = |levels: usize| (0..levels).fold(json!("https://h/x"), |inner, _| json!([inner]));
        assert_eq!(given(deep(MOST_DEPTH)).files.len(), 1);
        assert_eq!(wrong(deep(MOST_DEPTH + 1)), WrongGift::Depth);
        assert_eq!(wrong(json!({ "o": deep(MOST_DEPTH) })), WrongGift::Depth);
    }

    #[test]
    fn what_is_taken_fits_into_a_document_that_can_be_read_again() {
        let records = |result: Value| given(result).records;
        let whole = |records: &[Value]| serde_json::to_vec_pretty(&json!({ "records": records })).unwrap();
        let fits = |records: &[Value]| domain::bounded::count(&whole(records), result::BOUNDS);
        let mut deep = json!(vec![1; MOST_VALUES - 1_000]);
        for _ in 1..MOST_DEPTH {
            deep = json!([deep]);
        }
        assert_eq!(fits(&records(deep)), Ok(()));
        let key = |n: usize| format!("{n:06}{}", "\u{1}".repeat(200));
        let keys: Map<String, Value> = (0..40_000).map(|n| (key(n), json!(1))).collect();
        assert_eq!(fits(&records(Value::Object(keys))), Ok(()));
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
