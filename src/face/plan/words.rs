//! Names, sizes and bounds in plain words. Text from outside is cleaned here.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use domain::{
    dataset::DatasetProfile,
    estimate::Range,
    plan::{Plan, PlannedWork, Unverified},
    request::{Bounds, Input, Locality, Spend, Until, Work},
    result::NOT_VERIFIABLE,
    task::Parameters,
    units::{about_seconds, bytes, clean, count, counted, seconds},
    verdict::{Place, Verdict},
};

/// Longest text of one field that came from outside, characters.
pub const MAX: usize = 400;
/// So many names are listed before the rest is counted.
const NAMED: usize = 3;
/// So many different reasons are told before the rest is counted, and so many names that share a few.
const REASONS: usize = 20;
/// So many files of a piece of work are listed before the rest is counted.
const LISTED: usize = 50;

/// A path as it may be printed.
pub fn path(path: &Path) -> String {
    clean(&path.display().to_string(), MAX)
}

/// The task's name as it may be printed.
pub fn task(work: &Work) -> String {
    clean(&work.task, 60)
}

/// `protein_folding on data.fasta`; of a sample, `read_trimming on S1, reads.fastq`.
pub fn what(work: &Work) -> String {
    let sample = work.sample.iter().map(|_| format!("{}, ", path(work.name()))).collect::<String>();
    format!("{} on {sample}{}", task(work), dataset(work))
}

/// The dataset as it was named: a file, a folder, or `a.fastq, b.fastq, c.fastq and 4 more`.
pub fn dataset(work: &Work) -> String {
    match work.inputs.first() {
        Some(first) if first.folder.is_none() => {
            listed(&work.dataset_files().map(|input| path(&input.named)).collect::<Vec<_>>())
        }
        _ => path(work.dataset()),
    }
}

/// Every file of a piece of work that has inputs of several: consent is to this list, which the plan's digest binds.
pub fn files(piece: &PlannedWork) -> Option<String> {
    let inputs = &piece.work.inputs;
    let same = |name: &str| inputs.iter().filter(|input| input.name == name).count();
    let several = |input: &&Input| input.folder.is_some() || same(&input.name) > 1;
    let names: Vec<String> = inputs.iter().filter(several).map(|input| path(&input.named)).collect();
    let more = names.len().saturating_sub(LISTED);
    Some(match (names.len(), more) {
        (0, _) => return None,
        (n, 0) => format!("{}: {}", counted(n as u64, "file", "files"), names.join(", ")),
        (n, more) => format!(
            "{}: {} and {} more, which `--json` and the digest name too",
            counted(n as u64, "file", "files"),
            names.get(..LISTED).unwrap_or_default().join(", "),
            count(more as u64)
        ),
    })
}

/// The other names of a piece of work in the same request: `copy.fasta and b.fasta: the same work as a.fasta, done once`.
pub fn also(piece: &PlannedWork) -> Option<String> {
    let names: Vec<String> = piece.also.iter().map(|name| path(name)).collect();
    let first = path(piece.work.name());
    (!names.is_empty()).then(|| format!("{}: the same work as {first}, done once", listed(&names)))
}

/// `one, two, three and 4 more`.
pub fn listed(names: &[String]) -> String {
    listed_to(NAMED, names)
}

/// The same with at most so many names.
fn listed_to(most: usize, names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() <= most => {
            names.split_last().map_or_else(String::new, |(last, rest)| format!("{} and {last}", rest.join(", ")))
        }
        names => {
            let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
            format!("{} and {} more", shown.join(", "), count((names.len() - most) as u64))
        }
    }
}

/// What cannot be done or failed, told by reason: each reason with the names that it holds for.
pub struct Reasons<R>(Vec<(R, Vec<String>)>);

