//! The page that shows a trial: one file that needs no network. Everything in it is escaped by the template engine, which
//! a test holds to it with hostile cases.

use askama::Template;
use jiff::Timestamp;

use super::{
    case::{BrokenCase, Case},
    meter::Told,
    run::{Outcome, Plan},
    totals::Totals,
};
use domain::{text::without_hidden, units};

/// A line of a transcript is cut here, characters.
const MAX_LINE: usize = 4_000;

/// What a trial is shown by.
pub struct Trial<'a> {
    /// The model's name.
    pub model: &'a str,
    /// What was played, and how.
    pub plan: &'a Plan,
    /// What came of it.
    pub outcomes: &'a [Outcome],
    /// Files that are no cases.
    pub broken: &'a [BrokenCase],
    /// When it was over.
    pub at: Timestamp,
}

#[derive(Template)]
#[template(path = "trial.html")]
struct Page<'a> {
    model: &'a str,
    version: &'static str,
    at: String,
    cases: String,
    rounds: usize,
    variants: Vec<Column>,
    rows: Vec<Row<'a>>,
    failures: Vec<Failure<'a>>,
    broken: Vec<String>,
}

/// One variant over all cases.
struct Column {
    name: String,
    totals: Figures,
}

/// One case over all variants.
struct Row<'a> {
    id: &'a str,
    file: &'a str,
    cells: Vec<Figures>,
}

/// Sums as they are shown.
struct Figures {
    class: &'static str,
    passed: String,
    share: String,
    steps: String,
    counted_steps: String,
    tokens: String,
    refusals: String,
    counted_refusals: String,
    time: String,
}

/// A play that did not pass.
struct Failure<'a> {
    id: &'a str,
    variant: String,
    round: Option<usize>,
    reasons: &'a [String],
    answer: &'a str,
    lines: Vec<Line>,
}

/// An event of its transcript.
struct Line {
    seconds: String,
    kind: String,
    text: String,
}

impl From<Totals> for Figures {
    fn from(totals: Totals) -> Figures {
        let share = (totals.passed * 100).checked_div(totals.plays).map_or(String::new(), |p| format!("{p} %"));
        let class = match totals.passed {
            _ if totals.plays == 0 => "none",
            passed if passed == totals.plays => "pass",
            0 => "fail",
            _ => "some",
        };
        Figures {
            class,
            passed: format!("{} of {}", totals.passed, totals.plays),
            share,
            steps: units::count(totals.steps as u64),
            counted_steps: units::counted(totals.steps as u64, "step", "steps"),
            tokens: match (totals.prompt_tokens, totals.completion_tokens) {
                (None, None) => "not told".to_owned(),
                (prompt, completion) => format!(
                    "{} in, {} out",
                    units::count(prompt.unwrap_or_default()),
                    units::count(completion.unwrap_or_default())
                ),
            },
            refusals: totals.refusals.to_string(),
            counted_refusals: units::counted(totals.refusals as u64, "refusal", "refusals"),
            time: units::seconds(totals.seconds),
        }
    }
}

impl Trial<'_> {
    /// The page.
    ///
    /// # Errors
    /// When the template engine cannot write it.
    pub fn page(&self) -> Result<String, askama::Error> {
        let of = |case: Option<usize>, variant: usize| {
            Totals::of(self.outcomes.iter().filter(|o| o.variant == variant && case.is_none_or(|case| o.case == case)))
        };
        let variants = self.plan.variants.iter().enumerate();
        let rows = self.plan.cases.iter().enumerate().map(|(case, of_case)| Row {
            id: &of_case.id,
            file: &of_case.file,
            cells: (0..self.plan.variants.len()).map(|variant| of(Some(case), variant).into()).collect(),
        });
        Page {
            model: self.model,
            version: env!("CARGO_PKG_VERSION"),
            at: self.at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            cases: units::counted(self.plan.cases.len() as u64, "case", "cases"),
            rounds: self.plan.rounds,
            variants: variants.map(|(at, v)| Column { name: v.to_string(), totals: of(None, at).into() }).collect(),
            rows: rows.collect(),
            failures: self.outcomes.iter().filter_map(|outcome| self.failure(outcome)).collect(),
            broken: self.broken.iter().map(BrokenCase::to_string).collect(),
        }
        .render()
        .map(|page| without_hidden(&page).into_owned())
    }

    fn failure<'s>(&'s self, outcome: &'s Outcome) -> Option<Failure<'s>> {
        if outcome.played.passed() {
            return None;
        }
        let case: &Case = self.plan.cases.get(outcome.case)?;
        Some(Failure {
            id: &case.id,
            variant: self.plan.variants.get(outcome.variant)?.to_string(),
            round: (self.plan.rounds > 1).then_some(outcome.round + 1),
            reasons: &outcome.played.failed,
            answer: &outcome.played.happened.answer,
            lines: outcome.played.told.iter().map(line).collect(),
        })
    }
}

/// An event as a line: its fields as JSON, without its type.
fn line(told: &Told) -> Line {
    let mut fields = serde_json::to_value(&told.event).unwrap_or_default();
    let kind = fields.as_object_mut().and_then(|f| f.shift_remove("type"));
    let mut text = fields.to_string();
    if let Some((at, _)) = text.char_indices().nth(MAX_LINE) {
        text.truncate(at);
        text.push('…');
    }
    Line {
        seconds: format!("{:.1}", told.seconds),
        kind: kind.and_then(|k| k.as_str().map(str::to_owned)).unwrap_or_default(),
        text,
    }
}

#[cfg(test)]
mod tests;
