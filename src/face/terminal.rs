//! The sink for people: events as they happen, streamed answers, bars, results.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    look::{Look, Tone},
    output::Output,
    plan::MOST_ROWS,
    progress::{Progress, Task},
    render,
    result::{self, Draw},
    text::{Flow, plain_lines},
};
use domain::{
    bounded::{self, BoundedError, Bounds},
    event::{Event, Sink},
    ids::JobId,
    result::{BOUNDS, RESULT_FILE, ResultDocument},
    units::count,
};
use guard::config::plain_file;

/// A result document larger than this is named and not shown, bytes.
const MAX_DOCUMENT: u64 = 64 << 20;

/// What stands before a thought.
const THINKS: &str = "Thinking: ";

/// Renders events for people.
pub struct Terminal {
    look: Look,
    output: Output,
    errors: Output,
    draw: Draw,
    /// Whether result files are read and shown.
    documents: bool,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    flow: Flow,
    /// What was streamed of the answer that is under way.
    streamed: String,
    /// Whether the last thing written did not end its line.
    in_line: bool,
    /// What is streamed of a thought, where they are shown, while it is under way.
    thought: Option<Flow>,
    last_status: String,
    results_shown: HashSet<JobId>,
    /// The pieces of a plan that has more than are shown one by one, and how many of them have their result; 0 of a smaller one.
    batch: (usize, usize),
    /// Whether the plan has several pieces, so that a result is told with its file.
    several: bool,
    /// Whether it was told that one of several runs: which one it is does not matter.
    running_told: bool,
    /// A plan that was told and is not printed yet: where a person is asked for consent, the question shows it.
    plan: Option<Event>,
    /// Whether a person is being asked about it.
    in_question: bool,
}

impl Terminal {
    /// A face of `look` on `output`, with what goes wrong on `errors`; `bars` where standard error is a terminal.
    pub fn new(look: Look, output: Output, errors: Output, bars: bool, draw: Draw) -> Terminal {
        let state = State {
            progress: Progress::new(look, bars),
            flow: Flow::new(look.width),
            streamed: String::new(),
            in_line: false,
            thought: None,
            last_status: String::new(),
            results_shown: HashSet::new(),
            batch: (0, 0),
            several: false,
            running_told: false,
            plan: None,
            in_question: false,
        };
        Terminal { look, output, errors, draw, documents: true, state: Mutex::new(state) }
    }

