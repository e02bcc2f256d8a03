//! The task catalogue: what can be run, with what parameters, and what it needs.
//!
//! The entries are `tasks/*.toml`, part of the program itself, so that no file on disk can change what a task runs.

use std::collections::BTreeSet;

pub use super::{
    parameters::{ParameterError, check_parameters},
    programs::{Missing, missing_program},
};
use domain::{
    dataset::{Alphabet, Compression, DatasetProfile, Foreign, Format},
    estimate::Terms,
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
        let Terms { constant, bytes, records, residues, longest, longest_squared, records_longest, residues_longest } =
            terms;
        let all = [constant, bytes, records, residues, longest, longest_squared, records_longest, residues_longest];
        // A negative coefficient would let a larger dataset need less.
        if all.iter().any(|c| !c.is_finite() || **c < 0.0) || all.iter().all(|c| **c == 0.0) {
            return Err(format!("its {name} model has a negative term, or none"));
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

/// The format in people's words.
pub fn format_name(format: Format) -> &'static str {
    match format {
        Format::Fasta => "FASTA",
        Format::Fastq => "FASTQ",
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
