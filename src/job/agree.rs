//! The request that is open in a session, consent to its plan, and the jobs that come of it.
//!
//! Work is planned without a trace. The first step that has an effect shows the plan of all that was planned so far; when
//! somebody said yes, request, consent and jobs go into the ledger together. What is planned later is an addition, which is
//! shown and asked for by itself.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{MutexGuard, PoisonError},
};

use super::{
    JobError, Workflow,
    measure::contents,
    once,
    plan::{Draft, verdict_event},
    several::inputs_of,
    strangers::acceptance,
};
use domain::{
    event::Event,
    hash::Sha256,
    ids::{JobId, RequestId},
    job::{Job, JobState},
    plan::{Plan, PlannedWork},
    request::{Bounds, MOST_WORK, Origin, Request, Until, Work},
    shown::PlanShown,
    task::Parameters,
    verdict::Place,
};
use guard::{
    ledger::LedgerError,
    policy::{consent::Consented, mandate},
};

/// So many planned jobs of earlier turns are kept, so that "go ahead" finds them.
const MOST_DRAFTS: usize = 2 * MOST_WORK;

/// How a request begins, before any work is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Where, for how much, how far: nothing that comes later makes this wider.
    pub bounds: Bounds,
    /// Who fills it in.
    pub origin: Origin,
    /// The person's words.
    pub said: Option<String>,
}

/// Requests that are open, one a session, and the jobs that were planned and not begun.
#[derive(Default)]
pub(super) struct Drafts {
    open: HashMap<String, Open>,
    planned: Vec<Draft>,
}

/// An open request.
struct Open {
    request: Request,
    /// Planned and not agreed to yet.
    pending: Vec<JobId>,
    /// The plan of these that was shown last.
    shown: Option<Sha256>,
}

impl Drafts {
    /// Keeps a planned job.
    pub fn keep(&mut self, draft: Draft) {
        self.planned.retain(|known| known.job.id != draft.job.id);
        let over = (self.planned.len() + 1).saturating_sub(MOST_DRAFTS);
        self.planned.drain(..over);
        self.planned.push(draft);
    }

    fn get(&self, id: &JobId) -> Option<&Draft> {
        self.planned.iter().find(|draft| draft.job.id == *id)
    }

    fn remove(&mut self, id: &JobId) {
        self.planned.retain(|draft| draft.job.id != *id);
    }
}

impl Workflow {
    pub(super) fn drafts(&self) -> MutexGuard<'_, Drafts> {
        // A panic elsewhere leaves at worst a draft too many.
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a request in a session: what is planned there from now on is work of it.
    pub fn open(&self, session: &str, opening: Opening) {
        let Opening { bounds, origin, said } = opening;
        let bounds = bounds.narrowed(self.parts.bounds);
        let id = self.tape().draw(&format!("name of a request in {session}"), RequestId::random);
        let request = Request { id, ..Request::new(origin, bounds, Vec::new(), said) };
        self.drafts().open.insert(session.to_owned(), Open { request, pending: Vec::new(), shown: None });
    }

    /// The request that is open in a session; one within nothing but the owner's caps where none is.
    fn opened(&self, session: &str) -> Request {
        if let Some(open) = self.drafts().open.get(session) {
            return open.request.clone();
        }
        self.open(session, Opening { bounds: Bounds::default(), origin: Origin::Mcp(session.to_owned()), said: None });
        self.opened(session)
    }

    /// Plans one more piece of work of the open request, within bounds that may only make it narrower.
    ///
    /// # Errors
    /// An unknown task or parameter, a dataset that may not or cannot be read or is not what the task works on, and whatever
    /// else is known to fail.
    pub async fn check(&self, session: &str, work: Work, narrower: Bounds) -> Result<Job, JobError> {
        self.opened(session);
        // At once, and also where the check fails: what was narrowed stays so.
        let request = match self.drafts().open.get_mut(session) {
            Some(open) => {
                open.request.bounds = open.request.bounds.narrowed(narrower);
                open.request.clone()
            }
            None => self.opened(session),
        };
        let bounds = request.bounds;
        // Compared one after the other, so that of checks side by side the later one finds the earlier one.
        let (draft, _one) = match self.planned_in(&request, &work) {
            Some(draft) => (draft, self.comparing.lock().await),
            None => {
                let draft = self.draft(session, &work, bounds, &request.origin, None).await?;
                let one = self.comparing.lock().await;
                let draft = self.one_with_what_waits(session, draft).await;
                self.emit(verdict_event(&draft.job));
                (draft, one)
            }
        };
        let Draft { piece, job } = draft;
        let mut drafts = self.drafts();
        let Some(open) = drafts.open.get_mut(session) else { return Ok(job) };
        if open.request.work.len() >= MOST_WORK {
            return Err(JobError::TooMuchWork(open.request.work.len() + 1));
        }
        if let Some(cannot) = piece.cannot {
            return Err(JobError::Cannot(cannot));
        }
        let begun = piece.same_as_before && (job.state.is_end() || job.request.as_ref() == Some(&open.request.id));
        if !begun && !open.pending.contains(&job.id) {
            open.pending.push(job.id.clone());
        }
        if !piece.same_as_before || !begun {
            drafts.keep(Draft { piece, job: job.clone() });
        }
        Ok(job)
    }

