//! The stage of one case: a home and a working folder of its own, and a sandbox of its own whose host runs within this
//! process. All of it is gone when the case is over.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinHandle,
};

use super::case::Case;
use crate::{
    job::{AskPrices, Connect, JobError, Pricing, Remote, Workflow, WorkflowParts},
    sandbox::Sandbox,
    trial::judge::{Happened, JobSeen},
};
use compute::local::Runner;
use domain::{
    attempt::AttemptState,
    event::Sink,
    network::{Network, SANDBOX},
    request::Bounds,
    task::TaskType,
};
use guard::{
    ledger::{Ledger, LedgerError},
    machine::catalogue::Catalogue,
    policy::{
        Guard, Policy,
        approval::{Nobody, SaidYes},
    },
};
use sandbox::{
    host::{self, HostError},
    keys::{Keys, KeysError},
};

/// The program that workers are started as: this very one.
const PROGRAM: &str = "/proc/self/exe";
/// How the folders of cases begin: what a trial that was killed left behind is known by it.
const FOLDER: &str = "agent-trial-";
/// A host is up well within this.
const START_LIMIT: Duration = Duration::from_secs(20);
/// A host ends within this, its running jobs included.
const END_LIMIT: Duration = Duration::from_secs(15);

/// Why a stage could not be set, or not be read when the case was over.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A temporary folder, or a file of the case.
    #[error("{what} cannot be made: {source}")]
    File {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// The sandbox's keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The ledger.
    #[error("the ledger cannot be used: {0}")]
    Ledger(#[from] LedgerError),
}

/// The stage of one case.
pub struct Stage {
    dir: tempfile::TempDir,
    ledger: Ledger,
    host: Arc<Host>,
    /// Advances jobs on this stage.
    pub workflow: Arc<Workflow>,
}

impl Stage {
    /// Sets the stage of `case`: folders, files, keys, an empty ledger. The host starts when a job first needs it.
    ///
    /// # Errors
    /// A folder, file or ledger that cannot be made.
    pub fn set(case: &Case, catalogue: &Catalogue, sink: Arc<dyn Sink>) -> Result<Stage, StageError> {
        let file = |what: &Path| {
            let what = what.display().to_string();
            move |source| StageError::File { what, source }
        };
        let dir = tempfile::Builder::new().prefix(FOLDER).tempdir().map_err(file(Path::new("a temporary folder")))?;
        let (home, work) = (dir.path().join("home"), dir.path().join("work"));
        for folder in [&home, &work] {
            std::fs::create_dir(folder).map_err(file(folder))?;
        }
        for made in &case.files {
            made.make(&work).map_err(file(&made.path))?;
        }
        let folder = home.join("sandbox");
        let keys = Keys::in_folder(&folder)?;
        let ledger = Ledger::open(&home)?;
        // What holds for whoever has configured nothing: the sandbox's own provider, and the usual caps.
        let policy =
            Policy { recipients: vec![keys.provider.account()], ..Policy::cautious(Network(SANDBOX), vec![work]) };
        let tasks = catalogue.iter().cloned().collect();
        let sandbox = Sandbox::new(folder.clone(), PathBuf::from(PROGRAM), None, ledger.clone());
        let host = Arc::new(Host { folder, tasks, running: Mutex::default() });
        let parts = WorkflowParts {
            guard: Guard::new(policy, ledger.clone()),
            catalogue: catalogue.clone(),
            sink,
            approver: if case.flags.yes { Arc::new(SaidYes) } else { Arc::new(Nobody) },
            connect: Box::new(Own { host: Arc::clone(&host), sandbox }),
            runner: Runner::default(),
            profile: "sandbox".to_owned(),
            out_dir: None,
            bounds: Bounds::default(),
            takes_unverified: false,
            ledger: ledger.clone(),
        };
        let workflow = Arc::new(Workflow::supposing(case.machine, parts));
        Ok(Stage { dir, ledger, host, workflow })
    }

    /// The working folder.
    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// What the ledger says of jobs and payments; the answer is not known here.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn happened(&self) -> Result<Happened, StageError> {
        let (work, mut happened) = (self.work(), Happened::default());
        for job in self.ledger.jobs()? {
            let attempts = self.ledger.attempts(&job.id)?;
            happened.payments += attempts.iter().filter(|a| a.state == AttemptState::Confirmed).count();
            happened.jobs.push(JobSeen {
                dataset: job.source.path.strip_prefix(&work).unwrap_or(&job.source.path).display().to_string(),
                place: job.place(),
                end: job.state,
                task: job.task_type,
            });
        }
        Ok(happened)
    }

    /// Ends the sandbox and removes the folders.
    pub async fn clear(self) {
        // The clients leave first.
        drop(self.workflow);
        self.host.end().await;
    }
}

/// The sandbox's host, within this process.
struct Host {
    folder: PathBuf,
    tasks: Vec<TaskType>,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), HostError>>,
}

impl Host {
    /// Starts it unless it runs, and waits until it can be reached.
    async fn begin(&self) -> Result<(), JobError> {
        let setup = |message: String| JobError::Setup { message, hint: None };
        let mut running = self.running.lock().await;
        if running.is_none() {
            let (folder, tasks) = (self.folder.clone(), self.tasks.clone());
            let (stop, stopped) = oneshot::channel();
            let until = async {
                // A sender that is gone says the same.
                let _ = stopped.await;
            };
            let task = tokio::spawn(async move { host::host(&folder, tasks, until).await });
            *running = Some(Running { stop, task });
        }
        let up = async {
            while !host::is_announced(&self.folder) && running.as_ref().is_some_and(|r| !r.task.is_finished()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(START_LIMIT, up).await.is_ok() && host::is_announced(&self.folder) {
            return Ok(());
        }
        let ended = running.take().filter(|r| r.task.is_finished());
        Err(setup(match ended {
            Some(Running { task, .. }) => match task.await {
                Ok(Err(error)) => error.to_string(),
                _ => "the sandbox's host ended before it was up".to_owned(),
            },
            None => "the sandbox did not come up".to_owned(),
        }))
    }

    async fn end(&self) {
        let Some(Running { stop, mut task }) = self.running.lock().await.take() else { return };
        // A host that ended by itself hears nothing.
        let _ = stop.send(());
        if tokio::time::timeout(END_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Brings up the outside parts: the clients of the sandbox, once its host runs.
struct Own {
    host: Arc<Host>,
    sandbox: Sandbox,
}

#[async_trait]
impl AskPrices for Own {
    async fn pricing(&self) -> Result<Pricing, JobError> {
        self.host.begin().await?;
        self.sandbox.pricing().await
    }
}

#[async_trait]
impl Connect for Own {
    async fn connect(&self) -> Result<Remote, JobError> {
        self.host.begin().await?;
        self.sandbox.connect().await
    }
}
