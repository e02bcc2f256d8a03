//! Files that are pairs by their names, made into one piece of work each: in one place, for every front.

use std::path::{Path, PathBuf};

use super::{JobError, Workflow};
use domain::{
    job::Job,
    plan::Content,
    request::{Input, Work},
    task::{ParameterKind, TaskType},
    units::counted,
};
use guard::{
    config::at_home,
    machine::{
        self, Impossible,
        expand::{ExpandError, NamedFile, Together, identity, pairs},
    },
    policy::data::NamedBy,
};

/// So many pairs are named in a note.
const NAMED: usize = 3;

/// A piece of work as its names were expanded.
pub struct Expanded {
    /// The work.
    pub work: Work,
    /// Why it stands for no file, where that is so.
    pub nowhere: Option<ExpandError>,
}

/// The same work with the halves of each pair in one piece, the mate in the task's parameter for it, and a note where there are
/// any. Work that says by itself what its files are (its mate, that they stand alone, or where they lie from a plan of before) is
/// left as it is.
///
/// # Errors
/// Names that leave it open which files are pairs.
pub fn paired<'t>(
    all: Vec<Expanded>,
    task_of: impl Fn(&str) -> Option<&'t TaskType>,
    folder: &Path,
) -> Result<(Vec<Expanded>, Option<String>), JobError> {
    let mut groups: Vec<Group<'t>> = Vec::new();
    for (place, one) in all.iter().enumerate() {
        let Some(task) = task_of(&one.work.task).filter(|_| one.nowhere.is_none()) else { continue };
        let Some(mate) = task.mate().filter(|mate| is_open(&one.work, mate)) else { continue };
        let shared = shared(&one.work);
        match groups.iter_mut().find(|group| group.shared == shared) {
            Some(group) => group.places.push(place),
            None => groups.push(Group { shared, task, mate, places: vec![place] }),
        }
    }
    let home = std::env::home_dir();
    let mut mates: Vec<Option<Mate>> = all.iter().map(|_| None).collect();
    let mut told = Vec::new();
    for group in groups {
        let files: Vec<NamedFile> = (group.places.iter())
            .filter_map(|place| all.get(*place))
            .map(|one| {
                let named = one.work.dataset().to_owned();
                NamedFile { path: identity(&folder.join(at_home(&named, home.as_deref()))), named }
            })
            .collect();
        let required = is_required(group.task, group.mate);
        let together =
            pairs(&files, required).map_err(|why| JobError::Pairs { hint: why.hint(group.mate, required), why })?;
        for Together { first, mate } in together {
            let Some(mate) = mate else { continue };
            let place = |within: usize| group.places.get(within).copied().unwrap_or_default();
            let Some(file) = files.get(mate) else { continue };
            told.push(format!(
                "{} with {}",
                files.get(first).map_or(Path::new(""), |f| &f.named).display(),
                file.named.display()
            ));
            let name = group.mate.to_owned();
            for (place, half) in
                [(place(first), Mate::Second { name, file: file.named.clone() }), (place(mate), Mate::Taken)]
            {
                if let Some(slot) = mates.get_mut(place) {
                    *slot = Some(half);
                }
            }
        }
    }
    let together = all.into_iter().zip(mates).filter_map(|(mut one, half)| match half {
        None => Some(one),
        Some(Mate::Taken) => None,
        Some(Mate::Second { name, file }) => {
            // Given as nothing, which is not given.
            one.work.parameters.remove(&name);
            one.work.inputs.push(Input::named(name, file));
            Some(one)
        }
    });
    Ok((together.collect(), note(&told)))
}

impl Workflow {
    /// Why work on a pair is known to fail whose halves are one file, or two that hold the same; nothing where they differ. Halves of
    /// the same size are read as far as they are alike, which is no further than the first reads of a real pair.
    pub(super) async fn one_file_twice(&self, task: &TaskType, job: &Job, content: &[Content]) -> Option<Impossible> {
        let mate = task.mate()?;
        let at = job.verdict.further.iter().position(|file| file.name == mate)?;
        let (first, second) = (content.first()?, content.get(at + 1)?);
        if first.bytes != second.bytes {
            return None;
        }
        let same = first.path == second.path || {
            // They were opened by these very paths under the rules for who named them.
            let open = |file: &Content| self.parts.guard.open_dataset(&file.path, NamedBy::Person).ok();
            let (one, two) = (open(first)?, open(second)?);
            let look = move || machine::hold_the_same(&one, &two).unwrap_or(false);
            tokio::task::spawn_blocking(look).await.unwrap_or(false)
        };
        let named = |at: usize| match at {
            0 => job.verdict.dataset.path.display(),
            at => job.verdict.further.get(at - 1).map_or(Path::new(""), |file| &file.profile.path).display(),
        };
        let why = match first.path == second.path {
            true => format!("both halves are the same file: {}", named(0)),
            false => format!("both halves are the same file, by what they hold: {} and {}", named(0), named(at + 1)),
        };
        let hint = format!("name the other half of the pair for `{mate}`");
        same.then_some(Impossible { word: "no_pair", why, hint: Some(hint) })
    }
}

/// Work that differs in its file alone.
struct Group<'t> {
    shared: String,
    task: &'t TaskType,
    mate: &'t str,
    places: Vec<usize>,
}

/// What a half of a pair becomes.
enum Mate {
    /// The work of both, with the other file.
    Second { name: String, file: PathBuf },
    /// Nothing by itself.
    Taken,
}

/// Whether it is left to the names which files are pairs.
fn is_open(work: &Work, mate: &str) -> bool {
    let resolved = work.inputs.first().is_some_and(|input| input.path.is_some());
    let by_hand = work.inputs.iter().any(|input| input.name == mate)
        || work.parameters.get(mate).is_some_and(|value| !value.is_null());
    !work.single && !resolved && !by_hand
}

/// What is the same of pieces of work whose files may be pairs.
pub(super) fn shared(work: &Work) -> String {
    let Work { task, parameters, assumed, anew, skip_done, single, sample, .. } = work;
    let further = work.inputs.get(1..);
    format!("{:?}", (task, parameters, further, assumed.bytes, assumed.seconds, anew, skip_done, single, sample))
}

fn is_required(task: &TaskType, mate: &str) -> bool {
    matches!(task.parameters.get(mate).map(|spec| &spec.kind), Some(ParameterKind::File { required: true, .. }))
}

/// `2 pairs by name: a_1.fq with a_2.fq, b_1.fq with b_2.fq`.
fn note(told: &[String]) -> Option<String> {
    let more = told.len().saturating_sub(NAMED);
    let named = told.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!told.is_empty()).then(|| format!("{} by name: {named}{more}", counted(told.len() as u64, "pair", "pairs")))
}
