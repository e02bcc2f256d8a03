//! The workflow: who may ask for which step, and the loop that takes them in their order.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tokio::sync::OnceCell;

use super::{Cancel, Connect, JobError, Pricing, Remote, agree::Drafts, lease, listener::Listener, price::Listed};
use cassette::Tape;
use compute::{
    aioz::ComputeError,
    local::{Answers, Runner, forget_run},
};
use domain::{
    attempt::Attempt,
    cost::NanoDollars,
    event::{Event, Sink},
    ids::JobId,
    job::{Job, JobState},
    request::Bounds,
    result::NOT_ISOLATED,
    task::TaskType,
    verdict::Place,
};
use guard::{
    ledger::{Ledger, LedgerError, log},
    machine::{Supposed, catalogue::Catalogue},
    policy::{Guard, Refusal, Rule, approval::Approver, payment::Claim},
};

/// As many lines of a program's own messages are told as they come; the receipt has more.
const TOLD_WARNINGS: usize = 3;

/// What a workflow is made of.
pub struct WorkflowParts {
    /// Where everything is written down.
    pub ledger: Ledger,
    /// Who decides.
    pub guard: Guard,
    /// The tasks there are.
    pub catalogue: Catalogue,
    /// Who hears of what happens.
    pub sink: Arc<dyn Sink>,
    /// Who is asked.
    pub approver: Arc<dyn Approver>,
    /// Who brings up the outside parts.
    pub connect: Box<dyn Connect>,
    /// What starts workers.
    pub runner: Runner,
    /// `sandbox` or `live`.
    pub profile: String,
    /// Where results go instead of the home folder.
    pub out_dir: Option<PathBuf>,
    /// What binds every request, whoever fills it in.
    pub bounds: Bounds,
    /// Whether a person said beforehand that they take results which nobody can verify.
    pub takes_unverified: bool,
}

/// Advances jobs.
pub struct Workflow {
    pub(super) parts: WorkflowParts,
    pub(super) supposed: Supposed,
    pub(super) pricing: OnceCell<Pricing>,
    /// What the provider's price list said, by model.
    pub(super) listed: tokio::sync::Mutex<HashMap<String, Listed>>,
    /// What the key has at a provider that charges it there, as it said last.
    pub(super) balance: Mutex<Option<NanoDollars>>,
    pub(super) drafts: Mutex<Drafts>,
    /// What programs answered when they were asked whether they have what a task needs.
    pub(super) answers: Answers,
    /// Held while a piece of work is compared with what waits.
    pub(super) comparing: tokio::sync::Mutex<()>,
    /// Open once a job is waited for whose provider sends webhooks.
    pub(super) listener: tokio::sync::Mutex<Option<Listener>>,
    remote: OnceCell<Remote>,
}

/// How far a job is to be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Quoted,
    Paid,
    Done,
}

impl Workflow {
    /// A workflow of these parts; nothing outside is touched yet.
    pub fn new(parts: WorkflowParts) -> Workflow {
        Workflow::supposing(Supposed::default(), parts)
    }

    /// The same on a machine that is supposed instead of measured. For trials of models alone: a test holds that nothing
    /// else calls it.
    pub(crate) fn supposing(supposed: Supposed, parts: WorkflowParts) -> Workflow {
        Workflow {
            parts,
            supposed,
            pricing: OnceCell::new(),
            listed: tokio::sync::Mutex::default(),
            balance: Mutex::default(),
            drafts: Mutex::default(),
            answers: Answers::default(),
            comparing: tokio::sync::Mutex::default(),
            listener: tokio::sync::Mutex::default(),
            remote: OnceCell::new(),
        }
    }

    /// The tasks there are.
    pub fn catalogue(&self) -> &Catalogue {
        &self.parts.catalogue
    }

    /// The guard in force.
    pub fn guard(&self) -> &Guard {
        &self.parts.guard
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.parts.ledger
    }

    /// The tape of the run.
    pub(super) fn tape(&self) -> &Tape {
        self.parts.ledger.tape()
    }

