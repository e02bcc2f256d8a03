//! `check_local_capability`: measure, and decide where a task runs.

use std::path::PathBuf;

use futures::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Failure, ToolResult, Toolbox, WorkError, facts, files, next,
    standing::Standing,
    written::{self, Gas},
};
use crate::job::{
    pairs::{Expanded, paired},
    several::joined,
};
use domain::{
    job::{Job, JobState},
    request::{Bounds, Locality, Spend, Until, Work},
    task::Parameters,
    units::clean,
    verdict::Place,
};

/// What it does, for the model.
pub const DESCRIPTION: &str = "Plan a task on one or several datasets: measures each file and this machine, decides whether \
the task runs here (local) or at the provider (offload), and says what it costs. Always the first step of a task. Costs \
nothing and changes nothing. Returns the job ids that the other tools need. What the person says of money, of place and of \
where to stop goes into max_gas, here_only and stop_at, whatever language they say it in.";

/// Of a name so many characters are shown.
const MOST_NAME: usize = 240;

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The task, by its name in the catalogue.
    pub task_type: String,
    /// The dataset exactly as the person wrote it: a path, a pattern such as "samples/*.fasta", or a folder for all files in it.
    pub dataset: String,
    /// Further datasets of the same task with the same parameters, each as the person wrote it.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    pub more_datasets: Option<Vec<String>>,
    /// What the person asked for beside the defaults, such as {"dimension": 3}. Leave it out when they said nothing.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Parameters")]
    pub parameters: Option<Parameters>,
    /// The most that all of the request may cost in GAS with fees, as text, such as "1.5", when the person sets a limit in any
    /// words or language; "0" when nothing is to be paid. Leave it out when they set none.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Gas")]
    pub max_gas: Option<Gas>,
    /// true when the person wants the work on this machine and nowhere else, or the data not to leave it.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub here_only: Option<bool>,
    /// Where to stop when the person does not want the result now: "plan" when they only ask what it would take or cost, how
    /// long or where it would run, when they say not to do it, not yet, or to ask them first, and whenever you are not sure;
    /// "quote" when they want the provider's quote and no payment. Leave it out when they want the work done.
    #[serde(default, deserialize_with = "written::word", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StopAt")]
    pub stop_at: Option<StopAt>,
    /// true only when the person asks for work that is done already to be done once more. It is paid for again.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub anew: Option<bool>,
}

/// Where a request stops before its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopAt {
    /// At the plan.
    Plan,
    /// At the provider's quote.
    Quote,
}

impl Args {
    /// The datasets as they are named.
    fn names(&self) -> Vec<PathBuf> {
        let more = self.more_datasets.iter().flatten();
        std::iter::once(&self.dataset).chain(more).map(PathBuf::from).collect()
    }

    /// The bounds that the model read out of the person's words: they can only make the request narrower.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            place: if self.here_only == Some(true) { Locality::Here } else { Locality::Anywhere },
            spend: self.max_gas.map_or(Spend::OwnersCaps, |Gas(most)| Spend::at_most(most)),
            until: match self.stop_at {
                Some(StopAt::Plan) => Until::Plan,
                Some(StopAt::Quote) => Until::Quote,
                None => Until::Done,
            },
        }
    }
}

/// A file, and what came of it.
type Checked = (PathBuf, Result<Job, WorkError>);

/// So many files are measured at once.
const AT_ONCE: usize = 8;

pub(super) async fn run(toolbox: &Toolbox, args: &Args) -> ToolResult {
    let bounds = args.bounds();
    let tasks = toolbox.work.tasks();
    let task = tasks.iter().find(|task| task.name == args.task_type);
    let files = match files::expand(&args.names(), &toolbox.folder, task) {
        Ok(files) => files,
        Err(error) => return ToolResult::failed(&error, None),
    };
    let piece = |file: PathBuf| {
        let work = Work::new(&args.task_type, file, args.parameters.clone().unwrap_or_default());
        Expanded { work: Work { anew: args.anew == Some(true), ..work }, nowhere: None }
    };
    let pieces = match paired(files.into_iter().map(piece).collect(), |_| task, &toolbox.folder) {
        Ok((pieces, _)) => pieces,
        Err(error) => return ToolResult::failed(&error.into(), None),
    };
    let (pieces, _) = joined(pieces, |_| task);
    let checks = pieces.into_iter().map(|Expanded { work, .. }| async move {
        let file = work.dataset().to_owned();
        let end = toolbox.work.check(&toolbox.session, work, bounds).await;
        (file, end)
    });
    let mut checked: Vec<Checked> = stream::iter(checks).buffered(AT_ONCE).collect().await;
    match checked.len() {
        1 => checked.pop().map_or_else(nothing, |(_, end)| one(toolbox, end, bounds.until)),
        _ => several(toolbox, checked, bounds.until),
    }
}

