//! From a name and raw arguments to a typed call.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    More, Tool, check_local_capability, list_jobs, pay_gas_fee, run_local_task, run_remote_compute, schema,
    wait_for_job,
};
use domain::{ids::JobId, units::clean};

const UNKNOWN_TOOL: &str = "unknown_tool";
const BAD_ARGUMENTS: &str = "bad_arguments";
/// So many names that a tool does not know are listed.
const MOST_NAMED: usize = 8;

/// A call whose arguments have the right form. Whether it may happen is not decided here.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// [`Tool::CheckLocalCapability`].
    CheckLocalCapability(check_local_capability::Args),
    /// [`Tool::RunLocalTask`].
    RunLocalTask(run_local_task::Args),
    /// [`Tool::RunRemoteCompute`].
    RunRemoteCompute(run_remote_compute::Args),
    /// [`Tool::PayGasFee`].
    PayGasFee(pay_gas_fee::Args),
    /// [`Tool::WaitForJob`].
    WaitForJob(wait_for_job::Args),
    /// [`Tool::ListJobs`].
    ListJobs(list_jobs::Args),
}

/// Why a call has no right form. The model is told, and may try again.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadCall {
    /// No tool has this name.
    #[error("there is no tool `{name}`")]
    UnknownTool {
        /// What was called.
        name: String,
    },
    /// The arguments do not fit the tool's schema.
    #[error("wrong arguments for {tool}: {why}")]
    Arguments {
        /// The tool.
        tool: Tool,
        /// What is wrong and where.
        why: String,
    },
}

impl BadCall {
    /// A short stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            BadCall::UnknownTool { .. } => UNKNOWN_TOOL,
            BadCall::Arguments { .. } => BAD_ARGUMENTS,
        }
    }

    /// Whether a word is of this kind.
    pub fn is(kind: &str) -> bool {
        [UNKNOWN_TOOL, BAD_ARGUMENTS].contains(&kind)
    }

    /// What the model is told: short, precise, with what is expected.
    pub fn to_value(&self) -> Value {
        let (expected, next) = match self {
            BadCall::UnknownTool { .. } => (
                json!({"tools": Tool::names()}),
                "Call one of the tools that are offered, or answer in words.".to_owned(),
            ),
            BadCall::Arguments { tool, .. } => {
                (expected(*tool), format!("Call {tool} again with the arguments that it expects."))
            }
        };
        json!({"ok": false, "error": self.kind(), "why": self.to_string(), "expected": expected, "next_step": next})
    }
}

/// Reads a call.
///
/// # Errors
/// An unknown name, unknown or missing fields, wrong types, and ids or amounts that are none.
pub fn parse(name: &str, arguments: &Value) -> Result<Call, BadCall> {
    let tool = Tool::from_name(name).ok_or_else(|| BadCall::UnknownTool { name: clean(name, 60) })?;
    Ok(match tool {
        Tool::CheckLocalCapability => Call::CheckLocalCapability(fields(tool, arguments)?),
        Tool::RunLocalTask => Call::RunLocalTask(fields(tool, arguments)?),
        Tool::RunRemoteCompute => Call::RunRemoteCompute(fields(tool, arguments)?),
        Tool::PayGasFee => Call::PayGasFee(fields(tool, arguments)?),
        Tool::WaitForJob => Call::WaitForJob(fields(tool, arguments)?),
        Tool::ListJobs => Call::ListJobs(fields(tool, arguments)?),
    })
}

fn fields<T: DeserializeOwned>(tool: Tool, arguments: &Value) -> Result<T, BadCall> {
    if !arguments.is_object() {
        // A list would be taken for the fields in their order.
        return Err(BadCall::Arguments { tool, why: "the arguments are no JSON object".to_owned() });
    }
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        // The names first, all at once: a model that mends one at a time runs out of steps.
        if let Some(why) = wrong_names(tool, arguments) {
            return BadCall::Arguments { tool, why };
        }
        let path = error.path().to_string();
        let inner = clean(&error.inner().to_string(), 300);
        let why = if path == "." { inner } else { format!("`{}`: {inner}", clean(&path, 60)) };
        BadCall::Arguments { tool, why }
    })
}

