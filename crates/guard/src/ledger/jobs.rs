//! Jobs and their history.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, log, unreadable};
use cassette::scrub::known::{heard, heard_value};
use domain::{
    ids::{JobId, RequestId},
    job::{Job, JobResult, JobState},
    text::json_escaped,
};

/// One line of `jobs.jsonl`: a job changed its state. What is not known yet is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLine {
    /// When.
    pub ts: Timestamp,
    /// Our id.
    pub job: JobId,
    /// The new state.
    pub state: JobState,
    /// The task.
    pub task_type: String,
    /// As the person named it.
    pub dataset: String,
    /// The provider's id.
    pub job_id: Option<String>,
    /// The dataset on storage, without a signature.
    pub data_url: Option<String>,
    /// The payment.
    pub tx_hash: Option<String>,
}

impl Ledger {
    /// Writes a new job, in the state it has.
    ///
    /// # Errors
    /// When the database says no.
    pub fn insert_job(&self, job: &Job) -> Result<(), LedgerError> {
        self.change("job", |tx| self.add_job(tx, job))?;
        log::write(self)
    }

    pub(super) fn add_job(&self, tx: &Connection, job: &Job) -> Result<(), LedgerError> {
        let body = serde_json::to_string(&kept(job)).map_err(|e| unreadable("job", e))?;
        tx.execute(
            "INSERT INTO jobs (id, session, profile, state, task_type, dataset, created_ms, body, request)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                job.id.as_str(),
                job.session,
                job.profile,
                job.state.as_str(),
                job.task_type,
                job.verdict.dataset.path.to_string_lossy(),
                job.created_at.as_millisecond(),
                body,
                job.request.as_ref().map(|id| id.as_str())
            ],
        )
        .map_err(|e| self.database(e))?;
        self.append_event(tx, job)
    }

    /// One job.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn job(&self, id: &JobId) -> Result<Job, LedgerError> {
        self.read_job(&self.connection(), id)
    }

    /// All jobs, oldest first.
    ///
    /// # Errors
    /// When the database says no.
    pub fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        let connection = self.connection();
        let read = || {
            let mut statement = connection.prepare("SELECT body FROM jobs ORDER BY created_ms, rowid")?;
            statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        };
        let bodies = read().map_err(|e| self.database(e))?;
        bodies.iter().map(|body| serde_json::from_str(body).map_err(|e| unreadable("job", e))).collect()
    }

    /// How many jobs of a profile were paid for and are waited for at the provider, by whichever program.
    ///
    /// # Errors
    /// When the database says no.
    pub fn count_waited_for(&self, profile: &str) -> Result<u32, LedgerError> {
        let query = "SELECT COUNT(*) FROM jobs WHERE state IN ('paid', 'running', 'result_ready')
                     AND json_extract(body, '$.profile') = ?1";
        let connection = self.connection();
        connection.query_row(query, [profile], |row| row.get(0)).map_err(|e| self.database(e))
    }

    /// The provider's ids of all jobs but one: tasks there that are somebody's already.
    ///
    /// # Errors
    /// When the database says no.
    pub fn provider_jobs_but(&self, id: &JobId) -> Result<BTreeSet<String>, LedgerError> {
        let connection = self.connection();
        let read = || {
            let query = "SELECT json_extract(body, '$.provider_job') FROM jobs
                         WHERE id <> ?1 AND json_valid(body) AND json_type(body, '$.provider_job') = 'text'";
            let mut statement = connection.prepare(query)?;
            statement.query_map([id.as_str()], |row| row.get::<_, String>(0))?.collect::<Result<BTreeSet<_>, _>>()
        };
        read().map_err(|e| self.database(e))
    }

    /// The jobs of a task, on a dataset of so many bytes, that the same work could be: those of a session or a request, and those of
    /// any that are paid for, or about to be, and have not ended; where `done`, also those of any that are done. Oldest first.
    ///
    /// # Errors
    /// When the database says no.
    pub fn jobs_alike(
        &self,
        (task, bytes): (&str, u64),
        session: &str,
        request: Option<&RequestId>,
        done: bool,
    ) -> Result<Vec<Job>, LedgerError> {
        let connection = self.connection();
        let read = || {
            let query = "SELECT body FROM jobs WHERE task_type = ?1
                         AND CASE WHEN json_valid(body) THEN json_extract(body, '$.verdict.dataset.bytes') END = ?2
                         AND (session = ?3 OR request = ?4 OR state IN ('payment_intended', 'payment_sent', 'payment_unknown',
                         'paid', 'running', 'result_ready', 'fetched') OR (?5 AND state = 'done'))
                         ORDER BY created_ms, rowid";
            let mut statement = connection.prepare(query)?;
            let request = request.map(|id| id.as_str());
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            statement
                .query_map(params![task, bytes, session, request, done], |row| row.get::<_, String>(0))?
                .collect::<Result<Vec<_>, _>>()
        };
        let bodies = read().map_err(|e| self.database(e))?;
        bodies.iter().map(|body| serde_json::from_str(body).map_err(|e| unreadable("job", e))).collect()
    }

    /// A job's history, oldest first.
    ///
    /// # Errors
    /// When the database says no.
    pub fn history(&self, id: &JobId) -> Result<Vec<JobLine>, LedgerError> {
        let connection = self.connection();
        let read = || {
            let mut statement = connection.prepare("SELECT line FROM job_events WHERE job = ?1 ORDER BY seq")?;
            statement.query_map([id.as_str()], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        };
        let lines = read().map_err(|e| self.database(e))?;
        lines.iter().map(|line| serde_json::from_str(line).map_err(|e| unreadable("job event", e))).collect()
    }

    /// Takes a job one step on its life, with what is newly known of it, in one transaction.
    ///
    /// # Errors
    /// When the step is not one of the job's life; then nothing changed.
    pub fn advance(&self, id: &JobId, to: JobState, learn: impl FnOnce(&mut Job)) -> Result<Job, LedgerError> {
        let job = self.change(to.as_str(), |tx| self.step(tx, id, to, learn))?;
        log::write(self)?;
        Ok(job)
    }

    /// Writes what is newly known of a job without a change of its state.
    ///
    /// # Errors
    /// When there is no such job.
    pub fn learn(&self, id: &JobId, learn: impl FnOnce(&mut Job)) -> Result<Job, LedgerError> {
        self.change("learn", |tx| {
            let mut job = self.read_job(tx, id)?;
            let state = job.state;
            learn(&mut job);
            job.state = state;
            self.write_job(tx, &job)?;
            Ok(job)
        })
    }

    pub(super) fn step(
        &self,
        tx: &Connection,
        id: &JobId,
        to: JobState,
        learn: impl FnOnce(&mut Job),
    ) -> Result<Job, LedgerError> {
        let mut job = self.read_job(tx, id)?;
        if !job.state.may_become(to, job.place()) {
            return Err(LedgerError::IllegalStep { job: id.clone(), from: job.state, to });
        }
        learn(&mut job);
        job.state = to;
        job.updated_at = self.tape.now(id.as_str());
        self.write_job(tx, &job)?;
        self.append_event(tx, &job)?;
        Ok(job)
    }

    pub(super) fn read_job(&self, connection: &Connection, id: &JobId) -> Result<Job, LedgerError> {
        let body: Option<String> = connection
            .prepare("SELECT body FROM jobs WHERE id = ?1")
            .and_then(|mut s| s.query_row([id.as_str()], |row| row.get(0)).optional())
            .map_err(|e| self.database(e))?;
        let body = body.ok_or_else(|| LedgerError::NoSuchJob(id.clone()))?;
        serde_json::from_str(&body).map_err(|e| unreadable("job", e))
    }

    pub(super) fn write_job(&self, tx: &Connection, job: &Job) -> Result<(), LedgerError> {
        let body = serde_json::to_string(&kept(job)).map_err(|e| unreadable("job", e))?;
        tx.execute(
            "UPDATE jobs SET state = ?2, body = ?3, request = ?4 WHERE id = ?1",
            params![job.id.as_str(), job.state.as_str(), body, job.request.as_ref().map(|id| id.as_str())],
        )
        .map_err(|e| self.database(e))?;
        Ok(())
    }

    fn append_event(&self, tx: &Connection, job: &Job) -> Result<(), LedgerError> {
        let line = JobLine {
            ts: job.updated_at,
            job: job.id.clone(),
            state: job.state,
            task_type: job.task_type.clone(),
            dataset: job.verdict.dataset.path.to_string_lossy().into_owned(),
            job_id: job.provider_job.clone(),
            data_url: job.data_url().map(str::to_owned),
            tx_hash: job.tx_hash.map(|h| h.to_string()),
        };
        let text = serde_json::to_string(&line).map_err(|e| unreadable("job event", e))?;
        let text = json_escaped(&text);
        tx.execute(
            "INSERT INTO job_events (job, ts_ms, state, line) VALUES (?1, ?2, ?3, ?4)",
            params![job.id.as_str(), line.ts.as_millisecond(), job.state.as_str(), text],
        )
        .map_err(|e| self.database(e))?;
        Ok(())
    }
}

/// A job as it is written down: what others said of it holds no secret of this process's settings.
fn kept(job: &Job) -> Job {
    let result = |result: JobResult| JobResult {
        summary: heard_value(result.summary),
        unchecked: result.unchecked.map(heard),
        warnings: result.warnings.into_iter().map(heard).collect(),
        ..result
    };
    Job {
        failure: job.failure.clone().map(heard),
        provider_job: job.provider_job.clone().map(heard),
        result: job.result.clone().map(result),
        ..job.clone()
    }
}
