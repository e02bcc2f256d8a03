//! Long tool results, shortened for the model: still JSON, still with what the next step needs.

use serde_json::{Map, Value, json};

use domain::units::clean;

/// Fields that a model needs for its next step, kept before all others.
const NEEDED: [&str; 14] = [
    "ok",
    "job",
    "state",
    "where",
    "refused_by",
    "error",
    "why",
    "hint",
    "quote",
    "amount",
    "tx_hash",
    "job_id",
    "next_tool",
    "next_step",
];
/// What is said of a result that was shortened.
const NOTE: &str = "this result was longer; the whole of it is in the session's file and in the job's folder";

/// The content of a result in at most about `limit` bytes. What is no JSON object is cut as text within one.
pub fn result(content: &str, limit: usize) -> String {
    if content.len() <= limit {
        return content.to_owned();
    }
    let fields = match serde_json::from_str(content) {
        Ok(Value::Object(fields)) => fields,
        _ => return text_within(content, limit),
    };
    // From generous to bare: entries of a list, characters of a text.
    for (items, text) in [(12, 1200), (8, 600), (5, 300), (3, 200), (2, 120), (1, 60)] {
        let mut out: Map<String, Value> = fields
            .iter()
            .map(|(name, value)| {
                let text = if NEEDED.contains(&name.as_str()) { text.max(400) } else { text };
                (name.clone(), cut(value, items, text))
            })
            .collect();
        out.insert("shortened".to_owned(), NOTE.into());
        let shown = Value::Object(out).to_string();
        if shown.len() <= limit {
            return shown;
        }
    }
    bare(&fields, limit)
}

/// Only what is needed, as much of it as fits.
fn bare(fields: &Map<String, Value>, limit: usize) -> String {
    let mut out = json!({"ok": fields.get("ok").cloned().unwrap_or(Value::Null)});
    for name in NEEDED.iter().rev().chain(&["shortened"]) {
        let value = match *name {
            "shortened" => Value::from(NOTE),
            name => fields.get(name).map_or(Value::Null, |value| cut(value, 2, 200)),
        };
        if value.is_null() {
            continue;
        }
        let before = out.clone();
        out[*name] = value;
        if out.to_string().len() > limit {
            out = before;
        }
    }
    out.to_string()
}

fn cut(value: &Value, items: usize, text: usize) -> Value {
    match value {
        Value::String(long) if long.chars().count() > text => clean(long, text).into(),
        Value::Array(all) => {
            let mut out: Vec<Value> = all.iter().take(items).map(|v| cut(v, items, text)).collect();
            if all.len() > items {
                out.push(format!("… and {} more", all.len() - items).into());
            }
            out.into()
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), cut(value, items, text))).collect())
        }
        plain => plain.clone(),
    }
}

fn text_within(content: &str, limit: usize) -> String {
    // JSON may write a character in six bytes.
    let shown = clean(content, limit.saturating_sub(NOTE.len() + 40) / 6);
    json!({"text": shown, "shortened": NOTE}).to_string()
}

/// The beginning and the end of a long text, in at most `limit` bytes.
pub fn middle_out(text: &str, limit: usize) -> String {
    const GAP: &str = " […] ";
    if text.len() <= limit {
        return text.to_owned();
    }
    let half = limit.saturating_sub(GAP.len()) / 2;
    let head = text.get(..floor(text, half)).unwrap_or_default();
    let tail_at = ceil(text, text.len().saturating_sub(half));
    format!("{head}{GAP}{}", text.get(tail_at..).unwrap_or_default())
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

fn ceil(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_next_step_needs_survives() {
        let lines: Vec<Value> =
            (0..20).map(|i| json!({"job": format!("job-{i:08}"), "why": "x".repeat(300)})).collect();
        let whole = json!({
            "ok": true, "jobs": lines, "quote": {"amount": "2", "recipient": "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv"},
            "next_tool": "pay_gas_fee", "next_step": "Call pay_gas_fee with job job-00000001, amount 2.",
        })
        .to_string();
        assert_eq!(result(&whole, whole.len()), whole);
        for limit in [4000, 2000, 1000, 600] {
            let short = result(&whole, limit);
            let value: Value = serde_json::from_str(&short).unwrap();
            assert!(short.len() <= limit, "{} > {limit}", short.len());
            assert_eq!(value["next_step"], "Call pay_gas_fee with job job-00000001, amount 2.", "{short}");
            assert_eq!(
                (&value["next_tool"], &value["quote"]["amount"]),
                (&json!("pay_gas_fee"), &json!("2")),
                "{short}"
            );
            assert_eq!(value["shortened"], NOTE);
        }
        assert!(serde_json::from_str::<Value>(&result(&"ä\u{1b}\"".repeat(900), 500)).unwrap()["text"].is_string());
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        assert_eq!(middle_out("short", 10), "short");
        let cut = middle_out(&format!("begin {} end", "ü".repeat(500)), 60);
        assert!(cut.starts_with("begin ü") && cut.ends_with("ü end") && cut.len() <= 60, "{cut}");
        assert_eq!(middle_out("aaaaaaaaaaaa", 3), " […] ".to_owned());
    }
}
