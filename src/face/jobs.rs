//! Jobs as people see them: a table of all, and one with its whole story. Pure.

use jiff::Timestamp;

use super::{
    look::{Look, Tone, cut},
    status::tone,
};
use domain::{
    attempt::{Attempt, AttemptState},
    ids::RequestId,
    job::{Job, JobState},
    units::{about_seconds, bytes, clean, counted},
    verdict::Place,
};
use guard::ledger::JobLine;

/// The columns of the list.
const HEADER: [&str; 7] = ["job", "state", "task", "dataset", "where", "GAS", "changed"];
/// Some of them, by their place.
const DATASET: usize = 3;
const GAS: usize = 5;
const CHANGED: usize = 6;

/// All jobs by the request that they are work of, the newest request last; `now` says how long ago. Requests of one job share
/// a table; one of several jobs has a table and a line of its own.
pub fn list(jobs: &[Job], now: Timestamp, look: &Look) -> Vec<String> {
    if jobs.is_empty() {
        return vec!["No jobs yet. Try: agent ask \"Run protein folding on examples/data.fasta\"".to_owned()];
    }
    let mut out = Vec::new();
    let mut single: Vec<&Job> = Vec::new();
    for (request, group) in by_request(jobs) {
        match request.filter(|_| group.len() > 1) {
            None => single.extend(group),
            Some(id) => {
                out.extend(section(None, &std::mem::take(&mut single), now, look, !out.is_empty()));
                out.extend(section(Some(id), &group, now, look, !out.is_empty()));
            }
        }
    }
    out.extend(section(None, &single, now, look, !out.is_empty()));
    out
}

/// The jobs of each request, in the order in which the requests' first jobs came up.
fn by_request(jobs: &[Job]) -> Vec<(Option<&RequestId>, Vec<&Job>)> {
    let mut groups: Vec<(Option<&RequestId>, Vec<&Job>)> = Vec::new();
    for job in jobs {
        let request = job.request.as_ref();
        match groups.iter_mut().find(|(known, _)| request.is_some() && *known == request) {
            Some((_, group)) => group.push(job),
            None => groups.push((request, vec![job])),
        }
    }
    groups
}

/// A table of jobs, below a line on their request where they have one together.
fn section(request: Option<&RequestId>, jobs: &[&Job], now: Timestamp, look: &Look, apart: bool) -> Vec<String> {
    if jobs.is_empty() {
        return Vec::new();
    }
    let mut out = if apart { vec![String::new()] } else { Vec::new() };
    if let Some(id) = request {
        let done = jobs.iter().filter(|job| job.state == JobState::Done).count();
        out.push(look.line(Tone::Strong, &format!("{id}: {}, {done} done", counted(jobs.len() as u64, "job", "jobs"))));
    }
    out.extend(table(jobs, now, look));
    out
}

fn table(jobs: &[&Job], now: Timestamp, look: &Look) -> Vec<String> {
    let rows: Vec<Vec<String>> = jobs
        .iter()
        .map(|job| {
            let dataset = clean(&job.verdict.dataset.path.display().to_string(), 200);
            let asked = gas(job);
            let (id, state, task) = (job.id.to_string(), job.state.to_string(), clean(&job.task_type, 40));
            vec![id, state, task, cut(&dataset, 60), place(job).to_owned(), asked, ago(job.updated_at, now)]
        })
        .collect();
    // A long name of a state leaves no room for the last column on a terminal of 80; on one of 40 nothing fits anyway.
    let without = |rows: &[Vec<String>]| rows.iter().map(|row| row.iter().take(CHANGED).cloned().collect()).collect();
    let (header, fewer): (_, Vec<Vec<String>>) = (HEADER.split_at(CHANGED).0, without(&rows));
    match !look.fits(&HEADER, &rows, DATASET) && look.fits(header, &fewer, DATASET) {
        true => look.table(header, fewer, &[GAS], DATASET),
        false => look.table(&HEADER, rows, &[GAS], DATASET),
    }
}

