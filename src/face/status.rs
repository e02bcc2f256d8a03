//! How the jobs of a turn stand, from the ledger: printed around every answer, whoever wrote it. Pure.

use textwrap::core::display_width;

use super::{
    look::{Look, Tone},
    plan::{columns::middle, words},
};
use domain::{
    job::JobState,
    money::Datoshi,
    standing::{JobStanding, NotDone},
    units::{clean, count},
    verdict::Place,
};

/// More jobs than this are shown as a table.
const LINES: usize = 5;
/// So many jobs have a row of their own in the table.
const ROWS: usize = 20;
/// Between two columns.
const GAP: usize = 2;
/// A name of a file has so much room where it needs it.
const NAME: usize = 24;

/// Paid and burnt together.
fn spent(job: &JobStanding) -> Datoshi {
    sum([job.paid_datoshi, job.fees_datoshi])
}

/// `2.11 GAS`, `free`, `2 GAS asked`.
fn cost(job: &JobStanding) -> String {
    match (spent(job), job.asked_datoshi, job.place) {
        (Datoshi::ZERO, _, Place::Local) => "free".to_owned(),
        (Datoshi::ZERO, Some(asked), _) if !job.state.is_end() => format!("{asked} asked"),
        (Datoshi::ZERO, _, Place::Offload) => "nothing paid".to_owned(),
        (spent, _, _) => spent.to_string(),
    }
}

/// How to go on with it; nothing where nothing of it is kept.
fn command(job: &JobStanding) -> String {
    job.next.clone().unwrap_or_default()
}

/// Its id; nothing where no ledger has it.
fn id(job: &JobStanding) -> String {
    if job.only_planned { String::new() } else { job.job.to_string() }
}

fn sum(amounts: impl IntoIterator<Item = Datoshi>) -> Datoshi {
    amounts.into_iter().fold(Datoshi::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Datoshi::MAX))
}

/// The status of `jobs`, and of what cannot be done and became none.
pub fn whole(jobs: &[JobStanding], cannot: &[NotDone], look: &Look) -> Vec<String> {
    let mut out = status(jobs, look);
    if out.is_empty() {
        // The plan said all of it.
        return out;
    }
    let of = cannot.iter().map(|piece| (&piece.why, &piece.dataset));
    out.extend(reasons("Not done", of, look));
    out
}

/// The short status of `jobs`: a line each, or, where they are many, a table with the worst first, and totals.
pub fn status(jobs: &[JobStanding], look: &Look) -> Vec<String> {
    match jobs.len() {
        0 => Vec::new(),
        1..=LINES => lines(jobs, look),
        _ => table(jobs, look),
    }
}

/// A state in plain words.
pub fn state_words(state: JobState) -> &'static str {
    match state {
        JobState::Planned => "not begun",
        JobState::Staging => "upload begun",
        JobState::Staged => "uploaded",
        JobState::Submitted => "awaits payment",
        JobState::PaymentIntended | JobState::PaymentSent => "payment pending",
        JobState::PaymentUnknown => "payment unclear",
        JobState::Paid => "paid, not run",
        JobState::Running => "running",
        JobState::ResultReady => "result ready",
        JobState::Fetched => "result to check",
        JobState::Done => "done",
        JobState::Refused => "refused",
        JobState::StageFailed => "upload failed",
        JobState::QuoteExpired => "quote expired",
        JobState::PaymentFailed => "payment failed",
        JobState::Canceled => "canceled",
        JobState::JobFailed => "run failed",
        JobState::PaidButFailed => "paid but failed",
    }
}

