//! Where a task may run elsewhere: the provider's model, and how its inputs, parameters and results travel.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ParameterKind, ParameterSpec};
use crate::units;

/// The longest key of a model, and the longest name of one, characters.
pub const LONGEST_KEY: usize = 200;
/// More servers, MIME types, outputs or keys than any model has.
pub const MOST: usize = 100;
/// The longest MIME type, characters.
const LONGEST_MIME: usize = 100;

/// Whether a text names a model: `USERNAME/NAME`, or an id.
pub fn is_model(text: &str) -> bool {
    is_key(text)
        && !text.contains(char::is_whitespace)
        && text.split('/').all(|part| !part.is_empty())
        && text.matches('/').count() <= 1
}

/// Whether a model may have such a key for an input, a parameter or an output.
pub fn is_key(text: &str) -> bool {
    !text.is_empty() && units::clean(text, LONGEST_KEY) == text
}

/// Whether a text is a MIME type, such as `image/png`, `image/*`, or `*` for all.
pub fn is_mime(text: &str) -> bool {
    let part = |part: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_' | b'*');
        !part.is_empty() && part.bytes().all(letter)
    };
    let is_pair = || text.split_once('/').is_some_and(|(one, two)| part(one) && part(two));
    text == "*" || text.len() <= LONGEST_MIME && is_pair()
}

/// A model at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteModel {
    /// `USERNAME/NAME`, or an id.
    pub model: String,
    /// What is taken of results that nobody can verify.
    #[serde(default)]
    pub accept: Accept,
    /// How the model takes what it works on where it has keys of its own; without, one file and all parameters as text, as the
    /// models of our own node take them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
    /// Servers that its results may come from at public addresses, besides those of the policy: each its scheme, host and port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// What the outputs are that the model names, by its own keys. An address in any other place is a file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, OutputKind>,
}

/// The keys under which a model takes inputs and parameters one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Slots {
    /// The model's keys of inputs and parameters that are called otherwise here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
    /// What does not travel as its kind does by itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, SentAs>,
    /// The MIME types that the model takes, by input; any where nothing is said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mime: BTreeMap<String, Vec<String>>,
}

impl Slots {
    /// The model's key of an input or a parameter.
    pub fn key<'a>(&'a self, name: &'a str) -> &'a str {
        self.keys.get(name).map_or(name, String::as_str)
    }

    /// Whether an input's content stands in the request itself, rather than an address of it.
    pub fn is_text(&self, input: &str) -> bool {
        self.sent.get(input) == Some(&SentAs::Text)
    }
}

/// What may be taken of a provider that names no checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// Files whose checksum the provider names; a person is asked before anything else is taken.
    #[default]
    Checksum,
    /// What the provider gives, though nobody can verify it.
    Unverified,
}

/// How a value travels that is not as its kind is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SentAs {
    /// An input's content, as text: for models that take text and no file.
    Text,
    /// A choice or a text, as the JSON that it is written as: `2`, `true`.
    Json,
}

/// What an output of a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// Addresses of files, which are fetched.
    File,
    /// Text, numbers, and what is made of them: an address in it is text like any other.
    Value,
}

impl RemoteModel {
    /// A model of our own node's kind.
    pub fn of(model: impl Into<String>) -> RemoteModel {
        RemoteModel {
            model: model.into(),
            accept: Accept::default(),
            slots: None,
            hosts: Vec::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// Whether its results are those of a stranger's model, for which there is no checksum.
    pub fn is_unverifiable(&self) -> bool {
        self.slots.is_some()
    }

    /// Whether no output is said to be a file.
    pub fn has_values_only(&self) -> bool {
        !self.outputs.is_empty() && self.outputs.values().all(|kind| *kind == OutputKind::Value)
    }
}

/// Whether a parameter can travel as JSON that is written as text.
pub fn may_be_json(spec: &ParameterSpec) -> bool {
    matches!(spec.kind, ParameterKind::Choice { .. } | ParameterKind::Text { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keys_and_types_are_told_from_what_is_none() {
        assert!(["lab/up-scale", "665f1c0a9b1e"].into_iter().all(is_model));
        for bad in ["", "lab/", "/x", "a/b/c", "a b", "a\u{1b}[2J", &"x".repeat(LONGEST_KEY + 1)] {
            assert!(!is_model(bad), "{bad}");
        }
        assert!(is_key("Input Image") && !is_key("") && !is_key("a\nb") && !is_key(&"x".repeat(LONGEST_KEY + 1)));
        assert!(["image/png", "image/*", "*/*", "*", "application/x-tar+gzip"].into_iter().all(is_mime));
        let long = format!("image/{}", "x".repeat(LONGEST_MIME));
        for bad in ["", "png", "image/", "/png", "image/png; x=1", "a/b/c", long.as_str()] {
            assert!(!is_mime(bad), "{bad}");
        }
    }
}
