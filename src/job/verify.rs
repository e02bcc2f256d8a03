//! A receipt checked afresh: the payment against the chain, the result against the files on disk.

use std::{io, path::Path};

use serde::Serialize;

use compute::worker::hash;
use domain::{
    attempt::{Attempt, AttemptState},
    hash::Sha256,
    job::{Job, ResultFile},
    units,
};
use guard::config::plain_file;
use neo::{Chain, Expected, VerifyError, verify_payment};

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `payment`, or a file of the result.
    pub what: String,
    /// Whether it is as the ledger says; null when that could not be told.
    pub ok: Option<bool>,
    /// In a sentence.
    pub text: String,
}

impl Finding {
    fn of(what: &str, found: Result<String, String>) -> Finding {
        let ok = Some(found.is_ok());
        Finding { what: what.to_owned(), ok, text: found.unwrap_or_else(|why| why) }
    }

    fn unknown(what: &str, why: String) -> Finding {
        Finding { what: what.to_owned(), ok: None, text: why }
    }
}

/// Looks at the chain for the payment that the ledger calls confirmed, or counts as spent: landed, exactly this transfer with this
/// reference, in this block. `None` when the job was not paid for.
pub async fn payment(attempts: &[Attempt], chain: &Chain) -> Option<Finding> {
    let confirmed = attempts.iter().find(|a| a.state == AttemptState::Confirmed);
    // One that was given up before anybody could tell.
    let given_up = || attempts.iter().find(|a| a.state.is_live());
    let paid = confirmed.or_else(given_up)?;
    let expected = Expected {
        from: Some(paid.sender),
        to: paid.recipient,
        amount: paid.amount,
        reference: paid.reference.clone(),
        network: paid.network,
    };
    let found = match verify_payment(chain, &paid.tx_hash, &expected).await {
        Ok(landed) if confirmed.is_none() => {
            Ok(format!("it was given up while nobody could tell, and the chain has it in block {}", landed.block))
        }
        Ok(landed) if Some(landed.block) == paid.block => Ok(format!(
            "the chain has it in block {}: {} to {}, with this job's reference",
            landed.block,
            paid.amount,
            paid.recipient.address()
        )),
        Ok(landed) => Err(format!("the chain has it in block {}, and the ledger says otherwise", landed.block)),
        // A chain that does not answer says nothing of the payment.
        Err(error @ VerifyError::Chain(_)) => return Some(Finding::unknown("payment", error.to_string())),
        Err(error) => Err(error.to_string()),
    };
    Some(Finding::of("payment", found))
}

/// Reads every file of the result and compares sizes and checksums with the ledger's. Blocks while it reads.
pub fn files(job: &Job) -> Vec<Finding> {
    let Some(result) = &job.result else { return Vec::new() };
    result.files.iter().map(|file| Finding::of(&file.name, compare(&result.folder, file))).collect()
}

fn compare(folder: &Path, file: &ResultFile) -> Result<String, String> {
    let path = folder.join(&file.name);
    let (bytes, sha256) = measure(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    if (bytes, sha256) == (file.bytes, file.sha256) {
        return Ok(format!("{} is as it was fetched: {}", path.display(), units::bytes(bytes)));
    }
    Err(format!("{} is not what was fetched: its SHA-256 is {sha256}, and was {}", path.display(), file.sha256))
}

fn measure(path: &Path) -> io::Result<(u64, Sha256)> {
    hash(plain_file::open(path)?, |_| {})
}
