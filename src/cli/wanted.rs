//! What `agent run` and `agent plan` take: a task with its files or with a sample sheet, a plan file, or a request of before. All
//! become the same request.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    CommandError, Context, Kind,
    bounds::{AssumedArgs, BoundsArgs},
    completions,
};
use crate::{
    face::{
        plan_file::{self, PlanFileError},
        sheet::{self, SheetError},
    },
    job::JobError,
};
use domain::{
    hash::Sha256,
    ids::{RequestId, SessionId},
    plan::Content,
    request::{Bounds, Origin, Request, Work},
    task::Parameters,
    units,
};
use guard::{
    config::plain_file,
    machine::{
        catalogue::written,
        expand::{ExpandError, NameKind, Surroundings, expand},
    },
};

/// More than any plan file, bytes.
const MAX_PLAN: u64 = 16 << 20;

/// A task on files or on those of a sample sheet, a plan file, or a request of before.
#[derive(Debug, Args)]
pub struct Wanted {
    /// The task, by its name: `agent tasks` lists them
    #[arg(required_unless_present_any = ["plan", "request"], value_name = "TASK", add = completions::tasks())]
    task: Option<String>,
    /// Files, patterns such as samples/*.fastq, or folders
    #[arg(required_unless_present_any = ["plan", "request", "sheet"], value_name = "FILE", num_args = 1..)]
    files: Vec<PathBuf>,
    /// Take the files from a sample sheet: CSV or TSV, a header that names inputs and parameters, a line for each piece of work
    #[arg(long, value_name = "SHEET", requires = "task", conflicts_with = "files")]
    sheet: Option<PathBuf>,
    /// Take each file by itself, also where two are called like a pair (_R1 and _R2)
    #[arg(long, conflicts_with = "sheet")]
    single: bool,
    /// Choose a parameter, such as --set dimension=3; `agent tasks` lists them. An input of several files is set once for each
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Do it anew, though the same work is done already
    #[arg(long)]
    anew: bool,
    /// Leave out what is done: work of which a finished job, of any day, has the result
    #[arg(long, conflicts_with = "anew")]
    skip_done: bool,
    /// Take a result that nobody can verify, as a model of the provider's names no checksum
    #[arg(long)]
    accept_unverified: bool,
    #[command(flatten)]
    assumed: AssumedArgs,
    /// Take the request from a plan file that `agent plan` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["task", "files", "set", "anew", "skip_done", "single", "request"])]
    plan: Option<PathBuf>,
    /// Take up a request, such as req-7k3q9dm2: one that waits for consent, or one that was broken off. What is done of it is left,
    /// what was agreed to goes on, and nothing is paid twice
    #[arg(
        long,
        visible_alias = "resume",
        value_name = "REQUEST",
        conflicts_with_all = ["task", "files", "set", "anew", "skip_done", "single"]
    )]
    request: Option<RequestId>,
    #[command(flatten)]
    pub bounds: BoundsArgs,
}

/// A request, and what is known of the plan that it was made with: that of its file, and the files as they were where it was
/// kept.
pub struct Given {
    /// What is wanted.
    pub request: Request,
    /// What the file's plan was.
    pub written: Option<Written>,
    /// What the files of a request that was kept were.
    pub seen: Vec<Content>,
}

/// The plan that a plan file was written with.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Its digest.
    pub digest: Sha256,
    /// The file's own bounds, before flags narrow them.
    pub bounds: Bounds,
}

impl Wanted {
    /// What is wanted, and the session that it belongs to where it has one already.
    ///
    /// # Errors
    /// A plan file that cannot be read or is none; no request of that id.
    pub fn given(&self, context: &Context) -> Result<(Given, Option<SessionId>), CommandError> {
        let (mut given, session) = self.taken(context)?;
        given.request.work.iter_mut().for_each(|work| work.unverified |= self.accept_unverified);
        Ok((given, session))
    }

    fn taken(&self, context: &Context) -> Result<(Given, Option<SessionId>), CommandError> {
        let Some(id) = &self.request else { return Ok((self.request(context)?, None)) };
        let kept = context.ledger()?.request(id)?;
        let mut request = kept.request;
        request.bounds = self.bounds.over(request.bounds);
        let seen = std::mem::take(&mut request.seen);
        request.begun.clear();
        // All that was wanted is planned again: a file may be mended.
        request.work.extend(std::mem::take(&mut request.undone).into_iter().map(|undone| undone.work));
        Ok((Given { request, written: None, seen }, Some(SessionId(kept.session))))
    }

