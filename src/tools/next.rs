//! Which step of a job comes next.

use super::Tool;
use crate::domain::{
    job::{Job, JobState},
    verdict::Place,
};

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

/// The next step in one sentence, for the model.
pub fn step(job: &Job) -> String {
    let id = &job.id;
    match tool(job) {
        Some(Tool::PayGasFee) => match &job.quote {
            Some(quote) => format!(
                "Call pay_gas_fee with job {id}, amount {} and recipient {}.",
                quote.amount.gas_string(),
                quote.recipient.address()
            ),
            None => format!("Call list_jobs to see the quote of {id}."),
        },
        Some(tool) => format!("Call {tool} with job {id}."),
        None if job.state == JobState::Done => {
            format!("{id} is done. Explain the result to the person in plain words, with its figures.")
        }
        None if job.state.is_end() => {
            format!("{id} ended as {}. Tell the person why; do not start over by yourself.", job.state)
        }
        None => format!("{id} is {}. Tell the person how it stands.", job.state),
    }
}

/// Whether a job can no more be given up: money is under way or spent. A job that runs here holds none.
pub fn is_beyond_recall(job: &Job) -> bool {
    job.place() == Place::Offload && job.state.holds_money()
}
