//! Placeholders: `{{job}}` and the like, filled from tool results that the model has seen.

use serde_json::Value;

use crate::model::{ChatRequest, Message};

/// What the tool results so far hold.
pub struct Values {
    /// Oldest first.
    results: Vec<Value>,
}

impl Values {
    /// Out of a request.
    pub fn seen(request: &ChatRequest) -> Values {
        let results = request.messages.iter().filter_map(|m| match m {
            Message::ToolResult { content, .. } => serde_json::from_str(content).ok(),
            _ => None,
        });
        Values { results: results.collect() }
    }

    /// The text with every placeholder filled in.
    ///
    /// # Errors
    /// A placeholder that no tool result can fill.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            match after.split_once("}}") {
                Some((name, tail)) if is_name(name) => {
                    let name = name.trim();
                    let value =
                        self.get(name).ok_or_else(|| format!("no tool result so far holds `{{{{{name}}}}}`"))?;
                    out.push_str(&value);
                    rest = tail;
                }
                _ => {
                    out.push_str("{{");
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    /// `job.2` is the second job seen; else a path of field names into the newest result that has it.
    fn get(&self, name: &str) -> Option<String> {
        if let Some(number) = name.strip_prefix("job.").and_then(|n| n.parse::<usize>().ok()) {
            let mut jobs: Vec<&str> = Vec::new();
            for job in self.results.iter().filter_map(|r| r.get("job")?.as_str()) {
                if !jobs.contains(&job) {
                    jobs.push(job);
                }
            }
            return jobs.get(number.checked_sub(1)?).map(|&j| j.to_owned());
        }
        let pointer = format!("/{}", name.replace('.', "/"));
        self.results.iter().rev().find_map(|result| match result.pointer(&pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        })
    }
}

fn is_name(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}
