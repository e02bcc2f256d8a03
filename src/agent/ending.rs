//! After the answer: receipts from the ledger, claims that the ledger does not know, jobs left open.

use std::path::Path;

use crate::{
    cassette,
    domain::{
        event::{Event, Sink},
        ids::JobId,
        job::{Job, JobState},
    },
    job::receipt,
    model::{ChatTurn, repair, words},
    tools::{Steps, WorkError, next},
};

/// The receipts of jobs that ended. A job that was refused or canceled before anything happened has none.
pub fn receipts(work: &dyn Steps, jobs: &[Job], sink: &dyn Sink) -> Result<(), WorkError> {
    for job in jobs.iter().filter(|j| j.state.is_end()) {
        let attempts = work.attempts(&job.id)?;
        let nothing = matches!(job.state, JobState::Refused | JobState::Canceled) && attempts.is_empty();
        if !nothing {
            sink.emit(Event::Receipt(Box::new(receipt::of(job, &attempts))));
        }
    }
    Ok(())
}

/// Warns of jobs, hashes and files in an answer that the ledger does not know. What the person `typed` and what is in the
/// `folder` they know themselves.
pub fn unverified(
    work: &dyn Steps,
    answer: &str,
    typed: &[&str],
    folder: &Path,
    sink: &dyn Sink,
) -> Result<(), WorkError> {
    let (ids, hashes, files) = (words::jobs(answer), words::hashes(answer), claimed_files(answer));
    if ids.is_empty() && hashes.is_empty() && files.is_empty() {
        return Ok(());
    }
    let jobs = work.jobs()?;
    let mut known: Vec<String> = Vec::new();
    for job in jobs.iter().filter(|_| !hashes.is_empty()) {
        known.extend(job.tx_hash.map(|h| h.to_string()));
        known.extend(work.attempts(&job.id)?.iter().map(|a| a.tx_hash.to_string()));
        known.extend(job.staged.iter().map(|s| s.sha256.to_string()));
        known.extend(job.result.iter().flat_map(|r| r.files.iter().map(|f| f.sha256.to_string())));
    }
    let is_known = |hash: &String| {
        let digits = hash.trim_start_matches("0x");
        known.iter().any(|k| k.trim_start_matches("0x") == digits) || typed.iter().any(|t| t.contains(digits))
    };
    let is_there = |file: &String| {
        typed.iter().any(|t| t.contains(file.as_str()))
            || cassette::look(&format!("file {file}"), || folder.join(file).exists())
            || jobs.iter().any(|j| has(j, file))
    };
    let strange = ids
        .into_iter()
        .filter(|id| !jobs.iter().any(|j| j.id == *id))
        .map(|id| format!("the job {id}"))
        .chain(hashes.into_iter().filter(|h| !is_known(h)).map(|h| match h.starts_with("0x") {
            true => format!("the transaction {h}"),
            false => format!("the hash {h}"),
        }))
        .chain(files.into_iter().filter(|f| !is_there(f)).map(|f| format!("the file {f}")));
    for what in strange {
        sink.emit(Event::Warning {
            message: format!("unverified: the answer names {what}, and the ledger knows of none such"),
        });
    }
    Ok(())
}

/// Whether a file has to do with a job: its dataset, its result, or a parameter.
pub fn has(job: &Job, file: &str) -> bool {
    let dataset = &job.verdict.dataset.path;
    let chosen = || job.parameters.values().any(|v| v.as_str() == Some(file));
    if Path::new(file) == dataset.as_path() || job.source.path.ends_with(file) || chosen() {
        return true;
    }
    job.result.as_ref().is_some_and(|result| {
        result.folder.ends_with(file)
            || result
                .files
                .iter()
                .any(|f| Path::new(&f.name).ends_with(file) || result.folder.join(&f.name).ends_with(file))
    })
}

