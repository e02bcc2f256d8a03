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
use serde::{Deserialize, Serialize};

use super::{history, spending::Spent};
use crate::{
    domain::ids::{JobId, SessionId},
    model::{Message, Usage},
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
    #[error("{} line {line} cannot be read: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
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
            SessionError::Damaged { path, .. } => {
                format!("jobs and payments are in the ledger and unharmed; move {} away", path.display())
            }
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
        let mut file = match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SessionError::NoSuchSession(session)),
            Err(error) => return Err(failed(error)),
        };
        lock(&file, &path, &session)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default());
        let past = read(&text, &path)?;
        Ok((SessionFile { path, session, file: Some(file) }, past))
    }

    /// Appends a message.
    ///
    /// # Errors
    /// A folder that cannot be written to, a full disk.
    pub fn message(&mut self, message: &Message) -> Result<(), SessionError> {
        self.append(&Line::Message { ts: Timestamp::now(), message: message.clone() })
    }

    /// Appends what a call of the model took.
    ///
    /// # Errors
    /// A folder that cannot be written to, a full disk.
    pub fn usage(&mut self, usage: Usage) -> Result<(), SessionError> {
        self.append(&Line::Usage { ts: Timestamp::now(), usage })
    }

    /// Appends a turn's end, and makes sure of everything before it.
    ///
    /// # Errors
    /// A folder that cannot be written to, a full disk.
    pub fn turn(&mut self, exit_code: u8, jobs: &[JobId]) -> Result<(), SessionError> {
        self.append(&Line::Turn { ts: Timestamp::now(), exit_code, jobs: jobs.to_vec() })?;
        let failed = |source| SessionError::Io { path: self.path.clone(), source };
        self.file.as_ref().map_or(Ok(()), |file| file.sync_data().map_err(failed))
    }

    fn append(&mut self, line: &Line) -> Result<(), SessionError> {
        if self.file.is_none() {
            let file = create(&self.path)?;
            lock(&file, &self.path, &self.session)?;
            let first = Line::Session { v: VERSION, session: self.session.clone(), ts: Timestamp::now() };
            write(&file, &self.path, &first)?;
            self.file = Some(file);
        }
        self.file.as_ref().map_or(Ok(()), |file| write(file, &self.path, line))
    }
}

fn path_in(folder: &Path, session: &SessionId) -> PathBuf {
    folder.join(format!("{session}.jsonl"))
}

/// One call to the system for a whole line: two programs never mix theirs, and a kill cuts at most the last.
fn write(mut file: &File, path: &Path, line: &Line) -> Result<(), SessionError> {
    // Lines are plain data with text keys, which always serialises.
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    file.write_all(text.as_bytes()).map_err(|source| SessionError::Io { path: path.to_owned(), source })
}

fn create(path: &Path) -> Result<File, SessionError> {
    let failed = |source| SessionError::Io { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(failed)?,
        }
    }
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path).map_err(failed)
}

fn lock(file: &File, path: &Path, session: &SessionId) -> Result<(), SessionError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(SessionError::InUse(session.clone())),
        Err(TryLockError::Error(source)) => Err(SessionError::Io { path: path.to_owned(), source }),
    }
}

/// The session that was written to last.
///
/// # Errors
/// None there, or a folder that cannot be read.
pub fn latest(folder: &Path) -> Result<SessionId, SessionError> {
    let failed = |source| SessionError::Io { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SessionError::None),
        Err(error) => return Err(failed(error)),
    };
    let mut newest = None;
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|n| n.strip_suffix(".jsonl")).and_then(|n| n.parse::<SessionId>().ok());
        if let Some(id) = id {
            let written = entry.metadata().and_then(|m| m.modified()).map_err(failed)?;
            newest = newest.max(Some((written, id)));
        }
    }
    newest.map(|(_, id)| id).ok_or(SessionError::None)
}

