//! Task types: what the catalogue has, as values.

pub mod remote;
pub mod template;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::{
    remote::RemoteModel,
    template::{Piece, Template},
};
use super::{
    dataset::{Alphabet, Compression, Format, input_of},
    estimate::ResourceModel,
    hash::Sha256,
};

/// What a person chose for a task, by name: `{"dimension": 3, "seed": 7}`.
pub type Parameters = serde_json::Map<String, serde_json::Value>;

/// One entry of the catalogue, read from its file and checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskType {
    /// Its name: `protein_folding`.
    pub name: String,
    /// Of the file's text: a changed file is another version of the task.
    pub version: Sha256,
    /// Whose file it is.
    pub origin: TaskOrigin,
    /// A short title for people.
    pub title: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// What is honest to say beside every result, such as the limits of the model.
    pub caveat: Option<String>,
    /// The DOI of the method's paper.
    pub cite: Option<String>,
    /// Words and phrases by which people ask for it, lower case.
    pub asked_as: Vec<String>,
    /// Another task that answers a like question: plans tell of it where the dataset suits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see_also: Option<String>,
    /// Whether R-MODEL holds.
    pub model_heavy: bool,
    /// What the command line calls the dataset: the name of its first input.
    pub input: String,
    /// Dataset formats it takes.
    pub formats: Vec<Format>,
    /// The alphabet it needs, where it matters.
    pub alphabet: Option<Alphabet>,
    /// What its first record must be, where it works on that alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstRecord>,
    /// What a person can do who has another kind of dataset, in a sentence.
    pub otherwise: Option<String>,
    /// How a dataset may be compressed that the program reads itself; others are unpacked for it.
    pub compressed: Vec<Compression>,
    /// What runs it.
    pub program: Program,
    /// The model at the provider.
    #[serde(default)]
    pub remote: Option<RemoteModel>,
    /// The parameters it takes, further inputs among them.
    pub parameters: BTreeMap<String, ParameterSpec>,
    /// What it needs, where that was measured: somebody is asked before a task runs of which nothing is known.
    pub resources: Option<ResourceModel>,
    /// What each file of a result must be.
    pub check: BTreeMap<String, ResultFormat>,
    /// What is shown of a result.
    pub show: Show,
}

/// What the first record of a dataset must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRecord {
    /// The fewest residues.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// The letters that may stand for them, in capitals.
    pub letters: String,
}

/// Whose file a task was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskOrigin {
    /// Part of this program.
    Program,
    /// The owner's, or a node operator's.
    Owner,
}

impl TaskType {
    /// The parameters that are files.
    pub fn files(&self) -> impl Iterator<Item = (&String, &ParameterSpec)> {
        self.parameters.iter().filter(|(_, spec)| matches!(spec.kind, ParameterKind::File { .. }))
    }

    /// The parameter that takes the other file of a pair.
    pub fn mate(&self) -> Option<&str> {
        let is_mate = |spec: &ParameterSpec| matches!(spec.kind, ParameterKind::File { mate: true, .. });
        self.parameters.iter().find(|(_, spec)| is_mate(spec)).map(|(name, _)| name.as_str())
    }

    /// How many files an input takes besides the first, where it may be more than one.
    pub fn several(&self, input: &str) -> Option<Several> {
        match self.parameters.get(input).map(|spec| &spec.kind) {
            Some(ParameterKind::File { several, .. }) => *several,
            _ => None,
        }
    }

    /// The parameter that takes the files of the first input beyond the first one, and how many those are.
    pub fn rest(&self) -> Option<(&str, Several)> {
        self.parameters.iter().find_map(|(name, spec)| match spec.kind {
            ParameterKind::File { rest: true, several: Some(several), .. } => Some((name.as_str(), several)),
            _ => None,
        })
    }

    /// Whether the first input is a folder.
    pub fn works_on_a_folder(&self) -> bool {
        self.rest().is_some_and(|(_, several)| several.folder)
    }

