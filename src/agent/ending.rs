//! After the answer: receipts and states from the ledger, names that it does not know, and closing words where a model has none.

use std::{collections::HashMap, path::Path};

use super::{named, outcome};
use crate::{
    job::receipt,
    model::{ChatTurn, grammar::figures, repair},
    tools::{Steps, WorkError},
};
use cassette::Tape;
use domain::{
    event::{Event, Sink},
    job::{Job, JobState},
    plan::Plan,
    request::{Request, Until},
    standing::{JobStanding, NotDone},
    units::{clean, count},
};

/// More names than these, of each kind, are only counted.
const MOST_NAMED: usize = 50;
/// More jobs than these are only counted in closing words.
const MOST_SAID: usize = 5;

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

/// Whether a job is nothing but a plan of this process: what is begun is work of a request.
fn is_only_planned(job: &Job) -> bool {
    job.request.is_none() && job.state == JobState::Planned
}

/// How each job of a turn stands, and how it goes on; `cannot` is what became no job. `kept` is the request that was planned in the turn and not agreed to, where
/// there is one: it can be taken up by its name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn status(
    work: &dyn Steps,
    jobs: &[Job],
    cannot: Vec<NotDone>,
    kept: Option<&Request>,
    sink: &dyn Sink,
) -> Result<(), WorkError> {
    let mut standings = Vec::with_capacity(jobs.len());
    for job in jobs {
        let mut standing = JobStanding::of(job, &work.attempts(&job.id)?);
        if is_only_planned(job) {
            // The job itself is in no ledger.
            standing.only_planned = true;
            standing.next = kept.map(|request| format!("agent run --request {}", request.id));
        }
        standings.push(standing);
    }
    sink.emit(Event::TurnStatus { jobs: standings, cannot });
    Ok(())
}

