//! The rows of a plan's table: one for each piece of work, or, where there are many, the first of each kind and then a count.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{money::Prices, words};
use domain::{
    money::Datoshi,
    plan::PlannedWork,
    request::Work,
    units::{bytes, count, seconds},
    verdict::Place,
};

/// So many pieces of work have a row of their own.
pub const MOST: usize = 20;

/// What becomes of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It runs on this machine.
    Here,
    /// It runs at the provider.
    Provider,
    /// The same work is done, or begun at the provider, and is taken up.
    Before,
    /// It cannot be done.
    Cannot,
}

impl Fate {
    /// Of this piece.
    pub fn of(piece: &PlannedWork) -> Fate {
        match piece.verdict.as_ref().map(|verdict| verdict.place) {
            _ if piece.cannot.is_some() => Fate::Cannot,
            _ if piece.same_as_before && !piece.is_left_here() => Fate::Before,
            Some(Place::Offload) => Fate::Provider,
            _ => Fate::Here,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Fate::Here => "here",
            Fate::Provider => "provider",
            Fate::Before => "before",
            Fate::Cannot => "cannot",
        }
    }
}

/// One row, its cells as text.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The file, or how many more there are.
    pub file: String,
    /// The task.
    pub task: String,
    /// What was chosen, where that differs from one row to the next.
    pub with: String,
    /// Bytes.
    pub size: String,
    /// What becomes of it.
    pub place: String,
    /// Likely run time on this machine, of what runs here.
    pub time: String,
    /// The price without fees, in GAS.
    pub gas: String,
}

/// What some pieces of work have in common, so that a row need not say it.
#[derive(Debug)]
pub struct Common {
    /// The folder that all files lie in, as they were named; empty where there is none.
    pub folder: PathBuf,
    /// Parameters whose value differs between pieces of the same task: task and name.
    varying: BTreeSet<(String, String)>,
}

impl Common {
    /// Of these.
    pub fn of(pieces: &[PlannedWork]) -> Common {
        let folder = folder(pieces);
        let mut varying = BTreeSet::new();
        let tasks: BTreeSet<&str> = pieces.iter().map(|piece| piece.work.task.as_str()).collect();
        for task in tasks {
            let works = || pieces.iter().map(|piece| &piece.work).filter(|work| work.task == task);
            let mut texts = works().map(|work| chosen(work, &folder));
            let first = texts.next().unwrap_or_default();
            for next in texts {
                let differ = first.iter().filter(|one| !next.contains(one));
                let other = next.iter().filter(|one| !first.contains(one));
                varying.extend(differ.chain(other).map(|(name, _)| (task.to_owned(), name.clone())));
            }
        }
        Common { folder, varying }
    }

    /// What a piece of work is called: its sample, or its file's name within the common folder.
    pub fn name(&self, work: &Work) -> String {
        match &work.sample {
            Some(_) => words::path(work.name()),
            None => {
                let named = words::path(within(work.dataset(), &self.folder));
                let is_folder = work.inputs.first().is_some_and(|input| input.folder.is_some());
                match work.dataset_files().count().saturating_sub(1) {
                    more if more > 0 && !is_folder => format!("{named} and {} more", count(more as u64)),
                    _ => named,
                }
            }
        }
    }

    /// What was chosen for `work` that is not the same for all of its task, or that is, where `same`.
    pub fn chosen(&self, work: &Work, same: bool) -> String {
        let varies = |name: &String| self.varying.contains(&(work.task.clone(), name.clone()));
        let texts =
            chosen(work, &self.folder).into_iter().filter(|(name, _)| varies(name) != same).map(|(_, text)| text);
        texts.collect::<Vec<_>>().join(", ")
    }
}

/// A path without the folder that it lies in with others.
fn within<'p>(path: &'p Path, folder: &Path) -> &'p Path {
    path.strip_prefix(folder).unwrap_or(path)
}

/// Files beside the dataset, the dataset where a sample's name stands for it, and parameters: the name, and the name with its value.
fn chosen(work: &Work, folder: &Path) -> Vec<(String, String)> {
    let file = |path: &Path| words::path(within(path, folder));
    let of_sample = work.sample.iter().map(|_| (String::new(), file(work.dataset())));
    let mut further: Vec<(String, String)> =
        work.beside().map(|input| (input.name.clone(), format!("{} {}", input.name, file(input.said())))).collect();
    further.dedup();
    let is_file = |name: &String| work.beside().any(|input| input.name == *name);
    let parameters = work.parameters.iter().filter(|(name, value)| !is_file(name) && !value.is_array());
    let parameters = parameters.map(|(name, value)| (name.clone(), words::parameter(name, value)));
    of_sample.chain(further).chain(parameters).collect()
}

