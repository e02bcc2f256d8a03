//! The task catalogue: one TOML file a task type, in `tasks/`, part of the program.

use std::{env, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;

use crate::domain::{
    task::{ParameterKind, ParameterSpec, Parameters, Program, TaskType},
    units,
};

/// The catalogue's files.
const FILES: [&str; 6] = [
    include_str!("../../tasks/sequence_stats.toml"),
    include_str!("../../tasks/protein_folding.toml"),
    include_str!("../../tasks/text_summary.toml"),
    include_str!("../../tasks/blast_search.toml"),
    include_str!("../../tasks/hmm_search.toml"),
    include_str!("../../tasks/multiple_alignment.toml"),
];

/// The tasks there are, in the order that people are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    tasks: Vec<TaskType>,
}

/// A catalogue file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the task catalogue cannot be read: {0}")]
pub struct CatalogueError(#[from] toml::de::Error);

/// A parameter that the task does not take.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// Not a parameter of the task.
    #[error("{task} takes no parameter `{name}`")]
    Unknown {
        /// The task.
        task: String,
        /// What was given.
        name: String,
        /// What it takes.
        known: Vec<String>,
    },
    /// Not a value of the parameter.
    #[error("`{value}` is no {name} of {task}: {expected}")]
    Value {
        /// The task.
        task: String,
        /// The parameter.
        name: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// A parameter without which the task cannot run.
    #[error("{task} needs {name}: {description}")]
    Missing {
        /// The task.
        task: String,
        /// The parameter.
        name: String,
        /// What it is.
        description: String,
    },
}

impl ParameterError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            ParameterError::Unknown { known, .. } if known.is_empty() => Some("it takes none".to_owned()),
            ParameterError::Unknown { known, .. } => Some(format!("it takes: {}", known.join(", "))),
            ParameterError::Value { .. } | ParameterError::Missing { .. } => {
                Some("`agent tasks` shows what each task takes".to_owned())
            }
        }
    }
}

/// An outside program that is not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The executable.
    pub executable: String,
    /// The Debian package that has it.
    pub package: String,
}

impl Catalogue {
    /// The catalogue of this program.
    ///
    /// # Errors
    /// Never for a program that was tested: its files are part of it.
    pub fn builtin() -> Result<Catalogue, CatalogueError> {
        let tasks = FILES.iter().map(|text| toml::from_str(text)).collect::<Result<_, _>>()?;
        Ok(Catalogue { tasks })
    }

    /// The task of exactly that name.
    pub fn get(&self, name: &str) -> Option<&TaskType> {
        self.tasks.iter().find(|t| t.name == name)
    }

    /// All tasks.
    pub fn iter(&self) -> std::slice::Iter<'_, TaskType> {
        self.tasks.iter()
    }
}

/// The parameters of a run: what was chosen, checked, and defaults for the rest.
///
/// # Errors
/// An unknown name, a value that the parameter does not take, a required one left out.
pub fn check_parameters(task: &TaskType, chosen: &Parameters) -> Result<Parameters, ParameterError> {
    if let Some(name) = chosen.keys().find(|name| !task.parameters.contains_key(*name)) {
        let known = task.parameters.keys().cloned().collect();
        return Err(ParameterError::Unknown { task: task.name.clone(), name: units::clean(name, 40), known });
    }
    let mut checked = Parameters::new();
    for (name, spec) in &task.parameters {
        let value = match chosen.get(name).filter(|v| !v.is_null()) {
            Some(value) => Some(check_value(task, name, spec, value)?),
            None => default_of(task, name, spec)?,
        };
        if let Some(value) = value {
            checked.insert(name.clone(), value);
        }
    }
    Ok(checked)
}

fn check_value(task: &TaskType, name: &str, spec: &ParameterSpec, value: &Value) -> Result<Value, ParameterError> {
    let wrong = |expected: String| ParameterError::Value {
        task: task.name.clone(),
        name: name.to_owned(),
        value: units::clean(&value.to_string(), 60),
        expected,
    };
    match &spec.kind {
        ParameterKind::Integer { min, max, .. } => value
            .as_i64()
            .filter(|n| (min..=max).contains(&n))
            .map(Value::from)
            .ok_or_else(|| wrong(format!("a whole number from {min} to {max}"))),
        ParameterKind::Choice { values, .. } => value
            .as_str()
            .filter(|text| values.iter().any(|v| v == text))
            .map(Value::from)
            .ok_or_else(|| wrong(format!("one of {}", values.join(", ")))),
        ParameterKind::File { .. } => value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(Value::from)
            .ok_or_else(|| wrong("the path of a file".to_owned())),
    }
}

fn default_of(task: &TaskType, name: &str, spec: &ParameterSpec) -> Result<Option<Value>, ParameterError> {
    match &spec.kind {
        ParameterKind::Integer { default, .. } => Ok(Some(Value::from(*default))),
        ParameterKind::Choice { default, .. } => Ok(Some(Value::from(default.clone()))),
        ParameterKind::File { required: false } => Ok(None),
        ParameterKind::File { required: true } => Err(ParameterError::Missing {
            task: task.name.clone(),
            name: name.to_owned(),
            description: spec.description.clone(),
        }),
    }
}

/// The outside program of a task, when PATH does not have it.
pub fn missing_program(task: &TaskType) -> Option<Missing> {
    let Program::Command { executable, package, .. } = &task.program else { return None };
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|folder| is_executable(&folder.join(executable)));
    (!found).then(|| Missing { executable: executable.clone(), package: package.clone() })
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(name: &str) -> TaskType {
        Catalogue::builtin().unwrap().get(name).unwrap().clone()
    }

    fn parameters(value: Value) -> Parameters {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_catalogue_reads_and_is_consistent() {
        let catalogue = Catalogue::builtin().unwrap();
        assert_eq!(catalogue.iter().count(), FILES.len());
        for task in catalogue.iter() {
            assert!(!task.asked_as.is_empty() && !task.formats.is_empty(), "{}", task.name);
            assert!(task.resources.spread >= 1.0, "{}", task.name);
            assert!(task.asked_as.iter().all(|p| p == &p.to_lowercase()), "{}", task.name);
        }
        assert!(catalogue.iter().filter(|t| t.model_heavy).all(|t| t.remote_model.is_some()));
    }

    #[test]
    fn parameters_are_checked_and_completed() {
        let folding = task("protein_folding");
        let checked = check_parameters(&folding, &parameters(json!({"dimension": 3}))).unwrap();
        assert_eq!(checked["dimension"], 3);
        assert!(checked.contains_key("seed") && checked.contains_key("effort"));
        for bad in [
            json!({"dimension": 4}),
            json!({"dimension": "2"}),
            json!({"dimension": 2.5}),
            json!({"seed": -1}),
            json!({"colour": 1}),
            json!({"effort": "most"}),
        ] {
            assert!(check_parameters(&folding, &parameters(bad.clone())).is_err(), "{bad}");
        }
        assert!(matches!(
            check_parameters(&task("blast_search"), &Parameters::new()),
            Err(ParameterError::Missing { .. })
        ));
    }
}
