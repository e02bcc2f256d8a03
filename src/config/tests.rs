//! Layering and profiles, over maps and temporary folders.

use std::fs;

use super::{error::Missing, *};

const WIF: &str = "KxDgvEKzgSBPPfuVfw67oPQBSjidEiqTHURKSDL1R7yGaGYAeYnr";
const ADDRESS: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";

/// A working directory, a home, and settings loaded from them.
struct Place {
    dir: tempfile::TempDir,
    env: Environment,
    overrides: Overrides,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("work")).unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        let place = Place { env: Environment::default(), overrides: Overrides::default(), dir };
        let home = place.dir.path().join("home").to_string_lossy().into_owned();
        place.env("AGENT_HOME", &home)
    }

    fn env(mut self, name: &str, value: &str) -> Place {
        self.env.0.insert(name.to_owned(), value.to_owned());
        self
    }

    fn live(self) -> Place {
        self.env("AIOZ_BUCKET", "bucket")
            .env("AIOZ_ACCESS_KEY", "access-s3cr3t")
            .env("AIOZ_SECRET_KEY", "secret-s3cr3t")
            .env("AIOZ_API_KEY", "api-s3cr3t")
            .env("NEO_RPC_URL", "http://a:10332,http://b:10332")
            .env("NEO_PRIVATE_KEY", WIF)
            .env("GAS_RECIPIENT", ADDRESS)
    }

    fn write(self, file: &str, text: &str) -> Place {
        fs::write(self.dir.path().join(file), text).unwrap();
        self
    }

    fn load(&self) -> Settings {
        Settings::load(&self.overrides, &self.env, &self.dir.path().join("work")).unwrap()
    }
}

fn network_of(settings: &Settings) -> (&str, &Source) {
    let value = settings.value(Key::NeoNetwork).unwrap();
    (value.text(), &value.source)
}

#[test]
fn each_layer_wins_over_the_next() {
    let place = Place::new();
    assert_eq!(network_of(&place.load()), ("testnet", &Source::Default));
    let place = place.write("home/config.toml", "neo_network = \"1\"\nagent_model = \"file\"");
    assert!(matches!(network_of(&place.load()), ("1", Source::File(_))));
    let place = place.write("work/.env", "NEO_NETWORK=2\nAGENT_MODEL=dotenv");
    assert!(matches!(network_of(&place.load()), ("2", Source::DotEnv(_))));
    let mut place = place.env("NEO_NETWORK", "3").env("AGENT_MODEL", "env");
    assert_eq!(network_of(&place.load()), ("3", &Source::Environment));
    place.overrides.model = Some("flag".to_owned());
    let model = place.load();
    let model = model.value(Key::AgentModel).unwrap();
    assert_eq!((model.text(), &model.source), ("flag", &Source::Flag("--model")));
    let place = place.env("NEO_NETWORK", "  ");
    assert!(matches!(network_of(&place.load()), ("2", Source::DotEnv(_))), "blank is as good as none");
}

#[test]
fn the_home_is_found_before_its_file_is_read() {
    let mut place = Place::new().env("HOME", "/nowhere");
    fs::create_dir(place.dir.path().join("work/mine")).unwrap();
    let place_ref = place.dir.path().join("work");
    place.env.0.remove("AGENT_HOME");
    let place = place.write("work/.env", "AGENT_HOME=mine").write("work/mine/config.toml", "aiozbucket = 1");
    let error = Settings::load(&place.overrides, &place.env, &place_ref).unwrap_err();
    assert!(matches!(error, ConfigError::UnknownKey { nearest: Some(Key::Bucket), .. }), "{error}");
}

#[test]
fn nothing_configured_is_the_sandbox_and_the_planner() {
    let settings = Place::new().load();
    assert_eq!(settings.profile().unwrap().name(), "sandbox");
    assert_eq!(settings.model().unwrap().name(), "planner");
    assert!(settings.warnings.is_empty());
}

#[test]
fn half_configured_lists_what_is_missing() {
    let error = Place::new().env("AIOZ_BUCKET", "b").env("NEO_WALLET", "~/w.json").load().profile().unwrap_err();
    let ConfigError::HalfConfigured { given, missing } = &error else { panic!("{error}") };
    assert_eq!(given, &[Key::Bucket, Key::NeoWallet]);
    assert_eq!(
        missing.iter().map(Missing::to_string).collect::<Vec<_>>(),
        ["AIOZ_ACCESS_KEY", "AIOZ_SECRET_KEY", "AIOZ_API_KEY", "NEO_RPC_URL", "GAS_RECIPIENT"]
    );
    assert!(error.to_string().ends_with("NEO_RPC_URL and GAS_RECIPIENT are missing"), "{error}");
    for key in ["AIOZ_ACCESS_KEY", "AIOZ_API_KEY", "NEO_RPC_URL", "NEO_PRIVATE_KEY", "GAS_RECIPIENT", "AIOZ_BUCKET"] {
        let mut place = Place::new().live();
        place.env.0.remove(key);
        let error = place.load().profile().unwrap_err();
        assert!(error.to_string().contains(key), "{key}: {error}");
    }
}

