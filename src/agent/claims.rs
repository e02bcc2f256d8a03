//! What an answer claims, against what the ledger knows: jobs that are done, payments that were made, and what they cost.
//!
//! Only plain statements count. A question, a condition, a negation or a promise claims nothing; of two readings the one
//! that accuses nobody is taken.

use crate::{
    domain::{
        attempt::Attempt,
        job::{Job, JobState},
        money::Datoshi,
    },
    model::words,
};

/// A sentence with one of these states nothing that is so now.
const HEDGES: [&str; 40] = [
    "not", "isn t", "hasn t", "wasn t", "weren t", "haven t", "didn t", "doesn t", "don t", "won t", "can t", "cannot",
    "no", "never", "nothing", "nobody", "once", "when", "after", "if", "until", "unless", "will", "ll", "would",
    "before", "yet", "to be", "should", "could", "can", "may", "might", "must", "needs", "need", "wait", "going to",
    "ready to", "please",
];
/// What says that work is done.
const DONE: [&str; 11] = [
    "is done",
    "are done",
    "all done",
    "is complete",
    "are complete",
    "is completed",
    "has completed",
    "is finished",
    "has finished",
    "finished successfully",
    "completed successfully",
];
/// Steps on the way that end before the job does.
const STEPS: [&str; 14] = [
    "upload",
    "uploaded",
    "uploading",
    "submission",
    "submitted",
    "check",
    "checked",
    "quote",
    "payment",
    "paid",
    "staged",
    "staging",
    "transaction",
    "transfer",
];
/// What says that money went.
const PAID: [&str; 9] = [
    "paid",
    "payment was",
    "payment has been",
    "payment is complete",
    "payment is confirmed",
    "payment confirmed",
    "payment sent",
    "payment went",
    "transferred",
];
/// What an amount of GAS is said with when it is said to be spent.
const SPENT: [&str; 6] = ["paid", "cost", "costs", "spent", "charged", "transferred"];
/// What promises something.
const PROMISES: [&str; 10] = [
    "i will",
    "i ll",
    "i am going to",
    "i m going to",
    "let me",
    "i shall",
    "we will",
    "we ll",
    "i am now",
    "proceeding to",
];
/// What is promised when it is a step of the work.
const ACTS: [&str; 20] = [
    "run",
    "start",
    "begin",
    "check",
    "fold",
    "compute",
    "calculate",
    "analyze",
    "analyse",
    "submit",
    "upload",
    "pay",
    "process",
    "proceed",
    "perform",
    "measure",
    "do",
    "execute",
    "make",
    "plan",
];
/// With one of these it is an offer and no promise.
const OFFERS: [&str; 7] = ["if", "once", "when", "after", "unless", "until", "know"];

/// What is known of a job and its payments.
#[derive(Debug, Clone)]
pub struct Known {
    /// The job.
    pub job: Job,
    /// Its payment attempts.
    pub attempts: Vec<Attempt>,
}

/// What an answer says that is not so, each in half a sentence. `turn` are the jobs it can mean without naming them, `amounts`
/// those that the ledger knows.
pub fn untrue(answer: &str, turn: &[Known], amounts: &[Datoshi]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for sentence in sentences(answer) {
        let plain = words::plain(sentence);
        if sentence.ends_with('?') || words::says_any(&plain, &HEDGES) {
            continue;
        }
        let named = words::jobs(sentence);
        let meant: Vec<&Known> = turn.iter().filter(|k| named.is_empty() || named.contains(&k.job.id)).collect();
        // A job of another conversation, or of nobody: that it is unknown is said elsewhere.
        let someone = named.is_empty() || !meant.is_empty();
        let done = words::says_any(&plain, &DONE) && !words::says_any(&plain, &STEPS);
        if done && someone && !meant.iter().any(|k| k.job.state == JobState::Done) {
            out.push(match meant.as_slice() {
                [] => "it says that the work is done, and no job was run".to_owned(),
                [one] => format!("it says that {} is done, and it is {}", one.job.id, one.job.state),
                many => format!("it says that the work is done, and {}", states(many)),
            });
        }
        if words::says_any(&plain, &PAID) && someone && !meant.iter().any(|k| is_paid(&k.job)) {
            out.push(match meant.as_slice() {
                [one] => format!("it says that {} is paid, and it is {}", one.job.id, one.job.state),
                _ => "it says that something was paid, and nothing was".to_owned(),
            });
        } else if words::says_any(&plain, &SPENT) {
            let strange = amounts_in(sentence).into_iter().filter(|amount| !amounts.contains(amount));
            out.extend(strange.map(|amount| format!("it names a cost of {amount}, and the ledger knows of none such")));
        }
    }
    out.dedup();
    out
}

/// Whether an answer says that a step is about to come, and asks nothing first.
pub fn promises(answer: &str) -> bool {
    let promise = |sentence: &str| {
        let plain = words::plain(sentence);
        words::says_any(&plain, &PROMISES) && words::says_any(&plain, &ACTS) && !words::says_any(&plain, &OFFERS)
    };
    !asks(answer) && sentences(answer).any(promise)
}

/// Whether an answer asks the person something.
pub fn asks(answer: &str) -> bool {
    sentences(answer).any(|s| s.ends_with('?'))
}

