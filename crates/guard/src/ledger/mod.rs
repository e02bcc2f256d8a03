//! The ledger: requests, consents, jobs, payment attempts, budgets and measured runs, in SQLite (WAL, synchronous=FULL).
//!
//! Every change is one transaction, safe for several processes. The calls are synchronous and short; clones share one
//! connection. `jobs.jsonl` beside the database is derived from it, see [`log`].

mod approvals;
mod attempts;
pub mod clock;
mod jobs;
pub mod log;
mod measured;
mod requests;
mod restore;
mod schema;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use attempts::{CapPassed, IntendError, Spending};
pub use clock::Reading;
pub use jobs::JobLine;
pub use requests::Kept;
pub use restore::Earlier;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use cassette::Tape;
use domain::{
    ids::{JobId, RequestId},
    job::JobState,
};
use kill_point::reached_in;

/// The database's file name in the home folder.
pub const LEDGER_FILE: &str = "ledger.db";

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// No such job.
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// No such request.
    #[error("there is no request {0}")]
    NoSuchRequest(RequestId),
    /// The step is not one of the job's life.
    #[error("{job} is {from} and cannot become {to}")]
    IllegalStep {
        /// The job.
        job: JobId,
        /// Where it is.
        from: JobState,
        /// Where it cannot go.
        to: JobState,
    },
    /// A newer program wrote it.
    #[error("the ledger was written by a newer version of this program (schema {found}, known {known})")]
    TooNew {
        /// The schema version in the file.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A row that does not read back.
    #[error("the ledger holds a {what} that cannot be read: {why}")]
    Unreadable {
        /// What kind of row.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// SQLite said no.
    #[error("the ledger {path} could not be used: {source}")]
    Database {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The log tells of jobs, and the database that it was written from is gone: with it are the payments and the budget.
    #[error("{log} tells of earlier jobs and payments, and their ledger {ledger} is missing")]
    Lost {
        /// The log.
        log: PathBuf,
        /// Where the database should be.
        ledger: PathBuf,
    },
    /// The file system said no.
    #[error("{path} could not be written: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl LedgerError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            LedgerError::NoSuchJob(_) => Some("`agent jobs list` shows the jobs there are".to_owned()),
            LedgerError::NoSuchRequest(_) => Some("`agent jobs list` shows the requests there are".to_owned()),
            LedgerError::TooNew { .. } => {
                Some("install the newer version, or name another folder with AGENT_HOME".to_owned())
            }
            LedgerError::Database { .. } | LedgerError::File { .. } => {
                Some("check that AGENT_HOME is yours, writable, and not on a full disk".to_owned())
            }
            LedgerError::Lost { log, ledger } => Some(format!(
                "restore {} from a backup; to begin anew, without the history and the budget that is spent, move {} away",
                ledger.display(),
                log.display()
            )),
            LedgerError::IllegalStep { .. } | LedgerError::Unreadable { .. } => None,
        }
    }
}

/// The store, with the tape of the run that it serves: whatever the run is made of finds it here. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
    tape: Tape,
}

struct Shared {
    home: PathBuf,
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Ledger {
    /// Opens the ledger in `home`, which must exist; makes or migrates it where needed.
    ///
    /// # Errors
    /// When the file cannot be opened, a newer program wrote it, or it is gone and the log beside it tells of jobs.
    pub fn open(home: &Path) -> Result<Ledger, LedgerError> {
        Ledger::open_at(home, &Reading::now())
    }

    /// The same when the system's clocks say this.
    fn open_at(home: &Path, now: &Reading) -> Result<Ledger, LedgerError> {
        let path = home.join(LEDGER_FILE);
        let database = |source| LedgerError::Database { path: path.clone(), source };
        // Before SQLite makes a file that would look like a ledger.
        log::not_lost(home, || path.exists())?;
        let mut connection = Connection::open(&path).map_err(database)?;
        connection.busy_timeout(Duration::from_secs(30)).map_err(database)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(database)?;
        schema::migrate(&mut connection, home, &path)?;
        let shared = Shared { home: home.to_owned(), path: path.clone(), connection: Mutex::new(connection) };
        let ledger = Ledger { shared: Arc::new(shared), tape: Tape::Off };
        ledger.begin_time(now)?;
        log::write(&ledger)?;
        Ok(ledger)
    }

    /// The same store for a run on this tape.
    pub fn on(mut self, tape: Tape) -> Ledger {
        self.tape = tape;
        self
    }

    /// The tape of the run that it serves; one that is off where it was given none.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The folder it lies in.
    pub fn home(&self) -> &Path {
        &self.shared.home
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere cannot have left half a change: transactions roll back when they are dropped.
        self.shared.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn database(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::Database { path: self.shared.path.clone(), source }
    }

    /// Runs `change` in one write transaction, committed when it succeeds. `what` names it for the kill points around
    /// the commit.
    fn change<T, E: From<LedgerError>>(
        &self,
        what: &str,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| self.database(e))?;
        let value = change(&transaction)?;
        reached_in("ledger", what, "written");
        transaction.commit().map_err(|e| self.database(e))?;
        reached_in("ledger", what, "committed");
        Ok(value)
    }
}

fn unreadable(what: &'static str, why: impl std::fmt::Display) -> LedgerError {
    LedgerError::Unreadable { what, why: why.to_string() }
}

#[cfg(test)]
pub(crate) mod tests;