    /// The request that these arguments make.
    fn request(&self, context: &Context) -> Result<Given, CommandError> {
        if let Some(path) = &self.plan {
            return self.of_file(&context.settings()?.cwd().join(path));
        }
        let task = self.task.as_deref().unwrap_or_default();
        let known = context.catalogue()?.get(task);
        let spec = |name: &str| known.and_then(|task| task.parameters.get(name));
        let mut parameters = Parameters::new();
        once_each(&self.set, |name| known.is_some_and(|task| task.several(name).is_some()))?;
        for (name, text) in &self.set {
            let value = written(spec(name), text);
            match known.and_then(|task| task.several(name)) {
                None => drop(parameters.insert(name.clone(), value)),
                // Said once for each file.
                Some(_) => {
                    let all = parameters.entry(name.clone()).or_insert_with(|| Vec::<String>::new().into());
                    all.as_array_mut().into_iter().for_each(|all| all.push(value.clone()));
                }
            }
        }
        let work = match &self.sheet {
            Some(sheet) => self.of_sheet(context, sheet, &parameters)?,
            None => self.files.iter().map(|file| Work::new(task, file, parameters.clone())).collect(),
        };
        let work = work.into_iter().map(|work| Work {
            assumed: self.assumed.assumed(),
            anew: self.anew,
            skip_done: self.skip_done,
            single: self.single || work.single,
            ..work
        });
        let request = Request::new(Origin::Flags, self.bounds.bounds(), work.collect(), None);
        Ok(Given { request, written: None, seen: Vec::new() })
    }

    /// The work of a sample sheet.
    fn of_sheet(&self, context: &Context, sheet: &Path, set: &Parameters) -> Result<Vec<Work>, CommandError> {
        let settings = context.settings()?;
        let name = sheet.display().to_string();
        let catalogue = context.catalogue()?;
        let task = self.task.as_deref().unwrap_or_default();
        let Some(task) = catalogue.get(task) else {
            let error = JobError::unknown_task(task, catalogue, settings.cwd());
            let hint = error.hint();
            return Err(CommandError::usage(error.to_string()).maybe_hint(hint));
        };
        let text = plain_file::bytes(&settings.cwd().join(sheet), sheet::MAX_BYTES).map_err(|e| {
            CommandError::usage(format!("{name} cannot be read: {e}"))
                .hint("name a CSV or TSV file whose first line names columns; docs/requests.md has an example")
        })?;
        let home = std::env::home_dir();
        let at = Surroundings { folder: settings.cwd(), home: home.as_deref(), task: None };
        let look = |path: &Path| match expand(&[path], at) {
            Ok(found) if found.iter().all(|name| name.kind == NameKind::Plain) => Ok(()),
            Ok(_) | Err(ExpandError::EmptyFolder { .. } | ExpandError::TooMany { .. }) => Err(sheet::NoFile::Several),
            Err(error) => Err(sheet::NoFile::Expand(error)),
        };
        let folder = sheet.parent().unwrap_or(Path::new(""));
        Ok(sheet::read(&text, &sheet::Reading { name: &name, folder, task, set, look: &look })?)
    }

    fn of_file(&self, path: &Path) -> Result<Given, CommandError> {
        let text = plain_file::text(path, MAX_PLAN).map_err(|e| {
            CommandError::usage(format!("{} cannot be read: {e}", path.display()))
                .hint("`agent plan TASK FILE... -o FILE` writes a plan file")
        })?;
        let (mut request, digest) = plan_file::read(&text, &path.display().to_string())?;
        let written = digest.map(|digest| Written { digest, bounds: request.bounds });
        request.bounds = request.bounds.narrowed(self.bounds.bounds());
        Ok(Given { request, written, seen: Vec::new() })
    }
}

/// That what has one value is set once: which of two is meant nobody knows.
pub fn once_each(set: &[(String, String)], takes_several: impl Fn(&str) -> bool) -> Result<(), CommandError> {
    let mut seen = HashSet::new();
    let twice = set.iter().map(|(name, _)| name.as_str()).find(|name| !takes_several(name) && !seen.insert(*name));
    twice.map_or(Ok(()), |name| {
        let message = format!("`--set {}=` is there twice", units::clean(name, 60));
        Err(CommandError::usage(message).hint("leave one of them out"))
    })
}

/// `NAME=VALUE`.
pub fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write a name and a value, such as dimension=3".to_owned()),
    }
}

impl From<PlanFileError> for CommandError {
    fn from(error: PlanFileError) -> CommandError {
        let hint = error.hint();
        CommandError::new(Kind::Usage, "plan_file", error.to_string()).maybe_hint(hint)
    }
}

impl From<SheetError> for CommandError {
    fn from(error: SheetError) -> CommandError {
        let hint = error.hint.clone();
        CommandError::new(Kind::Usage, "sample_sheet", error.to_string()).hint(hint)
    }
}