    /// A draft, or the one that waits in the session's request and is the same work under another name.
    async fn one_with_what_waits(&self, session: &str, mut draft: Draft) -> Draft {
        let mut waiting: Vec<Draft> = {
            let drafts = self.drafts();
            let pending = drafts.open.get(session).map(|open| open.pending.as_slice()).unwrap_or_default();
            let others = pending.iter().filter(|id| **id != draft.job.id);
            others
                .filter_map(|id| drafts.get(id))
                .filter(|other| !draft.piece.work.anew || other.piece.work.anew)
                .cloned()
                .collect()
        };
        let mut pieces: Vec<&mut PlannedWork> = waiting.iter_mut().map(|other| &mut other.piece).collect();
        let twin = self.twin_of(&mut draft.piece, &mut pieces).await;
        match twin.and_then(|at| waiting.into_iter().nth(at)) {
            Some(first) => once::merged(first, draft),
            None => draft,
        }
    }

    /// The same piece of work, planned in this request already.
    fn planned_in(&self, request: &Request, work: &Work) -> Option<Draft> {
        let drafts = self.drafts();
        let open = drafts.open.values().find(|open| open.request.id == request.id)?;
        let same = |draft: &&Draft| {
            let known = &draft.piece.work;
            known.task == work.task
                && known.dataset() == work.dataset()
                && known.assumed == work.assumed
                && known.anew == work.anew
                && further_of(known, &work.parameters) == further_of(work, &work.parameters)
                && work.parameters.iter().all(|(name, value)| known.parameters.get(name) == Some(value))
        };
        open.pending.iter().filter_map(|id| drafts.get(id)).find(same).cloned()
    }