impl<R: PartialEq> Reasons<R> {
    /// The reasons in the order in which they come up, each once.
    pub fn of(all: impl Iterator<Item = (R, String)>) -> Reasons<R> {
        let mut reasons: Vec<(R, Vec<String>)> = Vec::new();
        for (why, name) in all {
            match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => reasons.push((why, vec![name])),
            }
        }
        Reasons(reasons)
    }

    /// The reasons that are told, each with its names: all names where they are few.
    pub fn told(&self) -> impl Iterator<Item = (&R, String)> {
        let few = self.0.iter().map(|(_, names)| names.len()).sum::<usize>() <= REASONS;
        let most = if few { REASONS } else { NAMED };
        self.0.iter().take(REASONS).map(move |(why, names)| (why, listed_to(most, names)))
    }

    /// What is not told, counted, with where it is found.
    pub fn rest(&self) -> Option<String> {
        let rest: usize = self.0.iter().skip(REASONS).map(|(_, names)| names.len()).sum();
        (rest > 0).then(|| format!("and {} more, for other reasons: --json names each of them", count(rest as u64)))
    }
}

/// `40 files`, or, where a file is worked on more than once or each has files of its own beside it, `40 pieces of work`.
pub fn count_of<'a>(works: impl Iterator<Item = &'a Work>) -> String {
    let (mut files, mut beside, mut pieces, mut several) = (BTreeSet::new(), BTreeSet::new(), 0, false);
    for work in works {
        files.insert(work.dataset());
        beside.insert(work.beside().map(|input| (&input.name, &input.named)).collect::<Vec<_>>());
        several |= work.dataset_files().count() > 1 || work.inputs.first().is_some_and(|input| input.folder.is_some());
        pieces += 1;
    }
    match files.len() == pieces && beside.len() <= 1 && !several {
        true => counted(pieces as u64, "file", "files"),
        false => counted(pieces as u64, "piece of work", "pieces of work"),
    }
}

/// A parameter's value: text without its quotes.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text, 80),
        other => clean(&other.to_string(), 80),
    }
}

/// `dimension 3`.
pub fn parameter(name: &str, of: &Value) -> String {
    format!("{} {}", clean(name, 40), value(of))
}

/// `dimension 3, seed 7`; nothing where there are none.
pub fn parameters(parameters: &Parameters) -> String {
    parameters.iter().map(|(name, of)| parameter(name, of)).collect::<Vec<_>>().join(", ")
}

/// Bytes of all its files.
pub fn total_bytes(piece: &PlannedWork) -> u64 {
    match piece.content.as_slice() {
        [] => piece.verdict.as_ref().map_or(0, |verdict| verdict.dataset.bytes),
        content => content.iter().fold(0, |sum, file| sum.saturating_add(file.bytes)),
    }
}

/// The files beside the dataset, input by input: `database db.fasta (33.4 MB, 90,000 records)`, with the size where it was
/// measured; `genomes refs (12 files, 40.0 MB)`.
pub fn beside(piece: &PlannedWork) -> Vec<String> {
    let mut told: Vec<(&str, Vec<&Input>)> = Vec::new();
    for input in piece.work.beside() {
        match told.iter_mut().find(|(name, _)| *name == input.name) {
            Some((_, files)) => files.push(input),
            None => told.push((&input.name, vec![input])),
        }
    }
    let further = |input: &Input| {
        let mut all = piece.verdict.iter().flat_map(|verdict| &verdict.further);
        all.find(|file| Some(&file.source.path) == input.path.as_ref()).map(|file| &file.profile)
    };
    let one = |(name, files): (&str, Vec<&Input>)| {
        let profiles: Vec<&DatasetProfile> = files.iter().filter_map(|input| further(input)).collect();
        let named = match files.as_slice() {
            [first, ..] if first.folder.is_some() => path(first.said()),
            files => listed(&files.iter().map(|input| path(&input.named)).collect::<Vec<_>>()),
        };
        let is_one = files.first().is_some_and(|first| first.folder.is_none()) && files.len() == 1;
        let size = match (profiles.as_slice(), is_one) {
            ([], _) => String::new(),
            ([profile], true) => format!(" ({})", size_of(profile)),
            (profiles, _) => format!(" ({})", size_of_all(profiles)),
        };
        format!("{} {named}{size}", clean(name, 40))
    };
    told.into_iter().map(one).collect()
}

