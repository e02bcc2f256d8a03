//! Approvals: each is bound to a digest and serves one payment attempt.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Ledger, LedgerError};
use domain::{
    hash::{Sha256, TxHash},
    ids::JobId,
};

impl Ledger {
    /// Records that somebody approved what this digest is of.
    ///
    /// # Errors
    /// When the database says no.
    pub fn record_approval(&self, digest: &Sha256, job: &JobId, by: &str) -> Result<(), LedgerError> {
        self.change("approval", |tx| {
            tx.execute(
                "INSERT INTO approvals (digest, job, approved_by, ts_ms) VALUES (?1, ?2, ?3, ?4)",
                params![digest.to_string(), job.as_str(), by, self.tape.now("an approval").as_millisecond()],
            )
            .map_err(|e| self.database(e))?;
            Ok(())
        })
    }

    /// Who gave an approval of this digest that has not served yet: the program died between the two.
    ///
    /// # Errors
    /// When the database says no.
    pub fn unused_approval(&self, digest: &Sha256) -> Result<Option<String>, LedgerError> {
        self.connection()
            .query_row(
                "SELECT approved_by FROM approvals WHERE digest = ?1 AND used_by IS NULL LIMIT 1",
                [digest.to_string()],
                |row| row.get(0),
            )
            .optional()
            .map_err(|e| self.database(e))
    }

    /// Uses an approval for one attempt. `false` when there is none left.
    pub(super) fn use_approval(&self, tx: &Connection, digest: &Sha256, by: &TxHash) -> Result<bool, LedgerError> {
        let rows = tx
            .execute(
                "UPDATE approvals SET used_by = ?2 WHERE id =
                 (SELECT id FROM approvals WHERE digest = ?1 AND used_by IS NULL LIMIT 1)",
                params![digest.to_string(), by.to_string()],
            )
            .map_err(|e| self.database(e))?;
        Ok(rows == 1)
    }
}
