//! Calls that nobody asked for: an effect on what the person did not mean, a second job for the same task, a file that they did not
//! name.

use std::path::{Component, Path, PathBuf};

use super::{
    runner::{ANSWER, NOBODY, Runner},
    turn::Turn,
    wished,
};
use crate::{
    cassette,
    domain::{job::Job, task::Parameters, units::clean},
    machine::check_parameters,
    tools::{Call, Tool, ToolResult, check_local_capability::Args},
};

impl Runner<'_> {
    /// An effect that the person did not ask for: they only talk, said that nothing is to be paid, or named other work.
    pub(super) fn unasked(&self, call: &Call, turn: &Turn, jobs: &[Job], talk: bool) -> Option<ToolResult> {
        if talk {
            return Some(ToolResult::skipped("no_work", NOBODY, ANSWER));
        }
        let id = call.job()?;
        let job = self.toolbox.work.job(id).ok().flatten()?;
        let pays = call.tool() == Tool::PayGasFee;
        if pays && turn.rules_out(&job) {
            let why = match (turn.order.limit, &job.quote) {
                (Some(most), Some(quote)) if !turn.forbids_payment => {
                    format!("the person will pay at most {most}, and the quote is {}", quote.amount)
                }
                _ => "the person said that nothing is to be paid now".to_owned(),
            };
            return Some(ToolResult::skipped("forbidden", &why, ANSWER));
        }
        let mine = turn.jobs.contains(id);
        if !mine && !jobs.iter().any(|job| job.id == *id) && !turn.goes_on {
            let why = "that job is of another conversation, and the person did not ask for it";
            return Some(ToolResult::skipped("other_conversation", why, ANSWER));
        }
        // What was ordered in words that leave nothing open is offloaded and paid, and nothing beside it.
        let offloads = pays || call.tool() == Tool::RunRemoteCompute;
        if offloads && mine && !turn.order.work.is_empty() && !turn.order.covers(&job) {
            let why = format!("the person did not ask for {} of {}", job.task_type, job.verdict.dataset.path.display());
            let step = turn.next_step(jobs).unwrap_or_else(|| ANSWER.to_owned());
            return Some(ToolResult::skipped("not_asked", &clean(&why, 200), &step));
        }
        if offloads && mine && turn.order.here && turn.order.covers(&job) {
            let why = "the person wants it to run on this machine, where it does not fit";
            return Some(ToolResult::skipped("here_only", why, ANSWER));
        }
        None
    }

    /// The job of this turn that the same check made: the same task on the same file with the same choices, however they
    /// are written.
    pub(super) fn planned(&self, args: &Args, turn: &Turn) -> Option<Job> {
        let tasks = self.toolbox.work.tasks();
        let task = tasks.iter().find(|task| task.name == args.task_type)?;
        let asked = check_parameters(task, &args.parameters.clone().unwrap_or_default()).ok()?;
        let file = cassette::look(&format!("whole path of {}", args.dataset), || {
            self.folder.join(&args.dataset).canonicalize().ok()
        });
        let mut mine = turn.jobs.iter().filter_map(|id| self.toolbox.work.job(id).ok().flatten());
        mine.find(|job| {
            job.task_type == args.task_type
                && (file.as_ref() == Some(&job.source.path) || job.verdict.dataset.path == Path::new(&args.dataset))
                && job.parameters == asked
        })
    }

    /// A check of a file that nobody can have meant: one that the model made up, or another than the person named.
    pub(super) fn elsewhere(&self, args: &Args, turn: &mut Turn) -> Option<ToolResult> {
        let datasets = turn.datasets.clone()?;
        let plain = |name: &str| {
            let mut path = PathBuf::new();
            for part in Path::new(name).components() {
                match part {
                    Component::CurDir => {}
                    Component::ParentDir => drop(path.pop()),
                    other => path.push(other),
                }
            }
            path
        };
        let here = |name: &str| self.folder.join(plain(name));
        let given = here(&args.dataset);
        let is_same = |named: &String| {
            let named = here(named);
            let lower = |path: &Path| path.to_string_lossy().to_lowercase();
            given == named || lower(&given) == lower(&named) || named.ends_with(plain(&args.dataset))
        };
        if datasets.iter().any(is_same) {
            return None;
        }
        turn.slipped();
        let file = here(&args.dataset);
        let why = match cassette::look(&format!("file {}", args.dataset), || file.exists()) {
            true => format!("nobody asked for anything with {}", clean(&args.dataset, 120)),
            false => format!("nobody named {}, and there is no such file", clean(&args.dataset, 120)),
        };
        let next = format!(
            "Use one of these files as it is written here: {}. If none is plainly meant, ask the person which.",
            datasets.join(", ")
        );
        Some(ToolResult::skipped("unknown_dataset", &why, &next))
    }

    /// A check of another task than the ordered one, or with choices that nobody made. It is corrected once: a model that
    /// makes the same call again has its reasons.
    pub(super) fn corrected(&self, args: &Args, turn: &mut Turn, jobs: &[Job]) -> Option<ToolResult> {
        let mine: Vec<&Job> = jobs.iter().filter(|job| turn.jobs.contains(&job.id)).collect();
        let wanted = turn.order.next(&mine)?.clone();
        let whole = |task: &str, given: &Parameters| {
            let tasks = self.toolbox.work.tasks();
            tasks.iter().find(|t| t.name == task).and_then(|task| check_parameters(task, given).ok())
        };
        let given = args.parameters.clone().unwrap_or_default();
        let same = turn.order.work.iter().any(|wanted| {
            let here = Path::new(&args.dataset).ends_with(wanted.dataset.trim_start_matches("./"));
            let asked = whole(&wanted.task, &wanted.parameters);
            // What cannot be ordered so is for the guard to say.
            wanted.task == args.task_type
                && (here || asked.is_none())
                && (asked.is_none() || asked == whole(&wanted.task, &given))
        });
        if same || !turn.corrects(args) {
            return None;
        }
        turn.slipped();
        let why = match args.task_type == wanted.task {
            true => "it has choices that the person did not make, or another file than theirs".to_owned(),
            false => format!("the person did not ask for {}", clean(&args.task_type, 60)),
        };
        Some(ToolResult::skipped("not_asked", &why, &wished::call(&wanted)))
    }
}
