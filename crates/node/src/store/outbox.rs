//! Webhooks to send, written in the transaction that they tell of.

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde_json::json;

use super::{Store, StoreError};
use crate::task::Task;

/// A webhook to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub id: i64,
    /// Whose key signs it.
    pub owner: String,
    pub url: String,
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Writes the webhook that tells of a task's new state, where its owner wants one.
pub(super) fn tell(transaction: &Transaction<'_>, task: &Task) -> Result<(), StoreError> {
    let Some(url) = &task.callback_url else { return Ok(()) };
    let body = json!({
        "event": "task.status",
        "task_id": task.id,
        "status": task.status.as_str(),
        "payment": task.payment.as_str(),
        "message": task.told(),
        "updated_at": task.updated_at,
    });
    transaction.execute(
        "INSERT INTO outbox (owner, url, body, due_ms) VALUES (?1, ?2, ?3, ?4)",
        params![task.owner, url.as_str(), body.to_string(), task.updated_at.as_millisecond()],
    )?;
    Ok(())
}

impl Store {
    /// Webhooks that are due, oldest first, at most 50; and when the next one will be.
    pub async fn due(&self, now: Timestamp) -> Result<(Vec<Delivery>, Option<Timestamp>), StoreError> {
        self.call(move |connection| {
            let sql = "SELECT id, owner, url, body, attempts FROM outbox WHERE due_ms <= ?1 ORDER BY id LIMIT 50";
            let mut statement = connection.prepare(sql)?;
            let due = statement
                .query_map([now.as_millisecond()], |row| {
                    Ok(Delivery {
                        id: row.get(0)?,
                        owner: row.get(1)?,
                        url: row.get(2)?,
                        body: row.get(3)?,
                        attempts: row.get(4)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            let next: Option<i64> = connection.query_row(
                "SELECT min(due_ms) FROM outbox WHERE due_ms > ?1",
                [now.as_millisecond()],
                |row| row.get(0),
            )?;
            Ok((due, next.and_then(|ms| Timestamp::from_millisecond(ms).ok())))
        })
        .await
    }

    /// It was taken, or is given up.
    pub async fn delivered(&self, id: i64) -> Result<(), StoreError> {
        self.call(move |connection| {
            connection.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
            Ok(())
        })
        .await
    }

    /// It was not taken; it is due again at `then`.
    pub async fn put_off(&self, id: i64, then: Timestamp) -> Result<(), StoreError> {
        self.call(move |connection| {
            let sql = "UPDATE outbox SET attempts = attempts + 1, due_ms = ?2 WHERE id = ?1";
            connection.execute(sql, params![id, then.as_millisecond()])?;
            Ok(())
        })
        .await
    }
}
