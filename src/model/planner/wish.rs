//! What a person wants, read from their words.

use serde_json::Value;

use super::{
    Seen,
    refer::{self, Meant},
};
use crate::{
    domain::{
        dataset::Format,
        ids::JobId,
        task::{Parameters, TaskType},
    },
    model::{
        about::{self, Question, Talk},
        phrases, words,
    },
};

/// What a person wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wish {
    /// Tasks on datasets.
    Work(Vec<Wanted>),
    /// A task, and it is not plain on which file.
    WhichFile {
        /// The task.
        task: String,
        /// Files it could be.
        candidates: Vec<String>,
    },
    /// Something with a file, and it is not plain what.
    WhichTask {
        /// The file.
        dataset: String,
    },
    /// A task that needs a second file.
    SecondFile {
        /// The task.
        task: String,
        /// Which of its parameters.
        parameter: String,
    },
    /// A job is to go on.
    GoOn(Option<JobId>),
    /// A question about jobs.
    About(Question, Which),
    /// What there is to ask for.
    Help,
    /// Good day.
    Greeting,
    /// Thanks.
    Thanks,
    /// Anything else.
    Unknown,
}

/// Which jobs are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that was named.
    Named(JobId),
    /// Those on these datasets.
    On(Vec<String>),
    /// Those that were talked about last, or else all.
    Last,
    /// All there are.
    All,
}

/// One task on one dataset.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// The task's name, as the catalogue has it or as the person called it.
    pub(super) task: String,
    /// The path.
    pub(super) dataset: String,
    /// What was chosen.
    pub(super) parameters: Parameters,
    /// The size they say it has.
    pub(super) claimed_bytes: Option<u64>,
}

const GO_ON: [&str; 11] =
    ["resume", "continue", "go on", "go ahead", "carry on", "finish", "pay", "wait for", "fetch", "proceed", "run it"];
/// Reads the person's words, with what they said before where these do not say it all.
pub(super) fn read(seen: &Seen, tasks: &[TaskType]) -> Wish {
    let text = &seen.prompt;
    let job = words::jobs(text).into_iter().next();
    let files = words::files(text, &seen.files());
    let named = phrases::tasks_in(text, tasks);
    if let Some(question) = about::question(text, !named.is_empty(), !files.is_empty(), job.is_some()) {
        let which = match job {
            Some(job) => Which::Named(job),
            None if !files.is_empty() => Which::On(files),
            None if about::means_all(text, question) => Which::All,
            None => Which::Last,
        };
        return Wish::About(question, which);
    }
    if files.is_empty() && (job.is_some() || named.is_empty()) {
        if words::says_any(&words::plain(text), &GO_ON) {
            return Wish::GoOn(job);
        }
        if let Some(job) = job {
            return Wish::About(Question::Status, Which::Named(job));
        }
        match about::small_talk(text) {
            Some(Talk::Help) => return Wish::Help,
            Some(Talk::Greeting) => return Wish::Greeting,
            Some(Talk::Thanks) => return Wish::Thanks,
            None => {}
        }
    }
    work(seen, tasks, &named, files)
}

