//! A plan of many pieces of work.

use std::collections::BTreeSet;

use super::{
    super::look::{Look, Tone},
    columns,
    money::Prices,
    one,
    rows::{Common, Fate, here, rows},
    words::{self, listed},
};
use domain::{
    job::JobState,
    money::Datoshi,
    plan::PlannedWork,
    units::{about_seconds, bytes, clean, count},
    verdict::OffloadRule,
};

/// So many names are told that are there more than once.
const SAME: usize = 3;

/// The headline, the table, and what belongs to all of it. Where nothing can be done, the reasons say all that a table would.
pub fn lines(pieces: &[PlannedWork], sent: Option<&str>, look: &Look) -> Vec<String> {
    let common = Common::of(pieces);
    let without: &[&str] = if only_task(pieces).is_some() { &["task"] } else { &[] };
    let mut out = headline(pieces, look);
    if pieces.iter().any(|piece| piece.cannot.is_none()) {
        out.push(String::new());
        out.extend(columns::table(&rows(pieces, &common), without, look));
        out.push(String::new());
    }
    out.extend(summary(pieces, sent, look));
    out
}

/// How many, how many of them can be done, and what it costs at most.
pub fn headline(pieces: &[PlannedWork], look: &Look) -> Vec<String> {
    let of = |fate: Fate| pieces.iter().filter(|piece| Fate::of(piece) == fate).count();
    let (cannot, before) = (of(Fate::Cannot), of(Fate::Before));
    let run = pieces.len() - cannot - before;
    let is_done = |piece: &&PlannedWork| piece.stands == Some(JobState::Done) && Fate::of(piece) == Fate::Before;
    let done = pieces.iter().filter(is_done).count();
    let unit = words::count_of(pieces.iter().map(|piece| &piece.work));
    let folder = Common::of(pieces).folder;
    let place = if folder.as_os_str().is_empty() { String::new() } else { format!(" in {}", words::path(&folder)) };
    let what = match only_task(pieces) {
        Some(task) => format!("{task} on {unit}{place}"),
        None => format!("{unit}{place}"),
    };
    if cannot == pieces.len() {
        return look.field("Plan", Tone::Bad, &format!("{what}: none can be done"));
    }
    let mut parts = Vec::new();
    match (run, before, cannot) {
        (_, 0, 0) if of(Fate::Here) == run => parts.push("all can run here".to_owned()),
        (_, 0, 0) if of(Fate::Provider) == run => parts.push("all can run at the provider".to_owned()),
        (_, 0, 0) => parts.push("all can run".to_owned()),
        _ => {
            let told = |n: usize, words: &str| (n > 0).then(|| format!("{} {words}", count(n as u64)));
            parts.extend(told(run, "can run"));
            parts.extend(told(done, "done before"));
            parts.extend(told(before - done, "begun before"));
            parts.extend(told(cannot, "cannot"));
        }
    }
    let cost = match Prices::of(pieces).most() {
        Datoshi::ZERO => "free".to_owned(),
        most => format!("{most} at most"),
    };
    look.field("Plan", Tone::Strong, &format!("{what}: {}; {cost}", parts.join(", ")))
}

/// Why some is offloaded, what cannot be done, what was done before, what it costs, where files are sent (`sent`), what is
/// needed here, what is chosen.
pub fn summary(pieces: &[PlannedWork], sent: Option<&str>, look: &Look) -> Vec<String> {
    let common = Common::of(pieces);
    let mut out = several("Where", Tone::Plain, &offloaded(pieces, &common), look);
    out.extend(several("Same", Tone::Plain, &same(pieces), look));
    out.extend(cannot(pieces, &common, look));
    out.extend(several("Before", Tone::Good, &before(pieces, &common), look));
    out.extend(one::money(&Prices::of(pieces), look));
    let unverified: BTreeSet<String> =
        pieces.iter().filter(|piece| piece.cannot.is_none()).filter_map(words::unverified).collect();
    out.extend(unverified.iter().flat_map(|text| look.field("Result", Tone::Care, text)));
    out.extend(sent.iter().flat_map(|text| look.field("Sent to", Tone::Plain, text)));
    if pieces.iter().any(|piece| piece.cannot.is_none()) {
        out.extend(needs(pieces).iter().flat_map(|text| look.field("Needs", Tone::Plain, text)));
        let unknown: BTreeSet<String> = pieces.iter().filter_map(words::unknown_here).collect();
        out.extend(several("Unknown", Tone::Care, &unknown.into_iter().collect::<Vec<_>>(), look));
        out.extend(with(pieces, &common).iter().flat_map(|text| look.field("With", Tone::Plain, text)));
    }
    out
}

/// A field of several sentences, one below the other.
pub fn several(label: &str, tone: Tone, texts: &[String], look: &Look) -> Vec<String> {
    let line = |(index, text): (usize, &String)| look.field(if index == 0 { label } else { "" }, tone, text);
    texts.iter().enumerate().flat_map(line).collect()
}

/// The task, where there is only one.
fn only_task(pieces: &[PlannedWork]) -> Option<String> {
    let first = &pieces.first()?.work;
    pieces.iter().all(|piece| piece.work.task == first.task).then(|| words::task(first))
}

