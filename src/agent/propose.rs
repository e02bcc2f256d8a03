//! Fronts that propose a whole request: what they hear, and what they make of it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{ChatRequest, ChatTurn, ModelError, context::FileSeen};
use domain::{
    job::Job,
    request::{Bounds, Request, Until, Work},
    task::TaskType,
};

/// What a front has to read: a person's words, and what they can mean.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The words.
    pub said: &'a str,
    /// The last request of the conversation, which they may amend.
    pub last: Option<&'a Request>,
    /// Data files of the working folder and of the folders in it.
    pub files: &'a [FileSeen],
    /// Those folders.
    pub folders: &'a [String],
    /// The jobs of the conversation.
    pub jobs: &'a [Job],
    /// The catalogue.
    pub tasks: &'a [TaskType],
    /// What a model can be asked to read, in bytes, where that is known.
    pub room: Option<usize>,
}

/// Work that a front proposes, within bounds that can only make the person's own narrower.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// The work; its files as the person named them, patterns and folders too.
    pub work: Vec<Work>,
    /// Where, for how much, how far.
    pub bounds: Bounds,
    /// Whether money and place are bounded by what was said before alone. Such bounds do not speak for the words of now: with a cue
    /// of a bound among them, only what is free goes beyond the plan.
    pub inherits: bool,
    /// What was taken for what, for the person to see.
    pub notes: Vec<String>,
    /// What the answer begins with where the request goes no further than its plan.
    pub first: Option<String>,
    /// The figures that a question is about, by their names in a result's summary; none where it is about no single ones.
    pub figures: Vec<&'static str>,
    /// Whether the grammar reads the same work out of the words: then the program's own words on what came of it will do.
    pub plain: bool,
    /// Whether it goes on beyond its plan, where that is as far as it goes, if all of it is free work on this machine: a question
    /// that such work answers, and what is otherwise in doubt.
    pub answers: bool,
}

impl Proposal {
    /// The same, going beyond its plan only where all of it is free work on this machine.
    #[must_use]
    pub fn only_if_free(self) -> Proposal {
        let answers = self.answers || self.bounds.until == Until::Done;
        Proposal { bounds: Bounds { until: Until::Plan, ..self.bounds }, answers, ..self }
    }
}

/// What a front reads out of a person's words.
#[derive(Debug, Clone, PartialEq)]
pub enum Proposed {
    /// Work to be planned, and done as far as the bounds go.
    Work(Proposal),
    /// An answer, which needs no work.
    Words(String),
    /// No work, and nothing that the front itself can say: the model answers in words.
    Talk {
        /// Whether the front takes it for an order all the same.
        is_order: bool,
    },
    /// Good-bye.
    Leave,
}

/// What a front read, and what its model took for it.
#[derive(Debug)]
pub struct Reading {
    /// What it read, or why its model gave nothing that can be read.
    pub proposed: Result<Proposed, ModelError>,
    /// What a model was asked, and its turns.
    pub asked: Vec<(ChatRequest, ChatTurn)>,
}

/// Reads a person's words into a request: the offline grammar, or a model that fills in a form.
#[async_trait]
pub trait Propose: Send + Sync {
    /// How much a model would be asked to read, in bytes; 0 where none is asked.
    fn asks_bytes(&self, heard: &Heard<'_>) -> usize;

    /// Reads them.
    async fn propose(&self, heard: &Heard<'_>) -> Reading;
}

/// How a conversation is driven.
#[derive(Clone)]
pub enum Front {
    /// A model calls tools, step by step.
    Tools {
        /// What drives it instead from the next turn on, should its calls come unusable.
        instead: Option<Arc<dyn Propose>>,
    },
    /// A model fills in one request a turn, and is asked for words at the end.
    Request(Arc<dyn Propose>),
    /// The offline grammar proposes a request, and the program says what came of it.
    Grammar(Arc<dyn Propose>),
}
