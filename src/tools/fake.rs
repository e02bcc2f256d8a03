//! A job workflow in memory, for unit tests: the real rules, no outside parts.

mod effects;
mod made;
mod requests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
pub use made::{PROVIDER, STRANGER};

use super::work::{Cancel, Claim, Opening, Outcome, Steps, WorkError};
use crate::job::JobError;
use domain::{
    attempt::Attempt,
    ids::{JobId, RequestId},
    job::{Job, JobState},
    plan::{IfFree, Plan, PlannedWork},
    request::{Bounds, Request, Work},
    task::{Parameters, TaskType},
};
use guard::{ledger::LedgerError, machine::catalogue::Catalogue};

/// Who answers to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The sandbox, by itself, unless the tripwire withholds that.
    Sandbox,
    /// A person, yes to everything.
    Yes,
    /// Nobody.
    Nobody,
}

/// Makes another request of the one that a person is shown.
pub type Edit = Box<dyn FnOnce(Request) -> Request + Send>;

/// The fake.
pub struct Fake {
    /// Files by their paths, with their sizes in bytes.
    pub files: BTreeMap<String, u64>,
    /// Who answers to a plan.
    pub says: Says,
    /// The provider fails every job.
    pub provider_fails: bool,
    /// Waiting lasts until it is cancelled.
    pub never_ready: bool,
    /// What somebody wrote into the summary of a fold.
    pub note: Option<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<String, requests::Open>,
    drafts: Vec<(PlannedWork, Job)>,
    jobs: Vec<Job>,
    requests: Vec<Request>,
    attempts: Vec<Attempt>,
    asked: Vec<Plan>,
    effects: Vec<&'static str>,
    edit: Option<Edit>,
    count: u16,
}

impl Fake {
    /// With these files and their sizes, in a sandbox.
    pub fn new(files: &[(&str, u64)]) -> Fake {
        Fake {
            files: files.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect(),
            says: Says::Sandbox,
            provider_fails: false,
            never_ready: false,
            note: None,
            state: Mutex::default(),
        }
    }

    /// The same, otherwise.
    pub fn with(mut self, change: impl FnOnce(&mut Fake)) -> Fake {
        change(&mut self);
        self
    }

    /// A person who changes the next plan that they are asked about, and then agrees.
    pub fn edits(&self, edit: impl FnOnce(Request) -> Request + Send + 'static) {
        self.state().edit = Some(Box::new(edit));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What happened so far, in order: `run`, `upload`, `pay`, `fetch`.
    pub fn effects(&self) -> Vec<&'static str> {
        self.state().effects.clone()
    }

    /// The plans that somebody was asked about.
    pub fn asked(&self) -> Vec<Plan> {
        self.state().asked.clone()
    }

    /// The jobs that were begun.
    pub fn kept(&self) -> Vec<Job> {
        self.state().jobs.clone()
    }

    /// Changes a job that was begun.
    pub fn set(&self, id: &JobId, change: impl FnOnce(&mut Job)) -> Job {
        let mut state = self.state();
        let job = state.jobs.iter_mut().find(|j| j.id == *id).unwrap();
        change(job);
        job.clone()
    }

    /// A job that was begun and is not at its end.
    pub fn begins(&self, session: &str, task: &str, dataset: &str) {
        let work = Work { anew: true, ..Work::new(task, dataset, Parameters::new()) };
        let (_, mut job) = self.drafted(session, &work, Bounds::default()).unwrap();
        job.request = Some(RequestId::random());
        self.state().jobs.push(job);
    }

    fn get(&self, id: &JobId) -> Result<Job, JobError> {
        let all = self.all();
        all.into_iter().find(|job| job.id == *id).ok_or_else(|| LedgerError::NoSuchJob(id.clone()).into())
    }

    /// The jobs that were begun, and then those that are only planned.
    fn all(&self) -> Vec<Job> {
        let state = self.state();
        let drafts = state.drafts.iter().map(|(_, job)| job).filter(|job| job.request.is_none());
        state.jobs.iter().chain(drafts).cloned().collect()
    }

    fn did(&self, what: &'static str) {
        self.state().effects.push(what);
    }
}

#[async_trait]
impl Steps for Fake {
    fn open(&self, session: &str, opening: Opening) {
        self.opens(session, opening);
    }
    async fn check(&self, session: &str, work: Work, narrower: Bounds) -> Result<Job, WorkError> {
        Ok(self.checked(session, &work, narrower)?)
    }
    fn pending(&self, session: &str) -> Result<Option<Plan>, WorkError> {
        Ok(self.waits(session))
    }
    fn show_pending(&self, session: &str) -> Result<Option<Plan>, WorkError> {
        Ok(self.waits(session))
    }
    async fn run_local(&self, session: &str, id: &JobId, _: &Cancel) -> Result<Job, WorkError> {
        Ok(self.ran_local(session, id)?)
    }
    async fn run_remote(&self, session: &str, id: &JobId, _: &Cancel) -> Result<Job, WorkError> {
        Ok(self.submitted(session, id)?)
    }
    async fn pay(&self, session: &str, id: &JobId, claim: Claim, _: &Cancel) -> Result<Job, WorkError> {
        Ok(self.paid(session, id, &claim)?)
    }
    async fn wait(&self, id: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(self.waited(id, cancel).await?)
    }
    async fn plan(&self, session: &str, request: Request, if_free: IfFree) -> Result<Plan, WorkError> {
        Ok(self.planned(session, request)?.going_on_if_free(if_free))
    }
    async fn agree(&self, session: &str, plan: Plan) -> Result<Plan, WorkError> {
        Ok(self.agreed(session, plan)?)
    }
    async fn carry(&self, plan: &Plan, _: usize, cancel: &Cancel) -> Vec<Outcome> {
        let mut out = Vec::new();
        for job in plan.possible().filter_map(|piece| piece.job.clone()) {
            let end = self.to(&job, plan.request.bounds.until, cancel).await.map_err(WorkError::from);
            out.push(Outcome { job, end });
        }
        out
    }
    fn last_request(&self, _: &str) -> Result<Option<Request>, WorkError> {
        Ok(self.state().requests.last().cloned())
    }
    async fn cancel(&self, id: &JobId) -> Result<Job, WorkError> {
        let job = self.get(id)?;
        let mut state = self.state();
        state.drafts.retain(|(_, draft)| draft.id != *id);
        state.open.values_mut().for_each(|open| open.pending.retain(|other| other != id));
        state.jobs.iter_mut().filter(|job| job.id == *id).for_each(|job| job.state = JobState::Canceled);
        Ok(Job { state: JobState::Canceled, ..job })
    }
    fn jobs(&self) -> Result<Vec<Job>, WorkError> {
        Ok(self.all())
    }
    fn job(&self, id: &JobId) -> Result<Option<Job>, WorkError> {
        Ok(self.get(id).ok())
    }
    fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, WorkError> {
        Ok(self.state().attempts.iter().filter(|a| a.job == *id).cloned().collect())
    }
    fn tasks(&self) -> Vec<TaskType> {
        Catalogue::builtin().unwrap().iter().cloned().collect()
    }
}
