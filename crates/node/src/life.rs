//! What may happen to a task: pure, without clock or database.

use std::time::Duration;

use jiff::Timestamp;

use super::task::{Finished, Payment, Status, Task, Terms};
use domain::{hash::TxHash, units};

/// How often a run that dies with the node is begun.
const MAX_RUNS: u32 = 3;

/// Why a task does not do what was asked, in words for its owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Not(pub String);

fn not<T>(why: impl Into<String>) -> Result<T, Not> {
    Err(Not(why.into()))
}

impl Task {
    /// An owner says that `tx` pays for the task. `late` is how long after expiry that is still heard: their money may
    /// be on its way. Gives whether the payment is to be looked for.
    pub fn announce(&mut self, tx: TxHash, now: Timestamp, late: Duration) -> Result<bool, Not> {
        if self.payment == Payment::Paid {
            return if self.tx_hash == Some(tx) { Ok(false) } else { not("the task is paid for already") };
        }
        if self.status.is_end() && self.payment != Payment::Expired {
            return not(format!("the task has ended already: {}", self.status.as_str()));
        }
        if now > after(self.terms.expires_at, late) {
            return not(format!("the task expired at {} and is not looked at any more", self.terms.expires_at));
        }
        self.status = Status::InQueue;
        self.payment = Payment::Verifying;
        self.tx_hash = Some(tx);
        self.message = format!("looking for the payment {tx} on the chain");
        Ok(true)
    }

    /// What its owner is told: where it stands, and while it waits for a payment, what that payment must be. AIOZ's own clients
    /// know no terms of payment, and show this text.
    pub fn told(&self) -> String {
        if self.status != Status::InQueue || self.payment != Payment::Unpaid {
            return self.message.clone();
        }
        let Terms { network, recipient, amount, reference, expires_at } = &self.terms;
        format!(
            "{}. Send {amount} to {} on Neo N3 {}, with the data {reference}, by {expires_at:.0}; then say so with POST \
             /api-key/task/{}/payment and the body {{\"tx_hash\": \"0x...\"}}.",
            self.message,
            recipient.address(),
            network.named(),
            self.id,
        )
    }

    /// The announced payment `tx` does not count; `others` says whether further ones are still looked for.
    pub fn refuse_payment(&mut self, tx: TxHash, why: &str, others: bool) {
        if self.payment == Payment::Verifying && !others {
            self.payment = Payment::Unpaid;
            self.message = format!("the payment {tx} does not count: {why}");
        }
    }

    /// The chain says that `tx`, in `block`, pays for the task.
    pub fn settle(&mut self, tx: TxHash, block: u32) {
        self.payment = Payment::Paid;
        self.tx_hash = Some(tx);
        if self.status == Status::InQueue {
            self.message = format!("paid in block {block}; waiting for a free worker");
        }
    }

    /// Gives up a task that nobody paid for in time.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let due = self.status == Status::InQueue && self.payment == Payment::Unpaid && now >= self.terms.expires_at;
        if due {
            self.status = Status::Canceled;
            self.payment = Payment::Expired;
            let why = if self.tx_hash.is_some() { format!(" ({})", self.message) } else { String::new() };
            self.message = format!("canceled: it was not paid by {}{why}", self.terms.expires_at);
        }
        due
    }

    /// Its turn has come.
    pub fn begin(&mut self) {
        self.status = Status::Computing;
        self.runs += 1;
        self.message = "computing".into();
    }

    /// The node stops in good order while the task runs; it is run again at the next start.
    pub fn put_back(&mut self) {
        if self.status == Status::Computing {
            self.status = Status::InQueue;
            self.runs = self.runs.saturating_sub(1);
            self.message = "the node is restarting; the run begins anew".into();
        }
    }

    /// The node died while the task ran.
    pub fn recover(&mut self) {
        if self.status != Status::Computing {
            return;
        }
        if self.runs >= MAX_RUNS {
            self.status = Status::Failed;
            self.error = Some(format!(
                "the node was interrupted {} while it ran this task",
                units::counted(self.runs.into(), "time", "times")
            ));
            self.message = "failed".into();
        } else {
            self.status = Status::InQueue;
            self.message = "the node was interrupted; the run begins anew".into();
        }
    }

    /// The run is over. Nothing changes for a task that was given up meanwhile.
    pub fn finish(&mut self, outcome: Result<Finished, String>) {
        if self.status != Status::Computing {
            return;
        }
        match outcome {
            Ok(finished) => {
                self.status = Status::Success;
                self.message = "done".into();
                self.finished = Some(finished);
            }
            Err(error) => {
                self.status = Status::Failed;
                self.message = "failed".into();
                self.error = Some(error);
            }
        }
    }

    /// Its owner gives it up.
    pub fn cancel(&mut self) -> Result<(), Not> {
        if self.status.is_end() {
            return not(format!("the task has ended already: {}", self.status.as_str()));
        }
        self.status = Status::Canceled;
        self.message = match self.payment {
            Payment::Paid => "canceled by its owner, after it was paid for",
            _ => "canceled by its owner",
        }
        .into();
        Ok(())
    }
}

