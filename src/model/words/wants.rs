//! What a person's words want as a whole: an answer or work, one thing or several, a job given up or gone on with, and whether
//! anything may be paid.

use super::{plain, says_any};

/// Whether a person only asks about a task and does not ask for it to be done.
pub fn only_asks(text: &str) -> bool {
    const ASKING: [&str; 31] = [
        "does it cost",
        "would",
        "could my",
        "can my machine",
        "can this machine",
        "can my laptop",
        "can i run",
        "how long will",
        "how long does it take",
        "how much time",
        "how much ram",
        "how much memory",
        "how much will",
        "estimate the time",
        "estimate how",
        "estimate what",
        "dry run",
        "just check",
        "only check",
        "without running",
        "do not run",
        "don t run",
        "does it fit",
        "will it fit",
        "where will",
        "price of",
        "price for",
        "quote for",
        "a quote",
        "cost of",
        "costs of",
    ];
    says_any(&polite_as_plain(text), &ASKING)
}

/// Plain text in which a polite wish is a plain one: "I would like", "would you mind".
pub(super) fn polite_as_plain(text: &str) -> String {
    let polite = [(" i would like ", " i want "), (" would you please ", " please "), (" would you mind ", " please ")];
    polite.iter().fold(plain(text), |text, (said, meant)| text.replace(said, meant))
}

/// Whether a person wants a job to be given up: they begin with it. "Fold it, and stop if it is dear" is no such wish.
pub fn wants_cancel(text: &str) -> bool {
    const GIVE_UP: [&str; 14] = [
        "cancel",
        "abort",
        "stop folding",
        "stop running",
        "stop the",
        "stop this",
        "stop all",
        "give up",
        "give it up",
        "stop the job",
        "stop it",
        "stop that",
        "call it off",
        "drop the job",
    ];
    let plain = plain(text);
    let words: Vec<&str> = plain.split_whitespace().collect();
    // "Could you please cancel it": within the first words, and not at the end of a longer wish.
    (0..4).filter_map(|i| words.get(i..)).any(|rest| {
        let rest = format!("{} ", rest.join(" "));
        GIVE_UP.iter().any(|phrase| rest.starts_with(&format!("{phrase} ")))
    })
}

/// Whether a person may ask for several things without naming each: "again" repeats as many as there were.
pub fn wants_several(text: &str) -> bool {
    const SEVERAL: [&str; 19] = [
        "both",
        "all",
        "each",
        "every",
        "everything",
        "these",
        "those",
        "files",
        "rest",
        "others",
        "remaining",
        "datasets",
        "them",
        "alle",
        "again",
        "same",
        "repeat",
        "redo",
        "once more",
    ];
    says_any(&plain(text), &SEVERAL)
}

/// Whether a person wants what was begun to go on: an order, and no question about it.
pub fn goes_on(text: &str) -> bool {
    const GO_ON: [&str; 12] = [
        "resume", "continue", "go on", "go ahead", "carry on", "finish", "pay", "proceed", "run it", "wait for",
        "fetch", "complete",
    ];
    !text.contains('?') && says_any(&plain(text), &GO_ON)
}

/// Whether a text lists things, so that more may be asked for than is counted: "with seeds 1, 2 and 3", "a.fasta plus the rest".
pub fn lists(text: &str) -> bool {
    const LISTS: [&str; 11] =
        ["and in", "and its", "and the other", "and with", "plus", "times", "twice", "und", "et", "besides", "versus"];
    text.contains([',', '*', ';', '{', '&', '+']) || says_any(&plain(text), &LISTS)
}

/// Whether a person says that nothing is to be paid, whatever else they ask.
pub fn forbids_payment(text: &str) -> bool {
    const FORBIDS: [&str; 34] = [
        "not pay",
        "dont pay",
        "don t pay",
        "never pay",
        "without paying",
        "without payment",
        "without any payment",
        "pay nothing",
        "no payment",
        "no payments",
        "any payment",
        "any payments",
        "refuse to pay",
        "not spend",
        "don t spend",
        "spend nothing",
        "spend no",
        "without spending",
        "not send any",
        "don t send any",
        "dry run",
        "before paying",
        "before you pay",
        "before i pay",
        "approve the payment myself",
        "pay later",
        "pay myself",
        "see the quote",
        "only the quote",
        "get a quote",
        "nichts bezahlen",
        "bezahle nichts",
        "sans payer",
        "sin pagar",
    ];
    // "Do not pay more than 2 GAS" is a limit; "do not pay attention to it", "there is no payment limit" are neither.
    const OTHERWISE: [&str; 13] = [
        "pay more than",
        "pay over",
        "pay above",
        "spend more than",
        "pay attention",
        "spend time",
        "payment has been",
        "payment was",
        "payment yet",
        "payment limit",
        "payments yet",
        "pay twice",
        "pay more",
    ];
    let mut plain = plain(text);
    for words in OTHERWISE {
        plain = plain.replace(&format!(" {words} "), " ");
    }
    says_any(&plain, &FORBIDS) || plain.contains("不要付") || plain.contains("别付")
}
