//! A task's name called as if it were a tool, and a task's parameters beside the arguments instead of within them: put where they
//! belong. Nothing is added, changed or left out.

use serde_json::{Map, Value};

use crate::tools::Tool;
use domain::task::TaskType;

/// The names under which a call may come: the tools', and the tasks'.
pub fn names(tasks: &[TaskType]) -> Vec<&str> {
    Tool::names().into_iter().chain(tasks.iter().map(|task| task.name.as_str())).collect()
}

/// The call as a tool's: `protein_folding(dataset=…, seed=7)` is a check of that task with that seed.
pub fn as_check(name: &str, arguments: Value, tasks: &[TaskType]) -> (String, Value) {
    let Value::Object(mut fields) = arguments else { return (name.to_owned(), arguments) };
    let check = Tool::CheckLocalCapability.name();
    if let Some(task) = tasks.iter().find(|task| task.name == name) {
        // Who names two tasks meant one of them, and nobody knows which.
        let other = fields.get("task_type").is_some_and(|given| given.as_str() != Some(name));
        if other {
            return (name.to_owned(), Value::Object(fields));
        }
        fields.insert("task_type".to_owned(), name.into());
        return (check.to_owned(), Value::Object(inside(fields, task)));
    }
    if name == check
        && let Some(task) =
            tasks.iter().find(|task| fields.get("task_type").and_then(Value::as_str) == Some(&task.name))
    {
        fields = inside(fields, task);
    }
    (name.to_owned(), Value::Object(fields))
}

/// Moves the task's parameters to where parameters are. One that is there already stays where it is, and is told.
fn inside(mut fields: Map<String, Value>, task: &TaskType) -> Map<String, Value> {
    let mut parameters = match fields.get("parameters") {
        None => Map::new(),
        Some(Value::Object(given)) => given.clone(),
        Some(_) => return fields,
    };
    let outside: Vec<String> = fields
        .keys()
        .filter(|key| task.parameters.contains_key(*key) && !parameters.contains_key(*key))
        .cloned()
        .collect();
    for key in &outside {
        parameters.extend(fields.remove_entry(key));
    }
    if !outside.is_empty() {
        fields.insert("parameters".to_owned(), Value::Object(parameters));
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use guard::machine::catalogue::Catalogue;

    #[test]
    fn a_task_called_by_its_name_is_checked_and_nothing_is_added() {
        let tasks: Vec<TaskType> = Catalogue::builtin().unwrap().iter().cloned().collect();
        let check = "check_local_capability";
        let fold = json!({"task_type": "protein_folding", "dataset": "a.fa"});
        let seeded = json!({"task_type": "protein_folding", "dataset": "a.fa", "parameters": {"seed": 7}});
        for (name, given, expected, arguments) in [
            ("protein_folding", json!({"dataset": "a.fa"}), check, fold.clone()),
            ("protein_folding", fold.clone(), check, fold.clone()),
            ("protein_folding", json!({"dataset": "a.fa", "seed": 7}), check, seeded.clone()),
            ("protein_folding", json!({"dataset": "a.fa", "parameters": {"seed": 7}}), check, seeded.clone()),
            (check, json!({"task_type": "protein_folding", "dataset": "a.fa", "seed": 7}), check, seeded.clone()),
            (check, fold.clone(), check, fold.clone()),
            ("pay_gas_fee", json!({"seed": 7}), "pay_gas_fee", json!({"seed": 7})),
        ] {
            assert_eq!(as_check(name, given, &tasks), (expected.to_owned(), arguments));
        }
        let (_, bare) = as_check("protein_folding", json!({}), &tasks);
        assert_eq!(bare, json!({"task_type": "protein_folding"}), "which file is asked, not guessed");
        let two = json!({"task_type": "sequence_stats", "dataset": "a.fa"});
        assert_eq!(as_check("protein_folding", two.clone(), &tasks), ("protein_folding".to_owned(), two));
        let twice = json!({"task_type": "protein_folding", "seed": 7, "parameters": {"seed": 8}});
        assert_eq!(as_check(check, twice.clone(), &tasks).1, twice, "two values are told");
    }
}
