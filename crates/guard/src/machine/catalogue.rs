//! The task catalogue: what can be run, with what parameters, and what it needs.
//!
//! The entries are `tasks/*.toml`, part of the program itself, so that no file on disk can change what a task runs.

use std::{collections::BTreeSet, path::PathBuf};

pub use super::{
    parameters::{ParameterError, check_parameters},
    programs::{Missing, missing_program},
};
use domain::{
    dataset::{Alphabet, Compression, DatasetProfile, Doubt, Foreign, Format, FurtherFile},
    estimate::{Factor, Terms},
    task::{ParameterKind, Program, TaskType},
};

/// The entries: file name and text.
const ENTRIES: [(&str, &str); 6] = [
    ("sequence_stats.toml", include_str!("../../../../tasks/sequence_stats.toml")),
    ("protein_folding.toml", include_str!("../../../../tasks/protein_folding.toml")),
    ("text_summary.toml", include_str!("../../../../tasks/text_summary.toml")),
    ("blast_search.toml", include_str!("../../../../tasks/blast_search.toml")),
    ("hmm_search.toml", include_str!("../../../../tasks/hmm_search.toml")),
    ("multiple_alignment.toml", include_str!("../../../../tasks/multiple_alignment.toml")),
];

/// Why the catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not an entry.
    #[error("the catalogue entry {file} cannot be read: {why}")]
    Syntax {
        /// Which file.
        file: String,
        /// Where and why.
        why: String,
    },
    /// An entry that contradicts itself or another.
    #[error("the catalogue entry `{task}` is wrong: {why}")]
    Wrong {
        /// Which task.
        task: String,
        /// What is wrong.
        why: String,
    },
}

/// Why a dataset does not suit a task.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum Unsuitable {
    /// Of another format.
    #[error("{task} takes {takes}, and this dataset is {is}")]
    Format {
        /// The task.
        task: String,
        /// The formats it takes.
        takes: String,
        /// The dataset's format.
        is: String,
    },
    /// Of another alphabet.
    #[error("{task} takes {takes} sequences, and these are {is}")]
    Alphabet {
        /// The task.
        task: String,
        /// The alphabet it takes.
        takes: &'static str,
        /// The dataset's alphabet.
        is: &'static str,
    },
    /// Compressed, for a program that cannot decompress.
    #[error("{task} runs {executable}, which does not read {compression}: decompress the dataset first")]
    Compressed {
        /// The task.
        task: String,
        /// The program.
        executable: String,
        /// How it is compressed.
        compression: Compression,
    },
    /// Odd in a way that outside programs misread.
    #[error("{task} runs {executable}, which would misread the dataset: {meaning}")]
    Odd {
        /// The task.
        task: String,
        /// The program.
        executable: String,
        /// What is odd.
        meaning: &'static str,
        /// The command that mends it.
        mended_by: &'static str,
    },
}

/// Why a further file does not suit a task.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("`{file}` is to be {takes}, and {} is {why_not}", path.display())]
pub struct UnsuitableFile {
    /// The parameter that names it.
    pub file: String,
    /// The file.
    pub path: PathBuf,
    /// What it is to be.
    pub takes: String,
    /// What it is instead.
    pub why_not: WhyNot,
    /// What a person can do who has another kind of file.
    pub otherwise: Option<String>,
}

/// What a file is that does not suit.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WhyNot {
    /// Compressed, for a program that does not decompress.
    #[error("compressed with {0}, which the program does not read")]
    Compressed(Compression),
    /// Of another format.
    #[error("{}", .1.map_or_else(|| format_name(*.0).to_owned(), |foreign| foreign.name()))]
    Format(Format, Option<Foreign>),
    /// Of another alphabet.
    #[error("of {} sequences", alphabet_name(*.0))]
    Alphabet(Alphabet),
    /// Odd in a way that outside programs misread.
    #[error("odd: {meaning}")]
    Odd {
        /// What is odd.
        meaning: &'static str,
        /// The command that mends it.
        mended_by: &'static str,
    },
}

/// The task types, in the order in which people are shown them.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    tasks: Vec<TaskType>,
}

