//! The task catalogue: what can be run, with what parameters, and what it needs.
//!
//! A task is described by a TOML file (`form` is how it is written). Those of `tasks/` are part of the program itself, so that no
//! file on disk can change what they run; an owner has more in `AGENT_HOME/tasks`, and a node's operator in a folder of the node.
//!
//! | file | holds |
//! | --- | --- |
//! | `form.rs` | a task file as it is written |
//! | `read.rs`, `check.rs`, `error.rs` | from text to a task; what it may not say; how that is told |
//! | `remote.rs` | what it may not say of the provider's model |
//! | `several.rs` | inputs that are several files, or a folder |
//! | `owned.rs` | the files of a folder |
//! | `suits.rs` | whether a file suits a task |

pub(crate) mod check;
mod error;
mod form;
mod owned;
mod read;
mod remote;
mod several;
mod suits;

pub use self::{
    error::TaskFileError,
    form::TaskFile,
    owned::{FolderError, read_folder, unread, unread_hint},
    read::{MAX_FILE, read_task},
    suits::{Unsuitable, UnsuitableFile, WhyNot, check_dataset, check_further, endings, format_name},
};
pub use super::{
    parameters::{ParameterError, check_parameters, written},
    programs::{Missing, missing_program},
};
use domain::task::{TaskOrigin, TaskType};

macro_rules! entries {
    ($($name:literal),* $(,)?) => {
        [$((concat!($name, ".toml"), include_str!(concat!("../../../../../tasks/", $name, ".toml")))),*]
    };
}

/// The entries: file name and text, in the order in which people are shown them.
const ENTRIES: &[(&str, &str)] = &entries![
    "sequence_stats",
    "protein_folding",
    "peptide_folding",
    "text_summary",
    "read_trimming",
    "read_mapping",
    "blast_search",
    "blastn_search",
    "blastx_search",
    "diamond_search",
    "diamond_blastx",
    "hmm_search",
    "multiple_alignment",
    "phylogenetic_tree",
    "nucleotide_tree",
    "sequence_clustering",
    "gene_prediction",
    "sequence_translate",
    "sequence_reverse_complement",
    "sequence_filter",
    "sequence_subset",
    "sequence_sample",
    "sequence_deduplicate",
];

/// Scripts that tasks of the program run, which lie side by side while they do: file name and text.
const SCRIPTS: [(&str, &str); 2] = [
    ("peptide_folding.py", include_str!("../../../../../tasks/scripts/peptide_folding.py")),
    ("peptide_dynamics.py", include_str!("../../../../../tasks/scripts/peptide_dynamics.py")),
];

/// The scripts of the program's own tasks: file name and text.
pub fn scripts() -> &'static [(&'static str, &'static str)] {
    &SCRIPTS
}

/// The task types, in the order in which people are shown them.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    tasks: Vec<TaskType>,
}

/// A name is meant for another one where at most so many letters differ.
const FAR: usize = 3;
/// So many tasks are named where one may be meant.
const MOST_NEAR: usize = 3;

impl Catalogue {
    /// The catalogue of this program.
    ///
    /// # Errors
    /// None that a test of this program would not have found.
    pub fn builtin() -> Result<Catalogue, TaskFileError> {
        let tasks = ENTRIES.iter().map(|(file, text)| read_task(file, text, TaskOrigin::Program));
        Ok(Catalogue { tasks: tasks.collect::<Result<_, _>>()? })
    }

    /// A catalogue of this task alone.
    pub fn only(task: TaskType) -> Catalogue {
        Catalogue { tasks: vec![task] }
    }

    /// Takes in one more task.
    ///
    /// # Errors
    /// A task of that name, or one that is asked for by the same words, is there already. Of two tasks of which one names the
    /// other as one like it, the same words may ask for either: it is asked which is meant.
    pub fn add(&mut self, file: &str, mut task: TaskType) -> Result<(), TaskFileError> {
        let error =
            |field: &str, why| TaskFileError { file: file.to_owned(), line: None, field: field.to_owned(), why };
        if self.get(&task.name).is_some() {
            return Err(error("name", format!("there is a task `{}` already: choose another name", task.name)));
        }
        // Its own name is what nobody chose as a phrase: where it is taken, the task is named by `agent run` alone.
        let taken = |phrase: &String| self.tasks.iter().any(|other| other.asked_as.contains(phrase));
        let own = read::own_phrases(&task.name);
        task.asked_as.retain(|phrase| !own.contains(phrase) || !taken(phrase));
        let others = || self.tasks.iter().flat_map(|other| other.asked_as.iter().map(move |phrase| (phrase, other)));
        let alike = |other: &TaskType| {
            other.see_also.as_ref() == Some(&task.name) || task.see_also.as_ref() == Some(&other.name)
        };
        let twice = |(phrase, other): &(&String, &TaskType)| task.asked_as.contains(phrase) && !alike(other);
        if let Some((phrase, other)) = others().find(twice) {
            return Err(error("asked_as", format!("`{phrase}` asks for {} already: choose other words", other.name)));
        }
        self.tasks.push(task);
        Ok(())
    }

    /// The task type of this name.
    pub fn get(&self, name: &str) -> Option<&TaskType> {
        self.tasks.iter().find(|t| t.name == name)
    }

    /// The tasks that a name which is none may be meant for, the nearest first: those whose program is called so, else one that is
    /// written much like it.
    pub fn near(&self, name: &str, may_be: impl Fn(&TaskType) -> bool) -> Vec<&TaskType> {
        let runs = |task: &TaskType| {
            task.command().is_some_and(|command| {
                command.executable == name || command.steps.iter().any(|step| step.executable == name)
            })
        };
        let all = || self.iter().filter(|task| may_be(task));
        let by_program: Vec<&TaskType> = all().filter(|task| runs(task)).take(MOST_NEAR).collect();
        if !by_program.is_empty() {
            return by_program;
        }
        let far = |task: &&TaskType| strsim::osa_distance(&task.name, name);
        // Of a short name little may be wrong.
        let near = |task: &&TaskType| far(task) <= FAR && 2 * far(task) <= name.chars().count();
        all().filter(near).min_by_key(far).into_iter().collect()
    }

    /// All task types.
    pub fn iter(&self) -> impl Iterator<Item = &TaskType> {
        self.tasks.iter()
    }
}

#[cfg(test)]
mod tests;
