//! Settings as people see them: each value with where it came from, and no secret.

use serde::Serialize;

use super::{
    Settings,
    key::{Group, Key, SPECS},
    layer::Value,
    source::Source,
};

/// One setting, fit to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its name.
    pub name: &'static str,
    /// Its group.
    #[serde(skip)]
    pub group: Group,
    /// Its value; `set, 40 characters` for a secret; `None` when it is not set.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: Option<Source>,
    /// Whether the value is hidden.
    pub secret: bool,
    /// What it is, in a few words.
    pub about: &'static str,
}

impl Settings {
    /// Every setting, in the order of the table.
    pub fn shown(&self) -> Vec<Shown> {
        SPECS
            .iter()
            .map(|spec| {
                // What is used is shown, and not what a preset leaves unused.
                let preset = (spec.key == Key::OpenaiBaseUrl).then(|| self.preset_address()).flatten();
                let preset = preset.map(|(url, source)| Value::new(url, source));
                let value = preset.as_ref().or(self.value(spec.key));
                Shown {
                    name: spec.name,
                    group: spec.group,
                    // Not even a prefix: it would tell one key from another, and short ones whole.
                    value: value.map(|v| match v.text() {
                        text if spec.secret => format!("set, {} characters", text.chars().count()),
                        text => without_query(text),
                    }),
                    source: value.map(|v| v.source.clone()),
                    secret: spec.secret,
                    about: spec.about,
                }
            })
            .collect()
    }
}

/// Addresses of RPC services may carry a key as a query or a password: neither is shown.
fn without_query(text: &str) -> String {
    let one = |part: &str| match url::Url::parse(part.trim()) {
        Ok(mut url) if url.query().is_some() || url.password().is_some() => {
            url.set_query(url.query().is_some().then_some("hidden"));
            // Only addresses that can have a password can have one to hide.
            let _ = url.set_password(url.password().is_some().then_some("hidden"));
            url.to_string()
        }
        _ => part.to_owned(),
    };
    text.split(',').map(one).collect::<Vec<_>>().join(",")
}
