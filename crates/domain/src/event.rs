//! The one versioned event enum that every face reads: terminal, JSON Lines, report, dashboard.
//!
//! Amounts are decimal strings in GAS with `datoshi` beside them; sizes are bytes; times are seconds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    estimate::Range,
    hash::{Sha256, TxHash},
    ids::{JobId, RequestId},
    job::StagedCheck,
    money::{Amount, Fees},
    network::Network,
    shown::{PlanShown, RequestShown, Totals},
    standing::{JobStanding, NotDone},
    verdict::{OffloadRule, Place},
};

/// The version of the format.
pub const EVENT_VERSION: u32 = 1;

/// An event with its place in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// [`EVENT_VERSION`].
    pub v: u32,
    /// From 1, without gaps, within a run; a session that goes on another day begins at 1 again.
    pub seq: u64,
    /// When it happened.
    pub ts: Timestamp,
    /// The session.
    pub session: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What a dataset is, within a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetShown {
    /// As the person named it.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Sequences, reads or lines.
    pub records: u64,
    /// Whether the counts are extrapolated.
    pub sampled: bool,
}

/// A file beside the dataset, within a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FurtherShown {
    /// The parameter that names it.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub file: DatasetShown,
}

/// A quote, within an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuoteShown {
    /// What is asked.
    #[serde(flatten)]
    pub amount: Amount,
    /// The address that is to be paid.
    pub recipient: String,
    /// Where.
    pub network: Network,
    /// What binds the payment to the job.
    pub reference: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What the guard decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may happen.
    Allow,
    /// A person has to say.
    Ask,
    /// It will not happen.
    Refuse,
}

/// One payment attempt, within an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentShown {
    /// Our job.
    pub job: JobId,
    /// The transaction.
    pub tx_hash: TxHash,
    /// What is paid.
    #[serde(flatten)]
    pub amount: Amount,
    /// The address that is paid.
    pub recipient: String,
    /// 1 for the first.
    pub attempt: u32,
    /// The last block it may be in.
    pub valid_until_block: u32,
}

