//! `agent demo`: the story of a 5 GB dataset, as a dry run.
//!
//! What can be real is real: a small task runs here, the large file is measured and judged by the guard's own rule, and
//! folds are computed on its first proteins. What would take an account and money is simulated, and each line says so.

mod files;
mod simulated;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use async_trait::async_trait;
use clap::Args;
use serde_json::json;

use self::simulated::say;
use super::{
    CommandError, Context, Kind,
    interrupt::{cancel_of, stoppable},
    runtime::block_on,
};
use crate::job::{AskPrices, Cancel, Connect, JobError, OwnerPrice, Pricing, Remote, Workflow, WorkflowParts};
use compute::local::Runner;
use domain::{
    event::{Event, Sink},
    hash::{Hash160, Sha256},
    money::Datoshi,
    network::{Network, SANDBOX},
    request::{Bounds, Work},
    result::RESULT_FILE,
    task::Parameters,
    verdict::Place,
};
use guard::{
    ledger::Ledger,
    machine::catalogue::{Catalogue, check_parameters},
    policy::{Guard, Policy, approval::Nobody},
};

/// Show the story of a 5 GB dataset as a dry run; needs no configuration.
#[derive(Debug, Args)]
pub struct Demo {
    /// Do not pause where a real upload would take its time
    #[arg(long)]
    fast: bool,
}

impl Demo {
    /// Tells the story, and leaves nothing behind.
    ///
    /// # Errors
    /// A temporary folder that cannot be used.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let folder = tempfile::tempdir()
            .map_err(|e| CommandError::failed("temporary_folder", e).hint("set TMPDIR to a folder you may write to"))?;
        files::write(folder.path()).map_err(|e| CommandError::failed("temporary_folder", e))?;
        let cancel = cancel_of(context);
        block_on(async {
            let told = self.tell(context, folder.path(), &cancel);
            stoppable(context.tape(), &cancel, told).await.unwrap_or_else(|| Err(CommandError::interrupted()))
        })
    }

    async fn tell(&self, context: &Context, folder: &Path, cancel: &Cancel) -> Result<ExitCode, CommandError> {
        let sink = context.sink();
        let workflow = workflow(folder, Arc::clone(&sink))?;
        say(&*sink, "A dry run on a sparse 5 GB file. Steps that are simulated say so; no account, no money.");

        say(&*sink, "1. A small task, run here for real: statistics of small.fasta");
        let session = context.session().0.as_str();
        let small = workflow.check(session, work("sequence_stats", "small.fasta"), Bounds::default()).await?;
        workflow.run_local(session, &small.id, cancel).await?;

        say(
            &*sink,
            "2. The request: \"Run protein folding on large.fasta\"; it has 5 GB, all but its beginning a hole",
        );
        let large = workflow.verdict(session, &work("protein_folding", "large.fasta")).await?;

        say(&*sink, "3. The decision, by the guard's own rule on real measurements");
        if large.place() != Place::Offload {
            let message = "the large dataset was not judged too large for this machine";
            return Err(CommandError::new(Kind::Failed, "demo", message).hint("policy.toml is not read by the demo"));
        }
        say(&*sink, "Detected large dataset; offloading to AIOZ");

        say(&*sink, "4. Upload to AIOZ storage (simulated)");
        simulated::upload(&large.id, &*sink, self.fast).await;

        say(&*sink, "5. Payment in GAS on Neo N3 (simulated)");
        simulated::payment(&large.id, &*sink);

        say(&*sink, "6. The job (simulated) and its result (computed here, on the proteins that the file begins with)");
        simulated::submitted(&large.id, &*sink);
        let event = fold(folder.to_owned(), large.id.clone()).await?;
        sink.emit(event);
        say(
            &*sink,
            "The demo's files are removed again. For the whole way for real, on the sandbox's storage, provider and chain:\n  agent ask \"Run protein folding on examples/data.fasta\"",
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn work(task: &str, dataset: &str) -> Work {
    Work::new(task, dataset, Parameters::new())
}

/// A workflow whose home, datasets and results lie in `folder`, and that can reach nothing outside.
fn workflow(folder: &Path, sink: Arc<dyn Sink>) -> Result<Workflow, CommandError> {
    let home = folder.join("home");
    std::fs::create_dir(&home).map_err(|e| CommandError::failed("temporary_folder", e))?;
    let ledger = Ledger::open(&home)?;
    let policy = Policy { recipients: vec![NOBODY], ..Policy::cautious(Network(SANDBOX), vec![folder.to_owned()]) };
    Ok(Workflow::new(WorkflowParts {
        guard: Guard::new(policy, ledger.clone()),
        catalogue: Catalogue::builtin().map_err(super::tasks::wrong_file)?,
        sink,
        approver: Arc::new(Nobody),
        connect: Box::new(Nowhere),
        runner: Runner::default(),
        profile: "demo".to_owned(),
        out_dir: None,
        bounds: Bounds::default(),
        takes_unverified: false,
        ledger,
    }))
}

/// The demo sends nothing anywhere, and asks nobody for a price: it shows the price that is usual without settings.
pub(in crate::cli) struct Nowhere;

/// Who would be paid.
pub(in crate::cli) const NOBODY: Hash160 = Hash160([0; 20]);

#[async_trait]
impl AskPrices for Nowhere {
    async fn pricing(&self) -> Result<Pricing, JobError> {
        let price = OwnerPrice {
            flat: Datoshi::from_gas(2),
            per_gb: Datoshi::ZERO,
            recipient: Some(NOBODY),
            network: Network(SANDBOX),
        };
        Ok(Pricing {
            provider: None,
            price,
            storage: "nowhere".to_owned(),
            storage_origin: None,
            own_storage: true,
            account: None,
        })
    }
}

#[async_trait]
impl Connect for Nowhere {
    async fn connect(&self) -> Result<Remote, JobError> {
        Err(JobError::Setup { message: "the demo sends nothing anywhere".to_owned(), hint: None })
    }
}

/// Folds the proteins that the large file begins with here, and gives the event of a result that was fetched.
async fn fold(folder: PathBuf, job: domain::ids::JobId) -> Result<Event, CommandError> {
    let work = move || -> Result<Event, CommandError> {
        let failed = |e: std::io::Error| CommandError::failed("temporary_folder", e);
        let catalogue = Catalogue::builtin().map_err(super::tasks::wrong_file)?;
        let chosen = json!({"effort": "quick"});
        let chosen = chosen.as_object().cloned().unwrap_or_default();
        let parameters = match catalogue.get(science::PROTEIN_FOLDING) {
            Some(task) => check_parameters(task, &chosen).map_err(|e| CommandError::failed("parameter", e))?,
            None => chosen,
        };
        let run = science::Run {
            task: science::PROTEIN_FOLDING,
            // The small file holds the same proteins as the large one's beginning.
            input: std::fs::File::open(folder.join("small.fasta")).map_err(failed)?,
            dataset_name: "large.fasta",
            job: job.as_str(),
            parameters: &parameters,
            out_dir: &folder,
        };
        let document = science::run(run, &mut |_| {}).map_err(|e| CommandError::failed("demo", e))?;
        let text = serde_json::to_vec_pretty(&document).map_err(|e| CommandError::failed("demo", e))?;
        let path = folder.join(RESULT_FILE);
        std::fs::write(&path, &text).map_err(failed)?;
        let (path, bytes, sha256) = (path.display().to_string(), text.len() as u64, Sha256::of(&text));
        Ok(Event::ResultFetched { job, path, bytes, sha256 })
    };
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|e| Err(CommandError::failed("demo", e)))
}
