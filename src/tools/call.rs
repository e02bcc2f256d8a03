//! From a name and raw arguments to a typed call.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Tool, check_local_capability, list_jobs, pay_gas_fee, run_local_task, run_remote_compute, schema, wait_for_job,
};
use crate::domain::units::clean;

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
            BadCall::UnknownTool { .. } => "unknown_tool",
            BadCall::Arguments { .. } => "bad_arguments",
        }
    }

    /// What the model is told: short, precise, with what is expected.
    pub fn to_value(&self) -> Value {
        let (expected, next) = match self {
            BadCall::UnknownTool { .. } => (
                json!({"tools": Tool::names()}),
                "Call one of the tools that are offered, or answer in words.".to_owned(),
            ),
            BadCall::Arguments { tool, .. } => {
                (schema::of(*tool), format!("Call {tool} again with arguments that fit the schema."))
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
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string();
        let inner = clean(&error.inner().to_string(), 300);
        let why = if path == "." { inner } else { format!("`{}`: {inner}", clean(&path, 60)) };
        BadCall::Arguments { tool, why }
    })
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

    /// The job it names, where it names one.
    pub fn job(&self) -> Option<&crate::domain::ids::JobId> {
        match self {
            Call::RunLocalTask(args) => Some(&args.job),
            Call::RunRemoteCompute(args) => Some(&args.job),
            Call::PayGasFee(args) => Some(&args.job),
            Call::WaitForJob(args) => Some(&args.job),
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
        assert!(why("list_jobs", json!([1])).contains("invalid"));
    }
}
