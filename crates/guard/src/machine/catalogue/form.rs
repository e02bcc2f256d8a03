//! A task file as it is written: TOML whose schema is `tasks/schema.json`.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use domain::{
    dataset::{Alphabet, Compression, Format},
    task::{
        ResultFormat,
        remote::{Accept, OutputKind, SentAs},
    },
};

/// A task: what it takes, what runs it, what it needs and what it leaves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskFile {
    /// Its name, which the file has too: lower-case letters, digits and `_`.
    pub name: String,
    /// A short title for people.
    pub title: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// What is honest to say beside every result.
    pub caveat: Option<String>,
    /// The DOI of the method's paper.
    pub cite: Option<String>,
    /// Words and phrases by which people ask for it, lower case; its name when there are none.
    #[serde(default)]
    pub asked_as: Vec<String>,
    /// Another task that answers a like question: plans tell of it where the dataset suits it.
    pub see_also: Option<String>,
    /// Whether it is run at the provider whatever the file's size (rule R-MODEL).
    #[serde(default)]
    pub model_heavy: bool,
    /// The files that it takes; the first is what `agent run TASK FILE` names.
    #[schemars(with = "BTreeMap<String, Input>")]
    pub inputs: Inputs,
    /// What can be chosen.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// What runs it.
    pub program: ProgramTable,
    /// Where it may run elsewhere.
    pub remote: Option<Remote>,
    /// What it needs; `agent tasks try` measures it and writes it here.
    pub resources: Option<Resources>,
    /// What results must be.
    #[serde(default)]
    pub check: CheckTable,
    /// What is shown of a result.
    #[serde(default)]
    pub show: ShowTable,
}

/// The inputs in the order in which they are written.
#[derive(Debug, Clone, Default)]
pub struct Inputs(pub Vec<(String, Input)>);

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Inputs, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Inputs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tables of inputs, such as [inputs.reads]")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inputs, A::Error> {
                let mut inputs = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    inputs.push(entry);
                }
                Ok(Inputs(inputs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A file that a task takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is; needed for all but the first.
    #[serde(default)]
    pub description: String,
    /// What it may be.
    pub formats: Vec<Format>,
    /// The alphabet that it needs.
    pub alphabet: Option<Alphabet>,
    /// Whether the task runs without it; the first input is always needed.
    #[serde(default)]
    pub optional: bool,
    /// Whether it is one file, or a folder of files, each of one of the formats.
    #[serde(default)]
    pub kind: InputKind,
    /// Whether it may be several files: its place, which is an argument of its own, becomes one argument for each.
    #[serde(default)]
    pub many: bool,
    /// The fewest files, of `many` and of a folder; 1 when not said.
    pub min: Option<usize>,
    /// The most files, of `many` and of a folder; 200 when not said, and never more.
    pub max: Option<usize>,
    /// Whether it comes as two files, such as reads from both ends. The other file is the input NAME_2.
    pub pair: Option<Pair>,
    /// How it may be compressed that the program reads itself; other files are unpacked for it.
    #[serde(default)]
    pub compressed: Vec<Compression>,
    /// The MIME types that the provider's model takes: `image/*`, `text/plain`; for models with `[remote.keys]`.
    #[serde(default)]
    pub mime: Vec<String>,
    /// What its first record must be, where the task works on that alone; for the first input.
    pub first: Option<First>,
    /// What a person can do who has another kind of file.
    pub otherwise: Option<String>,
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A file.
    #[default]
    File,
    /// A folder, with the folders in it.
    Folder,
}

/// What the first record of a file must be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// The fewest residues.
    pub min: u64,
    /// The most residues, at most 100,000.
    pub max: u64,
    /// The letters that may stand for them, in capitals.
    pub letters: String,
}

/// Whether an input comes as two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pair {
    /// One file, or two.
    Optional,
    /// Two.
    Required,
}

/// Something that can be chosen.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What it is.
    pub description: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The smallest integer or number.
    pub min: Option<Number>,
    /// The largest integer or number.
    pub max: Option<Number>,
    /// The words of a choice.
    pub values: Option<Vec<String>>,
    /// The regular expression that a text matches as a whole.
    pub pattern: Option<String>,
    /// What is taken when nothing is said.
    pub default: Option<Value>,
    /// Whether it has to be said: then there is no default.
    #[serde(default)]
    pub needed: bool,
}

/// Kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A whole number from `min` to `max`.
    Integer,
    /// A decimal number from `min` to `max`.
    Number,
    /// One of `values`.
    Choice,
    /// Yes or no.
    Flag,
    /// Text that `pattern` matches.
    Text,
}

/// A number as TOML has it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number")]
pub enum Number {
    /// A whole one.
    Integer(i64),
    /// A decimal one.
    Decimal(f64),
}

