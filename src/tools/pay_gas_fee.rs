//! `pay_gas_fee`: pay a job's quote.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Claim, More};
use domain::{hash::Hash160, ids::JobId, money::Datoshi};

/// What it does, for the model.
pub const DESCRIPTION: &str = "Pay the quote of a submitted job in GAS. amount and recipient must be exactly those of the \
quote that run_remote_compute returned; anything else is refused. Call it once for a job, never twice. The person, or their \
policy, has agreed to the plan before, or is asked.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id whose quote is paid, such as job-7k3q9dm2.
    #[schemars(with = "String")]
    pub job: JobId,
    /// The quote's amount in GAS, as text, such as "2" or "0.5".
    #[serde(deserialize_with = "gas", serialize_with = "as_gas")]
    #[schemars(with = "String")]
    pub amount: Datoshi,
    /// The quote's recipient: a Neo N3 address.
    #[serde(deserialize_with = "account", serialize_with = "as_address")]
    #[schemars(with = "String")]
    pub recipient: Hash160,
    /// Further jobs whose quotes are the same: their ids, or ["all"] for every such job of the request that waits to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub more_jobs: Option<More>,
}

fn gas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Datoshi, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash160, D::Error> {
    Hash160::parse_account(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn as_gas<S: Serializer>(amount: &Datoshi, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&amount.gas_string())
}

fn as_address<S: Serializer>(recipient: &Hash160, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&recipient.address())
}

impl Args {
    /// What it says is paid.
    pub(super) fn claim(&self) -> Claim {
        Claim { amount: self.amount, recipient: self.recipient }
    }
}
