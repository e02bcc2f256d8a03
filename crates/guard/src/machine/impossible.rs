//! Work that is known to fail before anything is run, sent or paid.

use super::{
    ProbeError,
    catalogue::{Unsuitable, WhyNot, check_dataset, check_further},
    first,
};
use crate::policy::data::OpenDataset;
use domain::{
    dataset::{Alphabet, DatasetProfile, Doubt, Format, FurtherFile},
    task::{Parameters, TaskType},
    units,
    verdict::Place,
};
use science::{InputError, LONGEST, PROTEIN_FOLDING, ReadError, ScienceError, TEXT_SUMMARY};

/// Files up to this size are read as a whole where their probe leaves open whether the task can work on them, bytes. Of
/// compressed ones no more content is read than this.
const READ: u64 = 64_000_000;

/// Why a task cannot work on a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// A short word that stays the same: `empty`, `format`, `alphabet`, `compressed`, `zeros`, `first_record`,
    /// `nothing_to_fold`, `nucleotides`, `no_sentences`, `not_text`, `no_pair`, `damaged`, `unreadable`, `room`.
    pub word: &'static str,
    /// In a sentence.
    pub why: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Impossible {
    fn new(word: &'static str, why: String, hint: &str) -> Impossible {
        Impossible { word, why, hint: Some(hint.to_owned()) }
    }
}

impl From<&ProbeError> for Impossible {
    /// A probe without an answer.
    fn from(error: &ProbeError) -> Impossible {
        let word = match error {
            ProbeError::Read { .. } | ProbeError::NoMemory => "unreadable",
            ProbeError::Damaged(InputError::Memory { .. } | InputError::Dictionary) => "unreadable",
            ProbeError::Empty => "empty",
            ProbeError::Damaged(_) | ProbeError::Changes { .. } => "damaged",
        };
        Impossible { word, why: error.to_string(), hint: error.hint() }
    }
}

impl From<&ReadError> for Impossible {
    /// A dataset that its task's own reader does not get through.
    fn from(error: &ReadError) -> Impossible {
        Impossible { word: error.why.word(), why: error.to_string(), hint: error.hint() }
    }
}

/// Why `task` is known to fail on a dataset that was probed; `None` where nothing is known against it.
///
/// Most is drawn from the probe. Where it leaves open whether there is anything to work on (a protein that is short
/// enough to fold, a sentence to choose), files of up to 64 MB are read as the task reads them; larger ones only where
/// the probe proves it. `place` is where the work would run: zeros within a dataset only keep it from being sent away.
pub fn impossible(
    task: &TaskType,
    parameters: &Parameters,
    profile: &DatasetProfile,
    open: &OpenDataset,
    place: Place,
) -> Option<Impossible> {
    let path = open.path.display();
    // A kind that has a name is told by it below.
    if is_empty(profile) {
        let hint = "check the name, and whether its download finished";
        return Some(Impossible::new("empty", format!("{path} holds no records to work on"), hint));
    }
    if let Err(unsuitable) = check_dataset(task, profile) {
        return Some(not_for(task, &unsuitable, profile));
    }
    if let Some(wanted) = &task.first
        && let Some(why) = first::wrong(wanted, open)
    {
        let hint = format!("name a file whose first record has {}", first::wanted(wanted));
        let why = format!("{} works on the first record of {path} alone, and {why}", task.name);
        return Some(Impossible::new("first_record", why, &hint));
    }
    if place == Place::Offload && profile.zeros {
        let why = format!("{path} is not sent away: {}", profile.zeros_mean());
        let hint = "download or copy the file again; if only its beginning was ever written, cut it there: \
                    truncate -s BYTES";
        return Some(Impossible::new("zeros", why, hint));
    }
    let error = match task.name.as_str() {
        PROTEIN_FOLDING => match can_fold(profile) {
            Some(true) => return None,
            Some(false) => ScienceError::NothingToFold { total: profile.records }.into(),
            None if profile.bytes > READ => return None,
            None => tried(task, parameters, profile, open)?,
        },
        TEXT_SUMMARY => tried(task, parameters, profile, open)?,
        _ => return None,
    };
    let told = Impossible::from(&error);
    Some(Impossible { why: format!("{path} cannot be worked on: {}", told.why), ..told })
}

/// Whether there is nothing in a file to work on. Of a binary one no records are counted, and one of a kind that has a name is
/// told by that.
fn is_empty(file: &DatasetProfile) -> bool {
    file.records == 0 && file.foreign.is_none() && (file.format != Format::Binary || file.bytes == 0)
}

