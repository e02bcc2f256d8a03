//! A job: its states, and what is known of it.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    dataset::DatasetSource,
    hash::{Sha256, TxHash},
    ids::{JobId, RequestId},
    path_text,
    quote::Quote,
    task::{Parameters, TaskType},
    verdict::{Place, Verdict},
};

/// The states of a job's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Verdict drawn, nothing done.
    Planned,
    /// The dataset is being uploaded.
    Staging,
    /// The dataset is on storage, checked.
    Staged,
    /// The provider took it; its quote is known.
    Submitted,
    /// A payment is written down and about to be signed and sent.
    PaymentIntended,
    /// A node took the payment.
    PaymentSent,
    /// Nobody knows yet whether the payment landed: look again, never sign anew.
    PaymentUnknown,
    /// The chain says paid.
    Paid,
    /// Running, here or at the provider.
    Running,
    /// The provider is done; the result is to be fetched.
    ResultReady,
    /// The result is here; it is to be checked.
    Fetched,
    /// Checked and explained.
    Done,
    /// The guard refused it.
    Refused,
    /// The dataset could not be uploaded.
    StageFailed,
    /// Not paid in time.
    QuoteExpired,
    /// The payment landed without paying, or never can.
    PaymentFailed,
    /// Given up by a person, before payment.
    Canceled,
    /// The run failed.
    JobFailed,
    /// Paid for, and the run failed: the receipt is the claim to a refund.
    PaidButFailed,
}

impl JobState {
    /// Every state.
    pub const ALL: [JobState; 19] = [
        JobState::Planned,
        JobState::Staging,
        JobState::Staged,
        JobState::Submitted,
        JobState::PaymentIntended,
        JobState::PaymentSent,
        JobState::PaymentUnknown,
        JobState::Paid,
        JobState::Running,
        JobState::ResultReady,
        JobState::Fetched,
        JobState::Done,
        JobState::Refused,
        JobState::StageFailed,
        JobState::QuoteExpired,
        JobState::PaymentFailed,
        JobState::Canceled,
        JobState::JobFailed,
        JobState::PaidButFailed,
    ];

    /// The name in the ledger, the log and events.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Planned => "planned",
            JobState::Staging => "staging",
            JobState::Staged => "staged",
            JobState::Submitted => "submitted",
            JobState::PaymentIntended => "payment_intended",
            JobState::PaymentSent => "payment_sent",
            JobState::PaymentUnknown => "payment_unknown",
            JobState::Paid => "paid",
            JobState::Running => "running",
            JobState::ResultReady => "result_ready",
            JobState::Fetched => "fetched",
            JobState::Done => "done",
            JobState::Refused => "refused",
            JobState::StageFailed => "stage_failed",
            JobState::QuoteExpired => "quote_expired",
            JobState::PaymentFailed => "payment_failed",
            JobState::Canceled => "canceled",
            JobState::JobFailed => "job_failed",
            JobState::PaidButFailed => "paid_but_failed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<JobState> {
        JobState::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether nothing more will happen.
    pub fn is_end(self) -> bool {
        use JobState::*;
        matches!(
            self,
            Done | Refused | StageFailed | QuoteExpired | PaymentFailed | Canceled | JobFailed | PaidButFailed
        )
    }

    /// Whether money may already be under way or spent, so that the job can no more be given up.
    pub fn holds_money(self) -> bool {
        use JobState::*;
        matches!(
            self,
            PaymentIntended | PaymentSent | PaymentUnknown | Paid | Running | ResultReady | Fetched | PaidButFailed
        )
    }

    /// Whether a payment is written down whose end is not known yet.
    pub fn is_paying(self) -> bool {
        matches!(self, JobState::PaymentIntended | JobState::PaymentSent | JobState::PaymentUnknown)
    }

    /// Whether the provider was paid in full, as far as it is known, in a job that runs there.
    pub fn is_paid(self) -> bool {
        use JobState::*;
        matches!(self, Paid | Running | ResultReady | Fetched | Done | PaidButFailed)
    }

    /// Whether a run came to an end, a good one or a bad one, in a job at `place`; nothing where the state does not tell: what
    /// was given up here may have begun.
    pub fn has_run(self, place: Place) -> Option<bool> {
        use JobState::*;
        match (self, place) {
            (Done | PaidButFailed, _) | (JobFailed, Place::Local) => Some(true),
            (Canceled, Place::Local) => None,
            _ => Some(false),
        }
    }

