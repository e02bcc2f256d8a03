//! Sums over many plays.

use serde::Serialize;

use super::run::Outcome;

/// What many plays came to together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Totals {
    /// Plays.
    pub plays: usize,
    /// Those that passed.
    pub passed: usize,
    /// Requests to the model.
    pub steps: usize,
    /// Tokens in, where the model's provider tells them.
    pub prompt_tokens: Option<u64>,
    /// Tokens out.
    pub completion_tokens: Option<u64>,
    /// Calls that the guard refused.
    pub refusals: usize,
    /// Time of all turns.
    pub seconds: f64,
}

impl Totals {
    /// Of these plays.
    pub fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Totals {
        outcomes.into_iter().fold(Totals::default(), |sum, outcome| {
            let played = &outcome.played;
            let more = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
                (None, None) => None,
                (sum, more) => Some(sum.unwrap_or_default() + more.unwrap_or_default()),
            };
            Totals {
                plays: sum.plays + 1,
                passed: sum.passed + usize::from(played.passed()),
                steps: sum.steps + played.used.steps,
                prompt_tokens: more(sum.prompt_tokens, played.used.tokens.map(|t| t.prompt)),
                completion_tokens: more(sum.completion_tokens, played.used.tokens.map(|t| t.completion)),
                refusals: sum.refusals + played.refusals,
                seconds: sum.seconds + played.seconds,
            }
        })
    }

    /// Tokens in and out together.
    pub fn tokens(&self) -> Option<u64> {
        match (self.prompt_tokens, self.completion_tokens) {
            (None, None) => None,
            (prompt, completion) => Some(prompt.unwrap_or_default() + completion.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{
        meter::{Tokens, Used},
        play::Played,
    };

    fn outcome(failed: &[&str], tokens: Option<Tokens>) -> Outcome {
        let used = Used { steps: 3, tokens };
        let failed = failed.iter().map(|f| (*f).to_owned()).collect();
        let played = Played { failed, used, refusals: 1, seconds: 0.5, ..Played::default() };
        Outcome { case: 0, variant: 0, round: 0, played }
    }

    #[test]
    fn sums_and_what_nobody_tells() {
        let tokens = Tokens { prompt: 100, completion: 7 };
        let totals = Totals::of(&[outcome(&[], Some(tokens)), outcome(&["no"], None)]);
        assert_eq!((totals.plays, totals.passed, totals.steps, totals.refusals), (2, 1, 6, 2));
        assert_eq!((totals.tokens(), totals.seconds), (Some(107), 1.0));
        assert_eq!(Totals::of(&[outcome(&[], None)]).tokens(), None);
        assert_eq!(Totals::of([]), Totals::default());
    }
}