    /// What people call the input of a file that a job has under this name ([`input_of`]).
    pub fn called<'a>(&'a self, file: &'a str) -> &'a str {
        let input = input_of(file);
        if self.rest().is_some_and(|(rest, _)| rest == input) { &self.input } else { input }
    }

    /// The model at the provider, where a job may be sent there at all: a node's model takes no second file, and no folder.
    pub fn elsewhere(&self) -> Option<&RemoteModel> {
        let needs_a_file = |spec: &ParameterSpec| matches!(spec.kind, ParameterKind::File { required: true, .. });
        let fits = |remote: &&RemoteModel| {
            remote.slots.is_some() || !self.parameters.values().any(needs_a_file) && !self.works_on_a_folder()
        };
        self.remote.as_ref().filter(fits)
    }

    /// Whether there is no program for it here: it is a model of the provider's.
    pub fn is_elsewhere_only(&self) -> bool {
        self.program == Program::Aioz
    }

    /// Whether what it needs here is known: from its figures, or as it never needs anything here.
    pub fn is_measured(&self) -> bool {
        self.resources.is_some() || self.is_elsewhere_only()
    }

    /// The name by which runs of it are measured: what a changed file of the owner's describes is measured anew.
    pub fn measured_as(&self) -> String {
        match self.origin {
            TaskOrigin::Program => self.name.clone(),
            TaskOrigin::Owner => format!("{}@{}", self.name, self.version),
        }
    }

    /// Whether its programs may use the network: what they are given may leave this machine.
    pub fn uses_network(&self) -> bool {
        self.command().is_some_and(|command| command.network)
    }

    /// The command that runs it, unless it is built in.
    pub fn command(&self) -> Option<&CommandLine> {
        match &self.program {
            Program::Builtin | Program::Aioz => None,
            Program::Command(command) => Some(command),
        }
    }
}

/// What runs a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Program {
    /// Part of this program.
    Builtin,
    /// Outside programs, run without a shell.
    Command(CommandLine),
    /// None here: a model of the provider's.
    Aioz,
}

/// Outside programs, run one after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandLine {
    /// The program that results name as theirs, looked up on PATH.
    pub executable: String,
    /// The arguments by which it tells its version.
    pub version: Vec<Template>,
    /// The arguments by which the executable shows that it has what the task needs of it: it ends with exit code 0. None where
    /// it is enough that it is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe: Vec<Template>,
    /// The command that installs what is missing, where that is no Debian package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
    /// All that is run, in order; the executable's own step among them.
    pub steps: Vec<Step>,
    /// Patterns of further result files that are kept: `cluster_*.tsv`.
    pub collect: Vec<String>,
    /// The container image that holds the programs; nothing where they are this machine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Whether its programs may use the network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub network: bool,
}

/// A container image (OCI), which `podman` has on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// By what name it is pulled: `docker.io/staphb/fastp:0.23.4`.
    pub name: String,
    /// Its content, `sha256:` and 64 hexadecimal digits: whatever the name comes to mean, this one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Image {
    /// What is run.
    pub fn reference(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }
}

/// One outside program with its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The executable, looked up on PATH.
    pub executable: String,
    /// The Debian package to install when it is missing.
    pub package: Option<String>,
    /// Its arguments, filled in one by one.
    pub arguments: Vec<Argument>,
    /// The file that its standard output is: a result file or one in the scratch folder.
    pub stdout: Option<Template>,
}

/// An argument, or several that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    /// Always there.
    Always(Template),
    /// There when something is given.
    When {
        /// A file or value that is given, or a flag that is set.
        with: String,
        /// What is there then.
        arguments: Vec<Template>,
    },
}

