//! What a person plainly orders, as the planner reads their words: other models are held to it, and never pushed beyond it.

use super::{
    Seen, limit,
    plain::Level,
    wish::{self, Wanted, Wish},
};
use crate::{
    domain::{job::Job, money::Datoshi, task::TaskType},
    model::{ChatRequest, words},
};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Order {
    /// Task by task and file by file; empty where no work was ordered in words that are all understood.
    pub work: Vec<Wanted>,
    /// Whether it may cost something: a question for what a task finds is answered only where that is free.
    pub may_cost: bool,
    /// Whether it is to run on this machine.
    pub here: bool,
    /// Whether jobs that were begun are to go on.
    pub goes_on: bool,
    /// The most that may be paid, where a limit was set.
    pub limit: Option<Datoshi>,
}

impl Order {
    /// Reads the newest words of a conversation, with what stood before them.
    pub fn of(request: &ChatRequest, tasks: &[TaskType]) -> Order {
        let seen = Seen::of(request, tasks);
        let known: Vec<String> = seen.context.files.iter().map(|f| f.path.clone()).collect();
        let said = limit::limits(&words::tokens(&seen.prompt, &known)).into_iter().map(|limit| limit.most).min();
        match wish::read(&seen.prompt, &seen.thread, &seen.context, tasks) {
            Wish::Work(work, reading) => {
                let (work, may_cost) = match reading.level {
                    Level::Plain => (work, true),
                    Level::Free => (work, false),
                    Level::Look(_) | Level::Unclear(_) | Level::Not(_) => (Vec::new(), false),
                };
                Order {
                    work,
                    may_cost,
                    here: reading.here == Some(true),
                    goes_on: false,
                    limit: reading.limit.or(said),
                }
            }
            Wish::GoOn { limit, .. } => Order { goes_on: true, limit: limit.or(said), ..Order::default() },
            _ => Order { limit: said, ..Order::default() },
        }
    }

    /// Whether a job is ordered work: the task, the file and every choice.
    pub fn covers(&self, job: &Job) -> bool {
        self.work.iter().any(|wanted| is_of(job, wanted))
    }

    /// The first that none of these jobs is.
    pub fn next(&self, jobs: &[&Job]) -> Option<&Wanted> {
        self.work.iter().find(|wanted| !jobs.iter().any(|job| is_of(job, wanted)))
    }
}

fn is_of(job: &Job, wanted: &Wanted) -> bool {
    let file = wanted.dataset.trim_start_matches("./");
    let chosen = |name: &String, value: &serde_json::Value| {
        // A second file is kept by its whole path.
        let ends = |whole: &str| value.as_str().is_some_and(|said| std::path::Path::new(whole).ends_with(said));
        job.parameters.get(name).is_some_and(|has| has == value || has.as_str().is_some_and(ends))
    };
    job.task_type == wanted.task
        && (job.source.path.ends_with(file) || job.verdict.dataset.path.ends_with(file))
        && wanted.parameters.iter().all(|(name, value)| chosen(name, value))
}
