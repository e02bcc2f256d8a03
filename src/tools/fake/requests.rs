//! Requests, plans and consent, as the core keeps them: nothing is written down before somebody said yes.

use super::{Fake, Says, made};
use crate::job::{JobError, Opening};
use domain::{
    ids::JobId,
    job::{Job, JobState},
    money::Datoshi,
    plan::{Cannot, Content, Plan, PlannedWork},
    request::{Bounds, DATASET, Input, Locality, MOST_WORK, Origin, Request, Until, Work},
    verdict::Place,
};
use guard::{
    ledger::LedgerError,
    machine::catalogue::{Catalogue, check_parameters},
    policy::{
        mandate,
        refusal::{Refusal, Rule},
        tripwire,
    },
};

/// A request that is open in a session, and what of it is planned and not agreed to.
pub struct Open {
    pub request: Request,
    pub pending: Vec<JobId>,
}

/// A job as a piece of a plan.
fn piece_of(job: &Job) -> PlannedWork {
    let dataset = &job.verdict.dataset;
    let path = job.source.path.clone();
    let input = Input { path: Some(path.clone()), ..Input::named(DATASET, dataset.path.clone()) };
    let to_pay = job.place() == Place::Offload && !job.state.is_end() && job.tx_hash.is_none();
    PlannedWork {
        work: Work { inputs: vec![input], ..Work::new(&job.task_type, "", job.parameters.clone()) },
        task_version: None,
        job: Some(job.id.clone()),
        verdict: Some(job.verdict.clone()),
        price: to_pay.then(made::price),
        content: vec![Content { path, bytes: dataset.bytes, modified_ns: 0, sha256: None }],
        network: false,
        unmeasured: false,
        unverified: None,
        cannot: None,
        same_as_before: true,
        stands: Some(job.state),
        also: Vec::new(),
        see_also: None,
    }
}

fn cannot(refusal: &Refusal, exit_code: u8) -> Cannot {
    Cannot { rule: refusal.rule.id().to_owned(), why: refusal.why.clone(), hint: refusal.hint.clone(), exit_code }
}

impl Fake {
    pub(super) fn opens(&self, session: &str, opening: Opening) {
        let Opening { bounds, origin, said } = opening;
        let request = Request::new(origin, bounds, Vec::new(), said);
        self.state().open.insert(session.to_owned(), Open { request, pending: Vec::new() });
    }

    /// The request that is open in a session.
    pub fn opened(&self, session: &str) -> Request {
        if !self.state().open.contains_key(session) {
            let origin = Origin::Mcp(session.to_owned());
            self.opens(session, Opening { bounds: Bounds::default(), origin, said: None });
        }
        self.state().open[session].request.clone()
    }

    pub(super) fn checked(&self, session: &str, work: &Work, narrower: Bounds) -> Result<Job, JobError> {
        let bounds = self.opened(session).bounds.narrowed(narrower);
        self.state().open.get_mut(session).unwrap().request.bounds = bounds;
        let request = self.opened(session);
        let (piece, job) = match self.known(session, work) {
            Some(draft) => draft,
            None => self.drafted(session, work, request.bounds)?,
        };
        if let Some(cannot) = piece.cannot {
            return Err(JobError::Cannot(cannot));
        }
        let state = &mut *self.state();
        let open = state.open.get_mut(session).unwrap();
        let begun = piece.same_as_before && (job.state.is_end() || job.request.as_ref() == Some(&request.id));
        if !begun {
            if !open.pending.contains(&job.id) {
                open.pending.push(job.id.clone());
            }
            state.drafts.retain(|(_, draft)| draft.id != job.id);
            state.drafts.push((piece, job.clone()));
        }
        Ok(job)
    }

    /// The same work, planned in the open request already.
    fn known(&self, session: &str, work: &Work) -> Option<(PlannedWork, Job)> {
        let state = self.state();
        let pending = &state.open.get(session)?.pending;
        let same = |known: &Work| {
            known.task == work.task
                && known.dataset() == work.dataset()
                && known.anew == work.anew
                && work.parameters.iter().all(|(name, value)| known.parameters.get(name) == Some(value))
        };
        state.drafts.iter().find(|(piece, job)| pending.contains(&job.id) && same(&piece.work)).cloned()
    }

