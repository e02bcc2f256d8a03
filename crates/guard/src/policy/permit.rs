//! Permits: values only the guard can make, one for each side effect.
//!
//! A permit is not Clone, Copy, Default, Serialize or Deserialize; its field is private, and its only constructor is
//! visible in this folder alone. The code that has the effect takes the permit by value and spends it.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::{
    data::{OpenDataset, OpenFurther},
    mandate::Mandate,
};
use domain::{
    budget::Caps,
    hash::{Hash160, Sha256},
    ids::{JobId, RequestId},
    job::Staged,
    money::Datoshi,
    network::Network,
    task::{Parameters, remote::RemoteModel},
};

/// Leave to have one effect, once.
#[must_use = "a permit that is not spent permits nothing"]
pub struct Permit<E> {
    effect: E,
    request: RequestId,
}

impl<E> Permit<E> {
    /// Grants it under a mandate, which it names from then on.
    pub(in crate::policy) fn grant(mandate: &Mandate, effect: E) -> Permit<E> {
        Permit { effect, request: mandate.request().id.clone() }
    }

    /// The request under whose mandate it was granted.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// What is permitted.
    pub fn effect(&self) -> &E {
        &self.effect
    }

    /// Gives the permit up for its effect: it serves once.
    pub fn spend(self) -> E {
        self.effect
    }
}

impl<E: fmt::Debug> fmt::Debug for Permit<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({:?})", self.effect)
    }
}

/// Running a task on this machine.
#[derive(Debug)]
pub struct LocalRun {
    /// For this job.
    pub job: JobId,
    /// Of this type.
    pub task_type: String,
    /// With these checked parameters.
    pub parameters: Parameters,
    /// On this open file.
    pub dataset: OpenDataset,
    /// With these open files beside it.
    pub further: Vec<OpenFurther>,
    /// The child process may use this much memory, bytes.
    pub memory_limit: u64,
    /// And write this much, bytes.
    pub output_limit: u64,
    /// And take this long, seconds.
    pub time_limit: u64,
}

/// Sending a dataset to storage.
#[derive(Debug)]
pub struct Upload {
    /// For this job.
    pub job: JobId,
    /// This open file.
    pub dataset: OpenDataset,
    /// Under this key.
    pub key: String,
}

/// Submitting a job to the provider.
#[derive(Debug)]
pub struct Submit {
    /// This job.
    pub job: JobId,
    /// To this model, which takes its input so.
    pub remote: RemoteModel,
    /// What the task calls its dataset.
    pub input: String,
    /// With these checked parameters, those that are files left out.
    pub parameters: Parameters,
    /// The parameters that are yes or no: what is not set is no.
    pub flags: Vec<String>,
    /// On these files as they were staged: the dataset and further ones, by what the task calls them.
    pub staged: BTreeMap<String, Staged>,
    /// The same key never makes two tasks.
    pub idempotency_key: String,
    /// It was staged then, so that no task that is older can be this one.
    pub since: Timestamp,
}

/// Paying for a job: the quote's values, checked, approved and within the caps.
#[derive(Debug)]
pub struct Payment {
    /// For this job.
    pub job: JobId,
    /// This much.
    pub amount: Datoshi,
    /// To this account.
    pub recipient: Hash160,
    /// On this network only.
    pub network: Network,
    /// Carrying this reference.
    pub reference: String,
    /// Burning at most this much as system fee.
    pub max_system_fee: Datoshi,
    /// Burning at most this much as network fee.
    pub max_network_fee: Datoshi,
    /// Not after this.
    pub expires_at: Timestamp,
    /// The limits that the reservation in the ledger must keep.
    pub caps: Caps,
    /// The digest that was approved; the ledger uses it up when the intent is written.
    pub approval: Sha256,
}
