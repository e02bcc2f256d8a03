//! How a job stands, as events tell it: from the ledger alone, whatever anybody says of it; and what became no job.

use serde::{Deserialize, Serialize};

use super::{
    attempt::{Attempt, AttemptState},
    ids::JobId,
    job::{Job, JobState},
    money::Datoshi,
    plan::Plan,
    verdict::Place,
};

/// How a job stands, within an event: each amount in decimal GAS, with whole datoshi beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStanding {
    /// Our id.
    pub job: JobId,
    /// The task.
    pub task_type: String,
    /// The dataset, as it was named.
    pub dataset: String,
    /// What a sample sheet calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// Where it runs.
    #[serde(rename = "where")]
    pub place: Place,
    /// What the provider asks, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The same in whole datoshi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_datoshi: Option<Datoshi>,
    /// Paid to the provider so far.
    pub paid: String,
    /// The same in whole datoshi.
    pub paid_datoshi: Datoshi,
    /// Burnt by the network so far, also for attempts that paid nothing.
    pub fees: String,
    /// The same in whole datoshi.
    pub fees_datoshi: Datoshi,
    /// Why it ended as it did, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The command that goes on with it or shows it; none where nothing of it is kept.
    pub next: Option<String>,
    /// Whether it is nothing but a plan: the ledger has no job of that id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_planned: bool,
}

impl JobStanding {
    /// That of a job and its payment attempts. Only what landed on the chain was spent.
    pub fn of(job: &Job, attempts: &[Attempt]) -> JobStanding {
        let landed = |a: &&Attempt| matches!(a.state, AttemptState::Confirmed | AttemptState::Faulted);
        let confirmed = attempts.iter().filter(|a| a.state == AttemptState::Confirmed);
        let paid = sum(confirmed.map(|a| a.amount));
        let fees = sum(attempts.iter().filter(landed).flat_map(|a| [a.system_fee, a.network_fee]));
        let asked = job.quote.as_ref().map(|quote| quote.amount);
        JobStanding {
            job: job.id.clone(),
            task_type: job.task_type.clone(),
            dataset: job.verdict.dataset.path.display().to_string(),
            sample: None,
            state: job.state,
            place: job.place(),
            asked: asked.map(Datoshi::gas_string),
            asked_datoshi: asked,
            paid: paid.gas_string(),
            paid_datoshi: paid,
            fees: fees.gas_string(),
            fees_datoshi: fees,
            failure: job.failure.clone(),
            next: Some(command(&job.id, job.state)),
            only_planned: false,
        }
    }

    /// What tables call it: its sample, or its dataset.
    pub fn name(&self) -> &String {
        self.sample.as_ref().unwrap_or(&self.dataset)
    }
}

/// A piece of work that cannot be done and became no job, within an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotDone {
    /// The task.
    pub task_type: String,
    /// The dataset, as it was named.
    pub dataset: String,
    /// Why, in a sentence.
    pub why: String,
}

impl NotDone {
    /// Those of a plan.
    pub fn of(plan: &Plan) -> Vec<NotDone> {
        let one = |piece: &super::plan::PlannedWork| {
            let cannot = piece.cannot.as_ref()?;
            Some(NotDone {
                task_type: piece.work.task.clone(),
                dataset: piece.work.name().display().to_string(),
                why: cannot.sentence(),
            })
        };
        plan.work.iter().filter_map(one).collect()
    }
}

/// The command that goes on with a job of the ledger, or shows it.
fn command(job: &JobId, state: JobState) -> String {
    let verb = if state.is_end() { "show" } else { "resume" };
    format!("agent jobs {verb} {job}")
}

fn sum(amounts: impl IntoIterator<Item = Datoshi>) -> Datoshi {
    amounts.into_iter().fold(Datoshi::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Datoshi::MAX))
}