/// Every argument that is missing and every one that there is not, in one sentence.
fn wrong_names(tool: Tool, arguments: &Value) -> Option<String> {
    let schema = schema::of(tool);
    let (given, known) = (arguments.as_object()?, schema.get("properties")?.as_object()?);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|name| !given.contains_key(*name)).map(|name| format!("missing field `{name}`"));
    let unknown = given.keys().filter(|name| !known.contains_key(*name));
    let unknown = unknown.take(MOST_NAMED).map(|name| format!("unknown field `{}`", clean(name, 60)));
    let wrong: Vec<String> = missing.chain(unknown).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

/// What a tool takes, short: each argument with its type, whether it must be there, and what it is.
fn expected(tool: Tool) -> Value {
    let schema = schema::of(tool);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, field)| {
        let kind = field.get("type").and_then(Value::as_str).unwrap_or("string");
        let need = if required.contains(&name.as_str()) { "required" } else { "may be left out" };
        let about = field.get("description").and_then(Value::as_str).unwrap_or_default();
        (name.clone(), format!("{kind}, {need}: {about}").into())
    });
    Value::Object(fields.collect())
}

impl Call {
    /// Its tool.
    pub fn tool(&self) -> Tool {
        match self {
            Call::CheckLocalCapability(_) => Tool::CheckLocalCapability,
            Call::RunLocalTask(_) => Tool::RunLocalTask,
            Call::RunRemoteCompute(_) => Tool::RunRemoteCompute,
            Call::PayGasFee(_) => Tool::PayGasFee,
            Call::WaitForJob(_) => Tool::WaitForJob,
            Call::ListJobs(_) => Tool::ListJobs,
        }
    }

    /// The jobs that it names: one, and what else takes the same step.
    pub fn jobs(&self) -> Option<(&JobId, Option<&More>)> {
        match self {
            Call::RunLocalTask(args) => Some((&args.job, args.more_jobs.as_ref())),
            Call::RunRemoteCompute(args) => Some((&args.job, args.more_jobs.as_ref())),
            Call::PayGasFee(args) => Some((&args.job, args.more_jobs.as_ref())),
            Call::WaitForJob(args) => Some((&args.job, args.more_jobs.as_ref())),
            Call::CheckLocalCapability(_) | Call::ListJobs(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(name: &str, arguments: Value) -> String {
        parse(name, &arguments).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_said_precisely() {
        assert_eq!(why("launch_rocket", json!({})), "there is no tool `launch_rocket`");
        assert_eq!(
            why("run_local_task", json!({"job": 7})),
            "wrong arguments for run_local_task: `job`: invalid type: integer `7`, expected a string"
        );
        assert!(why("run_local_task", json!({"job": "job-1"})).contains("is not a job id"));
        assert!(why("run_local_task", json!({})).contains("missing field `job`"));
        assert!(why("wait_for_job", json!({"job": "job-7k3q9dm2", "until": "done"})).contains("unknown field `until`"));
        let pay = |amount: Value, to: &str| json!({"job": "job-7k3q9dm2", "amount": amount, "recipient": to});
        let user = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";
        assert!(parse("pay_gas_fee", &pay(json!("2"), user)).is_ok());
        assert!(why("pay_gas_fee", pay(json!("two"), user)).contains("`amount`: `two` is not an amount of GAS"));
        assert!(why("pay_gas_fee", pay(json!(2), user)).contains("`amount`: invalid type"));
        assert!(why("pay_gas_fee", pay(json!("2"), "me")).contains("`recipient`: `me` is not a Neo N3 address"));
        assert!(why("list_jobs", json!({"state": "mine"})).contains("`state`: unknown variant `mine`"));
        for list in [json!([1]), json!([]), json!("open"), json!(null)] {
            assert!(why("list_jobs", list).contains("are no JSON object"));
        }
        assert!(why("list_jobs", json!({"state": null})).contains("`state`: invalid type: null"));
        assert_eq!(
            why("pay_gas_fee", json!({"job": "job-7k3q9dm2", "value": "2", "to": user})),
            "wrong arguments for pay_gas_fee: missing field `amount`, missing field `recipient`, unknown field `value`, \
             unknown field `to`"
        );
        let bad = parse("pay_gas_fee", &json!({})).unwrap_err().to_value();
        assert_eq!(
            bad["expected"]["amount"],
            "string, required: The quote's amount in GAS, as text, such as \"2\" or \"0.5\"."
        );
        assert_eq!(bad["expected"].as_object().unwrap().len(), 4);
        let list = parse("list_jobs", &json!({"all": true})).unwrap_err().to_value();
        assert!(list["expected"]["state"].as_str().unwrap().contains("may be left out"), "{list}");
    }
}
