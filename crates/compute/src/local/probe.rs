//! Asking the program of a task whether it has what the task needs of it, before anything is run or paid.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{Limits, LocalError, Runner, cpu_limit, last_word, system};
use crate::worker::{
    Probed,
    spec::{Assignment, Line, ProbeSpec},
};
use domain::{
    hash::Sha256,
    task::{TaskType, template::Piece},
    units,
};
use guard::machine::catalogue::{Missing, missing_program};

/// As long as a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// As long as an answer holds: what is installed meanwhile is found.
const HOLDS: Duration = Duration::from_secs(60);
/// Memory of a probe, bytes.
const MEMORY: u64 = 4 << 30;

/// What programs answered, and whether they are there, by the version of the task.
#[derive(Debug, Default)]
pub struct Answers {
    probed: Kept<Probed>,
    missing: Kept<Option<Missing>>,
}

type Kept<T> = tokio::sync::Mutex<HashMap<Sha256, (Instant, T)>>;

impl Answers {
    /// What `task` needs and this machine lacks; nothing when nothing is. An image is asked for once in a while: a batch asks for
    /// each of its pieces.
    pub async fn missing(&self, task: &TaskType) -> Option<Missing> {
        if task.command().is_none_or(|command| command.image.is_none()) {
            return missing_program(task);
        }
        // Held while it is asked.
        let mut answers = self.missing.lock().await;
        if let Some((_, missing)) = answers.get(&task.version).filter(|(at, _)| at.elapsed() < HOLDS) {
            return missing.clone();
        }
        let of = task.clone();
        // What broke off says nothing of the image: the run asks again.
        let missing = tokio::task::spawn_blocking(move || missing_program(&of)).await.ok()?;
        answers.insert(task.version, (Instant::now(), missing.clone()));
        missing
    }

    /// What the program of `task` answers, and whether it was asked just now: many pieces of work are one question. Nothing where the
    /// task does not say how it is asked.
    pub async fn ask(&self, runner: &Runner, task: &TaskType) -> Option<(Probed, bool)> {
        task.command().filter(|command| !command.probe.is_empty())?;
        // Held while it is asked.
        let mut answers = self.probed.lock().await;
        match answers.get(&task.version).filter(|(at, _)| at.elapsed() < HOLDS) {
            Some((_, answer)) => Some((answer.clone(), false)),
            None => {
                let answer = runner.probe(task).await?;
                answers.insert(task.version, (Instant::now(), answer.clone()));
                Some((answer, true))
            }
        }
    }
}

impl Runner {
    /// Asks the program of `task` whether it has what the task needs, in a worker with limits of its own; nothing where the task
    /// does not say how. What kept it from an answer is one: it is not known. Dropping the future ends the program.
    pub async fn probe(&self, task: &TaskType) -> Option<Probed> {
        self.probe_within(PATIENCE, task).await
    }

    /// The same with another patience.
    pub async fn probe_within(&self, patience: Duration, task: &TaskType) -> Option<Probed> {
        let command = task.command().filter(|command| !command.probe.is_empty())?;
        let arguments = command.probe.iter().map(|template| {
            // A task file whose probe has places is not read.
            template.filled(|piece| match piece {
                Piece::Text(text) => Ok(text.clone()),
                _ => Err(LocalError::Task("what a program has is looked at without files and values".to_owned())),
            })
        });
        let asked = async {
            let folder = tempfile::tempdir().map_err(system)?;
            let spec = ProbeSpec {
                executable: command.executable.clone(),
                arguments: arguments.collect::<Result<_, _>>()?,
                folder: folder.path().canonicalize().map_err(system)?,
                memory_limit: MEMORY,
                cpu_limit: cpu_limit(patience.as_secs()),
            };
            let limits = Limits { memory: MEMORY, seconds: patience.as_secs().max(1) };
            let (_keep, cancel) = watch::channel(false);
            let end = self.follow(&Assignment::Probe(Box::new(spec)), Vec::new(), limits, &|_| {}, cancel).await?;
            last_word(end, limits)
        };
        Some(match asked.await {
            Ok(Line::Probed(probed)) => probed,
            Ok(_) => Probed::Unknown("it did something else than it was told".to_owned()),
            Err(LocalError::TimedOut { limit }) => {
                Probed::Unknown(format!("it gave no answer within {}", units::seconds(limit as f64)))
            }
            Err(error) => Probed::Unknown(error.to_string()),
        })
    }
}
