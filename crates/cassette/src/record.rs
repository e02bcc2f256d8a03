//! Writing a cassette as a run goes on: each entry is whole in the file before the run goes on, so that what a killed run
//! leaves can be read to its last whole line.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    format::{Answered, Asked, Entry, What},
    scrub::Scrubber,
};
use domain::{event::Event, text::json_escaped};

/// A cassette that is being written.
pub struct Recorder {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: File,
    scrubber: Scrubber,
    last_id: u64,
    /// Streamed text that was told and is not written yet: a secret may lie across two pieces of it.
    streamed: String,
    /// How many want what happens now left out.
    aside: usize,
    /// Why nothing more is written.
    failed: Option<String>,
}

impl Recorder {
    /// A new file at `path`, readable by its owner alone.
    ///
    /// # Errors
    /// A file that is there already, or cannot be made.
    pub fn create(path: &Path) -> io::Result<Recorder> {
        let file = OpenOptions::new().create_new(true).append(true).mode(0o600).open(path)?;
        let state =
            State { file, scrubber: Scrubber::default(), last_id: 0, streamed: String::new(), aside: 0, failed: None };
        Ok(Recorder { path: path.to_owned(), state: Mutex::new(state) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves this secret out from now on, in every form. To be called before anything that may hold it is written.
    pub fn secret(&self, name: &str, secret: &[u8]) {
        self.state().scrubber.learn(name, secret);
    }

    /// A text as it is written: without secrets.
    pub fn scrubbed(&self, text: &str) -> String {
        self.state().scrubber.text(text)
    }

    /// Writes an event. Streamed text is written in one piece, before the next event of another kind.
    pub fn told(&self, event: &Event) {
        let mut state = self.state();
        match event {
            Event::MessageDelta { text } if state.aside == 0 => state.streamed.push_str(text),
            Event::MessageDelta { .. } | Event::ThoughtDelta { .. } => {}
            other => {
                state.release();
                state.write(What::told(other));
            }
        }
    }

    /// Writes the last line: how the run ended.
    pub fn end(&self, exit_code: u8) {
        let mut state = self.state();
        state.release();
        state.write(What::End { exit_code });
    }

    /// Writes an entry.
    pub fn write(&self, what: What) {
        self.state().write(what);
    }

    /// Writes that a request goes out; gives what ties its answer to it. `None` while nothing is to be recorded.
    pub fn asked(&self, mut asked: Asked) -> Option<u64> {
        let mut state = self.state();
        if state.aside > 0 {
            return None;
        }
        state.last_id += 1;
        asked.id = state.last_id;
        let id = asked.id;
        state.write(What::Asked(asked));
        Some(id)
    }

    /// Writes what came of a request.
    pub fn answered(&self, answered: Answered) {
        self.state().put(What::Answered(Box::new(answered)));
    }

    /// Leaves out what happens until as many calls of [`Recorder::resume`].
    pub fn pause(&self) {
        self.state().aside += 1;
    }

    /// Ends one [`Recorder::pause`].
    pub fn resume(&self) {
        let mut state = self.state();
        state.aside = state.aside.saturating_sub(1);
    }

    /// Why the record is not whole, where it is not.
    pub fn failure(&self) -> Option<String> {
        self.state().failed.clone()
    }
}

impl State {
    fn release(&mut self) {
        if !self.streamed.is_empty() {
            let text = std::mem::take(&mut self.streamed);
            self.put(What::told(&Event::MessageDelta { text }));
        }
    }

    fn write(&mut self, what: What) {
        if self.aside == 0 {
            self.put(what);
        }
    }

    /// A record that cannot be written ends; the run, which may have paid, goes on.
    fn put(&mut self, what: What) {
        if self.failed.is_some() {
            return;
        }
        let entry = Entry { at: Timestamp::now(), what };
        let line = serde_json::to_value(&entry).map(|value| self.scrubber.value(value)).and_then(|v| line_of(&v));
        let written = line.map_err(io::Error::from).and_then(|line| self.file.write_all(&line));
        self.failed = written.err().map(|e| e.to_string());
    }
}

fn line_of(value: &Value) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_string(value)?;
    Ok(format!("{}\n", json_escaped(&json)).into_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{super::format::Body, *};
    use crate::format::Part;

    fn asked(text: &str) -> Asked {
        Asked {
            id: 0,
            part: Part::Chain,
            method: "POST".into(),
            target: "http://node/".into(),
            headers: Default::default(),
            body: Body::of(text.as_bytes()),
        }
    }

    #[test]
    fn for_the_owner_alone_and_never_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cassette");
        let recorder = Recorder::create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Recorder::create(&path).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        recorder.write(What::Input { text: "hello".into() });
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("\"kind\":\"input\",\"text\":\"hello\"}\n"), "whole before the call returns: {text}");
    }

    #[test]
    fn what_is_said_aside_is_left_out_but_an_answer_that_is_awaited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cassette");
        let recorder = Recorder::create(&path).unwrap();
        assert_eq!(recorder.asked(asked("one")), Some(1));
        recorder.pause();
        assert_eq!(recorder.asked(asked("aside")), None);
        recorder.write(What::Input { text: "aside".into() });
        recorder.answered(Answered { id: 1, status: Some(200), ..Answered::default() });
        recorder.resume();
        assert_eq!(recorder.asked(asked("two")), Some(2));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("aside") && text.lines().count() == 3, "{text}");
    }

    #[test]
    fn a_secret_that_is_streamed_in_pieces_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cassette");
        let recorder = Recorder::create(&path).unwrap();
        recorder.secret("IT", b"sk-0123456789abcdef");
        let delta = |text: &str| recorder.told(&Event::MessageDelta { text: text.into() });
        for text in ["the key is s", "k-0123", "456", "789abcd", "ef, keep it"] {
            delta(text);
        }
        recorder.answered(Answered { id: 1, ..Answered::default() });
        recorder.told(&Event::Warning { message: "and then".into() });
        delta("that ");
        delta("is all");
        recorder.end(0);
        let text = std::fs::read_to_string(&path).unwrap();
        let kinds: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let texts: Vec<&str> = kinds.iter().filter_map(|k| k["event"]["text"].as_str()).collect();
        assert_eq!(texts, ["the key is scrubbed-IT, keep it", "that is all"], "{text}");
        assert_eq!(
            kinds.iter().map(|k| k["kind"].as_str().unwrap()).collect::<Vec<_>>(),
            ["answered", "event", "event", "event", "end"]
        );
    }
}