/// `148 B, 6 records`; of several files, `3 files, 1.2 MB, 6,000 records`. What is not known is left out.
pub fn size(piece: &PlannedWork) -> String {
    let Some(verdict) = &piece.verdict else {
        return piece.content.first().map_or_else(|| "not measured".to_owned(), |file| bytes(file.bytes));
    };
    let own: Vec<_> = piece.work.dataset_files().filter_map(|input| input.path.as_ref()).collect();
    let further = verdict.further.iter().filter(|file| own.contains(&&file.source.path)).map(|file| &file.profile);
    let is_folder = piece.work.inputs.first().is_some_and(|input| input.folder.is_some());
    let files: Vec<&DatasetProfile> = std::iter::once(&verdict.dataset).chain(further).collect();
    match files.as_slice() {
        [one] if !is_folder => size_of(one),
        files => size_of_all(files),
    }
}

fn size_of_all(files: &[&DatasetProfile]) -> String {
    let sum = |of: fn(&DatasetProfile) -> u64| files.iter().map(|file| of(file)).fold(0, u64::saturating_add);
    let records = counted(sum(|file| file.records), "record", "records");
    let about = if files.iter().any(|file| file.sampled) { "about " } else { "" };
    format!("{}, {}, {about}{records}", counted(files.len() as u64, "file", "files"), bytes(sum(|file| file.bytes)))
}

fn size_of(file: &DatasetProfile) -> String {
    format!("{}, {}", bytes(file.bytes), records(file))
}

/// `6 records`; of a sample, what it can say: `13,900,000 to 14,100,000 records`.
fn records(dataset: &DatasetProfile) -> String {
    let records = counted(dataset.records, "record", "records");
    match dataset.margins {
        Some(margins) if margins.records.low < margins.records.high => {
            format!("{} to {} records", count(margins.records.low), count(margins.records.high))
        }
        _ if dataset.sampled => format!("about {records}"),
        _ => records,
    }
}

/// What a person says of the work beyond what was measured, and which part of it is worked on.
pub fn beyond(piece: &PlannedWork) -> Vec<String> {
    let assumed = piece.work.assumed;
    let part = piece.verdict.as_ref().and_then(|verdict| verdict.part);
    let mut out = Vec::new();
    out.extend(part.map(|n| match n {
        1 => "only its first record is worked on".to_owned(),
        n => format!("only its first {} records are worked on", count(n)),
    }));
    let notes = piece.verdict.iter().flat_map(|verdict| {
        let own = verdict.further.iter().filter(|file| {
            piece.work.dataset_files().skip(1).any(|input| input.path.as_ref() == Some(&file.source.path))
        });
        std::iter::once(&verdict.dataset).chain(own.map(|file| &file.profile)).flat_map(DatasetProfile::notes)
    });
    // Several files are often odd in the same way.
    out.extend(notes.collect::<BTreeSet<_>>());
    let verdict = piece.verdict.as_ref();
    // What is said only raises; where it does not, what was measured holds.
    out.extend(assumed.bytes.map(|n| match verdict.map(|verdict| verdict.dataset.bytes) {
        Some(measured) if n <= measured => {
            format!("planned by its own size, which is not below the {} that you say", bytes(n))
        }
        _ => format!("planned as if it had {}, as you say", bytes(n)),
    }));
    out.extend(assumed.seconds.map(|s| match verdict.map(|verdict| verdict.estimate.seconds.likely) {
        Some(likely) if s < likely => {
            format!("planned by the time it is estimated to take, which is more than the {} that you say", seconds(s))
        }
        _ => format!("planned as if it took {}, as you say", seconds(s)),
    }));
    out.extend(piece.see_also.clone());
    out.extend(piece.work.anew.then(|| "done anew, whatever was done before".to_owned()));
    out
}

/// `about 12 s (3.0 s to 48 s)`; only `under 0.1 s` where all three are.
pub fn time(range: &Range) -> String {
    let [low, high] = [range.low, range.high].map(seconds);
    let about = about_seconds(range.likely);
    if low == high { about } else { format!("{about} ({low} to {high})") }
}

