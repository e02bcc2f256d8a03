//! The flags of a case: what the person set beside their words, and which requests are expected of them.

use serde::Deserialize;

use super::{case::Flaw, yaml::given};
use domain::{
    money::Datoshi,
    request::{Bounds, Locality, Request, Spend, Until, Work},
};
use guard::machine::catalogue::Catalogue;

/// The flags that the case is played with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `--max-gas`, `--here`, `--until`.
    pub bounds: Bounds,
    /// `--yes`.
    pub yes: bool,
}

/// The flags as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlagsWritten {
    #[serde(default, deserialize_with = "given")]
    max_gas: Option<String>,
    #[serde(default)]
    here: bool,
    #[serde(default, deserialize_with = "given")]
    until: Option<Until>,
    #[serde(default)]
    yes: bool,
}

impl FlagsWritten {
    pub(super) fn checked(self) -> Result<Flags, Flaw> {
        let limit = amount("flags.max_gas", self.max_gas.as_deref())?;
        let bounds = Bounds {
            place: if self.here { Locality::Here } else { Locality::Anywhere },
            spend: limit.map_or(Spend::OwnersCaps, Spend::at_most),
            until: self.until.unwrap_or_default(),
        };
        Ok(Flags { bounds, yes: self.yes })
    }
}

fn amount(field: &str, text: Option<&str>) -> Result<Option<Datoshi>, Flaw> {
    text.map(str::parse::<Datoshi>).transpose().map_err(|e| (field.to_owned(), e.to_string()))
}

/// A piece of work that is to be understood, with the bounds of its request. What is left out may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestWanted {
    /// The catalogue's name of the task.
    pub task: Option<String>,
    /// Its dataset, as in `files`.
    pub dataset: Option<String>,
    /// How far it goes.
    pub until: Option<Until>,
    /// What it may cost.
    pub max_gas: Option<Datoshi>,
    /// Whether it stays on this machine.
    pub here: Option<bool>,
}

/// The same as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestWritten {
    #[serde(default, deserialize_with = "given")]
    task: Option<String>,
    #[serde(default, deserialize_with = "given")]
    dataset: Option<String>,
    #[serde(default, deserialize_with = "given")]
    until: Option<Until>,
    #[serde(default, deserialize_with = "given")]
    max_gas: Option<String>,
    #[serde(default, deserialize_with = "given")]
    here: Option<bool>,
}

impl RequestWritten {
    pub(super) fn checked(self, at: usize, catalogue: &Catalogue) -> Result<RequestWanted, Flaw> {
        if let Some(task) = self.task.as_deref().filter(|task| catalogue.get(task).is_none()) {
            return Err((format!("expect.requests[{at}].task"), format!("there is no task `{task}`")));
        }
        Ok(RequestWanted {
            max_gas: amount(&format!("expect.requests[{at}].max_gas"), self.max_gas.as_deref())?,
            task: self.task,
            dataset: self.dataset,
            until: self.until,
            here: self.here,
        })
    }
}

impl RequestWanted {
    /// Whether a piece of work of a request is the one that is expected; `dataset` is its file, from the working folder.
    pub(super) fn is(&self, request: &Request, work: &Work, dataset: &str) -> bool {
        let bounds = request.bounds;
        self.task.as_ref().is_none_or(|task| *task == work.task)
            && self.dataset.as_ref().is_none_or(|wanted| wanted.trim_start_matches("./") == dataset)
            && self.until.is_none_or(|until| until == bounds.until)
            && self.max_gas.is_none_or(|most| bounds.spend.limit() == Some(most))
            && self.here.is_none_or(|here| here == (bounds.place == Locality::Here))
    }
}