    pub(super) fn drafted(&self, session: &str, work: &Work, bounds: Bounds) -> Result<(PlannedWork, Job), JobError> {
        let catalogue = Catalogue::builtin().unwrap();
        let task = catalogue.get(&work.task).ok_or_else(|| JobError::UnknownTask {
            name: work.task.clone(),
            near: Vec::new(),
            unread: None,
        })?;
        let parameters = check_parameters(task, &work.parameters)?;
        let path = work.dataset().display().to_string();
        let bytes = *self.files.get(&path).ok_or_else(|| {
            Refusal::new(Rule::ProbeFailed, format!("there is no file {path}")).hint("check the name")
        })?;
        let count = {
            let mut state = self.state();
            state.count += 1;
            state.count
        };
        let id: JobId = format!("job-{count:a>8}").parse().unwrap();
        let fresh = made::job(session, id, task, parameters, work.dataset(), bytes);
        let same = |job: &&Job| {
            (job.session == session || job.state.holds_money())
                && (&job.task_type, &job.parameters, &job.source)
                    == (&fresh.task_type, &fresh.parameters, &fresh.source)
                && job.verdict.dataset.bytes == bytes
                && (job.state == JobState::Done || !job.state.is_end())
        };
        let before = self.state().jobs.iter().rev().find(same).filter(|_| !work.anew).cloned();
        let same_as_before = before.is_some();
        let job = before.unwrap_or(fresh);
        let offloaded = job.place() == Place::Offload && !job.state.is_end();
        let stays = (offloaded && bounds.place == Locality::Here)
            .then(|| cannot(&mandate::stays_here(&format!("{} of {path}", task.title)), 3));
        let piece = PlannedWork {
            cannot: stays,
            same_as_before,
            stands: same_as_before.then_some(job.state),
            ..piece_of(&job)
        };
        let work = Work { inputs: piece.work.inputs.clone(), parameters: job.parameters.clone(), ..work.clone() };
        Ok((PlannedWork { work, ..piece }, job))
    }

    pub(super) fn whole(&self, request: Request, mut pieces: Vec<PlannedWork>) -> Plan {
        let priced = pieces.iter().filter_map(PlannedWork::still_to_pay);
        let all = priced.fold(Datoshi::ZERO, |sum, price| sum.checked_add(price.most()).unwrap());
        if let Some(limit) = request.bounds.spend.limit().filter(|limit| all > *limit) {
            for piece in pieces.iter_mut().filter(|piece| piece.still_to_pay().is_some()) {
                piece.cannot = Some(cannot(&mandate::above_limit("it", all, limit, Datoshi::ZERO), 5));
            }
        }
        Plan::new(request, pieces, "s3.example")
    }

    pub(super) fn waits(&self, session: &str) -> Option<Plan> {
        let (request, pieces) = {
            let state = self.state();
            let open = state.open.get(session)?;
            let of = |id: &JobId| state.drafts.iter().find(|(_, job)| job.id == *id).map(|(piece, _)| piece.clone());
            (open.request.clone(), open.pending.iter().filter_map(of).collect::<Vec<_>>())
        };
        let work = pieces.iter().map(|piece| piece.work.clone()).collect();
        (!pieces.is_empty()).then(|| self.whole(Request { work, ..request }, pieces))
    }

