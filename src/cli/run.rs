//! `agent run`: a task on many files, start to finish, without natural language.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    CommandError, Context,
    bounds::ConsentArgs,
    interrupt::{cancel_of, stoppable},
    runtime::block_on,
    wanted::{Given, Wanted},
    wiring::{Options, Wired},
};
use crate::{
    agent::outcome,
    domain::{
        event::Event,
        hash::Sha256,
        plan::Plan,
        request::{Origin, Until},
        standing::JobStanding,
    },
    job::{Cancel, Carried, JobError, Workflow, carry::AT_ONCE, receipt},
};

/// Run a task on files, start to finish.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Put results into this folder [default: results in AGENT_HOME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Jobs at the provider at once
    #[arg(long, value_name = "N", default_value_t = AT_ONCE)]
    at_once: usize,
}

impl Run {
    /// Plans, asks for consent, carries the work out, and ends with the exit code of the worst.
    ///
    /// # Errors
    /// Settings that make no sense, a home that cannot be used, a plan file or request that is none, no consent.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let settings = context.settings()?;
        let bounds = self.wanted.bounds.bounds();
        let out_dir = self.out.as_ref().map(|out| settings.cwd().join(out));
        let options = Options { yes: self.consent.yes, allow_mainnet: self.consent.allow_mainnet, bounds, out_dir };
        let (given, session) = self.wanted.given(context)?;
        if let Some(session) = session {
            context.go_on_with(session);
        }
        let wired = Wired::new(context, options)?;
        let cancel = cancel_of(context);
        block_on(async {
            let all = self.all(context, &wired.workflow, given, &cancel);
            stoppable(context.tape(), &cancel, all).await.unwrap_or_else(|| Err(CommandError::interrupted()))
        })
    }

    async fn all(
        &self,
        context: &Context,
        workflow: &Workflow,
        given: Given,
        cancel: &Cancel,
    ) -> Result<ExitCode, CommandError> {
        let session = context.session().0.clone();
        let person = matches!(given.request.origin, Origin::Flags | Origin::File);
        let plan = workflow.plan(&session, given.request, None).await?;
        changed(context, &plan, given.digest);
        for file in workflow.changed_since(&given.seen, &plan).await {
            let message = format!(
                "{} changed since the request was planned: what follows is the plan as it is now, and consent is to that one",
                file.display()
            );
            context.sink().emit(Event::Warning { message });
        }
        if plan.request.bounds.until == Until::Plan {
            context.sink().rest();
            return Ok(plan.cannot().map_or(ExitCode::SUCCESS, |cannot| ExitCode::from(cannot.exit_code)));
        }
        let plan = workflow.agree(&session, plan).await?;
        let carried = workflow.carry(&plan, self.at_once, cancel).await;
        // Work that could not be planned counts as it would have by itself.
        let impossible = plan.work.iter().filter_map(|piece| piece.cannot.as_ref()).map(|cannot| cannot.exit_code);
        let codes: Vec<u8> = impossible.collect();
        let code = tell(context, workflow, &plan, carried)?;
        let interrupted = cancel.is_cancelled() && person;
        let worst = outcome::worst(codes.into_iter().chain([code]));
        Ok(ExitCode::from(if interrupted && worst != 0 { outcome::INTERRUPTED } else { worst }))
    }
}

/// A plan file's plan may be another one by now: a file changed, or a price.
fn changed(context: &Context, plan: &Plan, digest: Option<Sha256>) {
    if digest.is_some_and(|digest| digest != plan.digest) {
        let message = "the plan is no longer the one in the file: the file was edited, or its data or a price changed. What \
                       follows is the plan as it is now";
        context.sink().emit(Event::Warning { message: message.to_owned() });
    }
}

/// What came of the work: each failure, the receipts, and one status of all. Gives the exit code of the worst.
fn tell(context: &Context, workflow: &Workflow, plan: &Plan, carried: Vec<Carried>) -> Result<u8, CommandError> {
    let sink = context.sink();
    let (many, until) = (carried.len() > 1, plan.request.bounds.until);
    let (mut codes, mut standings) = (Vec::new(), Vec::new());
    for Carried { job: id, end } in carried {
        let job = workflow.job(&id)?;
        let attempts = workflow.attempts(&id)?;
        let reached = match (&end, until) {
            (Ok(job), until) => outcome::of_job(job, until),
            (Err(error), _) => error.exit_code(),
        };
        codes.push(reached);
        if let Err(error) = end
            && (context.json() || !many)
            && !matches!(error, JobError::Interrupted(_))
        {
            sink.emit(CommandError::from(error).event());
        }
        if job.state.is_end() && (context.json() || !many) {
            sink.emit(Event::Receipt(Box::new(receipt::of(&job, &attempts))));
        }
        standings.push(JobStanding::of(&job, &attempts));
    }
    sink.emit(Event::TurnStatus { jobs: standings });
    Ok(outcome::worst(codes))
}