    /// Whether `next` may follow this state for a job that runs at `place`.
    pub fn may_become(self, next: JobState, place: Place) -> bool {
        use JobState::*;
        let local = place == Place::Local;
        match (self, next) {
            (Planned, Running) | (Running, Done) | (Running, JobFailed) => local,
            (Planned, Canceled | Refused) => true,
            _ if local => matches!((self, next), (Running, Canceled)),
            (Planned, Staging) | (Staging, Staged | StageFailed | Canceled) => true,
            (Staged, Submitted | JobFailed | Canceled | Refused) => true,
            (Submitted, PaymentIntended | QuoteExpired | Canceled | Refused | JobFailed) => true,
            (PaymentIntended, PaymentSent | PaymentUnknown | Paid | PaymentFailed) => true,
            (PaymentSent, Paid | PaymentUnknown | PaymentFailed) => true,
            (PaymentUnknown, PaymentSent | Paid | PaymentFailed | PaymentIntended) => true,
            // An attempt that is over, landed without paying or expired, makes room for the next.
            (PaymentIntended | PaymentSent, PaymentIntended) => true,
            // A person may give up waiting for what became of a payment: it counts as paid.
            (PaymentIntended | PaymentSent | PaymentUnknown, PaidButFailed) => true,
            (Paid, Running | ResultReady | PaidButFailed) => true,
            (Running, ResultReady | PaidButFailed) => true,
            (ResultReady, Fetched | PaidButFailed) => true,
            (Fetched, Done | PaidButFailed) => true,
            _ => false,
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How long a paid job is waited for while nothing can be done. Afterwards it stays as it is, and is gone on with later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// A result that the provider says is there, and does not name whole: seconds.
    pub incomplete_result_seconds: u64,
    /// A provider that gives no answer: seconds.
    pub outage_seconds: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { incomplete_result_seconds: 600, outage_seconds: 2 * 3600 }
    }
}

/// How it is known that storage holds what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StagedCheck {
    /// The store states the CRC-64/NVME of what it holds, and it is ours.
    Crc64Nvme,
    /// The object's ETag is the MD5 of the content, or of its parts.
    Md5,
    /// The object was read back, and has the content's SHA-256.
    ReadBack,
}

impl fmt::Display for StagedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StagedCheck::Crc64Nvme => "CRC-64 checked",
            StagedCheck::Md5 => "MD5 checked",
            StagedCheck::ReadBack => "read back",
        })
    }
}

/// A dataset on storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// The object's key in the bucket.
    pub key: String,
    /// Its address without a signature, for people and logs.
    pub url: String,
    /// The content's SHA-256, ours.
    pub sha256: Sha256,
    /// Bytes.
    pub bytes: u64,
    /// How it was checked there; jobs of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<StagedCheck>,
    /// The store's tag of the object that was checked: another tag is another object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Where it lies.
    #[serde(default, skip_serializing_if = "LiesAt::is_storage")]
    pub lies: LiesAt,
}

/// Where what is sent of a file lies until the provider has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiesAt {
    /// On the storage of the settings.
    #[default]
    Storage,
    /// On the provider's own storage, where whoever has this link may read it.
    Provider {
        /// The link.
        link: String,
    },
    /// Nowhere: its content is part of the submit.
    Request,
}

impl LiesAt {
    /// Whether it is the storage of the settings.
    pub fn is_storage(&self) -> bool {
        *self == LiesAt::Storage
    }

    /// The link on the provider's own storage.
    pub fn link(&self) -> Option<&str> {
        match self {
            LiesAt::Provider { link } => Some(link),
            LiesAt::Storage | LiesAt::Request => None,
        }
    }
}

/// A file of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultFile {
    /// Its name in the job's folder.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Of its content.
    pub sha256: Sha256,
}

/// A fetched or locally made result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// The job's results folder, or the one a person chose.
    #[serde(serialize_with = "path_text::serialize")]
    pub folder: std::path::PathBuf,
    /// `result.json` itself and the files it names.
    pub files: Vec<ResultFile>,
    /// The summary of `result.json`, for people and the model.
    pub summary: serde_json::Value,
    /// What could not be checked before it was accepted, in a sentence, where something could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<String>,
    /// What the program that made it said beside its result, cleaned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What is known of a job when it is planned: see [`Job::planned`].
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedJob {
    /// Its id.
    pub id: JobId,
    /// The session it is planned in.
    pub session: String,
    /// The catalogue's name of the task.
    pub task_type: String,
    /// Checked parameters, with defaults filled in.
    pub parameters: Parameters,
    /// Where it runs and why.
    pub verdict: Verdict,
    /// Whose key pays: `sandbox` or `live`.
    pub profile: String,
    /// Where the dataset is.
    pub source: DatasetSource,
    /// Sent with submit.
    pub idempotency_key: String,
    /// When it is planned.
    pub at: Timestamp,
}