/// Whether there is a protein that can be folded, as far as the probe proves it: it counted everything, and the longest
/// can be folded or is all there is.
fn can_fold(profile: &DatasetProfile) -> Option<bool> {
    match profile.longest {
        // Of a mix only the proteins are.
        _ if profile.sampled || profile.zeros || matches!(profile.doubt, Some(Doubt::Mixed { .. })) => None,
        0 => Some(false),
        longest if longest <= LONGEST as u64 => Some(true),
        _ if profile.records == 1 => Some(false),
        _ => None,
    }
}

/// What comes of reading the dataset as the task would.
fn tried(task: &TaskType, parameters: &Parameters, profile: &DatasetProfile, open: &OpenDataset) -> Option<ReadError> {
    let file = match open.reopen() {
        Ok(file) => file,
        Err(e) => return Some(science::InputError::Read(e).into()),
    };
    science::try_reading(&task.name, parameters, profile.format, file, READ).err()
}

/// Why `task` is known to fail with one of its further files beside this dataset; `None` where nothing is known against them.
pub fn impossible_with(task: &TaskType, dataset: &DatasetProfile, further: &[FurtherFile]) -> Option<Impossible> {
    let Some(unsuitable) = further.iter().find_map(|file| check_further(task, file).err()) else {
        let Some(empty) = further.iter().find(|file| is_empty(&file.profile)) else {
            let mate = further.iter().find(|file| task.mate() == Some(file.name.as_str()))?;
            return no_pair(dataset, &mate.profile);
        };
        let why =
            format!("`{}` holds nothing to work with: {}", task.called(&empty.name), empty.profile.path.display());
        return Some(Impossible::new("empty", why, "check the name, and whether its download finished"));
    };
    let other = format!("name another file for `{}`", unsuitable.file);
    let (word, hint) = match (&unsuitable.why_not, &unsuitable.otherwise) {
        (WhyNot::Odd { mended_by, .. }, _) => ("format", format!("mend it: `{mended_by}`")),
        (WhyNot::Alphabet(_), Some(otherwise)) => ("alphabet", format!("{other}; {otherwise}")),
        (WhyNot::Alphabet(_), None) => ("alphabet", other),
        (WhyNot::Format(_, Some(foreign)), _) => ("format", foreign.hint()),
        (WhyNot::Format(..), Some(otherwise)) => ("format", format!("{other}; {otherwise}")),
        (WhyNot::Format(..), None) => ("format", other),
    };
    Some(Impossible { word, why: unsuitable.to_string(), hint: Some(hint) })
}

/// Why two files are no pair: both were counted to their end, and differ.
fn no_pair(first: &DatasetProfile, mate: &DatasetProfile) -> Option<Impossible> {
    let counted = |file: &DatasetProfile| !file.sampled && !file.zeros;
    if !counted(first) || !counted(mate) || first.records == mate.records {
        return None;
    }
    let why = format!(
        "{} holds {} and {} {}: they are no pair",
        first.path.display(),
        units::counted(first.records, "record", "records"),
        mate.path.display(),
        units::count(mate.records)
    );
    Some(Impossible::new("no_pair", why, "check that both come from the same run, and that neither was filtered alone"))
}

fn not_for(task: &TaskType, unsuitable: &Unsuitable, profile: &DatasetProfile) -> Impossible {
    let takes_alphabet = task.parameters.contains_key("alphabet");
    let (word, hint) = match unsuitable {
        Unsuitable::Format { .. } => (
            "format",
            match profile.foreign {
                Some(foreign) => foreign.hint(),
                None => "`agent tasks` shows what each task works on".to_owned(),
            },
        ),
        Unsuitable::Alphabet { .. } if profile.doubt == Some(Doubt::Unsure) && takes_alphabet => {
            ("alphabet", "their letters leave it open: if they are proteins, say so: --set alphabet=protein".to_owned())
        }
        Unsuitable::Alphabet { .. } if let Some(doubt @ Doubt::Mixed { .. }) = profile.doubt => {
            let why = format!("{unsuitable}: {}", doubt.meaning(profile.alphabet.unwrap_or(Alphabet::Nucleotide)));
            return Impossible::new("alphabet", why, "name a file of one kind: write its records into two files");
        }
        Unsuitable::Alphabet { .. } if let Some(otherwise) = &task.otherwise => ("alphabet", otherwise.clone()),
        Unsuitable::Alphabet { .. } if profile.alphabet == Some(Alphabet::Nucleotide) => {
            ("alphabet", "translate the sequences first, or name a file of proteins".to_owned())
        }
        Unsuitable::Alphabet { .. } => ("alphabet", "name a file of nucleotides".to_owned()),
        Unsuitable::Odd { mended_by, .. } => ("format", format!("mend it: `{mended_by}`")),
    };
    Impossible { word, why: unsuitable.to_string(), hint: Some(hint) }
}

#[cfg(test)]
mod tests;
