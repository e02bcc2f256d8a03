//! After the answer: receipts from the ledger, claims that the ledger does not know, jobs left open.

use crate::{
    domain::{
        event::{Event, Sink},
        job::{Job, JobState},
    },
    job::receipt,
    model::words,
    tools::{Work, WorkError, next},
};

/// The receipts of jobs that ended. A job that was refused or canceled before anything happened has none.
pub fn receipts(work: &dyn Work, jobs: &[Job], sink: &dyn Sink) -> Result<(), WorkError> {
    for job in jobs.iter().filter(|j| j.state.is_end()) {
        let attempts = work.attempts(&job.id)?;
        let nothing = matches!(job.state, JobState::Refused | JobState::Canceled) && attempts.is_empty();
        if !nothing {
            sink.emit(Event::Receipt(Box::new(receipt::of(job, &attempts))));
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
