//! What a trial says: a line a case and a table at the end, or JSON Lines.

use std::path::Path;

use serde::Serialize;

use super::super::Context;
use crate::{
    face::look::Tone,
    trial::{BrokenCase, Outcome, Plan, totals::Totals},
};
use domain::{event::EVENT_VERSION, job::JobState, units, verdict::Place};

/// Says what came of cases.
pub struct Show<'a> {
    context: &'a Context,
}

/// A line for programs.
#[derive(Serialize)]
#[serde(tag = "type")]
enum Line<'a> {
    /// A file that is no case.
    #[serde(rename = "trial.broken")]
    Broken { v: u32, file: &'a str, field: Option<&'a str>, problem: &'a str },
    /// A case that was played.
    #[serde(rename = "trial.case")]
    Case(Box<Case<'a>>),
    /// The end.
    #[serde(rename = "trial.summary")]
    Summary {
        v: u32,
        model: &'a str,
        cases: usize,
        broken: usize,
        rounds: usize,
        variants: Vec<OfVariant>,
        report: Option<String>,
        exit_code: u8,
    },
}

#[derive(Serialize)]
struct Case<'a> {
    v: u32,
    case: &'a str,
    file: &'a str,
    without: Vec<&'static str>,
    round: usize,
    passed: bool,
    failed: &'a [String],
    steps: usize,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    refusals: usize,
    seconds: f64,
    jobs: Vec<Job<'a>>,
    payments: usize,
    answer: &'a str,
}

#[derive(Serialize)]
struct Job<'a> {
    task: &'a str,
    dataset: &'a str,
    #[serde(rename = "where")]
    place: Place,
    end: JobState,
}

#[derive(Serialize)]
struct OfVariant {
    without: Vec<&'static str>,
    #[serde(flatten)]
    totals: Totals,
}

/// The case that was over last, beside the bar: where the lines go to a file, nothing else is seen of it.
pub fn last(plan: &Plan, outcome: &Outcome) -> String {
    let id = plan.cases.get(outcome.case).map_or("", |case| &case.id);
    let word = if outcome.played.passed() { "pass" } else { "FAIL" };
    format!("{word} {id}, {}", units::seconds(outcome.played.seconds))
}

impl<'a> Show<'a> {
    /// Says it on the streams of `context`.
    pub fn new(context: &'a Context) -> Show<'a> {
        Show { context }
    }

    /// Files that are no cases.
    pub fn broken(&self, broken: &[BrokenCase]) {
        for BrokenCase { file, field, problem } in broken {
            if self.context.json() {
                self.context.output.json(&Line::Broken { v: EVENT_VERSION, file, field: field.as_deref(), problem });
            }
        }
        if !self.context.json() {
            let look = &self.context.errors_look;
            let lines = broken.iter().flat_map(|b| look.field("error:", Tone::Bad, &format!("no case: {b}")));
            self.context.errors.lines(lines);
        }
    }

    /// One case that was played.
    pub fn outcome(&self, plan: &Plan, outcome: &Outcome) {
        let (Some(case), Some(variant)) = (plan.cases.get(outcome.case), plan.variants.get(outcome.variant)) else {
            return;
        };
        let played = &outcome.played;
        if self.context.json() {
            let jobs = played.happened.jobs.iter();
            let jobs = jobs.map(|j| Job { task: &j.task, dataset: &j.dataset, place: j.place, end: j.end }).collect();
            self.context.output.json(&Line::Case(Box::new(Case {
                v: EVENT_VERSION,
                case: &case.id,
                file: &case.file,
                without: variant.names(),
                round: outcome.round + 1,
                passed: played.passed(),
                failed: &played.failed,
                steps: played.used.steps,
                prompt_tokens: played.used.tokens.map(|t| t.prompt),
                completion_tokens: played.used.tokens.map(|t| t.completion),
                refusals: played.refusals,
                seconds: played.seconds,
                jobs,
                payments: played.happened.payments,
                answer: &played.happened.answer,
            })));
            return;
        }
        let look = &self.context.look;
        let (word, tone) = if played.passed() { ("pass", Tone::Good) } else { ("FAIL", Tone::Bad) };
        let mut said = {
            let steps = units::counted(played.used.steps as u64, "step", "steps");
            format!("{}, {steps}, {}", case.id, units::seconds(played.seconds))
        };
        if plan.variants.len() > 1 {
            said.push_str(&format!(", {variant}"));
        }
        let mut lines = vec![format!("{}  {}", look.tone(tone, word), said)];
        lines.extend(played.failed.iter().flat_map(|why| look.field("      -", Tone::Plain, why)));
        self.context.output.lines(lines);
    }

    /// The end.
    pub fn summary(
        &self,
        model: &str,
        plan: &Plan,
        outcomes: &[Outcome],
        broken: &[BrokenCase],
        report: Option<&Path>,
        exit_code: u8,
    ) {
        let of = |at: usize| Totals::of(outcomes.iter().filter(|o| o.variant == at));
        let variants = plan.variants.iter().enumerate();
        if self.context.json() {
            self.context.output.json(&Line::Summary {
                v: EVENT_VERSION,
                model,
                cases: plan.cases.len(),
                broken: broken.len(),
                rounds: plan.rounds,
                variants: variants.map(|(at, v)| OfVariant { without: v.names(), totals: of(at) }).collect(),
                report: report.map(|path| path.display().to_string()),
                exit_code,
            });
            return;
        }
        let rows = variants.map(|(at, variant)| {
            let totals = of(at);
            vec![
                variant.to_string(),
                format!("{} of {}", totals.passed, totals.plays),
                totals.steps.to_string(),
                totals.tokens().map_or_else(|| "not told".to_owned(), units::count),
                totals.refusals.to_string(),
                units::seconds(totals.seconds),
            ]
        });
        let look = &self.context.look;
        let header = [model, "passed", "steps", "tokens", "refusals", "time"];
        let mut lines = vec![String::new()];
        lines.extend(look.table(&header, rows.collect(), &[2, 3, 4], 0));
        if let Some(path) = report {
            lines.push(String::new());
            lines.extend(look.field("Report", Tone::Plain, &path.display().to_string()));
        }
        self.context.output.lines(lines);
    }
}
