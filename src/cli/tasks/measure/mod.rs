//! `agent tasks try`: a task run on samples of rising size, and what it needs fitted to what that took.
//!
//! The samples run as jobs of a workflow of their own, in a temporary home: the same guard, worker and limits, and nothing that
//! could reach outside.

mod ask;
mod cut;
mod fit;
mod written;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;

use self::{
    ask::{Answer, asked, network_question, not_asked, stopped},
    cut::cut,
    fit::{Fit, Observed, fit},
};
use super::unknown;
use crate::{
    cli::{
        CommandError, Context, Kind, completions,
        demo::{NOBODY, Nowhere},
        interrupt::{cancel_of, stoppable},
        runtime::block_on,
        wanted::{once_each, setting},
    },
    face::look::{Look, Tone},
    job::{Cancel, JobError, Workflow, WorkflowParts},
};
use compute::local::Runner;
use domain::{
    dataset::{DatasetProfile, Format},
    estimate::{ResourceModel, Terms},
    event::Silent,
    network::{Network, SANDBOX},
    path_text::for_shell,
    request::{Bounds, Work},
    task::{ParameterKind, ParameterSpec, Parameters, TaskOrigin, TaskType},
    units::{bytes, count, seconds},
};
use guard::{
    ledger::Ledger,
    machine::{
        self,
        catalogue::{Catalogue, written as value_of},
    },
    policy::{Guard, Policy, approval::SaidYes, data},
};

/// Samples grow by this factor.
const GROWTH: u64 = 4;
/// The first sample has about this many bytes.
const FIRST_BYTES: u64 = 50_000;
/// More samples are not run, and none after one that took this long, or after that time in all.
const MOST_SAMPLES: usize = 8;
const LONG_SAMPLE: f64 = 60.0;
const LONG_TRIAL: Duration = Duration::from_secs(300);
/// What a sample is thought to need, so that it may run here: seconds, and a share of the memory that is free.
const SECONDS: f64 = 20.0;
const SPREAD: f64 = 5.0;
const SHARE: f64 = 20.0;

/// Run a task on samples of rising size, and fit what it needs.
#[derive(Debug, Args)]
pub struct Try {
    /// The task
    #[arg(add = completions::tasks())]
    task: String,
    /// A file like those that it will be run on; samples are cut from its beginning
    file: PathBuf,
    /// Choose a parameter or a further file, such as --set database=proteins.fasta
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Yes to what is asked: that a task with `network = true` runs, and that the figures are written into its file
    #[arg(long, short)]
    yes: bool,
}

/// One sample's run.
struct Sample {
    /// Records of each source.
    records: Vec<u64>,
    /// Of the dataset's sample.
    bytes: u64,
    seconds: f64,
    ram: f64,
    /// The candidates' values, constant first.
    terms: Vec<f64>,
}

/// A file that samples are cut from.
struct Source {
    /// The parameter that names it; none for the dataset.
    parameter: Option<String>,
    path: PathBuf,
    records: u64,
    bytes: u64,
    format: Format,
}

