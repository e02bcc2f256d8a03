//! What is known within one turn, and what follows from it: which tools are offered, and when the turn is over. All of it comes
//! from calls and the state of jobs; nobody's words are judged.

use std::collections::HashMap;

use super::helps::Helps;
use crate::{
    model::ToolChoice,
    tools::{
        BadCall, Call, Failure, Tool, ToolResult, ToolSpec, check_local_capability::Args, next, offered, offered_next,
        plain,
    },
};
use domain::{ids::JobId, job::Job, request::Until, standing::NotDone, task::TaskType};
use guard::policy::refusal::Rule;

/// This many calls that failed, and the turn is brought to its answer.
const MOST_FAILURES: usize = 3;
/// No model is told more often in a turn what is missing.
const MOST_TOLD: usize = 4;

/// One turn.
pub struct Turn {
    /// The jobs of this turn, in the order they came up.
    pub jobs: Vec<JobId>,
    /// Failures that nothing has mended since.
    pub failures: Vec<Lack>,
    /// What was asked for and became no job.
    pub cannot: Vec<NotDone>,
    /// How far the request of this turn goes.
    pub until: Until,
    /// Whether the program's own reader takes the person's words for an order: work that is to be done.
    pub is_order: bool,
    /// Whether a call did what was asked, were it to look at something.
    pub called: bool,
    /// Whether a person, or the policy for them, said no.
    pub said_no: bool,
    /// The figures that the person asked about, by their names in a result's summary.
    pub figures: Vec<&'static str>,
    /// What a plan that goes no further comes to.
    pub of_plan: Option<String>,
    /// Calls in the model's text that could not be read.
    pub unreadable_calls: usize,
    /// Whether the model's server takes no tools.
    pub tools_refused: bool,
    /// Whether the person says good-bye.
    pub leaves: bool,
    /// Whether only the answer is left.
    pub closing: bool,
    /// What the model is helped with.
    pub helps: Helps,
    /// Steps that were taken, and how many there were when the model was last told what is missing.
    taken: usize,
    told_after: Option<usize>,
    told: usize,
    failed_calls: usize,
    /// Checks of work that was to be done anew.
    anew: Vec<Args>,
    repeats: HashMap<String, usize>,
}

/// A failure, and the check that it is of, where it is of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Lack {
    /// What went wrong.
    pub failure: Failure,
    /// The check that failed: another of the same file mends it.
    check: Option<Args>,
}

