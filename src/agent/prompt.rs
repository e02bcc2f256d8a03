//! The system prompt: the text in `prompts/`, the catalogue, and what the runtime knows now.

use std::path::Path;

use crate::{
    domain::{job::Job, task::TaskType, units::clean},
    model::{
        context::{Context, FileSeen},
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
/// What is said to a model whose call in the text cannot be read.
pub const BROKEN: &str = include_str!("../../prompts/broken.md");

/// The most entries of a folder that are looked at.
const MOST_ENTRIES: usize = 2000;

/// The whole system prompt. What changes least comes first, so that a server's prefix cache serves.
pub fn system(tasks: &[TaskType], context: &Context) -> String {
    format!("{}\n\n{}\n{}", SYSTEM.trim_end(), self::tasks(tasks), context.to_text())
}

/// What a model is told of the catalogue.
pub fn tasks(tasks: &[TaskType]) -> String {
    let mut out = "# Tasks\n\n".to_owned();
    for task in tasks {
        out.push_str(&format!("- `{}`: {}", task.name, task.description.trim()));
        if let Some(caveat) = &task.caveat {
            out.push_str(&format!(" Caveat: {}", caveat.trim()));
        }
        out.push('\n');
    }
    out
}

/// What is known at the start of a turn.
pub fn context(folder: &Path, jobs: &[Job], dry_run: bool) -> Context {
    let jobs = jobs.iter().filter(|j| !j.state.is_end()).map(|job| {
        format!(
            "{}: {} of {}, {}. {}",
            job.id,
            job.task_type,
            job.verdict.dataset.path.display(),
            job.state,
            next::step(job)
        )
    });
    Context { files: data_files(folder), jobs: jobs.collect(), dry_run }
}

/// Files in a folder whose names look like data, by name. A folder that cannot be read has none.
fn data_files(folder: &Path) -> Vec<FileSeen> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<FileSeen> = entries
        .take(MOST_ENTRIES)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.file_name().to_str()?.to_owned();
            let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let data = !path.starts_with('.') && words::has_data_ending(&path);
            (data && clean(&path, 200) == path).then_some(FileSeen { path, bytes: meta.len() })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// What a model is told of jobs that are open although it stopped.
pub fn open(jobs: &[&Job]) -> String {
    let lines: Vec<String> = jobs.iter().map(|j| format!("- {} is {}. {}", j.id, j.state, next::step(j))).collect();
    OPEN.trim().replace("{jobs}", &lines.join("\n"))
}

/// What a model is told of a call in its text that cannot be read.
pub fn broken(why: &str) -> String {
    BROKEN.trim().replace("{why}", why)
}
