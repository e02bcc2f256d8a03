//! What is known within one turn, and what follows from it: which tools are offered, and when the turn is over.

use std::collections::HashMap;

use super::{
    helps::Helps,
    wished::{self, Wished},
};
use crate::{
    domain::{ids::JobId, job::Job, money::Datoshi, task::TaskType, verdict::Place},
    model::{ToolChoice, about, phrases, planner::Order, words},
    policy::refusal::Rule,
    tools::{
        BadCall, Call, Failure, Tool, ToolResult, ToolSpec, check_local_capability::Args, next, offer, offered,
        offered_next, plain,
    },
};

/// This many refusals and failures, and the turn is brought to its answer.
const MOST_FAILURES: usize = 3;

/// No model is told more often in a turn what is missing.
const MOST_TOLD: usize = 4;

/// What a person asks for, as far as their words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// How many tasks; at least 1.
    pub tasks: usize,
    /// Whether a task is to be done: nobody is pushed to one who only asks about it, or about jobs.
    pub work: bool,
    /// Whether a task and a file are named for it.
    pub named: bool,
    /// Whether a task and a file are named, and only what would become of them is asked: a check answers that.
    pub looks: bool,
    /// Whether it is small talk, for which there is no tool.
    pub talk: bool,
}

impl Asked {
    /// Reads a prompt; `task_said` is the prompt that names its task: the same, or an earlier one that it follows. `known` are
    /// the files of the working folder.
    pub fn by(prompt: &str, task_said: &str, known: &[String], tasks: &[TaskType]) -> Asked {
        let named = words::files(prompt, known);
        let files = named.iter().filter(|file| !words::is_target(prompt, file)).count();
        // "Stats of fold.fasta" names one task.
        let said = bare(prompt, known);
        let task = !phrases::tasks_in(&bare(task_said, known), tasks).is_empty();
        let (file, job) = (!named.is_empty(), !words::jobs(prompt).is_empty());
        let question = about::question(&said, task, file, job).is_some();
        let talk = !task && !file && !job && !question && about::small_talk(&said).is_some();
        let work = !question && !talk && !words::only_asks(&said) && words::doubt(&said).is_none();
        let looks = task && file && !question && words::only_asks(&said);
        Asked { tasks: phrases::wanted(&said, files, tasks), work, named: work && task && file, looks, talk }
    }
}

/// A person's words without the names of files, which are no words.
pub fn bare(said: &str, known: &[String]) -> String {
    words::without_files(said, &words::files(said, known))
}

/// One turn.
pub struct Turn {
    /// The jobs of this turn, in the order they came up.
    pub jobs: Vec<JobId>,
    /// Failures that nothing has mended since.
    pub failures: Vec<(Option<JobId>, Failure)>,
    /// Whether a person, or the policy for them, said no to a payment.
    pub no_more_payments: bool,
    /// Whether only the answer is left.
    pub closing: bool,
    /// Steps that were taken, and how many there were when the model was last told what is missing.
    taken: usize,
    told_after: Option<usize>,
    told: usize,
    /// What the model is helped with.
    pub helps: Helps,
    /// Calls of this turn, whatever came of them.
    pub called: usize,
    /// Whether the person said that nothing is to be paid.
    pub forbids_payment: bool,
    /// Whether the person wants jobs that were begun to go on, whichever they are.
    pub goes_on: bool,
    /// The only datasets that can be meant, where that is certain.
    pub datasets: Option<Vec<String>>,
    /// What they plainly order.
    pub order: Order,
    asked: Asked,
    wished: Wished,
    malformed: usize,
    corrections: Vec<Args>,
    several: bool,
    lists: bool,
    all_failures: usize,
    repeats: HashMap<String, usize>,
}

impl Turn {
    /// A turn for a prompt that asks for this.
    pub fn new(prompt: &str, asked: Asked, wished: Wished, order: Order, helps: Helps) -> Turn {
        Turn {
            jobs: Vec::new(),
            failures: Vec::new(),
            no_more_payments: false,
            closing: false,
            taken: 0,
            told_after: None,
            told: 0,
            helps,
            called: 0,
            forbids_payment: words::forbids_payment(prompt),
            goes_on: order.goes_on || words::goes_on(prompt),
            datasets: None,
            order,
            asked,
            wished,
            malformed: 0,
            corrections: Vec::new(),
            several: words::wants_several(prompt),
            lists: words::lists(prompt),
            all_failures: 0,
            repeats: HashMap::new(),
        }
    }

