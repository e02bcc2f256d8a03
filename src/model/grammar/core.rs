//! Whether an order was read in full. One that may cost goes on by itself only where it was: words that say nothing to the grammar may
//! say that it is not to be done.
//!
//! In each clause that names work, a file or a choice all words count, and so they do in the clauses that lead to it and behind a
//! "but". What follows a clause's last such name, after "and" or "for", is free, as are clauses that come later.

use std::ops::Range;

use super::{
    Scene, choices,
    cues::Cue::{self, *},
    sentence::Sentence,
    tokens::Kind,
};
use domain::{task::TaskType, units::clean};

/// Cues that orders are made of, and those that hold an order back by themselves.
const SPOKEN: &[Cue] = &[
    Order, Polite, Filler, And, Yes, Hello, Thanks, Noise, Files, Of, It, All, Both, Rest, Again, Same, For, With,
    Only, Other, Means, Value, AtMost, Below, Gas, Pay, Free, Here, Send, Fit, Vague, Not, If, Would, Look, Check,
    ToQuote,
];
/// So many of the words are told.
const MOST_TOLD: usize = 8;

/// The words of an order that were not understood, each run of them as one.
pub(super) fn unread(s: &Sentence, scene: &Scene) -> Vec<String> {
    let core = Core::of(s, scene);
    let mut open = core.dangling.clone();
    let clauses: Vec<Range<usize>> = clauses(s);
    for (i, clause) in clauses.iter().enumerate() {
        open.extend(core.checked(clause, clauses.get(i + 1..).unwrap_or_default()).filter(|at| !core.is_read(*at)));
    }
    open.sort_unstable();
    open.dedup();
    let runs = open.chunk_by(|one, two| one + 1 == *two);
    let word = |at: &usize| match s.kind(*at) {
        Kind::Setting(name) => format!("{name}={}", s.word(*at)),
        Kind::Number(unit) => format!("{}{unit}", s.word(*at)),
        _ => s.word(*at).to_owned(),
    };
    let text = |run: &[usize]| run.iter().map(word).collect::<Vec<_>>().join(" ");
    runs.map(|run| clean(&text(run), 60)).take(MOST_TOLD).collect()
}

/// A sentence with what it names.
struct Core<'s, 't> {
    s: &'s Sentence<'t>,
    /// Whether a task takes a second file.
    searches: bool,
    /// The pieces that say a choice.
    chosen: Vec<Range<usize>>,
    /// The names of choices whose values were not understood, and what stands behind them.
    dangling: Vec<usize>,
}

impl<'s, 't> Core<'s, 't> {
    fn of(s: &'s Sentence<'t>, scene: &Scene) -> Core<'s, 't> {
        let last = || scene.last.into_iter().flat_map(|last| &last.work).map(|work| &work.task);
        let meant = |task: &&TaskType| match s.mentions.is_empty() {
            true => last().any(|name| *name == task.name),
            false => s.mentions.iter().any(|one| one.task.name == task.name),
        };
        let tasks: Vec<&TaskType> = scene.tasks.iter().filter(meant).collect();
        let chosen: Vec<_> = tasks.iter().flat_map(|task| choices::spans(s, task, scene)).collect();
        let names = tasks.iter().flat_map(|task| choices::names(s, task));
        let lost = names.filter(|name| !chosen.iter().any(|span| span.contains(&name.start)));
        let value = |at: usize| *s.kind(at) == Kind::Word && s.covering(at).next().is_none();
        let dangling = lost.flat_map(|name| name.start..name.end + usize::from(value(name.end))).collect();
        let searches = tasks.iter().any(|task| choices::file_parameters(task).next().is_some());
        Core { s, searches, chosen, dangling }
    }

    /// Whether work, a file or a choice is named here.
    fn is_name(&self, at: usize) -> bool {
        let s = self.s;
        let files: &[Cue] = if s.files.is_empty() { &[All, Both, Rest, Nth] } else { &[Rest] };
        s.is_named(at) || self.chosen.iter().any(|span| span.contains(&at)) || s.is_any(at, files)
    }

    fn is_read(&self, at: usize) -> bool {
        let s = self.s;
        let says = |cue: Cue| match cue {
            Against => self.searches,
            Nth => s.files.is_empty(),
            Ordinal => at == 0 || s.clause(at - 1) < s.clause(at),
            Except => !s.excluded.is_empty(),
            But => !s.excluded.is_empty() || !self.is_name(self.next(at)),
            About => s.mentions.is_empty(),
            Asks | Figure => s.asks(),
            cue => SPOKEN.contains(&cue),
        };
        *s.kind(at) == Kind::Sign || s.is_read(at) || self.is_name(at) || s.covering(at).any(|mark| says(mark.cue))
    }

    /// The next piece that is more than an article.
    fn next(&self, at: usize) -> usize {
        (at + 1..self.s.tokens.len()).find(|at| !self.s.is(*at, Filler)).unwrap_or(usize::MAX)
    }

    /// The pieces of a clause that have to be understood. `later` are the clauses behind it.
    fn checked(&self, clause: &Range<usize>, later: &[Range<usize>]) -> Range<usize> {
        let s = self.s;
        let names = |clause: &Range<usize>| clause.clone().rev().find(|at| self.is_name(*at));
        let is_free = |at: &usize| s.is_any(*at, &[And, For]) && !s.is_read(*at) && !s.is_read(at + 1);
        let to = |from: usize| (from..clause.end).find(is_free).unwrap_or(clause.end);
        let begins_with = |cue: Cue| clause.clone().find(|at| !s.is(*at, Filler)).is_some_and(|at| s.is(at, cue));
        let comma = |clause: &Range<usize>| s.word(clause.end - 1) == ",";
        // A clause leads to those behind it up to where the sentence ends.
        let commas = if comma(clause) { later.iter().take_while(|later| comma(later)).count() + 1 } else { 0 };
        match names(clause) {
            Some(last) => clause.start..to(last + 1),
            None if begins_with(But) || later.iter().take(commas).any(|later| names(later).is_some()) => {
                clause.start..to(clause.start)
            }
            // "..., after I approve": of a yes that is yet to be given every word counts.
            None => match clause.clone().rev().find(|at| s.is(*at, Yes)) {
                Some(yes) => clause.start..yes,
                None => clause.start..clause.start,
            },
        }
    }
}

/// The clauses, each with the sign that ends it.
fn clauses(s: &Sentence) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for at in 0..s.tokens.len() {
        match out.last_mut().filter(|last| s.clause(last.start) == s.clause(at)) {
            Some(last) => last.end = at + 1,
            None => out.push(at..at + 1),
        }
    }
    out
}