/// Warns of jobs, hashes, addresses and files in an answer that the ledger does not know. What the person `typed` and what is in
/// the `folder` they know themselves.
///
/// # Errors
/// When the ledger cannot be read.
pub fn unverified(
    tape: &Tape,
    work: &dyn Steps,
    session: &str,
    answer: &str,
    typed: &[&str],
    folder: &Path,
    sink: &dyn Sink,
) -> Result<(), WorkError> {
    let (mut ids, mut hashes, mut files) = (named::jobs(answer), named::hashes(answer), named::paths(answer));
    let mut addresses = named::addresses(answer);
    let more: usize =
        [ids.len(), hashes.len(), files.len(), addresses.len()].into_iter().map(|n| n.saturating_sub(MOST_NAMED)).sum();
    ids.truncate(MOST_NAMED);
    [&mut hashes, &mut files, &mut addresses].into_iter().for_each(|names| names.truncate(MOST_NAMED));
    if ids.is_empty() && hashes.is_empty() && files.is_empty() && addresses.is_empty() {
        return Ok(());
    }
    let jobs = work.jobs()?;
    let mut known: Vec<String> = Vec::new();
    for job in &jobs {
        known.extend(job.tx_hash.map(|h| h.to_string()));
        known.extend(job.content.map(|h| h.to_string()));
        known.extend(job.staged.iter().map(|s| s.sha256.to_string()));
        known.extend(job.quote.iter().map(|q| q.recipient.address()));
        known.extend(job.result.iter().flat_map(|r| r.files.iter().map(|f| f.sha256.to_string())));
        for attempt in work.attempts(&job.id)? {
            known.extend([attempt.tx_hash.to_string(), attempt.recipient.address(), attempt.sender.address()]);
        }
    }
    let plan = work.pending(session)?;
    known.extend(
        plan.iter().flat_map(|plan| &plan.work).filter_map(|piece| Some(piece.price.as_ref()?.recipient.clone())),
    );
    let is_known = |name: &String| {
        let digits = name.trim_start_matches("0x");
        known.iter().any(|k| k.trim_start_matches("0x") == digits) || typed.iter().any(|t| t.contains(digits))
    };
    let is_there = |file: &String| {
        typed.iter().any(|t| t.contains(file.as_str()))
            || tape.look(&format!("file {file}"), || folder.join(file).exists())
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
        .chain(addresses.into_iter().filter(|a| !is_known(a)).map(|a| format!("the address {a}")))
        .chain(files.into_iter().filter(|f| !is_there(f)).map(|f| format!("the file {}", clean(&f, 240))));
    for what in strange {
        sink.emit(Event::Warning {
            message: format!("unverified: the answer names {what}, and the ledger knows of none such"),
        });
    }
    if more > 0 {
        let message = format!("unverified: the answer names {} more that were not looked for", count(more as u64));
        sink.emit(Event::Warning { message });
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

/// Whether all work of a turn is where its request ends, so that nothing but words is missing.
pub fn is_complete(jobs: &[Job], until: Until) -> bool {
    !jobs.is_empty() && jobs.iter().all(|job| outcome::of_job(job, until) == outcome::DONE)
}

/// The program's own closing words on the jobs of a turn.
pub fn closing_words(jobs: &[Job], until: Until, asked: &[&str]) -> String {
    let what =
        |job: &Job| format!("{} of {}", job.task_type, clean(&job.verdict.dataset.path.display().to_string(), 120));
    // The id of a job that the ledger does not have is of no use to anybody.
    let id = |job: &Job| if is_only_planned(job) { String::new() } else { format!(" ({})", job.id) };
    let line = |job: &Job| match (job.state, until) {
        (JobState::Done, _) => {
            let figures = figures_of(job, asked);
            let what = what(job);
            if figures.is_empty() { format!("{what} is done{}.", id(job)) } else { format!("{what}: {figures}.") }
        }
        (JobState::Planned, Until::Plan | Until::Quote) => {
            format!("{} is planned{}; nothing was run, sent or paid.", what(job), id(job))
        }
        (JobState::Submitted, _) => match &job.quote {
            Some(quote) => format!("{} waits for payment{}: {} is asked.", what(job), id(job), quote.amount),
            None => format!("{} waits for payment{}.", what(job), id(job)),
        },
        (state, _) => match &job.failure {
            Some(why) => format!("{} is {state}{}: {}.", what(job), id(job), clean(why, 200).trim_end_matches('.')),
            None => format!("{} is {state}{}.", what(job), id(job)),
        },
    };
    let done = jobs.iter().filter(|job| job.state == JobState::Done).count();
    let mut out: Vec<String> = match jobs.len() {
        0 => vec!["Nothing was run, sent or paid.".to_owned()],
        n if n > MOST_SAID => vec![format!("{} of {} are done.", count(done as u64), count(n as u64))],
        _ => jobs.iter().map(line).collect(),
    };
    if done > 0 {
        out.push(if done == 1 { "The receipt follows." } else { "The receipts follow." }.to_owned());
    }
    out.join("\n")
}

/// What a plan that goes no further comes to: why it cannot be done, or what it would cost.
pub fn plan_words(plan: &Plan) -> Option<String> {
    if plan.possible().next().is_none() {
        return plan.cannot().map(|cannot| format!("{}.", clean(&cannot.why, 300).trim_end_matches('.')));
    }
    let most = plan.worst_case;
    Some(if plan.needs_consent() {
        let fees = most.checked_sub(plan.total).unwrap_or(most);
        format!("At the provider it would cost at most {most}, {fees} of it fees.")
    } else if plan
        .possible()
        .any(|piece| piece.verdict.as_ref().is_some_and(|verdict| verdict.place == domain::verdict::Place::Offload))
    {
        "It is paid for already and goes on at the provider: nothing more is paid.".to_owned()
    } else {
        "It would run on this machine and cost nothing.".to_owned()
    })
}

/// The figures of a job's result: those that were asked about, or all where it has none of these.
fn figures_of(job: &Job, asked: &[&str]) -> String {
    let Some(result) = &job.result else { return String::new() };
    let of = figures(asked, &result.summary);
    if of.is_empty() { figures(&[], &result.summary) } else { of }
}

/// Whether a reply is nothing but calls that are written as text.
pub fn is_call(reply: &ChatTurn, known: &[&str]) -> bool {
    let reading = repair::read(&reply.text, known, &reply.finish);
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
    let mut times: HashMap<&str, usize> = HashMap::new();
    words.iter().for_each(|word| *times.entry(word).or_default() += 1);
    words.len() >= 20 && times.values().any(|times| times * 10 >= words.len() * 8)
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