    /// The plan of what is open in a session and not agreed to yet; nothing where nothing waits.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn pending(&self, session: &str) -> Result<Option<Plan>, JobError> {
        let (request, pieces) = {
            let drafts = self.drafts();
            let Some(open) = drafts.open.get(session) else { return Ok(None) };
            let pieces = open.pending.iter().filter_map(|id| drafts.get(id)).map(|draft| draft.piece.clone());
            let pieces: Vec<PlannedWork> = pieces.collect();
            (open.request.clone(), pieces)
        };
        if pieces.is_empty() {
            return Ok(None);
        }
        let work = pieces.iter().map(|piece| piece.work.clone()).collect();
        Ok(Some(self.whole(Request { work, seen: Vec::new(), begun: Vec::new(), ..request }, pieces)?))
    }

    /// Tells the plan of what is open in a session and not agreed to yet, unless it was told already; gives it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn show_pending(&self, session: &str) -> Result<Option<Plan>, JobError> {
        let Some(plan) = self.pending(session)? else { return Ok(None) };
        let told = match self.drafts().open.get_mut(session) {
            Some(open) => open.shown.replace(plan.digest) == Some(plan.digest),
            None => false,
        };
        if !told {
            self.emit(Event::Plan(PlanShown(Box::new(plan.clone()))));
        }
        Ok(Some(plan))
    }

    /// A job that may take a step with an effect in this session: one that is begun, or is begun now, after consent to the plan
    /// of all that waits in the session's request. Work of another request is taken up under the one that is open.
    ///
    /// # Errors
    /// The guard's refusal; P-APPROVAL when nobody said yes.
    pub(super) async fn begun(&self, session: &str, id: &JobId) -> Result<Job, JobError> {
        let request = self.opened(session);
        let job = self.job(id)?;
        if job.request.as_ref() == Some(&request.id) || !self.awaits_consent(&job)? {
            return self.own_job(id);
        }
        self.take_up(session, &job).await?;
        let plan = self.show_pending(session)?.ok_or_else(|| LedgerError::NoSuchJob(id.clone()))?;
        if self.agree(session, plan).await?.request.bounds.until == Until::Plan {
            return Err(mandate::stops_at_plan().into());
        }
        self.own_job(id)
    }

    /// Takes a job out of what waits in a session's open request, as it is: nobody agreed to it.
    pub(super) fn put_back(&self, session: &str, id: &JobId) {
        let mut drafts = self.drafts();
        if let Some(open) = drafts.open.get_mut(session) {
            open.pending.retain(|other| other != id);
        }
        drafts.remove(id);
    }

    /// Whether a job's next step needs a request and a consent of its own: not where money is under way or spent.
    pub(super) fn awaits_consent(&self, job: &Job) -> Result<bool, JobError> {
        use JobState::{PaymentIntended, PaymentSent, PaymentUnknown, Planned, Running, Staged, Staging, Submitted};
        Ok(match job.state {
            Planned | Staging | Staged | Submitted => true,
            Running => job.place() == Place::Local,
            PaymentIntended | PaymentSent | PaymentUnknown => {
                let attempts = self.attempts(&job.id)?;
                !attempts.iter().any(|a| a.state.is_live() || a.state == domain::attempt::AttemptState::Confirmed)
            }
            _ => false,
        })
    }

    /// Puts a job that was planned or begun elsewhere into the session's open request.
    async fn take_up(&self, session: &str, job: &Job) -> Result<(), JobError> {
        let known = self.drafts().get(&job.id).cloned();
        let draft = match known {
            Some(draft) => draft,
            None => Draft { piece: self.piece_of(job).await?, job: job.clone() },
        };
        let mut drafts = self.drafts();
        if let Some(open) = drafts.open.get_mut(session)
            && !open.pending.contains(&job.id)
        {
            open.pending.push(job.id.clone());
        }
        drafts.keep(draft);
        Ok(())
    }

    /// A job of the ledger as a piece of a plan.
    pub(super) async fn piece_of(&self, job: &Job) -> Result<PlannedWork, JobError> {
        let inputs = inputs_of(self.task_of(job)?, job);
        let work = Work { inputs, ..Work::new(&job.task_type, "", job.parameters.clone()) };
        let price = match (&job.quote, job.place()) {
            (_, Place::Local) => None,
            (Some(quote), Place::Offload) => Some(self.quoted(quote)),
            (None, Place::Offload) => {
                let model = super::offload::remote_model(self.task_of(job)?, job)?;
                Some(self.price_of(&model.model, job.verdict.dataset.bytes).await?)
            }
        };
        Ok(PlannedWork {
            work,
            task_version: job.own_task.as_ref().map(|task| task.version),
            job: Some(job.id.clone()),
            verdict: Some(job.verdict.clone()),
            price,
            content: contents(&job.source.path, &job.verdict.dataset, &job.verdict.further, Some(job)),
            network: job.uses_network(),
            unmeasured: job.verdict.unmeasured.is_some(),
            unverified: self
                .task_of(job)?
                .remote
                .as_ref()
                .and_then(|remote| acceptance(remote, self.parts.takes_unverified || self.was_taken(job))),
            cannot: None,
            same_as_before: true,
            stands: Some(job.state),
            also: Vec::new(),
            see_also: None,
        })
    }

    /// Consent to a plan where it needs one; then request, consent and jobs are in the ledger. Gives the plan that was agreed
    /// to, which is another one where the person changed it. Where they changed it to go no further than the plan, it is as far
    /// as they want it: nothing was begun.
    ///
    /// # Errors
    /// The guard's refusal; P-APPROVAL when nobody said yes. The request is kept then, so that it can be taken up by its name.
    pub async fn agree(&self, session: &str, mut plan: Plan) -> Result<Plan, JobError> {
        if plan.request.bounds.until == Until::Plan {
            return Err(mandate::stops_at_plan().into());
        }
        if let Some(cannot) = plan.cannot() {
            return Err(JobError::Cannot(cannot.clone()));
        }
        let consent = loop {
            if !plan.needs_consent() || self.was_agreed_to(&plan)? {
                break None;
            }
            let spent = self.spent()?;
            let asked = self.parts.guard.consent(&plan, spent, &*self.parts.approver, &*self.parts.sink).await;
            match asked {
                Ok(Consented::Yes(consent)) => break Some(consent),
                Ok(Consented::Edited(request)) => {
                    plan = self.plan(session, *request, None).await?;
                    if plan.request.bounds.until == Until::Plan {
                        return Ok(plan);
                    }
                    if let Some(cannot) = plan.cannot() {
                        return Err(JobError::Cannot(cannot.clone()));
                    }
                }
                Err(refusal) => {
                    let mut request = self.with_what_was_agreed(session, &plan)?;
                    match self.parts.ledger.request(&plan.request.id) {
                        // What was agreed to stays, within the bounds that it was agreed to in: nobody agreed to wider ones.
                        Ok(kept) if !kept.consents.is_empty() || !kept.request.begun.is_empty() => {
                            request.bounds = kept.request.bounds.narrowed(request.bounds);
                            request.begun = kept.request.begun;
                        }
                        // Of this plan nothing is begun.
                        _ => request.begun.clear(),
                    }
                    self.parts.ledger.keep_request(&request, session)?;
                    return Err(refusal.into());
                }
            }
        };
        let request = self.with_what_was_agreed(session, &plan)?;
        let before = match self.parts.ledger.request(&request.id) {
            Ok(kept) => kept.request.begun,
            Err(LedgerError::NoSuchRequest(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let mut drafts = self.drafts();
        let jobs: Vec<Job> = plan
            .possible()
            .filter_map(|piece| drafts.get(piece.job.as_ref()?))
            // What has ended stays work of the request that it was done for.
            .filter(|draft| !draft.job.state.is_end())
            .map(|draft| draft.job.clone())
            .collect();
        let ledger = &self.parts.ledger;
        let instead = match drafts.open.get_mut(session).filter(|open| open.request.id == request.id) {
            // Open in this process and nowhere else.
            Some(open) => {
                open.request.work.clone_from(&request.work);
                open.request.seen.clone_from(&request.seen);
                open.request.begun.clone_from(&request.begun);
                open.request.undone.clone_from(&request.undone);
                open.pending.retain(|id| !jobs.iter().any(|job| job.id == *id));
                ledger.begin(&request, session, consent.as_ref(), &jobs)?;
                Vec::new()
            }
            None => ledger.begin_once(&request, session, consent.as_ref(), &jobs)?,
        };
        jobs.iter().for_each(|job| drafts.remove(&job.id));
        drop(drafts);
        if !before.is_empty() {
            self.end_replaced(&before, &self.parts.ledger.request(&request.id)?.request)?;
        }
        for (planned, begun) in instead {
            for piece in plan.work.iter_mut().filter(|piece| piece.job.as_ref() == Some(&planned)) {
                (piece.job, piece.same_as_before) = (Some(begun.id.clone()), true);
            }
        }
        Ok(plan)
    }

    /// Whether all of a plan that needs a consent was agreed to before, under this very request within the same bounds: what is
    /// taken up goes on under that consent, and a price above it is asked about by itself.
    fn was_agreed_to(&self, plan: &Plan) -> Result<bool, JobError> {
        let kept = match self.parts.ledger.request(&plan.request.id) {
            Ok(kept) => kept,
            Err(LedgerError::NoSuchRequest(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if kept.request.bounds != plan.request.bounds {
            return Ok(false);
        }
        for piece in plan.work.iter().filter(|piece| piece.needs_consent()) {
            let Some(id) = piece.job.as_ref().filter(|_| piece.same_as_before) else { return Ok(false) };
            let job = self.job(id)?;
            let charge = piece.still_charged();
            let agreed =
                || self.parts.guard.mandate(&job).is_ok_and(|mandate| mandate.allows_charge(&job, charge).is_ok());
            if job.request.as_ref() != Some(&plan.request.id) || !self.still_allowed(&job) || !agreed() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The request of that name, where it is open in this session.
    pub(super) fn opened_as(&self, session: &str, id: &RequestId) -> Option<Request> {
        let drafts = self.drafts();
        drafts.open.get(session).map(|open| &open.request).filter(|request| request.id == *id).cloned()
    }

    /// A planned job that is not in the ledger.
    pub(super) fn drafted(&self, id: &JobId) -> Option<Job> {
        self.drafts().get(id).map(|draft| draft.job.clone())
    }

    /// Gives a planned job up that is not in the ledger: nothing is left of it.
    pub(super) fn forget(&self, id: &JobId) -> Option<Job> {
        let job = self.drafted(id).filter(|job| job.request.is_none())?;
        let mut drafts = self.drafts();
        drafts.remove(id);
        drafts.open.values_mut().for_each(|open| open.pending.retain(|other| other != id));
        Some(Job { state: JobState::Canceled, failure: Some("given up by a person".to_owned()), ..job })
    }

    /// The planned jobs that are not in the ledger, oldest first.
    pub(super) fn all_drafted(&self) -> Vec<Job> {
        self.drafts().planned.iter().map(|draft| draft.job.clone()).filter(|job| job.request.is_none()).collect()
    }
}

/// Files beside the dataset that are not among these parameters.
fn further_of<'w>(work: &'w Work, parameters: &Parameters) -> Vec<(&'w String, &'w PathBuf)> {
    let further = work.inputs.iter().skip(1).filter(|input| !parameters.contains_key(&input.name));
    further.map(|input| (&input.name, &input.named)).collect()
}
