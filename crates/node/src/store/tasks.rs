//! Tasks in the store. Every change goes through [`Store::update`], which also writes the webhook that tells of it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{Store, StoreError, outbox};
use crate::task::{Payment, Status, Task};

/// What became of a submit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Submitted {
    /// A new task.
    New,
    /// This task was made with the same key and body before.
    Same(Box<Task>),
    /// The key was used with another body.
    Conflict,
    /// Its owner has this many unpaid tasks open, and no more are taken.
    TooMany(u32),
}

pub(super) fn load(connection: &Connection, id: &str) -> Result<Option<Task>, StoreError> {
    let text: Option<String> =
        connection.query_row("SELECT body FROM tasks WHERE id = ?1", [id], |row| row.get(0)).optional()?;
    Ok(text.map(|t| serde_json::from_str(&t)).transpose()?)
}

/// Writes a changed task, and the webhook when what its owner sees of its state has changed.
pub(super) fn save(transaction: &Transaction<'_>, before: &Task, task: &mut Task) -> Result<(), StoreError> {
    if before == task {
        return Ok(());
    }
    task.updated_at = Timestamp::now();
    transaction.execute(
        "UPDATE tasks SET status = ?2, payment = ?3, updated_ms = ?4, body = ?5 WHERE id = ?1",
        params![
            task.id,
            task.status.as_str(),
            task.payment.as_str(),
            task.updated_at.as_millisecond(),
            serde_json::to_string(task)?
        ],
    )?;
    if (before.status, before.payment) != (task.status, task.payment) {
        outbox::tell(transaction, task)?;
    }
    Ok(())
}

fn loaded(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<Task>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let texts = statement.query_map(parameters, |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    texts.iter().map(|text| Ok(serde_json::from_str(text)?)).collect()
}

pub(super) fn immediate(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

impl Store {
    /// Takes a new task, unless its key was used before or its owner has `max_open` unpaid ones.
    pub async fn submit(&self, task: Task, max_open: u32) -> Result<Submitted, StoreError> {
        self.call(move |connection| {
            let transaction = immediate(connection)?;
            if let Some(key) = &task.idempotency_key {
                let sql = "SELECT body FROM tasks WHERE owner = ?1 AND idempotency_key = ?2";
                if let Some(earlier) = loaded(&transaction, sql, params![task.owner, key])?.pop() {
                    if earlier.fingerprint != task.fingerprint {
                        return Ok(Submitted::Conflict);
                    }
                    // Presigned URLs expire: the newest signature is the one to download with.
                    let mut renewed = earlier.clone();
                    if earlier.status == Status::InQueue {
                        renewed.dataset = task.dataset;
                        renewed.input = task.input;
                    }
                    save(&transaction, &earlier, &mut renewed)?;
                    transaction.commit()?;
                    return Ok(Submitted::Same(Box::new(renewed)));
                }
            }
            let open: u32 = transaction.query_row(
                "SELECT count(*) FROM tasks WHERE owner = ?1 AND status = 'in_queue' AND payment IN ('unpaid', 'verifying')",
                [&task.owner],
                |row| row.get(0),
            )?;
            if open >= max_open {
                return Ok(Submitted::TooMany(open));
            }
            transaction.execute(
                "INSERT INTO tasks (id, owner, idempotency_key, reference, status, payment, expires_ms, updated_ms, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    task.id,
                    task.owner,
                    task.idempotency_key,
                    task.terms.reference,
                    task.status.as_str(),
                    task.payment.as_str(),
                    task.terms.expires_at.as_millisecond(),
                    task.updated_at.as_millisecond(),
                    serde_json::to_string(&task)?
                ],
            )?;
            outbox::tell(&transaction, &task)?;
            transaction.commit()?;
            Ok(Submitted::New)
        })
        .await
    }

    /// The task of that id.
    pub async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| load(connection, &id)).await
    }

    /// Changes a task in one transaction; `None` when there is none of that id. An error of `change` changes nothing.
    pub async fn update<T: Send + 'static>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Task) -> T + Send + 'static,
    ) -> Result<Option<(Task, T)>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = immediate(connection)?;
            let Some(before) = load(&transaction, &id)? else { return Ok(None) };
            let mut task = before.clone();
            let answer = change(&mut task);
            save(&transaction, &before, &mut task)?;
            transaction.commit()?;
            Ok(Some((task, answer)))
        })
        .await
    }

    /// A page of an owner's tasks, newest first, and how many there are.
    pub async fn page(&self, owner: &str, limit: u32, offset: u64) -> Result<(Vec<Task>, u64), StoreError> {
        let owner = owner.to_owned();
        self.call(move |connection| {
            let total: i64 =
                connection.query_row("SELECT count(*) FROM tasks WHERE owner = ?1", [&owner], |row| row.get(0))?;
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let sql = "SELECT body FROM tasks WHERE owner = ?1 ORDER BY seq DESC LIMIT ?2 OFFSET ?3";
            let tasks = loaded(connection, sql, params![owner, limit, offset])?;
            Ok((tasks, u64::try_from(total).unwrap_or(0)))
        })
        .await
    }

    /// After a start: what was running when the node died is to be run again.
    pub async fn recover(&self) -> Result<(), StoreError> {
        self.call(|connection| {
            let transaction = immediate(connection)?;
            for before in loaded(&transaction, "SELECT body FROM tasks WHERE status = 'computing'", [])? {
                let mut task = before.clone();
                task.recover();
                save(&transaction, &before, &mut task)?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Begins the run of the paid task that has waited longest.
    pub async fn next_run(&self) -> Result<Option<Task>, StoreError> {
        self.call(|connection| {
            let transaction = immediate(connection)?;
            let sql = "SELECT body FROM tasks WHERE status = 'in_queue' AND payment = 'paid' ORDER BY seq LIMIT 1";
            let Some(before) = loaded(&transaction, sql, [])?.pop() else { return Ok(None) };
            let mut task = before.clone();
            task.begin();
            save(&transaction, &before, &mut task)?;
            transaction.commit()?;
            Ok(Some(task))
        })
        .await
    }

    /// Gives up what nobody paid for in time; when the next task expires.
    pub async fn expire(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.call(move |connection| {
            let transaction = immediate(connection)?;
            let (status, payment) = (Status::InQueue.as_str(), Payment::Unpaid.as_str());
            let sql = "SELECT body FROM tasks WHERE status = ?1 AND payment = ?2 AND expires_ms <= ?3";
            for before in loaded(&transaction, sql, params![status, payment, now.as_millisecond()])? {
                let mut task = before.clone();
                task.expire(now);
                save(&transaction, &before, &mut task)?;
            }
            let next: Option<i64> = transaction.query_row(
                "SELECT min(expires_ms) FROM tasks WHERE status = ?1 AND payment = ?2",
                [status, payment],
                |row| row.get(0),
            )?;
            transaction.commit()?;
            // One more, as the rest of a millisecond is cut off in the index.
            Ok(next.and_then(|ms| Timestamp::from_millisecond(ms + 1).ok()))
        })
        .await
    }

    /// Ids of tasks that ended before `then`.
    pub async fn ended_before(&self, then: Timestamp) -> Result<Vec<String>, StoreError> {
        self.call(move |connection| {
            let sql = "SELECT id FROM tasks WHERE status IN ('success', 'failed', 'canceled') AND updated_ms < ?1";
            let mut statement = connection.prepare(sql)?;
            let ids = statement.query_map([then.as_millisecond()], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        })
        .await
    }
}
