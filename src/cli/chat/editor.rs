//! The line editor, in a thread of its own: it blocks, and the rest of the program does not.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use rustyline::{
    Config, Editor, Helper,
    completion::{Completer, FilenameCompleter, Pair},
    config::Configurer as _,
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::FileHistory,
    validate::Validator,
};
use tokio::sync::oneshot;

use super::slash;

/// Lines kept from one run to the next.
const HISTORY: usize = 1000;

/// What came of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// A line, or several that were pasted.
    Line(String),
    /// Ctrl-C: the line was cleared.
    Cleared,
    /// Ctrl-D, or the terminal is gone.
    End,
    /// The terminal cannot be read.
    Failed(String),
}

/// What is asked of the editor's thread.
struct Request {
    prompt: String,
    /// Job ids, for completion.
    jobs: Vec<String>,
    answer: oneshot::Sender<Read>,
}

/// The editor.
pub struct Prompt {
    requests: mpsc::Sender<Request>,
}

impl Prompt {
    /// Starts the editor; what is typed is remembered in `history`.
    pub fn start(history: PathBuf) -> Prompt {
        let (requests, received) = mpsc::channel::<Request>();
        thread::spawn(move || serve(&history, &received));
        Prompt { requests }
    }

    /// Reads one line. `jobs` are the ids that may be completed.
    pub async fn read(&self, prompt: &str, jobs: Vec<String>) -> Read {
        let (answer, reply) = oneshot::channel();
        let request = Request { prompt: prompt.to_owned(), jobs, answer };
        let gone = || Read::Failed("the line editor ended".to_owned());
        if self.requests.send(request).is_err() {
            return gone();
        }
        reply.await.unwrap_or_else(|_| gone())
    }
}

fn serve(history: &Path, received: &mpsc::Receiver<Request>) {
    let mut editor = match open(history) {
        Ok(editor) => editor,
        Err(error) => {
            // The first reader is told why; without one there is nobody to tell.
            if let Ok(request) = received.recv() {
                let _ = request.answer.send(Read::Failed(error.to_string()));
            }
            return;
        }
    };
    while let Ok(request) = received.recv() {
        if let Some(helper) = editor.helper_mut() {
            helper.jobs = request.jobs;
        }
        let read = match editor.readline(&request.prompt) {
            Ok(line) => Read::Line(line),
            Err(ReadlineError::Interrupted) => Read::Cleared,
            Err(ReadlineError::Eof) => Read::End,
            Err(error) => Read::Failed(error.to_string()),
        };
        if let Read::Line(line) = &read
            && !line.trim().is_empty()
        {
            // A history that cannot be kept is no reason to stop talking.
            let _ = editor.add_history_entry(line.as_str());
            let _ = editor.append_history(history);
        }
        if request.answer.send(read).is_err() {
            return;
        }
    }
}

fn open(history: &Path) -> rustyline::Result<Editor<Names, FileHistory>> {
    let config = Config::builder().history_ignore_space(true).history_ignore_dups(true)?.build();
    let mut editor = Editor::with_config(config)?;
    editor.set_max_history_size(HISTORY)?;
    editor.set_helper(Some(Names { files: FilenameCompleter::new(), jobs: Vec::new() }));
    // There is none on the first day.
    let _ = editor.load_history(history);
    Ok(editor)
}

/// Completes slash commands, job ids after them, and paths everywhere else.
struct Names {
    files: FilenameCompleter,
    jobs: Vec<String>,
}

impl Helper for Names {}
impl Highlighter for Names {}
/// Every line is whole: pasted lines come as one.
impl Validator for Names {}
impl Hinter for Names {
    type Hint = String;
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &rustyline::Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        match complete(line, at, &self.jobs) {
            Some((start, names)) => {
                let pair = |name: String| Pair { display: name.clone(), replacement: name };
                Ok((start, names.into_iter().map(pair).collect()))
            }
            None => self.files.complete_path(line, at),
        }
    }
}

/// Slash commands and job ids that fit what stands before `at`; `None` where paths are meant.
fn complete(line: &str, at: usize, jobs: &[String]) -> Option<(usize, Vec<String>)> {
    let before = line.get(..at)?;
    let start = before.rfind(char::is_whitespace).map_or(0, |i| i + 1);
    let word = before.get(start..)?;
    let fitting =
        |names: &mut dyn Iterator<Item = &str>| names.filter(|n| n.starts_with(word)).map(str::to_owned).collect();
    if start == 0 && word.starts_with('/') && !word.get(1..)?.contains('/') {
        return Some((0, fitting(&mut slash::NAMES.iter().copied())));
    }
    let command = before.split_whitespace().next().is_some_and(|first| slash::NAMES.contains(&first));
    let job_comes = command || word.starts_with("job-");
    job_comes.then(|| (start, fitting(&mut jobs.iter().map(String::as_str))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<(usize, Vec<String>)> {
        complete(line, line.len(), &["job-7k3q9dm2".to_owned(), "job-00000000".to_owned()])
    }

    #[test]
    fn commands_first_then_jobs_and_paths_elsewhere() {
        assert_eq!(of("/qu"), Some((0, vec!["/quit".to_owned()])));
        assert_eq!(of("/show job-7"), Some((6, vec!["job-7k3q9dm2".to_owned()])));
        assert_eq!(of("what became of job-0"), Some((15, vec!["job-00000000".to_owned()])));
        assert_eq!(of("Run protein folding on exam"), None);
        assert_eq!(of("/home/me/da"), None, "an absolute path is no command");
    }
}