    /// How often this call was made with these jobs in these states, this time included.
    pub fn repeated(&mut self, name: &str, arguments: &str, jobs: &[Job]) -> usize {
        let mut key = format!("{name}\n{arguments}");
        for job in jobs {
            key.push_str(&format!("\n{} {}", job.id, job.state));
        }
        let times = self.repeats.entry(key).or_default();
        *times += 1;
        *times
    }

    /// Takes in what came of a call.
    pub fn take(&mut self, call: &Call, result: &ToolResult) {
        let job = result.job.as_ref().map(|j| j.id.clone()).or_else(|| call.job().cloned());
        if let Some(id) = &job {
            // A job that was only named and does not exist is none of this turn.
            if result.job.is_some() && !self.jobs.contains(id) {
                self.jobs.push(id.clone());
            }
        }
        if result.ok && call.tool() != Tool::ListJobs {
            self.taken += 1;
            // What failed without a job is mended once there are as many jobs as were asked for.
            let all_there = self.jobs.len() >= self.asked.tasks;
            self.failures.retain(|(failed, _)| *failed != job && (failed.is_some() || !all_there));
        }
        if result.ok && call.tool() == Tool::ListJobs {
            // A call of this tool that had no right form was put right.
            let slip = |failure: &Failure| BadCall::is(&failure.kind) && failure.message.contains(call.tool().name());
            self.failures.retain(|(job, failure)| job.is_some() || !slip(failure));
        }
        if let Some(failure) = &result.failure {
            self.failed(result.job.as_ref().map(|j| j.id.clone()), failure.clone());
        }
    }

    /// Takes in a call that was not carried out for its form: so many of them, and only the answer is left.
    pub fn slipped(&mut self) {
        self.all_failures += 1;
        if self.all_failures >= MOST_FAILURES {
            self.close();
        }
    }

    /// Whether a model that stopped may be told what is missing: once, and again only where it has gone on since.
    pub fn may_tell(&self) -> bool {
        self.told < MOST_TOLD && self.told_after.is_none_or(|then| self.taken > then)
    }

    /// Notes that it was told.
    pub fn tell(&mut self) {
        self.told += 1;
        self.told_after = Some(self.taken);
    }

    /// What the person asked for.
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Whether a job is of the work that the person plainly named.
    pub fn wishes(&self, job: &Job) -> bool {
        self.wished.has(job)
    }

    /// Whether the person wants the work done, and not only to know about it.
    pub fn wants_work(&self) -> bool {
        self.asked.work
    }

    /// How many calls had no right form, or were not what was asked for.
    pub fn wrong_calls(&self) -> usize {
        self.malformed + self.corrections.len()
    }

    /// Notes that this check is corrected; `false` where it was before.
    pub fn corrects(&mut self, args: &Args) -> bool {
        let fresh = !self.corrections.contains(args);
        if fresh {
            self.corrections.push(args.clone());
        }
        fresh
    }

    /// Takes in a call that had no right form.
    pub fn malformed(&mut self, failure: Failure) {
        self.malformed += 1;
        self.failed(None, failure);
    }

    /// Whether nothing went wrong but the form of calls.
    pub fn only_form_failed(&self) -> bool {
        self.failures.iter().all(|(job, failure)| job.is_none() && failure.rule.is_none() && BadCall::is(&failure.kind))
    }

    /// The step that the person's wish waits for, in one sentence: of a job that was begun, or the call that begins one.
    pub fn next_step(&self, jobs: &[Job]) -> Option<String> {
        if self.closing || !self.asked.work {
            return None;
        }
        if let Some(job) = self.waiting(jobs).first() {
            return Some(next::step(job));
        }
        let mine: Vec<&Job> = jobs.iter().filter(|job| self.jobs.contains(&job.id)).collect();
        (mine.len() < self.asked.tasks).then(|| self.wished.next(&mine))
    }

    /// Whether nothing went wrong but the form of calls, and steps that came too early or twice.
    fn in_order(&self) -> bool {
        self.failures.iter().all(|(_, failure)| BadCall::is(&failure.kind) || failure.rule == Some(Rule::JobState))
    }

