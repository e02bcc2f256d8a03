//! Running paid tasks: so many at once, each in its own folder and its own process.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};

use super::{
    Node,
    download::download,
    reach,
    task::{Finished, Status, Task},
};
use compute::local::{LocalError, Order, execute};
use domain::units;

/// How long a paid task waits at most to be noticed, should nobody say that it is there.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How often the outcome of a run is tried to be written down.
const WRITES: u32 = 10;

/// The runs of this moment.
#[derive(Default)]
pub(super) struct Running(Mutex<HashMap<String, Run>>);

#[derive(Clone)]
struct Run {
    cancel: watch::Sender<bool>,
    /// The bits of a number from 0 to 1.
    progress: Arc<AtomicU64>,
}

impl Running {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Run>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How far a run is, 0 to 1.
    pub fn progress(&self, id: &str) -> Option<f64> {
        self.with(|runs| runs.get(id).map(|run| f64::from_bits(run.progress.load(Ordering::Relaxed))))
    }

    /// Ends a run.
    pub fn cancel(&self, id: &str) {
        self.with(|runs| runs.get(id).map(|run| run.cancel.send_replace(true)));
    }

    fn cancel_all(&self) {
        self.with(|runs| {
            for run in runs.values() {
                run.cancel.send_replace(true);
            }
        });
    }
}

/// Runs what is paid until the node stops; then waits a little for what runs, and puts the rest back.
pub(super) async fn run(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    let mut runs = JoinSet::new();
    while !*stop.borrow() {
        while runs.len() < node.settings.at_once.max(1) {
            match node.store.next_run().await {
                Ok(Some(task)) => {
                    runs.spawn(one(Arc::clone(&node), task));
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "paid tasks cannot be read");
                    break;
                }
            }
        }
        tokio::select! {
            () = node.wake.runs.notified() => {}
            Some(_) = runs.join_next() => {}
            // A disk that was full when a task should have begun may have room now.
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
    let all = async { while runs.join_next().await.is_some() {} };
    if tokio::time::timeout(node.settings.drain, all).await.is_err() {
        node.running.cancel_all();
        while runs.join_next().await.is_some() {}
    }
}

/// One run, from download to result.
async fn one(node: Arc<Node>, task: Task) {
    let (cancel, canceled) = watch::channel(false);
    let progress = Arc::new(AtomicU64::new(0));
    let run = Run { cancel, progress: Arc::clone(&progress) };
    node.running.with(|runs| runs.insert(task.id.clone(), run));
    let outcome = match work(&node, &task, &progress, canceled).await {
        Ok(finished) => Some(Ok(finished)),
        Err(Stopped::Failed(why)) => Some(Err(why)),
        Err(Stopped::GivenUp) => None,
    };
    write_down(&node, &task.id, outcome).await;
    node.running.with(|runs| runs.remove(&task.id));
    node.wake.webhooks.notify_one();
}

/// Writes down how a run ended; `None` puts it back into the queue. Somebody paid for it, so a full disk is tried again.
async fn write_down(node: &Node, id: &str, outcome: Option<Result<Finished, String>>) {
    for attempt in 1..=WRITES {
        let outcome = outcome.clone();
        let change = move |task: &mut Task| match outcome {
            Some(outcome) => task.finish(outcome),
            None => task.put_back(),
        };
        match node.store.update(id, change).await {
            Ok(Some((task, ()))) => return tracing::info!(task = id, status = task.status.as_str(), "a run ended"),
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, task = id, attempt, "a run's outcome could not be written down");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Why a run has no result.
enum Stopped {
    /// Its owner gave it up, or the node stops. A task that was canceled is not put back: its status says so.
    GivenUp,
    /// In words for its owner.
    Failed(String),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Stopped::Failed("the node's disk is full".into())
            }
            _ => Stopped::Failed(format!("the node's folder cannot be used: {error}")),
        }
    }
}

async fn work(
    node: &Node,
    task: &Task,
    progress: &AtomicU64,
    mut canceled: watch::Receiver<bool>,
) -> Result<Finished, Stopped> {
    // Given up between its start in the store and its place among the runs.
    let now = node.store.task(&task.id).await.map_err(|e| Stopped::Failed(e.to_string()))?;
    if now.is_none_or(|now| now.status != Status::Computing) {
        return Err(Stopped::GivenUp);
    }
    let model = node
        .models
        .of_task(&task.task_type)
        .ok_or_else(|| Stopped::Failed("this node does not run such tasks any more".into()))?;
    let settings = &node.settings;
    if !reach::may_fetch(&task.dataset, settings.private_addresses) {
        return Err(Stopped::Failed("the dataset's address is not public".into()));
    }
    let folder = task_folder(&settings.folder, &task.id);
    // What an interrupted run left is worth nothing.
    let name = format!("run-{}", task.runs);
    fresh(&folder)?;
    let dataset = folder.join("dataset");
    let fetched = download(&node.http, &task.dataset, &dataset, settings.max_dataset);
    tokio::select! {
        done = tokio::time::timeout(settings.time_limit, fetched) => {
            let done = done.map_err(|_| Stopped::Failed("the dataset took too long to download".into()))?;
            done.map_err(|e| Stopped::Failed(e.to_string()))?;
        }
        _ = canceled.wait_for(|canceled| *canceled) => return Err(Stopped::GivenUp),
    }
    let file = fs::File::open(&dataset)?;
    // The open file is all that the run needs; its name goes now, so that no crash leaves it behind.
    fs::remove_file(&dataset)?;
    let order = Order {
        job: task.id.clone(),
        task: model.task.clone(),
        parameters: task.parameters.clone(),
        dataset: file,
        dataset_name: dataset_name(task),
        dataset_place: None,
        // Clients can name no files of this machine, and send one.
        further: Vec::new(),
        out_dir: folder.join(&name),
        output_limit: settings.output_limit,
        memory_limit: settings.memory_limit,
        time_limit: settings.time_limit,
    };
    let told = |part: f64| progress.store(part.to_bits(), Ordering::Relaxed);
    #[expect(clippy::disallowed_methods, reason = "the task is paid: that is the right to run it")]
    let outcome = execute(&settings.runner, order, &told, canceled).await.map_err(|error| match error {
        LocalError::Canceled => Stopped::GivenUp,
        // The client cannot install it, and should not read what to type here.
        LocalError::MissingProgram { .. } => Stopped::Failed("this node lacks the program of this task".into()),
        error => Stopped::Failed(error.to_string()),
    })?;
    Ok(Finished {
        folder: name,
        files: outcome.files,
        summary: outcome.summary.into(),
        seconds: outcome.measure.seconds,
        max_rss: outcome.measure.max_rss,
    })
}

/// Where a task's files lie. Ids are our own and hold no path.
pub(super) fn task_folder(folder: &Path, id: &str) -> PathBuf {
    folder.join("tasks").join(id)
}

fn fresh(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(folder)
}

/// The last part of the URL's path, for the result document.
fn dataset_name(task: &Task) -> String {
    let last = task.dataset.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let name = units::clean(last, 120);
    if name.is_empty() { "dataset".into() } else { name }
}
