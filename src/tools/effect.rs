//! A step with an effect, on one job or on several side by side: one failure does not stop the others.
//!
//! Where the jobs wait in a plan that nobody agreed to yet, consent is asked once, for all that was checked, before the first
//! of them takes its step.

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    Call, Cancel, Claim, Failure, More, Tool, ToolResult, Toolbox, WorkError, facts, next, standing::Standing,
};
use domain::{
    ids::JobId,
    job::{Job, JobState},
    plan::Plan,
    request::Until,
};

/// A step with an effect.
#[derive(Debug, Clone, Copy)]
pub enum Effect {
    /// Run here.
    RunLocal,
    /// Send the data away, submit, take the quote.
    RunRemote,
    /// Pay the quote, which is claimed to be this.
    Pay(Claim),
    /// Wait for the provider, fetch and check.
    Wait,
}

impl Effect {
    fn of(call: &Call) -> Option<Effect> {
        match call {
            Call::RunLocalTask(_) => Some(Effect::RunLocal),
            Call::RunRemoteCompute(_) => Some(Effect::RunRemote),
            Call::PayGasFee(args) => Some(Effect::Pay(args.claim())),
            Call::WaitForJob(_) => Some(Effect::Wait),
            Call::CheckLocalCapability(_) | Call::ListJobs(_) => None,
        }
    }

    fn tool(self) -> Tool {
        match self {
            Effect::RunLocal => Tool::RunLocalTask,
            Effect::RunRemote => Tool::RunRemoteCompute,
            Effect::Pay(_) => Tool::PayGasFee,
            Effect::Wait => Tool::WaitForJob,
        }
    }

    /// Whether it is the next step of this job, and names the job's own quote.
    fn fits(self, job: &Job) -> bool {
        let quoted = |claim: Claim| {
            job.quote.as_ref().is_some_and(|q| q.amount == claim.amount && q.recipient == claim.recipient)
        };
        next::tool(job) == Some(self.tool()) && if let Effect::Pay(claim) = self { quoted(claim) } else { true }
    }
}

impl Toolbox {
    /// The jobs that a call is about: none for one that names none.
    pub fn meant(&self, call: &Call) -> Vec<JobId> {
        let Some((effect, (first, more))) = Effect::of(call).zip(call.jobs()) else { return Vec::new() };
        self.all_of(effect, first, more)
    }

    /// Takes the step for every job that is meant.
    pub(super) async fn take(&self, effect: Effect, first: &JobId, more: Option<&More>, cancel: &Cancel) -> ToolResult {
        let ids = self.all_of(effect, first, more);
        let jobs: Vec<Job> = ids.iter().filter_map(|id| self.work.job(id).ok().flatten()).collect();
        let agreed = tokio::select! {
            biased;
            agreed = self.agreed(effect, &jobs) => agreed,
            () = cancel.cancelled() => Err(interrupted()),
        };
        match agreed {
            Ok(Agreed::Yes) => {}
            Ok(Agreed::Otherwise { before, now }) => return self.otherwise(&before, &now).await,
            Err(error) if error.is_stop() => return self.stopped(first),
            Err(error) => return self.refused(&error, first, &jobs),
        }
        if let [only] = ids.as_slice() {
            let end = self.one(effect, only, cancel).await;
            return self.came_of(effect, only, end);
        }
        let slots = self.side_by_side(effect, &jobs);
        let runs = ids.into_iter().map(|id| async move {
            let end = self.one(effect, &id, cancel).await;
            (id, end)
        });
        let ends: Vec<(JobId, Result<Job, WorkError>)> = stream::iter(runs).buffered(slots).collect().await;
        self.together(effect, ends)
    }

    async fn one(&self, effect: Effect, id: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        match effect {
            Effect::RunLocal => self.work.run_local(&self.session, id, cancel).await,
            Effect::RunRemote => self.work.run_remote(&self.session, id, cancel).await,
            Effect::Pay(claim) => self.work.pay(&self.session, id, claim, cancel).await,
            Effect::Wait => self.work.wait(id, cancel).await,
        }
    }

    fn all_of(&self, effect: Effect, first: &JobId, more: Option<&More>) -> Vec<JobId> {
        let mut ids = vec![first.clone()];
        match more {
            None => {}
            Some(More::Ids(more)) => ids.extend(more.iter().filter(|id| *id != first).cloned()),
            Some(More::All) => ids.extend(self.beside(effect, first)),
        }
        let mut seen = std::collections::HashSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        ids
    }

