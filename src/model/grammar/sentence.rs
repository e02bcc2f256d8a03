//! A sentence: its pieces, its cues, the tasks and files it names, and what may be asked of them.

use super::{
    Scene,
    cues::{Cue, Mark, marks},
    files::{self, File},
    tasks::{Mention, mentions},
    tokens::{Kind, Token, tokens},
};

/// No phrase of the lexicon has more words.
const LONGEST: usize = 6;

/// A sentence, taken apart.
pub(super) struct Sentence<'a> {
    pub tokens: Vec<Token>,
    /// What its words say. What was read into a limit or a place is taken out, and counts no more.
    pub marks: Vec<Mark>,
    pub mentions: Vec<Mention<'a>>,
    pub files: Vec<File>,
}

impl<'a> Sentence<'a> {
    pub fn of(said: &str, scene: &Scene<'a>) -> Sentence<'a> {
        let plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        let known = scene.files.iter().map(|file| file.path.as_str()).chain(scene.folders.iter().map(String::as_str));
        let odd: Vec<&str> = known.filter(|name| !plain(name) && !name.is_empty()).collect();
        let tokens = tokens(said, &odd);
        let marks = marks(&tokens);
        let mentions = mentions(&tokens, &marks, scene.tasks);
        let mut s = Sentence { tokens, marks, mentions, files: Vec::new() };
        s.files = files::named(&s, scene);
        s
    }

    pub fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    /// Whether something other than a sign stands here.
    pub fn speaks(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind != Kind::Sign)
    }

    /// How many words, names and numbers there are.
    pub fn length(&self) -> usize {
        (0..self.tokens.len()).filter(|at| self.speaks(*at)).count()
    }

    pub fn all(&self, cue: Cue) -> impl Iterator<Item = Mark> {
        self.marks.iter().copied().filter(move |mark| mark.cue == cue)
    }

    pub fn has(&self, cue: Cue) -> bool {
        self.all(cue).next().is_some()
    }

    pub fn has_any(&self, cues: &[Cue]) -> bool {
        cues.iter().any(|cue| self.has(*cue))
    }

    /// The marks that this piece belongs to.
    pub fn covering(&self, at: usize) -> impl Iterator<Item = &Mark> {
        // They are in the order of their first pieces.
        let from = self.marks.partition_point(|mark| mark.at + LONGEST < at);
        let near = self.marks.get(from..).unwrap_or_default().iter().take_while(move |mark| mark.at <= at);
        near.filter(move |mark| at < mark.end)
    }

    /// The mark of this cue that begins here.
    pub fn marks_at(&self, at: usize, cue: Cue) -> Option<Mark> {
        self.covering(at).find(|mark| mark.at == at && mark.cue == cue).copied()
    }

    /// The mark of this cue that ends before this piece.
    pub fn marks_before(&self, at: usize, cue: Cue) -> Option<Mark> {
        self.covering(at.checked_sub(1)?).find(|mark| mark.end == at && mark.cue == cue).copied()
    }

    /// Whether this piece is said by the cue.
    pub fn is(&self, at: usize, cue: Cue) -> bool {
        self.covering(at).any(|mark| mark.cue == cue)
    }

    /// Whether this piece is a common word for that one.
    pub fn means(&self, at: usize, word: &str) -> bool {
        self.covering(at).any(|mark| mark.cue == Cue::Means && mark.value == word)
    }

    pub fn is_any(&self, at: usize, cues: &[Cue]) -> bool {
        self.covering(at).any(|mark| cues.contains(&mark.cue))
    }

    /// The number that is written or spelled here.
    pub fn number(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at)?;
        let spelled = || self.covering(at).find(|mark| mark.cue == Cue::Number).map(|mark| mark.value);
        if matches!(token.kind, Kind::Number(_)) { Some(&token.text) } else { spelled() }
    }

    pub fn clause(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(0, |token| token.clause)
    }

    /// Whether something in the same clause is negated before this piece, with no "but" between.
    pub fn negated(&self, at: usize) -> bool {
        let before = (0..at).rev().take_while(|&i| self.clause(i) == self.clause(at) && !self.is(i, Cue::But));
        before.take(50).any(|i| self.is(i, Cue::Not))
    }

    /// The first piece that is said by none of these cues.
    pub fn begins(&self, without: &[Cue]) -> Option<usize> {
        (0..self.tokens.len()).find(|at| self.speaks(*at) && !self.is_any(*at, without))
    }

    /// Whether it is a question, by its sign or by its first words.
    pub fn asks(&self) -> bool {
        let light = [Cue::Hello, Cue::Yes, Cue::No, Cue::And, Cue::Thanks];
        let sign = |token: &Token| token.kind == Kind::Sign && matches!(token.text.as_str(), "?" | "？");
        self.tokens.iter().any(sign) || self.begins(&light).is_some_and(|at| self.is(at, Cue::Asks))
    }
}