/// `time` and `more`; the end of time when there is none that late.
pub(super) fn after(time: Timestamp, more: Duration) -> Timestamp {
    time.checked_add(more).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::*;
    use crate::task::Terms;
    use domain::{
        hash::{Hash160, Sha256},
        money::Datoshi,
        network::Network,
        task::Parameters,
    };

    pub(crate) fn task(id: &str) -> Task {
        let now = Timestamp::UNIX_EPOCH;
        Task {
            id: id.into(),
            owner: "owner".into(),
            task_type: "sequence_stats".into(),
            input: Value::Null,
            dataset: "https://s3/a.fasta".parse().unwrap(),
            parameters: Parameters::new(),
            fingerprint: Sha256::of(b""),
            idempotency_key: None,
            callback_url: None,
            terms: Terms {
                network: Network(1),
                recipient: Hash160([1; 20]),
                amount: Datoshi::from_gas(2),
                reference: id.into(),
                expires_at: after(now, MINUTE),
            },
            status: Status::InQueue,
            payment: Payment::Unpaid,
            tx_hash: None,
            message: String::new(),
            runs: 0,
            finished: None,
            error: None,
            created_at: now,
            updated_at: now,
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(86_400);
    const TX: TxHash = TxHash([7; 32]);

    #[test]
    fn an_unpaid_task_expires_and_a_verifying_one_does_not() {
        let late = after(Timestamp::UNIX_EPOCH, MINUTE);
        let mut task = task("t");
        assert!(!task.expire(Timestamp::UNIX_EPOCH));
        task.announce(TX, Timestamp::UNIX_EPOCH, DAY).unwrap();
        assert!(!task.expire(late), "a payment that is looked for gets grace");
        assert!(!task.told().contains("Send"), "one that is looked for is not asked for again: {}", task.told());
        task.refuse_payment(TX, "it is a FAULT", false);
        let asked = format!(
            "FAULT. Send 2 GAS to {} on Neo N3 network 1, with the data t, by 1970-01-01T00:01:00Z; then say so with \
             POST /api-key/task/t/payment and the body {{\"tx_hash\": \"0x...\"}}.",
            Hash160([1; 20]).address()
        );
        assert!(task.told().ends_with(&asked), "{}", task.told());
        assert!(task.expire(late));
        assert!(!task.told().contains("Send"), "{}", task.told());
        assert_eq!((task.status, task.payment), (Status::Canceled, Payment::Expired));
        assert!(task.message.contains("not paid by") && task.message.contains("FAULT"), "{}", task.message);
    }

    #[test]
    fn money_that_comes_late_is_still_looked_at() {
        let mut task = task("t");
        task.expire(after(Timestamp::UNIX_EPOCH, MINUTE));
        let too_late = after(Timestamp::UNIX_EPOCH, 2 * DAY);
        assert!(task.announce(TX, too_late, DAY).is_err());
        let mut held = self::task("t");
        held.announce(TX, Timestamp::UNIX_EPOCH, DAY).unwrap();
        assert!(
            held.announce(TxHash([8; 32]), too_late, DAY).is_err(),
            "nobody holds a place with one hash after another"
        );
        assert_eq!(task.announce(TX, after(Timestamp::UNIX_EPOCH, DAY), DAY), Ok(true));
        assert_eq!((task.status, task.payment), (Status::InQueue, Payment::Verifying));
        task.settle(TX, 9);
        assert_eq!(task.announce(TX, Timestamp::UNIX_EPOCH, DAY), Ok(false), "the same once more is nothing new");
        assert!(task.announce(TxHash([8; 32]), Timestamp::UNIX_EPOCH, DAY).is_err());
    }

    #[test]
    fn a_run_is_begun_anew_but_not_for_ever() {
        let mut task = task("t");
        task.settle(TX, 1);
        for _ in 1..MAX_RUNS {
            task.begin();
            task.recover();
            assert_eq!(task.status, Status::InQueue);
        }
        task.begin();
        task.put_back();
        task.begin();
        task.recover();
        assert_eq!(task.status, Status::Failed);
        assert_eq!(task.payment, Payment::Paid, "what is paid stays paid");
    }

    #[test]
    fn a_canceled_task_takes_no_result() {
        let mut task = task("t");
        task.begin();
        task.cancel().unwrap();
        task.finish(Err("late".into()));
        assert_eq!((task.status, task.error.clone()), (Status::Canceled, None));
        assert!(task.cancel().is_err());
    }
}
