//! The work that a person plainly named, as the call that begins it: what a model is pointed to that lost its way.
//!
//! Only what they said themselves is written into it.

use serde_json::{Map, Value};

use crate::{
    domain::{job::Job, task::TaskType},
    model::{phrases, words},
    tools::Tool,
};

/// Tasks and files as they were named.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wished {
    /// Task, file and choices, where it is plain which belong together.
    pairs: Vec<(String, String, Map<String, Value>)>,
}

impl Wished {
    /// Reads a prompt. `known` are the files of the working folder.
    pub fn by(prompt: &str, known: &[String], tasks: &[TaskType]) -> Wished {
        let files = words::files(prompt, known);
        let named = phrases::tasks_in(prompt, tasks);
        let second = named.iter().any(|task| !phrases::file_parameters(task).is_empty());
        if second || (named.len() > 1 && files.len() > 1) {
            return Wished::default();
        }
        let tokens = words::tokens(prompt, &files);
        let mut pairs = Vec::new();
        for task in named {
            let mut chosen = Map::new();
            for choice in phrases::choices(&tokens, task) {
                chosen.insert(choice.name, choice.value);
            }
            pairs.extend(files.iter().map(|file| (task.name.clone(), file.clone(), chosen.clone())));
        }
        Wished { pairs }
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

fn is_of(job: &Job, task: &str, file: &str) -> bool {
    job.task_type == task && job.source.path.ends_with(file.trim_start_matches("./"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::catalogue::Catalogue;

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
            assert_eq!(Wished::by(prompt, &[], &tasks).next(&[]), format!("Call check_local_capability with {call}"));
        }
    }
}