/// Everything the ledger knows of one job, but for its payment attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Our id.
    pub id: JobId,
    /// The session it was planned in.
    pub session: String,
    /// The request that it is work of; jobs of old ledgers have none until they are taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Its place in life.
    pub state: JobState,
    /// The catalogue's name of the task.
    pub task_type: String,
    /// The task as its file described it when the job was planned, where it is the owner's: what the file says later is of other
    /// jobs. The program's own tasks are those of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_task: Option<Box<TaskType>>,
    /// The version of the task that it was planned with; jobs of old ledgers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_version: Option<Sha256>,
    /// Checked parameters, with defaults filled in.
    pub parameters: Parameters,
    /// Where it runs and why.
    pub verdict: Verdict,
    /// Whose key pays: `sandbox` or `live`. A job never changes profile.
    pub profile: String,
    /// The dataset's whole path, and the allowed root it lies beneath, for a resume from another folder.
    pub source: DatasetSource,
    /// SHA-256 of the dataset, once it was read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Sha256>,
    /// SHA-256 of the further files that it worked on, by the parameters that name them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further_content: BTreeMap<String, Sha256>,
    /// Where results go; the home's `results/JOB` when `None`.
    #[serde(serialize_with = "path_text::serialize_some")]
    pub out_dir: Option<std::path::PathBuf>,
    /// Sent with submit: the same key never makes two tasks.
    pub idempotency_key: String,
    /// The dataset on storage.
    pub staged: Option<Staged>,
    /// The further files on storage, by the parameters that name them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further_staged: BTreeMap<String, Staged>,
    /// Links on the provider's own storage under which files were to be sent, each known before its first byte went out: what came
    /// of one is known once it is staged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begun_uploads: Vec<String>,
    /// The provider's id.
    pub provider_job: Option<String>,
    /// What the provider asks.
    pub quote: Option<Quote>,
    /// What the provider charges the key's own balance there, in a unit of its own: `0.02 USD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<String>,
    /// The payment that counts, once one is made or confirmed.
    pub tx_hash: Option<TxHash>,
    /// The result.
    pub result: Option<JobResult>,
    /// Whether the copy of the dataset was taken away from storage again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleared: bool,
    /// Why it ended as it did, when it did not end well.
    pub failure: Option<String>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

impl Job {
    /// A job at the beginning of its life: in no request yet, nothing read, sent or paid.
    pub fn planned(planned: PlannedJob) -> Job {
        let PlannedJob { id, session, task_type, parameters, verdict, profile, source, idempotency_key, at } = planned;
        Job {
            id,
            session,
            request: None,
            state: JobState::Planned,
            task_type,
            own_task: None,
            task_version: None,
            parameters,
            verdict,
            profile,
            source,
            content: None,
            further_content: BTreeMap::new(),
            out_dir: None,
            idempotency_key,
            staged: None,
            further_staged: BTreeMap::new(),
            begun_uploads: Vec::new(),
            provider_job: None,
            quote: None,
            charged: None,
            tx_hash: None,
            result: None,
            cleared: false,
            failure: None,
            created_at: at,
            updated_at: at,
        }
    }

    /// Whether its programs may use the network: tasks of the program's own never do.
    pub fn uses_network(&self) -> bool {
        self.own_task.as_ref().is_some_and(|task| task.uses_network())
    }

    /// All that is on storage of its files, the dataset first.
    pub fn all_staged(&self) -> impl Iterator<Item = &Staged> {
        self.staged.iter().chain(self.further_staged.values())
    }

    /// The address of the dataset where it lies on storage, without a signature.
    pub fn data_url(&self) -> Option<&str> {
        self.staged.as_ref().filter(|staged| staged.lies != LiesAt::Request).map(|staged| staged.url.as_str())
    }

    /// Where it runs.
    pub fn place(&self) -> Place {
        self.verdict.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_ends_and_names_round_trip() {
        for state in JobState::ALL {
            assert_eq!(JobState::from_name(state.as_str()), Some(state));
            for next in JobState::ALL {
                for place in [Place::Local, Place::Offload] {
                    assert!(!(state.is_end() && state.may_become(next, place)), "{state} -> {next}");
                }
            }
        }
    }

    #[test]
    fn a_local_job_never_meets_money() {
        for state in JobState::ALL {
            for money in [JobState::PaymentIntended, JobState::PaymentSent, JobState::Paid, JobState::Submitted] {
                assert!(!state.may_become(money, Place::Local));
            }
        }
    }

    #[test]
    fn nothing_runs_remotely_before_it_is_paid() {
        for state in JobState::ALL.into_iter().filter(|s| s.may_become(JobState::Running, Place::Offload)) {
            assert_eq!(state, JobState::Paid);
        }
    }
}
