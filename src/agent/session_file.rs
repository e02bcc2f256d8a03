//! A session's file: every message as it came, a line of JSON each, so that a conversation can go on another day.
//!
//! Lines are appended whole and flushed at the end of a turn. A program that was killed while it wrote leaves a half last
//! line, which the next to open the file cuts off; a turn that was cut off is closed, so that each call has its result.
//! The file is its owner's alone (0600) and open in one program at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::{history, spending::Spent};
use crate::model::{Message, Usage};
use cassette::scrub::known::heard_value;
use domain::{
    ids::{JobId, SessionId},
    text::json_escaped,
};

/// The version of the format.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    /// The first: whose file it is.
    Session { v: u32, session: SessionId, ts: Timestamp },
    /// A message; a tool's result in full, also where the model is shown less of it.
    Message { ts: Timestamp, message: Message },
    /// What one call of the model took.
    Usage { ts: Timestamp, usage: Usage },
    /// A turn is over.
    Turn { ts: Timestamp, exit_code: u8, jobs: Vec<JobId> },
}

/// What a session's file holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Past {
    /// The messages, whole and in order.
    pub messages: Vec<Message>,
    /// What the model calls of all turns took.
    pub spent: Spent,
    /// Turns that came to their end.
    pub turns: usize,
}

/// Why a session cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no such session.
    #[error("there is no session {0}")]
    NoSuchSession(SessionId),
    /// Nothing was ever said here.
    #[error("there is no session to go on with")]
    None,
    /// Another program holds it.
    #[error("{0} is open in another program")]
    InUse(SessionId),
    /// The file is not of this format.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        why: String,
    },
    /// The file cannot be used.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The file or its folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl SessionError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            SessionError::NoSuchSession(_) => "`agent chat --resume` without an id goes on with the newest".to_owned(),
            SessionError::None => "`agent chat` begins one".to_owned(),
            SessionError::InUse(_) => "end the other one first, or begin a new session".to_owned(),
            SessionError::Damaged { path, .. } => format!(
                "move {} away; jobs and payments are in the ledger and unharmed, and `agent chat --resume` without an id \
                 goes on with the newest session that can be read",
                path.display()
            ),
            SessionError::Io { .. } => "check the folder's owner and the free space".to_owned(),
        }
    }
}

/// A session's file. It is made when the first line is written.
#[derive(Debug)]
pub struct SessionFile {
    path: PathBuf,
    session: SessionId,
    file: Option<File>,
}

impl SessionFile {
    /// The file of a session that begins; nothing is made yet.
    pub fn fresh(folder: &Path, session: SessionId) -> SessionFile {
        SessionFile { path: path_in(folder, &session), session, file: None }
    }

    /// Makes the file now, so that no other program begins a session of that name.
    ///
    /// # Errors
    /// One that another program has begun since; a folder that cannot be written to.
    pub fn begin(&mut self) -> Result<(), SessionError> {
        if self.file.is_none() {
            let file = create(&self.path, &self.session)?;
            lock(&file, &self.path, &self.session)?;
            write(&file, &self.path, &self.first())?;
            self.file = Some(file);
        }
        Ok(())
    }

    fn first(&self) -> Line {
        Line::Session { v: VERSION, session: self.session.clone(), ts: Timestamp::now() }
    }

    /// Whether there is a file of that session.
    pub fn exists(folder: &Path, session: &SessionId) -> bool {
        path_in(folder, session).exists()
    }

