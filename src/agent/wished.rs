//! The work that a person plainly named, as the call that begins it: what a model is pointed to that lost its way.
//!
//! Only what they said themselves is written into it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::turn;
use crate::{
    domain::{job::Job, task::TaskType},
    model::{phrases, planner::Wanted, words},
    tools::Tool,
};

/// The prompt that names the task of the newest prompt: itself, or the last one before it that named one, where it only adds
/// a file: "and b.fasta?".
pub fn task_said<'t>(
    prompt: &'t str,
    mut earlier: impl Iterator<Item = &'t str>,
    known: &[String],
    tasks: &[TaskType],
) -> &'t str {
    const ADDS: [&str; 37] = [
        "and", "now", "also", "then", "next", "the", "first", "second", "third", "last", "other", "another", "file",
        "one", "same", "for", "with", "on", "do", "it", "that", "this", "too", "please", "as", "well", "what", "about",
        "how", "again", "dataset", "fasta", "to", "of", "in", "ok", "thanks",
    ];
    let files = words::files(prompt, known);
    let named = |text: &str| !phrases::tasks_in(&turn::bare(text, known), tasks).is_empty();
    if files.is_empty() || named(prompt) {
        return prompt;
    }
    let rest = words::words(prompt).into_iter().map(|word| word.text).filter(|word| !files.contains(word));
    if rest.into_iter().all(|word| ADDS.contains(&word.to_lowercase().as_str())) {
        return earlier.find(|text| named(text)).unwrap_or(prompt);
    }
    prompt
}

/// Tasks, files and choices as they were named.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wished {
    /// The tasks' names.
    tasks: Vec<String>,
    /// Task, file and choices, where it is plain which belong together.
    pairs: Vec<(String, String, Map<String, Value>)>,
    /// What was chosen for any of the tasks, by parameter: the values that were said.
    chosen: BTreeMap<String, Vec<Value>>,
    /// The size that was claimed, bytes.
    claimed_bytes: Option<u64>,
}

impl Wished {
    /// Reads a prompt; `task_said` is the prompt that names its task: the same, or an earlier one that it follows. `known` are
    /// the files of the working folder.
    pub fn by(prompt: &str, task_said: &str, known: &[String], tasks: &[TaskType]) -> Wished {
        let files = words::files(prompt, known);
        let named = phrases::tasks_in(&turn::bare(task_said, known), tasks);
        let mut wished = Wished {
            tasks: named.iter().map(|task| task.name.clone()).collect(),
            claimed_bytes: words::claimed_bytes(prompt),
            ..Wished::default()
        };
        let mut plain = named.len() == 1 || files.len() == 1;
        let tokens = words::tokens(task_said, &words::files(task_said, known));
        for task in named {
            let mut chosen = Map::new();
            for choice in phrases::choices(&tokens, task) {
                wished.chosen.entry(choice.name.clone()).or_default().push(choice.value.clone());
                chosen.insert(choice.name, choice.value);
            }
            for second in phrases::file_parameters(task) {
                plain = false;
                wished.chosen.insert(second.to_owned(), files.iter().cloned().map(Value::from).collect());
            }
            wished.pairs.extend(files.iter().map(|file| (task.name.clone(), file.clone(), chosen.clone())));
        }
        if !plain {
            wished.pairs.clear();
        }
        wished
    }

    /// Leaves of the schema of a check what the person said something of: the tasks that they named, the values that they
    /// chose. For models that fill in whatever they are offered.
    pub fn narrow(&self, schema: &mut Value) {
        let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
        if let Some(task) = fields.get_mut("task_type").filter(|_| !self.tasks.is_empty()) {
            task["enum"] = self.tasks.clone().into();
        }
        match (self.claimed_bytes, fields.get_mut("claimed_bytes")) {
            (Some(bytes), Some(field)) => field["enum"] = json!([bytes]),
            _ => {
                fields.remove("claimed_bytes");
            }
        }
        fields.remove("claimed_seconds");
        if self.chosen.is_empty() {
            fields.remove("parameters");
            return;
        }
        let values = self.chosen.iter().map(|(name, values)| (name.clone(), json!({"enum": values})));
        let values: Map<String, Value> = values.collect();
        let all: Vec<&String> = self.chosen.keys().collect();
        fields.insert(
            "parameters".to_owned(),
            json!({"type": "object", "additionalProperties": false, "properties": values, "required": all}),
        );
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.push("parameters".into());
        }
    }

    /// Whether a job is one of them.
    pub fn has(&self, job: &Job) -> bool {
        self.pairs.iter().any(|(task, file, _)| is_of(job, task, file))
    }

    /// The call that begins the first of them that none of these jobs is, in one sentence.
    pub fn next(&self, jobs: &[&Job]) -> String {
        let check = Tool::CheckLocalCapability;
        let begun = |task: &str, file: &str| jobs.iter().any(|job| is_of(job, task, file));
        match self.pairs.iter().find(|(task, file, _)| !begun(task, file)) {
            None => format!("Call {check} with the task_type and the dataset that the person means."),
            Some((task, file, chosen)) if chosen.is_empty() => {
                format!("Call {check} with task_type {task} and dataset {file}.")
            }
            Some((task, file, chosen)) => {
                let chosen = Value::Object(chosen.clone());
                format!("Call {check} with task_type {task}, dataset {file} and parameters {chosen}.")
            }
        }
    }
}

