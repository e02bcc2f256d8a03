//! Well-known tools and wishes that the catalogue does not have (`elsewhere.toml`): what they are, and the nearest thing.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Scene, facts::says, sentence::Sentence};
use domain::dataset::Format;

/// Whoever wishes for something is brief, words.
const LONGEST: usize = 60;

/// A wish that the catalogue does not have.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Wish {
    /// What it is, for the start of a sentence.
    pub name: String,
    #[serde(default)]
    tools: String,
    #[serde(default)]
    asked: String,
    /// The nearest thing that there is, in a sentence.
    pub nearest: String,
}

impl Wish {
    /// What is said of it.
    pub fn answer(&self) -> String {
        let own = "`agent tasks` shows what there is.";
        format!("{} is not in the catalogue, and nothing was run. {} {own}", self.name, self.nearest)
    }
}

#[derive(Deserialize, Default)]
struct Table {
    wish: Vec<Wish>,
}

static WISHES: LazyLock<Table> = LazyLock::new(|| toml::from_str(include_str!("elsewhere.toml")).unwrap_or_default());

/// The wish that a sentence asks for, unless the catalogue is asked for it by now. `works` is whether it names a task and what to
/// do it on: then its words may tell of the file.
pub(super) fn read(s: &Sentence, scene: &Scene, works: bool) -> Option<&'static Wish> {
    let works = works && s.mentions.iter().any(|mention| !mention.weak);
    // A text may be about anything.
    let of_text = works && s.mentions.iter().all(|mention| mention.task.formats == [Format::Text]);
    let is_asked = |words: &str| scene.tasks.iter().any(|task| task.asked_as.iter().any(|phrase| phrase == words));
    let there = |pattern: &str| is_asked(pattern) || (!pattern.contains(' ') && pattern.split('/').any(is_asked));
    let wished = |wish: &&Wish| {
        let said = (says(s, &wish.tools) && !of_text) || (says(s, &wish.asked) && !works);
        said && !wish.tools.split('|').chain(wish.asked.split('|')).any(there)
    };
    WISHES.wish.iter().find(wished).filter(|_| s.length() <= LONGEST)
}