impl Catalogue {
    /// The catalogue of this program.
    ///
    /// # Errors
    /// None that a test of this program would not have found.
    pub fn builtin() -> Result<Catalogue, CatalogueError> {
        Catalogue::parse(&ENTRIES)
    }

    fn parse(entries: &[(&str, &str)]) -> Result<Catalogue, CatalogueError> {
        let mut tasks: Vec<TaskType> = Vec::with_capacity(entries.len());
        for (file, text) in entries {
            let task: TaskType = toml::from_str(text)
                .map_err(|e| CatalogueError::Syntax { file: (*file).to_owned(), why: e.to_string() })?;
            let wrong = |why: String| CatalogueError::Wrong { task: task.name.clone(), why };
            if *file != format!("{}.toml", task.name) {
                return Err(wrong(format!("it stands in {file}")));
            }
            check(&task).map_err(wrong)?;
            tasks.push(task);
        }
        Ok(Catalogue { tasks })
    }

    /// The task type of this name.
    pub fn get(&self, name: &str) -> Option<&TaskType> {
        self.tasks.iter().find(|t| t.name == name)
    }

    /// All task types.
    pub fn iter(&self) -> impl Iterator<Item = &TaskType> {
        self.tasks.iter()
    }
}

/// What is wrong with an entry.
fn check(task: &TaskType) -> Result<(), String> {
    let model = &task.resources;
    for (name, terms) in [("ram", &model.ram), ("seconds", &model.seconds)] {
        // A negative coefficient would let a larger dataset need less.
        let positive = terms.iter().all(|(_, by)| by.is_finite() && by >= 0.0) && terms.iter().any(|(_, by)| by > 0.0);
        if !positive {
            return Err(format!("its {name} model has a negative term, or none"));
        }
        let mut factors = terms.iter().flat_map(|(term, _)| term.factors.iter().map(move |factor| (term, factor)));
        if let Some((term, _)) = factors.find(|(_, factor)| !is_measured(task, factor)) {
            return Err(format!("its {name} model has the term `{term}`, of what is not measured"));
        }
    }
    for (file, spec) in task.files() {
        let counts = |terms: &Terms| {
            terms.iter().any(|(term, by)| {
                by > 0.0 && term.factors.iter().any(|f| matches!(f, Factor::Further(name, _) if name == file))
            })
        };
        if !counts(&model.ram) && !counts(&model.seconds) {
            return Err(format!("what it needs does not depend on `{file}`"));
        }
        if matches!(&spec.kind, ParameterKind::File { formats, .. } if formats.is_empty()) {
            return Err(format!("`{file}` takes no format"));
        }
    }
    if !(1.0..=100.0).contains(&model.spread) || model.source.is_empty() {
        return Err("its spread is not between 1 and 100, or its figures have no source".to_owned());
    }
    if task.formats.is_empty() || task.asked_as.is_empty() {
        return Err("it takes no format, or nobody can ask for it".to_owned());
    }
    if let Some(phrase) = task.asked_as.iter().find(|p| **p != p.to_lowercase()) {
        return Err(format!("`{phrase}` is not lower case"));
    }
    for (name, spec) in &task.parameters {
        let possible = match &spec.kind {
            ParameterKind::Integer { min, max, default } => (min..=max).contains(&default),
            ParameterKind::Choice { values, default } => {
                default.as_ref().is_none_or(|default| values.contains(default))
            }
            ParameterKind::File { .. } => true,
        };
        if !possible {
            return Err(format!("the default of `{name}` is outside its limits"));
        }
    }
    placeholders(task)
}

/// Whether a factor is of something that this task has, and never negative.
fn is_measured(task: &TaskType, factor: &Factor) -> bool {
    match factor {
        Factor::Dataset(_) => true,
        Factor::Further(name, _) => task.files().any(|(file, _)| file == name),
        Factor::Parameter(name, _) => {
            matches!(task.parameters.get(name).map(|spec| &spec.kind), Some(ParameterKind::Integer { min: 0.., .. }))
        }
    }
}

