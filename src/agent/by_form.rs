//! A language model as a front: it fills in one request object a turn, which its server holds to a form.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{
    by_grammar::{KnowState, NOTHING_DONE, going_on, how_to_cancel, waits, yes_to},
    propose::{Heard, Proposal, Propose, Proposed, Reading},
    window,
};
use crate::model::{
    ChatModel, ChatRequest, ChatTurn, ModelError,
    form::{self, Ask, AsksFor, Dropped, Exchange, FormError, Offered, ask},
    grammar::{self, Reading as Read, Scene},
};
use domain::request::{Bounds, Request, Until, Work};

/// So many exchanges are kept.
const MOST_EXCHANGES: usize = 40;

/// With more files than these, those in folders are not offered by their names.
const MOST_BELOW: usize = 40;

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

    /// What the model is asked. The oldest of what was said before is left out until it fits.
    fn request(&self, heard: &Heard<'_>, names: &[String]) -> ChatRequest {
        let jobs: Vec<String> = heard.jobs.iter().map(super::prompt::job_line).collect();
        let offered = Offered { tasks: heard.tasks, files: names };
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let request = Ask { offered, jobs: &jobs, earlier: &earlier, said: heard.said }.request();
            if earlier.is_empty() || heard.room.is_none_or(|room| window::size(&request) <= room) {
                return request;
            }
            earlier.remove(0);
        }
    }

    async fn answer(
        &self,
        request: ChatRequest,
        asked: &mut Vec<(ChatRequest, ChatTurn)>,
    ) -> Result<String, ModelError> {
        let turn = self.model.turn(&request, &mut |_| {}).await?;
        let text = turn.text.clone();
        asked.push((request, turn));
        Ok(text)
    }

    /// What the model makes of it; asked once more where its answer is none.
    async fn filled_in(
        &self,
        heard: &Heard<'_>,
        asked: &mut Vec<(ChatRequest, ChatTurn)>,
    ) -> Result<Result<form::Proposal, FormError>, ModelError> {
        let names = names(heard);
        let offered = Offered { tasks: heard.tasks, files: &names };
        let request = self.request(heard, &names);
        let held = form::Heard { said: heard.said, last: heard.last };
        let first = self.answer(request.clone(), asked).await?;
        let why = match form::read(&first, &held, &offered) {
            Ok(proposal) => return Ok(Ok(proposal)),
            Err(why) => why,
        };
        let again = self.answer(ask::again(&request, &first, &why), asked).await?;
        Ok(form::read(&again, &held, &offered))
    }

    fn keep(&self, said: &str, object: String) {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if earlier.len() >= MOST_EXCHANGES {
            earlier.remove(0);
        }
        earlier.push(Exchange { said: said.to_owned(), object });
    }

    /// What a form comes to. The grammar looks at the sentence too: for what state answers and the catalogue lacks, and for a no, a
    /// yes and work of before that the model did not hear.
    async fn comes_to(&self, filled: form::Proposal, heard: &Heard<'_>) -> Proposed {
        let Heard { said, tasks, files, folders, jobs, last, .. } = *heard;
        let offered = last.is_some_and(|last| waits(last, jobs));
        let scene = Scene { tasks, files, folders, jobs, last, offered, ..Scene::default() };
        let read = grammar::read(said, &scene);
        if !filled.work.is_empty() {
            return match read {
                // What state answers is not left to a model's memory, but where it heard work.
                Read::Fact(fact) if filled.asks_for != AsksFor::Work => Proposed::Words(self.knows.answer(&fact).await),
                // A model takes a task that is not there for the nearest one that is: whether that will do is the person's to say.
                Read::NotInCatalogue(wish) => Proposed::Work(only_planned(held(filled, heard), Some(wish.answer()))),
                Read::No | Read::Cancel(_) => Proposed::Work(only_planned(held(filled, heard), None)),
                // Of the same work the narrower reading holds: what the model missed the grammar may have read.
                Read::Work(found) if is_same(&found.work, &filled.work) => {
                    let bounds = filled.bounds.narrowed(found.said);
                    let held = held(form::Proposal { bounds, ..filled }, heard);
                    Proposed::Work(Proposal { plain: true, figures: found.figures, ..held })
                }
                _ => Proposed::Work(held(filled, heard)),
            };
        }
        match read {
            Read::Fact(fact) => Proposed::Words(self.knows.answer(&fact).await),
            Read::NotInCatalogue(wish) => Proposed::Words(wish.answer()),
            Read::Cancel(ids) => Proposed::Words(how_to_cancel(&ids, jobs)),
            Read::Resume(ids) => going_on(&ids, jobs),
            Read::No => Proposed::Words(NOTHING_DONE.to_owned()),
            Read::Yes => last.and_then(yes_to).map_or(Proposed::Talk { is_order: false }, Proposed::Work),
            Read::Leave => Proposed::Leave,
            // The model heard no work where the words go on from some, or did not find its file.
            Read::Work(found) if fills_in(&found.work, &filled.without_file, last.is_some()) => {
                let only_plan = filled.asks_for == AsksFor::Information || !found.unread.is_empty();
                let until = if only_plan { Until::Plan } else { found.said.until };
                let bounds = Bounds { until, ..found.said.narrowed(filled.bounds) };
                let held = held(form::Proposal { work: found.work, bounds, ..filled }, heard);
                let unread = (!found.unread.is_empty()).then(|| format!("not understood: {}", found.unread.join(", ")));
                let notes = found.understood.into_iter().chain(unread).chain(held.notes).collect();
                Proposed::Work(Proposal { plain: true, notes, figures: found.figures, ..held })
            }
            _ if !filled.without_file.is_empty() => Proposed::Words(which_file(&filled.without_file, heard)),
            _ => Proposed::Talk { is_order: filled.asks_for == AsksFor::Work },
        }
    }
}

