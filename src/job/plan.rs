//! Planning: the dataset is opened and measured, the machine is measured, the guard's rule judges, the price is asked. Nothing
//! here has an effect, and nothing is written down.

use std::path::{Path, PathBuf};

use super::{JobError, Workflow, once, results};
use cassette::{Tape, format::Measure};
use compute::worker;
use domain::{
    dataset::{DatasetProfile, FurtherFile},
    estimate::{Estimate, WorkedOn},
    event::{DatasetShown, Event, FurtherShown},
    hash::Sha256,
    ids::{self, JobId, RequestId},
    job::{Job, PlannedJob},
    plan::{Cannot, Content, IfFree, Plan, PlannedWork, Price},
    request::{Assumed, Bounds, Input, Locality, Origin, Request, Work},
    shown::{PlanShown, RequestShown},
    task::{Parameters, TaskOrigin, TaskType},
    verdict::Place,
};
use guard::{
    config::at_home,
    machine::{self, Room, catalogue, estimator},
    policy::{
        Refusal, Rule,
        data::{NamedBy, OpenDataset, OpenFurther, check_parameters},
        mandate,
        offload::judge,
    },
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
        if let Some(reason) = hopeless.filter(|_| !piece.same_as_before) {
            let rule = reason.word.to_owned();
            piece.cannot = Some(Cannot { rule, why: reason.why, hint: reason.hint, exit_code: 1 });
        } else if let Err(error) = self.possible(task, &job, bounds, &mut piece).await {
            piece.cannot = Some(cannot(&error));
        }
        Ok(Draft { piece, job })
    }

    /// A piece of work measured and judged, with its open dataset; `same_as_before` where its job is one of before.
    async fn measured(
        &self,
        session: &str,
        work: &Work,
        origin: &Origin,
        request: Option<&RequestId>,
    ) -> Result<(Draft, OpenDataset), JobError> {
        let task = self.task(&work.task)?.clone();
        let named_by = if origin.is_person() { NamedBy::Person } else { NamedBy::Other };
        // Files beside the dataset are parameters of the catalogue's own.
        let mut chosen = work.parameters.clone();
        for input in work.inputs.iter().skip(1) {
            let named = input.path.as_ref().unwrap_or(&input.named).to_string_lossy();
            chosen.entry(input.name.clone()).or_insert_with(|| named.into_owned().into());
        }
        if !task.is_measured() {
            return Err(JobError::Unmeasured { task: task.name });
        }
        let mut parameters = catalogue::check_parameters(&task, &chosen)?;
        let (mut inputs, beside) = self.check_files(&task, &mut parameters, named_by)?;
        // What has a whole path was opened before under the rules for who named it, wherever it is taken up now.
        let (path, named_by) = match work.inputs.first().and_then(|input| input.path.as_deref()) {
            Some(whole) => (whole, NamedBy::Person),
            None => (work.dataset(), named_by),
        };
        let open = self.parts.guard.open_dataset(&self.whole_of(path), named_by)?;
        let open = OpenDataset { path: work.dataset().to_owned(), ..open };
        // Checks may be made side by side, so what is drawn for one is named after it.
        let of = format!("{} of {}", task.name, work.dataset().display());
        let source = open.source.clone();
        let same = (work, &task, &parameters);
        let (before, open, beside) = self.before((session, request), same, open, beside).await?;
        let (tape, home, supposed) = (self.tape().clone(), self.parts.ledger.home().to_owned(), self.supposed);
        let said = science::alphabet(&parameters).ok().flatten();
        let measured = tokio::task::spawn_blocking(move || {
            let dataset = machine::profile_dataset(&open)?.said_to_be(said);
            note_dataset(&tape, &open)?;
            let further = beside.into_iter().map(measured_beside).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, JobError>((dataset, further, supposed.over(machine::probe_machine(&home)?), open))
        });
        let (dataset, further, profile, open) = measured.await.map_err(|e| JobError::WrongDataset(e.to_string()))??;
        let mut content = vec![Content {
            path: source.path.clone(),
            bytes: dataset.bytes,
            modified_ns: dataset.modified_ns,
            sha256: before.as_ref().and_then(|job| job.content),
        }];
        content.extend(further.iter().map(|file| Content {
            path: file.source.path.clone(),
            bytes: file.profile.bytes,
            modified_ns: file.profile.modified_ns,
            sha256: before.as_ref().and_then(|job| job.further_content.get(&file.name).copied()),
        }));
        let profile = self.tape().draw(&format!("machine for {of}"), || profile);
        let history = self.parts.ledger.measured(&task.measured_as())?;
        let history = self.tape().draw(&format!("earlier runs for {of}"), || history);
        let part = estimator::worked_on(&task, &dataset, &parameters);
        let on = WorkedOn { dataset: &part, further: &further, parameters: &parameters };
        let estimate = estimator::estimate(&task, on, &history);
        let raised = raised(estimate, &task, on, work.assumed, &history);
        let fewer = (part.records < dataset.records).then_some(part.records);
        let (claimed, thresholds) = (work.assumed.bytes, self.parts.guard.policy().thresholds);
        let mut verdict = judge(&task, dataset, profile, estimate, raised, claimed, thresholds);
        verdict.part = fewer;
        verdict.further = further;
        let dataset = Input { path: Some(source.path.clone()), ..work.inputs.first().cloned().unwrap_or_else(none) };
        inputs.insert(0, dataset);
        let same_as_before = before.is_some();
        // Files beside the dataset may lie elsewhere now: the job is the work that it was planned as.
        let parameters = before.as_ref().map_or(parameters, |job| job.parameters.clone());
        let job = before.map(|job| self.to_out_dir(job)).unwrap_or_else(|| {
            let planned = PlannedJob {
                id: self.tape().draw(&format!("name of {of}"), JobId::random),
                session: session.to_owned(),
                task_type: task.name.clone(),
                parameters: parameters.clone(),
                verdict: verdict.clone(),
                profile: self.parts.profile.clone(),
                source,
                idempotency_key: self.tape().draw(&format!("key of {of}"), || ids::opaque(26)),
                at: self.tape().now(&of),
            };
            let own_task = (task.origin == TaskOrigin::Owner).then(|| Box::new(task.clone()));
            let (out_dir, task_version) = (self.parts.out_dir.clone(), Some(task.version));
            Job { out_dir, own_task, task_version, ..Job::planned(planned) }
        });
        let work = Work { inputs, parameters, ..work.clone() };
        let piece = PlannedWork {
            work,
            task_version: job.own_task.as_ref().map(|task| task.version),
            job: Some(job.id.clone()),
            verdict: Some(job.verdict.clone()),
            price: None,
            content,
            network: task.uses_network() && !job.state.is_end(),
            unverified: None,
            cannot: None,
            same_as_before,
            also: Vec::new(),
            see_also: None,
        };
        Ok((Draft { piece, job }, open))
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
            return match catalogue::missing_program(task) {
                None => self.check_able(task).await,
                Some(missing) => Err(JobError::MissingProgram { task: task.name.clone(), missing }),
            };
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
        Ok(())
    }

    /// A path from the home folder, where it begins with `~/`: no shell has seen what stands in a parameter, a plan file or a
    /// sentence. The rules for who may name it are those of any other path.
    fn whole_of(&self, path: &Path) -> PathBuf {
        at_home(path, std::env::home_dir().as_deref())
    }

    /// Files that are parameters lie beneath the allowed roots too, and are named by their whole path from here on.
    fn check_files(
        &self,
        task: &TaskType,
        parameters: &mut Parameters,
        named_by: NamedBy,
    ) -> Result<(Vec<Input>, Vec<OpenFurther>), JobError> {
        let (mut inputs, mut files) = (Vec::new(), Vec::new());
        for (name, _) in task.files() {
            let Some(path) = parameters.get(name).and_then(|v| v.as_str()).map(PathBuf::from) else { continue };
            let file =
                OpenDataset { path: path.clone(), ..self.parts.guard.open_dataset(&self.whole_of(&path), named_by)? };
            note_dataset(self.tape(), &file)?;
            inputs.push(Input { name: name.clone(), named: path, path: Some(file.source.path.clone()) });
            parameters.insert(name.clone(), file.source.path.to_string_lossy().into_owned().into());
            files.push(OpenFurther { name: name.clone(), file });
        }
        Ok((inputs, files))
    }
}

