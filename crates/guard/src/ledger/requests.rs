//! Requests, and the consents to their plans.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, log, unreadable};
use domain::{
    consent::Consent,
    ids::{JobId, RequestId},
    job::{Job, JobState},
    request::Request,
};

/// A request as the ledger keeps it, with every consent to its plans, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What is wanted.
    pub request: Request,
    /// The session it was made in.
    pub session: String,
    /// Who said yes to what.
    pub consents: Vec<Consent>,
}

impl Ledger {
    /// Keeps a request before anything is done for it, so that it can be taken up by its name.
    ///
    /// # Errors
    /// When the database says no.
    pub fn keep_request(&self, request: &Request, session: &str) -> Result<(), LedgerError> {
        self.change("request", |tx| self.write_request(tx, request, session))
    }

    /// Begins work: the request as it is now, the consent where one was needed, and the jobs, new ones and those that are
    /// taken up under this request, in one transaction.
    ///
    /// # Errors
    /// When the database says no; then nothing changed.
    pub fn begin(
        &self,
        request: &Request,
        session: &str,
        consent: Option<&Consent>,
        jobs: &[Job],
    ) -> Result<(), LedgerError> {
        self.change("begin", |tx| {
            self.write_request(tx, request, session)?;
            if let Some(consent) = consent {
                self.write_consent(tx, request, consent)?;
            }
            jobs.iter().try_for_each(|job| self.begin_job(tx, request, job))
        })?;
        log::write(self)
    }

    /// The same for a request that several processes may carry out: each piece of its work becomes one job. Where another
    /// process began a piece since it was planned here, its job is taken up, and the consent is to that one. Gives the jobs
    /// that were planned here and are not begun, each with the one in its place.
    ///
    /// # Errors
    /// When the database says no; then nothing changed.
    pub fn begin_once(
        &self,
        request: &Request,
        session: &str,
        consent: Option<&Consent>,
        jobs: &[Job],
    ) -> Result<Vec<(JobId, Job)>, LedgerError> {
        let instead = self.change("begin", |tx| {
            let known = self.jobs_of(tx, request)?;
            let mut instead: Vec<(JobId, Job)> = Vec::new();
            for job in jobs {
                let same = known.iter().find(|known| known.id != job.id && is_same_piece(known, job));
                instead.extend(same.map(|known| (job.id.clone(), known.clone())));
            }
            let mut request = request.clone();
            for begun in &mut request.begun {
                if let Some((_, known)) = instead.iter().find(|(planned, _)| *planned == begun.job) {
                    begun.job = known.id.clone();
                }
            }
            let request = &request;
            self.write_request(tx, request, session)?;
            for job in jobs.iter().filter(|job| !instead.iter().any(|(planned, _)| *planned == job.id)) {
                self.begin_job(tx, request, job)?;
            }
            if let Some(consent) = consent {
                let mut consent = consent.clone();
                for granted in &mut consent.granted {
                    if let Some((_, known)) = instead.iter().find(|(planned, _)| *planned == granted.job) {
                        granted.job = known.id.clone();
                    }
                }
                self.write_consent(tx, request, &consent)?;
            }
            Ok::<_, LedgerError>(instead)
        })?;
        log::write(self)?;
        Ok(instead)
    }

    /// A new job of a request, or a job of before that is work of it from now on.
    fn begin_job(&self, tx: &Connection, request: &Request, job: &Job) -> Result<(), LedgerError> {
        match self.read_job(tx, &job.id) {
            Ok(mut known) => {
                known.request = Some(request.id.clone());
                known.out_dir.clone_from(&job.out_dir);
                self.write_job(tx, &known)
            }
            Err(LedgerError::NoSuchJob(_)) => {
                let job = Job { request: Some(request.id.clone()), state: JobState::Planned, ..job.clone() };
                self.add_job(tx, &job)
            }
            Err(error) => Err(error),
        }
    }