/// The files that an answer says are there: whole paths, and names with which something is said to be saved.
fn claimed_files(answer: &str) -> Vec<String> {
    const SAVED: [&str; 8] =
        ["saved", "stored", "written", "wrote", "results are in", "result is in", "output", "created"];
    let mut out: Vec<String> = Vec::new();
    for line in answer.lines() {
        let says = words::says_any(&words::plain(line), &SAVED);
        let claimed = |f: &String| says || f.starts_with('/') || f.starts_with("~/") || f.contains("results/");
        out.extend(words::files(line, &[]).into_iter().filter(|f| !is_command(f) && claimed(f)));
        // Files of other kinds are only told by the folder that they are said to be in.
        let saved = words::path_like(line).into_iter().filter(|f| says && is_in_a_folder(f));
        out.extend(saved.filter(|f| !out.contains(f)).collect::<Vec<_>>());
    }
    out
}

/// Whether it is a command of the conversation, as `/cancel job-7k3q9dm2` is: one word behind the slash.
fn is_command(text: &str) -> bool {
    let name = text.strip_prefix('/').and_then(|rest| rest.split_whitespace().next());
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_lowercase()))
}

/// Whether it is a path of a folder and a name with an ending: `results/out.pdb`.
fn is_in_a_folder(text: &str) -> bool {
    let ending = |name: &str| {
        name.rsplit_once('.').is_some_and(|(stem, end)| {
            let letters = end.starts_with(|c: char| c.is_ascii_alphabetic()) && end.chars().all(char::is_alphanumeric);
            letters && stem.chars().any(char::is_alphanumeric)
        })
    };
    text.rsplit_once('/').is_some_and(|(_, name)| ending(name))
}

/// Says how jobs that a person wants to be given up are given up: that is their own step. What the answer says already is not
/// repeated.
pub fn how_to_cancel(jobs: &[Job], named: &[JobId], answer: &str, sink: &dyn Sink) {
    for id in named.iter().filter(|id| !jobs.iter().any(|job| job.id == **id)) {
        sink.emit(Event::Warning { message: format!("there is no {id} to give up: `agent jobs list` shows all jobs") });
    }
    let meant = |job: &&Job| if named.is_empty() { !job.state.is_end() } else { named.contains(&job.id) };
    for job in jobs.iter().filter(meant) {
        let id = &job.id;
        let message = match job.state {
            state if state.is_end() => format!("{id} is {state} already: there is nothing to give up"),
            state if next::is_beyond_recall(job) => {
                format!("{id} is {state} and can no more be given up. To take it to its end: agent jobs resume {id}")
            }
            state => format!("{id} is {state} still. To give it up: agent jobs cancel {id}"),
        };
        if !answer.contains(&format!("agent jobs cancel {id}")) {
            sink.emit(Event::Warning { message });
        }
    }
}

/// Says of each open job how it stands and how to go on.
pub fn still_open(jobs: &[&Job], sink: &dyn Sink) {
    for job in jobs {
        let id = &job.id;
        let message = match job.state {
            JobState::Planned => format!("{id} is planned and was not run. To run it: agent jobs resume {id}"),
            state if next::is_beyond_recall(job) => {
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

/// Whether a job waits for a payment that the person forbade or put off: that it waits is what they wished.
pub fn waits_as_wished(prompt: &str, job: &Job) -> bool {
    const PUTS_OFF: [&str; 6] = [
        "before paying",
        "before you pay",
        "before payment",
        "before any payment",
        "before it is paid",
        "before spending",
    ];
    let put_off = || {
        let said = words::plain(prompt);
        words::forbids_payment(prompt) || words::only_asks(prompt) || words::says_any(&said, &PUTS_OFF)
    };
    job.state == JobState::Submitted && put_off()
}

/// The program's own closing words, where all jobs of a turn are done and the model has none.
pub fn closing_words(jobs: &[Job]) -> Option<String> {
    if jobs.is_empty() || jobs.iter().any(|job| job.state != JobState::Done) {
        return None;
    }
    let line = |job: &Job| format!("{} of {} is done ({}).", job.task_type, job.verdict.dataset.path.display(), job.id);
    let receipt = if jobs.len() == 1 { "The receipt follows." } else { "The receipts follow." };
    Some(jobs.iter().map(line).chain([receipt.to_owned()]).collect::<Vec<_>>().join(" "))
}

/// Whether a reply is nothing but calls that are written as text.
pub fn is_call(reply: &ChatTurn, known: &[&str]) -> bool {
    let reading = repair::read(&reply.text, known, &reply.finish, &|_, _| false);
    reply.calls.is_empty() && !reading.calls.is_empty() && reading.text.is_empty()
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
