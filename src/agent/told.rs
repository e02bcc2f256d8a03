//! What came of a request, in plain lines for a model that is asked for words. Ids, hashes and addresses are not among them: the
//! program prints them by itself. What others wrote is quoted as data.

use serde_json::Value;

use super::turn::{Lack, Turn};
use crate::{model::grammar, tools::next};
use domain::{
    attempt::Attempt,
    job::{Job, JobState},
    money::Datoshi,
    request::Until,
    standing::JobStanding,
    units::clean,
    verdict::Place,
};

/// What is shown of a result: a summary of a text is the result itself.
const LONGEST_RESULT: usize = 2_000;
/// So many pieces of work are named where they are only named.
const MOST_NAMED: usize = 5;
/// What is shown of a file's name, a reason and a failure.
const LONGEST_NAME: usize = 240;

/// A job that was carried through.
pub struct Came {
    /// The job.
    pub job: Job,
    /// Its payments.
    pub attempts: Vec<Attempt>,
    /// Whether the same work was done or begun before.
    pub before: bool,
}

/// What was understood, as the model's own words of before. Words, as a model that sees objects of its own goes on to write such.
pub fn understood(jobs: &[Came]) -> String {
    let file = |came: &Came| quoted(&came.job.verdict.dataset.path.display().to_string(), LONGEST_NAME);
    let named: Vec<String> =
        jobs.iter().take(MOST_NAMED).map(|came| format!("{} on {}", came.job.task_type, file(came))).collect();
    match jobs.len().saturating_sub(named.len()) {
        _ if named.is_empty() => "Understood: no task.".to_owned(),
        0 => format!("Understood: {}.", named.join(", ")),
        more => format!("Understood: {}, and {more} more.", named.join(", ")),
    }
}

/// The lines on the jobs of a turn, and on what failed in it.
pub fn lines(jobs: &[Came], turn: &Turn) -> String {
    let mut out: Vec<String> = jobs.iter().take(next::MOST_JOBS).map(line).collect();
    let more = jobs.len() - out.len();
    if more > 0 {
        out.push(format!("- and {more} more."));
    }
    let failed = |lack: &Lack| {
        let hint = lack.failure.hint.as_ref().map(|hint| format!(" To go on: {}.", clean(hint, LONGEST_NAME)));
        format!("- not done: {}.{}", quoted(&lack.failure.message, LONGEST_NAME), hint.unwrap_or_default())
    };
    out.extend(turn.failures.iter().take(next::MOST_JOBS).map(failed));
    if turn.until == Until::Quote {
        out.push("- It stops at the provider's price, as was asked: nothing is paid.".to_owned());
    }
    out.join("\n")
}

fn line(came: &Came) -> String {
    let Came { job, attempts, before } = came;
    let standing = JobStanding::of(job, attempts);
    let mut out = format!("- {} of {}: {}.", job.task_type, quoted(&standing.dataset, LONGEST_NAME), job.state);
    if let Some(result) = &job.result {
        let figures = grammar::short_figures(&result.summary);
        let text = result.summary.get("text").and_then(Value::as_str);
        let result = if let Some(text) = text { quoted(text, LONGEST_RESULT) } else { quoted(&figures, LONGEST_NAME) };
        out.push_str(&format!(" Result: {result}."));
    }
    if let Some(why) = &job.failure {
        out.push_str(&format!(" Why: {}.", quoted(why, LONGEST_NAME)));
    }
    match standing.place {
        Place::Local if job.state == JobState::Done => out.push_str(" It ran on this machine and cost nothing."),
        Place::Local => out.push_str(" It is work for this machine, and costs nothing."),
        Place::Offload => {
            let why: Vec<&str> = job.verdict.reasons.iter().map(|reason| reason.why.as_str()).collect();
            out.push_str(&format!(" It goes to the provider: {}.", clean(&why.join("; "), LONGEST_NAME)));
            let fees = format!("{} GAS of the network's fees", standing.fees);
            let asked = standing.asked.map_or(String::new(), |asked| format!(" {asked} GAS is asked."));
            match standing.paid_datoshi == Datoshi::ZERO {
                true if attempts.iter().any(|attempt| attempt.state.is_live()) => {
                    out.push_str(&format!("{asked} A payment is under way."));
                }
                true => out.push_str(&format!("{asked} Nothing was paid to it so far.")),
                false => out.push_str(&format!(" It cost {} GAS, and {fees}.", standing.paid)),
            }
        }
    }
    if *before {
        out.push_str(" The same was done or begun before: nothing was paid twice.");
    }
    out
}

/// Text that others wrote, as a JSON string.
fn quoted(text: &str, most: usize) -> String {
    Value::from(clean(text, most)).to_string()
}