#[test]
fn a_default_endpoint_is_not_configuration_and_an_explicit_one_is() {
    let place = Place::new().env("AIOZ_S3_ENDPOINT", "http://127.0.0.1:9000");
    assert!(matches!(place.load().profile(), Err(ConfigError::HalfConfigured { .. })));
}

#[test]
fn all_configured_is_live() {
    let settings = Place::new().live().load();
    let Profile::Live(live) = settings.profile().unwrap() else { panic!("not live") };
    assert_eq!(live.storage.endpoint.as_str(), "https://s3.aiozstorage.network/");
    assert_eq!(live.compute.endpoint.as_str(), "https://api.aiozai.network/api/v1");
    assert_eq!(live.chain.rpc.len(), 2);
    assert_eq!(live.chain.recipients[0].address(), ADDRESS);
    let both = Place::new().live().env("NEO_WALLET", "w.json").load().profile().unwrap_err();
    assert!(both.to_string().contains("only one key can pay"), "{both}");
}

#[test]
fn the_profile_may_be_forced() {
    let mut place = Place::new().live();
    place.overrides.profile = Some("sandbox".to_owned());
    assert_eq!(place.load().profile().unwrap().name(), "sandbox");
    let mut place = Place::new();
    place.overrides.profile = Some("live".to_owned());
    assert!(matches!(place.load().profile(), Err(ConfigError::HalfConfigured { given, .. }) if given.is_empty()));
    place.overrides.profile = Some("lively".to_owned());
    assert!(place.load().profile().unwrap_err().to_string().contains("neither"));
}

#[test]
fn models_by_name_endpoint_and_key() {
    let model = |place: Place| place.load().model();
    assert_eq!(model(Place::new().env("OPENAI_API_KEY", "k")).unwrap().name(), model::OPENAI_MODEL);
    assert!(matches!(model(Place::new().env("OPENAI_BASE_URL", "http://l/v1")), Err(ConfigError::NoModelName)));
    assert!(matches!(model(Place::new().env("AGENT_MODEL", "m")), Err(ConfigError::NoModelKey { .. })));
    let own = model(Place::new().env("AGENT_MODEL", "m").env("OPENAI_BASE_URL", "http://l:8080/v1")).unwrap();
    assert!(matches!(own, ModelSettings::OpenAi { api_key: None, ref model, .. } if model == "m"), "{own:?}");
    let planner = Place::new().env("AGENT_MODEL", "planner").env("OPENAI_API_KEY", "k");
    assert_eq!(model(planner).unwrap().name(), "planner");
    let place = Place::new().env("AGENT_MODEL", "scripted:t/a.yaml");
    let wanted = place.dir.path().join("work/t/a.yaml");
    assert!(matches!(model(place).unwrap(), ModelSettings::Scripted(path) if path == wanted));
}

#[test]
fn no_secret_is_ever_shown() {
    let place = Place::new()
        .live()
        .env("OPENAI_API_KEY", "model-s3cr3t")
        .env("NEO_RPC_URL", "https://rpc.example/?apikey=query-s3cr3t");
    let settings = place.load();
    let shown = settings.shown();
    let everything = format!(
        "{settings:?} {:?} {:?} {shown:?} {}",
        settings.profile().unwrap(),
        settings.model().unwrap(),
        serde_json::to_string(&shown).unwrap()
    );
    assert!(!everything.contains("s3cr3t"), "{everything}");
    assert!(!everything.contains(&WIF[..8]), "not even the beginning of a key");
    let key = shown.iter().find(|s| s.name == "NEO_PRIVATE_KEY").unwrap();
    assert_eq!(key.value.as_deref(), Some("set, 52 characters"));
}

#[test]
fn the_example_names_every_setting_and_sets_none() {
    let example = include_str!("../../.env.example");
    for spec in &key::SPECS {
        let named = |line: &str| line.trim_start_matches('#').starts_with(&format!("{}=", spec.name));
        assert!(example.lines().any(named), "{}", spec.name);
    }
    let settings = Place::new().write("work/.env", example).load();
    assert!(settings.given_live().is_empty() && settings.warnings.is_empty(), "{:?}", settings.warnings);
    assert_eq!(settings.profile().unwrap().name(), "sandbox");
}
