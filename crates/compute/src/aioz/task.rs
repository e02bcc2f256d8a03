//! A task as a provider tells of it: every field may be missing.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    terms::PaymentTerms,
    wire::{TEXT, decimal, field, id_of, text_of},
};
use cassette::scrub::known::said;
use domain::units;

/// Where a task stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskStatus {
    /// Waiting: for its payment, or for a free worker.
    InQueue,
    /// Being worked on.
    Computing,
    /// Done.
    Success,
    /// Done badly.
    Failed,
    /// Given up.
    Canceled,
    /// A status this program does not know, cleaned.
    Other(String),
}

impl TaskStatus {
    /// The status of that name.
    pub fn from_name(name: &str) -> TaskStatus {
        match name.trim().to_ascii_lowercase().as_str() {
            "in_queue" => TaskStatus::InQueue,
            "computing" => TaskStatus::Computing,
            "success" => TaskStatus::Success,
            "failed" => TaskStatus::Failed,
            // AIOZ writes one l; two are no different thing.
            "canceled" | "cancelled" => TaskStatus::Canceled,
            other => TaskStatus::Other(units::clean(other, 40)),
        }
    }

    /// The name in the API.
    pub fn as_str(&self) -> &str {
        match self {
            TaskStatus::InQueue => "in_queue",
            TaskStatus::Computing => "computing",
            TaskStatus::Success => "success",
            TaskStatus::Failed => "failed",
            TaskStatus::Canceled => "canceled",
            TaskStatus::Other(name) => name,
        }
    }

    /// Whether nothing more will happen to the task.
    pub fn is_end(&self) -> bool {
        matches!(self, TaskStatus::Success | TaskStatus::Failed | TaskStatus::Canceled)
    }
}

/// A task as the provider tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDetail {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The provider's own words, cleaned.
    pub message: Option<String>,
    /// How far it is, 0 to 1, where the provider says.
    pub progress: Option<f64>,
    /// What the provider takes for it in a unit of its own, where it says.
    pub cost: Option<String>,
    /// What it costs and whether it is paid, where the provider says.
    pub payment: Option<PaymentTerms>,
    /// What came out.
    pub result: Option<Value>,
    /// Why nothing came out, cleaned.
    pub error: Option<String>,
    /// What it was given.
    pub input: Option<Value>,
    /// Our key of the submit, where the provider keeps it.
    pub idempotency_key: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl TaskDetail {
    /// Reads a task; `asked` is the id it was asked for by, where there is one.
    pub(super) fn read(data: &Value, asked: Option<&str>) -> Option<TaskDetail> {
        let id = asked.map(str::to_owned).or_else(|| id_of(data.get("task_id")?)).or_else(|| id_of(data.get("id")?))?;
        let outcome = data.get("result");
        let present = |name: &str| outcome?.get(name).filter(|v| !is_empty(v));
        Some(TaskDetail {
            id,
            status: TaskStatus::from_name(&text_of(data.get("status")?)?),
            message: field(data, "message"),
            progress: data.get("progress").and_then(Value::as_f64).filter(|p| (0.0..=1.0).contains(p)),
            cost: decimal(data, "cost"),
            payment: PaymentTerms::read(data.get("payment")),
            result: present("result").cloned(),
            error: present("error").map(error_text),
            input: data.get("input_data").filter(|v| !is_empty(v)).cloned(),
            idempotency_key: data.get("idempotency_key").and_then(text_of),
            created_at: data.get("created_at").and_then(Value::as_str).and_then(|t| t.parse().ok()),
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// The words of an error: its own text, or its `message`, or all of it.
fn error_text(value: &Value) -> String {
    let named = ["message", "error", "detail"].iter().find_map(|name| text_of(value.get(name)?));
    let text = named.or_else(|| text_of(value)).unwrap_or_else(|| value.to_string());
    said(&text, TEXT)
}

/// A page of the key's tasks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskPage {
    /// The tasks that could be read.
    pub records: Vec<TaskDetail>,
    /// How many records the page had, readable or not.
    pub length: usize,
    /// How many there are in all.
    pub total: Option<u64>,
}

impl TaskPage {
    pub(super) fn read(data: &Value) -> TaskPage {
        let records = data.get("records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        TaskPage {
            records: records.iter().filter_map(|r| TaskDetail::read(r, None)).collect(),
            length: records.len(),
            total: data.get("total").and_then(Value::as_u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_is_read_with_what_there_is() {
        let bare = TaskDetail::read(&json!({"status": "in_queue"}), Some("t")).unwrap();
        assert_eq!((bare.status, bare.result, bare.error, bare.payment), (TaskStatus::InQueue, None, None, None));
        let failed = TaskDetail::read(
            &json!({"task_id": "t", "status": "FAILED", "progress": 7, "result": {"result": {}, "error": {"message": "out\u{1b}[31m of memory"}}}),
            None,
        )
        .unwrap();
        assert_eq!(failed.status, TaskStatus::Failed);
        assert_eq!(failed.error.as_deref(), Some("out[31m of memory"));
        assert_eq!((failed.result, failed.progress), (None, None));
        assert_eq!(TaskDetail::read(&json!({}), Some("t")), None);
    }
}
