//! Parameters of a task, checked against its catalogue entry.

use serde_json::Value;

use super::catalogue::check::{is_option, matcher};
use domain::{
    task::{ParameterKind, ParameterSpec, Parameters, Several, TaskType},
    units::clean,
};

/// The longest path of a file parameter, bytes.
const PATH: usize = 4_096;

/// The longest value of a text parameter, bytes.
const TEXT: usize = 1_000;

/// Why parameters are refused. The sentence says what is allowed, so that who asked can ask again.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ParameterError {
    /// Not a parameter of the task.
    #[error("{task} has no parameter `{name}`; it has {known}")]
    Unknown {
        /// The task.
        task: String,
        /// What was given.
        name: String,
        /// What there is.
        known: String,
    },
    /// A value that the parameter does not take.
    #[error("`{name}` must be {wanted}, and {given} was given")]
    Value {
        /// The task.
        task: String,
        /// The parameter.
        name: String,
        /// What it takes.
        wanted: String,
        /// What was given, shortened.
        given: String,
    },
    /// A file or a value without which the task cannot run.
    #[error("{task} needs `{name}`: {description}")]
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
        let (ParameterError::Unknown { task, .. }
        | ParameterError::Value { task, .. }
        | ParameterError::Missing { task, .. }) = self;
        Some(format!("`agent tasks show {task}` shows what it takes"))
    }
}

/// Checks `given` for `task` and fills in the defaults of what is not given.
///
/// Values are taken as they are: a number in quotes is no number. `null` counts as not given. Whether a file parameter
/// names a file that may be read is for the data rules to say.
///
/// # Errors
/// The first parameter that is unknown, outside its limits, or missing.
pub fn check_parameters(task: &TaskType, given: &Parameters) -> Result<Parameters, ParameterError> {
    if let Some(name) = given.keys().find(|name| !task.parameters.contains_key(*name)) {
        let known: Vec<_> = task.parameters.keys().map(|k| format!("`{k}`")).collect();
        return Err(ParameterError::Unknown {
            task: task.name.clone(),
            name: clean(name, 40),
            known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
        });
    }
    let mut checked = Parameters::new();
    for (name, spec) in &task.parameters {
        let value = given.get(name).filter(|v| !v.is_null());
        if let Some(value) = one(task, name, spec, value)? {
            checked.insert(name.clone(), value);
        }
    }
    Ok(checked)
}

/// A value as a person writes it on a command line or in a table, as its parameter takes it. What is no such value is left as
/// text, which [`check_parameters`] refuses with what is wanted.
pub fn written(spec: Option<&ParameterSpec>, text: &str) -> Value {
    let whole = || text.parse::<i64>().ok().map(Value::from);
    let value = match spec.map(|spec| &spec.kind) {
        Some(ParameterKind::Integer { .. }) => whole(),
        Some(ParameterKind::Number { .. }) => text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from),
        Some(ParameterKind::Flag) => text.parse::<bool>().ok().map(Value::from),
        Some(_) => None,
        None => whole(),
    };
    value.unwrap_or_else(|| text.into())
}

/// A path that begins with a dash would be read as an option by the program it is given to.
fn is_path(path: &str) -> bool {
    !path.is_empty() && path.len() <= PATH && !path.starts_with('-') && !path.contains('\0')
}

/// A whole number, also one that is written with a point: JSON Schema takes `3.0` for an integer.
fn integer(value: &Value) -> Option<i64> {
    /// From here on, doubles are further apart than one.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |f: &f64| f.fract() == 0.0 && f.abs() < EXACT;
    value.as_i64().or_else(|| value.as_f64().filter(whole).map(|f| f as i64))
}

fn one(
    task: &TaskType,
    name: &str,
    spec: &ParameterSpec,
    value: Option<&Value>,
) -> Result<Option<Value>, ParameterError> {
    let refused = |wanted: String, value: &Value| ParameterError::Value {
        task: task.name.clone(),
        name: name.to_owned(),
        wanted,
        given: clean(&value.to_string(), 60),
    };
    let missing = || ParameterError::Missing {
        task: task.name.clone(),
        name: name.to_owned(),
        description: spec.description.clone(),
    };
    match (&spec.kind, value) {
        // What is missing of the dataset's own files is told with their number.
        (ParameterKind::File { rest: true, .. }, None) => Ok(None),
        (ParameterKind::File { required: true, .. }, None) => Err(missing()),
        (_, None) if spec.needed => Err(missing()),
        (ParameterKind::Integer { default, .. }, None) => Ok(default.map(Value::from)),
        (ParameterKind::Choice { default, .. }, None) => Ok(default.as_deref().map(Value::from)),
        (ParameterKind::Number { default, .. }, None) => Ok(default.map(Value::from)),
        (ParameterKind::Text { default, .. }, None) => Ok(default.as_deref().map(Value::from)),
        (ParameterKind::Flag, None) => Ok(None),
        (ParameterKind::File { required: false, .. }, None) => Ok(None),
        (ParameterKind::Integer { min, max, .. }, Some(value)) => match integer(value) {
            Some(n) if (*min..=*max).contains(&n) => Ok(Some(n.into())),
            _ => Err(refused(format!("a whole number from {min} to {max}"), value)),
        },
        (ParameterKind::Number { min, max, .. }, Some(value)) => match value.as_f64() {
            Some(n) if (*min..=*max).contains(&n) => Ok(Some(n.into())),
            _ => Err(refused(format!("a number from {min} to {max}"), value)),
        },
        (ParameterKind::Flag, Some(value)) => match value {
            Value::Bool(set) => Ok(set.then(|| true.into())),
            _ => Err(refused("true or false".to_owned(), value)),
        },
        (ParameterKind::Text { pattern, .. }, Some(value)) => match (value.as_str(), matcher(pattern)) {
            (Some(text), Ok(whole)) if whole.is_match(text) && !is_option(text) && text.len() <= TEXT => {
                Ok(Some(text.into()))
            }
            _ => Err(refused(
                format!("text that the pattern {pattern} matches, and that does not begin with `-`"),
                value,
            )),
        },
        (ParameterKind::Choice { values, .. }, Some(value)) => match value.as_str() {
            Some(word) if values.iter().any(|v| v == word) => Ok(Some(word.into())),
            _ => Err(refused(format!("one of {}", values.join(", ")), value)),
        },
        (ParameterKind::File { several: None, .. }, Some(value)) => match value.as_str().filter(|path| is_path(path)) {
            Some(path) => Ok(Some(path.into())),
            None => Err(refused("the path of a file".to_owned(), value)),
        },
        (ParameterKind::File { several: Some(Several { folder, .. }), .. }, Some(value)) => {
            let paths: Option<Vec<&str>> = match value {
                Value::Array(all) => all.iter().map(Value::as_str).collect(),
                one => one.as_str().map(|path| vec![path]),
            };
            match paths.filter(|paths| !paths.is_empty() && paths.iter().all(|path| is_path(path))) {
                Some(paths) => Ok(Some(paths.into())),
                None if *folder => Err(refused("the path of a folder".to_owned(), value)),
                None => Err(refused("paths of files".to_owned(), value)),
            }
        }
    }
}
