//! Answers of the AIOZ AI API, read with tolerance: every field may be missing, numbers may be strings.

use serde_json::Value;
use url::Url;

use super::{error::ComputeError, terms::PaymentTerms, transport::MAX_BODY};
use cassette::scrub::known::{said, without_known};
use domain::{
    bounded::{self, BoundedError, Bounds},
    cost::{Charge, NanoDollars},
    units,
};

/// What an answer may hold: a page of 100 tasks, each with a result of many files, is below.
const BOUNDS: Bounds = Bounds { bytes: MAX_BODY as u64, depth: 64, values: 250_000 };
/// How many servers of results are read.
const HOSTS: usize = 16;
/// How much of a provider's own text is kept, characters.
pub(super) const TEXT: usize = 400;

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
        let value: Value = bounded::from_slice(body, BOUNDS).map_err(|e| match e {
            BoundedError::TooLarge(_) => ComputeError::Garbage(e.to_string()),
            e => ComputeError::Garbage(format!("it is no JSON ({})", units::clean(&e.to_string(), 80))),
        })?;
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
    text_of(value).map(|t| said(&t, TEXT)).filter(|t| !t.is_empty())
}

pub(super) fn field(data: &Value, name: &str) -> Option<String> {
    data.get(name).and_then(cleaned)
}

/// A decimal number in a unit of the provider's, as it came. One with an exponent is written out, up to nine decimals, rounded up.
pub(super) fn decimal(data: &Value, name: &str) -> Option<String> {
    let text = field(data, name)?;
    match text.contains(['e', 'E']).then(|| text.parse::<NanoDollars>()) {
        Some(Ok(plain)) => Some(plain.to_string()),
        _ => Some(text),
    }
}

/// A task or model id: short, printable, and nothing that could be read as more of a path.
pub(super) fn id_of(value: &Value) -> Option<String> {
    let text = text_of(value)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    // An id that quotes a secret is nothing to ask by, and nothing to write down.
    let own = || without_known(&text) == text;
    (!text.is_empty() && text.len() <= 128 && text.chars().all(plain) && own()).then_some(text)
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

/// The version of a model that is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioning {
    /// Which one, as the provider names it.
    pub commit: Option<String>,
    /// Whether it may be used.
    pub active: Option<bool>,
    /// As [`ModelInfo::input_format`].
    pub input_format: Value,
    /// As [`ModelInfo::output_format`].
    pub output_format: Value,
}

impl Versioning {
    pub(super) fn read(data: &Value) -> Versioning {
        let part = |name: &str| data.get(name).cloned().unwrap_or_default();
        Versioning {
            commit: field(data, "commit_hash"),
            active: data.get("is_active").and_then(Value::as_bool),
            input_format: part("input_format"),
            output_format: part("output_format"),
        }
    }
}

/// What one task of a model costs, in the provider's own currency, and what is to be paid on Neo where it says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The number, as the provider writes it.
    pub cost: String,
    /// `$`, `GAS`.
    pub symbol: Option<String>,
    /// `USD`, `GAS`.
    pub unit: Option<String>,
    /// What is to be paid on Neo, where the provider takes payments there.
    pub payment: Option<PaymentTerms>,
    /// The servers that results are fetched from, where the provider says so: at most [`HOSTS`].
    pub result_hosts: Vec<Url>,
}

impl Cost {
    /// The number with its unit, for people: `0.02 USD`.
    pub fn shown(&self) -> String {
        format!("{} {}", self.cost, self.unit()).trim().to_owned()
    }

    fn unit(&self) -> &str {
        self.unit.as_deref().or(self.symbol.as_deref()).unwrap_or_default()
    }

    /// The same as an amount that somebody can agree to; nothing where the number is none.
    pub fn charge(&self) -> Option<Charge> {
        Some(Charge::new(self.cost.parse().ok()?, self.unit()))
    }

    pub(super) fn read(data: &Value) -> Option<Cost> {
        Some(Cost {
            cost: decimal(data, "cost")?,
            symbol: field(data, "symbol"),
            unit: field(data, "unit"),
            payment: PaymentTerms::read(data.get("payment")),
            result_hosts: data.get("result_hosts").and_then(Value::as_array).map_or_else(Vec::new, |hosts| {
                hosts.iter().take(HOSTS).filter_map(|host| host.as_str()?.parse().ok()).collect()
            }),
        })
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
            balance: decimal(data, "balance"),
            free_balance: decimal(data, "free_balance"),
            debt: decimal(data, "debt"),
            wallet_address: field(data, "wallet_address"),
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
    fn an_envelope_may_be_silent_but_not_garbage() {
        assert!(Answer::read(b"{}").unwrap().succeeded());
        assert!(!Answer::read(br#"{"status": "fail"}"#).unwrap().succeeded());
        assert!(Answer::read(b"<html>").is_err());
        assert!(Answer::read(b"[]").is_err());
    }
}