    /// The other jobs of a job's request that wait for this step.
    fn beside(&self, effect: Effect, first: &JobId) -> Vec<JobId> {
        let standing = Standing::of(self);
        let jobs = self.work.jobs().unwrap_or_default();
        let request = jobs.iter().find(|job| job.id == *first).and_then(|job| job.request.clone());
        let of_it = |job: &&Job| standing.piece(&job.id).is_some() || (request.is_some() && job.request == request);
        jobs.iter().filter(of_it).filter(|job| job.id != *first && effect.fits(job)).map(|job| job.id.clone()).collect()
    }

    /// Consent to the plan that the jobs wait in, where they wait in one for this step.
    async fn agreed(&self, effect: Effect, jobs: &[Job]) -> Result<Agreed, WorkError> {
        let standing = Standing::of(self);
        let awaits = |job: &&Job| effect.fits(job) && standing.piece(&job.id).is_some();
        if !jobs.iter().any(|job| awaits(&job)) {
            return Ok(Agreed::Yes);
        }
        let Some(plan) = self.work.show_pending(&self.session)? else { return Ok(Agreed::Yes) };
        let before: Vec<JobId> = plan.possible().filter_map(|piece| piece.job.clone()).collect();
        let now = self.work.agree(&self.session, plan).await?;
        let within = |job: &Job| now.possible().any(|piece| piece.job.as_ref() == Some(&job.id));
        if now.request.bounds.until != Until::Plan && jobs.iter().filter(awaits).all(within) {
            return Ok(Agreed::Yes);
        }
        Ok(Agreed::Otherwise { before, now: Box::new(now) })
    }

    /// The person changed the plan: what was only planned before is given up, and the model is told of the jobs that there are now.
    async fn otherwise(&self, before: &[JobId], plan: &Plan) -> ToolResult {
        for id in before {
            let only_planned = |job: &Job| job.request.is_none() && job.state == JobState::Planned;
            if self.work.job(id).ok().flatten().is_some_and(|job| only_planned(&job)) {
                // Nothing is left of it; one that is gone already needs no more.
                let _ = self.work.cancel(id).await;
            }
        }
        let ids = plan.possible().filter_map(|piece| piece.job.as_ref());
        let jobs: Vec<Job> = ids.filter_map(|id| self.work.job(id).ok().flatten()).collect();
        let all: Vec<&Job> = jobs.iter().collect();
        let changed = match plan.request.bounds.until {
            Until::Plan => "the person changed the plan so that it goes no further than this plan; nothing was begun",
            Until::Quote | Until::Done => "the person changed the plan, and agreed to this one",
        };
        let value = json!({
            "ok": true, "plan_changed": changed, "plan": facts::plan(plan),
            "next_step": next::steps(&all, plan.request.bounds.until),
        });
        ToolResult::done(value, jobs)
    }

    /// The request stops where the person wants it to. That is no failure.
    fn stopped(&self, id: &JobId) -> ToolResult {
        let standing = Standing::of(self);
        let job = self.work.job(id).ok().flatten();
        let until = match job.as_ref().map(|job| (job.state, standing.until(job))) {
            Some((_, until @ (Until::Plan | Until::Quote))) => until,
            Some((JobState::Planned, Until::Done)) | None => Until::Plan,
            Some((_, Until::Done)) => Until::Quote,
        };
        let mut value = json!({"ok": true, "stops_at": until.as_str()});
        if let Some(job) = &job {
            value["job"] = job.id.as_str().into();
            value["state"] = job.state.as_str().into();
        }
        if let Some(plan) = &standing.pending {
            value["plan"] = facts::plan(plan);
        }
        value["next_step"] = next::stop(until).into();
        ToolResult::done(value, job.into_iter().collect())
    }

    /// Nobody agreed to the plan: none of the jobs takes its step.
    fn refused(&self, error: &WorkError, first: &JobId, jobs: &[Job]) -> ToolResult {
        let mut result = self.failed(error, first);
        result.jobs = jobs.to_vec();
        result.failures = jobs.iter().map(|job| Failure::of(error, Some(job.id.clone()))).collect();
        if result.failures.is_empty() {
            result.failures.push(Failure::of(error, None));
        }
        result
    }

