//! `agent run`: a task on many files, start to finish, without natural language.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    CommandError, Context, Kind,
    bounds::ConsentArgs,
    interrupt::{cancel_by_hand, stoppable},
    results::write_records,
    runtime::block_on,
    wanted::{Given, Wanted, Written},
    wiring::{Options, Wired},
};
use crate::{
    agent::outcome,
    face::look::Tone,
    job::{Cancel, Carried, JobError, Workflow, carry::AT_ONCE, lease::LeaseError, receipt},
};
use domain::{
    event::Event,
    ids::JobId,
    plan::Plan,
    request::{Origin, Until},
    standing::{JobStanding, NotDone},
    units::{self, quoted},
};

/// Run a task on files, start to finish.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Put results into this folder, and those of several jobs also as one table, records.tsv [default: results in AGENT_HOME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Jobs at the provider at once
    #[arg(long, value_name = "N", default_value_t = AT_ONCE, value_parser = at_once)]
    at_once: usize,
}

fn at_once(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|&jobs: &usize| jobs > 0);
    jobs.ok_or_else(|| format!("{} is not a number of jobs: write 1 or more", quoted(text)))
}

impl Run {
    /// Plans, asks for consent, carries the work out, and ends with the exit code of the worst.
    ///
    /// # Errors
    /// Settings that make no sense, a home that cannot be used, a plan file or request that is none, no consent.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let settings = context.settings()?;
        let bounds = self.wanted.bounds.bounds();
        let (given, session) = self.wanted.given(context)?;
        // A request that is taken up goes on where its results were to go.
        let out_dir = self.out.as_ref().map(|out| settings.cwd().join(out)).or_else(|| given.request.out_dir.clone());
        let options = Options {
            yes: self.consent.yes,
            allow_mainnet: self.consent.allow_mainnet,
            bounds,
            out_dir,
            ..Options::default()
        };
        if let Some(session) = session {
            context.go_on_with(session);
        }
        let wired = Wired::new(context, options)?;
        // The work was agreed to: a reader who has read enough of what is told of it does not stop it.
        let cancel = cancel_by_hand(context);
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
        // Nothing has an effect until the plan is agreed to, so that planning is left at once.
        let plan = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(CommandError::interrupted()),
            plan = workflow.plan(&session, given.request, None) => plan?,
        };
        changed(context, workflow, &plan, given.written)?;
        for file in workflow.changed_since(&given.seen, &plan).await {
            let message = format!(
                "{} changed since the request was planned: what follows is the plan as it is now, and consent is to that one",
                file.display()
            );
            context.sink().emit(Event::Warning { message });
        }
        let plan = match plan.request.bounds.until {
            Until::Plan => plan,
            Until::Quote | Until::Done => workflow.agree(&session, plan).await?,
        };
        if plan.request.bounds.until == Until::Plan {
            context.sink().rest();
            return Ok(ExitCode::from(impossible(context, &plan)));
        }
        if !context.json() && plan.work.len() > 1 {
            let id = &plan.request.id;
            let text = format!("agent run --resume {id} goes on with it, should it be broken off");
            context.output.lines(context.look.field("Request", Tone::Plain, &text));
        }
        let carried = workflow.carry(&plan, self.at_once, cancel).await;
        let code = tell(context, workflow, &plan, carried)?;
        if plan.possible().count() > 1 {
            table(context, workflow, &plan)?;
        }
        let interrupted = cancel.is_cancelled() && person;
        let worst = outcome::worst([impossible(context, &plan), code]);
        Ok(ExitCode::from(if interrupted && worst != 0 { outcome::INTERRUPTED } else { worst }))
    }
}