fn folder(pieces: &[PlannedWork]) -> PathBuf {
    let mut parents = pieces.iter().map(|piece| piece.work.dataset().parent().unwrap_or(Path::new("")));
    let first = parents.next().unwrap_or(Path::new("")).to_owned();
    parents.fold(first, |common, next| {
        let both = common.components().zip(next.components());
        both.take_while(|(one, two)| one == two).map(|(one, _)| one).collect()
    })
}

/// The rows of `pieces`.
pub fn rows(pieces: &[PlannedWork], common: &Common) -> Vec<Row> {
    if pieces.len() <= MOST {
        return pieces.iter().map(|piece| row(piece, common)).collect();
    }
    let kinds = kinds(pieces);
    let mut shown: Vec<usize> = kinds.iter().map(|kind| kind.len().min((MOST / kinds.len()).max(1))).collect();
    let mut free = MOST.saturating_sub(shown.iter().sum());
    for (kind, shown) in kinds.iter().zip(&mut shown) {
        let more = free.min(kind.len() - *shown);
        *shown += more;
        free -= more;
    }
    let mut out = Vec::new();
    for (kind, shown) in kinds.iter().zip(shown).take(MOST) {
        let (first, rest) = kind.split_at(shown);
        out.extend(first.iter().map(|piece| row(piece, common)));
        out.extend((!rest.is_empty()).then(|| more(rest, "of the same kind")));
    }
    let others: Vec<&PlannedWork> = kinds.iter().skip(MOST).flatten().copied().collect();
    out.extend((!others.is_empty()).then(|| more(&others, "of other kinds")));
    out
}

/// Pieces of the same task and fate, kinds in the order in which they are met.
fn kinds(pieces: &[PlannedWork]) -> Vec<Vec<&PlannedWork>> {
    let mut kinds: Vec<Vec<&PlannedWork>> = Vec::new();
    for piece in pieces {
        let alike = |other: &&PlannedWork| other.work.task == piece.work.task && Fate::of(other) == Fate::of(piece);
        match kinds.iter_mut().find(|kind| kind.first().is_some_and(alike)) {
            Some(kind) => kind.push(piece),
            None => kinds.push(vec![piece]),
        }
    }
    kinds
}

fn row(piece: &PlannedWork, common: &Common) -> Row {
    Row {
        file: common.name(&piece.work),
        task: words::task(&piece.work),
        with: common.chosen(&piece.work, false),
        ..sums(&[piece])
    }
}

/// The row of all that have none of their own.
fn more(rest: &[&PlannedWork], of: &str) -> Row {
    Row { file: format!("and {} more {of}", count(rest.len() as u64)), ..sums(rest) }
}

fn sums(pieces: &[&PlannedWork]) -> Row {
    let size = pieces.iter().fold(0u64, |sum, piece| sum.saturating_add(words::total_bytes(piece)));
    let fates: Vec<Fate> = pieces.iter().map(|piece| Fate::of(piece)).collect();
    let fate = fates.first().filter(|first| fates.iter().all(|fate| fate == *first));
    let time: f64 = pieces.iter().filter_map(|piece| here(piece)).sum();
    let amount = Prices::of(pieces.iter().copied()).amount();
    Row {
        size: if size == 0 { String::new() } else { bytes(size) },
        place: fate.map_or_else(String::new, |fate| fate.word().to_owned()),
        time: match fate {
            Some(Fate::Here) if pieces.iter().any(|piece| here(piece).is_none()) => "not known".to_owned(),
            Some(Fate::Here) => seconds(time),
            _ => String::new(),
        },
        gas: if amount == Datoshi::ZERO { String::new() } else { amount.gas_string() },
        ..Row::default()
    }
}

/// Likely seconds of what runs here; nothing where that is not known.
pub fn here(piece: &PlannedWork) -> Option<f64> {
    let verdict = piece.verdict.as_ref().filter(|_| Fate::of(piece) == Fate::Here)?;
    verdict.unmeasured.is_none().then_some(verdict.estimate.seconds.likely)
}