impl Step {
    /// The templates of its arguments when `given` says what is given.
    pub fn arguments_when<'a>(&'a self, given: &'a dyn Fn(&str) -> bool) -> impl Iterator<Item = &'a Template> {
        self.arguments.iter().flat_map(move |argument| match argument {
            Argument::Always(template) => std::slice::from_ref(template),
            Argument::When { with, arguments } if given(with) => arguments.as_slice(),
            Argument::When { .. } => &[],
        })
    }
}

impl CommandLine {
    /// Whether a step keeps something in the job's checkpoint folder.
    pub fn has_checkpoint(&self) -> bool {
        let mut templates = self.steps.iter().flat_map(|step| step.arguments_when(&|_| true));
        templates.any(|template| template.pieces.iter().any(|piece| matches!(piece, Piece::Checkpoint(_))))
    }

    /// The result files that must be there after a run, in order, when `given` says what is given.
    pub fn outputs_when<'a>(&'a self, given: &'a dyn Fn(&str) -> bool) -> Vec<&'a str> {
        let mut names = Vec::new();
        for step in &self.steps {
            let all = step.arguments_when(given).chain(&step.stdout).flat_map(Template::outputs);
            all.for_each(|name| {
                if !names.contains(&name) {
                    names.push(name);
                }
            });
        }
        names
    }
}

/// What a result file is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultFormat {
    /// Sequences.
    Fasta,
    /// Reads with qualities.
    Fastq,
    /// Sequences or reads with qualities.
    Sequences,
    /// Lines of fields between tabs, the same number in each but for lines that begin with `#`.
    Tsv,
    /// A table by RFC 4180.
    Csv,
    /// One JSON document.
    Json,
    /// UTF-8 text.
    Text,
    /// Alignments as text.
    Sam,
    /// Alignments, packed.
    Bam,
    /// Coordinates of a structure.
    Pdb,
    /// A tree.
    Newick,
    /// Features of sequences, version 3.
    Gff,
    /// Anything that is there.
    Any,
}

/// What faces show of a result.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Show {
    /// The result file that is meant; the first one otherwise.
    pub file: Option<String>,
    /// Values in it by their paths, where it is JSON: `summary.before_filtering.total_reads`.
    pub figures: Vec<String>,
}

/// An input never has more files than this: each is open while a run begins.
pub const MOST_FILES: usize = 200;

/// How many files an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Several {
    /// The fewest.
    pub min: usize,
    /// The most, at most [`MOST_FILES`].
    pub max: usize,
    /// Whether they are all files of one folder, which the program is given in their place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folder: bool,
}

/// One parameter of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterSpec {
    /// What it is.
    pub description: String,
    /// Whether it has to be said: nothing stands in for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needed: bool,
    /// Its kind and limits.
    #[serde(flatten)]
    pub kind: ParameterKind,
}

/// Kinds of parameters with their limits and defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParameterKind {
    /// A whole number.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// When nothing is said; where there is none, it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<i64>,
    },
    /// A decimal number.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// When nothing is said; where there is none, it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<f64>,
    },
    /// Yes or no; no when nothing is said.
    Flag,
    /// Text that a pattern matches as a whole.
    Text {
        /// A regular expression.
        pattern: String,
        /// When nothing is said; where there is none, it is left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        default: Option<String>,
    },
    /// One of some words.
    Choice {
        /// The words.
        values: Vec<String>,
        /// When nothing is said; where there is none, it is left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        default: Option<String>,
    },
    /// A second file beneath the allowed roots, such as a database.
    File {
        /// Whether the task cannot run without it.
        required: bool,
        /// What it may be.
        formats: Vec<Format>,
        /// The alphabet it needs, where it matters.
        alphabet: Option<Alphabet>,
        /// How it may be compressed that the program reads itself.
        compressed: Vec<Compression>,
        /// What a person can do who has another kind of file, in a sentence.
        otherwise: Option<String>,
        /// Whether it is the other file of a pair.
        mate: bool,
        /// How many files it takes, where that may be more than one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        several: Option<Several>,
        /// Whether it takes the files of the first input beyond the first one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        rest: bool,
    },
}