/// Leaves of the schema of a check the one call that begins this work. For models that fill in whatever they are offered.
pub fn fill_in(schema: &mut Value, wanted: &Wanted) {
    let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let one = |value: Value| json!({"enum": [value]});
    let mut said = Map::new();
    said.insert("task_type".to_owned(), one(wanted.task.clone().into()));
    said.insert("dataset".to_owned(), one(wanted.dataset.clone().into()));
    if !wanted.parameters.is_empty() {
        let all: Vec<&String> = wanted.parameters.keys().collect();
        let values: Map<String, Value> =
            wanted.parameters.iter().map(|(name, value)| (name.clone(), one(value.clone()))).collect();
        said.insert(
            "parameters".to_owned(),
            json!({"type": "object", "additionalProperties": false, "properties": values, "required": all}),
        );
    }
    if let Some(bytes) = wanted.claimed_bytes {
        said.insert("claimed_bytes".to_owned(), one(bytes.into()));
    }
    let names: Vec<String> = said.keys().cloned().collect();
    *fields = said;
    schema["required"] = names.into();
}

/// The call that begins this work, in one sentence.
pub fn call(wanted: &Wanted) -> String {
    let mut said = format!("task_type {}, dataset {}", wanted.task, wanted.dataset);
    if !wanted.parameters.is_empty() {
        said.push_str(&format!(", parameters {}", Value::Object(wanted.parameters.clone())));
    }
    format!("Call {} with {said}.", Tool::CheckLocalCapability)
}

fn is_of(job: &Job, task: &str, file: &str) -> bool {
    job.task_type == task && job.source.path.ends_with(file.trim_start_matches("./"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{machine::catalogue::Catalogue, tools::offer};

    #[test]
    fn the_call_has_what_was_said_and_nothing_else() {
        let tasks: Vec<TaskType> = Catalogue::builtin().unwrap().iter().cloned().collect();
        for (prompt, call) in [
            ("Run protein folding on data.fasta", "task_type protein_folding and dataset data.fasta."),
            (
                "fold runs/a.fa in 3D with seed 7",
                "task_type protein_folding, dataset runs/a.fa and parameters {\"dimension\":3,\"seed\":7}.",
            ),
            ("fold a.fa and b.fa", "task_type protein_folding and dataset a.fa."),
            ("stats of a.fa, then fold it", "task_type sequence_stats and dataset a.fa."),
            ("stats of a.fa, fold b.fa", "the task_type and the dataset that the person means."),
            ("blast a.fa against b.fa", "the task_type and the dataset that the person means."),
            ("fold it", "the task_type and the dataset that the person means."),
        ] {
            assert_eq!(
                Wished::by(prompt, prompt, &[], &tasks).next(&[]),
                format!("Call check_local_capability with {call}")
            );
        }
    }

    #[test]
    fn a_file_that_is_added_stands_on_the_task_before() {
        let tasks: Vec<TaskType> = Catalogue::builtin().unwrap().iter().cloned().collect();
        let before = ["thanks", "fold a.fasta in 3D"];
        for (prompt, follows) in [
            ("And the second file, b.fasta?", true),
            ("now b.fasta, please", true),
            ("what about b.fasta", true),
            ("stats of b.fasta", false),
            ("and what is in b.fasta?", false),
            ("and the second one?", false),
        ] {
            let said = task_said(prompt, before.into_iter(), &[], &tasks);
            assert_eq!(said == before[1], follows, "{prompt}");
        }
        let call = Wished::by("and b.fasta?", before[1], &[], &tasks).next(&[]);
        assert!(call.contains("task_type protein_folding, dataset b.fasta and parameters {\"dimension\":3}"), "{call}");
    }

    #[test]
    fn only_what_was_said_can_be_filled_in() {
        let tasks: Vec<TaskType> = Catalogue::builtin().unwrap().iter().cloned().collect();
        let check = |prompt: &str| {
            let mut check = offer::check(&tasks, None).schema;
            Wished::by(prompt, prompt, &[], &tasks).narrow(&mut check);
            check
        };
        let plain = check("fold data.fasta");
        let names: Vec<&String> = plain["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["task_type", "dataset"]);
        assert_eq!(plain["properties"]["task_type"]["enum"], json!(["protein_folding"]));
        let chosen = check("fold this 5 GB data.fasta in 3D with seed 7");
        assert_eq!(chosen["properties"]["claimed_bytes"]["enum"], json!([5_000_000_000u64]));
        let parameters = &chosen["properties"]["parameters"];
        assert_eq!(parameters["properties"], json!({"dimension": {"enum": [3]}, "seed": {"enum": [7]}}));
        assert_eq!(chosen["required"], json!(["task_type", "dataset", "parameters"]));
        let search = check("blast a.fa against b.fa");
        assert_eq!(search["properties"]["parameters"]["properties"]["database"]["enum"], json!(["a.fa", "b.fa"]));
    }
}
