//! What runs on this machine really took.

use rusqlite::params;

use super::{Ledger, LedgerError};
use domain::estimate::Measured;

/// How many of the newest runs of a task count.
const REMEMBERED: i64 = 50;

impl Ledger {
    /// The newest measured runs of a task type, newest first; at most 50.
    ///
    /// # Errors
    /// When the database says no.
    pub fn measured(&self, task_type: &str) -> Result<Vec<Measured>, LedgerError> {
        let connection = self.connection();
        let read = || {
            let mut statement = connection.prepare(
                "SELECT model_seconds, seconds, model_ram, ram, ended_on FROM measured WHERE task_type = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            statement
                .query_map(params![task_type, REMEMBERED], |row| {
                    Ok(Measured {
                        model_seconds: row.get(0)?,
                        seconds: row.get(1)?,
                        model_ram: row.get(2)?,
                        ram: row.get(3)?,
                        ended_on: row.get(4)?,
                    })
                })?
                .collect::<Result<Vec<_>, _>>()
        };
        read().map_err(|e| self.database(e))
    }

    /// Remembers what a run took.
    ///
    /// # Errors
    /// When the database says no.
    pub fn record_measured(&self, task_type: &str, run: &Measured) -> Result<(), LedgerError> {
        self.connection()
            .execute(
                "INSERT INTO measured (task_type, model_seconds, seconds, model_ram, ram, ts_ms, ended_on) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    task_type,
                    run.model_seconds,
                    run.seconds,
                    run.model_ram,
                    run.ram,
                    self.tape.now("a measured run").as_millisecond(),
                    run.ended_on
                ],
            )
            .map_err(|e| self.database(e))?;
        Ok(())
    }
}