/// What was paid; what is asked and not paid yet, as such; nothing of a job that ended without a payment.
fn gas(job: &Job) -> String {
    let Some(quote) = &job.quote else { return String::new() };
    let amount = quote.amount.gas_string();
    match job.state {
        state if state.is_paid() => amount,
        state if state.is_end() => String::new(),
        _ => format!("{amount} asked"),
    }
}

/// `3 min ago`; the future, after a clock was set back, is `just now`.
fn ago(then: Timestamp, now: Timestamp) -> String {
    let passed = now.as_second().saturating_sub(then.as_second()).max(0);
    match passed {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", passed / 60),
        3600..86_400 => format!("{} h ago", passed / 3600),
        _ => format!("{} d ago", passed / 86_400),
    }
}

fn place(job: &Job) -> &'static str {
    match job.place() {
        Place::Local => "here",
        Place::Offload => "offload",
    }
}

/// One job: verdict, timeline, payment attempts, result, and what may be done next.
pub fn show(job: &Job, history: &[JobLine], attempts: &[Attempt], look: &Look) -> Vec<String> {
    let mut out = look.field("Job", Tone::Strong, job.id.as_str());
    out.extend(look.field("State", tone(job.state), job.state.as_str()));
    out.extend(job.failure.iter().flat_map(|why| look.field("Why", Tone::Bad, &clean(why, 400))));
    out.extend(verdict(job, look));
    if let (Some(staged), Some(url)) = (&job.staged, job.data_url()) {
        let text = format!("{} at {}", bytes(staged.bytes), clean(url, 400));
        out.extend(look.field("Staged", Tone::Plain, &text));
    }
    if let Some(id) = &job.provider_job {
        out.extend(look.field("Provider", Tone::Plain, &clean(id, 120)));
    }
    if let Some(quote) = &job.quote {
        let until = quote.expires_at.strftime("%Y-%m-%d %H:%M UTC");
        let text = format!("{} on {}, valid until {until}", quote.amount, quote.network);
        out.extend(look.field("Quote", Tone::Plain, &text));
        out.extend(look.field("  to", Tone::Plain, &quote.recipient.address()));
    }
    out.extend(attempts.iter().flat_map(|attempt| payment(attempt, look)));
    if let Some(result) = &job.result {
        out.extend(look.field("Result", Tone::Good, &clean(&result.folder.display().to_string(), 400)));
        for file in &result.files {
            out.extend(look.field("  file", Tone::Dim, &format!("{} ({})", clean(&file.name, 120), bytes(file.bytes))));
        }
        out.extend(result.warnings.iter().flat_map(|line| look.field("  warning", Tone::Care, &clean(line, 400))));
    }
    out.push(String::new());
    out.extend(timeline(history, look));
    out.extend(next(job).iter().flat_map(|step| look.field("Next", Tone::Plain, step)));
    out
}

fn verdict(job: &Job, look: &Look) -> Vec<String> {
    let verdict = &job.verdict;
    let dataset = clean(&verdict.dataset.path.display().to_string(), 400);
    let task = format!("{} on {dataset} ({})", clean(&job.task_type, 60), bytes(verdict.dataset.bytes));
    let mut out = look.field("Task", Tone::Plain, &task);
    for file in &verdict.further {
        let path = clean(&file.profile.path.display().to_string(), 400);
        let text = format!("{} {path} ({})", clean(&file.name, 40), bytes(file.profile.bytes));
        out.extend(look.field("  beside", Tone::Plain, &text));
    }
    let parameters: Vec<String> = job
        .parameters
        .iter()
        .map(|(name, value)| format!("{}: {}", clean(name, 40), clean(&value.to_string(), 80)))
        .collect();
    if !parameters.is_empty() {
        out.extend(look.field("  with", Tone::Dim, &parameters.join(", ")));
    }
    let rules = verdict.rules().iter().map(|r| r.id()).collect::<Vec<_>>().join(", ");
    let headline = match job.place() {
        Place::Local => "runs on this machine".to_owned(),
        Place::Offload => format!("offloaded ({rules})"),
    };
    out.extend(look.field("Verdict", Tone::Plain, &format!("{headline}, {}", job.profile)));
    out.extend(verdict.reasons.iter().flat_map(|reason| look.more(Tone::Dim, &clean(&reason.why, 400))));
    let needs = match verdict.unmeasured {
        Some(_) => "not known when it was planned".to_owned(),
        None => format!(
            "{} of RAM and {}",
            bytes(verdict.estimate.ram.likely.max(0.0) as u64),
            about_seconds(verdict.estimate.seconds.likely)
        ),
    };
    let needs = format!("{needs}; {} were available", bytes(verdict.machine.available_ram));
    out.extend(look.field("  needs", Tone::Dim, &needs));
    out
}

