//! A request: what a person wants, as one typed value.
//!
//! Flags, plan files, the offline grammar, language models and MCP all fill in this one shape. What it says binds; the
//! sentence beside it is evidence of what was meant and decides nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    ids::{JobId, RequestId},
    money::Datoshi,
    path_text,
    plan::{Cannot, Content},
    task::Parameters,
};

/// The name of a task's first input, the file that it works on.
pub const DATASET: &str = "dataset";
/// A request holds at most this many pieces of work.
pub const MOST_WORK: usize = 1_000;

/// Where the work of a request may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locality {
    /// Wherever the offload rule says.
    #[default]
    Anywhere,
    /// On this machine only: nothing is sent away.
    Here,
}

/// What a request may cost, fees included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spend {
    /// Nothing at all.
    Nothing,
    /// At most so much for the whole request.
    AtMost(Datoshi),
    /// What the owner's caps allow.
    #[default]
    OwnersCaps,
}

impl Spend {
    /// The limit; `None` where only the owner's caps hold.
    pub fn limit(self) -> Option<Datoshi> {
        match self {
            Spend::Nothing => Some(Datoshi::ZERO),
            Spend::AtMost(most) => Some(most),
            Spend::OwnersCaps => None,
        }
    }

    /// That of a limit; zero is nothing at all.
    pub fn at_most(limit: Datoshi) -> Spend {
        if limit == Datoshi::ZERO { Spend::Nothing } else { Spend::AtMost(limit) }
    }
}

/// How far a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// To the plan: nothing is run, sent or paid.
    Plan,
    /// To the provider's quote: work that is offloaded is sent and submitted, and not paid.
    Quote,
    /// To the result.
    #[default]
    Done,
}

impl Until {
    /// The word for it: `plan`, `quote`, `done`.
    pub fn as_str(self) -> &'static str {
        match self {
            Until::Plan => "plan",
            Until::Quote => "quote",
            Until::Done => "done",
        }
    }
}

/// The bounds of a request: where, for how much, how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounds {
    /// Where the work may run.
    #[serde(default)]
    pub place: Locality,
    /// What it may cost in all, fees included.
    #[serde(default)]
    pub spend: Spend,
    /// How far it goes.
    #[serde(default)]
    pub until: Until,
}

impl Bounds {
    /// Both together: the narrower of each. What one leaves open the other decides, and neither ever widens.
    #[must_use]
    pub fn narrowed(self, other: Bounds) -> Bounds {
        let place = if self.place == Locality::Here { self.place } else { other.place };
        let spend = match (self.spend.limit(), other.spend.limit()) {
            (Some(one), Some(two)) => Spend::at_most(one.min(two)),
            (Some(one), None) | (None, Some(one)) => Spend::at_most(one),
            (None, None) => Spend::OwnersCaps,
        };
        Bounds { place, spend, until: self.until.min(other.until) }
    }

    /// Whether money and place are bounded, and none of that by what was said now.
    pub fn inherits(self, said: Bounds) -> bool {
        said.says_nothing_of_money_or_place() && !self.says_nothing_of_money_or_place()
    }

    /// Whether nothing was said of money or place.
    pub fn says_nothing_of_money_or_place(self) -> bool {
        self.place == Locality::Anywhere && self.spend == Spend::OwnersCaps
    }
}

/// Who filled a request in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person, by flags and arguments.
    Flags,
    /// A person, by a plan file.
    File,
    /// The offline grammar, from a person's sentence.
    Grammar,
    /// A language model of this name.
    Model(String),
    /// An MCP client of this name.
    Mcp(String),
}

impl Origin {
    /// Whether a person named the files themselves, so that they may lie outside the allowed folders.
    pub fn is_person(&self) -> bool {
        matches!(self, Origin::Flags | Origin::File | Origin::Grammar)
    }
}

/// A file of a piece of work: as it was named, and as it resolves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Which input of the task: [`DATASET`], or a parameter that is a file. Several files of one input have the same.
    pub name: String,
    /// As it was named.
    #[serde(serialize_with = "path_text::serialize")]
    pub named: PathBuf,
    /// The whole path, once it is known.
    #[serde(default, serialize_with = "path_text::serialize_some", skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The folder as it was named, where it is a file of one.
    #[serde(default, serialize_with = "path_text::serialize_some", skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl Input {
    /// A file as it is named.
    pub fn named(name: impl Into<String>, named: impl Into<PathBuf>) -> Input {
        Input { name: name.into(), named: named.into(), path: None, folder: None }
    }

    /// What a person named: the folder where it is a file of one.
    pub fn said(&self) -> &Path {
        self.folder.as_deref().unwrap_or(&self.named)
    }
}

