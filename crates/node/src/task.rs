//! A task of the node: what is written down of it.
//!
//! | status | payment | what it waits for |
//! | --- | --- | --- |
//! | `in_queue` | `unpaid` | somebody to announce a payment; canceled when its terms expire |
//! | `in_queue` | `verifying` | the chain |
//! | `in_queue` | `paid` | a free worker |
//! | `computing` | `paid` | the run |
//! | `success`, `failed`, `canceled` | any | nothing |

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use domain::{
    hash::{Hash160, Sha256, TxHash},
    job::ResultFile,
    money::Datoshi,
    network::Network,
    task::Parameters,
};

/// AIOZ's names of what a task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InQueue,
    Computing,
    Success,
    Failed,
    Canceled,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::InQueue => "in_queue",
            Status::Computing => "computing",
            Status::Success => "success",
            Status::Failed => "failed",
            Status::Canceled => "canceled",
        }
    }

    pub fn is_end(self) -> bool {
        matches!(self, Status::Success | Status::Failed | Status::Canceled)
    }
}

/// Whether a task is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Payment {
    /// Nobody announced a payment, or none that counts.
    Unpaid,
    /// An announced payment is looked for on chain.
    Verifying,
    /// The chain says so.
    Paid,
    /// Not paid in time.
    Expired,
}

impl Payment {
    pub fn as_str(self) -> &'static str {
        match self {
            Payment::Unpaid => "unpaid",
            Payment::Verifying => "verifying",
            Payment::Paid => "paid",
            Payment::Expired => "expired",
        }
    }
}

/// What a task costs, as it was when the task was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub network: Network,
    pub recipient: Hash160,
    pub amount: Datoshi,
    pub reference: String,
    pub expires_at: Timestamp,
}

/// What a finished task left in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Finished {
    /// The folder beneath the task's own.
    pub folder: String,
    /// `result.json` first.
    pub files: Vec<ResultFile>,
    pub summary: Value,
    /// Wall-clock time, seconds.
    pub seconds: f64,
    /// The largest resident set, bytes.
    pub max_rss: u64,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    pub id: String,
    /// Whose it is: the digest of their key.
    pub owner: String,
    /// The catalogue's name of it.
    pub task_type: String,
    /// The input as it was given.
    pub input: Value,
    /// The dataset's URL in it.
    pub dataset: Url,
    /// Checked, with defaults filled in.
    pub parameters: Parameters,
    /// Of model and input, but for the URL's query.
    pub fingerprint: Sha256,
    pub idempotency_key: Option<String>,
    pub callback_url: Option<Url>,
    pub terms: Terms,
    pub status: Status,
    pub payment: Payment,
    /// The payment that counts, or the one last announced.
    pub tx_hash: Option<TxHash>,
    pub message: String,
    /// How often a run was begun.
    pub runs: u32,
    pub finished: Option<Finished>,
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
