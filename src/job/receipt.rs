//! A job's receipt, put together from the ledger alone.

use domain::{
    attempt::{Attempt, AttemptState},
    ids::JobId,
    job::Job,
    money::{Amount, Datoshi, Fees},
    receipt::{InputReceipt, PaidReceipt, Receipt, ResultReceipt, TransferEvent},
    request::DATASET,
    result::RESULT_FILE,
    verdict::Verdict,
};
use guard::ledger::{Ledger, LedgerError};
use neo::{GAS_CONTRACT, paid::TRANSFER};

/// The receipt of one job.
///
/// # Errors
/// When the ledger has no such job.
pub fn receipt(ledger: &Ledger, id: &JobId) -> Result<Receipt, LedgerError> {
    Ok(of(&ledger.job(id)?, &ledger.attempts(id)?))
}

/// The receipt that a job and its attempts make.
pub fn of(job: &Job, attempts: &[Attempt]) -> Receipt {
    let paid = attempts.iter().find(|a| a.state == AttemptState::Confirmed);
    let payment = paid.map(|a| PaidReceipt {
        tx_hash: a.tx_hash,
        block: a.block.unwrap_or_default(),
        event: TransferEvent {
            contract: GAS_CONTRACT,
            name: TRANSFER.to_owned(),
            from: a.sender,
            to: a.recipient,
            amount: a.amount,
        },
        amount: Amount::from(a.amount),
        fees: Fees::from(a.system_fee.checked_add(a.network_fee).unwrap_or(Datoshi::MAX)),
        sender: a.sender.address(),
        recipient: a.recipient.address(),
        network: a.network,
        reference: a.reference.clone(),
        attempts: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
        explorer_url: a.network.explorer_url(&a.tx_hash),
    });
    let result = job.result.as_ref().and_then(|r| {
        let document = r.files.iter().find(|f| f.name == RESULT_FILE)?;
        let bytes = r.files.iter().map(|f| f.bytes).sum();
        Some(ResultReceipt {
            path: r.folder.clone(),
            bytes,
            sha256: document.sha256,
            unchecked: r.unchecked.clone(),
            warnings: r.warnings.clone(),
        })
    });
    Receipt {
        job: job.id.clone(),
        state: job.state.to_string(),
        task_type: job.task_type.clone(),
        dataset: job.verdict.dataset.path.clone(),
        inputs: inputs(job),
        place: job.verdict.place,
        profile: job.profile.clone(),
        job_id: job.provider_job.clone(),
        data_url: job.data_url().map(str::to_owned),
        payment,
        charged: job.charged.clone(),
        result,
        created_at: job.created_at,
        ended_at: job.updated_at,
        failure: job.failure.clone(),
    }
}

/// The files of a job, the dataset first.
fn inputs(job: &Job) -> Vec<InputReceipt> {
    let Verdict { dataset, further, .. } = &job.verdict;
    let mut inputs = vec![InputReceipt {
        name: DATASET.to_owned(),
        path: dataset.path.clone(),
        bytes: dataset.bytes,
        sha256: job.content,
    }];
    inputs.extend(further.iter().map(|file| InputReceipt {
        name: file.name.clone(),
        path: file.profile.path.clone(),
        bytes: file.profile.bytes,
        sha256: job.further_content.get(&file.name).copied(),
    }));
    inputs
}
