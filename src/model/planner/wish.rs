//! What a person wants, read from their words.

use serde_json::Value;

use super::{
    curious,
    left_out::left_out,
    limit, named,
    plain::Reading,
    refer::{self, Place},
    thread::{Asked, Thread},
    work,
};
use crate::{
    domain::{
        ids::JobId,
        money::Datoshi,
        task::{Parameters, TaskType},
    },
    model::{
        about::{self, Question, Talk},
        context::Context,
        phrases,
        words::{self, Kind},
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
        /// The task that it is one of, as far as it was said.
        chosen: Vec<(String, Parameters)>,
        /// The files that were named.
        files: Vec<String>,
        /// How it was asked for.
        reading: Reading,
    },
    /// Tasks, and it is not plain on which file.
    WhichFile {
        /// The tasks, with what was chosen.
        chosen: Vec<(String, Parameters)>,
        /// Files it could be.
        candidates: Vec<String>,
        /// How it was asked for.
        reading: Reading,
    },
    /// The only file that it could be is far smaller than the one that is spoken of.
    TooSmall {
        /// What would be done with it.
        wanted: Vec<Wanted>,
        /// How it was asked for.
        reading: Reading,
        /// The file's size, bytes.
        bytes: u64,
        /// The size that was said, bytes.
        claimed: u64,
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
    GoOn {
        /// The one that was named.
        job: Option<JobId>,
        /// The most that it may cost, where that was said.
        limit: Option<Datoshi>,
        /// Whether it is only waited for.
        waits: bool,
    },
    /// Something of a job that is to go on, not plainly said.
    NotPlain(Option<JobId>),
    /// A question about jobs.
    About(Question, Which),
    /// Which files there are.
    Files,
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
    /// Those of this task and on these datasets, where some were named.
    Of(Option<String>, Vec<String>),
    /// Those at a place in the conversation, of this task and on these datasets where some were named.
    At(Place, Option<String>, Vec<String>),
    /// Those that were talked about last, or else all.
    Last,
    /// Those of this conversation, or else all.
    Conversation,
    /// All there are.
    All,
}

/// One task on one dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The task's name, as the catalogue has it or as the person called it.
    pub task: String,
    /// The path.
    pub dataset: String,
    /// What was chosen.
    pub parameters: Parameters,
    /// The size they say it has.
    pub claimed_bytes: Option<u64>,
}

/// Words with which a job is to go on.
const GO_ON: [&str; 11] =
    ["resume", "continue", "go on", "go ahead", "carry on", "finish", "pay", "wait for", "fetch", "proceed", "run it"];
/// Of these, those that begin nothing and pay nothing.
const WAITS: [&str; 3] = ["finish", "wait for", "fetch"];
/// Of these, those that go on with a job that was not talked about.
const RESUMES: [&str; 7] = ["resume", "continue", "carry on", "pay", "finish", "fetch", "wait for"];
/// What they must be said of: "finish" alone may be the end of the talk.
const OF: [&str; 6] = ["it", "that", "this", "job", "result", "results"];
/// What may stand beside words with which a job is to go on. Any other word makes them no plain ones.
const BESIDE: &str = "resume continue go on ahead carry finish pay wait for fetch proceed run it that this the job result results \
                      payment quote with and then now so please ok okay yes great fine good perfect thanks";
/// Yes, to a question, without the words around it.
const YES: [&str; 26] = [
    "yes",
    "yes do it",
    "yes go ahead",
    "yes do that",
    "yes run it",
    "do it",
    "do that",
    "do",
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
    "that s go ahead",
    "that is go ahead",
    "looks do it for real",
    "looks go ahead",
    "looks do it",
    "do it for real",
    "ja",
    "y",
];
/// Words around a yes that change nothing.
const AROUND: [&str; 11] =
    ["please", "great", "thanks", "fine", "good", "perfect", "then", "now", "bitte", "and", "well"];