impl Try {
    /// Runs the samples, shows measured against predicted, and writes the figures on a yes.
    ///
    /// # Errors
    /// No such task or file; a sample that fails.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let catalogue = context.catalogue()?;
        let task = catalogue.get(&self.task).ok_or_else(|| unknown(context, &self.task, catalogue))?;
        if task.is_elsewhere_only() {
            return Err(CommandError::usage(format!(
                "{} is a model of the provider's: nothing of it runs here",
                task.name
            ))
            .hint(format!("it needs no measuring: agent run {} FILE", task.name)));
        }
        self.can_be_cut(task)?;
        once_each(&self.set, |_| false)?;
        let folder = tempfile::tempdir()
            .map_err(|e| CommandError::failed("temporary_folder", e).hint("set TMPDIR to a folder you may write to"))?;
        let cancel = cancel_of(context);
        block_on(async {
            let tried = async {
                if task.uses_network() && !self.yes && asked(&network_question(task), &cancel).await? != Answer::Yes {
                    return Err(not_asked(task));
                }
                self.all(context, task, folder.path(), &cancel).await
            };
            stoppable(context.tape(), &cancel, tried).await.unwrap_or_else(|| Err(stopped()))
        })
    }

    async fn all(
        &self,
        context: &Context,
        task: &TaskType,
        folder: &Path,
        cancel: &Cancel,
    ) -> Result<ExitCode, CommandError> {
        let (sources, chosen) = self.sources(task, context.settings()?.cwd())?;
        let names = candidates(task, &sources);
        let bench = Bench { workflow: workflow(folder, task)?, folder, task, sources: &sources, chosen: &chosen };
        let session = context.session().0.clone();
        let mut samples: Vec<Sample> = Vec::new();
        let began = Instant::now();
        for sizes in sizes(&sources) {
            let long = samples.last().is_some_and(|last| last.seconds > LONG_SAMPLE) || began.elapsed() > LONG_TRIAL;
            if long || cancel.is_cancelled() {
                break;
            }
            context.errors.lines(vec![format!("sample {}: {} ...", samples.len() + 1, records(&sizes))]);
            match bench.one(&session, samples.len(), &sizes, cancel).await {
                Ok(sample) => samples.push(sample),
                // What is too large for this machine ends the samples; the smaller ones tell.
                Err(JobError::Limit { .. }) if samples.len() >= 2 => break,
                Err(JobError::Interrupted(_)) => return Err(stopped()),
                // The folder of the sample goes with the trial: what the program said last is in the message.
                Err(error @ JobError::Program { .. }) => {
                    let hint = format!(
                        "the folder of the trial is gone with all else that it said; `agent run {} {}` keeps it",
                        task.name,
                        for_shell(&self.file)
                    );
                    return Err(CommandError::from(error).hint(hint));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if cancel.is_cancelled() {
            return Err(stopped());
        }
        let (ram, seconds) = fitted(&samples, &names).ok_or_else(|| {
            CommandError::new(Kind::Failed, "measured", "the samples tell nothing").hint("try a larger file")
        })?;
        context.output.lines(table(&samples, &ram, &seconds, &context.look));
        let today = context.tape().now("measured").strftime("%Y-%m-%d").to_string();
        let model = Model { names, ram, seconds, source: source(&samples, &today) };
        self.keep(context, task, &model, cancel).await
    }

    /// Samples are cut of one file for each input.
    fn can_be_cut(&self, task: &TaskType) -> Result<(), CommandError> {
        let dataset = task.rest().filter(|(_, several)| several.folder || several.min > 0).map(|(rest, _)| rest);
        let set = self.set.iter().map(|(name, _)| name.as_str()).find(|name| task.several(name).is_some());
        match dataset.or(set) {
            None => Ok(()),
            Some(input) => Err(CommandError::usage(format!(
                "samples are cut of one file for each input, and `{}` is several files",
                task.called(input)
            ))
            .hint(
                "write the figures into [resources] by hand: docs/tasks.md says how; until then each run is asked for",
            )),
        }
    }

    /// The files that samples are cut from, the dataset first, and what else is chosen.
    fn sources(&self, task: &TaskType, cwd: &Path) -> Result<(Vec<Source>, Parameters), CommandError> {
        let is_file =
            |name: &str| matches!(task.parameters.get(name).map(|spec| &spec.kind), Some(ParameterKind::File { .. }));
        let mut sources = vec![Source::of(None, &cwd.join(&self.file))?];
        let mut chosen = Parameters::new();
        for (name, text) in &self.set {
            if is_file(name) {
                sources.push(Source::of(Some(name.clone()), &cwd.join(text))?);
            } else {
                chosen.insert(name.clone(), value_of(task.parameters.get(name), text));
            }
        }
        Ok((sources, chosen))
    }

    /// Writes the figures into the task's file, on a yes.
    async fn keep(
        &self,
        context: &Context,
        task: &TaskType,
        model: &Model,
        cancel: &Cancel,
    ) -> Result<ExitCode, CommandError> {
        if task.origin == TaskOrigin::Program {
            context.output.lines(context.look.field(
                "Kept",
                Tone::Dim,
                "no: the figures of the program's own tasks are corrected by what runs take",
            ));
            return Ok(ExitCode::SUCCESS);
        }
        let path = context.settings()?.home().tasks().join(format!("{}.toml", task.name));
        let question = || format!("Write these figures into {}?", path.display());
        match if self.yes { Answer::Yes } else { asked(&question(), cancel).await? } {
            Answer::Yes => {}
            Answer::No => {
                context.output.lines(context.look.field("Kept", Tone::Plain, "no: nothing was written"));
                return Ok(ExitCode::from(Kind::ApprovalNeeded.code()));
            }
            Answer::Nobody => {
                let message = "the figures were not written: nobody is there to ask";
                let hint = format!("add --yes to have them written into {}", path.display());
                return Err(CommandError::new(Kind::ApprovalNeeded, "approval_needed", message).hint(hint));
            }
        }
        written::write(&path, task, model)?;
        context.output.lines(context.look.field("Kept", Tone::Strong, &format!("in {}", path.display())));
        Ok(ExitCode::SUCCESS)
    }
}

/// What was fitted.
pub(super) struct Model {
    /// The candidate terms, as a task file writes them.
    pub names: Vec<String>,
    pub ram: Fit,
    pub seconds: Fit,
    pub source: String,
}

impl Source {
    fn of(parameter: Option<String>, path: &Path) -> Result<Source, CommandError> {
        let unread = |e: &dyn std::fmt::Display| {
            CommandError::usage(format!("{} cannot be used: {e}", path.display()))
                .hint("name a file like those that the task is for")
        };
        let (folder, name) = (path.parent().unwrap_or(path), path.file_name().unwrap_or(path.as_os_str()));
        let open = data::open_dataset(Path::new(name), &[folder.to_owned()], &[]).map_err(|e| unread(&e))?;
        let profile = machine::profile_dataset(&open).map_err(|e| unread(&e))?;
        Ok(Source {
            parameter,
            path: path.to_owned(),
            records: profile.records.max(1),
            bytes: profile.bytes,
            format: profile.format,
        })
    }
}

/// The sizes of the samples: of each source so many records. The dataset grows first; then the largest sample is run with
/// smaller further files, so that what each of them costs can be told.
fn sizes(sources: &[Source]) -> Vec<Vec<u64>> {
    let first =
        |source: &Source| (source.records.saturating_mul(FIRST_BYTES) / source.bytes.max(1)).clamp(1, source.records);
    let Some((dataset, further)) = sources.split_first() else { return Vec::new() };
    let whole: Vec<u64> = further.iter().map(|source| first(source).saturating_mul(64).min(source.records)).collect();
    let mut rows = Vec::new();
    let mut records = first(dataset);
    loop {
        rows.push([vec![records], whole.clone()].concat());
        if records >= dataset.records || rows.len() + 2 * further.len() >= MOST_SAMPLES {
            break;
        }
        records = records.saturating_mul(GROWTH).min(dataset.records);
    }
    // From a middling sample: the largest takes longest.
    let middle = rows.get(rows.len() / 2).cloned().unwrap_or_default();
    for at in 0..further.len() {
        for part in [GROWTH, GROWTH * GROWTH] {
            let mut row = middle.clone();
            if let Some(records) = row.get_mut(at + 1) {
                *records = (*records / part).max(1);
            }
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows
}

/// What is measured of a source: residues of sequences, bytes of what is none.
fn quantity(source: &Source) -> &'static str {
    match source.format {
        Format::Fasta | Format::Fastq | Format::Hmm => "residues",
        Format::Text | Format::Binary => "bytes",
    }
}

/// The terms that may explain what a task needs, the constant first; those of further files in pairs. Files that are not given
/// come last, and nothing is known of them.
fn candidates(task: &TaskType, sources: &[Source]) -> Vec<String> {
    let Some((dataset, further)) = sources.split_first() else { return Vec::new() };
    let own = quantity(dataset);
    let mut names = vec!["constant".to_owned(), own.to_owned(), format!("{own} * {own}")];
    for source in further {
        let theirs = format!("{}.{}", source.parameter.as_deref().unwrap_or_default(), quantity(source));
        names.extend([theirs.clone(), format!("{own} * {theirs}")]);
    }
    for (name, _) in task
        .files()
        .filter(|(name, spec)| !is_rest(spec) && !further.iter().any(|source| source.parameter.as_ref() == Some(name)))
    {
        names.extend([format!("{name}.bytes"), format!("{own} * {name}.bytes")]);
    }
    names
}

/// What is beyond the first file of the dataset counts with it.
fn is_rest(spec: &ParameterSpec) -> bool {
    matches!(spec.kind, ParameterKind::File { rest: true, .. })
}

/// Where samples are run.
struct Bench<'a> {
    workflow: Workflow,
    folder: &'a Path,
    task: &'a TaskType,
    sources: &'a [Source],
    chosen: &'a Parameters,
}

impl Bench<'_> {
    /// Cuts one sample of each source and runs the task on them.
    async fn one(&self, session: &str, number: usize, sizes: &[u64], cancel: &Cancel) -> Result<Sample, JobError> {
        let written = |e: cut::CutError| JobError::WrongDataset(e.to_string());
        let mut parameters = self.chosen.clone();
        let mut dataset = PathBuf::new();
        let mut counted = Vec::new();
        for (at, (source, records)) in self.sources.iter().zip(sizes).enumerate() {
            // Pairs grow together.
            let is_mate = source.parameter.is_some() && source.parameter.as_deref() == self.task.mate();
            let records = if is_mate { sizes.first().unwrap_or(records) } else { records };
            let path = self.folder.join(format!("sample-{number}-{at}"));
            let file = File::open(&source.path).map_err(|e| JobError::WrongDataset(e.to_string()))?;
            let (records, _) = cut(file, *records, &path).map_err(written)?;
            counted.push(records);
            match &source.parameter {
                None => dataset = path,
                Some(name) => drop(parameters.insert(name.clone(), path.display().to_string().into())),
            }
        }
        let work = Work::new(&self.task.name, dataset, parameters);
        let job = self.workflow.check(session, work, Bounds::default()).await?;
        let verdict = &job.verdict;
        let own = value(&verdict.dataset, self.sources.first());
        let mut terms = vec![1.0, own, own * own];
        for source in self.sources.iter().skip(1) {
            let of = |file: &&domain::dataset::FurtherFile| Some(&file.name) == source.parameter.as_ref();
            let theirs = verdict.further.iter().find(of).map_or(0.0, |file| value(&file.profile, Some(source)));
            terms.extend([theirs, own * theirs]);
        }
        let bytes = verdict.dataset.bytes;
        self.workflow.run_local(session, &job.id, cancel).await?;
        let took = self.workflow.ledger().measured(&self.task.measured_as())?;
        let last = took.first().ok_or_else(|| JobError::WrongDataset("the run was not measured".to_owned()))?;
        Ok(Sample { records: counted, bytes, seconds: last.seconds, ram: last.ram, terms })
    }
}

fn value(profile: &DatasetProfile, source: Option<&Source>) -> f64 {
    match source.map(quantity) {
        Some("residues") => profile.residues as f64,
        _ => profile.bytes as f64,
    }
}

/// Memory and time, each fitted; every further file has a term in one of them.
fn fitted(samples: &[Sample], names: &[String]) -> Option<(Fit, Fit)> {
    let of = |took: fn(&Sample) -> f64| -> Vec<Observed> {
        samples.iter().map(|sample| Observed { terms: sample.terms.clone(), took: took(sample).max(1e-3) }).collect()
    };
    let mut ram = fit(&of(|sample| sample.ram))?;
    let mut seconds = fit(&of(|sample| sample.seconds))?;
    let largest = samples.iter().max_by(|a, b| a.bytes.cmp(&b.bytes))?;
    // Start-up hides how it grows: that all of the largest sample's time is work is the most that it may be.
    if !seconds.terms.iter().any(|(at, by)| (*at == 1 || *at == 2) && *by > 0.0) {
        let own = largest.terms.get(1).copied().unwrap_or(1.0).max(1.0);
        seconds.terms.push((1, largest.seconds / own));
    }
    // The terms of further files come in pairs behind the first three.
    for at in (3..names.len()).step_by(2) {
        let counts = |fit: &Fit| fit.terms.iter().any(|(term, by)| (*term == at || *term == at + 1) && *by > 0.0);
        if !counts(&ram) && !counts(&seconds) {
            // It costs nothing that these samples show; that it may lie in memory once is the least to say.
            ram.terms.push((at, 1.0));
        }
    }
    Some((ram, seconds))
}

fn records(sizes: &[u64]) -> String {
    let counts: Vec<String> = sizes.iter().map(|&n| count(n)).collect();
    format!("{} records", counts.join(" and "))
}

fn table(samples: &[Sample], ram: &Fit, time: &Fit, look: &Look) -> Vec<String> {
    let rows = samples.iter().map(|sample| {
        let memory = |n: f64| bytes(n.max(0.0).round() as u64);
        vec![
            sample.records.iter().map(|&n| count(n)).collect::<Vec<_>>().join(" and "),
            bytes(sample.bytes),
            seconds(sample.seconds),
            seconds(time.over(&sample.terms)),
            memory(sample.ram),
            memory(ram.over(&sample.terms)),
        ]
    });
    look.table(&["records", "size", "took", "fitted", "memory", "fitted"], rows.collect(), &[0, 1, 2, 3, 4, 5], 0)
}

fn source(samples: &[Sample], today: &str) -> String {
    let each = samples.iter().map(|sample| {
        format!("{} in {:.2} s and {}", bytes(sample.bytes), sample.seconds, bytes(sample.ram.round() as u64))
    });
    format!("measured by agent tasks try on {today}, wall clock: {}", each.collect::<Vec<_>>().join(", "))
}

/// A workflow with this one task, whose home, samples and results lie in `folder`, and that can reach nothing outside.
fn workflow(folder: &Path, task: &TaskType) -> Result<Workflow, CommandError> {
    let home = folder.join("home");
    std::fs::create_dir(&home).map_err(|e| CommandError::failed("temporary_folder", e))?;
    let free = machine::probe_machine(&home).map_err(|e| CommandError::failed("machine", e))?.available_ram;
    let constant = |value: f64| Terms::try_from(BTreeMap::from([("constant".to_owned(), value)])).unwrap_or_default();
    let supposed = ResourceModel {
        ram: constant(free as f64 / SHARE),
        seconds: constant(SECONDS),
        spread: SPREAD,
        source: "supposed".to_owned(),
    };
    // Where it runs otherwise does not matter: samples are small and run here.
    let task = TaskType { resources: Some(supposed), model_heavy: false, remote: None, ..task.clone() };
    let ledger = Ledger::open(&home)?;
    let policy = Policy { recipients: vec![NOBODY], ..Policy::cautious(Network(SANDBOX), vec![folder.to_owned()]) };
    Ok(Workflow::new(WorkflowParts {
        guard: Guard::new(policy, ledger.clone()),
        catalogue: Catalogue::only(task),
        sink: Arc::new(Silent),
        // Of all that could be asked here, there is whether it may use the network, and that was asked before the first sample.
        approver: Arc::new(SaidYes),
        connect: Box::new(Nowhere),
        runner: Runner::default(),
        profile: "tasks".to_owned(),
        out_dir: None,
        bounds: Bounds::default(),
        takes_unverified: false,
        ledger,
    }))
}