fn nothing() -> ToolResult {
    ToolResult::skipped("no_dataset", "no dataset is named", "Ask the person which file is meant.")
}

/// Where the open request stops; a request of which all work was done before stops where this call says.
fn until_of(standing: &Standing, said: Until) -> Until {
    standing.pending.as_ref().map_or(said, |plan| plan.request.bounds.until)
}

fn one(toolbox: &Toolbox, end: Result<Job, WorkError>, said: Until) -> ToolResult {
    let job = match end {
        Ok(job) => job,
        Err(error) => return ToolResult::failed(&error, None),
    };
    let standing = Standing::of(toolbox);
    let until = until_of(&standing, said);
    let mut value = match job.state {
        JobState::Planned => facts::verdict(&job),
        _ => facts::before(&job, &toolbox.work.attempts(&job.id).unwrap_or_default()),
    };
    let piece = standing.piece(&job.id);
    if let Some(asked) = piece.and_then(|piece| piece.price.as_ref()) {
        value["price"] = facts::price(asked);
    }
    if let Some(other) = piece.and_then(|piece| piece.see_also.as_ref()) {
        value["see_also"] = other.as_str().into();
    }
    if until != Until::Done {
        value["stops_at"] = until.as_str().into();
    }
    facts::add_next(&mut value, &job, until);
    match piece.and_then(|piece| piece.cannot.as_ref()).map(WorkError::from) {
        None => ToolResult::done(value, vec![job]),
        // All that was checked together is more than limit or caps allow.
        Some(error) => {
            let refused = ToolResult::failed(&error, Some(job));
            for (name, said) in refused.value.as_object().into_iter().flatten() {
                value[name] = said.clone();
            }
            ToolResult { value, ..refused }
        }
    }
}

/// Several files at once: in short, what cannot be done first, so that it is told.
fn several(toolbox: &Toolbox, checked: Vec<Checked>, said: Until) -> ToolResult {
    let standing = Standing::of(toolbox);
    let until = until_of(&standing, said);
    let (files, mut same) = (checked.len(), 0_usize);
    let (mut failed, mut lines, mut jobs, mut failures) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (file, end) in checked {
        match end {
            // The same work under another name: told once.
            Ok(job) if jobs.iter().any(|known: &Job| known.id == job.id) => same += 1,
            Ok(job) => {
                match standing.piece(&job.id).and_then(|piece| piece.cannot.as_ref()).map(WorkError::from) {
                    None => lines.push(facts::short(&job)),
                    Some(error) => {
                        failed.push(facts::brief(&facts::refused(&error), Some(&job)));
                        failures.push(Failure::of(&error, Some(job.id.clone())));
                    }
                }
                jobs.push(job);
            }
            Err(error) => {
                let mut line = facts::refused(&error);
                line["dataset"] = clean(&file.display().to_string(), MOST_NAME).into();
                failed.push(line);
                failures.push(Failure::of(&error, None));
            }
        }
    }
    let local = jobs.iter().filter(|job| job.place() == Place::Local).count();
    let ok = failures.is_empty();
    let mut value = json!({
        "ok": ok, "files": files, "failed": failed.len(),
        "local": local, "offload": jobs.len() - local,
    });
    if let Some(plan) = standing.pending.as_ref().filter(|plan| plan.needs_consent()) {
        value["total"] = plan.total.gas_string().into();
        value["at_most_with_fees"] = plan.worst_case.gas_string().into();
        value["unit"] = "GAS".into();
    }
    if same > 0 {
        value["files_with_the_same_content"] = same.into();
    }
    if until != Until::Done {
        value["stops_at"] = until.as_str().into();
    }
    facts::add_some(&mut value, "cannot_be_done", failed);
    facts::add_some(&mut value, "jobs", lines);
    let has_failed = |job: &&Job| failures.iter().any(|failure: &Failure| failure.job.as_ref() == Some(&job.id));
    let all: Vec<&Job> = jobs.iter().filter(|job| !has_failed(job)).collect();
    value["next_step"] = match all.is_empty() {
        true => "Tell the person what was refused or failed, why, and the hint.".to_owned(),
        false => next::steps(&all, until),
    }
    .into();
    ToolResult { ok, value, jobs, failures }
}
