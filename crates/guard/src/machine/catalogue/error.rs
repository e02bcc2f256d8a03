//! What is wrong with a task file: the place, what stands there, and what is expected.

use std::fmt;

/// Why a task file is none. One sentence: `trim.toml, line 12, parameters.min_length.default: ...`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TaskFileError {
    /// The file's name.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The field: `parameters.min_length.default`; empty for the whole file.
    pub field: String,
    /// What is wrong, and what is expected.
    pub why: String,
}

impl fmt::Display for TaskFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": {}", self.why)
    }
}

impl TaskFileError {
    /// What to do next.
    pub fn hint(&self) -> String {
        let what = if self.line.is_some() { "mend that line" } else { "mend the file" };
        format!("{what}; docs/tasks.md says what a task file may have")
    }
}

/// What is wrong, and where by its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub at: Vec<String>,
    pub why: String,
}

/// A flaw at these keys.
pub(super) fn flaw(at: &[&str], why: impl Into<String>) -> Flaw {
    Flaw { at: at.iter().map(|&key| key.to_owned()).collect(), why: why.into() }
}

impl Flaw {
    /// The same, beneath these keys.
    pub(super) fn under(mut self, above: &[&str]) -> Flaw {
        self.at.splice(0..0, above.iter().map(|&key| key.to_owned()));
        self
    }
}

/// The line that the value at these keys stands on, or the nearest above it that is there.
pub(super) fn line_of(text: &str, at: &[String]) -> Option<usize> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let mut value: Option<&toml::Spanned<toml::de::DeValue<'_>>> = None;
    for key in at {
        let next = match value.map(toml::Spanned::get_ref) {
            None => table.get_ref().get(key.as_str()),
            Some(toml::de::DeValue::Table(table)) => table.get(key.as_str()),
            Some(toml::de::DeValue::Array(items)) => key.parse::<usize>().ok().and_then(|n| items.get(n)),
            Some(_) => None,
        };
        match next {
            Some(next) => value = Some(next),
            None => break,
        }
    }
    value.map(|value| line_at(text, value.span().start))
}

/// The line of a byte, from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|&b| b == b'\n').count()
}
