//! One case, from its first turn to its verdict.

use std::{
    path::Path,
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{
    case::Case,
    judge::{Happened, Understood, judge},
    meter::{Metered, Recorder, Told, Used},
    stage::{Stage, StageError},
};
use crate::{
    agent::{Conversation, Helps, Limits, Parts, front, state::WorkflowState},
    job::{Cancel, carry::AT_ONCE},
    model::{ChatModel, ModelError},
};
use domain::{
    event::{Event, Sink as _},
    ids::SessionId,
    request::Until,
};
use guard::{config::Driving, machine::catalogue::Catalogue};

/// A turn that was told to stop has this long to do so.
const GRACE: Duration = Duration::from_secs(10);

/// Makes the model of one case: each case has a fresh one.
pub type MakeModel = Arc<dyn Fn() -> Result<Arc<dyn ChatModel>, String> + Send + Sync>;

/// How a case is played.
#[derive(Clone)]
pub struct Rules {
    /// The helps that are on.
    pub helps: Helps,
    /// Bounds on a conversation.
    pub limits: Limits,
    /// A case that takes longer has failed.
    pub limit: Duration,
    /// How it is driven.
    pub driving: Driving,
    /// Makes its model.
    pub model: MakeModel,
    /// The tasks there are.
    pub catalogue: Catalogue,
}

/// What came of a case.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// Why it did not pass, a sentence each; it passed when there is none.
    pub failed: Vec<String>,
    /// What happened.
    pub happened: Happened,
    /// Requests to the model, and tokens.
    pub used: Used,
    /// Calls that the guard refused.
    pub refusals: usize,
    /// All turns together.
    pub seconds: f64,
    /// Everything that was told.
    pub told: Vec<Told>,
    /// Whether a person stopped it: it tells nothing then.
    pub interrupted: bool,
}

impl Played {
    /// Whether everything that was expected came.
    pub fn passed(&self) -> bool {
        self.failed.is_empty() && !self.interrupted
    }

    /// A case that could not be played at all.
    pub(super) fn not_at_all(why: String) -> Played {
        Played { failed: vec![why], ..Played::default() }
    }
}

/// Plays a case on a stage of its own. A wish on `stop` ends it.
pub async fn play(case: &Case, rules: &Rules, stop: &Cancel) -> Played {
    let recorder = Arc::new(Recorder::new());
    let stage = match Stage::set(case, &rules.catalogue, recorder.clone()) {
        Ok(stage) => stage,
        Err(error) => return Played::not_at_all(format!("the case could not be set up: {error}")),
    };
    let played = on_stage(case, rules, &stage, &recorder, stop).await;
    stage.clear().await;
    played.unwrap_or_else(|error| Played::not_at_all(error.to_string()))
}

async fn on_stage(
    case: &Case,
    rules: &Rules,
    stage: &Stage,
    recorder: &Arc<Recorder>,
    stop: &Cancel,
) -> Result<Played, StageError> {
    let model = match (rules.model)() {
        Ok(model) => model,
        Err(why) => return Ok(Played::not_at_all(format!("the model could not be made: {why}"))),
    };
    let (model, used) = Metered::new(model);
    let model: Arc<dyn ChatModel> = Arc::new(model);
    let state = WorkflowState {
        workflow: stage.workflow.clone(),
        storage: String::new(),
        bucket: String::new(),
        provider: String::new(),
        profile: "sandbox".to_owned(),
        folder: stage.work(),
    };
    let mut conversation = Conversation::new(Parts {
        front: front::of(&model, rules.driving, state),
        model,
        work: stage.workflow.clone(),
        sink: recorder.clone(),
        tape: stage.workflow.ledger().tape().clone(),
        session: SessionId::random().0,
        folder: stage.work(),
        bounds: case.flags.bounds,
        limits: rules.limits,
        helps: rules.helps,
        driving: rules.driving,
        at_once: AT_ONCE,
    });
    let began = recorder.seconds();
    let (answer, mut failed) = converse(case, rules.limit, &mut conversation, recorder, stop).await;
    let seconds = recorder.seconds() - began;
    if failed.is_empty()
        && let Err(error) = conversation.finish()
    {
        failed.push(error.to_string());
    }
    drop(conversation);
    let told = recorder.told();
    let (requests, plan) = (understood(&told, &stage.work()), ended_in_a_plan(&told));
    let happened = Happened { answer, requests, plan, ..stage.happened()? };
    failed.extend(judge(&case.expect, &happened));
    // What came about without a model says nothing of it: also where just that was expected.
    failed.extend(told.iter().find_map(|told| silent(&told.event)));
    let refused = |told: &&Told| match &told.event {
        Event::ToolCompleted { result, .. } => result.get("refused_by").is_some_and(|rule| !rule.is_null()),
        _ => false,
    };
    Ok(Played {
        failed,
        happened,
        used: *used.lock().unwrap_or_else(PoisonError::into_inner),
        refusals: told.iter().filter(refused).count(),
        seconds,
        told,
        interrupted: stop.is_cancelled(),
    })
}