/// What a person says of a piece of work beyond what is measured. It only ever raises an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Assumed {
    /// Bytes of the dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Seconds of run time here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// One piece of work: a task on its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The catalogue's name of the task.
    pub task: String,
    /// Its files, those of the dataset first.
    pub inputs: Vec<Input>,
    /// What was chosen; the rest takes its defaults.
    #[serde(default)]
    pub parameters: Parameters,
    /// What a person says beyond what is measured.
    #[serde(default)]
    pub assumed: Assumed,
    /// Whether a person wants it done anew, though the same work is done already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// Whether a finished job of any session that did the same is taken for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_done: bool,
    /// Whether its file stands by itself, though its name is that of half a pair.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single: bool,
    /// What a sample sheet calls it; tables show this in the place of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Whether a person said beforehand that they take a result which nobody can verify.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
}

impl Work {
    /// A task on one file, with these choices.
    pub fn new(task: &str, dataset: impl Into<PathBuf>, parameters: Parameters) -> Work {
        let input = Input::named(DATASET, dataset);
        Work {
            task: task.to_owned(),
            inputs: vec![input],
            parameters,
            assumed: Assumed::default(),
            anew: false,
            skip_done: false,
            single: false,
            sample: None,
            unverified: false,
        }
    }

    /// The dataset as it was named: a file, the first of several, or a folder.
    pub fn dataset(&self) -> &Path {
        self.inputs.first().map_or(Path::new(""), Input::said)
    }

    /// The files of the dataset: one, unless the task takes several.
    pub fn dataset_files(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().enumerate().filter(|(at, input)| *at == 0 || input.name == DATASET).map(|(_, input)| input)
    }

    /// The files beside the dataset.
    pub fn beside(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().skip(1).filter(|input| input.name != DATASET)
    }

    /// What tables call it: its sample, or its dataset as it was named.
    pub fn name(&self) -> &Path {
        self.sample.as_ref().map_or_else(|| self.dataset(), Path::new)
    }
}

/// What a piece of work became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The job that does it, or did it before.
    pub job: JobId,
    /// What tables call it; several where the same work was named several times.
    pub names: Vec<String>,
}

/// A piece of work that was wanted and became no job, as it cannot be done: it is planned again where its request is taken up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// The work, with whole paths, so that it may be taken up in any folder.
    pub work: Work,
    /// Why it could not be done.
    pub cannot: Cannot,
}

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Our name for it.
    pub id: RequestId,
    /// The work.
    pub work: Vec<Work>,
    /// Where, for how much, how far.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// Who filled it in.
    pub origin: Origin,
    /// The person's words, as evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What was taken for what, for the person to see: a name that was a slip, a pattern with its count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The files as they were when it was planned, once it is kept: who takes it up is told what changed since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Content>,
    /// What its work became, piece by piece, once it was agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begun: Vec<Begun>,
    /// What was wanted and cannot be done, once it was agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<Undone>,
    /// The folder that a person named for its results, once it is kept.
    #[serde(default, serialize_with = "path_text::serialize_some", skip_serializing_if = "Option::is_none")]
    pub out_dir: Option<PathBuf>,
}

impl Request {
    /// A fresh request.
    pub fn new(origin: Origin, bounds: Bounds, work: Vec<Work>, said: Option<String>) -> Request {
        Request {
            id: RequestId::random(),
            work,
            bounds,
            origin,
            said,
            notes: Vec::new(),
            seen: Vec::new(),
            begun: Vec::new(),
            undone: Vec::new(),
            out_dir: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::strategies::bounds;

    proptest! {
        /// Whatever is said beside them, bounds only become narrower; the order does not matter.
        #[test]
        fn bounds_never_widen(one in bounds(), two in bounds()) {
            let both = one.narrowed(two);
            prop_assert_eq!(both, two.narrowed(one));
            prop_assert_eq!(both, both.narrowed(one));
            prop_assert!(both.until <= one.until && both.until <= two.until);
            prop_assert!(both.place == Locality::Here || (one.place, two.place) == (Locality::Anywhere, Locality::Anywhere));
            for limit in [one.spend.limit(), two.spend.limit()].into_iter().flatten() {
                prop_assert!(both.spend.limit().is_some_and(|both| both <= limit));
            }
        }

        /// A request reads back as it was written.
        #[test]
        fn a_request_reads_back(bounds in bounds(), said in proptest::option::of("\\PC{0,40}")) {
            let work = Work::new("protein_folding", "a b.fasta", Parameters::new());
            let request = Request::new(Origin::Model("m".into()), bounds, vec![work], said);
            let text = serde_json::to_string(&request).unwrap();
            prop_assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
        }
    }
}
