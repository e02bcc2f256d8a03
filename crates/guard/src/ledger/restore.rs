//! The part of a ledger that a run may look at from before it began, for a record of the run.

use serde::{Deserialize, Serialize};

use super::{Kept, Ledger, LedgerError};
use domain::{attempt::Attempt, job::Job};

/// Jobs at their end that are told of, the newest.
const ENDED: usize = 20;

/// A job from before, with its payments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// As it stood.
    pub job: Job,
    /// Its payment attempts, first to last.
    pub attempts: Vec<Attempt>,
    /// The request that it is work of.
    #[serde(default)]
    pub request: Option<Kept>,
}

impl Ledger {
    /// Every open job and the newest of the others, oldest first.
    ///
    /// # Errors
    /// When the database says no.
    pub fn earlier(&self) -> Result<Vec<Earlier>, LedgerError> {
        let mut jobs = self.jobs()?;
        let mut too_many = jobs.iter().filter(|job| job.state.is_end()).count().saturating_sub(ENDED);
        jobs.retain(|job| {
            let left_out = job.state.is_end() && too_many > 0;
            too_many -= usize::from(left_out);
            !left_out
        });
        let whole = |job: Job| {
            let request = job.request.as_ref().map(|id| self.request(id)).transpose()?;
            Ok(Earlier { attempts: self.attempts(&job.id)?, request, job })
        };
        jobs.into_iter().map(whole).collect()
    }

    /// Puts a job with its payments into a ledger that does not have it, as it stood.
    ///
    /// # Errors
    /// When it is there already, or the database says no.
    pub fn restore(&self, earlier: &Earlier) -> Result<(), LedgerError> {
        if let Some(kept) = &earlier.request {
            self.restore_request(kept)?;
        }
        self.insert_job(&earlier.job)?;
        // What a wallet has spent is in the record as it was then: of the time nothing is counted here.
        self.change("restore", |tx| earlier.attempts.iter().try_for_each(|attempt| self.insert_attempt(tx, attempt, 0)))
    }
}
