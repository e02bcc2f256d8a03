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
    model::{phrases, words},
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

/// What is asked about jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// How they stand.
    Status,
    /// What they cost.
    Cost,
    /// What came out.
    Outcome,
    /// Where their files are.
    Folders,
    /// Why they run where they run.
    Place,
    /// How they are given up.
    Cancel,
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

const COST: [&str; 8] = ["cost", "costs", "how much did", "spent", "spend", "price", "paid so far", "budget"];
const IN_ALL: [&str; 9] =
    ["in total", "total", "so far", "altogether", "in all", "all jobs", "overall", "all of them", "today"];
const STATUS: [&str; 27] = [
    "did it finish",
    "is it finished",
    "how far",
    "how is it going",
    "is it ready",
    "did it work",
    "did you pay",
    "have you paid",
    "is it paid",
    "was it paid",
    "status",
    "state of",
    "list my jobs",
    "list jobs",
    "list the jobs",
    "list all jobs",
    "show jobs",
    "show my jobs",
    "my jobs",
    "all jobs",
    "open jobs",
    "what is running",
    "what is open",
    "is it done",
    "are they done",
    "finished yet",
    "which jobs",
];
const LISTS: [&str; 9] = [
    "my jobs",
    "list jobs",
    "list the jobs",
    "all jobs",
    "show jobs",
    "open jobs",
    "what is running",
    "what is open",
    "which jobs",
];
const OUTCOME: [&str; 14] = [
    "what came out",
    "what was the result",
    "what were the results",
    "what is the result",
    "what are the results",
    "what s the result",
    "show me the result",
    "show the result",
    "show me the results",
    "what did you find",
    "what did it find",
    "what does it mean",
    "what does that mean",
    "explain the result",
];
const FOLDERS: [&str; 12] = [
    "where are the files",
    "where is the file",
    "where are the results",
    "where is the result",
    "where are they",
    "where did you put",
    "which folder",
    "where can i find",
    "where do i find",
    "where is it saved",
    "where was it saved",
    "where are my",
];
const PLACE: [&str; 9] = [
    "why did it run",
    "why did that run",
    "why not here",
    "why not on this machine",
    "why not on my machine",
    "why offload",
    "why at the provider",
    "why was it offloaded",
    "why did you offload",
];
const GO_ON: [&str; 11] =
    ["resume", "continue", "go on", "go ahead", "carry on", "finish", "pay", "wait for", "fetch", "proceed", "run it"];
const HELP: [&str; 9] = [
    "help",
    "what can you do",
    "who are you",
    "what are you",
    "what tasks",
    "which tasks",
    "how do i",
    "how does this work",
    "usage",
];
const GREETING: [&str; 8] =
    ["hi", "hello", "hey", "good morning", "good evening", "good afternoon", "good day", "moin"];
const THANKS: [&str; 4] = ["thanks", "thank you", "thx", "great"];

/// Reads the person's words, with what they said before where these do not say it all.
pub(super) fn read(seen: &Seen, tasks: &[TaskType]) -> Wish {
    let text = &seen.prompt;
    let plain = words::plain(text);
    let says = |phrases: &[&str]| words::says_any(&plain, phrases);
    let job = words::jobs(text).into_iter().next();
    let files = words::files(text, &seen.files());
    let named = phrases::tasks_in(text, tasks);
    if let Some(question) = question(text, &plain, !named.is_empty(), &files, job.is_some()) {
        let which = match job {
            Some(job) => Which::Named(job),
            None if !files.is_empty() => Which::On(files),
            None if says(&IN_ALL) || (question == Question::Status && says(&LISTS)) => Which::All,
            None => Which::Last,
        };
        return Wish::About(question, which);
    }
    if files.is_empty() && (job.is_some() || named.is_empty()) {
        let short = plain.split_whitespace().count() <= 4;
        match () {
            () if says(&GO_ON) => return Wish::GoOn(job),
            () if job.is_some() => return Wish::About(Question::Status, job.map_or(Which::Last, Which::Named)),
            () if says(&HELP) => return Wish::Help,
            () if says(&GREETING) && short => return Wish::Greeting,
            () if says(&THANKS) && short => return Wish::Thanks,
            () => {}
        }
    }
    work(seen, tasks, &named, files)
}

/// The question about jobs that a text asks. A file in it is one of theirs only where the question is of what was.
fn question(text: &str, plain: &str, names_task: bool, files: &[String], names_job: bool) -> Option<Question> {
    let says = |phrases: &[&str]| words::says_any(plain, phrases);
    if words::wants_cancel(text) {
        return Some(Question::Cancel);
    }
    if words::only_asks(text) {
        return None;
    }
    let past = says(&["did", "was", "were", "spent", "paid"]);
    let alone = files.is_empty() && !names_task;
    match () {
        () if says(&OUTCOME) => Some(Question::Outcome),
        () if says(&FOLDERS) => Some(Question::Folders),
        () if says(&PLACE) => Some(Question::Place),
        () if says(&COST) && (past || names_job || alone) => Some(Question::Cost),
        () if says(&STATUS) && files.is_empty() => Some(Question::Status),
        () => None,
    }
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
