//! A text as a request.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor},
};
use toml::Spanned;

use domain::{
    hash::Sha256,
    money::Datoshi,
    request::{Assumed, Bounds, DATASET, Input, Locality, MOST_WORK, Origin, Request, Spend, Until, Work},
    task::Parameters,
    units::{bytes_of, clean, count},
};

/// Why a text is no plan: where, and what is expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}{}{}: {problem}", at_line(*line), at_field(field))]
pub struct PlanFileError {
    /// The file.
    pub name: String,
    /// From 1, where it is known.
    pub line: Option<usize>,
    /// `work[0].task`; empty where it is none in particular.
    pub field: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl PlanFileError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some("`agent plan TASK FILE` writes such a file, with notes on each field".to_owned())
    }
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

fn at_field(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", {field}") }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    digest: Option<Sha256>,
    #[serde(default)]
    place: Locality,
    max_gas: Option<Gas>,
    #[serde(default)]
    until: Until,
    #[serde(default)]
    work: Vec<Spanned<RawWork>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWork {
    task: String,
    files: Vec<RawFile>,
    assume_bytes: Option<Size>,
    assume_seconds: Option<Seconds>,
    #[serde(default)]
    anew: bool,
    #[serde(default)]
    skip_done: bool,
    #[serde(default)]
    single: bool,
    #[serde(default)]
    accept_unverified: bool,
    #[serde(default)]
    inputs: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    parameters: Parameters,
}

/// One file: its path, or a table where more is said of it than of the others, or it is several.
#[derive(Default)]
struct RawFile {
    file: Paths,
    inputs: serde_json::Map<String, serde_json::Value>,
    sample: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFileTable {
    file: Paths,
    #[serde(default)]
    inputs: serde_json::Map<String, serde_json::Value>,
    sample: Option<String>,
}

/// A path, or several.
#[derive(Default, Deserialize)]
#[serde(untagged, expecting = "expected the path of a file in quotes, or several in brackets")]
enum Paths {
    One(String),
    Several(Vec<String>),
    #[default]
    #[serde(skip)]
    None,
}

impl Paths {
    /// All of them.
    fn all(&self) -> &[String] {
        match self {
            Paths::One(path) => std::slice::from_ref(path),
            Paths::Several(paths) => paths,
            Paths::None => &[],
        }
    }

    /// Whether it names no file.
    fn is_empty(&self) -> bool {
        self.all().is_empty() || self.all().iter().any(String::is_empty)
    }
}

impl<'de> Deserialize<'de> for RawFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RawFile, D::Error> {
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = RawFile;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the path of a file in quotes, or { file = \"...\", inputs = { ... }, sample = \"...\" }")
            }
            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<RawFile, E> {
                Ok(RawFile { file: Paths::One(path.to_owned()), ..RawFile::default() })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, fields: A) -> Result<RawFile, A::Error> {
                let table = RawFileTable::deserialize(serde::de::value::MapAccessDeserializer::new(fields))?;
                Ok(RawFile { file: table.file, inputs: table.inputs, sample: table.sample })
            }
        }
        from.deserialize_any(PathOrTable)
    }
}

/// The request in `text`, and the digest of the plan that it was written with; `name` is for errors.
///
/// # Errors
/// Text that is no TOML, a field that is unknown or of another kind, an amount that is none, no work or too much of it.
pub fn read(text: &str, name: &str) -> Result<(Request, Option<Sha256>), PlanFileError> {
    let line_at = |at: usize| text.get(..at).map(|before| before.matches('\n').count() + 1);
    let wrong = |line: Option<usize>, field: String, problem: String| PlanFileError {
        name: name.to_owned(),
        line,
        field,
        problem: clean(&problem, 300),
    };
    let of_toml = |field: String, error: &toml::de::Error| {
        wrong(error.span().and_then(|span| line_at(span.start)), field, error.message().to_owned())
    };
    let parsed = toml::Deserializer::parse(text).map_err(|error| of_toml(String::new(), &error))?;
    let raw: Raw =
        serde_path_to_error::deserialize(parsed).map_err(|error| of_toml(field_of(error.path()), error.inner()))?;
    let spend = raw.max_gas.map_or(Spend::OwnersCaps, |most| Spend::at_most(most.0));
    let bounds = Bounds { place: raw.place, spend, until: raw.until };
    let mut work = Vec::new();
    for (index, table) in raw.work.into_iter().enumerate() {
        let line = line_at(table.span().start);
        let pieces = table.into_inner().work();
        work.extend(pieces.map_err(|(field, problem)| wrong(line, format!("work[{index}].{field}"), problem))?);
    }
    match work.len() {
        0 => Err(wrong(
            None,
            "work".to_owned(),
            "there is none: expected at least one [[work]] with task and files".to_owned(),
        )),
        n if n > MOST_WORK => {
            let (n, most) = (count(n as u64), count(MOST_WORK as u64));
            Err(wrong(None, "work".to_owned(), format!("{n} files are named, and one plan holds at most {most}")))
        }
        _ => Ok((Request::new(Origin::File, bounds, work, None), raw.digest)),
    }
}

