//! `pay_gas_fee`: pay a job's quote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Claim, More,
    written::{self, Account, Gas},
};
use domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Pay the quote of a submitted job in GAS. amount and recipient must be exactly those of the \
quote that run_remote_compute returned; anything else is refused. Call it once for a job, never twice. The person, or their \
policy, has agreed to the plan before, or is asked.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id whose quote is paid, such as job-7k3q9dm2.
    #[schemars(with = "written::Job")]
    pub job: JobId,
    /// The quote's amount in GAS, as text, such as "2" or "0.5".
    pub amount: Gas,
    /// The quote's recipient: a Neo N3 address.
    pub recipient: Account,
    /// Further jobs whose quotes are the same: their ids, or ["all"] for every such job of the request that waits to be paid.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "More")]
    pub more_jobs: Option<More>,
}

impl Args {
    /// What it says is paid.
    pub(super) fn claim(&self) -> Claim {
        Claim { amount: self.amount.0, recipient: self.recipient.0 }
    }
}
