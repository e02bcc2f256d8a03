//! One request object a turn: the form that a model fills in, the question around it, and the reading of the answer.
//!
//! A small model that calls tools badly fills in a form well, when its server holds the answer to a JSON Schema
//! (`response_format`) in which the real tasks and files are enumerations. What it fills in is a proposal: which work, on which
//! files, within which bounds. Nothing in it can widen what a person's flags and the owner's policy allow, and what nobody said
//! is dropped.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`schema`] | the JSON Schema of the object |
//! | [`ask`] | the request to the model: the prompt, the catalogue, the files, what was said before |
//! | [`object`] | the object as text: a model's answer found in it, and a request written as one |
//! | [`read`](mod@read) | from the object to a [`Proposal`] |
//! | [`error`] | why an answer is no proposal |
//! | `numbers`, `number_words` | which numbers stand in a sentence |
//! | `names` | which names of files stand in it |

pub mod ask;
pub mod error;
mod names;
mod number_words;
mod numbers;
pub mod object;
pub mod read;
pub mod schema;

use serde::{Deserialize, Serialize};

pub use ask::{Ask, Exchange};
pub use error::FormError;
pub use read::read;

use domain::{
    request::{Bounds, Request, Until, Work},
    task::TaskType,
    units::clean,
};

/// What a model may choose from.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// The catalogue.
    pub tasks: &'a [TaskType],
    /// Files as a person names them, and folders, which end in `/`.
    pub files: &'a [String],
}

impl<'a> Offered<'a> {
    /// The task of this name.
    pub fn task(self, name: &str) -> Option<&'a TaskType> {
        self.tasks.iter().find(|task| task.name == name)
    }
}

/// What a person said, which an answer is held to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard<'a> {
    /// The sentence.
    pub said: &'a str,
    /// The last request of the conversation: "again" and "the same for b.fasta" take its values up.
    pub last: Option<&'a Request>,
}

/// What a person wants, as the model understood them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsksFor {
    /// Something that is to be computed.
    Work,
    /// To know something. Free work on this machine may answer it; nothing beyond the plan else.
    Information,
    /// Neither: a greeting, thanks, what no task does.
    #[default]
    Other,
}

/// What a model proposes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// What the person wants.
    pub asks_for: AsksFor,
    /// The work; none where nothing is asked for that a task does.
    pub work: Vec<Work>,
    /// Where, for how much, how far. They go no further than the plan unless work is asked for. Narrow the flags' by them.
    pub bounds: Bounds,
    /// Whether the limit was said to be of GAS.
    pub in_gas: bool,
    /// Whether it is a question that free work on this machine may answer, rather than one for the plan.
    pub answers: bool,
    /// Work for which no file was named, its dataset empty: ask which.
    pub without_file: Vec<Work>,
    /// What the model made up, and is not in the proposal. After a dropped limit, nothing but a person's yes is
    /// consent.
    pub dropped: Vec<Dropped>,
}

impl Proposal {
    /// The object that stands for it, for the [`Exchange`] of the next turn.
    pub fn object(&self, tasks: &[TaskType]) -> String {
        let work = [self.work.as_slice(), &self.without_file].concat();
        let until = if self.answers { Until::Done } else { self.bounds.until };
        object::of(self.asks_for, &work, Bounds { until, ..self.bounds }, tasks)
    }
}

/// A value that a model wrote and nobody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// A limit of what may be paid, as it was written.
    Limit(String),
    /// A choice.
    Choice {
        /// Of this task.
        task: String,
        /// Its name.
        name: String,
        /// Its value, as it was written.
        value: String,
    },
}

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Dropped::Limit(value) => write!(f, "a limit of {}, which was not said in GAS", clean(value, 40)),
            Dropped::Choice { task, name, value } => {
                write!(f, "{} {} for {task}, which was not said", clean(name, 40), clean(value, 40))
            }
        }
    }
}

#[cfg(test)]
mod tests;