/// What was chosen for all pieces of a task alike.
fn with(pieces: &[PlannedWork], common: &Common) -> Option<String> {
    let mut told = BTreeSet::new();
    let mut out = Vec::new();
    for piece in pieces.iter().filter(|piece| told.insert(&piece.work.task)) {
        let chosen = common.chosen(&piece.work, true);
        match (chosen.is_empty(), only_task(pieces)) {
            (true, _) => {}
            (_, Some(_)) => out.push(chosen),
            (_, None) => out.push(format!("{}: {chosen}", words::task(&piece.work))),
        }
    }
    (!out.is_empty()).then(|| out.join("; "))
}

/// What cannot be done, by reason, with what to do about it.
fn cannot(pieces: &[PlannedWork], common: &Common, look: &Look) -> Vec<String> {
    let of = pieces.iter().filter_map(|piece| Some((piece, piece.cannot.as_ref()?)));
    let reasons = words::Reasons::of(of.map(|(piece, cannot)| ((&cannot.why, &cannot.hint), common.name(&piece.work))));
    let mut out = Vec::new();
    for (index, ((why, hint), names)) in reasons.told().enumerate() {
        let text = format!("{names}: {}", clean(why, words::MAX));
        out.extend(look.field(if index == 0 { "Cannot" } else { "" }, Tone::Bad, &text));
        let hint = hint.as_ref().map(|hint| format!("hint: {}", clean(hint, words::MAX)));
        out.extend(hint.iter().flat_map(|hint| look.more(Tone::Plain, hint)));
    }
    out.extend(reasons.rest().iter().flat_map(|rest| look.more(Tone::Bad, rest)));
    out
}

/// What is named more than once, for the first few pieces; the others are counted.
fn same(pieces: &[PlannedWork]) -> Vec<String> {
    let all: Vec<String> = pieces.iter().filter_map(words::also).collect();
    let rest = all.len().saturating_sub(SAME);
    let more = (rest > 0).then(|| format!("and {} more that are named more than once", count(rest as u64)));
    all.into_iter().take(SAME).chain(more).collect()
}

/// What is the same as before.
fn before(pieces: &[PlannedWork], common: &Common) -> Vec<String> {
    let name = |piece: &PlannedWork| {
        let job = piece.job.as_ref().map(|job| format!(" ({job})")).unwrap_or_default();
        format!("{}{job}", common.name(&piece.work))
    };
    let all = pieces.iter().filter(|piece| Fate::of(piece) == Fate::Before);
    let (paid, unpaid): (Vec<_>, Vec<_>) = all.partition(|piece| piece.still_to_pay().is_none());
    let [paid, unpaid] = [paid, unpaid].map(|pieces| pieces.into_iter().map(name).collect::<Vec<_>>());
    let mut out = Vec::new();
    if !paid.is_empty() {
        out.push(format!("{}: taken up, nothing is paid again", listed(&paid)));
    }
    if !unpaid.is_empty() {
        out.push(format!("{}: begun and not paid yet; taken up, and paid once", listed(&unpaid)));
    }
    out
}

/// What is offloaded, and why: a sentence for each rule that holds for some of it.
fn offloaded(pieces: &[PlannedWork], common: &Common) -> Vec<String> {
    let mut rules: Vec<(OffloadRule, Vec<(String, String)>)> = Vec::new();
    let mut place = "at the provider";
    for piece in pieces.iter().filter(|piece| Fate::of(piece) == Fate::Provider) {
        place = words::at_provider(piece);
        for reason in piece.verdict.iter().flat_map(|verdict| &verdict.reasons) {
            let told = (common.name(&piece.work), clean(&reason.why, words::MAX));
            match rules.iter_mut().find(|(rule, _)| *rule == reason.rule) {
                Some((_, all)) => all.push(told),
                None => rules.push((reason.rule, vec![told])),
            }
        }
    }
    let sentence = |all: &[(String, String)]| {
        let (name, first) = all.first()?;
        Some(match (all.len(), all.iter().all(|(_, why)| why == first)) {
            (1, _) => format!("{name} {place}: {first}"),
            (n, true) => format!("{} {place}: {first}", count(n as u64)),
            (n, false) => format!("{} {place}, such as {name}: {first}", count(n as u64)),
        })
    };
    rules.iter().filter_map(|(_, all)| sentence(all)).collect()
}

/// Memory and time of what runs here.
fn needs(pieces: &[PlannedWork]) -> Option<String> {
    let times: Vec<f64> = pieces.iter().filter_map(here).collect();
    if times.is_empty() {
        return None;
    }
    let verdicts = pieces.iter().filter(|piece| here(piece).is_some()).filter_map(|piece| piece.verdict.as_ref());
    let ram = verdicts.map(|verdict| verdict.estimate.ram.likely).fold(0.0, f64::max);
    let time = about_seconds(times.iter().sum());
    Some(match times.len() {
        1 => format!("{time} and {} of RAM for what runs here", bytes(ram as u64)),
        n => format!(
            "{time} for the {} that run here, one after the other; {} of RAM at most",
            count(n as u64),
            bytes(ram as u64)
        ),
    })
}
