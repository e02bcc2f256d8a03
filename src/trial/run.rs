//! All cases, with every variant, as often as asked: some at once, each on a stage of its own.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};

use super::{
    case::Case,
    play::{MakeModel, Played, Rules, play},
    variant::Variant,
};
use crate::{agent::Limits, job::Cancel};
use guard::{config::Driving, machine::catalogue::Catalogue};

/// What is to be played.
pub struct Plan {
    /// The cases.
    pub cases: Vec<Case>,
    /// How; each case is played in each of these ways.
    pub variants: Vec<Variant>,
    /// How often each is played.
    pub rounds: usize,
    /// How many at once.
    pub at_once: usize,
    /// A case that takes longer has failed.
    pub limit: Duration,
    /// Bounds on each conversation.
    pub limits: Limits,
    /// How the model is driven.
    pub driving: Driving,
    /// Makes the model of a case.
    pub model: MakeModel,
    /// The tasks there are.
    pub catalogue: Catalogue,
}

/// One play of one case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which case, counted from 0.
    pub case: usize,
    /// Which variant, counted from 0.
    pub variant: usize,
    /// Which round, counted from 0.
    pub round: usize,
    /// What came of it.
    pub played: Played,
}

impl Plan {
    /// How many plays there are in all.
    pub fn plays(&self) -> usize {
        self.cases.len() * self.variants.len() * self.rounds
    }
}

/// Plays everything; `done` hears of each play as it is over. The outcomes come in the order of variants, rounds and cases.
/// After a wish on `stop` those that were over before are given.
pub async fn run(plan: &Arc<Plan>, stop: &Cancel, done: &mut dyn FnMut(&Outcome)) -> Vec<Outcome> {
    let (variants, rounds, cases) = (plan.variants.len(), plan.rounds, plan.cases.len());
    let order = (0..variants).flat_map(|v| (0..rounds).flat_map(move |r| (0..cases).map(move |c| (v, r, c))));
    let plays = order.map(|(variant, round, case)| {
        let (plan, stop) = (Arc::clone(plan), stop.clone());
        async move {
            if stop.is_cancelled() {
                return None;
            }
            // A task of its own: should one case bring the program to a panic, the others go on.
            let played = tokio::spawn(async move { one(&plan, variant, case, &stop).await }).await;
            let played =
                played.unwrap_or_else(|e| Played::not_at_all(format!("the program failed while playing it: {e}")));
            (!played.interrupted).then_some(Outcome { case, variant, round, played })
        }
    });
    let mut plays = stream::iter(plays).buffer_unordered(plan.at_once.max(1));
    let mut outcomes = Vec::with_capacity(plan.plays());
    while let Some(outcome) = plays.next().await {
        if let Some(outcome) = outcome {
            done(&outcome);
            outcomes.push(outcome);
        }
    }
    outcomes.sort_by_key(|o| (o.variant, o.round, o.case));
    outcomes
}

async fn one(plan: &Plan, variant: usize, case: usize, stop: &Cancel) -> Played {
    let (Some(case), Some(variant)) = (plan.cases.get(case), plan.variants.get(variant)) else {
        return Played::not_at_all("there is no such case".to_owned());
    };
    let rules = Rules {
        helps: variant.helps(),
        limits: plan.limits,
        limit: plan.limit,
        driving: plan.driving,
        model: Arc::clone(&plan.model),
        catalogue: plan.catalogue.clone(),
    };
    play(case, &rules, stop).await
}
