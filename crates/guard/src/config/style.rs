//! How a model is driven: by the tools, step by step, or by one request object a turn (`AGENT_STYLE`).

use serde::{Deserialize, Serialize};

use super::{
    Settings,
    error::ConfigError,
    key::Key,
    model::{Endpoint, ModelSettings, is_own},
};

/// What drives a model's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// The tool loop: the model calls the tools one after the other. For models that call tools well.
    #[default]
    Tools,
    /// One object a turn, which says what is wanted; the runtime carries it through by itself.
    Request,
}

impl Style {
    /// The word for it: `tools`, `request`.
    pub fn as_str(self) -> &'static str {
        match self {
            Style::Tools => "tools",
            Style::Request => "request",
        }
    }
}

/// The style of a session's model, and whether it may still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Driving {
    /// The style.
    pub style: Style,
    /// Whether the program chose it, and may choose again once tool calls come unusable. What a person set stands.
    #[serde(default)]
    pub chosen_here: bool,
}

impl Driving {
    /// For people: `tools`, or `request (auto)` where the program chose.
    pub fn shown(self) -> String {
        let how = if self.chosen_here { " (auto)" } else { "" };
        format!("{}{how}", self.style.as_str())
    }
}

impl Settings {
    /// How `model` is driven: as `AGENT_STYLE` says; where it says `auto`, by one request object on servers of one's own,
    /// which run small models more often than not, and by the tools elsewhere.
    ///
    /// # Errors
    /// A style that there is not.
    pub fn driving(&self, model: &ModelSettings) -> Result<Driving, ConfigError> {
        let set = |style| Ok(Driving { style, chosen_here: false });
        let Some(value) = self.value(Key::AgentStyle) else { return Ok(by_endpoint(model)) };
        match value.text() {
            "auto" => Ok(by_endpoint(model)),
            "tools" => set(Style::Tools),
            "request" => set(Style::Request),
            _ => Err(ConfigError::Value {
                key: Key::AgentStyle,
                problem: "names no way to drive a model".to_owned(),
                hint: "write tools, request, or auto".to_owned(),
                origin: value.source.clone(),
            }),
        }
    }
}

/// The style when nobody says. An address of one's own counts like a preset of one's own.
fn by_endpoint(model: &ModelSettings) -> Driving {
    let style = match model {
        ModelSettings::OpenAi(Endpoint { provider: Some(provider), .. }) => provider.preset().style,
        ModelSettings::OpenAi(Endpoint { base_url, .. }) if is_own(base_url) => Style::Request,
        _ => Style::Tools,
    };
    Driving { style, chosen_here: true }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, Overrides, Provider};

    fn driving(pairs: &[(&str, &str)]) -> Result<Driving, ConfigError> {
        let mut env = Environment::default();
        for (name, value) in [("HOME", "/home/me"), ("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k")].iter().chain(pairs)
        {
            env.0.insert((*name).to_owned(), (*value).to_owned());
        }
        let settings = Settings::load(&Overrides::default(), &env, Path::new("/nowhere")).unwrap();
        settings.driving(&settings.model().unwrap())
    }

    #[test]
    fn servers_of_ones_own_are_asked_for_one_request_and_others_for_calls() {
        for (pairs, style) in [
            (&[("AGENT_MODEL", "llamacpp:m")][..], Style::Request),
            (&[("AGENT_MODEL", "ollama:m")], Style::Request),
            (&[("AGENT_MODEL", "vllm:m"), ("OPENAI_BASE_URL", "https://gpu.example/v1")], Style::Request),
            (&[("AGENT_MODEL", "m"), ("OPENAI_BASE_URL", "http://localhost:1234/v1")], Style::Request),
            (&[("AGENT_MODEL", "m"), ("OPENAI_BASE_URL", "https://models.example/v1")], Style::Tools),
            (&[("AGENT_MODEL", "groq:m")], Style::Tools),
            (&[("AGENT_MODEL", "gpt-4.1")], Style::Tools),
            (&[("AGENT_MODEL", "scripted:a.yaml")], Style::Tools),
            (&[], Style::Tools),
        ] {
            let auto = Driving { style, chosen_here: true };
            assert_eq!(driving(pairs).unwrap(), auto, "{pairs:?}");
            let said = [pairs, &[("AGENT_STYLE", "auto")]].concat();
            assert_eq!(driving(&said).unwrap(), auto, "{said:?}");
        }
        for provider in Provider::ALL.map(Provider::preset) {
            assert_eq!(provider.style == Style::Request, provider.own, "{}", provider.name);
        }
    }

    #[test]
    fn what_a_person_sets_stands() {
        for (word, style) in [("tools", Style::Tools), ("request", Style::Request)] {
            for model in ["llamacpp:m", "groq:m", "scripted:a.yaml"] {
                let set = driving(&[("AGENT_MODEL", model), ("AGENT_STYLE", word)]).unwrap();
                assert_eq!(set, Driving { style, chosen_here: false }, "{model}");
                assert_eq!(set.shown(), word);
            }
        }
        assert_eq!(driving(&[("AGENT_MODEL", "ollama:m")]).unwrap().shown(), "request (auto)");
    }

    #[test]
    fn a_style_that_there_is_not_is_said_in_one_sentence() {
        for word in ["tool", "Request", "requests", "both", "none"] {
            let error = driving(&[("AGENT_STYLE", word)]).unwrap_err();
            assert_eq!(error.to_string(), "AGENT_STYLE names no way to drive a model (from environment)");
            assert_eq!(error.hint().as_deref(), Some("write tools, request, or auto"));
        }
    }
}
