//! Announced payments, and which transaction paid for which task.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{
    Store, StoreError,
    tasks::{immediate, load, save},
};
use crate::{
    life::Not,
    task::{Payment, Task},
};
use domain::hash::TxHash;

/// Announcements that one task may make.
const MAX_CLAIMS: u32 = 20;

/// An announced payment that is still looked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    pub task: Task,
    pub tx_hash: TxHash,
    pub announced_at: Timestamp,
}

fn others(transaction: &Transaction<'_>, task: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM claims WHERE task = ?1 AND state = 'verifying'";
    Ok(transaction.query_row(sql, [task], |_| Ok(())).optional()?.is_some())
}

fn close(transaction: &Transaction<'_>, task: &str, tx: &TxHash, state: &str) -> Result<(), StoreError> {
    let sql = "UPDATE claims SET state = ?3 WHERE task = ?1 AND tx_hash = ?2";
    transaction.execute(sql, params![task, tx.to_string(), state])?;
    Ok(())
}

impl Store {
    /// Writes down that an owner says `tx` pays for their task. The inner error is for them.
    pub async fn announce(
        &self,
        id: &str,
        tx: TxHash,
        now: Timestamp,
        late: std::time::Duration,
    ) -> Result<Result<Task, Not>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = immediate(connection)?;
            let Some(before) = load(&transaction, &id)? else { return Ok(Err(Not("task not found".into()))) };
            let paid_for: Option<String> = transaction
                .query_row("SELECT task FROM payments WHERE tx_hash = ?1", [tx.to_string()], |row| row.get(0))
                .optional()?;
            if paid_for.is_some_and(|task| task != id) {
                return Ok(Err(Not("that transaction has paid for another task".into())));
            }
            let count: u32 =
                transaction.query_row("SELECT count(*) FROM claims WHERE task = ?1", [&id], |row| row.get(0))?;
            if count >= MAX_CLAIMS {
                return Ok(Err(Not(format!("{count} payments were announced for this task, and no more are taken"))));
            }
            let mut task = before.clone();
            match task.announce(tx, now, late) {
                Err(why) => return Ok(Err(why)),
                Ok(false) => return Ok(Ok(task)),
                Ok(true) => {}
            }
            transaction.execute(
                "INSERT INTO claims (task, tx_hash, announced_ms, state) VALUES (?1, ?2, ?3, 'verifying')
                 ON CONFLICT (task, tx_hash) DO UPDATE SET state = 'verifying'",
                params![id, tx.to_string(), now.as_millisecond()],
            )?;
            save(&transaction, &before, &mut task)?;
            transaction.commit()?;
            Ok(Ok(task))
        })
        .await
    }

    /// All announced payments that are still looked for.
    pub async fn claims(&self) -> Result<Vec<Claim>, StoreError> {
        self.call(|connection| {
            let sql = "SELECT tasks.body, tx_hash, announced_ms FROM claims JOIN tasks ON tasks.id = claims.task
                       WHERE state = 'verifying' ORDER BY announced_ms";
            let mut statement = connection.prepare(sql)?;
            let rows = statement
                .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            let mut claims = Vec::new();
            for (body, tx, announced) in rows {
                // Written by us in this very form; one that is not can never be looked for.
                let Ok(tx_hash) = tx.parse() else { continue };
                let announced_at = Timestamp::from_millisecond(announced).unwrap_or(Timestamp::UNIX_EPOCH);
                claims.push(Claim { task: serde_json::from_str(&body)?, tx_hash, announced_at });
            }
            Ok(claims)
        })
        .await
    }

    /// The announced payment does not count.
    pub async fn refuse(&self, id: &str, tx: TxHash, why: &str) -> Result<(), StoreError> {
        let (id, why) = (id.to_owned(), why.to_owned());
        self.call(move |connection| {
            let transaction = immediate(connection)?;
            close(&transaction, &id, &tx, "refused")?;
            if let Some(before) = load(&transaction, &id)? {
                let mut task = before.clone();
                task.refuse_payment(tx, &why, others(&transaction, &id)?);
                save(&transaction, &before, &mut task)?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The chain says that `tx` pays for the task. Whether it does: one transaction pays for one task, and a task is
    /// paid for once.
    pub async fn settle(&self, id: &str, tx: TxHash, block: u32) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let transaction = immediate(connection)?;
            let Some(before) = load(&transaction, &id)? else { return Ok(false) };
            let mut task = before.clone();
            let inserted = transaction.execute(
                "INSERT OR IGNORE INTO payments (tx_hash, task, block) VALUES (?1, ?2, ?3)",
                params![tx.to_string(), id, block],
            )?;
            let settled = inserted == 1;
            if settled {
                task.settle(tx, block);
                close(&transaction, &id, &tx, "paid")?;
                // Whatever else was announced is not needed any more.
                let sql = "UPDATE claims SET state = 'refused' WHERE task = ?1 AND state = 'verifying'";
                transaction.execute(sql, [&id])?;
            } else {
                close(&transaction, &id, &tx, "refused")?;
                if before.payment != Payment::Paid {
                    let others = others(&transaction, &id)?;
                    task.refuse_payment(tx, "that transaction has paid for another task", others);
                }
            }
            save(&transaction, &before, &mut task)?;
            transaction.commit()?;
            Ok(settled)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{life::tests::task, store::Submitted, task::Status};

    const TX: TxHash = TxHash([7; 32]);
    const DAY: Duration = Duration::from_secs(86_400);

    async fn store(folder: &tempfile::TempDir) -> Store {
        let store = Store::open(folder.path()).unwrap();
        for id in ["a", "b"] {
            assert_eq!(store.submit(task(id), 10).await.unwrap(), Submitted::New);
            store.announce(id, TX, Timestamp::UNIX_EPOCH, DAY).await.unwrap().unwrap();
        }
        store
    }

    #[tokio::test]
    async fn one_transaction_pays_for_one_task() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        assert_eq!(store.claims().await.unwrap().len(), 2);
        assert!(store.settle("a", TX, 5).await.unwrap());
        assert!(!store.settle("b", TX, 5).await.unwrap(), "even a verifier that lies cannot sell it twice");
        let [a, b] = [store.task("a").await.unwrap().unwrap(), store.task("b").await.unwrap().unwrap()];
        assert_eq!((a.payment, b.payment), (Payment::Paid, Payment::Unpaid));
        assert!(b.message.contains("another task"), "{}", b.message);
        let again = store.announce("b", TX, Timestamp::UNIX_EPOCH, DAY).await.unwrap();
        assert!(again.unwrap_err().0.contains("another task"));
        assert_eq!(store.claims().await.unwrap(), []);
    }

    #[tokio::test]
    async fn paid_stays_paid_and_running_runs_again_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        store.settle("a", TX, 5).await.unwrap();
        assert_eq!(store.next_run().await.unwrap().unwrap().id, "a");
        assert_eq!(store.next_run().await.unwrap(), None);
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Locked(_))), "one node a folder");
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        store.recover().await.unwrap();
        let run = store.next_run().await.unwrap().unwrap();
        assert_eq!((run.id.as_str(), run.status, run.payment, run.runs), ("a", Status::Computing, Payment::Paid, 2));
        assert_eq!(store.claims().await.unwrap().len(), 1, "the other payment is still looked for");
    }
}