/// Measures a file beside the dataset as the dataset is measured.
fn measured_beside(open: OpenFurther) -> Result<FurtherFile, JobError> {
    let OpenFurther { name, file } = open;
    match machine::profile_dataset(&file) {
        Ok(profile) => Ok(FurtherFile { name, profile, source: file.source }),
        Err(source) => Err(JobError::Further { name, path: file.path, source }),
    }
}

fn none() -> Input {
    Input { name: domain::request::DATASET.to_owned(), named: PathBuf::new(), path: None }
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
        unverified: None,
        cannot: Some(cannot(error)),
        same_as_before: false,
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

/// A run that is recorded tells which file it works on: its length and hash, and never its content. A run that is played
/// works on those files and on no others.
fn note_dataset(tape: &Tape, open: &OpenDataset) -> Result<(), machine::ProbeError> {
    let of = format!("dataset {}", open.path.display());
    match tape {
        Tape::Off => return Ok(()),
        Tape::Recording(_) => {}
        Tape::Playing(player) => {
            // Whether it is the same file was looked at before the run began.
            let _: Option<Measure> = player.value_or_diverge(&of);
            return Ok(());
        }
    }
    let read = |source| machine::ProbeError::Read { what: None, source };
    let (bytes, sha256) = worker::hash(open.reopen().map_err(read)?, |_| {}).map_err(read)?;
    tape.note(&of, &Measure { bytes, sha256 });
    Ok(())
}

/// The estimate with what a person says beyond what is measured: that may only raise it.
fn raised(
    estimate: Estimate,
    task: &TaskType,
    on: WorkedOn<'_>,
    assumed: Assumed,
    history: &[domain::estimate::Measured],
) -> Estimate {
    let (mut raised, dataset) = (estimate, on.dataset);
    if let Some(bytes) = assumed.bytes.filter(|&b| b > dataset.bytes && dataset.bytes > 0) {
        let factor = bytes as f64 / dataset.bytes as f64;
        let grown = |n: u64| (n as f64 * factor) as u64;
        let larger = DatasetProfile {
            bytes,
            records: grown(dataset.records),
            residues: grown(dataset.residues),
            ..dataset.clone()
        };
        raised = estimator::estimate(task, WorkedOn { dataset: &larger, ..on }, history);
    }
    if let Some(seconds) = assumed.seconds.filter(|s| s.is_finite()) {
        raised.seconds = raised.seconds.raised_to(seconds);
    }
    Estimate {
        ram: raised.ram.raised_to(estimate.ram.low),
        seconds: raised.seconds.raised_to(estimate.seconds.low),
        learnt_from: estimate.learnt_from,
    }
}

pub(super) fn verdict_event(job: &Job) -> Event {
    let verdict = &job.verdict;
    let zeros = verdict.dataset.zeros.then(|| verdict.dataset.zeros_mean().to_owned());
    let beside = zeros.into_iter().chain(verdict.dataset.notes());
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
        required_ram: verdict.estimate.ram.likely.ceil() as u64,
        available_ram: verdict.machine.available_ram,
        cores: verdict.machine.cores,
        estimate: verdict.estimate.seconds,
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
