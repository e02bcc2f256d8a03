//! The system prompt: the text in `prompts/`, the catalogue, and what the runtime knows now.

use std::path::Path;

use crate::{
    model::context::{Context, FileSeen},
    tools::next,
};
use domain::{
    job::{Job, JobState},
    request::Until,
    task::TaskType,
    units::clean,
};

/// What the Scientific Orchestrator is told.
const SYSTEM: &str = include_str!("../../prompts/system.md");
/// What a model is told that only writes words.
const FOR_WORDS: &str = include_str!("../../prompts/for_words.md");
/// What is said to a model that stopped while a job of its turn is open.
pub const OPEN: &str = include_str!("../../prompts/open.md");
/// What is said to a model whose answer was empty or no words.
pub const NONSENSE: &str = include_str!("../../prompts/nonsense.md");
/// What is said to a model whose answer was cut before its first word.
pub const CUT: &str = include_str!("../../prompts/cut.md");
/// What a model is told that is asked for words on what came of a request.
const WORDS: &str = include_str!("../../prompts/words.md");
/// What a model is told that answers a person who wants no work.
const TALK: &str = include_str!("../../prompts/talk.md");
/// How the note on earlier turns begins.
pub const EARLIER: &str = include_str!("../../prompts/earlier.md");
/// What is said to a model whose call in the text cannot be read.
pub const BROKEN: &str = include_str!("../../prompts/broken.md");

/// The most entries of a folder that are looked at.
const MOST_ENTRIES: usize = 2000;
/// The newest jobs of a conversation that came to their ends are put back before a model; `list_jobs` has the others.
const MOST_ENDED: usize = 8;
/// What is shown of all tasks together, characters: the more there are, the less is said of each.
const ALL_TASKS: usize = 920;
/// What is shown of one at most and at least.
const LONGEST_TASK: usize = 400;
const SHORTEST_TASK: usize = 40;
/// Endings of files that people compute on.
const ENDINGS: [&str; 28] = [
    "fasta", "fa", "fna", "faa", "ffn", "frn", "fas", "fastq", "fq", "txt", "md", "rst", "csv", "tsv", "gz", "zst",
    "bz2", "xz", "json", "gb", "gbk", "embl", "sam", "hmm", "aln", "sto", "log", "text",
];

/// Every text of `prompts/`.
pub fn texts() -> [&'static str; 9] {
    [SYSTEM, FOR_WORDS, OPEN, NONSENSE, CUT, WORDS, TALK, EARLIER, BROKEN]
}

/// The whole system prompt. What changes least comes first, so that a server's prefix cache serves.
pub fn system(tasks: &[TaskType], context: &Context) -> String {
    format!("{}\n\n{}\n{}", SYSTEM.trim_end(), self::tasks(tasks), context.to_text())
}

/// The system prompt of a model that is asked for words alone: what there is to do is done by the program. It stays the same for
/// a whole session, so that a server's prefix cache serves.
pub fn for_words(tasks: &[TaskType]) -> String {
    format!("{}\n{}", FOR_WORDS.trim_end(), lines(tasks))
}

/// The tasks, a line each.
fn lines(tasks: &[TaskType]) -> String {
    let room = (ALL_TASKS / tasks.len().max(1)).clamp(SHORTEST_TASK, LONGEST_TASK);
    let line = |task: &TaskType| {
        let first = task.description.split(". ").next().unwrap_or_default();
        format!("- {}: {}\n", task.name, clean(first.trim(), room))
    };
    tasks.iter().map(line).collect()
}

/// What a model is told of the catalogue.
pub fn tasks(tasks: &[TaskType]) -> String {
    let told = "# Task types\n\nThe values of `task_type` in `check_local_capability`. They are no tools.\n";
    format!("{told}\n{}", lines(tasks))
}

/// What is known at the start of a turn.
pub fn context(files: &[FileSeen], jobs: &[Job], to_plan: bool) -> Context {
    let open = jobs.iter().filter(|j| !j.state.is_end()).map(job_line);
    let mut ended: Vec<&Job> = jobs.iter().filter(|j| j.state.is_end()).collect();
    ended.sort_by_key(|job| std::cmp::Reverse(job.created_at));
    ended.truncate(MOST_ENDED);
    ended.reverse();
    let ended = ended.into_iter().map(job_line);
    Context { files: files.to_vec(), jobs: open.collect(), ended: ended.collect(), dry_run: to_plan }
}

/// A job in one line: its id, task, file and state, and what it cost where it ended.
pub fn job_line(job: &Job) -> String {
    let line = format!("{}: {} of {}, {}.", job.id, job.task_type, job.verdict.dataset.path.display(), job.state);
    if job.state.is_end() { format!("{line} {}", cost(job)) } else { line }
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

/// Looks into a folder for files whose names look like data, by name. A folder that cannot be read has none. What is no text in
/// a name is replaced: a plan then says of the file why it cannot be read, and it is not passed over in silence. Which names
/// can stand in a prompt is for those to say who write one.
pub fn seen_in(folder: &Path) -> Vec<FileSeen> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut seen = Vec::new();
    for entry in entries.take(MOST_ENTRIES).flatten() {
        let name = entry.file_name();
        let path = name.to_string_lossy();
        if !has_data_ending(&path) {
            continue;
        }
        // What a link leads to is what counts.
        let Ok(meta) = std::fs::metadata(entry.path()) else { continue };
        if meta.is_file() {
            seen.push(FileSeen { path: path.into_owned(), bytes: meta.len() });
        }
    }
    seen.sort_by(|a, b| a.path.cmp(&b.path));
    seen
}

/// The data files of a folder and of its folders, and those folders; hidden ones are left out.
pub fn seen_below(folder: &Path) -> (Vec<FileSeen>, Vec<String>) {
    let mut files = seen_in(folder);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || !entry.path().is_dir() {
            continue;
        }
        let within = seen_in(&entry.path());
        files.extend(within.into_iter().map(|file| FileSeen { path: format!("{name}/{}", file.path), ..file }));
        folders.push(name);
    }
    files.sort_by(|a, b| guard::machine::expand::natural(Path::new(&a.path), Path::new(&b.path)));
    folders.sort();
    (files, folders)
}

/// Whether a file is not hidden and its name ends as data files do.
fn has_data_ending(name: &str) -> bool {
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty() && !stem.starts_with('.'));
    ending.is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// What a model is told of jobs that are open although it stopped.
pub fn open(jobs: &[&Job], until: Until) -> String {
    let line = |job: &&Job| format!("- {} is {}. {}", job.id, job.state, next::step(job, until));
    let mut lines: Vec<String> = jobs.iter().take(next::MOST_JOBS).map(line).collect();
    if jobs.len() > lines.len() {
        lines.push(format!("- and {} more. {}", jobs.len() - lines.len(), next::steps(jobs, until)));
    }
    OPEN.trim().replace("{jobs}", &lines.join("\n"))
}

/// What a model is told that is asked for words on what came of a request.
pub fn words(came: &str) -> String {
    WORDS.trim().replace("{came}", came)
}

/// What a model is told that answers a person who wants no work.
pub fn talk(context: &Context) -> String {
    TALK.trim().replace("{context}", context.to_text().trim())
}

/// What a model is told of a call in its text that cannot be read.
pub fn broken(why: &str, step: Option<String>) -> String {
    let step = step.unwrap_or_else(|| "Make the call again, as one proper tool call.".to_owned());
    BROKEN.trim().replace("{why}", why).replace("{step}", &step)
}
