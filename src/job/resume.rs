//! Jobs that a person's command takes up again. What has to be agreed to anew is work of one request of the command's own, so
//! that its limit is counted, in the ledger, over everything that the command pays.

use super::{Cancel, JobError, Opening, Workflow, lease, results, workflow::Goal};
use domain::{
    ids::{JobId, SessionId},
    job::Job,
    request::{Bounds, Origin, Until},
};

/// A command that takes jobs up again.
#[derive(Debug)]
pub struct Resuming {
    /// Where its request is open.
    session: String,
    /// What binds all of it.
    bounds: Bounds,
}

impl Workflow {
    /// Begins to take jobs up again, within bounds that hold over all of them together.
    pub fn resuming(&self, bounds: Bounds) -> Resuming {
        let bounds = bounds.narrowed(self.parts.bounds);
        // Of its own, so that requests that are open in the jobs' sessions stay as they are.
        let session = self.tape().draw("name of a session that takes jobs up", SessionId::random).0;
        self.open(&session, Opening { bounds, origin: Origin::Flags, said: None });
        Resuming { session, bounds }
    }

    /// Takes a job from wherever it stands to its end, or to where the command's bounds end. What its own request does not allow,
    /// or where the command has bounds, it is taken up under the command's request, with a consent of its own.
    ///
    /// # Errors
    /// Whatever the next step says; the job stands where the ledger says.
    pub async fn resume(&self, command: &Resuming, id: &JobId, cancel: &Cancel) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let bounds = command.bounds;
        let bound = bounds != Bounds::default();
        let job = self.note_out_dir(self.own_job(id)?)?;
        if results::awaits_result(&job) {
            self.check_out_dir(&job)?;
        }
        if bound && bounds.until == Until::Done {
            // Where it turns out never to have landed, the next payment is this command's, within its bounds.
            self.look_after(&job, cancel).await?;
        }
        let job = self.own_job(id)?;
        let goes_on = !bound && self.still_allowed(&job) && self.charge_is_agreed(&job).await?;
        if self.awaits_consent(&job)? && !goes_on {
            let begun = self.begun(&command.session, id).await;
            // One that is refused stands in the way of no other.
            begun.inspect_err(|_| self.put_back(&command.session, id))?;
        }
        let goal = if bounds.until == Until::Quote { Goal::Quoted } else { Goal::Done };
        self.advance(id, goal, None, cancel).await
    }
}
