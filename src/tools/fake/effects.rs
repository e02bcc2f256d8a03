//! Steps with an effect: what the core refuses is refused, and nothing happens anywhere.

use super::{Fake, made};
use crate::{
    job::JobError,
    tools::{Cancel, Claim},
};
use domain::{
    ids::JobId,
    job::{Job, JobState},
    request::Until,
    verdict::Place,
};
use guard::policy::{
    payment::check_claim,
    refusal::{Refusal, Rule},
};

impl Fake {
    pub(super) fn ran_local(&self, session: &str, id: &JobId) -> Result<Job, JobError> {
        let job = self.get(id)?;
        if let Some(reason) = job.verdict.reasons.first() {
            let why = format!("{id} may not run here: {}", reason.why);
            return Err(Refusal::new(Rule::Offload(reason.rule), why).into());
        }
        self.begun(session, id)?;
        self.runs(id)
    }

    fn runs(&self, id: &JobId) -> Result<Job, JobError> {
        let job = self.get(id)?;
        if self.until(&job) == Until::Quote {
            return Err(Refusal::new(Rule::Until, format!("the request stops at the quote, so {id} is not run")).into());
        }
        is_in(&job, &[JobState::Planned])?;
        self.did("run");
        Ok(self.done(&job))
    }

    pub(super) fn submitted(&self, session: &str, id: &JobId) -> Result<Job, JobError> {
        let job = self.get(id)?;
        if job.place() == Place::Local {
            return Err(Refusal::new(Rule::FitsHere, format!("{id} fits this machine")).into());
        }
        is_in(&job, &[JobState::Planned, JobState::Staged])?;
        self.begun(session, id)?;
        self.submits(id)
    }

    fn submits(&self, id: &JobId) -> Result<Job, JobError> {
        // A person may have agreed to another plan, which this job is no part of.
        let begun = self.state().jobs.iter().any(|job| job.id == *id);
        if !begun {
            return Err(Refusal::new(Rule::Work, format!("{id} is not work of the request")).into());
        }
        self.did("upload");
        Ok(self.set(id, made::submit))
    }

    pub(super) fn paid(&self, session: &str, id: &JobId, claim: &Claim) -> Result<Job, JobError> {
        let job = self.get(id)?;
        check_claim(&job, claim)?;
        self.begun(session, id)?;
        self.pays(id)
    }

    fn pays(&self, id: &JobId) -> Result<Job, JobError> {
        let job = self.get(id)?;
        if self.until(&job) == Until::Quote {
            return Err(
                Refusal::new(Rule::Until, format!("the request stops at the quote, so {id} is not paid")).into()
            );
        }
        let attempt = made::attempt(&job, job.quote.as_ref().unwrap());
        self.did("pay");
        let hash = attempt.tx_hash;
        self.state().attempts.push(attempt);
        Ok(self.set(id, |job| {
            job.state = JobState::Paid;
            job.tx_hash = Some(hash);
        }))
    }

    pub(super) async fn waited(&self, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let job = self.get(id)?;
        is_in(&job, &[JobState::Paid, JobState::Running])?;
        if self.never_ready {
            cancel.cancelled().await;
            return Err(JobError::Interrupted(id.clone()));
        }
        if self.provider_fails {
            let why = "the provider failed: out of memory".to_owned();
            self.set(id, |job| {
                job.state = JobState::PaidButFailed;
                job.failure = Some(why.clone());
            });
            return Err(JobError::Ended { job: id.clone(), state: JobState::PaidButFailed, why });
        }
        self.did("fetch");
        Ok(self.done(&job))
    }

    fn done(&self, job: &Job) -> Job {
        let result = made::result(job, self.note.as_deref());
        self.set(&job.id, |job| {
            job.state = JobState::Done;
            job.result = Some(result);
        })
    }

    /// A job that was agreed to, as far as its request goes.
    pub(super) async fn to(&self, id: &JobId, until: Until, cancel: &Cancel) -> Result<Job, JobError> {
        let mut job = self.get(id)?;
        match (until, job.place(), job.state) {
            (Until::Plan, ..) | (Until::Quote, Place::Local, _) | (_, _, JobState::Done) => return Ok(job),
            (Until::Done, Place::Local, _) => return self.runs(id),
            (_, Place::Offload, JobState::Planned) => job = self.submits(id)?,
            (_, Place::Offload, _) => {}
        }
        if until == Until::Quote {
            return Ok(job);
        }
        if job.state == JobState::Submitted {
            self.pays(id)?;
        }
        self.waited(id, cancel).await
    }
}

fn is_in(job: &Job, fine: &[JobState]) -> Result<(), JobError> {
    match fine.contains(&job.state) {
        true => Ok(()),
        false => Err(Refusal::new(Rule::JobState, format!("{} is {}", job.id, job.state)).into()),
    }
}