/// Reads the person's words, with what stands before them where they do not say it all.
pub(super) fn read(text: &str, thread: &Thread, context: &Context, tasks: &[TaskType]) -> Wish {
    let text = named::body(text);
    let job = words::jobs(text).into_iter().next();
    let known: Vec<String> = context.files.iter().map(|f| f.path.clone()).collect();
    let files = words::files(text, &known);
    let asked = words::without_files(text, &files);
    let named = phrases::tasks_in(&asked, tasks);
    // What is left out is no file of the wish.
    let (cut, left_out) = if named.is_empty() { (text.to_owned(), Vec::new()) } else { left_out(text, &files) };
    let (text, files): (&str, Vec<String>) =
        (&cut, files.into_iter().filter(|file| !left_out.contains(file)).collect());
    let said = words::without_files(text, &files);
    let named = phrases::tasks_in(&said, tasks);
    let task = named.first().map(|task| task.name.clone());
    if let Some(wish) = curious::read(&said, thread, &named, &files, job.as_ref()) {
        return wish;
    }
    if let Some(question) = about::question(&said, !named.is_empty(), !files.is_empty(), job.is_some()) {
        return Wish::About(question, which(&said, question, job, task, files));
    }
    if let Some(wish) = yes(text, thread) {
        return wish;
    }
    if files.is_empty() && (job.is_some() || named.is_empty()) {
        let wish = words::says_any(&words::plain(text), &GO_ON) && !work::says_again(text);
        if let Some(wish) = wish.then(|| onward(text, job.clone(), thread)) {
            return curious::instead(wish, &said, thread);
        }
        if let Some(job) = job {
            return Wish::About(Question::Status, Which::Named(job));
        }
        match about::small_talk(&said) {
            Some(Talk::Help) => return Wish::Help,
            Some(Talk::Files) => return Wish::Files,
            Some(Talk::Greeting) => return Wish::Greeting,
            Some(Talk::Thanks) => return Wish::Thanks,
            None => {}
        }
    }
    // Who only wants to see something that is there begins nothing with it.
    let shown = words::wants_shown(&said) || about::names_results(&said);
    if named.is_empty() && shown && !words::orders(&said) && !thread.jobs.is_empty() {
        return Wish::About(Question::Outcome, which(&said, Question::Outcome, job, None, files));
    }
    let wish = work::read(text, thread, context, tasks, &named, files, &left_out);
    curious::instead(wish, &said, thread)
}

fn which(text: &str, question: Question, job: Option<JobId>, task: Option<String>, files: Vec<String>) -> Which {
    const DONE: [&str; 4] = ["what did you do", "what have you done", "what did i ask", "so far"];
    let said = words::plain(text);
    match (job, refer::job_place(text)) {
        (Some(job), _) => Which::Named(job),
        (None, Some(place)) => Which::At(place, task, files),
        (None, None) if !files.is_empty() => Which::Of(task, files),
        (None, None) if question == Question::Status && words::says_any(&said, &DONE) => Which::Conversation,
        (None, None) if about::means_all(text, question) => Which::All,
        (None, None) if task.is_some() => Which::Of(task, files),
        (None, None) => Which::Last,
    }
}

/// What a yes is said to: the question back of the turn before, or a job of it that was only looked at.
fn yes(text: &str, thread: &Thread) -> Option<Wish> {
    let said = words::plain(text);
    let core: Vec<&str> = said.split_whitespace().filter(|word| !AROUND.contains(word)).collect();
    if text.contains('?') || !YES.contains(&core.join(" ").as_str()) {
        return None;
    }
    match &thread.asked {
        Asked::Nothing => None,
        Asked::Jobs => Some(Wish::GoOn { job: None, limit: standing(thread), waits: false }),
        // What was not understood takes a word of its own, and no "ok".
        Asked::Meant(wanted, reading) => {
            let plain = core.iter().any(|word| ["yes", "do", "ahead", "ja", "y"].contains(word));
            plain.then(|| Wish::Work(wanted.clone(), reading.clone()))
        }
    }
}

/// The limit that a wish before this has set.
fn standing(thread: &Thread) -> Option<Datoshi> {
    thread.last.as_ref().and_then(|last| last.reading.limit)
}

/// A job is to go on, if every word says so.
fn onward(text: &str, job: Option<JobId>, thread: &Thread) -> Wish {
    let tokens = words::tokens(text, &[]);
    let limits = limit::limits(&tokens);
    let polite = [["can", "you"], ["could", "you"], ["will", "you"]];
    let asked: Vec<usize> = polite.iter().flat_map(|words| words::places(&tokens, words)).collect();
    let plain = tokens.iter().enumerate().all(|(at, token)| {
        let word = token.text.as_str();
        let within = limits.iter().any(|limit| limit.at.contains(&at));
        let polite = asked.iter().any(|start| (*start..start + 2).contains(&at)) || (word == "?" && !asked.is_empty());
        within || polite || token.kind == Kind::Job || BESIDE.split(' ').any(|one| token.is(one))
    });
    let said = words::plain(text);
    let others: Vec<&str> = GO_ON.iter().filter(|phrase| !WAITS.contains(phrase)).copied().collect();
    let waits = !words::says_any(&said, &others);
    let of_something = job.is_some() || words::says_any(&said, &OF);
    let limit = limits.iter().map(|limit| limit.most).min();
    // "Go ahead" goes on with what was talked about; a job of another day is called by a word of its own.
    let names_one = job.is_some() || !thread.talked.is_empty() || words::says_any(&said, &RESUMES);
    // Whoever wants to pay nothing does not want to go on.
    if !plain || !names_one || limit == Some(Datoshi::ZERO) || (waits && !of_something) {
        return Wish::NotPlain(job);
    }
    let talked = job.as_ref().is_none_or(|job| thread.talked.iter().any(|id| id == job.as_str()));
    let limit = limit.or_else(|| standing(thread).filter(|_| talked));
    Wish::GoOn { job, limit, waits }
}
