//! Payment attempts, and the budget that they reserve.
//!
//! A reservation is the attempt's own row: what is live or confirmed counts with amount and fees, what landed without
//! paying counts with its fees, what expired counts nothing. So nothing is ever reserved twice or given back late. What is
//! live counts for the present day however old it is, as it may land today.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, clock::Reading, log, unreadable};
use domain::{
    attempt::{Attempt, AttemptState},
    budget::Caps,
    hash::{Hash160, Sha256, TxHash},
    ids::{JobId, RequestId},
    job::{Job, JobState},
    money::Datoshi,
    network::Network,
};

/// What an attempt `a` counts in a budget.
const COST: &str = "CASE WHEN a.state IN ('intended', 'sent', 'confirmed') THEN a.amount + a.fees
                         WHEN a.state = 'faulted' THEN a.fees ELSE 0 END";
/// Milliseconds of the rolling day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a wallet has spent or reserved on one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// In the last 24 hours.
    pub day: Datoshi,
    /// Ever.
    pub lifetime: Datoshi,
}

/// Which cap a reservation would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapPassed {
    /// One payment.
    Payment,
    /// The rolling day.
    Day,
    /// Everything.
    Lifetime,
    /// What the job's request may spend in all.
    Request,
}

/// Why no payment could be intended.
#[derive(Debug, thiserror::Error)]
pub enum IntendError {
    /// An earlier attempt may still land, or has paid.
    #[error("{job} already has a payment that is {}", state.as_str())]
    Live {
        /// The job.
        job: JobId,
        /// How the earlier attempt stands.
        state: AttemptState,
    },
    /// The same reference was paid, or is being paid, for another job: the provider could not tell the two apart.
    #[error(
        "{reference} is the reference of {other}, which was paid for or is being paid for: it is not paid again for {job}"
    )]
    Reference {
        /// The job.
        job: JobId,
        /// The one that has it.
        other: JobId,
        /// The reference.
        reference: String,
    },
    /// No approval of exactly this payment is left.
    #[error("no approval of exactly this payment of {0} is left")]
    NotApproved(JobId),
    /// It would pass a cap.
    #[error("{asked} would pass the cap of {cap}: {spent} is already spent or reserved")]
    Cap {
        /// Which.
        which: CapPassed,
        /// The cap.
        cap: Datoshi,
        /// Spent or reserved before.
        spent: Datoshi,
        /// Amount and fees asked for now.
        asked: Datoshi,
    },
    /// The ledger said no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Ledger {
    /// Reserves the budget, uses the approval, writes the attempt and takes the job to `payment_intended`, in one transaction.
    /// `now` is what the system's clocks say; the rolling day is counted by the ledger's own clock, see [`super::clock`].
    ///
    /// # Errors
    /// When an earlier attempt is live or confirmed, a cap would be passed, or the job is not at that step.
    pub fn intend(&self, attempt: &Attempt, caps: &Caps, approval: &Sha256, now: &Reading) -> Result<Job, IntendError> {
        let job = self.change("intend", |tx| {
            let earlier = self.read_attempts(tx, &attempt.job)?;
            let held = |a: &&Attempt| a.state.is_live() || a.state == AttemptState::Confirmed;
            if let Some(live) = earlier.iter().find(held) {
                return Err(IntendError::Live { job: attempt.job.clone(), state: live.state });
            }
            self.check_reference(tx, attempt)?;
            let time = self.note_time(tx, now)?;
            let spending = self.spending_in(tx, &attempt.sender, attempt.network, time)?;
            check_caps(attempt, caps, spending)?;
            self.check_request(tx, attempt)?;
            if !self.use_approval(tx, approval, &attempt.tx_hash)? {
                return Err(IntendError::NotApproved(attempt.job.clone()));
            }
            self.insert_attempt(tx, attempt, time)?;
            let hash = attempt.tx_hash;
            Ok::<Job, IntendError>(
                self.step(tx, &attempt.job, JobState::PaymentIntended, |job| job.tx_hash = Some(hash))?,
            )
        })?;
        log::write(self)?;
        Ok(job)
    }

    /// Writes down a payment that the chain shows and this ledger did not make, and takes the job to `paid`. It counts as
    /// spent now, whatever the caps are: it is what happened.
    ///
    /// # Errors
    /// When an attempt of this job is live or confirmed, or the job is not at that step.
    pub fn adopt(&self, attempt: &Attempt, now: &Reading) -> Result<Job, IntendError> {
        let job = self.change("adopt", |tx| {
            let held = |a: &&Attempt| a.state.is_live() || a.state == AttemptState::Confirmed;
            if let Some(live) = self.read_attempts(tx, &attempt.job)?.iter().find(held) {
                return Err(IntendError::Live { job: attempt.job.clone(), state: live.state });
            }
            let time = self.note_time(tx, now)?;
            self.insert_attempt(tx, attempt, time)?;
            let hash = attempt.tx_hash;
            self.step(tx, &attempt.job, JobState::PaymentIntended, |job| job.tx_hash = Some(hash))?;
            Ok(self.step(tx, &attempt.job, JobState::Paid, |_| {})?)
        })?;
        log::write(self)?;
        Ok(job)
    }

    /// One reference is paid once to a recipient, whichever job it came with and whichever of the owner's wallets pays.
    fn check_reference(&self, tx: &Connection, attempt: &Attempt) -> Result<(), IntendError> {
        let query = "SELECT job FROM attempts WHERE network = ?1 AND job <> ?2 AND state IN ('intended', 'sent', 'confirmed') \
                     AND json_extract(body, '$.reference') = ?3 AND json_extract(body, '$.recipient') = ?4 LIMIT 1";
        let parameters =
            (attempt.network.to_string(), attempt.job.as_str(), &attempt.reference, attempt.recipient.to_string());
        let other = tx.query_row(query, parameters, |row| row.get::<_, String>(0)).optional();
        let Some(other) = other.map_err(|e| self.database(e))? else { return Ok(()) };
        let other = other.parse().map_err(|e| unreadable("job", e))?;
        Err(IntendError::Reference { job: attempt.job.clone(), other, reference: attempt.reference.clone() })
    }

    /// A job's attempts, first to last.
    ///
    /// # Errors
    /// When the database says no.
    pub fn attempts(&self, job: &JobId) -> Result<Vec<Attempt>, LedgerError> {
        self.read_attempts(&self.connection(), job)
    }

    /// Every attempt of a wallet on a network, oldest first.
    ///
    /// # Errors
    /// When the database says no.
    pub fn payments_of(&self, sender: &Hash160, network: Network) -> Result<Vec<Attempt>, LedgerError> {
        let connection = self.connection();
        let read = || {
            let query = "SELECT body FROM attempts WHERE sender = ?1 AND network = ?2 ORDER BY created_ms, rowid";
            let mut statement = connection.prepare(query)?;
            let rows = statement.query_map([sender.to_string(), network.to_string()], |row| row.get::<_, String>(0))?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        let bodies = read().map_err(|e| self.database(e))?;
        bodies.iter().map(|b| serde_json::from_str(b).map_err(|e| unreadable("payment attempt", e))).collect()
    }

    /// Records how an attempt stands, and takes its job along: sent to `payment_sent`, confirmed to `paid`.
    ///
    /// An attempt that is over without having paid leaves the job where it is; what follows is the workflow's matter.
    /// What is not [`AttemptState::may_become`] changes nothing: of two processes that settle one attempt, the slower
    /// one says nothing new. A later attempt that is live when an earlier one turns out to have landed is over: it names
    /// the earlier one in Conflicts, so no block can take it.
    ///
    /// # Errors
    /// When the database says no.
    pub fn set_attempt(
        &self,
        job: &JobId,
        number: u32,
        state: AttemptState,
        block: Option<u32>,
    ) -> Result<Job, LedgerError> {
        let job = self.change(what(state), |tx| {
            let mut attempts = self.read_attempts(tx, job)?;
            if state == AttemptState::Confirmed {
                for excluded in attempts.iter_mut().filter(|a| a.number > number && a.state.is_live()) {
                    excluded.state = AttemptState::Expired;
                    self.update_attempt(tx, excluded)?;
                }
            }
            let attempt = attempts
                .iter_mut()
                .find(|a| a.number == number)
                .ok_or_else(|| unreadable("payment attempt", format!("{job} has no attempt {number}")))?;
            if !attempt.state.may_become(state) {
                return self.read_job(tx, job);
            }
            attempt.state = state;
            attempt.block = block.or(attempt.block);
            self.update_attempt(tx, attempt)?;
            let hash = attempt.tx_hash;
            let next = match state {
                AttemptState::Sent => Some(JobState::PaymentSent),
                AttemptState::Confirmed => Some(JobState::Paid),
                AttemptState::Intended | AttemptState::Faulted | AttemptState::Expired => None,
            };
            let now = self.read_job(tx, job)?;
            match next {
                Some(next) if now.state != next && now.state.may_become(next, now.place()) => {
                    self.step(tx, job, next, |job| job.tx_hash = Some(hash))
                }
                _ => Ok(now),
            }
        })?;
        log::write(self)?;
        Ok(job)
    }

    /// The job that a transaction belongs to, if any.
    ///
    /// # Errors
    /// When the database says no.
    pub fn knows_transaction(&self, hash: &TxHash) -> Result<bool, LedgerError> {
        self.connection()
            .query_row("SELECT EXISTS (SELECT 1 FROM attempts WHERE tx_hash = ?1)", [hash.to_string()], |row| {
                row.get(0)
            })
            .map_err(|e| self.database(e))
    }

    /// What `sender` has spent or reserved on `network`.
    ///
    /// # Errors
    /// When the database says no.
    pub fn spending(&self, sender: &Hash160, network: Network, now: &Reading) -> Result<Spending, LedgerError> {
        let connection = self.connection();
        let time = self.time(&connection, now)?;
        self.spending_in(&connection, sender, network, time)
    }

    fn spending_in(
        &self,
        connection: &Connection,
        sender: &Hash160,
        network: Network,
        time: i64,
    ) -> Result<Spending, LedgerError> {
        let since = time.saturating_sub(DAY_MS);
        let query = format!(
            "SELECT coalesce(sum(CASE WHEN ledger_ms > ?3 OR a.state IN ('intended', 'sent') THEN {COST} ELSE 0 END), 0), coalesce(sum({COST}), 0)
             FROM attempts a WHERE sender = ?1 AND network = ?2"
        );
        let (day, lifetime): (i64, i64) = connection
            .query_row(&query, params![sender.to_string(), network.to_string(), since], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(|e| self.database(e))?;
        Ok(Spending { day: amount(day), lifetime: amount(lifetime) })
    }

    /// What was spent or reserved under a request, fees included: by the attempts that were made while their job was work of it.
    ///
    /// # Errors
    /// When the database says no.
    pub fn spent_under(&self, request: &RequestId) -> Result<Datoshi, LedgerError> {
        self.spent_under_in(&self.connection(), request.as_str())
    }

    fn spent_under_in(&self, connection: &Connection, request: &str) -> Result<Datoshi, LedgerError> {
        let query = format!("SELECT coalesce(sum({COST}), 0) FROM attempts a WHERE a.request = ?1");
        let spent = connection.query_row(&query, [request], |row| row.get(0)).map_err(|e| self.database(e))?;
        Ok(amount(spent))
    }

    /// The limit of the request that the job is work of, over what was spent or reserved under it; fees count.
    fn check_request(&self, tx: &Connection, attempt: &Attempt) -> Result<(), IntendError> {
        let row: Option<(String, Option<i64>)> = tx
            .query_row(
                "SELECT r.id, r.spend_limit FROM jobs j JOIN requests r ON r.id = j.request WHERE j.id = ?1",
                [attempt.job.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(|e| self.database(e))?;
        let Some((request, Some(limit))) = row else { return Ok(()) };
        let (cap, spent, asked) = (amount(limit), self.spent_under_in(tx, &request)?, asked(attempt));
        if spent.checked_add(asked).is_none_or(|sum| sum > cap) {
            return Err(IntendError::Cap { which: CapPassed::Request, cap, spent, asked });
        }
        Ok(())
    }

    fn read_attempts(&self, connection: &Connection, job: &JobId) -> Result<Vec<Attempt>, LedgerError> {
        let read = || {
            let mut statement = connection.prepare("SELECT body FROM attempts WHERE job = ?1 ORDER BY number")?;
            statement.query_map([job.as_str()], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        };
        let bodies = read().map_err(|e| self.database(e))?;
        bodies.iter().map(|b| serde_json::from_str(b).map_err(|e| unreadable("payment attempt", e))).collect()
    }

    fn update_attempt(&self, tx: &Connection, attempt: &Attempt) -> Result<(), LedgerError> {
        let body = serde_json::to_string(attempt).map_err(|e| unreadable("payment attempt", e))?;
        let update = "UPDATE attempts SET state = ?3, body = ?4 WHERE job = ?1 AND number = ?2";
        tx.execute(update, params![attempt.job.as_str(), attempt.number, attempt.state.as_str(), body])
            .map_err(|e| self.database(e))?;
        Ok(())
    }

    pub(super) fn insert_attempt(&self, tx: &Connection, attempt: &Attempt, time: i64) -> Result<(), LedgerError> {
        let body = serde_json::to_string(attempt).map_err(|e| unreadable("payment attempt", e))?;
        let fees = attempt.system_fee.checked_add(attempt.network_fee).unwrap_or(Datoshi::MAX);
        tx.execute(
            "INSERT INTO attempts (job, number, tx_hash, sender, network, amount, fees, state, created_ms, body, ledger_ms,
                                   request)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, (SELECT request FROM jobs WHERE id = ?1))",
            params![
                attempt.job.as_str(),
                attempt.number,
                attempt.tx_hash.to_string(),
                attempt.sender.to_string(),
                attempt.network.to_string(),
                attempt.amount.as_i64(),
                fees.as_i64(),
                attempt.state.as_str(),
                attempt.created_at.as_millisecond(),
                body,
                time
            ],
        )
        .map_err(|e| self.database(e))?;
        Ok(())
    }
}

/// What the change of an attempt's state is called.
fn what(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Intended => "attempt_intended",
        AttemptState::Sent => "attempt_sent",
        AttemptState::Confirmed => "attempt_confirmed",
        AttemptState::Faulted => "attempt_faulted",
        AttemptState::Expired => "attempt_expired",
    }
}

/// A sum of the database as an amount; what is none counts as more than any limit.
fn amount(n: i64) -> Datoshi {
    u64::try_from(n).ok().and_then(Datoshi::new).unwrap_or(Datoshi::MAX)
}

/// Amount and fees.
fn asked(attempt: &Attempt) -> Datoshi {
    attempt
        .system_fee
        .checked_add(attempt.network_fee)
        .and_then(|fees| fees.checked_add(attempt.amount))
        .unwrap_or(Datoshi::MAX)
}

/// The caps, over what is spent and what is asked, fees included.
fn check_caps(attempt: &Attempt, caps: &Caps, spending: Spending) -> Result<(), IntendError> {
    let asked = asked(attempt);
    let over = |spent: Datoshi, cap: Datoshi| spent.checked_add(asked).is_none_or(|sum| sum > cap);
    if asked > caps.per_payment {
        let (which, cap, spent) = (CapPassed::Payment, caps.per_payment, Datoshi::ZERO);
        return Err(IntendError::Cap { which, cap, spent, asked });
    }
    for (which, cap, spent) in
        [(CapPassed::Day, caps.per_day, spending.day), (CapPassed::Lifetime, caps.lifetime, spending.lifetime)]
    {
        if over(spent, cap) {
            return Err(IntendError::Cap { which, cap, spent, asked });
        }
    }
    Ok(())
}