    /// All jobs, oldest first; those that are only planned in this process come last.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn jobs(&self) -> Result<Vec<Job>, JobError> {
        let mut jobs = self.parts.ledger.jobs()?;
        jobs.extend(self.all_drafted());
        Ok(jobs)
    }

    /// One job, of the ledger or only planned.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn job(&self, id: &JobId) -> Result<Job, JobError> {
        match self.parts.ledger.job(id) {
            Err(error @ LedgerError::NoSuchJob(_)) => self.drafted(id).ok_or(error.into()),
            found => Ok(found?),
        }
    }

    /// A job's payment attempts, first to last.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, JobError> {
        Ok(self.parts.ledger.attempts(id)?)
    }

    /// Runs a planned local job to its end, for a session.
    ///
    /// # Errors
    /// The guard's refusal for a job that is too heavy; whatever the run says.
    pub async fn run_local(&self, session: &str, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let planned = self.job(id)?;
        if planned.place() == Place::Offload {
            // Before anybody is asked for consent: it may not run here, whoever says yes.
            self.refuse_here(&planned)?;
        }
        let job = self.begun(session, id).await?;
        if job.state != JobState::Planned {
            return Err(Refusal::new(Rule::JobState, format!("{id} cannot be started: it is {}", job.state)).into());
        }
        self.local_step(&job, cancel).await?;
        self.ended_well(id)
    }

    /// Stages and submits a planned remote job and takes its quote, for a session.
    ///
    /// # Errors
    /// The guard's refusal for a job that fits here; whatever storage and provider say.
    pub async fn run_remote(&self, session: &str, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let job = self.job(id)?;
        if job.place() == Place::Local {
            let why = format!("{id} fits this machine, so it is not sent away");
            return Err(Refusal::new(Rule::FitsHere, why).hint("run it locally").into());
        }
        if !matches!(job.state, JobState::Planned | JobState::Staging | JobState::Staged) {
            return Err(Refusal::new(Rule::JobState, format!("{id} was submitted already: it is {}", job.state)).into());
        }
        self.begun(session, id).await?;
        self.advance(id, Goal::Quoted, None, cancel).await
    }

    /// Says why a job that is to be offloaded may not run here.
    fn refuse_here(&self, job: &Job) -> Result<(), JobError> {
        let Some(reason) = job.verdict.reasons.first() else { return Ok(()) };
        let why = format!("{} may not run here: {}", job.id, reason.why);
        let refusal = Refusal::new(Rule::Offload(reason.rule), why).hint("run it remotely");
        self.refused(job, &refusal);
        Err(refusal.into())
    }

    /// Pays a submitted job's quote, once, for a session. The claim is checked against the quote and never used.
    ///
    /// # Errors
    /// Any payment rule; a payment of which nobody knows yet.
    pub async fn pay(&self, session: &str, id: &JobId, claim: &Claim, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let job = self.job(id)?;
        self.parts.guard.check_payment(&job, Some(claim)).inspect_err(|refusal| self.refused(&job, refusal))?;
        self.begun(session, id).await?;
        self.advance(id, Goal::Paid, Some(claim), cancel).await
    }

    /// Waits for a paid job, fetches and checks its result.
    ///
    /// # Errors
    /// P-STATE for a job that is not paid; whatever the provider says.
    pub async fn wait(&self, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let job = self.own_job(id)?;
        use JobState::{Done, Fetched, Paid, ResultReady, Running};
        if !matches!(job.state, Paid | Running | ResultReady | Fetched | Done) || job.place() == Place::Local {
            let refusal = Refusal::new(
                Rule::JobState,
                format!("{id} is not paid for, so there is nothing to wait for: it is {}", job.state),
            )
            .hint("pay its quote first");
            self.refused(&job, &refusal);
            return Err(refusal.into());
        }
        self.advance(id, Goal::Done, None, cancel).await
    }

    /// Whether a job may go on without anybody being asked.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn goes_on_by_itself(&self, job: &Job) -> Result<bool, JobError> {
        Ok(!self.awaits_consent(job)? || self.still_allowed(job))
    }

    /// Whether the job's own request lets it go to its end.
    pub(super) fn still_allowed(&self, job: &Job) -> bool {
        self.parts.guard.mandate(job).is_ok_and(|mandate| self.parts.guard.still_allows(&mandate, job))
    }

    /// Whether what the provider charges for submitting a job, as it says now, was agreed to, where it charges anything.
    ///
    /// # Errors
    /// A provider that cannot be asked.
    pub(super) async fn charge_is_agreed(&self, job: &Job) -> Result<bool, JobError> {
        let before = matches!(job.state, JobState::Planned | JobState::Staging | JobState::Staged);
        let model = match &self.task_of(job)?.remote {
            Some(model) if before && job.place() == Place::Offload => model,
            _ => return Ok(true),
        };
        let Ok(mandate) = self.parts.guard.mandate(job) else { return Ok(false) };
        if !model.is_unverifiable() && mandate.charge(job).is_none() {
            return Ok(true);
        }
        let price = self.price_of(&model.model, job.verdict.dataset.bytes).await?;
        Ok(mandate.allows_charge(job, price.beside.as_ref()).is_ok())
    }

    /// Takes a job that was agreed to to its end.
    pub(super) async fn to_end(&self, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        self.own_job(id)?;
        self.advance(id, Goal::Done, None, cancel).await
    }

    /// Looks after a payment that is under way, and takes the job on to its end.
    ///
    /// # Errors
    /// Whatever the next step says.
    pub async fn settled(&self, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        self.to_end(id, cancel).await
    }

    /// Takes a job that was agreed to to its quote.
    pub(super) async fn to_quote(&self, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        self.own_job(id)?;
        self.advance(id, Goal::Quoted, None, cancel).await
    }

    /// Gives a job up, before any money is under way: at the provider, on storage, and here.
    ///
    /// # Errors
    /// P-STATE once a payment is written down, and for a job that ended.
    pub async fn cancel(&self, id: &JobId) -> Result<Job, JobError> {
        if let Some(planned) = self.forget(id) {
            return Ok(planned);
        }
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let job = self.own_job(id)?;
        let money = job.state.holds_money() && job.place() == Place::Offload;
        if job.state.is_end() || money {
            let (why, hint) = if job.state.is_end() {
                ("it has ended", format!("there is nothing left to give up: `agent jobs show {id}` says how it ended"))
            } else {
                ("money is under way or spent", format!("`agent jobs resume {id}` takes it to its end"))
            };
            let hint = match job.state.is_paying() {
                true => format!(
                    "{hint}; where the chain can no more be asked, `agent jobs cancel {id} --count-as-paid` ends it, and its \
                     money counts as spent"
                ),
                false => hint,
            };
            let refusal = Refusal::new(Rule::JobState, format!("{id} cannot be canceled: {why}; it is {}", job.state));
            return Err(refusal.hint(hint).into());
        }
        if job.place() == Place::Local {
            forget_run(&self.out_dir(&job));
        }
        if job.place() == Place::Offload && job.state != JobState::Planned {
            match self.clear_remote(&job).await {
                // A store that is gone keeps nobody from giving up what was not paid for, and no provider has it yet or it is
                // taken back there.
                Err(error) if job.provider_job.is_none() || matches!(error, JobError::Storage(_)) => {
                    self.tell_leftover(&job, &error);
                }
                cleared => cleared?,
            }
        }
        self.step(id, JobState::Canceled, |job| job.failure = Some("given up by a person".to_owned()))
    }

    /// Takes a job to the goal or to its end, where what it has left outside is taken away.
    pub(super) async fn advance(
        &self,
        id: &JobId,
        goal: Goal,
        claim: Option<&Claim>,
        cancel: &Cancel,
    ) -> Result<Job, JobError> {
        let before = self.job(id)?.state;
        let done = self.steps(id, goal, claim, cancel).await.map_err(|error| match error {
            // What is doubtful is looked for before it is asked again, whoever stopped the looking.
            JobError::Compute(ComputeError::Stopped | ComputeError::Doubtful { .. }) if cancel.is_cancelled() => {
                JobError::Interrupted(id.clone())
            }
            other => other,
        });
        if let Ok(job) = self.job(id)
            && job.state.is_end()
            && !before.is_end()
        {
            self.clear_away(&job).await;
        }
        done
    }

    /// The loop: one step at a time, until the goal or an end.
    async fn steps(&self, id: &JobId, goal: Goal, claim: Option<&Claim>, cancel: &Cancel) -> Result<Job, JobError> {
        loop {
            let job = self.job(id)?;
            if job.state.is_end() {
                return self.ended_well(id);
            }
            if reached(&job, goal) {
                return Ok(job);
            }
            if cancel.is_cancelled() {
                return Err(JobError::Interrupted(id.clone()));
            }
            match job.state {
                JobState::Planned | JobState::Running if job.place() == Place::Local => {
                    self.local_step(&job, cancel).await?
                }
                JobState::Planned | JobState::Staging => self.stage_step(&job, cancel).await?,
                JobState::Staged => self.submit_step(&job, cancel).await?,
                JobState::Submitted => self.pay_step(&job, claim, cancel).await?,
                JobState::PaymentIntended | JobState::PaymentSent | JobState::PaymentUnknown => {
                    self.settle_step(&job, claim, cancel).await?;
                }
                JobState::Paid | JobState::Running => self.await_step(&job, cancel).await?,
                JobState::ResultReady => self.fetch_step(&job, cancel).await?,
                JobState::Fetched => self.accept_step(&job, cancel).await?,
                _ => return self.ended_well(id),
            }
        }
    }

    /// The working folder: names that people write are relative to it.
    pub(super) fn folder(&self) -> &Path {
        self.parts.guard.policy().roots.first().map(PathBuf::as_path).unwrap_or(Path::new(""))
    }

    /// The task of that name.
    pub(super) fn task(&self, name: &str) -> Result<&TaskType, JobError> {
        self.parts.catalogue.get(name).ok_or_else(|| JobError::unknown_task(name, &self.parts.catalogue, self.folder()))
    }

    /// The task of a job, as it was when the job was planned.
    pub(super) fn task_of<'a>(&'a self, job: &'a Job) -> Result<&'a TaskType, JobError> {
        match &job.own_task {
            Some(task) => Ok(task),
            None => self.task(&job.task_type),
        }
    }

    /// The outside parts, brought up at the first need.
    pub(super) async fn remote(&self) -> Result<&Remote, JobError> {
        self.remote.get_or_try_init(|| self.parts.connect.connect()).await
    }

    /// One step in the ledger, told to everyone.
    pub(super) fn step(&self, id: &JobId, to: JobState, learn: impl FnOnce(&mut Job)) -> Result<Job, JobError> {
        let job = self.parts.ledger.advance(id, to, learn)?;
        self.told(&job, None);
        Ok(job)
    }

    /// Says where a job stands.
    pub(super) fn told(&self, job: &Job, progress: Option<f64>) {
        self.emit(Event::JobStatus { job: job.id.clone(), status: job.state.to_string(), progress });
    }

    /// Tells what the program that made a result said beside it: the first lines, and where the rest is.
    pub(super) fn warn(&self, job: &Job, warnings: &[String]) {
        let of = format!("{} of {}", job.task_type, job.verdict.dataset.path.display());
        let shown = warnings.iter().take(TOLD_WARNINGS).map(|line| match line.starts_with(NOT_ISOLATED) {
            true => format!("{of}: {line}"),
            false => format!("{of}: the program says: {line}"),
        });
        let rest = warnings.len().saturating_sub(TOLD_WARNINGS);
        let more = (rest > 0).then(|| format!("{of}: {rest} more lines of the program are in the receipt"));
        for message in shown.chain(more) {
            self.emit(Event::Warning { message });
        }
    }

    pub(super) fn emit(&self, event: Event) {
        self.parts.sink.emit(event);
    }

    /// Tells of a refusal, and gives the error back.
    pub(super) fn said(&self, job: &Job, error: JobError) -> JobError {
        if let Some(refusal) = error.refusal() {
            self.refused(job, refusal);
        }
        error
    }

    fn refused(&self, job: &Job, refusal: &Refusal) {
        self.emit(Event::PolicyDecided {
            rule: refusal.rule.id().to_owned(),
            decision: domain::event::Decision::Refuse,
            subject: job.id.to_string(),
            why: refusal.why.clone(),
        });
    }

    /// The job, if it is of this profile: a job never changes whose key pays.
    pub(super) fn own_job(&self, id: &JobId) -> Result<Job, JobError> {
        let job = self.job(id)?;
        if job.profile == self.parts.profile {
            return Ok(job);
        }
        Err(JobError::OtherProfile { job: id.clone(), profile: job.profile })
    }

    /// The job when it is done; an error that says how it ended otherwise.
    fn ended_well(&self, id: &JobId) -> Result<Job, JobError> {
        log::write(&self.parts.ledger)?;
        let job = self.job(id)?;
        if job.state == JobState::Done {
            return Ok(job);
        }
        let why = job.failure.unwrap_or_else(|| "no reason is known".to_owned());
        Err(JobError::Ended { job: job.id, state: job.state, why })
    }
}

fn reached(job: &Job, goal: Goal) -> bool {
    use JobState::{Done, Fetched, Paid, ResultReady, Running};
    match goal {
        Goal::Quoted => !matches!(job.state, JobState::Planned | JobState::Staging | JobState::Staged),
        Goal::Paid => matches!(job.state, Paid | Running | ResultReady | Fetched | Done),
        Goal::Done => job.state == Done,
    }
}
