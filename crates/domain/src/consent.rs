//! Consent: a yes to exactly one plan.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    cost::Charge,
    hash::Sha256,
    ids::JobId,
    job::Job,
    money::Datoshi,
    path_text,
    plan::{Plan, PlannedWork},
    task::Parameters,
};

/// Who said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBy {
    /// A person at a terminal, who saw the plan.
    Terminal,
    /// A person, beforehand, with `--yes`.
    Yes,
    /// The owner's policy.
    Policy,
    /// The sandbox, whose coins are not money.
    Sandbox,
}

impl ConsentBy {
    /// The name in the ledger and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            ConsentBy::Terminal => "terminal",
            ConsentBy::Yes => "yes",
            ConsentBy::Policy => "policy",
            ConsentBy::Sandbox => "sandbox",
        }
    }
}

/// One piece of work of a plan that was consented to: what it is, and the most that it may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The job that it became.
    pub job: JobId,
    /// Its task.
    pub task: String,
    /// Its dataset, by its whole path.
    #[serde(serialize_with = "path_text::serialize")]
    pub dataset: PathBuf,
    /// Its parameters, defaults filled in.
    pub parameters: Parameters,
    /// Whether its files may leave this machine.
    pub may_leave: bool,
    /// Whether it may run here though nothing is known of what it needs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmeasured: bool,
    /// Whether a result is taken that nobody can verify.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// The most that the provider may be paid.
    pub amount: Datoshi,
    /// The most that may be burnt as fees.
    pub fees: Datoshi,
    /// The most that the provider may charge the key's own balance there, in its own unit; nothing where it says no such price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Charge>,
    /// Who may be paid, an address; nobody where there was no price.
    pub recipient: Option<String>,
}

impl Granted {
    /// What a consent grants of one piece of a plan; nothing of work that cannot be done.
    pub fn of(piece: &PlannedWork) -> Option<Granted> {
        let job = piece.job.clone().filter(|_| piece.cannot.is_none())?;
        let price = piece.still_to_pay();
        Some(Granted {
            job,
            task: piece.work.task.clone(),
            dataset: piece.content.first().map(|content| content.path.clone()).unwrap_or_default(),
            parameters: piece.work.parameters.clone(),
            may_leave: piece.is_offloaded() || piece.reaches_out(),
            unmeasured: piece.is_unknown_here(),
            unverified: piece.unverified.is_some(),
            amount: price.map_or(Datoshi::ZERO, |price| price.amount),
            fees: price.map_or(Datoshi::ZERO, |price| price.fees),
            charge: price.and_then(|price| price.beside.clone()),
            recipient: price.map(|price| price.recipient.clone()),
        })
    }

    /// Whether a job is this piece of work, to the letter.
    pub fn is(&self, job: &Job) -> bool {
        self.job == job.id
            && self.task == job.task_type
            && self.dataset == job.source.path
            && self.parameters == job.parameters
    }
}

/// A yes to one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The plan's digest.
    pub digest: Sha256,
    /// Who said it.
    pub by: ConsentBy,
    /// When.
    pub at: Timestamp,
    /// What it grants.
    pub granted: Vec<Granted>,
}

impl Consent {
    /// A yes to this plan.
    pub fn to(plan: &Plan, by: ConsentBy, at: Timestamp) -> Consent {
        Consent { digest: plan.digest, by, at, granted: plan.work.iter().filter_map(Granted::of).collect() }
    }
}
