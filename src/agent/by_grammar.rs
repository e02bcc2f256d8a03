//! The offline grammar as a front: it reads a sentence into a request, or answers it from what the program knows of itself.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::propose::{Heard, Proposal, Propose, Proposed, Reading};
use crate::model::grammar::{self, Fact, Reading as Read, Scene, State};
use domain::{
    ids::JobId,
    job::{Job, JobState},
    request::{Bounds, Request, Until, Work},
    units,
};

/// The answer to a no.
pub(super) const NOTHING_DONE: &str = "Nothing was sent or paid.";

/// What the program knows of itself, for questions that state answers.
#[async_trait]
pub trait KnowState: Send + Sync {
    /// The state now. `balance`: whether the chain is to be asked what the wallet holds.
    async fn state(&self, balance: bool) -> State;

    /// The answer to a question that state answers.
    async fn answer(&self, fact: &Fact) -> String {
        grammar::answer(fact, &self.state(fact.name() == "balance").await)
    }
}

/// The offline grammar.
pub struct ByGrammar {
    knows: Arc<dyn KnowState>,
    folder: PathBuf,
    told: Mutex<Told>,
}

/// What the answer before left open.
#[derive(Default)]
struct Told {
    /// What was said so far, where the answer was a question.
    asked: Option<String>,
    /// Sequences that were pasted, offered to be saved and worked on.
    offered: Option<(PathBuf, String, grammar::Proposal)>,
}

impl ByGrammar {
    /// A grammar for what is said in a working folder.
    pub fn new(knows: Arc<dyn KnowState>, folder: PathBuf) -> ByGrammar {
        ByGrammar { knows, folder, told: Mutex::default() }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Yes: to sequences that were to be saved, or to the plan that waits.
    fn agreed(&self, heard: &Heard<'_>) -> Proposed {
        if let Some((name, text, then)) = self.told().offered.take() {
            return match save(&self.folder.join(&name), &text) {
                Ok(()) => Proposed::Work(proposal(then)),
                Err(error) => Proposed::Words(format!("{} could not be saved: {error}.", name.display())),
            };
        }
        match heard.last.and_then(yes_to) {
            Some(proposal) => Proposed::Work(proposal),
            None => Proposed::Words("There is no plan to agree to. Name a task and a file.".to_owned()),
        }
    }
}

#[async_trait]
impl Propose for ByGrammar {
    fn asks_bytes(&self, _: &Heard<'_>) -> usize {
        0
    }

    async fn propose(&self, heard: &Heard<'_>) -> Reading {
        let asked = self.told().asked.take();
        let scene = Scene {
            tasks: heard.tasks,
            files: heard.files,
            folders: heard.folders,
            jobs: heard.jobs,
            last: heard.last,
            asked: asked.as_deref(),
            offered: self.told().offered.is_some() || heard.last.is_some_and(|last| waits(last, heard.jobs)),
        };
        let read = grammar::read(heard.said, &scene);
        if !matches!(read, Read::Yes) {
            self.told().offered = None;
        }
        let proposed = match read {
            Read::Work(work) => Proposed::Work(proposal(work)),
            Read::Yes => self.agreed(heard),
            Read::No => Proposed::Words(NOTHING_DONE.to_owned()),
            Read::Cancel(jobs) => Proposed::Words(how_to_cancel(&jobs, heard.jobs)),
            Read::Resume(jobs) => going_on(&jobs, heard.jobs),
            Read::Fact(fact) => Proposed::Words(self.knows.answer(&fact).await),
            Read::NotInCatalogue(wish) => Proposed::Words(wish.answer()),
            Read::Save { name, text, then } => {
                let records = text.lines().filter(|line| line.starts_with(['>', '@'])).count();
                let records = units::counted(records as u64, "sequence", "sequences");
                let said = format!(
                    "That looks like {records}. Shall I save this as {} in this folder and work on that file? Say yes.",
                    name.display()
                );
                self.told().offered = Some((name, text, *then));
                Proposed::Words(said)
            }
            Read::Ask(ask) => {
                self.told().asked = Some(ask.remember);
                Proposed::Words(ask.question)
            }
            Read::Leave => Proposed::Leave,
            Read::Unknown => Proposed::Words(grammar::unknown(heard.tasks)),
        };
        Reading { proposed: Ok(proposed), asked: Vec::new() }
    }
}

fn proposal(proposal: grammar::Proposal) -> Proposal {
    let grammar::Proposal { work, bounds, said, understood, doubt, unread, figures } = proposal;
    let inherits = bounds.inherits(said);
    let words = || unread.iter().map(|words| format!("\"{words}\"")).collect::<Vec<_>>().join(", ");
    let first =
        (!unread.is_empty()).then(|| format!("I did not understand {}, so nothing goes beyond the plan.", words()));
    let proposal = Proposal { work, bounds, inherits, notes: understood, first, figures, ..Proposal::default() };
    // What is small costs nothing here, and may have to be paid for elsewhere.
    if doubt { proposal.only_if_free() } else { proposal }
}

/// The last request, to be carried through as it was.
pub(super) fn yes_to(last: &Request) -> Option<Proposal> {
    let bounds = Bounds { until: Until::Done, ..last.bounds };
    (!last.work.is_empty()).then(|| Proposal { work: last.work.clone(), bounds, ..Proposal::default() })
}

/// Whether the last request was planned and never begun.
pub(super) fn waits(last: &Request, jobs: &[Job]) -> bool {
    !jobs.iter().any(|job| job.request.as_ref() == Some(&last.id))
}

/// The work of jobs that were begun: planned again, it is found to be the same and goes on.
pub(super) fn going_on(ids: &[JobId], jobs: &[Job]) -> Proposed {
    let meant: Vec<&Job> = jobs.iter().filter(|job| ids.contains(&job.id) && !job.state.is_end()).collect();
    if meant.is_empty() {
        return Proposed::Words("No job of this conversation is open. `agent jobs list` shows all.".to_owned());
    }
    let work = |job: &&Job| Work::new(&job.task_type, job.source.path.clone(), job.parameters.clone());
    Proposed::Work(Proposal { work: meant.iter().map(work).collect(), ..Proposal::default() })
}

/// What a person does who wants jobs given up. What was only planned was not begun.
pub(super) fn how_to_cancel(meant: &[JobId], jobs: &[Job]) -> String {
    let begun =
        |id: &&JobId| !jobs.iter().any(|job| job.id == **id && job.request.is_none() && job.state == JobState::Planned);
    match meant.iter().filter(begun).collect::<Vec<_>>().as_slice() {
        [] => "No job of this conversation is open, so there is nothing to cancel.".to_owned(),
        jobs => {
            let lines: Vec<String> = jobs.iter().map(|job| format!("  agent jobs cancel {job}")).collect();
            format!("Canceling is your own step, so that no model can take it:\n{}", lines.join("\n"))
        }
    }
}

/// Writes a file that is not there yet.
fn save(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
