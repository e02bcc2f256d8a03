//! `agent jobs watch`: follows a job that another process works on.

use std::{process::ExitCode, thread, time::Duration};

use super::{
    super::{CommandError, Context},
    Which,
};
use crate::{
    agent::outcome::of_job,
    domain::{event::Event, request::Until},
    face::look::Tone,
    ledger::JobLine,
};

/// Between two looks at the ledger.
const PAUSE: Duration = Duration::from_millis(500);

/// Prints each state as it comes, until the job ends or nobody reads on. Ctrl-C leaves; the job does not mind.
///
/// # Errors
/// When there is no such job.
pub fn run(context: &Context, which: &Which) -> Result<ExitCode, CommandError> {
    let (ledger, mut job) = which.find(context)?;
    if !context.json() {
        context.output.lines([format!("{}: {}", job.id, job.task_type)]);
    }
    let mut seen = 0;
    loop {
        let history = ledger.history(&job.id)?;
        history.iter().skip(seen).for_each(|line| print(context, line));
        seen = history.len();
        job = ledger.job(&job.id)?;
        if job.state.is_end() || context.output.is_closed() {
            return Ok(ExitCode::from(of_job(&job, Until::Done)));
        }
        thread::sleep(PAUSE);
    }
}

fn print(context: &Context, line: &JobLine) {
    if context.json() {
        let status = line.state.as_str().to_owned();
        context.sink().emit(Event::JobStatus { job: line.job.clone(), status, progress: None });
    } else {
        let text = format!("{}  {}", line.ts.strftime("%H:%M:%S UTC"), line.state);
        context.output.lines([context.look.line(Tone::Plain, &text)]);
    }
}
