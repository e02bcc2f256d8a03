//! Schema versions, each applied once, in order, in one transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{LedgerError, log};

/// The steps from an empty file to today's schema. Steps that were released are never edited.
const STEPS: &[&str] = &[
    // 1: jobs with their history, payment attempts, approvals, measured runs, the state of the JSON log.
    "CREATE TABLE jobs (
        id TEXT PRIMARY KEY, session TEXT NOT NULL, profile TEXT NOT NULL, state TEXT NOT NULL,
        task_type TEXT NOT NULL, dataset TEXT NOT NULL, created_ms INTEGER NOT NULL, body TEXT NOT NULL
     ) STRICT;
     CREATE INDEX jobs_by_time ON jobs (created_ms);
     CREATE TABLE job_events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL REFERENCES jobs (id), ts_ms INTEGER NOT NULL,
        state TEXT NOT NULL, line TEXT NOT NULL
     ) STRICT;
     CREATE INDEX job_events_by_job ON job_events (job, seq);
     CREATE TABLE attempts (
        job TEXT NOT NULL REFERENCES jobs (id), number INTEGER NOT NULL, tx_hash TEXT NOT NULL UNIQUE,
        sender TEXT NOT NULL, network TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0),
        fees INTEGER NOT NULL CHECK (fees >= 0), state TEXT NOT NULL, created_ms INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (job, number)
     ) STRICT;
     CREATE UNIQUE INDEX one_live_attempt ON attempts (job) WHERE state IN ('intended', 'sent', 'confirmed');
     CREATE INDEX attempts_by_wallet ON attempts (sender, network, created_ms);
     CREATE TABLE approvals (
        id INTEGER PRIMARY KEY, digest TEXT NOT NULL, job TEXT NOT NULL REFERENCES jobs (id),
        approved_by TEXT NOT NULL, ts_ms INTEGER NOT NULL, used_by TEXT
     ) STRICT;
     CREATE INDEX unused_approvals ON approvals (digest) WHERE used_by IS NULL;
     CREATE TABLE measured (
        id INTEGER PRIMARY KEY, task_type TEXT NOT NULL, model_seconds REAL NOT NULL, seconds REAL NOT NULL,
        model_ram REAL NOT NULL, ram REAL NOT NULL, ts_ms INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE log_state (
        id INTEGER PRIMARY KEY CHECK (id = 1), written_seq INTEGER NOT NULL, written_bytes INTEGER NOT NULL
     ) STRICT;
     INSERT INTO log_state VALUES (1, 0, 0);",
    // 2: the ledger's own clock, by which the rolling day is counted.
    "CREATE TABLE clock (
        id INTEGER PRIMARY KEY CHECK (id = 1), ledger_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
        boot TEXT NOT NULL, up_ms INTEGER NOT NULL
     ) STRICT;
     ALTER TABLE attempts ADD COLUMN ledger_ms INTEGER NOT NULL DEFAULT 0;
     UPDATE attempts SET ledger_ms = created_ms;
     CREATE INDEX attempts_by_ledger_time ON attempts (ledger_ms);",
    // 3: requests with what they may spend, and the consents to their plans; jobs belong to a request.
    "CREATE TABLE requests (
        id TEXT PRIMARY KEY, session TEXT NOT NULL, spend_limit INTEGER CHECK (spend_limit >= 0),
        created_ms INTEGER NOT NULL, body TEXT NOT NULL
     ) STRICT;
     CREATE TABLE consents (
        id INTEGER PRIMARY KEY, request TEXT NOT NULL REFERENCES requests (id), digest TEXT NOT NULL,
        consented_by TEXT NOT NULL, ts_ms INTEGER NOT NULL, body TEXT NOT NULL
     ) STRICT;
     CREATE INDEX consents_by_request ON consents (request, id);
     ALTER TABLE jobs ADD COLUMN request TEXT REFERENCES requests (id);
     CREATE INDEX jobs_by_request ON jobs (request);",
    // 4: an attempt counts against the limit of the request under which it was made, whatever its job is work of later.
    "ALTER TABLE attempts ADD COLUMN request TEXT REFERENCES requests (id);
     UPDATE attempts SET request = (SELECT request FROM jobs WHERE jobs.id = attempts.job);
     CREATE INDEX attempts_by_request ON attempts (request);",
    // 5: a run that was ended at a limit tells the least that its own files need. What was kept of such runs before looks like
    // a run that took as long, and is not told apart.
    "ALTER TABLE measured ADD COLUMN ended_on TEXT;",
    // 6: the same work is looked for among the jobs on files of the same size.
    "CREATE INDEX jobs_by_size ON jobs (
        task_type, (CASE WHEN json_valid(body) THEN json_extract(body, '$.verdict.dataset.bytes') END));",
];

/// Brings the database to today's schema.
pub(super) fn migrate(connection: &mut Connection, home: &Path, path: &Path) -> Result<(), LedgerError> {
    let database = |source| LedgerError::Database { path: path.to_owned(), source };
    let known = STEPS.len() as i64;
    let found = |c: &Connection| c.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).map_err(database);
    if found(connection)? == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(database)?;
    let from = found(&transaction)?;
    if from > known {
        return Err(LedgerError::TooNew { found: from, known });
    }
    // Within the transaction, so that a process that has just made both is not mistaken for a loss.
    log::not_lost(home, || from > 0)?;
    for step in STEPS.iter().skip(from as usize) {
        transaction.execute_batch(step).map_err(database)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(database)?;
    transaction.commit().map_err(database)
}
