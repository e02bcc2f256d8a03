//! Files of a result held against what was kept of them when they came.

use std::{
    fs::File,
    io::{self, Read as _, Write},
    path::Path,
};

use super::super::{CommandError, Kind};
use domain::{hash::Hashed, job::ResultFile, text::is_hidden, units};
use guard::config::plain_file;

/// What to do about a result that is not as it came.
pub(super) const ANEW: &str =
    "it was changed, moved or removed after the job was done; ask for the work anew with --anew";

/// Why a file was not passed on.
pub(super) enum Failed {
    /// There is none.
    Missing,
    /// It is not what it was.
    Changed(String),
    /// It cannot be read, or where it goes takes no more.
    Io(io::Error),
}

impl Failed {
    /// Of this file, as a person is told of it.
    pub(super) fn of(self, name: &str) -> CommandError {
        let name = units::clean(name, 80);
        let changed = |why: &str| CommandError::new(Kind::Failed, "result_changed", format!("{name} {why}")).hint(ANEW);
        match self {
            Failed::Missing => changed("is missing"),
            Failed::Changed(why) => changed(&format!("is not as it came: {why}")),
            Failed::Io(error) => CommandError::new(
                Kind::Failed,
                "write",
                format!("{name} cannot be passed on: {}", plain_file::why(&error)),
            )
            .hint("check that it can be read, and that there is room where it goes"),
        }
    }
}

/// How a file stands beside what was kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    Changed,
    Missing,
}

impl State {
    pub(super) fn is_whole(self) -> bool {
        self == State::Whole
    }

    /// For programs, and for a column.
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Whole => "unchanged",
            State::Changed => "changed",
            State::Missing => "missing",
        }
    }

    /// In a sentence behind the file's name.
    pub(super) fn since(self) -> &'static str {
        match self {
            State::Whole => "is as it came",
            State::Changed => "was changed",
            State::Missing => "is missing",
        }
    }
}

/// How a file stands: all of it is read.
///
/// # Errors
/// A file that cannot be read to its end.
pub(super) fn state(folder: &Path, file: &ResultFile) -> Result<State, CommandError> {
    match opened(folder, file).and_then(|from| checked(&from, file, &mut io::sink())) {
        Ok(()) => Ok(State::Whole),
        Err(Failed::Missing) => Ok(State::Missing),
        Err(Failed::Changed(_)) => Ok(State::Changed),
        Err(error @ Failed::Io(_)) => Err(error.of(&file.name)),
    }
}

/// A file as it lies there, opened.
pub(super) fn opened(folder: &Path, file: &ResultFile) -> Result<File, Failed> {
    plain_file::open_itself(&folder.join(&file.name)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failed::Missing,
        io::ErrorKind::PermissionDenied => Failed::Io(error),
        _ => Failed::Changed(plain_file::why(&error)),
    })
}

/// Passes an open file on, and holds it against its checksum.
pub(super) fn checked(from: &File, file: &ResultFile, to: &mut dyn Write) -> Result<(), Failed> {
    let has = from.metadata().map_err(Failed::Io)?.len();
    if has != file.bytes {
        let told = format!("it has {} bytes and had {}", units::count(has), units::count(file.bytes));
        return Err(Failed::Changed(told));
    }
    let mut passed = Hashed::new(to);
    // What grows meanwhile is not followed.
    io::copy(&mut from.take(file.bytes), &mut passed).map_err(Failed::Io)?;
    let (_, _, sha256) = passed.finish();
    if sha256 == file.sha256 { Ok(()) } else { Err(Failed::Changed("its checksum is another one".to_owned())) }
}

/// Looks at text that comes in pieces.
#[derive(Default)]
pub(super) struct Look {
    /// The bytes of a character whose end has not come.
    begun: Vec<u8>,
    hidden: bool,
}

impl Look {
    /// Whether it is text that a terminal only shows: no character of it is one that nobody sees.
    pub(super) fn is_text(&self) -> bool {
        !self.hidden && self.begun.is_empty()
    }
}

impl Write for Look {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(piece);
        let valid = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) => {
                self.hidden |= error.error_len().is_some();
                error.valid_up_to()
            }
        };
        let text = String::from_utf8_lossy(self.begun.get(..valid).unwrap_or_default());
        self.hidden |= text.chars().any(|c| c != '\n' && c != '\t' && is_hidden(c));
        if self.hidden {
            self.begun.clear();
        } else {
            self.begun.drain(..valid);
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