/// Tasks and datasets, the missing half taken from what was said before.
fn work(seen: &Seen, tasks: &[TaskType], named: &[&TaskType], files: Vec<String>) -> Wish {
    let text = &seen.prompt;
    let known = seen.files();
    let before = seen.earlier.iter().find(|e| !phrases::tasks_in(e, tasks).is_empty());
    let mut chosen: Vec<(&TaskType, Parameters)> =
        named.iter().map(|task| (*task, phrases::parameters_in(text, task))).collect();
    if chosen.is_empty()
        && let Some(before) = before
    {
        for task in phrases::tasks_in(before, tasks) {
            let mut parameters = phrases::parameters_in(before, task);
            let now = phrases::parameters_in(text, task);
            let follows = !files.is_empty()
                || !now.is_empty()
                || words::says(&words::plain(text), "again")
                || refer::refers(text);
            parameters.extend(now);
            if follows {
                chosen.push((task, parameters));
            }
        }
    }
    let Some((first, _)) = chosen.first() else {
        return match files.into_iter().next() {
            Some(dataset) => match task_called(text) {
                Some(task) => Wish::Work(vec![Wanted {
                    task,
                    dataset,
                    parameters: Parameters::new(),
                    claimed_bytes: words::claimed_bytes(text),
                }]),
                None => Wish::WhichTask { dataset },
            },
            None => Wish::Unknown,
        };
    };
    let files = if files.is_empty() {
        let candidates: Vec<String> = known.iter().filter(|f| fits(first, f)).cloned().collect();
        let named = seen.earlier.iter().map(|e| words::files(e, &known)).find(|f| !f.is_empty());
        match refer::meant(text, &candidates, named.as_deref().unwrap_or_default(), &seen.used_by(&first.name)) {
            Some(Meant::These(files)) => files,
            Some(Meant::OneOf(candidates)) => return Wish::WhichFile { task: first.name.clone(), candidates },
            None => match (named, candidates.as_slice()) {
                (Some(files), _) => files,
                (None, [only]) => vec![only.clone()],
                (None, _) => return Wish::WhichFile { task: first.name.clone(), candidates },
            },
        }
    } else {
        files
    };
    pairs(text, &chosen, files)
}

/// Which task on which file.
fn pairs(text: &str, chosen: &[(&TaskType, Parameters)], files: Vec<String>) -> Wish {
    let claimed_bytes = words::claimed_bytes(text);
    let mut out = Vec::new();
    for (task, parameters) in chosen {
        let mut parameters = parameters.clone();
        let mut datasets = files.clone();
        if let Some(parameter) = phrases::file_parameters(task).first() {
            let Some(second) = take_second(text, task, &mut datasets) else {
                return Wish::SecondFile { task: task.name.clone(), parameter: (*parameter).to_owned() };
            };
            parameters.insert((*parameter).to_owned(), Value::from(second));
        }
        for dataset in datasets {
            out.push(Wanted { task: task.name.clone(), dataset, parameters: parameters.clone(), claimed_bytes });
        }
    }
    Wish::Work(out)
}

/// The file that is searched in or with, taken out of the datasets: the profile, or what follows "against".
fn take_second(text: &str, task: &TaskType, datasets: &mut Vec<String>) -> Option<String> {
    if datasets.len() < 2 {
        return None;
    }
    let profile = datasets.iter().position(|f| f.to_ascii_lowercase().ends_with(".hmm"));
    let after = |word: &str| {
        let (_, tail) = text.split_once(word)?;
        datasets.iter().position(|f| tail.contains(f.as_str()))
    };
    let at = match phrases::file_parameters(task).first() {
        Some(&"profile") => profile.or_else(|| after(" with ")),
        _ => after(" against ").or_else(|| after(" in ")),
    };
    Some(datasets.remove(at.unwrap_or(datasets.len() - 1)))
}

/// Whether a file's name fits what a task works on.
fn fits(task: &TaskType, file: &str) -> bool {
    const FASTA: [&str; 7] = ["fasta", "fa", "fna", "faa", "ffn", "frn", "fas"];
    let lower = file.to_ascii_lowercase();
    let name = lower.strip_suffix(".gz").unwrap_or(&lower);
    let end = name.rsplit('.').next().unwrap_or_default();
    task.formats.iter().any(|format| match format {
        Format::Fasta => FASTA.contains(&end),
        Format::Fastq => ["fastq", "fq"].contains(&end),
        Format::Text => ["txt", "text", "md", "rst", "log"].contains(&end),
        Format::Binary => false,
    })
}

/// What a person calls a task that the catalogue does not have: `run molecular docking on x.fasta`.
fn task_called(text: &str) -> Option<String> {
    const VERBS: [&str; 7] = ["run", "do", "perform", "compute", "calculate", "start", "make"];
    let plain = words::plain(text);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let verb = words.iter().position(|w| VERBS.contains(w))?;
    let end = words.iter().skip(verb).position(|w| ["on", "of", "for", "with", "over"].contains(w))? + verb;
    let name: Vec<&str> = words
        .get(verb + 1..end)?
        .iter()
        .filter(|w| !["a", "an", "the", "some", "me", "please"].contains(w))
        .copied()
        .collect();
    (!name.is_empty() && name.len() <= 4).then(|| name.join("_"))
}
