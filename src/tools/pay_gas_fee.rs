//! `pay_gas_fee`: pay a job's quote.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Cancel, Claim, Tool, ToolResult, Toolbox, facts, next};
use crate::domain::{hash::Hash160, ids::JobId, job::Job, money::Datoshi};

/// What it does, for the model.
pub const DESCRIPTION: &str = "Pay the quote of a submitted job in GAS. amount and recipient must be exactly those of the \
quote that run_remote_compute returned; anything else is refused. Call it once for a job, never twice.";

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

pub(super) async fn run(toolbox: &Toolbox, args: &Args, cancel: &Cancel) -> ToolResult {
    let claim = Claim { amount: args.amount, recipient: args.recipient };
    match toolbox.work.pay(&toolbox.session, &args.job, claim, cancel).await {
        Ok(job) => {
            let attempts = toolbox.work.attempts(&job.id).unwrap_or_default();
            toolbox.outcome(facts::paid(&job, &attempts), job)
        }
        Err(error) => {
            let mut result = toolbox.failed(&error, &args.job);
            // A claim that is not the quote can be mended; a quote that the owner's rules refuse cannot.
            let wrong_claim = |job: &Job| {
                job.quote.as_ref().is_some_and(|q| q.amount != args.amount || q.recipient != args.recipient)
                    && next::tool(job) == Some(Tool::PayGasFee)
            };
            if let Some(job) = result.job.as_ref().filter(|job| wrong_claim(job)) {
                result.value["next_step"] = format!("The claim was not the quote. {}", next::step(job)).into();
            }
            result
        }
    }
}
