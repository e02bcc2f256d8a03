//! A sentence: its pieces, its cues, the tasks and files it names, and what may be asked of them.

use std::collections::HashSet;

use super::{
    Scene,
    bounds::{self, Said},
    cues::{Cue, Cue::*, Mark, marks},
    files::{self, File},
    tasks::{Mention, mentions},
    tokens::{Kind, Token, tokens},
};
use domain::task::TaskType;

/// Longer texts are not read, pieces: a wish is short.
pub(super) const MOST_PIECES: usize = 8_000;
/// No phrase of the lexicon has more words.
const LONGEST: usize = 6;

/// A sentence, taken apart.
pub(super) struct Sentence<'a> {
    pub tokens: Vec<Token>,
    /// What its words say. What was read into a limit or a place is taken out, and counts no more.
    pub marks: Vec<Mark>,
    pub mentions: Vec<Mention<'a>>,
    pub files: Vec<File>,
    /// Files that are left out of a group.
    pub excluded: Vec<String>,
    pub said: Said,
    /// Whether all the tasks that are named are negated.
    pub banned: bool,
    /// For each piece, whether it names a task or a file, and whether it was read into a limit or a place.
    named: Vec<bool>,
    read: Vec<bool>,
}

impl<'a> Sentence<'a> {
    pub fn of(text: &str, scene: &Scene<'a>) -> Sentence<'a> {
        // Only names that end as data does are found in plain words: a file that is called "for free" takes no limit away.
        let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        let names = scene.files.iter().map(|file| file.path.as_str());
        let odd: Vec<&str> = names.filter(|name| !plain(name) && files::kind(name).is_some()).collect();
        let tokens = tokens(text, &odd, MOST_PIECES);
        let marks = marks(&tokens);
        let mentions = mentions(&tokens, &marks, scene.tasks);
        let (files, excluded, said) = (Vec::new(), Vec::new(), Said::default());
        let (named, read) = (vec![false; tokens.len()], vec![false; tokens.len()]);
        let mut s = Sentence { tokens, marks, mentions, files, excluded, said, banned: false, named, read };
        s.files = files::named(&s, scene);
        let tasks = s.mentions.iter().flat_map(|mention| mention.words.iter().copied());
        let named: Vec<usize> = tasks.chain(s.files.iter().map(|file| file.at)).collect();
        tick(&mut s.named, named);
        s
    }

    /// Takes note that these pieces were read into a limit or a place.
    pub fn took(&mut self, pieces: impl IntoIterator<Item = usize>) {
        tick(&mut self.read, pieces);
    }

    /// Whether this piece names a task or a file.
    pub fn is_named(&self, at: usize) -> bool {
        self.named.get(at).copied().unwrap_or(false)
    }

    /// Whether this piece was read into a limit or a place.
    pub fn is_read(&self, at: usize) -> bool {
        self.read.get(at).copied().unwrap_or(false)
    }

    /// Reads the bounds, and leaves out what is negated where something is not.
    ///
    /// # Errors
    /// A question, where a limit cannot be held as it was said.
    pub fn settle(&mut self) -> Result<(), String> {
        self.said = bounds::read(self)?;
        self.excluded = files::excluded(self);
        let excluded = &self.excluded;
        self.files.retain(|file| !excluded.contains(&file.path));
        let dead: Vec<bool> = self.mentions.iter().map(|mention| self.negated(mention.at)).collect();
        self.banned = !dead.is_empty() && !dead.contains(&false);
        let (mut dead, banned) = (dead.into_iter(), self.banned);
        self.mentions.retain(|_| dead.next() == Some(banned));
        let kept: Vec<File> = self.files.iter().filter(|file| !self.negated(file.at)).cloned().collect();
        self.files = if kept.is_empty() { std::mem::take(&mut self.files) } else { kept };
        // A weak word that no file suits names nothing.
        let files = &self.files;
        let suits = |one: &Mention| files.is_empty() || files.iter().any(|file| files::fits(one.task, &file.path));
        self.mentions.retain(|one| !one.weak || suits(one));
        let mut seen = HashSet::new();
        self.mentions.retain(|one| seen.insert(&one.task.name));
        Ok(())
    }

    /// Two tasks that are named in one wish though each answers a question like the other's: one of them is meant.
    pub fn rivals(&self) -> Option<(&'a TaskType, &'a TaskType)> {
        let is_other = |one: &TaskType, other: &TaskType| one.see_also.as_deref() == Some(other.name.as_str());
        self.mentions.iter().zip(self.mentions.iter().skip(1)).find_map(|(a, b)| {
            let one_wish = self.clause(a.at) == self.clause(b.at) && !(a.at..b.at).any(|at| self.is(at, And));
            let rivals = is_other(a.task, b.task) || is_other(b.task, a.task);
            (rivals && one_wish).then_some((a.task, b.task))
        })
    }

    pub fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    pub fn kind(&self, at: usize) -> &Kind {
        self.tokens.get(at).map_or(&Kind::Sign, |token| &token.kind)
    }

    /// How many words, names and numbers there are.
    pub fn length(&self) -> usize {
        self.tokens.iter().filter(|token| token.kind != Kind::Sign).count()
    }

    pub fn all(&self, cue: Cue) -> impl Iterator<Item = Mark> {
        self.marks.iter().copied().filter(move |mark| mark.cue == cue)
    }

    pub fn has(&self, cue: Cue) -> bool {
        self.all(cue).next().is_some()
    }

    pub fn has_any(&self, cues: &[Cue]) -> bool {
        self.marks.iter().any(|mark| cues.contains(&mark.cue))
    }

    /// The marks that this piece belongs to.
    pub fn covering(&self, at: usize) -> impl Iterator<Item = &Mark> {
        // They are in the order of their first pieces.
        let from = self.marks.partition_point(|mark| mark.at + LONGEST < at);
        let near = self.marks.get(from..).unwrap_or_default().iter().take_while(move |mark| mark.at <= at);
        near.filter(move |mark| at < mark.end)
    }

    pub fn is(&self, at: usize, cue: Cue) -> bool {
        self.covering(at).any(|mark| mark.cue == cue)
    }

    pub fn is_any(&self, at: usize, cues: &[Cue]) -> bool {
        self.covering(at).any(|mark| cues.contains(&mark.cue))
    }

    /// Whether this piece is a common word for that one.
    pub fn means(&self, at: usize, word: &str) -> bool {
        self.covering(at).any(|mark| mark.cue == Means && mark.value == word)
    }

    /// The number that is written or spelled here.
    pub fn number(&self, at: usize) -> Option<&str> {
        let spelled = || self.covering(at).find(|mark| mark.cue == Number).map(|mark| mark.value);
        if matches!(self.kind(at), Kind::Number(_)) { Some(self.word(at)) } else { spelled() }
    }

    pub fn clause(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(0, |token| token.clause)
    }

    /// Where the last line begins: it answers a question about those before it.
    pub fn last_line(&self) -> usize {
        self.tokens.iter().rposition(|token| token.text == "\n").map_or(0, |at| at + 1)
    }

    /// Whether something in the same clause is negated before this piece, with no "but" between.
    pub fn negated(&self, at: usize) -> bool {
        let before = (0..at).rev().take_while(|&i| self.clause(i) == self.clause(at) && !self.is(i, But));
        before.take(50).any(|i| self.is(i, Not))
    }

    /// The first piece that is said by none of these cues.
    pub fn begins(&self, without: &[Cue]) -> Option<usize> {
        (0..self.tokens.len()).find(|at| *self.kind(*at) != Kind::Sign && !self.is_any(*at, without))
    }

    pub fn has_sign(&self) -> bool {
        self.tokens.iter().any(|token| token.kind == Kind::Sign && matches!(token.text.as_str(), "?" | "？"))
    }

    /// Whether it is a question, by its sign or by its first words.
    pub fn asks(&self) -> bool {
        let light = [Hello, Yes, No, And, Thanks];
        self.has_sign() || self.begins(&light).is_some_and(|at| self.is(at, Asks))
    }
}

fn tick(pieces: &mut [bool], which: impl IntoIterator<Item = usize>) {
    which.into_iter().for_each(|at| pieces.get_mut(at).into_iter().for_each(|piece| *piece = true));
}
