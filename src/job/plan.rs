//! Planning: the dataset is opened and measured, the machine is measured, the guard's rule judges, the price is asked. Nothing
//! here has an effect, and nothing is written down.

use super::{JobError, Workflow, once, price::untold, results};
use domain::{
    dataset::DatasetProfile,
    event::{DatasetShown, Event, FurtherShown},
    hash::Sha256,
    ids::{JobId, RequestId},
    job::Job,
    plan::{Cannot, IfFree, Plan, PlannedWork, Price, PriceSource},
    request::{Bounds, Locality, Origin, Request, Until, Work},
    shown::{PlanShown, RequestShown},
    task::TaskType,
    verdict::Place,
};
use guard::{
    machine::{self, Room},
    policy::{Refusal, Rule, data::check_parameters, mandate},
};

/// A piece of work, planned, and the job that it would become.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// As plans show it.
    pub piece: PlannedWork,
    /// Not in the ledger yet, unless it did the same work before.
    pub job: Job,
}

/// A piece of work as it was wanted, and what planning it gave: a draft, or why it cannot be done.
struct Found {
    work: Work,
    planned: Result<Draft, PlannedWork>,
}

impl Found {
    fn piece(&mut self) -> &mut PlannedWork {
        match &mut self.planned {
            Ok(draft) => &mut draft.piece,
            Err(piece) => piece,
        }
    }

    /// Takes in another draft of the same work, and tells whether that one stands in the place of the first.
    fn join(&mut self, work: Work, draft: Draft) -> bool {
        let Ok(first) = &self.planned else { return false };
        let replaces = once::replaces(&draft, first);
        if replaces {
            self.work = work;
        }
        self.planned = Ok(once::merged(first.clone(), draft));
        replaces
    }
}

