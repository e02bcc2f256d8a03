//! Providers of models by preset: where each is, which setting holds its key, what is known of its endpoint.
//!
//! A preset is chosen by a prefix of `AGENT_MODEL`: `groq:llama-3.3-70b-versatile`. Addresses and key variables are those of
//! each provider's own documentation.

use super::{key::Key, style::Style};

/// A provider of models with an OpenAI-compatible endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// OpenAI itself.
    OpenAi,
    /// OpenRouter, a gateway to many; it tells what a turn costs.
    OpenRouter,
    /// Groq.
    Groq,
    /// Google's Gemini.
    Gemini,
    /// Anthropic's endpoint for OpenAI's clients.
    Anthropic,
    /// Ollama, on a machine of one's own.
    Ollama,
    /// llama.cpp's server, on a machine of one's own.
    LlamaCpp,
    /// vLLM's server, on a machine of one's own.
    Vllm,
}

/// Which of OpenAI's APIs is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Api {
    /// Chat Completions: what everybody speaks.
    #[default]
    Chat,
    /// Responses, without any state kept at the server.
    Responses,
}

/// What is known of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The prefix in `AGENT_MODEL`.
    pub name: &'static str,
    /// Where it is. `OPENAI_BASE_URL` stands in for that of a server of one's own, and for no other.
    pub base_url: &'static str,
    /// The setting that holds its key.
    pub key: Key,
    /// Whether it runs on a machine of one's own: then it needs no key, and is where `OPENAI_BASE_URL` says.
    pub own: bool,
    /// Whether its documentation offers the Responses API.
    pub responses: bool,
    /// How its models are driven when nobody says.
    pub style: Style,
}

impl Provider {
    /// All of them.
    pub const ALL: [Provider; 8] = [
        Provider::OpenAi,
        Provider::OpenRouter,
        Provider::Groq,
        Provider::Gemini,
        Provider::Anthropic,
        Provider::Ollama,
        Provider::LlamaCpp,
        Provider::Vllm,
    ];

    /// What is known of it.
    pub const fn preset(self) -> Preset {
        let (name, base_url, key, own, responses) = match self {
            Provider::OpenAi => ("openai", "https://api.openai.com/v1", Key::OpenaiApiKey, false, true),
            Provider::OpenRouter => ("openrouter", "https://openrouter.ai/api/v1", Key::OpenrouterApiKey, false, true),
            Provider::Groq => ("groq", "https://api.groq.com/openai/v1", Key::GroqApiKey, false, true),
            Provider::Gemini => {
                ("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", Key::GeminiApiKey, false, false)
            }
            Provider::Anthropic => ("anthropic", "https://api.anthropic.com/v1", Key::AnthropicApiKey, false, false),
            Provider::Ollama => ("ollama", "http://localhost:11434/v1", Key::OllamaApiKey, true, true),
            Provider::LlamaCpp => ("llamacpp", "http://localhost:8080/v1", Key::LlamaApiKey, true, true),
            Provider::Vllm => ("vllm", "http://localhost:8000/v1", Key::VllmApiKey, true, true),
        };
        // What runs on a machine of one's own is small more often than not, and small models fill in a form better than they
        // call tools.
        let style = if own { Style::Request } else { Style::Tools };
        Preset { name, base_url, key, own, responses, style }
    }

    /// The provider of that name, in any case; `llama.cpp` too.
    pub fn from_name(name: &str) -> Option<Provider> {
        let name = if name.eq_ignore_ascii_case("llama.cpp") { "llamacpp" } else { name };
        Provider::ALL.into_iter().find(|p| p.preset().name.eq_ignore_ascii_case(name))
    }

    /// The provider and the model that a value of `AGENT_MODEL` names; `None` for a model's plain name, in which a colon
    /// may stand too (`llama3.2:3b`).
    pub fn of_model(text: &str) -> Option<(Provider, &str)> {
        let (prefix, model) = text.split_once(':')?;
        Some((Provider::from_name(prefix)?, model.trim()))
    }

    /// The provider that a prefix is one or two slips away from, with the model after it: `gemni:x` names no model of
    /// OpenAI's.
    pub fn nearly(text: &str) -> Option<(Provider, &str)> {
        let (prefix, model) = text.split_once(':')?;
        let prefix = prefix.to_ascii_lowercase();
        let near = |p: &Provider| {
            let (name, slips) = (p.preset().name, strsim::osa_distance(&prefix, p.preset().name));
            (1..=if name.len() > 5 { 2 } else { 1 }).contains(&slips)
        };
        Some((Provider::ALL.into_iter().find(near)?, model.trim()))
    }

    /// The names of all, for hints.
    pub fn names() -> String {
        Provider::ALL.map(|p| p.preset().name).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_names_a_provider_and_a_tag_does_not() {
        assert_eq!(
            Provider::of_model("groq:llama-3.3-70b-versatile"),
            Some((Provider::Groq, "llama-3.3-70b-versatile"))
        );
        assert_eq!(Provider::of_model("Ollama:llama3.2:3b"), Some((Provider::Ollama, "llama3.2:3b")));
        assert_eq!(Provider::of_model("llama.cpp:any"), Some((Provider::LlamaCpp, "any")));
        assert_eq!(Provider::of_model("openrouter:openai/gpt-oss-20b:free").unwrap().1, "openai/gpt-oss-20b:free");
        for plain in ["llama3.2:3b", "gpt-4.1-mini", "ft:gpt-4o:me::1", "planner"] {
            assert_eq!(Provider::of_model(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_slip_in_a_prefix_is_seen_and_a_models_own_name_is_none() {
        for (slip, provider) in [
            ("gemni:x", Provider::Gemini),
            ("Antropic:x", Provider::Anthropic),
            ("grok:x", Provider::Groq),
            ("olama:x:3b", Provider::Ollama),
            ("openrouters:x", Provider::OpenRouter),
        ] {
            assert_eq!(Provider::nearly(slip).map(|(found, _)| found), Some(provider), "{slip}");
        }
        for plain in ["gpt-4.1-mini", "ft:gpt-4o:me::1", "llama3.2:3b", "qwen3:4b", "gemini:x", "mistral:7b"] {
            assert_eq!(Provider::nearly(plain), None, "{plain}");
        }
    }

    #[test]
    fn each_preset_can_be_used() {
        for provider in Provider::ALL {
            let preset = provider.preset();
            let url: url::Url = preset.base_url.parse().unwrap();
            assert_eq!(url.scheme() == "https", !preset.own, "{provider:?}: a key goes out only encrypted");
            assert!(preset.key.spec().secret && !preset.base_url.ends_with('/'));
            assert_eq!(Provider::from_name(preset.name), Some(provider));
        }
    }
}
