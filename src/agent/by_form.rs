//! A language model as a front: it fills in one request object a turn, which its server holds to a form.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{
    by_grammar::{KnowState, how_to_cancel, listed, proposed},
    propose::{Heard, Proposal, Propose, Proposed, Reading},
    window,
};
use crate::{
    cassette,
    domain::request::{Bounds, Request, Spend, Until, Work},
    model::{
        ChatModel, ChatRequest, ModelError, Usage,
        context::FileSeen,
        form::{self, Ask, AsksFor, Dropped, Exchange, FormError, Offered, ask},
        grammar::{self, Scene},
    },
};

/// So many exchanges are kept.
const MOST_EXCHANGES: usize = 40;

/// With more files than these, those in folders are not offered by their names.
const MOST_BELOW: usize = 40;

/// A model that fills in a form.
pub struct ByForm {
    model: Arc<dyn ChatModel>,
    knows: Arc<dyn KnowState>,
    folder: PathBuf,
    earlier: Mutex<Vec<Exchange>>,
}

impl ByForm {
    /// The form, filled in by this model; `knows` answers what state answers; what is said is said in this folder.
    pub fn new(model: Arc<dyn ChatModel>, knows: Arc<dyn KnowState>, folder: PathBuf) -> ByForm {
        ByForm { model, knows, folder, earlier: Mutex::default() }
    }

    /// What the model is asked, where these files and folders can be meant.
    fn request(&self, heard: &Heard<'_>, files: &[String]) -> ChatRequest {
        let jobs: Vec<String> = heard.jobs.iter().map(super::prompt::job_line).collect();
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let offered = Offered { tasks: heard.tasks, files };
        Ask { offered, jobs: &jobs, earlier: &earlier, said: heard.said }.request()
    }

    async fn answer(&self, request: &ChatRequest, usage: &mut Vec<Usage>) -> Result<String, ModelError> {
        let turn = self.model.turn(request, &mut |_| {}).await?;
        usage.extend(turn.usage);
        Ok(turn.text)
    }

    fn keep(&self, said: &str, object: String) {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if earlier.len() >= MOST_EXCHANGES {
            earlier.remove(0);
        }
        earlier.push(Exchange { said: said.to_owned(), object });
    }

    /// What a proposal comes to: work, an answer from what the program knows, a question which file is meant, or words by the model.
    async fn comes_to(&self, proposal: form::Proposal, heard: &Heard<'_>, folders: &[String]) -> Proposed {
        let form::Proposal { asks_for, work, bounds, without_file, dropped, answers } = proposal;
        let Heard { tasks, files, jobs, last, .. } = *heard;
        let scene = Scene { tasks, files, folders, jobs, last, ..Scene::default() };
        // What state answers is never left to a model's memory, but where the model heard work.
        let read = match grammar::read(heard.said, &scene) {
            grammar::Reading::Fact(fact) if asks_for != AsksFor::Work || work.is_empty() => {
                return Proposed::Words(self.knows.answer(&fact).await);
            }
            read => read,
        };
        let wish = match &read {
            grammar::Reading::NotInCatalogue(wish) => Some(wish),
            _ => None,
        };
        if work.is_empty() {
            return match (wish, read.clone(), without_file.as_slice()) {
                (Some(wish), ..) => Proposed::Words(wish.answer()),
                (_, grammar::Reading::Cancel(jobs), _) => Proposed::Words(how_to_cancel(&jobs, heard.jobs)),
                (_, grammar::Reading::Leave, _) => Proposed::Leave,
                // "And the rest" after work: what the model did not hear the grammar may.
                (_, grammar::Reading::Work(proposal), []) if last.is_some() => proposed(proposal),
                (_, _, []) => Proposed::Talk,
                (_, _, work) => Proposed::Words(which_file(work, heard)),
            };
        }
        // A limit that the model made up may stand for one that was said in words: then nothing but a person's yes is consent.
        let withheld = dropped.iter().any(|dropped| matches!(dropped, Dropped::Limit(_)));
        // Either way free work on this machine gives the answer, and anything else stays a plan.
        let answers = answers || (withheld && bounds.until == Until::Done);
        let until = if answers { Until::Done } else { bounds.until };
        // A model takes a task that is not there for the nearest one that is: whether that will do is the person's to say.
        let first = wish.map(|wish| wish.answer());
        let until = if first.is_some() { Until::Plan } else { until };
        let mut notes: Vec<String> = first.iter().cloned().collect();
        notes.extend(dropped.iter().map(|dropped| format!("left out: {dropped}")));
        let bounds = match last.filter(|last| follows(&work, last)) {
            Some(last) => as_before(bounds, last.bounds, &mut notes),
            None => bounds,
        };
        let bounds = Bounds { until, ..bounds };
        Proposed::Work(Proposal { work, bounds, notes, answers, first, ..Proposal::default() })
    }
}