/// The path of a field, without what the reader of lines puts into it.
fn field_of(path: &serde_path_to_error::Path) -> String {
    path.to_string().split('.').filter(|part| !part.starts_with("$__") && *part != "?").collect::<Vec<_>>().join(".")
}

impl RawWork {
    /// A piece of work for each file.
    fn work(self) -> Result<Vec<Work>, (String, String)> {
        let refused = |field: &str, problem: &str| Err((field.to_owned(), problem.to_owned()));
        if self.task.trim().is_empty() {
            return refused("task", "it is empty: expected the name of a task, as `agent tasks` lists them");
        }
        if self.files.is_empty() {
            return refused("files", "there is none: expected at least one");
        }
        if self.files.iter().any(|file| file.file.is_empty()) {
            return refused("files", "a name is empty: expected the path of a file");
        }
        if self.files.iter().any(|file| file.sample.as_ref().is_some_and(String::is_empty)) {
            return refused("files", "a sample is empty: expected its name");
        }
        for (name, value) in &self.parameters {
            if !is_plain(value) {
                return refused(&format!("parameters.{name}"), "expected text, a number, true or false");
            }
        }
        let further = further(&self.inputs, "inputs")?;
        let assumed = Assumed {
            bytes: self.assume_bytes.map(|size| size.0),
            seconds: self.assume_seconds.map(|seconds| seconds.0),
        };
        let Self { task, files, anew, skip_done, single, accept_unverified: unverified, parameters, .. } = self;
        let piece = |file: RawFile| {
            let mut work = Work::new(&task, "", parameters.clone());
            work.inputs = file.file.all().iter().map(|path| Input::named(DATASET, path)).collect();
            work.inputs.extend(further.iter().cloned());
            work.inputs.extend(self::further(&file.inputs, "files.inputs")?);
            Ok(Work { assumed, anew, skip_done, single, unverified, sample: file.sample, ..work })
        };
        files.into_iter().map(piece).collect()
    }
}

/// Files beside a dataset, as `field` names them.
fn further(inputs: &serde_json::Map<String, serde_json::Value>, field: &str) -> Result<Vec<Input>, (String, String)> {
    let mut all = Vec::new();
    for (name, value) in inputs {
        let paths = serde_json::from_value::<Paths>(value.clone()).ok().filter(|paths| !paths.is_empty());
        let Some(paths) = paths else {
            return Err((
                format!("{field}.{name}"),
                "expected the path of a file, in quotes, or several in brackets".to_owned(),
            ));
        };
        all.extend(paths.all().iter().map(|path| Input::named(name, path)));
    }
    Ok(all)
}

/// Whether it is what JSON has too: TOML's dates come as a table of one odd name, its `nan` and `inf` as `null`.
fn is_plain(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Array(items) => items.iter().all(is_plain),
        serde_json::Value::Object(fields) => fields.iter().all(|(name, of)| !name.starts_with("$__") && is_plain(of)),
        _ => true,
    }
}

/// An amount as text.
struct Gas(Datoshi);

impl<'de> Deserialize<'de> for Gas {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Gas, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Gas;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an amount of GAS in quotes, such as \"1.5\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Gas, E> {
                text.parse().map(Gas).map_err(E::custom)
            }
        }
        from.deserialize_any(Text)
    }
}

/// Bytes: a whole number, or text such as `5 GB`.
struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Size, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes as a whole number, or as \"5 GB\"")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Size, E> {
                u64::try_from(n).map(Size).map_err(|_| E::custom("expected 0 bytes or more"))
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Size, E> {
                Ok(Size(n))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Size, E> {
                // Whole numbers are read as such: sizes with a unit are kept in fewer digits.
                text.parse().ok().or_else(|| bytes_of(text)).map(Size).ok_or_else(|| {
                    E::custom(format!("`{}` is no size: expected bytes, or such as 5 GB", clean(text, 40)))
                })
            }
        }
        from.deserialize_any(Bytes)
    }
}

/// Seconds: a number that is not negative.
struct Seconds(f64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Seconds, D::Error> {
        let seconds = f64::deserialize(from)?;
        match seconds.is_finite() && seconds >= 0.0 {
            true => Ok(Seconds(seconds)),
            false => Err(D::Error::custom("expected seconds: a number, 0 or more")),
        }
    }
}