    /// Opens the file of a session that was, with what it holds.
    ///
    /// # Errors
    /// No such session, one that another program holds, a file that cannot be read.
    pub fn resume(folder: &Path, session: SessionId) -> Result<(SessionFile, Past), SessionError> {
        let path = path_in(folder, &session);
        let failed = |source| SessionError::Io { path: path.clone(), source };
        // A pipe of that name must not make the program wait.
        let options =
            OpenOptions::new().read(true).append(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).clone();
        let mut file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SessionError::NoSuchSession(session)),
            Err(error) => return Err(failed(error)),
        };
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        lock(&file, &path, &session)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default());
        let read = read(&text).map_err(|why| SessionError::Damaged { path: path.clone(), why })?;
        let opened = SessionFile { path, session, file: Some(file) };
        if !read.headed {
            opened.append(&opened.first())?;
        }
        Ok((opened, read.past))
    }

    /// Appends a message.
    ///
    /// # Errors
    /// A folder that cannot be written to, a full disk.
    pub fn message(&mut self, message: &Message) -> Result<(), SessionError> {
        self.begin()?;
        self.append(&Line::Message { ts: Timestamp::now(), message: message.clone() })
    }

    /// Appends what a call of the model took.
    ///
    /// # Errors
    /// A folder that cannot be written to, a full disk.
    pub fn usage(&mut self, usage: Usage) -> Result<(), SessionError> {
        self.begin()?;
        self.append(&Line::Usage { ts: Timestamp::now(), usage })
    }

    /// Appends a turn's end, and makes sure of everything before it.
    ///
    /// # Errors
    /// A folder that cannot be written to, a full disk.
    pub fn turn(&mut self, exit_code: u8, jobs: &[JobId]) -> Result<(), SessionError> {
        self.begin()?;
        self.append(&Line::Turn { ts: Timestamp::now(), exit_code, jobs: jobs.to_vec() })?;
        let failed = |source| SessionError::Io { path: self.path.clone(), source };
        self.file.as_ref().map_or(Ok(()), |file| file.sync_data().map_err(failed))
    }

    fn append(&self, line: &Line) -> Result<(), SessionError> {
        self.file.as_ref().map_or(Ok(()), |file| write(file, &self.path, line))
    }
}

fn path_in(folder: &Path, session: &SessionId) -> PathBuf {
    folder.join(format!("{session}.jsonl"))
}

/// One call to the system for a whole line: two programs never mix theirs, and a kill cuts at most the last.
fn write(mut file: &File, path: &Path, line: &Line) -> Result<(), SessionError> {
    // Lines are plain data with text keys, which always serialises.
    let value = serde_json::to_value(line).map(heard_value).unwrap_or_default();
    let text = format!("{}\n", json_escaped(&value.to_string()));
    file.write_all(text.as_bytes()).map_err(|source| SessionError::Io { path: path.to_owned(), source })
}

fn create(path: &Path, session: &SessionId) -> Result<File, SessionError> {
    let failed = |source| SessionError::Io { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(failed)?,
        }
    }
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => SessionError::InUse(session.clone()),
        _ => failed(error),
    })
}

fn lock(file: &File, path: &Path, session: &SessionId) -> Result<(), SessionError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(SessionError::InUse(session.clone())),
        Err(TryLockError::Error(source)) => Err(SessionError::Io { path: path.to_owned(), source }),
    }
}

/// The sessions that there are, the one that was written to last first.
///
/// # Errors
/// A folder that cannot be read.
pub fn newest_first(folder: &Path) -> Result<Vec<SessionId>, SessionError> {
    let failed = |source| SessionError::Io { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|n| n.strip_suffix(".jsonl")).and_then(|n| n.parse::<SessionId>().ok());
        if let Some(id) = id {
            let written = entry.metadata().and_then(|m| m.modified()).map_err(failed)?;
            all.push((written, id));
        }
    }
    all.sort_by(|a, b| b.cmp(a));
    Ok(all.into_iter().map(|(_, id)| id).collect())
}

/// What the lines of a file say.
struct Read {
    past: Past,
    /// Whether one of them says whose file it is: a program that was killed at once leaves none.
    headed: bool,
}

fn read(text: &str) -> Result<Read, String> {
    let (mut past, mut headed) = (Past::default(), false);
    for (at, line) in (1..).zip(text.lines()) {
        match serde_json::from_str(line).map_err(|_| format!("line {at} is no line of a session"))? {
            Line::Session { v, .. } if v == VERSION => headed = true,
            Line::Session { v, .. } => {
                return Err(format!("line {at} is of version {v}, and this program knows {VERSION}"));
            }
            Line::Message { message, .. } => past.messages.push(message),
            Line::Usage { usage, .. } => past.spent.add(&usage),
            Line::Turn { .. } => past.turns += 1,
        }
    }
    past.messages = history::closed(past.messages);
    history::check(&past.messages)?;
    Ok(Read { past, headed })
}

#[cfg(test)]
mod tests;