#[async_trait]
impl Propose for ByForm {
    fn asks_bytes(&self, heard: &Heard<'_>) -> usize {
        window::size(&self.request(heard, &names(heard)))
    }

    async fn propose(&self, heard: &Heard<'_>) -> Reading {
        let mut asked = Vec::new();
        let proposed = match self.filled_in(heard, &mut asked).await {
            Ok(Ok(filled)) => {
                self.keep(heard.said, filled.object(heard.tasks));
                Ok(self.comes_to(filled, heard).await)
            }
            Ok(Err(error)) => words_for(&error),
            Err(error) => Err(error),
        };
        Reading { proposed, asked }
    }
}

/// The work of a form, within what was said before. Where something that was said may be lost, only what is free goes on without
/// a person's yes to the plan.
fn held(filled: form::Proposal, heard: &Heard<'_>) -> Proposal {
    let form::Proposal { work, bounds, dropped, answers, in_gas, .. } = filled;
    let mut notes: Vec<String> = dropped.iter().map(|dropped| format!("left out: {dropped}")).collect();
    let lost = dropped.iter().any(|dropped| matches!(dropped, Dropped::Limit(_)));
    let now = match heard.last.filter(|last| follows(&work, last)) {
        Some(last) => as_before((bounds, in_gas), last.bounds, &mut notes),
        None => bounds,
    };
    let held = Proposal { work, bounds: now, inherits: now.inherits(bounds), notes, answers, ..Proposal::default() };
    if lost { held.only_if_free() } else { held }
}

/// Work that goes no further than its plan, after these first words of the answer.
fn only_planned(proposal: Proposal, first: Option<String>) -> Proposal {
    let bounds = Bounds { until: Until::Plan, ..proposal.bounds };
    Proposal { bounds, first, answers: false, ..proposal }
}

/// Whether both are the same work, in whatever order.
fn is_same(one: &[Work], two: &[Work]) -> bool {
    one.len() == two.len() && one.iter().all(|work| two.contains(work))
}

/// Whether work that the grammar found is what a model left open: the files of its tasks, or, after work, anything.
fn fills_in(found: &[Work], without_file: &[Work], after_work: bool) -> bool {
    let open = |work: &Work| without_file.iter().any(|open| open.task == work.task);
    if without_file.is_empty() { after_work } else { found.iter().all(open) }
}

/// Whether work goes on from a request of before: by a task or a file of it.
fn follows(work: &[Work], last: &Request) -> bool {
    let same = |one: &Work, two: &Work| one.task == two.task || one.dataset() == two.dataset();
    work.iter().any(|one| last.work.iter().any(|two| same(one, two)))
}

/// What was said of money and place of the work before holds for what follows it: what a model leaves out widens nothing. Only a
/// limit that was said in GAS takes the place of another.
fn as_before((bounds, in_gas): (Bounds, bool), last: Bounds, notes: &mut Vec<String>) -> Bounds {
    let both = bounds.narrowed(last);
    let spend = if in_gas { bounds.spend } else { both.spend };
    notes.extend(spend.limit().filter(|_| spend != bounds.spend).map(|limit| format!("at most {limit}, as before")));
    notes.extend((both.place != bounds.place).then(|| "on this machine only, as before".to_owned()));
    Bounds { spend, place: both.place, ..bounds }
}

/// The names that a model may choose from: the files, those of folders where they are few, and the folders.
fn names(heard: &Heard<'_>) -> Vec<String> {
    let all = heard.files.len() <= MOST_BELOW;
    let files = heard.files.iter().filter(|file| all || !file.path.contains('/')).map(|file| file.path.clone());
    files.chain(heard.folders.iter().map(|folder| format!("{folder}/"))).collect()
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
