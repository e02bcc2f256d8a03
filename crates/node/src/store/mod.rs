//! The node's own store: tasks, announced payments and webhooks to send, in one SQLite file.
//!
//! WAL and synchronous=FULL: what was answered to a client is on disk. One node owns a folder at a time.

mod claims;
mod outbox;
mod tasks;

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use rustix::fs::{FlockOperation, flock};

pub(super) use self::{claims::Claim, outbox::Delivery, tasks::Submitted};

/// Why the store does not work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another node works in this folder.
    #[error("another node is running in {0}")]
    Locked(String),
    /// The folder cannot be used.
    #[error("the node's folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The database cannot be used.
    #[error("the node's database cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database is of another version.
    #[error("the node's database is of another version: {0}")]
    Version(#[from] rusqlite_migration::Error),
    /// A record cannot be read.
    #[error("a record in the node's database is damaged: {0}")]
    Record(#[from] serde_json::Error),
    /// The work was given up half way.
    #[error("the node's database did not answer")]
    Gone,
}

/// A handle of the store; clones share it.
#[derive(Clone)]
pub(super) struct Store {
    connection: Arc<Mutex<Connection>>,
    /// Held as long as any handle lives.
    _lock: Arc<File>,
}

const SCHEMA: &str = "
    CREATE TABLE tasks (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        idempotency_key TEXT,
        reference TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL,
        payment TEXT NOT NULL,
        expires_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX one_task_a_key ON tasks (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX tasks_by_state ON tasks (status, payment);
    CREATE INDEX tasks_by_owner ON tasks (owner, seq);

    -- Transactions that owners announced and that are still looked for.
    CREATE TABLE claims (
        task TEXT NOT NULL REFERENCES tasks (id),
        tx_hash TEXT NOT NULL,
        announced_ms INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (task, tx_hash)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX claims_by_state ON claims (state);

    -- Transactions that paid: each for one task, each task once.
    CREATE TABLE payments (
        tx_hash TEXT NOT NULL PRIMARY KEY,
        task TEXT NOT NULL UNIQUE REFERENCES tasks (id),
        block INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        url TEXT NOT NULL,
        body TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX outbox_by_time ON outbox (due_ms);
";

impl Store {
    /// Opens the store of a folder, and makes both when they are not there.
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| StoreError::Locked(folder.display().to_string()))?;
        let mut connection = Connection::open(folder.join("node.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Migrations::new(vec![M::up(SCHEMA)]).to_latest(&mut connection)?;
        Ok(Store { connection: Arc::new(Mutex::new(connection)), _lock: Arc::new(lock) })
    }

    /// Does `work` on the database, off the threads that serve.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        tokio::task::spawn_blocking(move || {
            // A thread that panicked left its transaction to be rolled back, so the connection is as good as new.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        })
        .await
        .map_err(|_| StoreError::Gone)?
    }
}