fn payment(attempt: &Attempt, look: &Look) -> Vec<String> {
    let (tone, text) = match attempt.state {
        AttemptState::Intended => (Tone::Care, "written down, not known to be sent".to_owned()),
        AttemptState::Sent => (Tone::Care, "sent".to_owned()),
        AttemptState::Confirmed => (Tone::Good, "confirmed".to_owned()),
        AttemptState::Faulted => (Tone::Bad, "landed and paid nothing".to_owned()),
        AttemptState::Expired => (Tone::Dim, "never landed and never can".to_owned()),
    };
    let block = attempt.block.map(|b| format!(" in block {b}")).unwrap_or_default();
    let number = if attempt.number > 1 { format!(" (attempt {})", attempt.number) } else { String::new() };
    let mut out = look.field("Payment", tone, &format!("{} {text}{block}{number}", attempt.amount));
    out.extend(look.field("  tx", Tone::Dim, &attempt.tx_hash.to_string()));
    let page = attempt.network.explorer_url(&attempt.tx_hash);
    out.extend(page.iter().flat_map(|url| look.field("  see", Tone::Dim, url)));
    out
}

fn timeline(history: &[JobLine], look: &Look) -> Vec<String> {
    history
        .iter()
        .map(|line| {
            let text = format!("{}  {}", line.ts.strftime("%Y-%m-%d %H:%M:%S UTC"), line.state);
            look.line(tone(line.state), &text)
        })
        .collect()
}

/// What a person may do next.
fn next(job: &Job) -> Option<String> {
    match job.state {
        state if state.is_end() => None,
        JobState::Planned | JobState::Staging | JobState::Staged | JobState::Submitted => {
            Some(format!("agent jobs resume {}, or agent jobs cancel {}", job.id, job.id))
        }
        _ => Some(format!("agent jobs resume {}", job.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample;

    #[test]
    fn a_list() {
        let now = sample::time("2026-01-02T05:00:00Z");
        let jobs = [sample::planned(), sample::done()];
        let at = |width| list(&jobs, now, &Look::plain(width)).join("\n");
        insta::assert_snapshot!(format!("{}\n\n{}", at(80), at(40)));
        assert_eq!(list(&[], now, &Look::plain(80)).len(), 1);
        let long = Job { state: JobState::PaymentIntended, ..sample::done() };
        let lines = list(&[long, sample::planned()], now, &Look::plain(80));
        assert!(lines[0].starts_with("job ") && lines[0].ends_with("GAS"), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
    }

    #[test]
    fn only_what_was_paid_is_listed_as_paid() {
        let of = |state| gas(&Job { state, ..sample::done() });
        assert_eq!([JobState::Done, JobState::Running, JobState::PaidButFailed].map(of), ["2", "2", "2"]);
        assert_eq!([JobState::Submitted, JobState::PaymentUnknown].map(of), ["2 asked", "2 asked"]);
        for state in [JobState::Canceled, JobState::QuoteExpired, JobState::Refused, JobState::PaymentFailed] {
            assert_eq!(of(state), "", "{state}");
        }
    }

    #[test]
    fn one_job_with_its_story() {
        let (job, history, attempts) = (sample::done(), sample::history(), [sample::attempt()]);
        let at = |width| show(&job, &history, &attempts, &Look::plain(width)).join("\n");
        insta::assert_snapshot!(format!("{}\n\n{}", at(80), at(40)));
        insta::assert_snapshot!("planned", show(&sample::planned(), &[], &[], &Look::plain(80)).join("\n"));
    }
}
