//! What an answer claims, against what the ledger knows: jobs that are done, payments that were made, and what they cost.
//!
//! Only plain statements count. A question, a condition, a negation or a promise claims nothing; of two readings the one
//! that accuses nobody is taken.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `sentences` | sentences, their parts, and which of them state something |
//! | `amounts` | amounts of GAS, as they are written and as they are known |
//! | `statements` | which parts say that work is done, or that money went |
//! | `words` | the words that claims are made of |

mod amounts;
mod sentences;
mod statements;
mod words;

pub use self::amounts::{Amounts, names_any as names_amounts};
use self::{
    sentences::{Clause, clauses, is_question, sentences},
    statements::{says_done, says_paid},
    words::{ACTS, BOTH, CIVIL, NEGATIONS, OFFERS, PROMISES, REFUSALS, REQUESTS},
};
use super::ending;
use crate::{
    domain::{
        attempt::Attempt,
        job::{Job, JobState},
    },
    model::words::{files, jobs, plain, says_any},
};

/// What is known of a job and its payments.
#[derive(Debug, Clone)]
pub struct Known {
    /// The job.
    pub job: Job,
    /// Its payment attempts.
    pub attempts: Vec<Attempt>,
}

/// What an answer is held to.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'f> {
    /// The jobs that it can mean without naming them.
    pub meant: &'f [Known],
    /// The jobs of the conversation.
    pub own: &'f [Job],
    /// All jobs there are.
    pub all: &'f [Job],
    /// The amounts that are known.
    pub amounts: &'f Amounts,
}

/// What an answer says that is not so, each in half a sentence.
pub fn untrue(answer: &str, facts: &Facts<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let explains = sentences(answer).filter(|sentence| is_entry(sentence)).count() > 1;
    for sentence in sentences(answer).filter(|sentence| !(explains && is_entry(sentence))) {
        let clauses = clauses(sentence);
        let named = jobs(sentence);
        let meant: Vec<&Known> = facts.meant.iter().filter(|k| named.is_empty() || named.contains(&k.job.id)).collect();
        // A job of another conversation, or of nobody: that it is unknown is said elsewhere.
        let someone = named.is_empty() || !meant.is_empty();
        let before = out.len();
        for (i, clause) in clauses.iter().enumerate().filter(|(_, clause)| clause.states) {
            if says_done(clause, i == 0) {
                let files = files_meant(clauses.get(..=i).unwrap_or_default());
                if !files.is_empty() && named.is_empty() {
                    out.extend(files.iter().filter_map(|file| not_done(file, facts.all)));
                } else if someone && !meant.iter().any(|k| k.job.state == JobState::Done) {
                    out.push(match meant.as_slice() {
                        [] => "it says that the work is done, and no job was run".to_owned(),
                        [one] => format!("it says that {} is done, and it is {}", one.job.id, one.job.state),
                        many => format!("it says that the work is done, and {}", states(many)),
                    });
                } else if says_any(&clause.plain, &BOTH) && facts.own.iter().filter(is_done).count() < 2 {
                    out.push("it says that both are done, and only one job is".to_owned());
                }
            }
            if says_paid(clause, i == 0) && someone && !meant.iter().any(|k| is_paid(&k.job)) {
                out.push(match meant.as_slice() {
                    [one] => format!("it says that {} is paid, and it is {}", one.job.id, one.job.state),
                    _ => "it says that something was paid, and nothing was".to_owned(),
                });
            }
            let all_paid = !meant.is_empty() && meant.iter().all(|k| is_paid(&k.job));
            if all_paid && amounts::costs_nothing(clause.text) {
                out.push("it says that nothing was paid, and the ledger has a payment".to_owned());
            }
        }
        if out.len() == before {
            let strange = amounts::strange(sentence, facts.amounts).into_iter();
            out.extend(strange.map(|amount| {
                format!("it names {amount}, and neither the ledger nor this conversation knows of such an amount")
            }));
        }
    }
    let mut told: Vec<String> = Vec::new();
    for claim in out {
        if !told.contains(&claim) {
            told.push(claim);
        }
    }
    told
}