/// Everything that happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A session begins.
    #[serde(rename = "session.started")]
    SessionStarted {
        /// The model's name.
        model: String,
        /// The network money moves on.
        network: Network,
        /// `sandbox` or `live`.
        profile: String,
    },
    /// A session ends.
    #[serde(rename = "session.ended")]
    SessionEnded {
        /// The process's exit code.
        exit_code: u8,
    },
    /// A person asked.
    #[serde(rename = "turn.started")]
    TurnStarted {
        /// What they asked.
        prompt: String,
    },
    /// A piece of what the model thinks before it answers. Faces show it on request alone, and records leave it out.
    #[serde(rename = "thought.delta")]
    ThoughtDelta {
        /// The piece.
        text: String,
    },
    /// A piece of the model's answer.
    #[serde(rename = "message.delta")]
    MessageDelta {
        /// The piece.
        text: String,
    },
    /// The model's whole answer.
    #[serde(rename = "message.completed")]
    MessageCompleted {
        /// The answer.
        text: String,
    },
    /// The model proposes a call.
    #[serde(rename = "tool.requested")]
    ToolRequested {
        /// The call.
        call_id: String,
        /// The tool.
        name: String,
        /// As the model wrote them, parsed.
        arguments: serde_json::Value,
    },
    /// A call has its one result.
    #[serde(rename = "tool.completed")]
    ToolCompleted {
        /// The call.
        call_id: String,
        /// The tool.
        name: String,
        /// Whether it did what was asked.
        ok: bool,
        /// What came of it; a model with a small window is shown less of a long one.
        result: serde_json::Value,
    },
    /// What is wanted, as it was understood.
    #[serde(rename = "request.understood")]
    RequestUnderstood(RequestShown),
    /// What it comes to, before anything has an effect.
    #[serde(rename = "plan")]
    Plan(PlanShown),
    /// A plan needs a consent.
    #[serde(rename = "consent.requested")]
    ConsentRequested {
        /// The request that was planned.
        request: RequestId,
        /// Of the plan; a consent is bound to it.
        digest: Sha256,
        /// What it comes to.
        #[serde(flatten)]
        totals: Totals,
    },
    /// A person, or the policy for them, answered.
    #[serde(rename = "consent.resolved")]
    ConsentResolved {
        /// The request that was planned.
        request: RequestId,
        /// Of the plan.
        digest: Sha256,
        /// Yes or no.
        approved: bool,
        /// `terminal`, `yes`, `policy`, `sandbox`, `dashboard`, `record` or `nobody`.
        by: String,
    },
    /// Where a job runs and why.
    #[serde(rename = "verdict")]
    Verdict {
        /// Our job.
        job: JobId,
        /// Local or offload.
        #[serde(rename = "where")]
        place: Place,
        /// The rules that hold.
        reasons: Vec<OffloadRule>,
        /// The rules' sentences, in the same order.
        why: Vec<String>,
        /// The task.
        task_type: String,
        /// What was measured of the file.
        dataset: DatasetShown,
        /// The files beside it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        further: Vec<FurtherShown>,
        /// How many of its records the run works on, from the first; null for all.
        #[serde(default)]
        part: Option<u64>,
        /// Bytes, likely; null where nothing is known of what the task needs.
        required_ram: Option<u64>,
        /// Bytes.
        available_ram: u64,
        /// Cores of this machine.
        cores: u32,
        /// Local run time, seconds; null where nothing is known of it.
        estimate: Option<Range>,
    },
    /// The guard decided.
    #[serde(rename = "policy.decided")]
    PolicyDecided {
        /// The rule: `R-SIZE`, `P-CAP-DAY`, ...
        rule: String,
        /// Allow, ask or refuse.
        decision: Decision,
        /// What it was about.
        subject: String,
        /// Why, in a sentence.
        why: String,
    },
    /// A person is asked.
    #[serde(rename = "approval.requested")]
    ApprovalRequested {
        /// Our job.
        job: JobId,
        /// What is to be paid.
        #[serde(flatten)]
        amount: Amount,
        /// To whom.
        recipient: String,
        /// What is burnt on top, at most.
        #[serde(flatten)]
        fees: Fees,
        /// Where.
        network: Network,
    },
    /// A person, or the policy for them, answered.
    #[serde(rename = "approval.resolved")]
    ApprovalResolved {
        /// Our job.
        job: JobId,
        /// Yes or no.
        approved: bool,
        /// `terminal`, `yes`, `policy`, `sandbox` or `nobody`.
        by: String,
    },
    /// Bytes on their way.
    #[serde(rename = "upload.progress")]
    UploadProgress {
        /// Our job.
        job: JobId,
        /// So far.
        bytes: u64,
        /// In all.
        total: u64,
    },
    /// The dataset is on storage.
    #[serde(rename = "upload.completed")]
    UploadCompleted {
        /// Our job.
        job: JobId,
        /// Without a signature.
        url: String,
        /// Of the content.
        sha256: Sha256,
        /// In all.
        bytes: u64,
        /// How it is known that storage holds just that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check: Option<StagedCheck>,
    },
    /// The provider took the job.
    #[serde(rename = "job.submitted")]
    JobSubmitted {
        /// Our job.
        job: JobId,
        /// The provider's id.
        job_id: String,
        /// What it asks.
        quote: QuoteShown,
    },
    /// A job moved.
    #[serde(rename = "job.status")]
    JobStatus {
        /// Our job.
        job: JobId,
        /// Its state.
        status: String,
        /// 0 to 1, where known.
        progress: Option<f64>,
    },
    /// A payment is written down.
    #[serde(rename = "payment.intended")]
    PaymentIntended(PaymentShown),
    /// A node took it.
    #[serde(rename = "payment.sent")]
    PaymentSent(PaymentShown),
    /// The chain says paid.
    #[serde(rename = "payment.confirmed")]
    PaymentConfirmed {
        /// The attempt.
        #[serde(flatten)]
        payment: PaymentShown,
        /// The block it is in.
        block: u32,
        /// A public explorer's page, where the network has one.
        explorer_url: Option<String>,
    },
    /// An attempt is over without having paid.
    #[serde(rename = "payment.failed")]
    PaymentFailed(PaymentShown),
    /// Nobody knows yet.
    #[serde(rename = "payment.unknown")]
    PaymentUnknown(PaymentShown),
    /// The result is here and its checksum is right.
    #[serde(rename = "result.fetched")]
    ResultFetched {
        /// Our job.
        job: JobId,
        /// Of `result.json`.
        path: String,
        /// Of `result.json`; its other files are named in it.
        bytes: u64,
        /// Of `result.json`.
        sha256: Sha256,
    },
    /// Everything the ledger knows of a finished job.
    #[serde(rename = "receipt")]
    Receipt(Box<super::receipt::Receipt>),
    /// How the jobs of a turn stand at its end.
    #[serde(rename = "turn.status")]
    TurnStatus {
        /// The jobs of the turn, in the order they came up; none where it made none.
        jobs: Vec<JobStanding>,
        /// What was asked for, cannot be done, and became no job.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cannot: Vec<NotDone>,
    },
    /// A node serves.
    #[serde(rename = "node.listening")]
    NodeListening {
        /// Where: address and port.
        address: String,
        /// The address that is paid.
        recipient: String,
        /// On this network.
        network: Network,
        /// The price of a task that has none of its own.
        #[serde(flatten)]
        price: Amount,
    },
    /// What one call of the model used.
    #[serde(rename = "usage")]
    Usage {
        /// Tokens in.
        prompt_tokens: u64,
        /// Of these, from the provider's cache, where it says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cached_tokens: Option<u64>,
        /// Tokens out.
        completion_tokens: u64,
        /// In US dollars, where the provider says.
        cost: Option<String>,
    },
    /// Something a person should know.
    #[serde(rename = "warning")]
    Warning {
        /// In a sentence.
        message: String,
    },
    /// Something went wrong.
    #[serde(rename = "error")]
    Error {
        /// A short stable word.
        kind: String,
        /// In a sentence.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
}

/// Where events go. Emitting never fails and never blocks for long.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);

    /// Nothing more comes for now: what was held back until it is whole, such as the last word of a line, is shown.
    fn rest(&self) {}
}

/// A sink that keeps nothing.
pub struct Silent;

impl Sink for Silent {
    fn emit(&self, _event: Event) {}
}