#[async_trait]
impl Propose for ByForm {
    fn asks_bytes(&self, heard: &Heard<'_>) -> usize {
        window::size(&self.request(heard, &paths(heard.files)))
    }

    async fn propose(&self, heard: &Heard<'_>) -> Result<Reading, ModelError> {
        let (files, folders) = cassette::look("files below the folder", || listed(&self.folder));
        let names = names(&files, heard.files, &folders);
        let offered = Offered { tasks: heard.tasks, files: &names };
        let request = self.request(heard, &names);
        let held = form::Heard { said: heard.said, last: heard.last };
        let mut usage = Vec::new();
        let first = self.answer(&request, &mut usage).await?;
        let read = match form::read(&first, &held, &offered) {
            Ok(proposal) => Ok(proposal),
            Err(why) => {
                let again = self.answer(&ask::again(&request, &first, &why), &mut usage).await?;
                form::read(&again, &held, &offered)
            }
        };
        let proposed = match read {
            Ok(proposal) => {
                self.keep(heard.said, proposal.object(heard.tasks));
                self.comes_to(proposal, &Heard { files: &files, ..*heard }, &folders).await
            }
            Err(error) => words_for(&error)?,
        };
        Ok(Reading { proposed, usage })
    }
}

/// Whether work goes on from a request of before: by a task or a file of it.
fn follows(work: &[Work], last: &Request) -> bool {
    let same = |one: &Work, two: &Work| one.task == two.task || one.dataset() == two.dataset();
    work.iter().any(|one| last.work.iter().any(|two| same(one, two)))
}

/// What was said of money and place of the work before holds for what follows it, until another limit is said: what a model leaves
/// out widens nothing.
fn as_before(bounds: Bounds, last: Bounds, notes: &mut Vec<String>) -> Bounds {
    let spend = if bounds.spend == Spend::OwnersCaps { last.spend } else { bounds.spend };
    let place = bounds.narrowed(last).place;
    notes.extend(spend.limit().filter(|_| spend != bounds.spend).map(|limit| format!("at most {limit}, as before")));
    notes.extend((place != bounds.place).then(|| "on this machine only, as before".to_owned()));
    Bounds { spend, place, ..bounds }
}

/// The names that a model may choose from: the files, those of folders where they are few, and the folders.
fn names(below: &[FileSeen], here: &[FileSeen], folders: &[String]) -> Vec<String> {
    let files = if below.len() <= MOST_BELOW { below } else { here };
    let folders = folders.iter().map(|folder| format!("{folder}/"));
    paths(files).into_iter().chain(folders).collect()
}

fn paths(files: &[FileSeen]) -> Vec<String> {
    files.iter().map(|file| file.path.clone()).collect()
}

fn which_file(work: &[Work], heard: &Heard<'_>) -> String {
    let tasks: Vec<&str> = work.iter().map(|work| work.task.as_str()).collect();
    let names: Vec<&str> = heard.files.iter().take(8).map(|file| file.path.as_str()).collect();
    let files = if names.is_empty() { "no data file is in this folder".to_owned() } else { names.join(", ") };
    format!("On which file is {} to run? Here: {files}.", tasks.join(", "))
}

/// What a person is told where the form was not filled in twice. That a task or file is not there is an answer.
fn words_for(error: &FormError) -> Result<Proposed, ModelError> {
    let hint = error.hint().map(|hint| format!(" {hint}.")).unwrap_or_default();
    match error {
        FormError::UnknownTask { .. } | FormError::UnknownFile { .. } => Ok(Proposed::Words(format!("{error}.{hint}"))),
        _ => Err(ModelError::Garbage { what: error.to_string() }),
    }
}
