//! Standard output that ends quietly when nobody reads on (`agent jobs list | head`).

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use cassette::scrub::known::{heard_value, without_known};
use domain::text::{for_terminal, json_escaped};

type OnClosed = Box<dyn FnOnce() + Send>;

/// A shared writer. Clones write to the same place, whole pieces at a time.
#[derive(Clone)]
pub struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Mutex<Box<dyn Write + Send>>,
    closed: AtomicBool,
    /// Why nothing more can be written, where that is not a reader who has read enough.
    lost: Mutex<Option<String>>,
    on_closed: Mutex<Option<OnClosed>>,
}

impl Output {
    /// Writes to `writer`.
    pub fn new(writer: impl Write + Send + 'static) -> Output {
        let shared = Shared {
            writer: Mutex::new(Box::new(writer)),
            closed: AtomicBool::new(false),
            lost: Mutex::new(None),
            on_closed: Mutex::new(None),
        };
        Output { shared: Arc::new(shared) }
    }

    /// Is called once, when the reader has gone away.
    pub fn when_closed(&self, call: impl FnOnce() + Send + 'static) {
        *self.shared.on_closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(call));
    }

    /// Whether the reader has gone away.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }

    /// Why output was lost, such as a full disk. A reader that went away lost nothing it wanted.
    pub fn lost(&self) -> Option<String> {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes `text` without the secrets that this process knows and without hidden characters, and flushes. A reader that went away,
    /// and a full disk, end all further writing.
    pub fn write(&self, text: &str) {
        self.put(&for_terminal(&without_known(text)));
    }

    fn put(&self, text: &str) {
        if self.is_closed() || text.is_empty() {
            return;
        }
        let wrote = {
            let mut writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.write_all(text.as_bytes()).and_then(|()| writer.flush())
        };
        if let Err(error) = wrote {
            if error.kind() != io::ErrorKind::BrokenPipe {
                *self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
            self.shared.closed.store(true, Ordering::Relaxed);
            let call = self.shared.on_closed.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(call) = call {
                call();
            }
        }
    }

    /// Writes lines.
    pub fn lines<S: AsRef<str>>(&self, lines: impl IntoIterator<Item = S>) {
        let text: String = lines.into_iter().flat_map(|l| [l.as_ref().to_owned(), "\n".to_owned()]).collect();
        self.write(&text);
    }

    /// Writes one value as a line of JSON: without known secrets, and with hidden characters as escapes.
    pub fn json(&self, value: &impl serde::Serialize) {
        // Every type that comes here is plain data with text keys, which always serialises.
        if let Ok(value) = serde_json::to_value(value) {
            self.put(&format!("{}\n", json_escaped(&heard_value(value).to_string())));
        }
    }
}

/// Keeps what is written.
#[cfg(test)]
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    /// What was written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_told_of_once() {
        let calls = Arc::new(AtomicU32::new(0));
        let output = Output::new(Gone);
        let seen = calls.clone();
        output.when_closed(move || {
            seen.fetch_add(1, Ordering::Relaxed);
        });
        output.lines(["a", "b"]);
        output.write("c");
        assert!(output.is_closed() && output.lost().is_none());
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}
