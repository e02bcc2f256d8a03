//! Waiting for the provider, until there is a result to be fetched.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Cancel, JobError, Remote, Workflow,
    answer::Answer,
    waiting::{Waiting, unless_stopped},
};
use compute::aioz::{ComputeError, TaskDetail, TaskStatus};
use domain::{
    event::Event,
    job::{Job, JobState},
    quote::QuoteSource,
    units,
};
use guard::policy::{Refusal, Rule};

/// Keys have about 60 requests a minute at AIOZ: between two looks of one job, each other job that is waited for gets this.
const EACH_LOOK: Duration = Duration::from_millis(1200);

impl Workflow {
    /// Waits until the provider is done. Waiting costs nothing but time; leaving it harms nothing. A provider that gives no
    /// answer is waited for as well, for as long as the owner's patience lasts: the job is paid for.
    pub(super) async fn await_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let task = provider_task(job)?;
        let states_terms = job.quote.as_ref().is_some_and(|q| q.source == QuoteSource::Provider);
        let mut announced = !(job.state == JobState::Paid && states_terms);
        let mut waiting = Waiting::begun(self.waited());
        let mut state = job.state;
        loop {
            self.hear(remote, job, &task, &mut waiting).await;
            if !announced {
                announced = self.announce(remote, job, &mut waiting, cancel).await;
            }
            let Some(detail) = self.look(remote, job, &task, &mut waiting, cancel).await? else { continue };
            if state == JobState::Paid && detail.status == TaskStatus::Computing {
                state = self.step(&job.id, JobState::Running, |_| {})?.state;
                waiting.changed(self.waited());
            }
            if let Some(end) = ending(&detail) {
                let (to, failure) = end;
                self.step(&job.id, to, |job| job.failure = failure)?;
                return Ok(());
            }
            if let TaskStatus::Other(name) = &detail.status
                && waiting.is_news(name)
            {
                let message = format!("{}: the provider says `{name}`, which is not known here: waiting on", job.id);
                self.emit(Event::Warning { message });
            }
            if waiting.hears_nothing(self.waited()) && waiting.is_news("no webhook") {
                let message = format!("{}: no webhook has come: the provider is asked instead", job.id);
                self.emit(Event::Warning { message });
            }
            self.told(&Job { state, ..job.clone() }, detail.progress);
            self.pause(job, &mut waiting, None, cancel).await?;
        }
    }

    /// The task as it stands. `None` where the provider gives no answer and is to be asked again; the pause is over then.
    pub(super) async fn look(
        &self,
        remote: &Remote,
        job: &Job,
        task: &str,
        waiting: &mut Waiting,
        cancel: &Cancel,
    ) -> Result<Option<TaskDetail>, JobError> {
        let provider = self.provider(remote, cancel);
        let error = match unless_stopped(job, cancel, provider.detail(task)).await? {
            Ok(detail) => {
                waiting.heard(self.waited());
                return Ok(Some(detail));
            }
            Err(error) => error,
        };
        let patience = self.parts.guard.policy().patience.outage_seconds;
        // A page in the place of an answer is what an outage looks like behind a gateway.
        let passing = error.is_passing() || matches!(error, ComputeError::Garbage(_));
        if !passing || waiting.is_over(self.waited(), patience) {
            return Err(error.into());
        }
        if waiting.is_news("silence") {
            let long = units::seconds(patience as f64);
            let message = format!("{}: {error}; it is asked again for {long}, as the job is paid for", job.id);
            self.emit(Event::Warning { message });
        }
        let asked = match error {
            ComputeError::RateLimited { retry_after } => retry_after,
            _ => None,
        };
        self.pause(job, waiting, asked, cancel).await?;
        Ok(None)
    }

    /// Until the next look. Whoever else waits with the same key, in this program or another, has their looks between ours.
    async fn pause(
        &self,
        job: &Job,
        waiting: &mut Waiting,
        asked: Option<Duration>,
        cancel: &Cancel,
    ) -> Result<(), JobError> {
        let others = self.parts.ledger.count_waited_for(&self.parts.profile)?.saturating_sub(1);
        let asked = Some(asked.unwrap_or_default().max(EACH_LOOK.saturating_mul(others)));
        let pause = waiting.pause(self.waited(), asked);
        tokio::select! {
            () = self.tape().sleep(pause) => Ok(()),
            () = waiting.word() => Ok(()),
            () = cancel.cancelled() => Err(JobError::Interrupted(job.id.clone())),
        }
    }

    fn waited(&self) -> Timestamp {
        self.tape().now("waiting for a provider")
    }

    /// What the task gave, once `read` has all of it. A provider may say that it is done before its answers hold all of the
    /// result: what is incomplete is not wrong, and is looked at again for as long as the owner's patience lasts. The inner
    /// error is what can never be right.
    pub(super) async fn answered<T>(
        &self,
        remote: &Remote,
        job: &Job,
        read: impl Fn(&TaskDetail) -> Answer<T>,
        cancel: &Cancel,
    ) -> Result<Result<T, String>, JobError> {
        let task = provider_task(job)?;
        let mut silence = Waiting::begun(self.waited());
        // Not heard of until it is whole.
        let mut waiting = Waiting::begun(self.waited());
        loop {
            let Some(detail) = self.look(remote, job, &task, &mut silence, cancel).await? else { continue };
            let missing = match read(&detail) {
                Answer::Whole(whole) => return Ok(Ok(whole)),
                Answer::Wrong(why) => return Ok(Err(why)),
                Answer::Incomplete(missing) => missing,
            };
            let patience = self.parts.guard.policy().patience.incomplete_result_seconds;
            if waiting.is_over(self.waited(), patience) {
                return Err(JobError::Incomplete { job: job.id.clone(), missing });
            }
            if waiting.is_news("incomplete") {
                let long = units::seconds(patience as f64);
                let message = format!("{}: the result is not all there yet ({missing}): waiting up to {long}", job.id);
                self.emit(Event::Warning { message });
            }
            self.pause(job, &mut waiting, None, cancel).await?;
        }
    }
}

/// The state and the reason that an ended task means; `None` while it has not ended.
fn ending(detail: &TaskDetail) -> Option<(JobState, Option<String>)> {
    let failed = |what: &str| {
        let why =
            detail.error.clone().or_else(|| detail.message.clone()).unwrap_or_else(|| "no reason given".to_owned());
        Some((JobState::PaidButFailed, Some(format!("the provider {what}: {why}"))))
    };
    match detail.status {
        TaskStatus::Success => Some((JobState::ResultReady, None)),
        TaskStatus::Failed => failed("failed"),
        TaskStatus::Canceled => failed("canceled it"),
        _ => None,
    }
}

fn provider_task(job: &Job) -> Result<String, JobError> {
    job.provider_job.clone().ok_or_else(|| {
        Refusal::new(Rule::JobState, format!("{} was never submitted: it is {}", job.id, job.state)).into()
    })
}
