//! The system prompt: the text in `prompts/`, the catalogue, and what the runtime knows now.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        job::{Job, JobState},
        task::TaskType,
    },
    model::{
        context::{Context, FileSeen, is_plain},
        words,
    },
    tools::next,
};

/// What the Scientific Orchestrator is told.
const SYSTEM: &str = include_str!("../../prompts/system.md");
/// What is said to a model that stopped while a job of its turn is open.
pub const OPEN: &str = include_str!("../../prompts/open.md");
/// What is said to a model whose answer was empty or no words.
pub const NONSENSE: &str = include_str!("../../prompts/nonsense.md");
/// What is said to a model whose answer was cut before its first word.
pub const CUT: &str = include_str!("../../prompts/cut.md");
/// What is said to a model that did nothing although it was asked, or says that it did or will.
const NOTHING: &str = include_str!("../../prompts/nothing.md");
/// What is said to a model that began some of several tasks, and stopped.
const PART: &str = include_str!("../../prompts/part.md");
/// What is said to a model whose answer is not so.
const CLAIMS: &str = include_str!("../../prompts/claims.md");
/// How the note on earlier turns begins.
pub const EARLIER: &str = include_str!("../../prompts/earlier.md");
/// What is said to a model whose call in the text cannot be read.
pub const BROKEN: &str = include_str!("../../prompts/broken.md");

/// The most entries of a folder that are looked at.
const MOST_ENTRIES: usize = 2000;
/// The newest jobs of a conversation that came to their ends are put back before a model; `list_jobs` has the others.
const MOST_ENDED: usize = 8;

/// Every text of `prompts/`.
pub fn texts() -> [&'static str; 9] {
    [SYSTEM, OPEN, NONSENSE, CUT, NOTHING, PART, CLAIMS, EARLIER, BROKEN]
}

/// The whole system prompt. What changes least comes first, so that a server's prefix cache serves.
pub fn system(tasks: &[TaskType], context: &Context) -> String {
    format!("{}\n\n{}\n{}", SYSTEM.trim_end(), self::tasks(tasks), context.to_text())
}

/// What a model is told of the catalogue.
pub fn tasks(tasks: &[TaskType]) -> String {
    let mut out =
        "# Task types\n\nThe values of `task_type` in `check_local_capability`. They are no tools.\n\n".to_owned();
    for task in tasks {
        out.push_str(&format!("- {}: {}", task.name, task.description.trim()));
        if let Some(caveat) = &task.caveat {
            out.push_str(&format!(" Caveat: {}", caveat.trim()));
        }
        out.push('\n');
    }
    out
}

/// The data files of the working folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Those whose names can stand in a prompt, by name.
    pub files: Vec<FileSeen>,
    /// Whether these are all.
    pub whole: bool,
}

/// What is known at the start of a turn.
pub fn context(files: &[FileSeen], jobs: &[Job], to_plan: bool) -> Context {
    let line = |job: &Job, more: String| {
        format!("{}: {} of {}, {}. {more}", job.id, job.task_type, job.verdict.dataset.path.display(), job.state)
    };
    let open = jobs.iter().filter(|j| !j.state.is_end()).map(|job| line(job, next::step(job)));
    let mut ended: Vec<&Job> = jobs.iter().filter(|j| j.state.is_end()).collect();
    ended.sort_by_key(|job| std::cmp::Reverse(job.created_at));
    ended.truncate(MOST_ENDED);
    ended.reverse();
    let ended = ended.into_iter().map(|job| line(job, cost(job)));
    Context { files: files.to_vec(), jobs: open.collect(), ended: ended.collect(), dry_run: to_plan }
}

/// What a job at its end cost, in one sentence.
fn cost(job: &Job) -> String {
    match &job.quote {
        Some(quote) if job.state == JobState::Done || job.state == JobState::PaidButFailed => {
            format!("It cost {} GAS, without the network's fees.", quote.amount.gas_string())
        }
        _ => "It cost nothing.".to_owned(),
    }
}

/// Looks into a folder for files whose names look like data. A folder that cannot be read has none.
pub fn seen_in(folder: &Path) -> Seen {
    let Ok(entries) = std::fs::read_dir(folder) else { return Seen::default() };
    let mut seen = Seen { files: Vec::new(), whole: true };
    for (i, entry) in entries.enumerate() {
        if i >= MOST_ENTRIES {
            seen.whole = false;
            break;
        }
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        if shown.starts_with('.') || !words::has_data_ending(&shown) {
            continue;
        }
        // What a link leads to is what counts.
        let Ok(meta) = std::fs::metadata(entry.path()) else { continue };
        if !meta.is_file() {
            continue;
        }
        match name.to_str().filter(|n| is_plain(n)) {
            Some(path) => seen.files.push(FileSeen { path: path.to_owned(), bytes: meta.len() }),
            None => seen.whole = false,
        }
    }
    seen.files.sort_by(|a, b| a.path.cmp(&b.path));
    seen
}

/// What a model is told of jobs that are open although it stopped.
pub fn open(jobs: &[&Job]) -> String {
    let lines: Vec<String> = jobs.iter().map(|j| format!("- {} is {}. {}", j.id, j.state, next::step(j))).collect();
    OPEN.trim().replace("{jobs}", &lines.join("\n"))
}

/// What a model is told that began nothing, with the step that the person's wish waits for, where it is plain.
pub fn nothing(step: Option<String>) -> String {
    let step = step.unwrap_or_else(|| "Call check_local_capability with its task_type and dataset.".to_owned());
    NOTHING.trim().replace("{step}", &step)
}

/// What a model is told that began so many of the tasks that were asked for, with the step that comes next.
pub fn part(begun: usize, asked: usize, step: Option<String>) -> String {
    let step = step.unwrap_or_else(|| "Call check_local_capability for the next one.".to_owned());
    let numbers = PART.trim().replace("{begun}", &begun.to_string()).replace("{asked}", &asked.to_string());
    numbers.replace("{step}", &step)
}

/// What a model is told of a call in its text that cannot be read.
pub fn broken(why: &str, step: Option<String>) -> String {
    let step = step.unwrap_or_else(|| "Make the call again, as one proper tool call.".to_owned());
    BROKEN.trim().replace("{why}", why).replace("{step}", &step)
}

/// What a model is told of an answer that is not so, each claim in half a sentence.
pub fn untrue(claims: &[String]) -> String {
    let lines: Vec<String> = claims.iter().map(|claim| format!("- {claim}")).collect();
    CLAIMS.trim().replace("{claims}", &lines.join("\n"))
}
