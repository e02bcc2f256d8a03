//! The task catalogue's entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    dataset::{Alphabet, Format},
    estimate::ResourceModel,
};

/// What a person chose for a task, by name: `{"dimension": 3, "seed": 7}`.
pub type Parameters = serde_json::Map<String, serde_json::Value>;

/// One entry of the catalogue (`tasks/NAME.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskType {
    /// Its name: `protein_folding`.
    pub name: String,
    /// A short title for people.
    pub title: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// What is honest to say beside every result, such as the limits of the model.
    #[serde(default)]
    pub caveat: Option<String>,
    /// Words and phrases by which people ask for it, lower case.
    pub asked_as: Vec<String>,
    /// Whether R-MODEL holds.
    #[serde(default)]
    pub model_heavy: bool,
    /// Dataset formats it takes.
    pub formats: Vec<Format>,
    /// The alphabet it needs, where it matters.
    #[serde(default)]
    pub alphabet: Option<Alphabet>,
    /// What runs it.
    pub program: Program,
    /// The model id at the provider, `USERNAME/NAME` or an id.
    #[serde(default)]
    pub remote_model: Option<String>,
    /// The parameters it takes.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterSpec>,
    /// What it needs.
    pub resources: ResourceModel,
}

impl TaskType {
    /// The parameters that are files.
    pub fn files(&self) -> impl Iterator<Item = (&String, &ParameterSpec)> {
        self.parameters.iter().filter(|(_, spec)| matches!(spec.kind, ParameterKind::File { .. }))
    }

    /// The model at the provider, where a job may be sent there at all: no second file is.
    pub fn model_elsewhere(&self) -> Option<&str> {
        let needs_a_file = |spec: &ParameterSpec| matches!(spec.kind, ParameterKind::File { required: true, .. });
        self.remote_model.as_deref().filter(|_| !self.parameters.values().any(needs_a_file))
    }
}

/// What runs a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Program {
    /// Part of this program.
    Builtin,
    /// An outside program, run without a shell.
    Command {
        /// The executable, looked up on PATH.
        executable: String,
        /// Its arguments; `{dataset}`, `{output}` and `{parameter name}` are filled in, one argument each.
        arguments: Vec<String>,
        /// The file of results, in the job's own folder.
        output: String,
        /// The arguments by which it tells its version.
        version: Vec<String>,
        /// The Debian package to install when it is missing.
        package: String,
    },
}

/// One parameter of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterSpec {
    /// What it is.
    pub description: String,
    /// Its kind and limits. It refuses unknown fields for both: serde cannot where it flattens.
    #[serde(flatten)]
    pub kind: ParameterKind,
}

/// Kinds of parameters with their limits and defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParameterKind {
    /// A whole number.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// When nothing is said.
        default: i64,
    },
    /// One of some words.
    Choice {
        /// The words.
        values: Vec<String>,
        /// When nothing is said; where there is none, it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<String>,
    },
    /// A second file beneath the allowed roots, such as a database.
    File {
        /// Whether the task cannot run without it.
        required: bool,
        /// What it may be.
        formats: Vec<Format>,
        /// The alphabet it needs, where it matters.
        #[serde(default)]
        alphabet: Option<Alphabet>,
        /// What a person can do who has another kind of file, in a sentence.
        #[serde(default)]
        otherwise: Option<String>,
    },
}
