//! What a person wants, read from their words.

use serde_json::Value;

use super::{
    Seen, pairs,
    plain::{self, Level, Reading},
    refer::{self, Meant},
};
use crate::{
    domain::{
        dataset::Format,
        ids::JobId,
        money::Datoshi,
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
    /// Tasks on datasets, and how plainly they were asked for.
    Work(Vec<Wanted>, Reading),
    /// Two values for one parameter.
    TwoValues {
        /// The parameter.
        parameter: String,
        /// The values, as they were said.
        values: Vec<Value>,
    },
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
    /// A job is to go on, and may cost no more than this, where that was said.
    GoOn(Option<JobId>, Option<Datoshi>),
    /// Something of a job that is to go on, not plainly said.
    NotPlain(Option<JobId>),
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
/// What may stand beside these.
const BESIDE: [&str; 5] = ["payment", "wait", "quote", "pay the quote", "you"];
/// Yes, to a question.
const YES: [&str; 22] = [
    "yes",
    "yes please",
    "yes do it",
    "yes go ahead",
    "yes do that",
    "yes run it",
    "do it",
    "do that",
    "please do",
    "go ahead",
    "go on",
    "ok",
    "okay",
    "sure",
    "proceed",
    "run it",
    "go ahead run it",
    "ok do it",
    "ok go ahead",
    "ja",
    "ja bitte",
    "y",
];

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
    if let Some(wish) = yes(seen, tasks) {
        return wish;
    }
    if files.is_empty() && (job.is_some() || named.is_empty()) {
        if words::says_any(&words::plain(text), &GO_ON) {
            let more: Vec<&str> = GO_ON.iter().chain(&BESIDE).copied().collect();
            let reading = plain::read(text, &files, &[], true, &more);
            return match reading.level {
                // Whoever wants to pay nothing does not want to go on.
                Level::Plain if reading.limit != Some(Datoshi::ZERO) => Wish::GoOn(job, reading.limit),
                _ => Wish::NotPlain(job),
            };
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

/// What a yes is said to: the question back of the turn before, or a job of it that was only looked at.
fn yes(seen: &Seen, tasks: &[TaskType]) -> Option<Wish> {
    let said = words::plain(&seen.prompt);
    if !seen.asked_back || !YES.contains(&said.trim()) {
        return None;
    }
    if seen.called_before {
        return Some(Wish::GoOn(None, None));
    }
    match read(&seen.before()?, tasks) {
        Wish::Work(wanted, Reading { level: Level::Unclear(_), limit }) => {
            Some(Wish::Work(wanted, Reading { level: Level::Plain, limit }))
        }
        _ => None,
    }
}

/// Tasks and datasets, the missing half taken from what was said before.
fn work(seen: &Seen, tasks: &[TaskType], named: &[&TaskType], files: Vec<String>) -> Wish {
    let text = &seen.prompt;
    let known = seen.files();
    let files = if files.is_empty() && !named.is_empty() { named_otherwise(text, tasks) } else { files };
    let before = seen.earlier.iter().find(|e| !phrases::tasks_in(e, tasks).is_empty());
    let mut chosen: Vec<(&TaskType, Parameters)> = Vec::new();
    let mut first_said = None;
    for task in named {
        match parameters(text, &files, task) {
            Ok(parameters) => chosen.push((*task, parameters)),
            Err(wish) => return wish,
        }
    }
    if chosen.is_empty()
        && let Some(before) = before
    {
        let files_before = words::files(before, &known);
        let then = phrases::tasks_in(before, tasks);
        for task in &then {
            let (earlier, now) = match (parameters(before, &files_before, task), parameters(text, &files, task)) {
                (Ok(earlier), Ok(now)) => (earlier, now),
                (Err(wish), _) | (_, Err(wish)) => return wish,
            };
            let follows = !files.is_empty()
                || !now.is_empty()
                || words::says(&words::plain(text), "again")
                || refer::refers(text);
            if follows {
                let mut parameters = earlier;
                parameters.extend(now);
                chosen.push((task, parameters));
            }
        }
        first_said = Some(plain::read(before, &files_before, &then, false, &refer::said(before, &files_before)));
    }
    let Some((first, _)) = chosen.first() else {
        return match files.into_iter().next() {
            Some(dataset) => match task_called(text) {
                Some(task) => {
                    let parameters = Parameters::new();
                    let wanted = Wanted { task, dataset, parameters, claimed_bytes: words::claimed_bytes(text) };
                    Wish::Work(vec![wanted], Reading { level: Level::Look(None), limit: None })
                }
                None => Wish::WhichTask { dataset },
            },
            None => Wish::Unknown,
        };
    };
    let working: Vec<&TaskType> = chosen.iter().map(|(task, _)| *task).collect();
    let follows = first_said.is_some();
    let mut reading = plain::read(text, &files, &working, follows, &refer::said(text, &files));
    if let Some(before) = first_said {
        // A bare name after a request that had its file is no order yet.
        let bare = words::tokens(text, &files).iter().all(|t| t.kind == words::Kind::File);
        let had = seen.earlier.iter().find(|e| !phrases::tasks_in(e, tasks).is_empty());
        let had = had.is_some_and(|e| !words::files(e, &known).is_empty());
        let now = if bare && had { reading.level.least(Level::Free) } else { reading.level };
        let level = match before.level {
            level @ (Level::Plain | Level::Free) => now.least(level),
            // What was doubted once is not begun by half a sentence.
            _ => now.least(Level::Look(None)),
        };
        let limit = match (before.limit, reading.limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        reading = Reading { level, limit };
    }
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
    match pairs::pairs(text, &chosen, files) {
        Ok(wanted) => Wish::Work(wanted, reading),
        Err(wish) => wish,
    }
}

/// What is named like a file where no dataset is: `secret.env`. The guard says what of it may be read.
fn named_otherwise(text: &str, tasks: &[TaskType]) -> Vec<String> {
    let ours = |word: &String| {
        tasks.iter().any(|task| {
            task.name == *word || task.asked_as.contains(word) || task.parameters.keys().any(|name| name == word)
        })
    };
    words::path_like(text).into_iter().filter(|word| !ours(word)).collect()
}

/// What a text chooses for a task; two values for one parameter are a question.
fn parameters(text: &str, files: &[String], task: &TaskType) -> Result<Parameters, Wish> {
    let mut out = Parameters::new();
    for choice in phrases::choices(&words::tokens(text, files), task) {
        if let Some(other) = out.get(&choice.name).filter(|other| **other != choice.value) {
            let values = vec![other.clone(), choice.value];
            return Err(Wish::TwoValues { parameter: choice.name, values });
        }
        out.insert(choice.name, choice.value);
    }
    Ok(out)
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
