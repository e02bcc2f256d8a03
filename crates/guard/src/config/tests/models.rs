//! Models: which one is asked, where, and with whose key.

use super::*;

#[test]
fn models_by_name_endpoint_and_key() {
    let model = |place: Place| place.load().model();
    let key = Place::new().env("OPENAI_API_KEY", "k").load();
    assert_eq!(key.model().unwrap().name(), "planner", "a key alone sends nothing anywhere");
    let how = key.unused_key().unwrap();
    assert!(how.starts_with("OPENAI_API_KEY is set and not used") && how.ends_with("AGENT_MODEL=openai:gpt-4.1-mini"));
    for used in [("AGENT_MODEL", "planner"), ("AGENT_MODEL", "gpt-4.1"), ("OPENAI_BASE_URL", "http://l/v1")] {
        assert_eq!(Place::new().env("OPENAI_API_KEY", "k").env(used.0, used.1).load().unused_key(), None, "{used:?}");
    }
    assert_eq!(Place::new().load().unused_key(), None);
    assert!(matches!(model(Place::new().env("OPENAI_BASE_URL", "http://l/v1")), Err(ConfigError::NoModelName)));
    assert!(matches!(model(Place::new().env("AGENT_MODEL", "m")), Err(ConfigError::NoModelKey { .. })));
    let own = model(Place::new().env("AGENT_MODEL", "m").env("OPENAI_BASE_URL", "http://l:8080/v1")).unwrap();
    assert!(matches!(own, ModelSettings::OpenAi(Endpoint { api_key: None, ref model, .. }) if model == "m"), "{own:?}");
    let planner = Place::new().env("AGENT_MODEL", "planner").env("OPENAI_API_KEY", "k");
    assert_eq!(model(planner).unwrap().name(), "planner");
    let place = Place::new().env("AGENT_MODEL", "scripted:t/a.yaml");
    let wanted = place.dir.path().join("work/t/a.yaml");
    assert!(matches!(model(place).unwrap(), ModelSettings::Scripted(path) if path == wanted));
}

fn endpoint(place: Place) -> Endpoint {
    match place.load().model().unwrap() {
        ModelSettings::OpenAi(endpoint) => endpoint,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_preset_brings_its_address_and_its_own_key() {
    use secrecy::ExposeSecret as _;
    let place = || {
        Place::new()
            .env("OPENAI_API_KEY", "openai-s3cr3t")
            .env("OPENAI_BASE_URL", "http://proxy.example/v1")
            .env("GROQ_API_KEY", "groq-s3cr3t")
            .env("AGENT_MODEL", "groq:llama-3.3-70b-versatile")
    };
    let groq = endpoint(place());
    assert_eq!(groq.base_url.as_str(), "https://api.groq.com/openai/v1");
    assert_eq!(
        (groq.model.as_str(), groq.key, groq.provider),
        ("llama-3.3-70b-versatile", Key::GroqApiKey, Some(Provider::Groq))
    );
    assert_eq!(groq.api_key.unwrap().expose_secret(), "groq-s3cr3t");
    let openai = endpoint(place().env("AGENT_MODEL", "openai:gpt-4.1"));
    assert_eq!(openai.base_url.as_str(), "https://api.openai.com/v1");
    assert_eq!(openai.api_key.unwrap().expose_secret(), "openai-s3cr3t");
    // A server of one's own is where OPENAI_BASE_URL says, and is not sent another's key.
    let ollama = endpoint(place().env("AGENT_MODEL", "ollama:llama3.2:3b"));
    assert_eq!((ollama.base_url.as_str(), ollama.model.as_str()), ("http://proxy.example/v1", "llama3.2:3b"));
    assert!(ollama.api_key.is_none());
    let vllm = endpoint(Place::new().env("AGENT_MODEL", "vllm:m"));
    assert_eq!((vllm.base_url.as_str(), vllm.api), ("http://localhost:8000/v1", Api::Chat));
    for (name, words) in [
        ("gemini:gemini-2.5-flash", "names a model of gemini, but GEMINI_API_KEY is not set"),
        ("groq:", "names the provider groq and no model"),
        ("anthropic", "names the provider anthropic and no model"),
    ] {
        let error = Place::new().env("AGENT_MODEL", name).load().model().unwrap_err();
        assert!(error.to_string().contains(words) && error.hint().is_some(), "{error}");
    }
}

#[test]
fn the_settings_show_where_a_preset_leads() {
    let shown = |place: Place| {
        let settings = place.load().shown();
        let url = settings.into_iter().find(|s| s.name == "OPENAI_BASE_URL").unwrap();
        (url.value.unwrap_or_default(), url.source.map(|s| s.to_string()).unwrap_or_default())
    };
    let place = || Place::new().env("OPENAI_BASE_URL", "http://l:1/v1");
    assert_eq!(
        shown(place().env("AGENT_MODEL", "anthropic:claude")),
        ("https://api.anthropic.com/v1".into(), "preset anthropic".into())
    );
    assert_eq!(shown(place().env("AGENT_MODEL", "ollama:x")), ("http://l:1/v1".into(), "environment".into()));
    assert_eq!(
        shown(Place::new().env("AGENT_MODEL", "ollama:x")),
        ("http://localhost:11434/v1".into(), "preset ollama".into())
    );
    assert_eq!(shown(place().env("AGENT_MODEL", "x")), ("http://l:1/v1".into(), "environment".into()));
}

#[test]
fn the_api_is_chosen_by_a_setting() {
    let place = |model: &str, api: &str| {
        Place::new()
            .env("AGENT_MODEL", model)
            .env("OPENAI_API", api)
            .env("OPENAI_API_KEY", "k")
            .env("GEMINI_API_KEY", "k")
    };
    assert_eq!(endpoint(place("gpt-4.1", "responses")).api, Api::Responses);
    assert_eq!(endpoint(place("openai:gpt-4.1", "chat")).api, Api::Chat);
    let error = |place: Place| place.load().model().unwrap_err().to_string();
    assert!(error(place("gpt-4.1", "both")).contains("OPENAI_API names no API"));
    assert!(error(place("gemini:g", "responses")).contains("gemini offers Chat Completions only"));
    assert_eq!(place("planner", "both").load().model().unwrap().name(), "planner", "nobody is asked");
}