/// Whether nothing is known of what it needs: a model of the provider's needs nothing here, and a task may be without figures.
pub fn is_unknown(verdict: &Verdict) -> bool {
    verdict.unmeasured.is_some() || verdict.place == Place::Offload && verdict.estimate.seconds.high == 0.0
}

/// What is to be known of work here of which nobody knows what it takes: what ends it, what runs of before took, and how to
/// measure it.
pub fn unknown_here(piece: &PlannedWork) -> Option<String> {
    let verdict = piece.verdict.as_ref().filter(|_| piece.is_unknown_here())?;
    let limits = verdict.limits();
    let known = verdict.unmeasured.filter(|known| known.runs > 0).map_or_else(String::new, |known| {
        format!(
            "; {} here took up to {} and {} of memory",
            counted(u64::from(known.runs), "run", "runs"),
            seconds(known.seconds),
            bytes(known.ram as u64)
        )
    });
    let task = task(&piece.work);
    Some(format!(
        "how long it takes and how much memory is not known, as {task} has no figures{known}. It is ended after {}, or above {} of \
         memory. `agent tasks try {task} FILE` measures it",
        seconds(limits.seconds as f64),
        bytes(limits.memory)
    ))
}

/// What is to be known of a result that nobody can verify, and who takes it all the same.
pub fn unverified(piece: &PlannedWork) -> Option<String> {
    let taken = match piece.unverified? {
        Unverified::Task => "the task's file says that it is taken all the same",
        Unverified::Flag => "you said that you take it all the same",
        Unverified::Asked => "a yes to this plan takes it all the same",
    };
    Some(format!("{NOT_VERIFIABLE}; {taken}"))
}

/// The bounds that a request sets, in one line; nothing where it sets none.
pub fn bounds(bounds: Bounds) -> Option<String> {
    let mut out = Vec::new();
    match bounds.spend {
        Spend::Nothing => out.push("nothing may be paid".to_owned()),
        Spend::AtMost(most) => out.push(format!("at most {most} in all, with fees")),
        Spend::OwnersCaps => {}
    }
    if bounds.place == Locality::Here {
        out.push("on this machine only".to_owned());
    }
    match bounds.until {
        Until::Plan => out.push("stops at this plan: nothing is run, sent or paid".to_owned()),
        Until::Quote => out.push("stops at the provider's quote: files are sent, nothing is paid".to_owned()),
        Until::Done => {}
    }
    (!out.is_empty()).then(|| out.join("; "))
}

/// Where it runs that does not run here.
pub fn at_provider(piece: &PlannedWork) -> &'static str {
    if is_sandbox(piece) { "at the sandbox's provider" } else { "at the provider" }
}

fn is_sandbox(piece: &PlannedWork) -> bool {
    piece.price.as_ref().is_some_and(|price| price.network.is_sandbox())
}

/// Where files go, and how much; in the sandbox, that they stay. Nothing where none is sent.
pub fn sent_to(plan: &Plan) -> Option<String> {
    if plan.leaves.is_empty() {
        return None;
    }
    let sum = bytes(plan.leaves.iter().fold(0u64, |sum, leaving| sum.saturating_add(leaving.bytes)));
    let files: BTreeSet<_> = plan.leaves.iter().map(|leaving| &leaving.file).collect();
    let what = match (files.len(), plan.leaves.len()) {
        (1, 1) => sum,
        (files, times) if files == times => format!("{}, {sum}", counted(files as u64, "file", "files")),
        (files, times) => {
            let uploads = counted(times as u64, "upload", "uploads");
            format!("{} in {uploads}, {sum}", counted(files as u64, "file", "files"))
        }
    };
    let reaches_out = plan.work.iter().any(PlannedWork::reaches_out);
    if !reaches_out && plan.work.iter().filter(|piece| piece.is_offloaded()).all(is_sandbox) {
        return Some(format!("the sandbox's own storage ({what}): nothing leaves this machine"));
    }
    let hosts: BTreeSet<String> = plan.leaves.iter().map(|leaving| clean(&leaving.to, MAX)).collect();
    let leave = if reaches_out { "may leave" } else { "leave" };
    Some(format!("{} ({what} {leave} this machine)", listed(&hosts.into_iter().collect::<Vec<_>>())))
}
