//! The request to a model that fills in the form.
//!
//! What changes least comes first, so that a server's prefix cache serves: the prompt and the catalogue, the files, the
//! conversation as it grows, and in the last message alone the jobs as they are now.

use serde::{Deserialize, Serialize};

use super::{FormError, Offered, schema};
use crate::model::{ChatRequest, Message, ToolChoice, context::is_plain};
use domain::{
    task::{ParameterKind, TaskType},
    units::clean,
};

/// What the model is told.
const PROMPT: &str = include_str!("../../../prompts/request.md");
/// What it is told of an answer that is no proposal.
const AGAIN: &str = include_str!("../../../prompts/request_again.md");

/// The most files that are named in the prompt; those beyond are in the form alone.
const MOST_NAMED: usize = 60;
/// The most jobs that are named, the newest.
const MOST_JOBS: usize = 12;
/// Of the conversation so many exchanges are shown at least, and less than twice as many.
const EXCHANGES: usize = 4;
/// What is shown of a sentence of before and of a job, characters.
const LONGEST_SAID: usize = 600;
const LONGEST_JOB: usize = 240;
/// What is shown of a task and of a choice, characters.
const LONGEST_TASK: usize = 200;
const LONGEST_CHOICE: usize = 60;
/// What is said of all tasks together, characters: the more there are, the less is said of each.
const ALL_TASKS: usize = 1_300;
const SHORTEST_TASK: usize = 50;
/// With more tasks than these their choices are named without what each may be, which the form itself says.
const FEW_TASKS: usize = 8;

/// All texts of `prompts/` that are used here.
pub fn texts() -> [&'static str; 2] {
    [PROMPT, AGAIN]
}

/// What was said before, and what it was understood as.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// The person's words.
    pub said: String,
    /// The object that stood for them: [`Proposal::object`](super::Proposal::object), or
    /// [`object::of`](super::object::of) of a request that came from elsewhere.
    pub object: String,
}

/// A question to a model: what does this sentence ask for?
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What there is to choose from.
    pub offered: Offered<'a>,
    /// The open and the finished jobs of the conversation, a line each, the newest last.
    pub jobs: &'a [String],
    /// The conversation, oldest first.
    pub earlier: &'a [Exchange],
    /// What the person says now.
    pub said: &'a str,
}

impl Ask<'_> {
    /// The request.
    pub fn request(&self) -> ChatRequest {
        let mut messages = Vec::new();
        // They leave in whole blocks, so that what a server keeps of the rest serves for some turns.
        let skipped = self.earlier.len().saturating_sub(EXCHANGES) / EXCHANGES * EXCHANGES;
        for exchange in self.earlier.iter().skip(skipped) {
            messages.push(Message::User { text: clean(&exchange.said, LONGEST_SAID) });
            messages.push(Message::said(exchange.object.as_str()));
        }
        let jobs = self.jobs.get(self.jobs.len().saturating_sub(MOST_JOBS)..).unwrap_or_default();
        messages.push(Message::User { text: said(jobs, self.said) });
        ChatRequest {
            system: system(&self.offered),
            messages,
            tools: Vec::new(),
            choice: ToolChoice::None,
            form: Some(schema::form(&self.offered)),
        }
    }
}

/// The same question after an answer that is no proposal, with what is wrong with it.
pub fn again(request: &ChatRequest, answer: &str, why: &FormError) -> ChatRequest {
    let mut request = request.clone();
    let answer = clean(answer, 4 * LONGEST_SAID);
    let answer = if answer.is_empty() { "-".to_owned() } else { answer };
    request.messages.push(Message::said(answer));
    request.messages.push(Message::User { text: AGAIN.trim().replace("{why}", &why.to_string()) });
    request
}

fn system(offered: &Offered) -> String {
    let few = offered.tasks.len() <= FEW_TASKS;
    let room = (ALL_TASKS / offered.tasks.len().max(1)).clamp(SHORTEST_TASK, LONGEST_TASK);
    let tasks: Vec<String> = offered.tasks.iter().map(|one| task(one, few, room)).collect();
    let plain: Vec<&String> = offered.files.iter().filter(|file| is_plain(file)).collect();
    let mut files: Vec<String> = plain.iter().take(MOST_NAMED).map(|file| format!("- {file}")).collect();
    if plain.len() > MOST_NAMED {
        files.push(format!("and {} more", plain.len() - MOST_NAMED));
    }
    let files = if files.is_empty() { "none".to_owned() } else { files.join("\n") };
    PROMPT.trim_end().replace("{tasks}", &tasks.join("\n")).replace("{files}", &files)
}

/// A task in a line: what it does, and what can be chosen.
fn task(task: &TaskType, few: bool, room: usize) -> String {
    let first = task.description.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let choices: Vec<String> = task
        .parameters
        .iter()
        .filter(|(_, spec)| !matches!(spec.kind, ParameterKind::File { rest: true, .. }))
        .map(|(name, spec)| match &spec.kind {
            _ if !few => name.clone(),
            // The first clause says what the number counts.
            ParameterKind::Integer { .. } => {
                let clause = spec.description.split([':', ';']).next().unwrap_or_default();
                format!("{name} ({})", clean(clause, LONGEST_CHOICE))
            }
            ParameterKind::Choice { values, .. } => format!("{name} ({})", values.join(", ")),
            ParameterKind::Number { min, max, .. } => format!("{name} ({min} to {max})"),
            ParameterKind::Flag => format!("{name} (true)"),
            ParameterKind::Text { .. } => format!("{name} (text)"),
            ParameterKind::File { .. } => format!("{name} (a file)"),
        })
        .collect();
    let choices = if choices.is_empty() { String::new() } else { format!(". Choices: {}", choices.join(", ")) };
    format!("- {}: {}{choices}", task.name, clean(first, room))
}

/// A sentence, after what the program has to tell.
fn said(jobs: &[String], said: &str) -> String {
    let jobs: String = jobs.iter().map(|job| format!("[job: {}]\n", clean(job, LONGEST_JOB))).collect();
    jobs + said
}
