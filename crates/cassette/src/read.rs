//! Reading a cassette.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use super::format::{Entry, Start, VERSION, What};
use domain::bounded::{self, BoundedError, Bounds};

/// A line is never longer than this, bytes: a body that is kept, escaped, and what is said of it.
const MAX_LINE: u64 = 64 << 20;
/// The same in its values: a body that is kept is a text.
const BOUNDS: Bounds = Bounds { bytes: MAX_LINE, depth: 100, values: 500_000 };

/// A run as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Cassette {
    /// What was started.
    pub start: Start,
    /// Everything, the start included, in its order.
    pub entries: Vec<Entry>,
    /// Whether the last line is not whole, as a killed run leaves it.
    pub torn: bool,
}

/// Why a file cannot be read as a cassette.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file.
    #[error("{} cannot be read: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a recording.
    #[error("{} is no cassette: {why}", path.display())]
    NoCassette {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A newer program wrote it.
    #[error("{} was recorded in format {found}, and this program reads up to format {VERSION}", path.display())]
    TooNew {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// An older program wrote it, which asked for no consent to plans.
    #[error("{} was recorded in format {found}, and this program plays format {VERSION}", path.display())]
    TooOld {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A line in the middle that is no entry.
    #[error("{}, line {line}: {why}", path.display())]
    Line {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

impl ReadError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            ReadError::File { .. } => "check the path",
            ReadError::NoCassette { .. } => "record a run with: agent ask --record FILE \"...\"",
            ReadError::TooOld { .. } => "play it with the program that recorded it, or record the run anew",
            ReadError::TooNew { .. } => "play it with the version of the program that recorded it, or a newer one",
            ReadError::Line { .. } => "the file was changed after it was recorded; take it from where it came",
        }
    }
}

impl Cassette {
    /// Reads the file. A last line that is not whole is left out.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(path: &Path) -> Result<Cassette, ReadError> {
        let file_error = |source| ReadError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(file_error)?;
        if file.metadata().map_err(file_error)?.is_dir() {
            return Err(file_error(io::ErrorKind::IsADirectory.into()));
        }
        let mut reader = BufReader::new(file);
        let mut entries: Vec<Entry> = Vec::new();
        let mut start = None;
        for line in 1.. {
            let mut text = Vec::new();
            let read = reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut text).map_err(file_error)?;
            if read == 0 {
                break;
            }
            let whole = text.ends_with(b"\n");
            if start.is_none() {
                start = Some(first(path, &text)?);
            }
            match bounded::from_slice::<Entry>(&text, BOUNDS) {
                Ok(entry) => entries.push(entry),
                Err(error @ BoundedError::TooLarge(_)) => {
                    return Err(ReadError::Line { path: path.to_owned(), line, why: error.to_string() });
                }
                Err(_) if !whole && read as u64 <= MAX_LINE => {
                    return match start {
                        Some(start) => Ok(Cassette { start, entries, torn: true }),
                        None => Err(no_cassette(path, "it is empty")),
                    };
                }
                Err(error) => {
                    return Err(ReadError::Line { path: path.to_owned(), line, why: error.to_string() });
                }
            }
        }
        match start {
            Some(start) => Ok(Cassette { start, entries, torn: false }),
            None => Err(no_cassette(path, "it is empty")),
        }
    }

    /// The exit code of the run, where it came to its end.
    pub fn exit_code(&self) -> Option<u8> {
        self.entries
            .iter()
            .rev()
            .find_map(|e| if let What::End { exit_code } = e.what { Some(exit_code) } else { None })
    }

    /// The first value of this name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find_map(|entry| match &entry.what {
            What::Value { of, value } if of == name => Some(value),
            _ => None,
        })
    }

    /// What the person said, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|e| if let What::Input { text } = &e.what { Some(text.as_str()) } else { None })
    }
}

fn no_cassette(path: &Path, why: &str) -> ReadError {
    ReadError::NoCassette { path: path.to_owned(), why: why.to_owned() }
}

/// The first line, of which the version is read before anything else.
fn first(path: &Path, line: &[u8]) -> Result<Start, ReadError> {
    #[derive(Deserialize)]
    struct Version {
        cassette: u32,
    }
    let version: Version =
        serde_json::from_slice(line).map_err(|_| no_cassette(path, "its first line names no version of the format"))?;
    if version.cassette > VERSION {
        return Err(ReadError::TooNew { path: path.to_owned(), found: version.cassette });
    }
    if version.cassette < VERSION {
        return Err(ReadError::TooOld { path: path.to_owned(), found: version.cassette });
    }
    match serde_json::from_slice::<Entry>(line) {
        Ok(Entry { what: What::Start(start), .. }) => Ok(*start),
        Ok(_) => Err(no_cassette(path, "its first line does not say what was started")),
        Err(error) => Err(no_cassette(path, &format!("its first line cannot be read: {error}"))),
    }
}

/// What was started, for tests.
#[cfg(test)]
pub(crate) const START_FOR_TESTS: &str = r#"{"cassette":2,"bounds":{},"program":"0.1.0","command":"ask","flags":[],"folder":"/work","home":"/home/me","settings":{},"built":{}}"#;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The first line of a cassette.
    pub(crate) fn start() -> String {
        START_FOR_TESTS.replacen('{', r#"{"at":"2026-01-02T03:04:05Z","kind":"start","#, 1)
    }

    pub(crate) fn read(text: &str) -> Result<Cassette, ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.cassette");
        std::fs::write(&path, text).unwrap();
        Cassette::read(&path)
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_told() {
        let input = r#"{"at":"2026-01-02T03:04:05Z","kind":"input","text":"hi"}"#;
        let whole = read(&format!("{}\n{input}\n", start())).unwrap();
        assert_eq!((whole.entries.len(), whole.torn, whole.inputs().collect::<Vec<_>>()), (2, false, vec!["hi"]));
        let torn = read(&format!("{}\n{input}\n{}", start(), &input[..30])).unwrap();
        assert_eq!((&torn.entries, torn.torn, torn.exit_code()), (&whole.entries, true, None));
        let middle = read(&format!("{}\n{}\n{input}\n", start(), &input[..30])).unwrap_err();
        assert!(matches!(middle, ReadError::Line { line: 2, .. }), "{middle}");
    }

    #[test]
    fn what_is_no_cassette_or_a_newer_one_is_said() {
        for text in ["", "{}\n", "not JSON", "{\"cassette\":2}\n", "\0\u{1}"] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, ReadError::NoCassette { .. }), "{text:?}: {error}");
        }
        let of_version = |version: &str| {
            let first = start().replace("\"cassette\":2", &format!("\"cassette\":{version}"));
            read(&first.replace("\"kind\":\"start\"", "\"kind\":\"begin\"")).unwrap_err()
        };
        assert!(matches!(of_version("3"), ReadError::TooNew { found: 3, .. }));
        assert!(matches!(of_version("1"), ReadError::TooOld { found: 1, .. }));
    }
}