impl Workflow {
    /// The plan of a request: each piece measured, judged and priced. Pieces that cannot be done say why. A request that stops at
    /// its plan goes on to `if_free` where all of it is free work on this machine.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn plan(&self, session: &str, request: Request, if_free: IfFree) -> Result<Plan, JobError> {
        let (mut request, mut nowhere) = self.expanded(request)?;
        request.bounds = request.bounds.narrowed(self.parts.bounds);
        self.emit(Event::RequestUnderstood(RequestShown(request.clone())));
        let mut found: Vec<Found> = Vec::with_capacity(request.work.len());
        for (index, work) in std::mem::take(&mut request.work).into_iter().enumerate() {
            if let Some(error) = nowhere.remove(&index) {
                found.push(Found { planned: Err(impossible(&work, None, &error.into())), work });
                continue;
            }
            match self.draft(session, &work, request.bounds, &request.origin, Some(&request.id)).await {
                Ok(mut draft) => {
                    let mut pieces: Vec<&mut PlannedWork> = found.iter_mut().map(Found::piece).collect();
                    let twin = self.twin_of(&mut draft.piece, &mut pieces).await;
                    let verdict = verdict_event(&draft.job);
                    let replaced = match twin.and_then(|at| found.get_mut(at)) {
                        Some(twin) => twin.join(work, draft),
                        None => {
                            found.push(Found { work, planned: Ok(draft) });
                            true
                        }
                    };
                    if replaced {
                        self.emit(verdict);
                    }
                }
                Err(error @ JobError::Ledger(_)) => return Err(error),
                // Named twice, and impossible both times.
                Err(_) if found.iter().any(|one| one.work == work) => {}
                Err(error) => {
                    let mut piece = impossible(&work, None, &error);
                    let code = error.exit_code_for(&request.origin);
                    piece.cannot = piece.cannot.map(|cannot| Cannot { exit_code: code, ..cannot });
                    found.push(Found { work, planned: Err(piece) });
                }
            }
        }
        let mut pieces = Vec::with_capacity(found.len());
        for Found { work, planned } in found {
            request.work.push(work);
            pieces.push(match planned {
                Ok(draft) => {
                    let piece = draft.piece.clone();
                    self.drafts().keep(draft);
                    piece
                }
                Err(piece) => piece,
            });
        }
        let most = self.parts.bounds.until;
        let plan = self.whole(request, pieces)?.going_on_if_free(if_free.map(|until| until.min(most)));
        self.emit(Event::Plan(PlanShown(Box::new(plan.clone()))));
        Ok(plan)
    }

    /// The plan of pieces that were measured: their prices together are held against limit and caps.
    pub(super) fn whole(&self, request: Request, mut pieces: Vec<PlannedWork>) -> Result<Plan, JobError> {
        let prices: Vec<&Price> = pieces.iter().filter_map(|piece| piece.still_to_pay()).collect();
        if !prices.is_empty()
            && let Err(refusal) = self.parts.guard.check_total(&request, &prices, self.spent()?)
        {
            let error = JobError::Refused(refusal);
            for piece in pieces.iter_mut().filter(|piece| piece.still_to_pay().is_some()) {
                piece.cannot = Some(cannot(&error));
            }
        }
        if let Some(error) = self.cannot_be_charged(&pieces) {
            for piece in pieces.iter_mut().filter(|piece| piece.still_charged().is_some()) {
                piece.cannot = Some(cannot(&error));
            }
        }
        Ok(Plan::new(request, pieces, &self.destination()))
    }

    /// The digest that a plan would have within the wider `bounds` of before; nothing where that cannot be told, as what may not
    /// leave this machine was not priced.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn digest_within(&self, plan: &Plan, bounds: Bounds) -> Result<Option<Sha256>, JobError> {
        if plan.request.bounds == bounds {
            return Ok(Some(plan.digest));
        }
        let mut pieces = plan.work.clone();
        for piece in &mut pieces {
            let rule = piece.cannot.as_ref().map(|cannot| cannot.rule.as_str());
            if rule == Some(Rule::Locality.id()) && bounds.place == Locality::Anywhere {
                return Ok(None);
            }
            // What all prices together come to is looked at anew.
            let of_total = [Rule::Spend, Rule::CapPayment, Rule::CapDay, Rule::CapLifetime];
            if piece.price.is_some() && of_total.iter().any(|of| rule == Some(of.id())) {
                piece.cannot = None;
            }
        }
        Ok(Some(self.whole(Request { bounds, ..plan.request.clone() }, pieces)?.digest))
    }

    /// Measures one piece of work and judges it, and no more: a demonstration has no price and no consent.
    ///
    /// # Errors
    /// An unknown task or parameter, a dataset that may not or cannot be read.
    pub async fn verdict(&self, session: &str, work: &Work) -> Result<Job, JobError> {
        let job = self.measured(session, work, &Origin::Flags, None).await?.0.job;
        self.emit(verdict_event(&job));
        Ok(job)
    }

    /// Measures one piece of work and judges it, and asks its price where it is offloaded. `of` is the request that it is planned
    /// for as a whole: what was begun under it is the same work, also where it is to be done anew.
    pub(super) async fn draft(
        &self,
        session: &str,
        work: &Work,
        bounds: Bounds,
        origin: &Origin,
        of: Option<&RequestId>,
    ) -> Result<Draft, JobError> {
        let (Draft { mut piece, job }, open) = self.measured(session, work, origin, of).await?;
        let task = self.task_of(&job)?;
        let (for_task, verdict, parameters) = (task.clone(), job.verdict.clone(), job.parameters.clone());
        let other = task.see_also.as_ref().and_then(|name| self.parts.catalogue.get(name)).cloned();
        let look = move || {
            let also = other.and_then(|other| machine::suits_too(&other, &verdict.dataset, &open));
            (machine::impossible(&for_task, &parameters, &verdict.dataset, &open, verdict.place), also)
        };
        let looked = tokio::task::spawn_blocking(look).await.map_err(|e| JobError::WrongDataset(e.to_string()))?;
        let (hopeless, also) = looked;
        piece.see_also = also;
        let hopeless = hopeless.or_else(|| machine::impossible_with(task, &job.verdict.dataset, &job.verdict.further));
        let verdict = &job.verdict;
        let room = Room { free: verdict.machine.free_disk, limit: self.parts.guard.policy().max_result_bytes };
        let unpacked = || machine::no_room(task, &verdict.dataset, &verdict.further, room);
        let hopeless = hopeless.or_else(|| if verdict.place == Place::Local { unpacked() } else { None });
        let hopeless = match hopeless {
            None if !piece.same_as_before => self.one_file_twice(task, &job, &piece.content).await,
            known => known,
        };
        if let Some(reason) = hopeless.filter(|_| !piece.same_as_before) {
            let rule = reason.word.to_owned();
            piece.cannot = Some(Cannot { rule, why: reason.why, hint: reason.hint, exit_code: 1 });
        } else if let Err(error) = self.possible(task, &job, bounds, &mut piece).await {
            piece.cannot = Some(cannot(&error));
        }
        Ok(Draft { piece, job })
    }

    /// What is known to fail fails here: a missing program, data that no task reads, work that may not leave; and the price.
    async fn possible(
        &self,
        task: &TaskType,
        job: &Job,
        bounds: Bounds,
        piece: &mut PlannedWork,
    ) -> Result<(), JobError> {
        if job.state.is_end() {
            return Ok(());
        }
        if results::awaits_result(job) {
            self.check_out_dir(job)?;
        }
        if job.place() == Place::Local {
            if task.uses_network() && bounds.place == Locality::Here {
                return Err(mandate::uses_network(&task.name).into());
            }
            self.check_there(task).await?;
            return self.check_able(task).await;
        }
        let model = super::offload::remote_model(task, job)?;
        check_parameters(&job.parameters)?;
        if bounds.place == Locality::Here {
            if task.is_elsewhere_only() {
                return Err(mandate::runs_elsewhere(&task.name).into());
            }
            let what = format!("{} of {}", task.title, job.verdict.dataset.path.display());
            return Err(mandate::stays_here(&what).into());
        }
        self.possible_there(task, &model, job, piece).await?;
        piece.price = match (&job.quote, job.tx_hash) {
            // Paid for, or about to be: nothing more is bought.
            (_, Some(_)) => None,
            (Some(quote), None) => Some(self.quoted(quote)),
            (None, None) => Some(self.price_of(&model.model, job.verdict.dataset.bytes).await?),
        };
        let is_told = |price: &Price| price.source != PriceSource::Owners || price.beside.is_some();
        if model.is_unverifiable() && !piece.still_to_pay().is_none_or(is_told) {
            return Err(untold(&model.model));
        }
        match piece.still_charged() {
            Some(charge) if bounds.until == Until::Quote => {
                Err(mandate::buys_when_submitted(&task.name, charge).into())
            }
            _ => Ok(()),
        }
    }
}

