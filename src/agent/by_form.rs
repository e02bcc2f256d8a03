//! A language model as a front: it fills in one request object a turn, which its server holds to a form.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{
    by_grammar::{KnowState, how_to_cancel},
    propose::{Heard, Proposal, Propose, Proposed, Reading},
    window,
};
use crate::{
    domain::request::{Bounds, Until, Work},
    model::{
        ChatModel, ChatRequest, ModelError, Usage,
        form::{self, Ask, AsksFor, Dropped, Exchange, FormError, Offered, ask},
        grammar::{self, Scene},
    },
};

/// So many exchanges are kept.
const MOST_EXCHANGES: usize = 40;

/// A model that fills in a form.
pub struct ByForm {
    model: Arc<dyn ChatModel>,
    knows: Arc<dyn KnowState>,
    earlier: Mutex<Vec<Exchange>>,
}

impl ByForm {
    /// The form, filled in by this model; `knows` answers what state answers.
    pub fn new(model: Arc<dyn ChatModel>, knows: Arc<dyn KnowState>) -> ByForm {
        ByForm { model, knows, earlier: Mutex::default() }
    }

    /// What the model is asked.
    fn request(&self, heard: &Heard<'_>) -> ChatRequest {
        let files: Vec<String> = heard.files.iter().map(|file| file.path.clone()).collect();
        let jobs: Vec<String> = heard.jobs.iter().map(super::prompt::job_line).collect();
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let offered = Offered { tasks: heard.tasks, files: &files };
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
    async fn comes_to(&self, proposal: form::Proposal, heard: &Heard<'_>) -> Proposed {
        let form::Proposal { asks_for, work, bounds, without_file, dropped, answers } = proposal;
        let scene =
            Scene { tasks: heard.tasks, files: heard.files, jobs: heard.jobs, last: heard.last, ..Scene::default() };
        // What state answers is never left to a model's memory, but where the model heard work.
        let read = match grammar::read(heard.said, &scene) {
            grammar::Reading::Fact(fact) if asks_for != AsksFor::Work => {
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
                (_, grammar::Reading::Cancel(jobs), _) => Proposed::Words(how_to_cancel(&jobs)),
                (_, grammar::Reading::Leave, _) => Proposed::Leave,
                (_, _, []) => Proposed::Talk,
                (_, _, work) => Proposed::Words(which_file(work, heard)),
            };
        }
        // A limit that the model made up may stand for one that was said in words: then nothing but a person's yes is consent.
        let withheld = dropped.iter().any(|dropped| matches!(dropped, Dropped::Limit(_)));
        // A question reads as a plan; where all of it is free work on this machine, carrying it out gives the answer.
        let until = if answers { Until::Done } else { bounds.until };
        // A model takes a task that is not there for the nearest one that is: whether that will do is the person's to say.
        let until = if withheld || wish.is_some() { Until::Plan } else { until };
        let notes = wish.iter().map(|wish| wish.answer());
        let notes = notes.chain(dropped.iter().map(|dropped| format!("left out: {dropped}"))).collect();
        Proposed::Work(Proposal { work, bounds: Bounds { until, ..bounds }, notes, answers, ..Proposal::default() })
    }
}

#[async_trait]
impl Propose for ByForm {
    fn asks_bytes(&self, heard: &Heard<'_>) -> usize {
        window::size(&self.request(heard))
    }

    async fn propose(&self, heard: &Heard<'_>) -> Result<Reading, ModelError> {
        let files: Vec<String> = heard.files.iter().map(|file| file.path.clone()).collect();
        let offered = Offered { tasks: heard.tasks, files: &files };
        let request = self.request(heard);
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
                self.comes_to(proposal, heard).await
            }
            Err(error) => words_for(&error)?,
        };
        Ok(Reading { proposed, usage })
    }
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