    /// The same, which reads no result files: they may be gone, or another run's by now.
    pub fn without_documents(self) -> Terminal {
        Terminal { documents: false, ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, state: &mut State, lines: &[String]) {
        self.print_on(&self.output, state, lines);
    }

    fn print_on(&self, to: &Output, state: &mut State, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let break_line = std::mem::take(&mut state.in_line);
        state.progress.around(|| {
            if break_line {
                self.output.write("\n");
            }
            to.lines(lines);
        });
    }

    /// A thought as it comes, dimmed.
    fn thought(&self, state: &mut State, text: &str) {
        let begins = state.thought.is_none();
        if begins && text.trim().is_empty() {
            return;
        }
        let flow = state.thought.get_or_insert_with(|| Flow::new(self.look.width));
        let ready = if begins { flow.push(&format!("{THINKS}{}", text.trim_start())) } else { flow.push(text) };
        if begins {
            state.progress.clear();
            self.output.write("\n");
        }
        self.output.write(&self.look.tone(Tone::Dim, &ready));
    }

    /// Ends a thought that is under way.
    fn thought_over(&self, state: &mut State) {
        if let Some(mut flow) = state.thought.take() {
            let rest = flow.finish();
            self.output.write(&format!("{}\n", self.look.tone(Tone::Dim, rest.trim_end())));
        }
    }

    fn delta(&self, state: &mut State, text: &str) {
        if state.streamed.is_empty() {
            state.progress.clear();
            if !text.trim().is_empty() {
                self.output.write("\n");
            }
        }
        state.streamed.push_str(text);
        let ready = state.flow.push(text);
        state.in_line |= !ready.is_empty();
        self.output.write(&ready);
    }

    /// Ends the answer. What was streamed is not printed again; what differs from it is.
    fn completed(&self, state: &mut State, text: &str) {
        let streamed = std::mem::take(&mut state.streamed);
        let rest = match text.trim().strip_prefix(streamed.trim()) {
            Some(rest) => rest.to_owned(),
            None => format!("\n\nCorrected:\n{text}"),
        };
        if streamed.is_empty() && !rest.trim().is_empty() {
            state.progress.clear();
            self.output.write("\n");
        }
        let mut ready = state.flow.push(&rest);
        ready.push_str(&state.flow.finish());
        state.in_line |= !ready.is_empty();
        self.output.write(ready.trim_end_matches('\n'));
        if std::mem::take(&mut state.in_line) {
            self.output.write("\n");
        }
    }

    /// An answer that broke off is printed as far as it came, and is not waited for any more.
    fn broken_off(&self, state: &mut State) {
        if std::mem::take(&mut state.streamed).is_empty() {
            return;
        }
        let mut held = state.flow.finish();
        if std::mem::take(&mut state.in_line) || !held.is_empty() {
            held.push('\n');
        }
        self.output.write(&held);
    }

    /// Prints the plan that is held back, unless a person saw it in the question that they answered.
    fn plan(&self, state: &mut State, next: Option<&Event>) {
        let asked = match next {
            Some(Event::ConsentRequested { .. }) => {
                state.in_question = true;
                return;
            }
            Some(Event::ConsentResolved { by, .. }) => by == "terminal",
            // The person changed it: what comes now is the plan that stands.
            Some(Event::RequestUnderstood(_)) => state.in_question,
            _ => false,
        };
        state.in_question = false;
        if let Some(plan) = state.plan.take().filter(|_| !asked) {
            self.print(state, &render::lines(&plan, &self.look));
        }
    }

    fn result(&self, state: &mut State, job: &JobId, file: &Path) {
        if !self.documents || !state.results_shown.insert(job.clone()) {
            return;
        }
        if state.batch.0 > 0 {
            self.of_batch(state);
            return;
        }
        let lines = match read_document(file) {
            Ok(document) => {
                let file = state.several.then_some(document.dataset.path.as_str());
                result::lines(&document, file, &self.look, self.draw)
            }
            Err(why) => self.look.field("Result", Tone::Care, &why),
        };
        self.print(state, &lines);
    }
}

impl Terminal {
    /// Of a large batch it is told now and then how far it is: each result is a line of the tables at the end.
    fn of_batch(&self, state: &mut State) {
        let (all, done) = (state.batch.0, state.batch.1 + 1);
        state.batch.1 = done;
        if done == all || done.is_multiple_of(all.div_ceil(MOST_ROWS)) {
            let text = format!("{} of {}", count(done as u64), count(all as u64));
            self.print(state, &self.look.field("Results", Tone::Plain, &text));
        }
    }
}

impl Sink for Terminal {
    fn emit(&self, event: Event) {
        let state = &mut *self.state();
        if let Event::Plan(plan) = &event {
            let pieces = plan.0.possible().count();
            state.batch = (if pieces > MOST_ROWS { pieces } else { 0 }, 0);
            (state.several, state.running_told) = (pieces > 1, false);
        }
        self.plan(state, Some(&event));
        if !matches!(event, Event::ThoughtDelta { .. }) {
            self.thought_over(state);
        }
        match &event {
            Event::ThoughtDelta { text } => self.thought(state, text),
            Event::Plan(plan) if plan.0.needs_consent() => state.plan = Some(event),
            Event::MessageDelta { text } => self.delta(state, text),
            Event::MessageCompleted { text } => self.completed(state, text),
            Event::UploadProgress { bytes, total, .. } => {
                let lines = state.progress.update(Task::Upload, *bytes, *total);
                self.print(state, &lines);
            }
            Event::JobStatus { status, progress, .. } => {
                let task = match status.as_str() {
                    "running" | "computing" | "in_queue" => Some(Task::Run),
                    "fetching" => Some(Task::Fetch),
                    _ => None,
                };
                if task.is_none() {
                    state.progress.clear();
                }
                let again = state.several && task == Some(Task::Run) && state.running_told;
                state.running_told |= task == Some(Task::Run);
                if *status != state.last_status && !again {
                    state.last_status.clone_from(status);
                    let lines = render::lines(&event, &self.look);
                    self.print(state, &lines);
                }
                if let Some(task) = task {
                    let share = progress.filter(|p| p.is_finite()).map(|p| (p.clamp(0.0, 1.0) * 1000.0) as u64);
                    let lines = state.progress.update(task, share.unwrap_or(0), share.map_or(0, |_| 1000));
                    self.print(state, &lines);
                }
            }
            Event::ResultFetched { job, path, .. } => {
                state.progress.clear();
                self.result(state, job, Path::new(path));
                if state.batch.0 == 0 {
                    let lines = render::lines(&event, &self.look);
                    self.print(state, &lines);
                }
            }
            Event::Receipt(receipt) => {
                state.progress.clear();
                if let Some(result) = &receipt.result {
                    self.result(state, &receipt.job, &document_in(&result.path));
                }
                let lines = render::lines(&event, &self.look);
                self.print(state, &lines);
            }
            Event::TurnStarted { .. } | Event::SessionEnded { .. } => {
                state.progress.clear();
                state.last_status.clear();
                self.broken_off(state);
            }
            Event::Error { .. } | Event::Warning { .. } => {
                state.progress.clear();
                if matches!(event, Event::Error { .. }) {
                    self.broken_off(state);
                }
                let lines = render::lines(&event, &self.look);
                self.print_on(&self.errors, state, &lines);
            }
            Event::UploadCompleted { .. } | Event::ApprovalRequested { .. } => {
                state.progress.clear();
                let lines = render::lines(&event, &self.look);
                self.print(state, &lines);
            }
            _ => {
                let lines = render::lines(&event, &self.look);
                self.print(state, &lines);
            }
        }
    }
    /// What was streamed of an answer that a person stopped is shown to its end, and the line is ended.
    fn rest(&self) {
        let state = &mut *self.state();
        state.progress.clear();
        self.plan(state, None);
        self.thought_over(state);
        self.broken_off(state);
    }
}

/// A receipt may name the folder or the document in it.
fn document_in(path: &Path) -> PathBuf {
    if path.file_name().is_some_and(|name| name == RESULT_FILE) { path.to_owned() } else { path.join(RESULT_FILE) }
}

/// Reads a result document, or says in a sentence why it is not shown.
pub fn read_document(path: &Path) -> Result<ResultDocument, String> {
    let shown = plain_lines(&path.display().to_string());
    let file = plain_file::open(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    bounded::read(file, Bounds { bytes: MAX_DOCUMENT, ..BOUNDS }).map_err(|error| match error {
        BoundedError::Read(error) => format!("{shown} cannot be read: {error}"),
        BoundedError::TooLarge(_) => format!("{shown} is too large to be shown here"),
        BoundedError::Json(error) => format!("{shown} is no result document: {error}"),
    })
}

#[cfg(test)]
mod tests;