/// The tone of a state.
pub fn tone(state: JobState) -> Tone {
    match state {
        JobState::Done => Tone::Good,
        JobState::PaymentUnknown | JobState::Canceled => Tone::Care,
        state if state.is_end() => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// How bad a state is: the larger, the further up it stands. Money that may be lost comes first.
fn badness(state: JobState) -> u8 {
    match state {
        JobState::PaidButFailed => 7,
        JobState::PaymentUnknown => 6,
        JobState::PaymentFailed => 5,
        JobState::JobFailed | JobState::StageFailed | JobState::QuoteExpired => 4,
        JobState::Refused => 3,
        JobState::Canceled => 2,
        JobState::Done => 0,
        _ => 1,
    }
}

/// A line each, in columns: state, work, cost, how to go on. Where that is too much, the work is its file alone, and how to go
/// on is the job's id, with the commands beneath; one job alone needs no name.
fn lines(jobs: &[JobStanding], look: &Look) -> Vec<String> {
    let state = |job: &JobStanding| state_words(job.state).to_owned();
    let work = |job: &JobStanding| format!("{} on {}", clean(&job.task_type, 60), clean(job.name(), words::MAX));
    let file = |job: &JobStanding| clean(job.name(), words::MAX);
    let none = |_: &JobStanding| String::new();
    let room = |next: Text| {
        let rigid = widest(jobs, &state) + widest(jobs, &cost) + widest(jobs, next) + 2 * GAP;
        look.width.checked_sub(rigid).map(|room| room.saturating_sub(GAP))
    };
    let fits = |name: Text, next: Text| room(next).is_some_and(|room| room >= widest(jobs, name).min(NAME));
    let whole = |next: Text| room(next).is_some_and(|room| room >= widest(jobs, &work));
    let (name, next): (Text, Text) = match jobs.len() {
        _ if whole(&command) => (&work, &command),
        _ if fits(&file, &command) => (&file, &command),
        1 if room(&command).is_some() => (&none, &command),
        _ => (&file, &id),
    };
    let names = room(next).unwrap_or_default().min(widest(jobs, name));
    let pad = |text: &str, width: usize| match width {
        0 => String::new(),
        width => format!("{text}{}", " ".repeat((width + GAP).saturating_sub(display_width(text)))),
    };
    let line = |job: &JobStanding| {
        let first = pad(&state(job), widest(jobs, &state));
        let (cost, name) = (pad(&cost(job), widest(jobs, &cost)), pad(&middle(&name(job), names), names));
        format!("{}{name}{cost}{}", look.tone(tone(job.state), &first), next(job)).trim_end().to_owned()
    };
    let mut out: Vec<String> = jobs.iter().map(line).collect();
    // Of one alone the error line has said it.
    if jobs.len() > 1 {
        out.extend(failures(jobs.iter(), look));
    }
    if jobs.iter().any(|job| next(job) != command(job)) {
        out.extend(how_to_go_on(&jobs.iter().collect::<Vec<_>>(), look));
    }
    out
}

/// A text of a job.
type Text<'a> = &'a dyn Fn(&JobStanding) -> String;

fn widest(jobs: &[JobStanding], text: Text) -> usize {
    jobs.iter().map(|job| display_width(&text(job))).max().unwrap_or_default()
}

fn table(jobs: &[JobStanding], look: &Look) -> Vec<String> {
    let mut sorted: Vec<&JobStanding> = jobs.iter().collect();
    sorted.sort_by_key(|job| std::cmp::Reverse(badness(job.state)));
    let with_task = only_task(&sorted).is_none() && look.width >= 80;
    let with_id = jobs.iter().any(|job| !job.only_planned);
    let cells = |job: &&JobStanding| {
        let mut out: Vec<String> = with_id.then(|| id(job)).into_iter().collect();
        out.push(state_words(job.state).to_owned());
        out.extend(with_task.then(|| middle(&clean(&job.task_type, 60), 24)));
        out.push(clean(job.name(), words::MAX));
        out.push(if spent(job) == Datoshi::ZERO { String::new() } else { spent(job).gas_string() });
        out
    };
    let mut rows: Vec<Vec<String>> = sorted.iter().take(ROWS).map(cells).collect();
    let told = [("job", with_id), ("state", true), ("task", with_task), ("file", true), ("GAS", true)];
    let header: Vec<&str> = told.into_iter().filter_map(|(name, told)| told.then_some(name)).collect();
    let header = header.as_slice();
    let (file, gas) = (header.len() - 2, header.len() - 1);
    let rigid: usize = (0..header.len()).filter(|i| *i != file).map(|i| column(&rows, header, i) + GAP).sum();
    let room = look.width.saturating_sub(rigid + GAP).max(1);
    rows.iter_mut().filter_map(|row| row.get_mut(file)).for_each(|cell| *cell = middle(cell, room));
    let mut out = look.table(header, rows, &[gas], file);
    let rest = sorted.get(ROWS..).unwrap_or_default();
    if !rest.is_empty() {
        out.extend(look.paragraph(Tone::Plain, &format!("and {} more: {}", count(rest.len() as u64), by_state(rest))));
    }
    out.push(String::new());
    out.extend(totals(&sorted, look));
    out
}

fn column(rows: &[Vec<String>], header: &[&str], index: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| display_width(cell));
    cells.chain(header.get(index).map(|name| display_width(name))).max().unwrap_or_default()
}

/// `37 done, 2 running`, in the order that they stand in; `all done` where they all are.
fn by_state(jobs: &[&JobStanding]) -> String {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for job in jobs {
        let words = state_words(job.state);
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, n)) => *n += 1,
            None => counts.push((words, 1)),
        }
    }
    match counts.as_slice() {
        [(words, _)] => format!("all {words}"),
        counts => counts.iter().map(|(words, n)| format!("{} {words}", count(*n))).collect::<Vec<_>>().join(", "),
    }
}

