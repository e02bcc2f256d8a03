//! Well-known tools and wishes that the catalogue does not have (`elsewhere.toml`): what they are, and the nearest thing.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Scene, facts::says, sentence::Sentence};

/// A wish that the catalogue does not have.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Wish {
    /// What it is, for the start of a sentence.
    pub name: String,
    /// The patterns that ask for it.
    asked: String,
    /// The nearest thing that there is, in a sentence.
    pub nearest: String,
}

impl Wish {
    /// What is said of it.
    pub fn answer(&self) -> String {
        let all = "`agent tasks` shows what there is.";
        format!("{} is not in the catalogue, and nothing was run. {} {all}", self.name, self.nearest)
    }
}

#[derive(Deserialize, Default)]
struct Table {
    wish: Vec<Wish>,
}

static WISHES: LazyLock<Table> = LazyLock::new(|| toml::from_str(include_str!("elsewhere.toml")).unwrap_or_default());

/// The wish that a sentence asks for, unless the catalogue has it by now.
pub(super) fn read(s: &Sentence, scene: &Scene) -> Option<&'static Wish> {
    let there = |pattern: &str| {
        let asked = |phrase: &String| pattern == phrase || pattern.split('/').any(|word| word == phrase);
        scene.tasks.iter().any(|task| task.asked_as.iter().any(asked))
    };
    let absent = |wish: &&Wish| !wish.asked.split('|').any(there);
    let mut absent = WISHES.wish.iter().filter(absent).filter(|_| s.length() <= 60);
    absent.find(|wish| wish.asked.split('|').any(|pattern| says(s, pattern)))
}
