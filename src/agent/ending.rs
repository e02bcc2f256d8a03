//! After the answer: receipts from the ledger, claims that the ledger does not know, jobs left open.

use crate::{
    domain::{
        attempt::{Attempt, AttemptState},
        event::{Event, Sink},
        job::{Job, JobState},
        receipt::{PaidReceipt, Receipt, ResultReceipt},
        result::RESULT_FILE,
    },
    model::words,
    tools::{Work, WorkError, next},
};

/// The receipt of a job, out of what the ledger knows.
pub fn receipt(job: &Job, attempts: &[Attempt]) -> Receipt {
    let confirmed = attempts.iter().find(|a| a.state == AttemptState::Confirmed);
    let payment = confirmed.and_then(|a| {
        Some(PaidReceipt {
            tx_hash: a.tx_hash,
            block: a.block?,
            amount: a.amount.into(),
            fees: a.system_fee.checked_add(a.network_fee)?.into(),
            sender: a.sender.address(),
            recipient: a.recipient.address(),
            network: a.network,
            reference: a.reference.clone(),
            attempts: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
            explorer_url: a.network.explorer_url(&a.tx_hash),
        })
    });
    let result = job.result.as_ref().and_then(|made| {
        let document = made.files.iter().find(|f| f.name == RESULT_FILE).or(made.files.first())?;
        let bytes = made.files.iter().map(|f| f.bytes).sum();
        Some(ResultReceipt { path: made.folder.clone(), bytes, sha256: document.sha256 })
    });
    Receipt {
        job: job.id.clone(),
        state: job.state.to_string(),
        task_type: job.task_type.clone(),
        dataset: job.verdict.dataset.path.clone(),
        place: job.verdict.place,
        profile: job.profile.clone(),
        job_id: job.provider_job.clone(),
        data_url: job.staged.as_ref().map(|s| s.url.clone()),
        payment,
        result,
        created_at: job.created_at,
        ended_at: job.updated_at,
        failure: job.failure.clone(),
    }
}

/// The receipts of jobs that ended. A job that was refused or canceled before anything happened has none.
pub fn receipts(work: &dyn Work, jobs: &[Job], sink: &dyn Sink) -> Result<(), WorkError> {
    for job in jobs.iter().filter(|j| j.state.is_end()) {
        let attempts = work.attempts(&job.id)?;
        let nothing = matches!(job.state, JobState::Refused | JobState::Canceled) && attempts.is_empty();
        if !nothing {
            sink.emit(Event::Receipt(Box::new(receipt(job, &attempts))));
        }
    }
    Ok(())
}

/// Warns of job ids and transaction hashes in an answer that the ledger does not know.
pub fn unverified(work: &dyn Work, answer: &str, sink: &dyn Sink) -> Result<(), WorkError> {
    let ids = words::jobs(answer);
    let hashes = words::transactions(answer);
    if ids.is_empty() && hashes.is_empty() {
        return Ok(());
    }
    let jobs = work.jobs()?;
    let mut known: Vec<String> = jobs.iter().filter_map(|j| j.tx_hash.map(|h| h.to_string())).collect();
    if !hashes.is_empty() {
        for job in &jobs {
            known.extend(work.attempts(&job.id)?.iter().map(|a| a.tx_hash.to_string()));
        }
    }
    let strange = ids
        .into_iter()
        .filter(|id| !jobs.iter().any(|j| j.id == *id))
        .map(|id| format!("the job {id}"))
        .chain(hashes.into_iter().filter(|h| !known.contains(h)).map(|h| format!("the transaction {h}")));
    for what in strange {
        sink.emit(Event::Warning {
            message: format!("unverified: the answer names {what}, and the ledger knows of none such"),
        });
    }
    Ok(())
}

/// Says of each open job how it stands and how to go on.
pub fn still_open(jobs: &[&Job], sink: &dyn Sink) {
    for job in jobs {
        let id = &job.id;
        let message = match job.state {
            JobState::Planned => format!("{id} is planned and was not run. To run it: agent jobs resume {id}"),
            state if state.holds_money() => {
                format!("{id} is {state}: nothing is lost. To go on: agent jobs resume {id}")
            }
            state => format!(
                "{id} is {state} and not finished. To go on: agent jobs resume {id}. To give it up: agent jobs cancel {id}"
            ),
        };
        if next::tool(job).is_some() || !job.state.is_end() {
            sink.emit(Event::Warning { message });
        }
    }
}

/// Whether a text has no readable words: nothing of letters, or one word over and over.
pub fn is_nonsense(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return true;
    }
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let visible = text.chars().filter(|c| !c.is_whitespace()).count();
    // `42`, `-9` and the like are answers; a page of punctuation is not.
    if letters * 5 < visible && visible > 40 {
        return true;
    }
    if letters == 0 && !text.chars().any(|c| c.is_ascii_digit()) {
        return true;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.len() >= 20 && words.iter().any(|word| words.iter().filter(|w| *w == word).count() * 10 >= words.len() * 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_noise() {
        for text in ["", "  \n", "?!", &"#@ ".repeat(40), &"the ".repeat(60), &"0 ".repeat(80)] {
            assert!(is_nonsense(text), "{text}");
        }
        for text in ["Yes.", "-9", "42 sequences", "能量为 -9", "The best fold has energy -9.", "the the the"] {
            assert!(!is_nonsense(text), "{text}");
        }
    }
}
