//! Answers of the AIOZ AI API, read with tolerance: every field may be missing, numbers may be strings.

use jiff::Timestamp;
use serde_json::Value;

use super::{error::ComputeError, terms::PaymentTerms};
use crate::domain::units;

/// How much of a provider's own text is kept, characters.
const TEXT: usize = 400;

/// The envelope of every answer: `{"status", "message", "data"}`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    /// `success`, `fail` or `error`.
    pub status: Option<String>,
    /// The provider's own words, cleaned.
    pub message: Option<String>,
    /// What was asked for.
    pub data: Value,
}

impl Answer {
    /// Reads an envelope.
    pub fn read(body: &[u8]) -> Result<Answer, ComputeError> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|e| ComputeError::Garbage(format!("it is no JSON ({})", units::clean(&e.to_string(), 80))))?;
        let Value::Object(mut object) = value else {
            return Err(ComputeError::Garbage("it is JSON, but no object".into()));
        };
        Ok(Answer {
            status: object.get("status").and_then(text_of).map(|s| s.trim().to_ascii_lowercase()),
            message: object.get("message").and_then(cleaned),
            data: object.shift_remove("data").unwrap_or_default(),
        })
    }

    /// Whether the provider says that it did as it was asked; silence means yes.
    pub fn succeeded(&self) -> bool {
        matches!(self.status.as_deref(), None | Some("success" | "ok"))
    }
}

/// A string, or a number as text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn cleaned(value: &Value) -> Option<String> {
    text_of(value).map(|t| units::clean(&t, TEXT)).filter(|t| !t.is_empty())
}

fn field(data: &Value, name: &str) -> Option<String> {
    data.get(name).and_then(cleaned)
}

/// A task or model id: short, printable, and nothing that could be read as more of a path.
fn id_of(value: &Value) -> Option<String> {
    let text = text_of(value)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (!text.is_empty() && text.len() <= 128 && text.chars().all(plain)).then_some(text)
}

/// The id of a new task: `data` is the id, or holds it as `data`, `task_id` or `id`.
pub(super) fn task_id(data: &Value) -> Option<String> {
    id_of(data).or_else(|| ["data", "task_id", "id"].iter().find_map(|name| id_of(data.get(name)?)))
}

/// A model of the provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// Who made it.
    pub username: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it is, cleaned.
    pub description: Option<String>,
    /// Its price, as the provider writes it.
    pub price: Option<String>,
}

impl Model {
    pub(super) fn read(data: &Value) -> Option<Model> {
        Some(Model {
            id: id_of(data.get("id")?)?,
            username: field(data, "username"),
            name: field(data, "name"),
            description: field(data, "description"),
            price: field(data, "price"),
        })
    }
}

/// What a model takes and gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Its price, as the provider writes it.
    pub api_price: Option<String>,
    /// `{"input": {"type": "file"}, ...}`.
    pub input_format: Value,
    /// The same of what comes out.
    pub output_format: Value,
}

impl ModelInfo {
    pub(super) fn read(data: &Value) -> ModelInfo {
        let part = |name: &str| data.get(name).cloned().unwrap_or_default();
        ModelInfo {
            api_price: field(data, "api_price"),
            input_format: part("input_format"),
            output_format: part("output_format"),
        }
    }
}

/// What one task of a model costs, in the provider's own currency. It is shown to people and never paid from.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The number, as the provider writes it.
    pub cost: String,
    /// `$`, `GAS`.
    pub symbol: Option<String>,
    /// `USD`, `GAS`.
    pub unit: Option<String>,
}

impl Cost {
    pub(super) fn read(data: &Value) -> Option<Cost> {
        Some(Cost { cost: field(data, "cost")?, symbol: field(data, "symbol"), unit: field(data, "unit") })
    }
}

/// Whether anybody serves a model now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serving {
    /// Whether it is served.
    pub serving: bool,
    /// By how many.
    pub consumers: Option<u64>,
}

impl Serving {
    pub(super) fn read(data: &Value) -> Option<Serving> {
        Some(Serving {
            serving: data.get("serving")?.as_bool()?,
            consumers: data.get("consumers").and_then(Value::as_u64),
        })
    }
}

/// What the key has at the provider, as the provider writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balance {
    /// Decimal text.
    pub balance: Option<String>,
    /// Decimal text.
    pub free_balance: Option<String>,
    /// Decimal text.
    pub debt: Option<String>,
    /// The provider's wallet for this key.
    pub wallet_address: Option<String>,
}

impl Balance {
    pub(super) fn read(data: &Value) -> Balance {
        Balance {
            balance: field(data, "balance"),
            free_balance: field(data, "free_balance"),
            debt: field(data, "debt"),
            wallet_address: field(data, "wallet_address"),
        }
    }
}

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
    units::clean(&text, TEXT)
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
    fn a_task_id_comes_in_either_shape() {
        assert_eq!(task_id(&json!("abc-1")), Some("abc-1".into()));
        assert_eq!(task_id(&json!({"data": "abc-1"})), Some("abc-1".into()));
        for bad in [json!(null), json!({}), json!(""), json!("a/b"), json!("../x"), json!({"data": {"data": "x"}})] {
            assert_eq!(task_id(&bad), None, "{bad}");
        }
    }

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

    #[test]
    fn an_envelope_may_be_silent_but_not_garbage() {
        assert!(Answer::read(b"{}").unwrap().succeeded());
        assert!(!Answer::read(br#"{"status": "fail"}"#).unwrap().succeeded());
        assert!(Answer::read(b"<html>").is_err());
        assert!(Answer::read(b"[]").is_err());
    }
}