    /// Whether the next step of this job was ordered: it is of the work that was named, runs where it was wished, and what it
    /// costs was not ruled out.
    pub fn is_ordered(&self, job: &Job) -> bool {
        let order = &self.order;
        // What is paid is waited for.
        if next::is_beyond_recall(job) {
            return true;
        }
        let free =
            job.place() == Place::Local || ((order.may_cost || order.goes_on) && !order.here && !self.rules_out(job));
        free && (order.covers(job) || order.goes_on)
    }

    /// Whether the person ruled out what a job costs: all of it, or more than a limit.
    pub fn rules_out(&self, job: &Job) -> bool {
        let over = |most: Datoshi| job.quote.as_ref().is_some_and(|quote| quote.amount > most);
        self.forbids_payment || self.order.limit.is_some_and(over)
    }

    /// Takes in a failure.
    pub fn failed(&mut self, job: Option<JobId>, failure: Failure) {
        self.all_failures += 1;
        if let Some(
            Rule::Approval
            | Rule::Declined
            | Rule::Mainnet
            | Rule::CapPayment
            | Rule::CapDay
            | Rule::CapLifetime
            | Rule::CapFees,
        ) = failure.rule
        {
            self.no_more_payments = true;
            self.close();
        }
        if self.all_failures >= MOST_FAILURES {
            self.close();
        }
        self.failures.push((job, failure));
    }

    /// Leaves only the answer, where endings are helped with.
    pub fn close(&mut self) {
        self.closing |= self.helps.endings;
    }

    /// Closes the turn once everything that was asked for is at its end.
    pub fn note_ends(&mut self, jobs: &[Job]) {
        let mine: Vec<&Job> = jobs.iter().filter(|j| self.jobs.contains(&j.id)).collect();
        let all = self.order.work.is_empty() || self.order.next(&mine).is_none();
        // Words that are not all understood may ask for more than was counted.
        let counted = !self.order.work.is_empty() || !self.lists;
        if !mine.is_empty()
            && !self.several
            && all
            && counted
            && mine.len() >= self.asked.tasks
            && mine.iter().all(|j| j.state.is_end())
        {
            self.close();
        }
    }

    /// Jobs of this turn that wait for a step the person asked for.
    pub fn waiting<'j>(&self, jobs: &'j [Job]) -> Vec<&'j Job> {
        let waits = |job: &&Job| self.jobs.contains(&job.id) && next::tool(job).is_some() && !self.has_failed(&job.id);
        jobs.iter().filter(waits).collect()
    }

    /// Whether a step of this job failed in this turn, and nothing mended it.
    pub fn has_failed(&self, id: &JobId) -> bool {
        self.failures.iter().any(|(job, _)| job.as_ref() == Some(id))
    }

    /// What the model is offered now, and whether it must call.
    /// `writes`: its calls are asked for as text, so that arguments are only offered of which the person said something.
    pub fn offer(&self, jobs: &[Job], tasks: &[TaskType], writes: bool) -> (Vec<ToolSpec>, ToolChoice) {
        if !self.helps.narrowing {
            return (plain(), ToolChoice::Auto);
        }
        if self.closing || (self.asked.talk && self.jobs.is_empty()) {
            return (Vec::new(), ToolChoice::None);
        }
        let waiting: Vec<Job> = self.waiting(jobs).into_iter().cloned().collect();
        // Who only looks, and has seen, answers: a model that fills in whatever it is offered would go on.
        if writes && self.asked.looks && !self.jobs.is_empty() {
            return (Vec::new(), ToolChoice::None);
        }
        if !self.in_order() || (!writes && !self.failures.is_empty()) {
            return (offered(jobs, tasks, self.datasets.as_deref()), ToolChoice::Auto);
        }
        // A step is required of work that was ordered in words that leave nothing open, and of nothing else.
        let ordered: Vec<Job> = waiting.into_iter().filter(|job| self.is_ordered(job)).collect();
        if !ordered.is_empty() {
            return (offered_next(&ordered), ToolChoice::Required);
        }
        let mine: Vec<&Job> = jobs.iter().filter(|job| self.jobs.contains(&job.id)).collect();
        let looks = self.asked.looks && self.jobs.is_empty();
        if writes && (looks || self.order.next(&mine).is_some()) {
            let mut check = offer::check(tasks, self.datasets.as_deref());
            match self.order.next(&mine) {
                Some(wanted) => wished::fill_in(&mut check.schema, wanted),
                None => self.wished.narrow(&mut check.schema),
            }
            return (vec![check], ToolChoice::Required);
        }
        (offered(jobs, tasks, self.datasets.as_deref()), ToolChoice::Auto)
    }
}