/// How many stand how, why the worst failed, what all of it cost, how to go on.
fn totals(sorted: &[&JobStanding], look: &Look) -> Vec<String> {
    let of = match only_task(sorted) {
        Some(task) => format!("{} of {}", count(sorted.len() as u64), clean(task, 60)),
        None => count(sorted.len() as u64),
    };
    let mut out = look.field("Jobs", Tone::Strong, &format!("{of}: {}", by_state(sorted)));
    out.extend(failures(sorted.iter().copied(), look));
    let (paid, fees) = (sum(sorted.iter().map(|job| job.paid_datoshi)), sum(sorted.iter().map(|job| job.fees_datoshi)));
    let cost = match (paid, fees) {
        (Datoshi::ZERO, Datoshi::ZERO) => "nothing was paid".to_owned(),
        (paid, fees) => format!("{paid} paid and {fees} in fees: {} in all", sum([paid, fees])),
    };
    out.extend(look.field("Cost", Tone::Plain, &cost));
    out.extend(how_to_go_on(sorted, look));
    out
}

/// Why jobs failed.
fn failures<'a>(jobs: impl Iterator<Item = &'a JobStanding>, look: &Look) -> Vec<String> {
    reasons("Why", jobs.filter_map(|job| Some((job.failure.as_ref()?, job.name()))), look)
}

/// Why what was not done, each reason once with its files.
fn reasons<'a>(label: &str, of: impl Iterator<Item = (&'a String, &'a String)>, look: &Look) -> Vec<String> {
    let reasons = words::Reasons::of(of.map(|(why, dataset)| (why, clean(dataset, words::MAX))));
    let mut out = Vec::new();
    for (index, (why, names)) in reasons.told().enumerate() {
        let text = format!("{names}: {}", clean(why, words::MAX));
        out.extend(look.field(if index == 0 { label } else { "" }, Tone::Bad, &text));
    }
    out.extend(reasons.rest().iter().flat_map(|rest| look.more(Tone::Bad, rest)));
    out
}

/// The commands for what is open and for what has ended.
fn how_to_go_on(jobs: &[&JobStanding], look: &Look) -> Vec<String> {
    let open: Vec<&&JobStanding> = jobs.iter().filter(|job| !job.state.is_end()).collect();
    let resume = match open.as_slice() {
        [] => None,
        // What was planned together and not agreed to is taken up together; what was only planned is kept nowhere.
        [first, rest @ ..]
            if (!rest.is_empty() || first.only_planned) && rest.iter().all(|job| job.next == first.next) =>
        {
            Some(first.next.clone().unwrap_or_else(|| "ask for the work itself to have it done".to_owned()))
        }
        [_] => Some("agent jobs resume takes up the one that is open".to_owned()),
        open => Some(format!("agent jobs resume takes up the {} that are open", count(open.len() as u64))),
    };
    let show = (open.len() < jobs.len()).then(|| "agent jobs show JOB tells more of one".to_owned());
    look.field("Next", Tone::Plain, &[resume, show].into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// The task, where there is only one.
fn only_task<'a>(jobs: &[&'a JobStanding]) -> Option<&'a String> {
    let first = jobs.first()?;
    jobs.iter().all(|job| job.task_type == first.task_type).then_some(&first.task_type)
}

#[cfg(test)]
mod tests;