    /// The result of a step of one job.
    fn came_of(&self, effect: Effect, id: &JobId, end: Result<Job, WorkError>) -> ToolResult {
        let error = match end {
            Ok(job) => return self.outcome(self.facts(effect, &job), job),
            Err(error) if error.is_stop() => return self.stopped(id),
            Err(error) => error,
        };
        let mut result = self.failed(&error, id);
        // A claim that is not the quote can be mended; a quote that the owner's rules refuse cannot.
        let wrong_claim = |job: &&Job| {
            matches!(effect, Effect::Pay(_)) && next::tool(job) == Some(Tool::PayGasFee) && !effect.fits(job)
        };
        if let Some(job) = result.jobs.first().filter(wrong_claim) {
            result.value["next_step"] = format!("The claim was not the quote. {}", next::step(job, Until::Done)).into();
        }
        result
    }

    fn facts(&self, effect: Effect, job: &Job) -> Value {
        let attempts = || self.work.attempts(&job.id).unwrap_or_default();
        match effect {
            Effect::RunLocal => facts::finished(job, None),
            Effect::RunRemote => facts::quoted(job),
            Effect::Pay(_) => facts::paid(job, &attempts()),
            Effect::Wait => facts::finished(job, Some(&attempts())),
        }
    }

    /// The results of several jobs as one: those that failed first, so that they are told.
    fn together(&self, effect: Effect, ends: Vec<(JobId, Result<Job, WorkError>)>) -> ToolResult {
        let standing = Standing::of(self);
        let (mut failed, mut told, mut jobs, mut failures) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut until = Until::Done;
        for (id, end) in ends {
            match end {
                Ok(job) => {
                    until = until.min(standing.until(&job));
                    told.push(facts::brief(&self.facts(effect, &job), Some(&job)));
                    jobs.push(job);
                }
                Err(error) if error.is_stop() => {
                    let mut result = self.stopped(&id);
                    until = until.min(result.jobs.first().map_or(Until::Plan, |job| standing.until(job)));
                    told.push(facts::brief(&result.value, result.jobs.first()));
                    jobs.append(&mut result.jobs);
                }
                Err(error) => {
                    let mut result = self.came_of(effect, &id, Err(error));
                    failed.push(facts::brief(&result.value, result.jobs.first()));
                    failures.append(&mut result.failures);
                    jobs.append(&mut result.jobs);
                }
            }
        }
        let has_failed = |job: &&Job| failures.iter().any(|failure: &Failure| failure.job.as_ref() == Some(&job.id));
        let (count, lost) = (told.len() + failed.len(), failed.len());
        let fine: Vec<&Job> = jobs.iter().filter(|job| !has_failed(job)).collect();
        let step = if fine.is_empty() {
            "Tell the person what failed, why, and the hint. Do not try again by yourself.".to_owned()
        } else {
            next::steps(&fine, until)
        };
        let mut value = json!({"ok": lost == 0, "count": count, "failed": lost});
        facts::add_some(&mut value, "jobs", failed.into_iter().chain(told).collect());
        value["next_step"] = if lost == 0 { step } else { format!("{lost} of {count} failed. {step}") }.into();
        ToolResult { ok: lost == 0, value, jobs, failures }
    }

    /// How many take the step at once. What runs here is bounded by cores and memory; the rest by what the person allows; and
    /// where each asks for a consent of its own, it is one.
    fn side_by_side(&self, effect: Effect, jobs: &[Job]) -> usize {
        let request = Standing::of(self).last.map(|request| request.id);
        let begun = |job: &Job| self.work.job(&job.id).ok().flatten().and_then(|job| job.request);
        if !matches!(effect, Effect::Wait) && !jobs.iter().all(|job| begun(job).is_some_and(|id| Some(id) == request)) {
            return 1;
        }
        if !matches!(effect, Effect::RunLocal) {
            return self.at_once.max(1);
        }
        let largest = jobs.iter().map(|job| job.verdict.most_ram()).fold(1.0, f64::max);
        jobs.first().map_or(1, |job| {
            let machine = &job.verdict.machine;
            let by_memory = (machine.available_ram as f64 / largest).floor().max(1.0) as usize;
            by_memory.min(machine.cores.max(1) as usize)
        })
    }
}

/// What came of asking for consent.
enum Agreed {
    /// The jobs may take their step, as far as consent is concerned.
    Yes,
    /// To another plan than the one that these jobs were of.
    Otherwise { before: Vec<JobId>, now: Box<Plan> },
}

fn interrupted() -> WorkError {
    WorkError {
        refusal: None,
        rule: None,
        kind: "interrupted".to_owned(),
        message: "stopped before anybody agreed to the plan".to_owned(),
        hint: Some("nothing was sent or paid; ask again".to_owned()),
        exit_code: 130,
    }
}
