//! Approval: a person, or the owner's policy for them, says yes to exactly one plan, or to exactly one payment.

use async_trait::async_trait;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use cassette::{Tape, play::Player};
use domain::{
    hash::{Hash160, Sha256},
    ids::JobId,
    money::Datoshi,
    network::Network,
    plan::Plan,
    request::Request,
};

/// What is to be approved, with everything a person needs to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    /// The job that is paid for.
    pub job: JobId,
    /// What for: the task.
    pub task_type: String,
    /// What for: the dataset as it was named.
    pub dataset: String,
    /// What is paid.
    pub amount: Datoshi,
    /// To whom.
    pub recipient: Hash160,
    /// Burnt for execution, at most.
    pub system_fee: Datoshi,
    /// Burnt for inclusion, at most.
    pub network_fee: Datoshi,
    /// Where.
    pub network: Network,
    /// When the quote ends.
    pub expires_at: Timestamp,
    /// Spent or reserved in the last 24 hours.
    pub spent_today: Datoshi,
    /// The cap of 24 hours.
    pub cap_today: Datoshi,
}

impl ApprovalRequest {
    /// The digest that an approval is bound to: job, recipient, amount, fees, network and expiry.
    pub fn digest(&self) -> Sha256 {
        let text = format!(
            "approval v1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.job,
            self.recipient,
            self.amount.datoshi(),
            self.system_fee.datoshi(),
            self.network_fee.datoshi(),
            self.network.0,
            self.expires_at.as_nanosecond(),
        );
        Sha256::of(text.as_bytes())
    }

    /// System and network fee together.
    pub fn fees(&self) -> Datoshi {
        self.system_fee.checked_add(self.network_fee).unwrap_or(Datoshi::MAX)
    }
}

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Pay, said on a terminal.
    Yes,
    /// Pay, said beforehand with `--yes`.
    YesFlag,
    /// Do not pay.
    No,
    /// There is nobody to ask.
    Nobody,
    /// Whoever called may not approve, and the owner who may is not at this program's terminal.
    Elsewhere,
}

/// What a person said of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanAnswer {
    /// Yes or no to exactly this plan.
    Said(Answer),
    /// They changed it: this is what they want now.
    Edited(Box<Request>),
}

/// Who asks a person.
#[async_trait]
pub trait Approver: Send + Sync {
    /// Asks about a payment that no consent covers; the answer is for exactly this one.
    async fn ask(&self, request: &ApprovalRequest) -> Answer;

    /// Asks for consent to a plan; the answer is to exactly this plan. `spending` is what the wallet has spent, where that
    /// is known.
    async fn consent(&self, plan: &Plan, spending: Option<PlanSpending>) -> PlanAnswer;

    /// Whether a person is there who reads a plan before they answer.
    fn reads_plans(&self) -> bool;
}

/// What a person may want to know beside a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanSpending {
    /// Spent or reserved in the last 24 hours.
    pub today: Datoshi,
    /// The cap of 24 hours.
    pub cap: Datoshi,
}

/// Nobody is there to be asked.
pub struct Nobody;

#[async_trait]
impl Approver for Nobody {
    async fn ask(&self, _request: &ApprovalRequest) -> Answer {
        Answer::Nobody
    }

    async fn consent(&self, _plan: &Plan, _spending: Option<PlanSpending>) -> PlanAnswer {
        PlanAnswer::Said(Answer::Nobody)
    }

    fn reads_plans(&self) -> bool {
        false
    }
}

/// A person gave `--yes`.
pub struct SaidYes;

#[async_trait]
impl Approver for SaidYes {
    async fn ask(&self, _request: &ApprovalRequest) -> Answer {
        Answer::YesFlag
    }

    async fn consent(&self, _plan: &Plan, _spending: Option<PlanSpending>) -> PlanAnswer {
        PlanAnswer::Said(Answer::YesFlag)
    }

    fn reads_plans(&self) -> bool {
        false
    }
}

/// Somebody whose answers are kept on the tape of a run.
pub struct Kept {
    /// Who is asked.
    pub asked: Arc<dyn Approver>,
    /// Where the answers are kept.
    pub tape: Tape,
}

#[async_trait]
impl Approver for Kept {
    async fn ask(&self, request: &ApprovalRequest) -> Answer {
        let answer = self.asked.ask(request).await;
        self.tape.note(&name_of(request), &answer);
        answer
    }

    async fn consent(&self, plan: &Plan, spending: Option<PlanSpending>) -> PlanAnswer {
        let answer = self.asked.consent(plan, spending).await;
        self.tape.note(&name_of_plan(plan), &answer);
        answer
    }

    fn reads_plans(&self) -> bool {
        let reads = self.asked.reads_plans();
        self.tape.note(READS, &reads);
        reads
    }
}

/// The name in a record of whether somebody reads plans.
const READS: &str = "whether a person reads plans";

/// The answers in the record of a run that is played: each is to exactly the request that it was given to.
pub struct FromRecord(pub Arc<Player>);

#[async_trait]
impl Approver for FromRecord {
    async fn ask(&self, request: &ApprovalRequest) -> Answer {
        self.0.value_or_diverge(&name_of(request)).unwrap_or(Answer::Nobody)
    }

    async fn consent(&self, plan: &Plan, _spending: Option<PlanSpending>) -> PlanAnswer {
        self.0.value_or_diverge(&name_of_plan(plan)).unwrap_or(PlanAnswer::Said(Answer::Nobody))
    }

    fn reads_plans(&self) -> bool {
        self.0.value_or_diverge(READS).unwrap_or(false)
    }
}

fn name_of(request: &ApprovalRequest) -> String {
    format!("answer on {} {}", request.job, request.digest())
}

/// By its request and its work: paths and times of files differ where a record is played.
fn name_of_plan(plan: &Plan) -> String {
    format!("answer to the plan of {} with {} pieces of work", plan.request.id, plan.work.len())
}
