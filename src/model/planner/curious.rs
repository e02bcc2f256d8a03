//! Questions and remarks that begin nothing: what a task is, whether it can be done at all, and what is said of work that
//! was begun already.

use super::{
    thread::Thread,
    wish::{Which, Wish},
};
use crate::{
    domain::{ids::JobId, task::TaskType},
    model::{about::Question, words},
};

/// How a question begins.
const ASKING: [&str; 22] = [
    "what",
    "which",
    "who",
    "whom",
    "whose",
    "where",
    "when",
    "why",
    "how",
    "is",
    "are",
    "was",
    "were",
    "did",
    "does",
    "do",
    "has",
    "have",
    "and what",
    "and how",
    "and which",
    "and where",
];
/// How a remark on what was done begins.
const REMARKS: [&str; 14] = [
    "is it",
    "is that",
    "is this",
    "was it",
    "was that",
    "was this",
    "it was",
    "it is",
    "that was",
    "this was",
    "were they",
    "are they",
    "did it",
    "did you",
];

/// Whether a text is a question, by its sign or by its first words.
pub(super) fn asks(said: &str) -> bool {
    said.contains('?') || begins(said, &ASKING)
}

fn begins(said: &str, phrases: &[&str]) -> bool {
    let plain = words::plain(said);
    phrases.iter().any(|phrase| plain.starts_with(&words::plain(phrase)))
}

/// Whether words tell of what was, or of what others do or want: no wish.
pub(super) fn tells(strange: &[String]) -> bool {
    const TELLS: [&str; 14] = [
        "already",
        "folded",
        "aligned",
        "blasted",
        "summarised",
        "summarized",
        "was",
        "were",
        "wants",
        "said",
        "says",
        "colleague",
        "friend",
        "yesterday",
    ];
    strange.iter().any(|word| TELLS.contains(&word.as_str()))
}

/// Whether a text only imagines what it speaks of.
pub(super) fn imagines(text: &str) -> bool {
    words::says_any(&words::plain(text), &["imagine", "suppose", "hypothetically", "in theory"])
}

/// The question or remark that a text is, where it begins nothing.
pub(super) fn read(
    said: &str,
    thread: &Thread,
    named: &[&TaskType],
    files: &[String],
    job: Option<&JobId>,
) -> Option<Wish> {
    if job.is_some() {
        return None;
    }
    // "How many proteins were folded?" is asked of what was folded, whatever else it names.
    let done = named.iter().find(|task| thread.begun.iter().any(|wanted| wanted.task == task.name));
    let passive = words::says_any(&words::plain(said), &["were folded", "was folded", "were aligned", "were blasted"]);
    if let Some(task) = done.filter(|_| passive && asks(said) && !words::orders(said)) {
        let what = Which::Of(Some(task.name.clone()), files.to_vec());
        return Some(Wish::About(Question::Outcome, what));
    }
    let begun = |task: &TaskType| thread.begun.iter().any(|wanted| wanted.task == task.name);
    match named.first() {
        Some(task) if begun(task) => {
            // "What were the statistics again?" asks for those that were made, on whatever file came after them.
            let past = words::says_any(&words::plain(said), &["was", "were"]) && asks(said) && files.is_empty();
            let alone = past && !words::orders(said) && !words::only_asks(said) && named.len() == 1;
            let which = Which::Of(Some(task.name.clone()), Vec::new());
            let other = words::says_any(&words::plain(said), &["cost", "pay", "paid", "why", "where", "how much"]);
            (alone && !other).then_some(Wish::About(Question::Outcome, which))
        }
        Some(_) if explains(said, files) || of_ability(said, files) => Some(Wish::Help),
        Some(_) => None,
        None if thread.begun.is_empty() || !files.is_empty() => None,
        None => {
            let better = begins(said, &["would it be", "would that be"])
                && words::says_any(&words::plain(said), &["better", "worse", "faster", "slower", "different"]);
            let chosen = words::says_any(&words::plain(said), &CHOSEN) || words::says(&words::plain(said), "3d");
            let remark = begins(said, &REMARKS) && chosen && !words::says_any(&words::plain(said), &["pay", "paid"]);
            let used = begins(said, &["which", "what"]) && words::says_any(&words::plain(said), &["seed", "effort"]);
            let about = !begins(said, &["what about"]) && (remark || used);
            (about || better).then_some(Wish::About(Question::Anything, Which::Last))
        }
    }
}

/// Words of the choices that a remark may speak of.
const CHOSEN: [&str; 9] =
    ["quick", "thorough", "normal", "seed", "dimension", "dimensions", "effort", "2d", "sentences"];

/// Whether a text asks what a task is, or how it is asked for.
fn explains(said: &str, files: &[String]) -> bool {
    let plain = words::plain(said);
    let what = ["what is", "what s", "what are", "what does"].iter().find_map(|p| plain.strip_prefix(&words::plain(p)));
    let of_own = |rest: &str| {
        let next = rest.split(' ').next().unwrap_or_default();
        ["the", "my", "its", "this", "that", "our", "total", "average", "mean"].contains(&next)
            || next.starts_with(|c: char| c.is_ascii_digit())
    };
    // What it costs, or whether it fits, is looked at.
    !words::only_asks(said)
        && (begins(said, &["how do i", "how can i", "how would i", "how to", "which parameters", "what parameters"])
            || (files.is_empty() && what.is_some_and(|rest| !of_own(rest))))
}

/// Whether a text asks what can be done, and not for it to be done: "Can you fold proteins?"
fn of_ability(said: &str, files: &[String]) -> bool {
    const POINTS: [&str; 16] = [
        "the", "this", "that", "my", "our", "it", "them", "these", "those", "all", "both", "again", "file", "files",
        "please", "for me",
    ];
    let can = begins(said, &["can you", "could you", "are you able to", "do you"]) && said.contains('?');
    can && files.is_empty() && !words::says_any(&words::plain(said), &POINTS) && !words::wants_shown(said)
}

/// What is answered to a question that names nothing known: all that is known of the jobs that were talked about.
pub(super) fn instead(wish: Wish, said: &str, thread: &Thread) -> Wish {
    let lost = matches!(wish, Wish::Unknown | Wish::NotPlain(None));
    match lost && asks(said) && !thread.jobs.is_empty() {
        true => Wish::About(Question::Anything, Which::Last),
        false => wish,
    }
}