    pub(super) fn planned(&self, session: &str, request: Request) -> Result<Plan, JobError> {
        if request.work.len() > MOST_WORK {
            return Err(JobError::TooMuchWork(request.work.len()));
        }
        let mut pieces = Vec::new();
        for work in &request.work {
            pieces.push(match self.drafted(session, work, request.bounds) {
                Ok((piece, job)) => {
                    self.state().drafts.push((piece.clone(), job));
                    piece
                }
                Err(error) => PlannedWork {
                    work: work.clone(),
                    task_version: None,
                    job: None,
                    verdict: None,
                    price: None,
                    content: Vec::new(),
                    network: false,
                    unmeasured: false,
                    unverified: None,
                    cannot: Some(Cannot {
                        rule: error.refusal().map_or(error.kind(), |refusal| refusal.rule.id()).to_owned(),
                        why: error.refusal().map_or_else(|| error.to_string(), |refusal| refusal.why.clone()),
                        hint: error.hint(),
                        exit_code: error.exit_code(),
                    }),
                    same_as_before: false,
                    stands: None,
                    also: Vec::new(),
                    see_also: None,
                },
            });
        }
        Ok(self.whole(request, pieces))
    }

    pub(super) fn agreed(&self, session: &str, mut plan: Plan) -> Result<Plan, JobError> {
        if plan.request.bounds.until == Until::Plan {
            return Err(mandate::stops_at_plan().into());
        }
        if let Some(cannot) = plan.cannot() {
            return Err(JobError::Cannot(cannot.clone()));
        }
        if plan.needs_consent() {
            let edit = self.state().edit.take();
            if let Some(edit) = edit {
                plan = self.planned(session, edit(plan.request))?;
                if plan.request.bounds.until == Until::Plan {
                    return Ok(plan);
                }
            }
            self.state().asked.push(plan.clone());
            let sandbox = self.says == Says::Sandbox && !tripwire::withholds(&plan.request);
            if !sandbox && self.says != Says::Yes {
                self.state().requests.push(plan.request.clone());
                let why = "the plan (at most 3 GAS) needs a person's consent, and nobody is there to ask";
                let hint = format!("`agent run --request {} --yes` runs it", plan.request.id);
                return Err(Refusal::new(Rule::Approval, why).hint(hint).into());
            }
        }
        let state = &mut *self.state();
        let ids: Vec<JobId> = plan.possible().filter_map(|piece| piece.job.clone()).collect();
        let mut request = plan.request.clone();
        request.work = plan.possible().map(|piece| piece.work.clone()).collect();
        if let Some(open) = state.open.get_mut(session).filter(|open| open.request.id == request.id) {
            request.work = open.request.work.iter().chain(&request.work).cloned().collect();
            open.request.work.clone_from(&request.work);
            open.pending.retain(|id| !ids.contains(id));
        }
        for id in &ids {
            let Some(at) = state.drafts.iter().position(|(_, job)| job.id == *id) else { continue };
            let (_, mut job) = state.drafts.remove(at);
            job.request = Some(request.id.clone());
            match state.jobs.iter_mut().find(|known| known.id == *id) {
                Some(known) => known.request = job.request,
                None => state.jobs.push(job),
            }
        }
        state.requests.retain(|known| known.id != request.id);
        state.requests.push(request);
        Ok(plan)
    }

    /// A job that may take its step: begun under the open request, or begun now after consent.
    pub(super) fn begun(&self, session: &str, id: &JobId) -> Result<Job, JobError> {
        let request = self.opened(session);
        let job = self.get(id)?;
        use JobState::{Planned, Staged, Staging, Submitted};
        let awaits = matches!(job.state, Planned | Staging | Staged | Submitted);
        if job.request.as_ref() == Some(&request.id) || !awaits {
            return Ok(job);
        }
        if !self.state().drafts.iter().any(|(_, draft)| draft.id == *id) {
            let piece = piece_of(&job);
            self.state().drafts.push((piece, job.clone()));
        }
        if let Some(open) = self.state().open.get_mut(session)
            && !open.pending.contains(id)
        {
            open.pending.push(id.clone());
        }
        let plan = self.waits(session).ok_or_else(|| LedgerError::NoSuchJob(id.clone()))?;
        self.agreed(session, plan)?;
        self.get(id)
    }

    /// How far the request of a job that was begun goes.
    pub(super) fn until(&self, job: &Job) -> Until {
        let state = self.state();
        let request = state.requests.iter().rev().find(|request| Some(&request.id) == job.request.as_ref());
        request.map_or(Until::Done, |request| request.bounds.until)
    }
}
