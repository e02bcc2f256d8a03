//! Which part of a sentence says that work is done, and which that money went: by the forms in which people and models
//! say it, and not by a word alone. "The provider is paid in GAS" tells how things are, "the job is paid" that it is so.

use super::{
    amounts,
    sentences::Clause,
    words::{
        ACTORS, ADVERBS, ARRIVED, DONE_ABROAD, FINISHED, GENERAL, HAVE, IS, JOINTS, LABELS, MADE, MOVED, PAID_ABROAD,
        PAYMENT, PENDING, SETTLED, SHAPED, STEPS, WAS, WORK,
    },
};
use crate::model::words::says_any;

/// Whether a part of a sentence says that work is done; `first` is whether it begins the sentence.
pub fn says_done(clause: &Clause<'_>, first: bool) -> bool {
    pieces(&clause.plain).iter().any(|piece| !says_any(piece, &STEPS) && is_done(&words(piece)))
        || (first && stands_alone(&words(&clause.plain), &FINISHED))
        || (!says_any(&clause.plain, &STEPS) && (is_labelled(clause) || abroad(clause, &DONE_ABROAD)))
}

fn is_done(words: &[&str]) -> bool {
    let perfect = any(words, &FINISHED, |i| {
        let by = before(words, i);
        let plain = HAVE.contains(&by) || WAS.contains(&by);
        plain || (IS.contains(&by) && !GENERAL.contains(&after(words, i)))
    });
    let ours = any(words, &MADE, |i| ACTORS.contains(&before(words, i)))
        || any(words, &SHAPED, |i| {
            let by = before(words, i);
            WAS.contains(&by) || ACTORS.contains(&by) || (HAVE.contains(&by) && has_actor(words))
        });
    let work = any(words, &FINISHED, |i| WORK.contains(&before(words, i)));
    let over = words.last() == Some(&"over") && IS.contains(&before(words, words.len() - 1));
    let arrived = any(words, &ARRIVED, |i| {
        let by = before(words, i);
        (IS.contains(&by) || HAVE.contains(&by)) && words.iter().any(|w| matches!(*w, "result" | "results"))
    });
    perfect || ours || work || over || arrived
}

/// Whether a part of a sentence says that money went; `first` is whether it begins the sentence.
pub fn says_paid(clause: &Clause<'_>, first: bool) -> bool {
    let words = words(&clause.plain);
    let amount = amounts::names_any(clause.text);
    if says_any(&clause.plain, &PENDING) || (amount && amounts::are_zero(clause.text)) {
        return false;
    }
    let is_general = |i: usize| GENERAL.contains(&after(&words, i));
    let by_others = |i: usize| matches!(words.get(i + 1..), Some(["by", ..] | ["for", "by", ..]));
    let has_been = words.iter().any(|w| IS.contains(w) || WAS.contains(w) || HAVE.contains(w));
    let paid = any(&words, &["paid"], |i| {
        let by = before(&words, i);
        let general = is_general(i) || words.contains(&"provider") || words.contains(&"providers");
        let is = IS.contains(&by) && !general;
        let was = WAS.contains(&by) || HAVE.contains(&by) || ACTORS.contains(&by) || by == "you";
        // "Paid: 2 GAS", "Total paid: 2 GAS".
        let told = i < 3 && amount && after(&words, i).starts_with(|c: char| c.is_ascii_digit());
        let joined = has_been && by == "and" && !general;
        (is || was || told || joined) && !by_others(i)
    });
    let payment = words.iter().position(|w| PAYMENT.contains(w)).is_some_and(|at| {
        let figures = words.iter().any(|w| w.starts_with(|c: char| c.is_ascii_digit()));
        let settled = any(&words, &SETTLED, |i| i > at && (figures || !is_general(i)));
        settled
            || clause.text.contains(['✅', '✔', '☑', '✓'])
            || any(&words, &SETTLED, |i| {
                let by = before(&words, i);
                ACTORS.contains(&by) || HAVE.contains(&by)
            })
    });
    let moved = amount
        && any(&words, &MOVED, |i| {
            let by = before(&words, i);
            WAS.contains(&by)
                || HAVE.contains(&by)
                || ACTORS.contains(&by)
                || by == "you"
                || words.get(i) == Some(&"went")
        });
    paid || payment || moved || (first && stands_alone(&words, &["paid"])) || abroad(clause, &PAID_ABROAD)
}

/// "Status: done", and the same as a line of a table.
fn is_labelled(clause: &Clause<'_>) -> bool {
    let line = clause.text.trim().trim_matches('|');
    let Some((label, value)) = line.split_once([':', '|']) else { return false };
    let (label, value) = (crate::model::words::plain(label), crate::model::words::plain(value));
    let value = words(&value);
    let done = value.iter().find(|w| !ADVERBS.contains(w)).is_some_and(|w| FINISHED.contains(w));
    done && (says_any(&label, &LABELS) || !crate::model::words::files(clause.text, &[]).is_empty())
}

/// Whether the words say nothing else: "Done", "All finished", "It's now complete".
fn stands_alone(words: &[&str], what: &[&str]) -> bool {
    const BESIDE: [&str; 10] = ["all", "everything", "it", "s", "its", "and", "is", "great", "ok", "well"];
    let alone = |w: &&str| what.contains(w) || BESIDE.contains(w) || ADVERBS.contains(w) || FINISHED.contains(w);
    words.iter().any(|w| what.contains(w)) && words.iter().all(alone)
}

/// Whether it says so in another language. Chinese has no spaces between words.
fn abroad(clause: &Clause<'_>, what: &[&str]) -> bool {
    what.iter().any(|word| match word.is_ascii() || word.chars().all(|c| c < '\u{2e80}') {
        true => says_any(&clause.plain, &[word]),
        false => clause.plain.contains(word),
    })
}

/// The statements that "and" joins. What has no verb of its own belongs to the next one: "the upload and the check are
/// done".
fn pieces(plain: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = true;
    let mut piece = String::from(" ");
    for word in plain.split_whitespace() {
        if JOINTS.contains(&word) && !open {
            out.push(std::mem::replace(&mut piece, " ".to_owned()));
            open = true;
            continue;
        }
        open &= !(IS.contains(&word) || WAS.contains(&word) || HAVE.contains(&word) || ACTORS.contains(&word));
        piece.push_str(word);
        piece.push(' ');
    }
    out.push(piece);
    out
}

fn words(plain: &str) -> Vec<&str> {
    plain.split_whitespace().collect()
}

fn any(words: &[&str], what: &[&str], stated: impl Fn(usize) -> bool) -> bool {
    words.iter().enumerate().any(|(i, word)| what.contains(word) && stated(i))
}

fn has_actor(words: &[&str]) -> bool {
    words.iter().any(|w| ACTORS.contains(w))
}

/// The word before this one that is no adverb.
fn before<'w>(words: &[&'w str], at: usize) -> &'w str {
    let skipped = |w: &&&str| !ADVERBS.contains(*w);
    words.get(..at).unwrap_or_default().iter().rev().find(skipped).copied().unwrap_or_default()
}

fn after<'w>(words: &[&'w str], at: usize) -> &'w str {
    words.get(at + 1).copied().unwrap_or_default()
}