/// A piece of work that could not even be measured.
pub(super) fn impossible(work: &Work, job: Option<JobId>, error: &JobError) -> PlannedWork {
    PlannedWork {
        work: work.clone(),
        task_version: None,
        job,
        verdict: None,
        price: None,
        content: Vec::new(),
        network: false,
        unmeasured: false,
        unverified: None,
        cannot: Some(cannot(error)),
        same_as_before: false,
        stands: None,
        also: Vec::new(),
        see_also: None,
    }
}

/// Why a piece of work cannot be done, as plans show it.
pub(super) fn cannot(error: &JobError) -> Cannot {
    let (rule, why) = match error.refusal() {
        Some(Refusal { rule, why, .. }) => (rule.id().to_owned(), why.clone()),
        None => (error.kind().to_owned(), error.to_string()),
    };
    Cannot { rule, why, hint: error.hint(), exit_code: error.exit_code() }
}

pub(super) fn verdict_event(job: &Job) -> Event {
    let verdict = &job.verdict;
    let zeros = verdict.dataset.zeros.then(|| verdict.dataset.zeros_mean().to_owned());
    let beside = zeros.into_iter().chain(verdict.dataset.notes());
    let known = verdict.unmeasured.is_none().then_some(&verdict.estimate);
    Event::Verdict {
        job: job.id.clone(),
        place: verdict.place,
        reasons: verdict.rules(),
        why: verdict.reasons.iter().map(|r| r.why.clone()).chain(beside).collect(),
        task_type: job.task_type.clone(),
        dataset: shown(&verdict.dataset),
        further: (verdict.further.iter())
            .map(|further| FurtherShown { name: further.name.clone(), file: shown(&further.profile) })
            .collect(),
        part: verdict.part,
        required_ram: known.map(|estimate| estimate.ram.likely.ceil() as u64),
        available_ram: verdict.machine.available_ram,
        cores: verdict.machine.cores,
        estimate: known.map(|estimate| estimate.seconds),
    }
}

/// A file as events show it.
fn shown(file: &DatasetProfile) -> DatasetShown {
    DatasetShown {
        path: file.path.display().to_string(),
        bytes: file.bytes,
        records: file.records,
        sampled: file.sampled,
    }
}