    fn jobs_of(&self, tx: &Connection, request: &Request) -> Result<Vec<Job>, LedgerError> {
        let read = || {
            let mut statement = tx.prepare("SELECT body FROM jobs WHERE request = ?1 ORDER BY created_ms, rowid")?;
            statement.query_map([request.id.as_str()], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        };
        let bodies = read().map_err(|e| self.database(e))?;
        bodies.iter().map(|body| serde_json::from_str(body).map_err(|e| unreadable("job", e))).collect()
    }

    /// A request with its consents.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn request(&self, id: &RequestId) -> Result<Kept, LedgerError> {
        let connection = self.connection();
        let row: Option<(String, String)> = connection
            .query_row("SELECT body, session FROM requests WHERE id = ?1", [id.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(|e| self.database(e))?;
        let (body, session) = row.ok_or_else(|| LedgerError::NoSuchRequest(id.clone()))?;
        let request = serde_json::from_str(&body).map_err(|e| unreadable("request", e))?;
        let read = || {
            let mut statement = connection.prepare("SELECT body FROM consents WHERE request = ?1 ORDER BY id")?;
            statement.query_map([id.as_str()], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        };
        let bodies = read().map_err(|e| self.database(e))?;
        let consents = bodies.iter().map(|body| serde_json::from_str(body).map_err(|e| unreadable("consent", e)));
        Ok(Kept { request, session, consents: consents.collect::<Result<_, _>>()? })
    }

    /// The newest request of a session, if there is one.
    ///
    /// # Errors
    /// When the database says no.
    pub fn last_request(&self, session: &str) -> Result<Option<Request>, LedgerError> {
        let body: Option<String> = self
            .connection()
            .query_row(
                "SELECT body FROM requests WHERE session = ?1 ORDER BY created_ms DESC, rowid DESC LIMIT 1",
                [session],
                |row| row.get(0),
            )
            .optional()
            .map_err(|e| self.database(e))?;
        body.map(|body| serde_json::from_str(&body).map_err(|e| unreadable("request", e))).transpose()
    }

    /// Puts a request with its consents into a ledger that may not have it.
    pub(super) fn restore_request(&self, kept: &Kept) -> Result<(), LedgerError> {
        match self.request(&kept.request.id) {
            Err(LedgerError::NoSuchRequest(_)) => self.change("restore_request", |tx| {
                self.write_request(tx, &kept.request, &kept.session)?;
                kept.consents.iter().try_for_each(|consent| self.write_consent(tx, &kept.request, consent))
            }),
            there => there.map(|_| ()),
        }
    }

    fn write_consent(&self, tx: &Connection, request: &Request, consent: &Consent) -> Result<(), LedgerError> {
        let body = serde_json::to_string(consent).map_err(|e| unreadable("consent", e))?;
        tx.execute(
            "INSERT INTO consents (request, digest, consented_by, ts_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                request.id.as_str(),
                consent.digest.to_string(),
                consent.by.as_str(),
                consent.at.as_millisecond(),
                body
            ],
        )
        .map_err(|e| self.database(e))?;
        Ok(())
    }

    fn write_request(&self, tx: &Connection, request: &Request, session: &str) -> Result<(), LedgerError> {
        let body = serde_json::to_string(request).map_err(|e| unreadable("request", e))?;
        tx.execute(
            "INSERT INTO requests (id, session, spend_limit, created_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET spend_limit = excluded.spend_limit, body = excluded.body",
            params![
                request.id.as_str(),
                session,
                request.bounds.spend.limit().map(|limit| limit.as_i64()),
                self.tape.now("a request").as_millisecond(),
                body
            ],
        )
        .map_err(|e| self.database(e))?;
        Ok(())
    }
}

/// Whether a job that was begun is the piece of work that another one was planned for, on the file as it was measured.
fn is_same_piece(begun: &Job, planned: &Job) -> bool {
    let measured = |job: &Job| (job.verdict.dataset.bytes, job.verdict.dataset.modified_ns);
    begun.task_type == planned.task_type
        && begun.parameters == planned.parameters
        && begun.profile == planned.profile
        && begun.source.path == planned.source.path
        && measured(begun) == measured(planned)
        && (begun.state == JobState::Done || !begun.state.is_end())
}
