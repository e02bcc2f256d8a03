//! A receipt: facts from the ledger, never from the model.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    hash::{Hash160, Sha256, TxHash},
    ids::JobId,
    money::{Amount, Datoshi, Fees},
    network::Network,
    path_text,
    verdict::Place,
};

/// Everything the ledger knows of a finished job, in one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Our id.
    pub job: JobId,
    /// How it ended.
    pub state: String,
    /// The task.
    pub task_type: String,
    /// As the person named it.
    #[serde(serialize_with = "path_text::serialize")]
    pub dataset: PathBuf,
    /// Its files, the dataset first, with the checksum of what was worked on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputReceipt>,
    /// Where it ran.
    #[serde(rename = "where")]
    pub place: Place,
    /// `sandbox` or `live`.
    pub profile: String,
    /// The provider's id.
    pub job_id: Option<String>,
    /// The dataset on storage, without a signature.
    pub data_url: Option<String>,
    /// The payment, where there was one.
    pub payment: Option<PaidReceipt>,
    /// What the provider charges the key's own balance there beside it, in a unit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<String>,
    /// The result, where there is one.
    pub result: Option<ResultReceipt>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why it did not end well.
    pub failure: Option<String>,
}

/// The one event of a payment: an attempt is confirmed when its transaction's log has exactly this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferEvent {
    /// The contract that says it: GAS, by its script hash.
    pub contract: Hash160,
    /// Its name: `Transfer`.
    pub name: String,
    /// Whose coins moved.
    pub from: Hash160,
    /// To whom.
    pub to: Hash160,
    /// How many, in datoshi.
    pub amount: Datoshi,
}

/// The payment of a receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaidReceipt {
    /// The transaction.
    pub tx_hash: TxHash,
    /// The block it is in.
    pub block: u32,
    /// The event by which the chain says that it was paid.
    pub event: TransferEvent,
    /// What was paid.
    #[serde(flatten)]
    pub amount: Amount,
    /// What was burnt on top.
    #[serde(flatten)]
    pub fees: Fees,
    /// The paying address.
    pub sender: String,
    /// The paid address.
    pub recipient: String,
    /// Where.
    pub network: Network,
    /// The quote's reference in the transaction.
    pub reference: String,
    /// How many transactions were made for this job.
    pub attempts: u32,
    /// A public explorer's page, where the network has one.
    pub explorer_url: Option<String>,
}

/// A file that a job worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputReceipt {
    /// `dataset`, or the parameter that names it.
    pub name: String,
    /// As the person named it.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// Bytes.
    pub bytes: u64,
    /// Of its content, where it was read to its end.
    pub sha256: Option<Sha256>,
}

/// The result of a receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultReceipt {
    /// The folder.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// Of all files.
    pub bytes: u64,
    /// Of `result.json`.
    pub sha256: Sha256,
    /// What could not be checked before it was accepted, in a sentence, where something could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<String>,
    /// What the program that made it said beside its result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