fn states(jobs: &[&Known]) -> String {
    jobs.iter().map(|k| format!("{} is {}", k.job.id, k.job.state)).collect::<Vec<_>>().join(", ")
}

/// Whether the ledger has the job as paid.
fn is_paid(job: &Job) -> bool {
    use JobState::{Done, Fetched, Paid, PaidButFailed, ResultReady, Running};
    job.quote.is_some() && matches!(job.state, Paid | Running | ResultReady | Fetched | Done | PaidButFailed)
}

/// Whether an answer names amounts of GAS at all.
pub fn names_amounts(answer: &str) -> bool {
    !amounts_in(answer).is_empty()
}

/// Every amount that has to do with these jobs: quotes, payments, fees and their sums.
pub fn amounts_of(jobs: &[Known]) -> Vec<Datoshi> {
    let mut out = vec![Datoshi::ZERO];
    let (mut paid, mut with_fees) = (Datoshi::ZERO, Datoshi::ZERO);
    let add = |a: Datoshi, b: Datoshi| a.checked_add(b).unwrap_or(Datoshi::MAX);
    for known in jobs {
        out.extend(known.job.quote.as_ref().map(|q| q.amount));
        for attempt in &known.attempts {
            let fees = add(attempt.system_fee, attempt.network_fee);
            let all = add(attempt.amount, fees);
            out.extend([attempt.amount, attempt.system_fee, attempt.network_fee, fees, all]);
            if known.job.tx_hash == Some(attempt.tx_hash) {
                (paid, with_fees) = (add(paid, attempt.amount), add(with_fees, all));
            }
        }
    }
    out.extend([paid, with_fees]);
    out
}

/// The amounts of GAS that a sentence names.
fn amounts_in(sentence: &str) -> Vec<Datoshi> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    tokens
        .windows(2)
        .filter_map(|pair| match pair {
            [number, unit] if unit.trim_matches(|c: char| !c.is_alphanumeric()).eq_ignore_ascii_case("gas") => {
                number.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
            }
            _ => None,
        })
        .collect()
}

/// The sentences of a text, with the mark that ends each. A point within a number or a file's name ends none.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let ends = |(at, c): (usize, char)| {
            let next = rest.get(at + c.len_utf8()..).and_then(|r| r.chars().next());
            let end =
                c == '\n' || (matches!(c, '.' | '!' | '?' | ';') && next.is_none_or(|n| n.is_whitespace() || n == '*'));
            end.then_some(at + c.len_utf8())
        };
        let end = rest.char_indices().find_map(ends).unwrap_or(rest.len());
        let (sentence, tail) = rest.split_at_checked(end)?;
        rest = tail;
        Some(sentence.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{CheckRequest, Work as _, fake::Fake};

    async fn planned() -> Known {
        let fake = Fake::new(&[("data.fasta", 148)]);
        let request = CheckRequest {
            session: "ses-1".into(),
            task_type: "protein_folding".into(),
            dataset: "data.fasta".into(),
            parameters: Default::default(),
            claimed_bytes: None,
            claimed_seconds: None,
        };
        Known { job: fake.check(request).await.unwrap(), attempts: Vec::new() }
    }

    #[tokio::test]
    async fn plain_statements_are_held_to_the_ledger_and_nothing_else() {
        let jobs = [planned().await];
        let of = |answer: &str| untrue(answer, &jobs, &[Datoshi::ZERO, Datoshi::from_gas(2)]).join("; ");
        for (answer, words) in [
            ("The folding is done.", "job-aaaaaaa1 is done, and it is planned"),
            ("Great news! The job is complete; enjoy.", "job-aaaaaaa1 is done, and it is planned"),
            ("job-aaaaaaa1 is finished", "job-aaaaaaa1 is done, and it is planned"),
            ("I paid 2 GAS for it.", "job-aaaaaaa1 is paid, and it is planned"),
            ("The payment was confirmed in block 7.", "job-aaaaaaa1 is paid"),
            ("It cost 1.75 GAS.", "a cost of 1.75 GAS"),
        ] {
            assert!(of(answer).contains(words), "{answer}: {}", of(answer));
        }
        for answer in [
            "The job is not done yet.",
            "Is it done? I do not know.",
            "Once it is done, I will tell you.",
            "The upload is complete.",
            "The check of data.fasta is done: it runs at the provider.",
            "Nothing was paid.",
            "It will be paid when you approve.",
            "It would cost 7 GAS.",
            "job-zzzzzzzz is done and paid.",
            "The quote is 2 GAS.",
            "The folded protein has energy -9.",
            "",
        ] {
            assert_eq!(of(answer), "", "{answer}");
        }
    }

    #[test]
    fn promises_are_told_from_offers() {
        for answer in ["I will run the folding now.", "Let me check the file.", "Sure.\nI'll submit it."] {
            assert!(promises(answer), "{answer}");
        }
        for answer in [
            "Let me know what to run.",
            "I will run it if you want.",
            "I will run it. On which file?",
            "I'm here to help.",
            "You will need a file.",
        ] {
            assert!(!promises(answer), "{answer}");
        }
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let text = "See data.fasta: 1.5 GAS. Done!\n- next; last";
        assert_eq!(sentences(text).collect::<Vec<_>>(), ["See data.fasta: 1.5 GAS.", "Done!", "- next;", "last"]);
    }
}