fn read(text: &str, path: &Path) -> Result<Past, SessionError> {
    let mut past = Past::default();
    for (i, line) in text.lines().enumerate() {
        let damaged = |why: String| SessionError::Damaged { path: path.to_owned(), line: i + 1, why };
        match serde_json::from_str(line).map_err(|e| damaged(e.to_string()))? {
            Line::Session { v, .. } if v == VERSION => {}
            Line::Session { v, .. } => {
                return Err(damaged(format!("it is of version {v}, and this program knows {VERSION}")));
            }
            Line::Message { message, .. } => past.messages.push(message),
            Line::Usage { usage, .. } => past.spent.add(&usage),
            Line::Turn { .. } => past.turns += 1,
        }
    }
    past.messages = history::closed(past.messages);
    Ok(past)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::{ChatRequest, ToolCall};

    fn said(text: &str) -> Message {
        Message::User { text: text.to_owned() }
    }

    fn answered(text: &str) -> Message {
        Message::Assistant { text: text.to_owned(), calls: Vec::new() }
    }

    fn story() -> Vec<Message> {
        let call = |id: &str| ToolCall { id: id.into(), name: "list_jobs".into(), arguments: "{}".into(), echo: None };
        let result =
            |id: &str| Message::ToolResult { call_id: id.into(), name: "list_jobs".into(), content: "{}".into() };
        let calls = Message::Assistant { text: String::new(), calls: vec![call("a"), call("b")] };
        vec![said("jobs?\nall"), calls, result("a"), result("b"), answered("None."), said("thanks"), answered("…")]
    }

    #[test]
    fn what_was_said_is_there_another_day() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("sessions");
        assert!(matches!(latest(&folder), Err(SessionError::None)));
        let id = SessionId::random();
        assert!(matches!(SessionFile::resume(&folder, id.clone()), Err(SessionError::NoSuchSession(_))));
        let mut file = SessionFile::fresh(&folder, id.clone());
        assert!(!SessionFile::exists(&folder, &id), "nothing is made before something is said");
        for message in story() {
            file.message(&message).unwrap();
        }
        let usage = Usage { prompt_tokens: 70, completion_tokens: 8, ..Usage::default() };
        file.usage(usage).unwrap();
        file.turn(0, &[]).unwrap();
        assert!(
            matches!(SessionFile::resume(&folder, id.clone()), Err(SessionError::InUse(_))),
            "one program at a time"
        );
        drop(file);
        let path = path_in(&folder, &id);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        let (mut file, past) = SessionFile::resume(&folder, id.clone()).unwrap();
        assert_eq!((past.messages, past.turns, past.spent.tokens()), (story(), 1, 78));
        file.message(&said("again")).unwrap();
        drop(file);
        assert_eq!(latest(&folder).unwrap(), id);
        let (_file, past) = SessionFile::resume(&folder, id).unwrap();
        assert_eq!(past.messages.len(), story().len() + 2, "the turn that was cut off is closed");
    }

    /// A kill can cut the file at any byte: what is left always goes on.
    #[test]
    fn cut_at_any_byte_it_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let id = SessionId::random();
        let mut file = SessionFile::fresh(dir.path(), id.clone());
        for message in story() {
            file.message(&message).unwrap();
        }
        drop(file);
        let path = path_in(dir.path(), &id);
        let whole = fs::read(&path).unwrap();
        for end in 0..=whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let (mut file, past) = SessionFile::resume(dir.path(), id.clone()).unwrap();
            let mut messages = past.messages;
            messages.push(said("and now?"));
            let request = ChatRequest { system: "s".into(), messages, ..ChatRequest::default() };
            request.check().unwrap_or_else(|why| panic!("cut at {end}: {why}"));
            file.message(&said("and now?")).unwrap();
            drop(file);
            SessionFile::resume(dir.path(), id.clone()).unwrap();
        }
    }

    #[test]
    fn a_file_of_another_form_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let id = SessionId::random();
        let path = path_in(dir.path(), &id);
        let first = format!("{{\"type\":\"session\",\"v\":1,\"session\":\"{id}\",\"ts\":\"2026-01-01T00:00:00Z\"}}\n");
        for (text, line) in [(format!("{first}nonsense\n"), 2), (first.replace("\"v\":1", "\"v\":9"), 1)] {
            fs::write(&path, text).unwrap();
            let error = SessionFile::resume(dir.path(), id.clone()).unwrap_err();
            assert!(matches!(&error, SessionError::Damaged { line: at, .. } if *at == line), "{error}");
        }
    }
}