/// Every piece of work that was understood, from the plans that were made.
fn understood(told: &[Told], folder: &Path) -> Vec<Understood> {
    let plans = told.iter().filter_map(|told| if let Event::Plan(plan) = &told.event { Some(&plan.0) } else { None });
    let mut out: Vec<Understood> = Vec::new();
    for plan in plans {
        for piece in &plan.work {
            let path = piece.content.first().map_or(piece.work.dataset(), |content| content.path.as_path());
            let dataset = path.strip_prefix(folder).unwrap_or(path).display().to_string();
            let seen = Understood { request: plan.request.clone(), work: piece.work.clone(), dataset };
            if !out.contains(&seen) {
                out.push(seen);
            }
        }
    }
    out
}

/// Whether the last turn ended in a plan that waits for consent, or that was all that was asked for.
fn ended_in_a_plan(told: &[Told]) -> bool {
    let last = told.iter().rposition(|told| matches!(told.event, Event::TurnStarted { .. })).unwrap_or(0);
    told.iter().skip(last).any(|told| match &told.event {
        Event::Plan(plan) => plan.0.request.bounds.until == Until::Plan,
        Event::ConsentResolved { approved, .. } => !approved,
        _ => false,
    })
}

/// Why the model gave no turn, where it did not.
fn silent(event: &Event) -> Option<String> {
    match event {
        Event::Error { kind, message, .. } if ModelError::is_kind(kind) => {
            Some(format!("the model gave no turn: {message}"))
        }
        _ => None,
    }
}

/// The turns, one after the other: the last answer, and what kept them from being played.
async fn converse(
    case: &Case,
    limit: Duration,
    conversation: &mut Conversation,
    recorder: &Recorder,
    stop: &Cancel,
) -> (String, Vec<String>) {
    let deadline = tokio::time::Instant::now() + limit;
    let mut last = String::new();
    for (at, prompt) in case.turns.iter().enumerate() {
        last.clear();
        // A wish of its own, so that a turn that ran out of time is told to stop and the others are not.
        let cancel = Cancel::new();
        let turn = conversation.turn(prompt, &cancel);
        tokio::pin!(turn);
        let done = tokio::select! {
            done = &mut turn => Some(done),
            () = tokio::time::sleep_until(deadline) => None,
            () = stop.cancelled() => None,
        };
        match done {
            Some(Ok(outcome)) => last = outcome.answer,
            Some(Err(error)) => return (last, vec![format!("turn {}: {error}", at + 1)]),
            None => {
                cancel.cancel();
                // Whatever does not stop by itself is left where it stands, which the ledger is made for.
                let _ = tokio::time::timeout(GRACE, &mut turn).await;
                if stop.is_cancelled() {
                    return (last, Vec::new());
                }
                let why = format!("it took longer than {} s, and was stopped in turn {}", limit.as_secs(), at + 1);
                recorder.emit(Event::Warning { message: why.clone() });
                return (last, vec![why]);
            }
        }
    }
    (last, Vec::new())
}