/// One table of all records: in the folder of results that was named, once all of it has ended; and how to have it printed.
fn table(context: &Context, workflow: &Workflow, plan: &Plan) -> Result<(), CommandError> {
    let (id, mut open, mut done) = (&plan.request.id, 0, 0);
    for job in plan.possible().filter_map(|piece| piece.job.as_ref()) {
        let job = workflow.job(job)?;
        open += usize::from(!job.state.is_end());
        done += usize::from(job.result.is_some());
    }
    if done == 0 {
        return Ok(());
    }
    let written = match workflow.results_folder().filter(|_| open == 0) {
        Some(out) => match write_records(workflow.ledger(), id, out) {
            Ok(path) => Some(path),
            // The results are there all the same.
            Err(error) => {
                let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                context.sink().emit(Event::Warning { message: format!("{}{hint}", error.sentence()) });
                None
            }
        },
        None => None,
    };
    if !context.json() {
        let text = match written {
            Some(path) => format!("{}: the records of all; agent results {id} lists the files", path.display()),
            None => format!("agent results {id} --tsv prints the records of all; without --tsv it lists the files"),
        };
        context.output.lines(context.look.field("Table", Tone::Plain, &text));
    }
    Ok(())
}

/// Work that cannot be done counts as it would have by itself: the gravest reason is said, and its exit code given.
fn impossible(context: &Context, plan: &Plan) -> u8 {
    let reasons = || plan.work.iter().filter_map(|piece| piece.cannot.as_ref());
    let worst = outcome::worst(reasons().map(|cannot| cannot.exit_code));
    if let Some(cannot) = reasons().find(|cannot| cannot.exit_code == worst) {
        context.sink().emit(CommandError::from(JobError::Cannot(cannot.clone())).event());
    }
    worst
}

/// A plan file's plan may be another one by now: a file changed, or a price. What flags make narrower is no change of it.
fn changed(context: &Context, workflow: &Workflow, plan: &Plan, written: Option<Written>) -> Result<(), CommandError> {
    let Some(Written { digest, bounds }) = written else { return Ok(()) };
    if workflow.digest_within(plan, bounds)?.is_some_and(|now| now != digest) {
        let message = "the plan is no longer the one in the file: the file was edited, or its data or a price changed. What \
                       follows is the plan as it is now";
        context.sink().emit(Event::Warning { message: message.to_owned() });
    }
    Ok(())
}

/// What came of the work: each failure, the receipts, and one status of all. Gives the exit code of the worst.
fn tell(context: &Context, workflow: &Workflow, plan: &Plan, carried: Vec<Carried>) -> Result<u8, CommandError> {
    let sink = context.sink();
    let (many, until) = (carried.len() > 1, plan.request.bounds.until);
    let (mut codes, mut standings) = (Vec::new(), Vec::new());
    // Nothing of the status says why these stand where they are.
    let busy: Vec<&JobId> = carried.iter().filter_map(busy).collect();
    if let (true, [first, rest @ ..]) = (many && !context.json(), busy.as_slice()) {
        let jobs = match rest.len() {
            0 => format!("another process is working on {first}"),
            more => format!("another process is working on {first} and {} more", units::count(more as u64)),
        };
        let hint = format!("wait for it to end, then `agent run --resume {}` does what is left", plan.request.id);
        sink.emit(CommandError::new(Kind::Failed, "busy", jobs).hint(hint).event());
    }
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
        let piece = plan.work.iter().find(|piece| piece.job.as_ref() == Some(&id));
        let mut standing = JobStanding::of(&job, &attempts);
        standing.sample = piece.and_then(|piece| piece.work.sample.clone());
        if many && !job.state.is_end() {
            // All that is open of it goes on together.
            standing.next = Some(format!("agent run --resume {}", plan.request.id));
        }
        standings.push(standing);
    }
    sink.emit(Event::TurnStatus { jobs: standings, cannot: NotDone::of(plan) });
    Ok(outcome::worst(codes))
}

/// The job, where it could not go on as another process works on it.
fn busy(carried: &Carried) -> Option<&JobId> {
    matches!(carried.end, Err(JobError::Lease(LeaseError::Taken(_)))).then_some(&carried.job)
}