/// Every placeholder of the command line is known, and every parameter has its place in it.
fn placeholders(task: &TaskType) -> Result<(), String> {
    let Program::Command { arguments, .. } = &task.program else { return Ok(()) };
    let named = |a: &String| a.strip_prefix('{').and_then(|a| a.strip_suffix('}')).map(str::to_owned);
    let used: BTreeSet<String> = arguments.iter().filter_map(named).collect();
    let mut known: BTreeSet<String> = task.parameters.keys().cloned().collect();
    known.extend(["dataset".to_owned(), "output".to_owned()]);
    if used != known {
        return Err(format!("its arguments use {used:?}, and it has {known:?}"));
    }
    if arguments.iter().any(|a| a.contains(['{', '}']) && named(a).is_none()) {
        return Err("a placeholder is only part of an argument".to_owned());
    }
    Ok(())
}

/// Whether `task` can work on a dataset like this.
///
/// # Errors
/// The first reason why not.
pub fn check_dataset(task: &TaskType, dataset: &DatasetProfile) -> Result<(), Unsuitable> {
    let name = || task.name.clone();
    if !task.formats.contains(&dataset.format) {
        let takes = task.formats.iter().map(|&f| format_name(f)).collect::<Vec<_>>().join(" or ");
        let is = dataset.foreign.map_or_else(|| format_name(dataset.format).to_owned(), Foreign::name);
        return Err(Unsuitable::Format { task: name(), takes, is });
    }
    if let (Some(takes), Some(is)) = (task.alphabet, dataset.alphabet)
        && takes != is
    {
        return Err(Unsuitable::Alphabet { task: name(), takes: alphabet_name(takes), is: alphabet_name(is) });
    }
    let Program::Command { executable, .. } = &task.program else { return Ok(()) };
    if let Some(compression) = dataset.compression {
        return Err(Unsuitable::Compressed { task: name(), executable: executable.clone(), compression });
    }
    match dataset.oddities.iter().find_map(|oddity| Some((oddity.meaning(), oddity.mended_by()?))) {
        Some((meaning, mended_by)) => {
            Err(Unsuitable::Odd { task: name(), executable: executable.clone(), meaning, mended_by })
        }
        None => Ok(()),
    }
}

/// Whether `task` can work with a further file like this.
///
/// # Errors
/// The first reason why not.
pub fn check_further(task: &TaskType, file: &FurtherFile) -> Result<(), UnsuitableFile> {
    let Some(ParameterKind::File { formats, alphabet, otherwise, .. }) =
        task.parameters.get(&file.name).map(|spec| &spec.kind)
    else {
        return Ok(());
    };
    let names = formats.iter().map(|&f| format_name(f)).collect::<Vec<_>>().join(" or ");
    let takes = match alphabet {
        Some(alphabet) => format!("{names} of {} sequences", alphabet_name(*alphabet)),
        None => names,
    };
    let is = &file.profile;
    let by_command = matches!(task.program, Program::Command { .. });
    let odd = || is.oddities.iter().find_map(|oddity| Some((oddity.meaning(), oddity.mended_by()?)));
    let why_not = match (is.compression.filter(|_| by_command), *alphabet, is.alphabet) {
        (Some(compression), ..) => WhyNot::Compressed(compression),
        _ if !formats.contains(&is.format) => WhyNot::Format(is.format, is.foreign),
        // Letters that both alphabets have prove nothing.
        (_, Some(wanted), Some(found)) if wanted != found && is.doubt != Some(Doubt::Unsure) => WhyNot::Alphabet(found),
        _ => match odd().filter(|_| by_command) {
            Some((meaning, mended_by)) => WhyNot::Odd { meaning, mended_by },
            None => return Ok(()),
        },
    };
    let (file, path) = (file.name.clone(), is.path.clone());
    Err(UnsuitableFile { file, path, takes, why_not, otherwise: otherwise.clone() })
}

/// The format in people's words.
pub fn format_name(format: Format) -> &'static str {
    match format {
        Format::Fasta => "FASTA",
        Format::Fastq => "FASTQ",
        Format::Hmm => "HMMER profiles",
        Format::Text => "plain text",
        Format::Binary => "a binary file",
    }
}

fn alphabet_name(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Nucleotide => "nucleotide",
        Alphabet::Protein => "protein",
    }
}

#[cfg(test)]
mod tests;
