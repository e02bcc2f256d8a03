//! Which step of a job comes next.

use super::Tool;
use domain::{
    job::{Job, JobState},
    request::Until,
    verdict::Place,
};

/// More jobs than these are not written out one by one.
pub const MOST_JOBS: usize = 16;
/// What stands for every job of a request that waits for a step.
pub const ALL: &str = "all";

/// The tool that takes the job's next step; `None` when there is none to take.
pub fn tool(job: &Job) -> Option<Tool> {
    use JobState::*;
    match (job.place(), job.state) {
        (Place::Local, Planned) => Some(Tool::RunLocalTask),
        (Place::Local, _) => None,
        (Place::Offload, Planned | Staging | Staged) => Some(Tool::RunRemoteCompute),
        (Place::Offload, Submitted) => Some(Tool::PayGasFee),
        (Place::Offload, PaymentIntended | PaymentSent | PaymentUnknown | Paid | Running | ResultReady | Fetched) => {
            Some(Tool::WaitForJob)
        }
        (
            Place::Offload,
            Done | Refused | StageFailed | QuoteExpired | PaymentFailed | Canceled | JobFailed | PaidButFailed,
        ) => None,
    }
}

/// The same, as far as the job's request goes. What is paid for is waited for, wherever a request stops.
pub fn tool_within(job: &Job, until: Until) -> Option<Tool> {
    tool(job).filter(|next| match (until, next) {
        (Until::Done, _) | (Until::Plan | Until::Quote, Tool::WaitForJob) => true,
        (Until::Quote, next) => *next == Tool::RunRemoteCompute,
        (Until::Plan, _) => false,
    })
}

/// The next step in one sentence, for the model.
pub fn step(job: &Job, until: Until) -> String {
    let id = &job.id;
    match tool_within(job, until) {
        Some(Tool::PayGasFee) if job.quote.is_none() => format!("Call list_jobs to see the quote of {id}."),
        Some(tool) => format!("Call {tool} with job {id}{}.", claim(tool, job)),
        None if job.state == JobState::Done => {
            format!("{id} is done. Explain the result to the person in plain words, with its figures.")
        }
        None if job.state.is_end() => {
            format!("{id} ended as {}. Tell the person why; do not start over by yourself.", job.state)
        }
        None if tool(job).is_some() => stop(until).to_owned(),
        None => format!("{id} is {}. Tell the person how it stands.", job.state),
    }
}

/// The next step of several jobs in one sentence: one call for all that wait for the same.
pub fn steps(jobs: &[&Job], until: Until) -> String {
    if let [only] = jobs {
        return step(only, until);
    }
    const ORDER: [Tool; 4] = [Tool::RunLocalTask, Tool::RunRemoteCompute, Tool::PayGasFee, Tool::WaitForJob];
    let waiting = |tool: Tool| jobs.iter().filter(move |job| tool_within(job, until) == Some(tool));
    let Some((tool, first)) = ORDER.into_iter().find_map(|tool| Some((tool, waiting(tool).next()?))) else {
        return nothing_waits(jobs, until);
    };
    let quote = |job: &Job| job.quote.as_ref().map(|quote| (quote.amount, quote.recipient));
    let alike = |job: &&&Job| job.id != first.id && (tool != Tool::PayGasFee || quote(job) == quote(first));
    let more: Vec<String> = waiting(tool).filter(alike).map(|job| format!("\"{}\"", job.id)).collect();
    let more = match more.len() {
        0 => String::new(),
        n if n < MOST_JOBS => format!(" and more_jobs [{}]", more.join(", ")),
        _ => format!(" and more_jobs [\"{ALL}\"]"),
    };
    format!("Call {tool} with job {}{}{more}.", first.id, claim(tool, first))
}

/// What a payment has to claim.
fn claim(tool: Tool, job: &Job) -> String {
    let quote = job.quote.as_ref().filter(|_| tool == Tool::PayGasFee);
    quote.map_or_else(String::new, |quote| {
        format!(", amount {} and recipient {}", quote.amount.gas_string(), quote.recipient.address())
    })
}

fn nothing_waits(jobs: &[&Job], until: Until) -> String {
    if jobs.iter().any(|job| tool(job).is_some()) {
        return stop(until).to_owned();
    }
    if jobs.iter().all(|job| job.state == JobState::Done) {
        return format!(
            "All {} are done. Explain the results to the person in plain words, with their figures.",
            jobs.len()
        );
    }
    "Tell the person how each of them ended, and why; do not start over by yourself.".to_owned()
}

/// What is to be done where a request stops.
pub fn stop(until: Until) -> &'static str {
    match until {
        Until::Plan => {
            "The request stops at the plan: nothing is run, sent or paid. Tell the person what it comes to: where it runs and \
             why, how long it takes, what it costs at most."
        }
        Until::Quote => {
            "The request stops at the provider's quote: nothing is run here or paid. Tell the person what is asked for it."
        }
        Until::Done => "Tell the person how it stands.",
    }
}

/// Whether a job can no more be given up: money is under way or spent. A job that runs here holds none.
pub fn is_beyond_recall(job: &Job) -> bool {
    job.place() == Place::Offload && job.state.holds_money()
}
