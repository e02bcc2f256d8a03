//! The request that is open in a session, as tools see it: the plan that waits for consent, and the request that was agreed to
//! last.

use super::Toolbox;
use domain::{
    ids::JobId,
    job::Job,
    plan::{Plan, PlannedWork},
    request::{Request, Until},
};

/// What is open in a session.
#[derive(Debug, Default)]
pub struct Standing {
    /// What was checked and not agreed to yet.
    pub pending: Option<Plan>,
    /// The newest request that somebody agreed to, or was asked for.
    pub last: Option<Request>,
}

impl Standing {
    /// That of the toolbox's session. A ledger that cannot be read says so at the next step.
    pub fn of(toolbox: &Toolbox) -> Standing {
        Standing {
            pending: toolbox.work.pending(&toolbox.session).ok().flatten(),
            last: toolbox.work.last_request(&toolbox.session).ok().flatten(),
        }
    }

    /// A job that waits, as the plan has it.
    pub fn piece(&self, id: &JobId) -> Option<&PlannedWork> {
        self.pending.as_ref()?.work.iter().find(|piece| piece.job.as_ref() == Some(id))
    }

    /// How far the request goes that a job is work of.
    pub fn until(&self, job: &Job) -> Until {
        if let Some(plan) = self.pending.as_ref().filter(|_| self.piece(&job.id).is_some()) {
            return plan.request.bounds.until;
        }
        let last = self.last.as_ref().filter(|request| job.request.as_ref() == Some(&request.id));
        last.map_or(Until::Done, |request| request.bounds.until)
    }
}
