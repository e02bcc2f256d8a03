//! A request as it is kept: what was agreed to, what became of it, and what cannot be done, so that it is taken up whole.

use std::path::{Path, PathBuf};

use super::{JobError, Workflow, lease};
use compute::local::forget_run;
use domain::{
    event::Event,
    ids::JobId,
    job::{Job, JobState},
    plan::{Content, Plan, PlannedWork},
    request::{Begun, Origin, Request, Undone, Work},
    task::Parameters,
    verdict::Place,
};
use guard::{config::at_home, ledger::LedgerError};

/// What stands for no file: its names are looked up anew each time.
const NO_FILES: &str = "no_files";

impl Workflow {
    /// The request of a plan as it is kept: the work that can be done, with its files resolved and its jobs, after what was agreed
    /// to before, and what cannot be done beside it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn with_what_was_agreed(&self, session: &str, plan: &Plan) -> Result<Request, JobError> {
        let open = self.opened_as(session, &plan.request.id);
        let is_open = open.is_some();
        let (mut work, mut seen, mut begun, mut undone) =
            open.map(|open| (open.work, open.seen, open.begun, open.undone)).unwrap_or_default();
        work.extend(plan.possible().map(|piece| piece.work.clone()));
        seen.extend(plan.possible().flat_map(|piece| piece.content.clone()));
        begun.extend(plan.possible().filter_map(begun_by));
        let kept = match self.parts.ledger.request(&plan.request.id) {
            Ok(kept) if !is_open => Some(kept.request),
            Ok(_) | Err(LedgerError::NoSuchRequest(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let agreed = kept.as_ref().map(|kept| kept.work.as_slice()).unwrap_or_default();
        for piece in &plan.work {
            let Some(cannot) = &piece.cannot else { continue };
            // What was agreed to stays work of it, also where its file is not there today.
            match agreed.contains(&piece.work) {
                true => work.push(piece.work.clone()),
                false => {
                    let fixed = cannot.rule != NO_FILES;
                    let work = self.placed(&piece.work, &plan.request.origin, fixed);
                    undone.push(Undone { work, cannot: cannot.clone() });
                }
            }
        }
        if let Some(kept) = kept {
            let now = self.jobs_of(&begun);
            for other in kept.begun {
                if let Some(same) = begun.iter_mut().find(|begun| begun.job == other.job) {
                    let more: Vec<String> = other.names.into_iter().filter(|name| !same.names.contains(name)).collect();
                    same.names.extend(more);
                    continue;
                }
                let job = self.job(&other.job)?;
                if !now.iter().any(|now| stands_for(now, &job)) {
                    begun.push(other);
                }
            }
            let known = |content: &Content| seen.iter().any(|seen| seen.path == content.path);
            let others: Vec<Content> = kept.seen.into_iter().filter(|content| !known(content)).collect();
            seen.extend(others);
        }
        let out_dir = self.parts.out_dir.clone();
        Ok(Request { work, seen, begun, undone, out_dir, ..plan.request.clone() })
    }

    /// Ends the jobs of a request in whose place others stand now, as their files changed or as they ended: where nothing is paid
    /// for them and nothing of them lies elsewhere. One that another process works on is left to it.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub(super) fn end_replaced(&self, before: &[Begun], now: &Request) -> Result<(), JobError> {
        let gone = before.iter().filter(|begun| now.begun.iter().all(|other| other.job != begun.job));
        let gone: Vec<JobId> = gone.map(|begun| begun.job.clone()).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let others = self.jobs_of(&now.begun);
        for id in gone {
            let Ok(_lease) = lease::take(self.parts.ledger.home(), &id) else { continue };
            let job = self.job(&id)?;
            let own = job.profile == self.parts.profile && job.request.as_ref() == Some(&now.id);
            let free = job.place() == Place::Local || job.state == JobState::Planned;
            let Some(other) = others.iter().find(|other| stands_for(other, &job)) else { continue };
            if job.state.is_end() || !free || !own {
                continue;
            }
            forget_run(&self.out_dir(&job));
            let why = format!("replaced by {}, which is planned on its file as it is now", other.id);
            self.emit(Event::Warning { message: format!("{id} is canceled: {why}") });
            self.parts.ledger.advance(&id, JobState::Canceled, |job| job.failure = Some(why))?;
        }
        Ok(())
    }

    fn jobs_of(&self, begun: &[Begun]) -> Vec<Job> {
        begun.iter().filter_map(|begun| self.job(&begun.job).ok()).collect()
    }

    /// Work that could not even be opened, so that it means the same in any folder. What a person named by itself is the file that
    /// lies there; of everything else the rules for who named it decide once more.
    fn placed(&self, work: &Work, origin: &Origin, fixed: bool) -> Work {
        let home = std::env::home_dir();
        let whole = |path: &Path| self.folder().join(at_home(path, home.as_deref()));
        let task = self.parts.catalogue.get(&work.task);
        let several =
            task.is_none_or(|task| task.rest().is_some() || task.files().any(|(file, _)| task.several(file).is_some()));
        let mut work = work.clone();
        for input in work.inputs.iter_mut().filter(|input| input.path.is_none()) {
            match fixed && origin.is_person() && !several {
                true => input.path = Some(whole(&input.named)),
                false => input.named = whole(&input.named),
            }
        }
        let files = task.into_iter().flat_map(|task| task.files()).map(|(name, _)| name);
        for name in files {
            whole_in(&mut work.parameters, name, &whole);
        }
        work
    }
}

/// Names the files of a parameter by their whole paths.
fn whole_in(parameters: &mut Parameters, name: &str, whole: &dyn Fn(&Path) -> PathBuf) {
    let text =
        |value: &serde_json::Value| value.as_str().map(|path| whole(Path::new(path)).to_string_lossy().into_owned());
    let Some(value) = parameters.get_mut(name) else { return };
    let named = match value.as_array() {
        Some(all) => all.iter().map(text).collect::<Option<Vec<_>>>().map(Into::into),
        None => text(value).map(Into::into),
    };
    if let Some(named) = named {
        *value = named;
    }
}

/// Whether a job is the same piece of work as another one, on the file as it is now.
fn stands_for(now: &Job, before: &Job) -> bool {
    now.id != before.id
        && now.task_type == before.task_type
        && now.parameters == before.parameters
        && now.source.path == before.source.path
}

/// What a piece of a plan becomes.
fn begun_by(piece: &PlannedWork) -> Option<Begun> {
    let names = std::iter::once(piece.work.name()).chain(piece.also.iter().map(PathBuf::as_path));
    Some(Begun { job: piece.job.clone()?, names: names.map(|name| name.to_string_lossy().into_owned()).collect() })
}
