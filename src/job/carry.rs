//! All work of a plan to its end, side by side: what runs here as the machine allows, what runs at the provider as many at once
//! as the person allows. One failure does not stop the others.

use futures::future::join_all;
use tokio::sync::Semaphore;

use super::{Cancel, JobError, Workflow};
use domain::{
    ids::JobId,
    job::Job,
    plan::{Plan, PlannedWork},
    request::Until,
    verdict::{Place, Verdict},
};

/// Jobs at the provider at once, where nobody says how many.
pub const AT_ONCE: usize = 4;

/// What came of one piece of a plan.
#[derive(Debug)]
pub struct Carried {
    /// Its job.
    pub job: JobId,
    /// The job at its goal, or why it is not there.
    pub end: Result<Job, JobError>,
}

impl Workflow {
    /// Takes every possible piece of a plan that was agreed to as far as its request goes; in the plan's order.
    pub async fn carry(&self, plan: &Plan, at_once: usize, cancel: &Cancel) -> Vec<Carried> {
        let here = Semaphore::new(local_slots(plan));
        let there = Semaphore::new(at_once.max(1));
        let until = plan.request.bounds.until;
        let mut runs = Vec::new();
        for piece in plan.possible() {
            let Some(job) = piece.job.clone() else { continue };
            let slots = if is_here(piece) { &here } else { &there };
            runs.push(async move {
                // The semaphores are never closed, so a slot always comes.
                let _slot = slots.acquire().await;
                let end = self.to(&job, until, cancel).await;
                Carried { job, end }
            });
        }
        join_all(runs).await
    }

    /// Takes one job as far as its request goes.
    async fn to(&self, id: &JobId, until: Until, cancel: &Cancel) -> Result<Job, JobError> {
        let job = self.job(id)?;
        match (until, job.place()) {
            // What runs here has no quote, so it is not begun.
            (Until::Plan, _) | (Until::Quote, Place::Local) => Ok(job),
            (Until::Quote, Place::Offload) => self.to_quote(id, cancel).await,
            (Until::Done, _) => self.to_end(id, cancel).await,
        }
    }
}

fn is_here(piece: &PlannedWork) -> bool {
    piece.verdict.as_ref().is_none_or(|verdict| verdict.place == Place::Local)
}

/// How many of the local runs of a plan fit this machine side by side: by its cores, and by the memory of the largest.
fn local_slots(plan: &Plan) -> usize {
    let local = || plan.possible().filter(|piece| is_here(piece)).filter_map(|piece| piece.verdict.as_ref());
    let largest = local().map(Verdict::most_ram).fold(1.0, f64::max);
    let Some(machine) = local().next().map(|verdict| &verdict.machine) else { return 1 };
    let by_memory = (machine.available_ram as f64 / largest).floor().max(1.0) as usize;
    by_memory.min(machine.cores.max(1) as usize)
}