impl Turn {
    /// A turn whose request goes so far.
    pub fn new(until: Until, helps: Helps) -> Turn {
        Turn {
            jobs: Vec::new(),
            failures: Vec::new(),
            cannot: Vec::new(),
            until,
            is_order: false,
            called: false,
            said_no: false,
            figures: Vec::new(),
            of_plan: None,
            unreadable_calls: 0,
            tools_refused: false,
            leaves: false,
            closing: false,
            helps,
            taken: 0,
            told_after: None,
            told: 0,
            failed_calls: 0,
            anew: Vec::new(),
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

    /// Whether work is to be done anew that was done anew in this turn already.
    pub fn is_done_anew(&mut self, args: &Args) -> bool {
        if args.anew != Some(true) {
            return false;
        }
        let known = self.anew.contains(args);
        if !known {
            self.anew.push(args.clone());
        }
        known
    }

    /// Takes in what came of a call.
    pub fn take(&mut self, call: &Call, result: &ToolResult) {
        let check = match call {
            Call::CheckLocalCapability(args) => Some(args),
            _ => None,
        };
        if let Some(bounds) = check.map(Args::bounds) {
            self.until = self.until.min(bounds.until);
        }
        let known = !result.jobs.is_empty() && result.jobs.iter().all(|job| self.jobs.contains(&job.id));
        self.join(result.jobs.iter().map(|job| &job.id));
        self.called |= result.ok;
        if result.ok {
            self.mend(call, result, check);
        }
        self.taken += usize::from(result.ok && call.tool() != Tool::ListJobs);
        self.fail(result.failures.iter().cloned(), check);
        // A model that checks what it has brought to its end in this turn has nothing left to do.
        if check.is_some() && result.ok && known && result.jobs.iter().all(|job| job.state.is_end()) {
            self.close();
        }
    }

    /// Adds jobs to those of this turn.
    pub fn join<'j>(&mut self, jobs: impl IntoIterator<Item = &'j JobId>) {
        for id in jobs {
            if !self.jobs.contains(id) {
                self.jobs.push(id.clone());
            }
        }
    }

    /// What a call that did what was asked puts right.
    fn mend(&mut self, call: &Call, result: &ToolResult, check: Option<&Args>) {
        let of_these = |id: &JobId| result.jobs.iter().any(|job| job.id == *id);
        let tool = call.tool().name();
        self.failures.retain(|Lack { failure, check: failed }| {
            let slip = BadCall::is(&failure.kind) && (call.tool() != Tool::ListJobs || failure.message.contains(tool));
            let again = check.zip(failed.as_ref()).is_some_and(|(now, then)| is_same_work(now, then));
            !(slip || again || failure.job.as_ref().is_some_and(of_these))
        });
    }

    /// Takes in failures of one call.
    pub fn fail(&mut self, failures: impl IntoIterator<Item = Failure>, check: Option<&Args>) {
        let before = self.failures.len();
        self.failures.extend(failures.into_iter().map(|failure| Lack { failure, check: check.cloned() }));
        let fresh = self.failures.get(before..).unwrap_or_default();
        if fresh.is_empty() {
            return;
        }
        if fresh.iter().any(|lack| lack.failure.rule.is_some_and(is_a_no)) {
            self.said_no = true;
            self.close();
        }
        self.failed_calls += 1;
        if self.failed_calls >= MOST_FAILURES {
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

    /// Leaves only the answer, where endings are helped with.
    pub fn close(&mut self) {
        self.closing |= self.helps.endings;
    }

    /// Jobs of this turn that wait for a step, as far as the request goes, and of which nothing failed.
    pub fn waiting<'j>(&self, jobs: &'j [Job]) -> Vec<&'j Job> {
        let waits = |job: &&Job| {
            self.jobs.contains(&job.id) && next::tool_within(job, self.until).is_some() && !self.has_failed(&job.id)
        };
        jobs.iter().filter(waits).collect()
    }

    /// Whether a step of this job failed in this turn, and nothing mended it.
    pub fn has_failed(&self, id: &JobId) -> bool {
        self.failures.iter().any(|lack| lack.failure.job.as_ref() == Some(id))
    }

    /// The step that the jobs of this turn wait for, in one sentence.
    pub fn next_step(&self, jobs: &[Job]) -> Option<String> {
        let waiting = self.waiting(jobs);
        (!self.closing && !waiting.is_empty()).then(|| next::steps(&waiting, self.until))
    }

    /// Whether it was an order, and came to nothing: no job, nothing that cannot be done, nothing that failed or was forbidden.
    pub fn came_to_nothing(&self) -> bool {
        let nothing = self.jobs.is_empty() && self.cannot.is_empty() && self.failures.is_empty();
        self.is_order && nothing && !self.called && !self.said_no
    }

    /// Whether nothing went wrong but the form of calls, and steps that came too early or twice.
    fn in_order(&self) -> bool {
        let harmless = |failure: &Failure| BadCall::is(&failure.kind) || failure.rule == Some(Rule::JobState);
        self.failures.iter().all(|lack| harmless(&lack.failure))
    }

    /// What the model is offered now, and whether it must call: a step with an effect only of work that it checked in this turn.
    pub fn offer(&self, jobs: &[Job], tasks: &[TaskType]) -> (Vec<ToolSpec>, ToolChoice) {
        if !self.helps.narrowing {
            return (plain(), ToolChoice::Auto);
        }
        if self.closing {
            return (Vec::new(), ToolChoice::None);
        }
        let mine: Vec<Job> = jobs.iter().filter(|job| self.jobs.contains(&job.id)).cloned().collect();
        let waiting: Vec<Job> = self.waiting(jobs).into_iter().cloned().collect();
        // Who was told and answered all the same may have its reasons: the request may have been meant to stop here.
        let insists = self.told_after == Some(self.taken);
        if !waiting.is_empty() && self.in_order() && !insists {
            return (offered_next(&waiting, self.until), ToolChoice::Required);
        }
        (offered(&mine, self.until, tasks), ToolChoice::Auto)
    }
}

/// Whether both are about the same work: task, parameters or the way to the file may have been put right.
fn is_same_work(one: &Args, two: &Args) -> bool {
    let file = |args: &Args| args.dataset.rsplit('/').next().unwrap_or_default().to_lowercase();
    one.dataset == two.dataset || (one.task_type == two.task_type && file(one) == file(two))
}

/// Whether a rule is the no of a person, or of the owner's limits: nobody is asked again in the turn.
fn is_a_no(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Approval
            | Rule::Declined
            | Rule::Mainnet
            | Rule::CapPayment
            | Rule::CapDay
            | Rule::CapLifetime
            | Rule::CapFees
            | Rule::Spend
            | Rule::Locality
            | Rule::Unverified
    )
}