/// Whether it reads as an entry of a list that explains states: "Paid: the payment is confirmed."
fn is_entry(sentence: &str) -> bool {
    let of_two = || sentence.split_once(": ").map(|(label, said)| (plain(label), said.to_lowercase()));
    of_two().is_some_and(|(label, said)| {
        let states = ["planned", "staged", "submitted", "paid", "running", "done"];
        states.contains(&label.trim()) && (said.starts_with("the ") || said.starts_with("a ")) && jobs(&said).is_empty()
    })
}

/// The files that the last of these clauses is about: its own, and those of a list that it ends.
fn files_meant(clauses: &[Clause<'_>]) -> Vec<String> {
    let mut lists: Vec<Vec<String>> = Vec::new();
    for (i, clause) in clauses.iter().rev().enumerate() {
        let named = files(clause.text, &[]);
        let ends_with_one =
            named.last().is_some_and(|last| clause.text.trim_end_matches(['`', '"', '*']).ends_with(last));
        if i > 0 && !ends_with_one {
            break;
        }
        lists.push(named);
    }
    lists.into_iter().rev().flatten().collect()
}

/// What there is to say of a file's job that is said to be done, where it is not.
fn not_done(file: &str, all: &[Job]) -> Option<String> {
    let jobs: Vec<&Job> = all.iter().filter(|job| ending::has(job, file)).collect();
    if jobs.iter().any(is_done) {
        return None;
    }
    Some(match jobs.last() {
        Some(job) => format!("it says that {file} is done, and {} is {}", job.id, job.state),
        None => format!("it says that {file} is done, and no job was run on it"),
    })
}

fn is_done(job: &&Job) -> bool {
    job.state == JobState::Done
}

/// Whether an answer says that a step is about to come, and wants nothing of the person first.
pub fn promises(answer: &str) -> bool {
    let wants = |sentence: &str| says_any(&plain(sentence), &REQUESTS);
    !asks(answer) && !sentences(answer).any(wants) && sentences(answer).any(is_promise)
}

/// So many words after "I will" say what comes.
const PROMISED: usize = 4;

fn is_promise(sentence: &str) -> bool {
    let said = plain(sentence);
    let comes = |phrase: &str| {
        let phrase = plain(phrase);
        said.match_indices(&phrase).any(|(at, _)| {
            let rest = said.get(at + phrase.len()..).unwrap_or_default();
            let next = plain(&rest.split_whitespace().take(PROMISED).collect::<Vec<_>>().join(" "));
            says_any(&next, &ACTS) && !says_any(&next, &NEGATIONS)
        })
    };
    !says_any(&said, &OFFERS) && PROMISES.iter().any(|phrase| comes(phrase))
}

/// Whether an answer says plainly that something is not there or cannot be done.
pub fn refuses(answer: &str) -> bool {
    let said = plain(answer);
    REFUSALS.iter().any(|word| if word.is_ascii() { says_any(&said, &[word]) } else { said.contains(word) })
}

/// Whether an answer asks the person something. "Is there anything else?" asks nothing of what they wished for.
pub fn asks(answer: &str) -> bool {
    sentences(answer).any(|sentence| is_question(sentence) && !says_any(&plain(sentence), &CIVIL))
}

fn states(jobs: &[&Known]) -> String {
    jobs.iter().map(|k| format!("{} is {}", k.job.id, k.job.state)).collect::<Vec<_>>().join(", ")
}

/// Whether the ledger has the job as paid.
fn is_paid(job: &Job) -> bool {
    use JobState::{Done, Fetched, Paid, PaidButFailed, ResultReady, Running};
    job.quote.is_some() && matches!(job.state, Paid | Running | ResultReady | Fetched | Done | PaidButFailed)
}

#[cfg(test)]
mod answers;
#[cfg(test)]
mod tests;
