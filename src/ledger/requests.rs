//! Requests, and the consents to their plans.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, log, unreadable};
use crate::domain::{
    consent::Consent,
    ids::RequestId,
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
            for job in jobs {
                match self.read_job(tx, &job.id) {
                    Ok(mut known) => {
                        known.request = Some(request.id.clone());
                        self.write_job(tx, &known)?;
                    }
                    Err(LedgerError::NoSuchJob(_)) => {
                        let job = Job { request: Some(request.id.clone()), state: JobState::Planned, ..job.clone() };
                        self.add_job(tx, &job)?;
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })?;
        log::write(self)
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