/// A default.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, a word, true or false")]
pub enum Value {
    /// Of a flag.
    Flag(bool),
    /// Of a number.
    Number(Number),
    /// Of a choice or a text.
    Text(String),
}

/// What runs a task.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramTable {
    /// `builtin` is for this program's own tasks.
    pub kind: ProgramKind,
    /// The provider's model that it is, where `kind` is `aioz`: `USERNAME/NAME`, or an id.
    pub model: Option<String>,
    /// The program, looked up on PATH and run without a shell.
    pub executable: Option<String>,
    /// Its arguments: `{INPUT}`, `{PARAMETER}`, `{out:FILE}`, `{prefix:FILE}`, `{scratch:FILE}` and `{checkpoint:FILE}` are filled in.
    #[serde(default)]
    pub arguments: Vec<ArgumentItem>,
    /// The file that its standard output is: `{out:FILE}` or `{scratch:FILE}`.
    pub stdout: Option<String>,
    /// Patterns of further result files that are kept.
    #[serde(default)]
    pub collect: Vec<String>,
    /// The arguments by which it tells its version.
    #[serde(default)]
    pub version: Vec<String>,
    /// The arguments by which it shows that it has what the task needs of it, such as libraries: it ends with exit code 0.
    #[serde(default)]
    pub probe: Vec<String>,
    /// The Debian package that has it.
    pub package: Option<String>,
    /// The command that installs what is missing, where that is no Debian package.
    pub install: Option<String>,
    /// Of a container: the image that its programs lie in, by the name that it is pulled by.
    pub image: Option<String>,
    /// Of a container: `sha256:` and the image's id, so that the name comes to mean no other one.
    pub image_id: Option<String>,
    /// Whether it may use the network: what it is given may leave the machine then, so that each run is asked for.
    #[serde(default)]
    pub network: bool,
    /// Programs that run before it.
    #[serde(default)]
    pub before: Vec<StepTable>,
    /// Programs that run after it.
    #[serde(default)]
    pub after: Vec<StepTable>,
}

/// Kinds of programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramKind {
    /// Part of this program.
    Builtin,
    /// An outside program.
    Command,
    /// An outside program in a container, which `podman` runs.
    Container,
    /// None here: a model of the provider's.
    Aioz,
}

/// One program that runs before or after.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepTable {
    /// The program.
    pub executable: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Vec<ArgumentItem>,
    /// The file that its standard output is.
    pub stdout: Option<String>,
    /// The Debian package that has it.
    pub package: Option<String>,
}

/// An argument, or several that stand only with something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a string, or { with = NAME, arguments = [...] }")]
pub enum ArgumentItem {
    /// One argument.
    One(String),
    /// Arguments that stand only when an input or a value is given, or a flag is set.
    With(With),
}

/// Arguments that stand only with something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct With {
    /// The input or parameter.
    pub with: String,
    /// The arguments.
    pub arguments: Vec<String>,
}

/// Where a task may run elsewhere.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// The model at the provider: `USERNAME/NAME`, or an id. A program of the kind `aioz` names it itself.
    pub model: Option<String>,
    /// What is taken of results that nobody can verify, as the provider names no checksum.
    #[serde(default)]
    pub accept: Accept,
    /// The model's keys of inputs and parameters, where they are called otherwise here. The table, also an empty one, says that the
    /// model takes each under a key of its own, as AIOZ's models do.
    pub keys: Option<BTreeMap<String, String>>,
    /// What does not travel as its kind does by itself: the content of an input as `text`, a choice or a text as `json`.
    #[serde(default)]
    pub sent: BTreeMap<String, SentAs>,
    /// Servers that results may come from, at public addresses alone, besides those of the policy: `https://HOST`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What the model's outputs are, by its own keys: `file` or `value`. An address that stands elsewhere is fetched.
    #[serde(default)]
    pub outputs: BTreeMap<String, OutputKind>,
}

/// What a task needs: sums of products of what drives its cost, such as `"residues * database.residues" = 1.9e-11`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Bytes of RAM.
    pub ram: BTreeMap<String, f64>,
    /// Seconds on one core of an ordinary machine.
    pub seconds: BTreeMap<String, f64>,
    /// How far off the guess may be, as a factor up and down.
    pub spread: f64,
    /// Where the figures come from.
    pub source: String,
}

/// What results must be.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckTable {
    /// What each file is.
    #[serde(default)]
    pub files: BTreeMap<String, ResultFormat>,
}

/// What is shown of a result.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowTable {
    /// The file that is meant; the first one otherwise.
    pub file: Option<String>,
    /// Values by their paths in it, where it is JSON.
    #[serde(default)]
    pub figures: Vec<String>,
}
