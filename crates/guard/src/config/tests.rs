//! Layering and profiles, over maps and temporary folders.

mod models;

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
    let place = Place::new();
    fs::create_dir(place.dir.path().join("work/mine")).unwrap();
    let place = place.env("AGENT_HOME", "mine").write("work/mine/config.toml", "aiozbucket = 1");
    let error = Settings::load(&place.overrides, &place.env, &place.dir.path().join("work")).unwrap_err();
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
fn an_address_of_the_folder_gets_no_key_from_outside_of_it() {
    let folder = "OPENAI_BASE_URL=http://127.0.0.1:18802/v1\nAGENT_MODEL=m\n";
    let place = Place::new().write("work/.env", folder);
    assert_eq!(place.load().model().unwrap().name(), "m", "no key, nothing to lose");
    let place = place.env("OPENAI_API_KEY", "sk-mine");
    let error = place.load().model().unwrap_err();
    let dotenv = place.dir.path().join("work/.env");
    assert_eq!(
        error.to_string(),
        format!(
            "OPENAI_BASE_URL comes from {}, and would be used with OPENAI_API_KEY, which comes from the environment",
            dotenv.display()
        )
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("your key")), "{:?}", error.hint());
    let place = place.env("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1");
    assert!(place.load().model().is_ok(), "both from the environment");
    let both = Place::new().write("work/.env", &format!("{folder}OPENAI_API_KEY=sk-of-the-folder\n"));
    assert!(both.load().model().is_ok(), "both from the folder");
    let of_home = Place::new().write("work/.env", folder).write("home/config.toml", "openai_api_key = \"sk-mine\"");
    assert!(matches!(of_home.load().model(), Err(ConfigError::Untrusted { .. })));
    let preset = Place::new()
        .write("work/.env", "OPENAI_BASE_URL=http://127.0.0.1:18802/v1\nAGENT_MODEL=ollama:m\n")
        .env("OPENAI_API_KEY", "sk-mine");
    assert!(preset.load().model().is_ok(), "a preset of one's own sends no key of another");
    let preset = preset.env("OLLAMA_API_KEY", "sk-mine");
    assert!(matches!(preset.load().model(), Err(ConfigError::Untrusted { secret: Key::OllamaApiKey, .. })));
}

#[test]
fn a_slip_in_a_providers_name_is_asked_of_nobody() {
    let place = Place::new().env("OPENAI_API_KEY", "sk-mine").env("AGENT_MODEL", "gemni:flash");
    let error = place.load().model().unwrap_err();
    assert_eq!(error.to_string(), "AGENT_MODEL names no provider that is known (from environment)");
    assert_eq!(error.hint().as_deref(), Some("did you mean gemini:flash?"));
    let own = place.env("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1");
    assert_eq!(own.load().model().unwrap().name(), "gemni:flash", "a server of one's own may call its models so");
}

#[test]
fn a_folder_has_no_say_in_home_policy_and_profile() {
    for (setting, value) in [
        ("AGENT_HOME", "evil"),
        ("AGENT_HOME", "/tmp/evil"),
        ("agent_home", "evil"),
        ("AGENT_PROFILE", "sandbox"),
        ("AGENT_WEBHOOK_ADDR", "0.0.0.0:8788"),
        ("AGENT_WEBHOOK_URL", "http://evil/"),
    ] {
        let place = Place::new().write("work/.env", &format!("{setting}={value}\n"));
        let error = Settings::load(&place.overrides, &place.env, &place.dir.path().join("work")).unwrap_err();
        assert!(matches!(error, ConfigError::OfFolder { .. }), "{setting}: {error}");
        assert!(error.hint().unwrap().contains("remove the line"));
    }
    // The twin that must work: a person's own environment names both.
    let place = Place::new().env("AGENT_PROFILE", "sandbox").write("work/.env", "AGENT_LOG=info\nAGENT_HOME=\n");
    assert_eq!(place.load().profile().unwrap().name(), "sandbox");
}

#[test]
fn the_table_in_the_docs_says_what_a_folder_may_set() {
    let docs = include_str!("../../../../docs/security.md");
    let (_, docs) = docs.split_once("| `.env` may say | of |").unwrap();
    let said = |word: FolderWord| match word {
        FolderWord::Never => "nothing",
        FolderWord::Beside(_) | FolderWord::BesideItsKey => "with its keys",
        FolderWord::Model | FolderWord::Account => "once trusted",
        FolderWord::Beneath => "a file in the folder",
        FolderWord::Free => "anything",
    };
    for spec in &key::SPECS {
        let row = docs.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{}`", spec.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the table", spec.name));
        let word = row.split('|').nth(1).unwrap().trim();
        assert_eq!(word, said(spec.key.folder_word()), "{}", spec.name);
    }
}

#[test]
fn a_model_that_the_folder_chose_drives_no_wallet_from_elsewhere_until_it_is_trusted() {
    let chooses = "AGENT_MODEL=evil\nOPENAI_BASE_URL=http://127.0.0.1:1/v1\n";
    for said in [chooses, "AGENT_MODEL=scripted:theirs.yaml\n", "AGENT_MODEL=ollama:evil\n"] {
        let place = Place::new().live().write("work/.env", said);
        let error = place.load().model().unwrap_err();
        assert!(matches!(error, ConfigError::UntrustedModel { .. }), "{said}: {error}");
        assert!(error.hint().unwrap().contains("agent config --trust"));
        // Not where it could reach nothing: no wallet, or the sandbox's, and no data but the folder's.
        assert!(Place::new().write("work/.env", said).load().model().is_ok());
        let place = place.env("AGENT_PROFILE", "sandbox");
        assert!(place.load().model().is_ok());
        let place = place.write("home/policy.toml", "roots = [\"/data\"]\n");
        assert!(place.load().model().unwrap_err().to_string().contains("`roots`"));
    }
    assert!(Place::new().live().write("work/.env", "AGENT_MODEL=planner\n").load().model().is_ok());
    // A person looked at it.
    let place = Place::new().live().write("work/.env", chooses);
    let settings = place.load();
    assert!(!settings.folder_file().unwrap().trusted);
    assert_eq!(settings.trust_folder().unwrap(), Some(place.dir.path().join("work/.env").as_path()));
    assert!(place.load().folder_file().unwrap().trusted && place.load().model().is_ok());
    // What they looked at is no more what it is.
    let place = place.write("work/.env", &format!("{chooses}AGENT_STYLE=request\n"));
    assert!(matches!(place.load().model(), Err(ConfigError::UntrustedModel { .. })));
    // Nor does trust lead an address to keys from elsewhere.
    let place = Place::new().live().write("work/.env", "GAS_RECIPIENT=NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv\n");
    let mut place = place;
    place.env.0.remove("GAS_RECIPIENT");
    place.load().trust_folder().unwrap();
    assert!(matches!(place.load().profile(), Err(ConfigError::Untrusted { .. })));
}

/// Who holds the account sees the data and the results, at the genuine provider's too.
#[test]
fn no_account_of_the_folder_is_paid_for_by_a_wallet_from_elsewhere() {
    for keys in [
        &["AIOZ_API_KEY"][..],
        &["AIOZ_ACCESS_KEY", "AIOZ_SECRET_KEY"],
        &["AIOZ_BUCKET", "AIOZ_ACCESS_KEY", "AIOZ_SECRET_KEY"],
    ] {
        let mut place = Place::new().live();
        keys.iter().for_each(|key| drop(place.env.0.remove(*key)));
        let text: String = keys.iter().map(|key| format!("{key}=theirs\n")).collect();
        let place = place.write("work/.env", &text);
        assert!(matches!(place.load().profile(), Err(ConfigError::UntrustedAccount { .. })), "{keys:?}");
        assert!(!place.load().knows_where_data_goes());
        place.load().trust_folder().unwrap();
        assert_eq!(place.load().profile().unwrap().name(), "live", "{keys:?}: a person says that it is theirs");
        assert!(place.load().knows_where_data_goes());
    }
    assert!(Place::new().live().load().knows_where_data_goes());
}

#[test]
fn a_wallet_that_the_folder_names_lies_in_it() {
    let mut place = Place::new().live().write("home/wallet.json", "{}").write("work/theirs.json", "{}");
    place.env.0.remove("NEO_PRIVATE_KEY");
    let owners = place.dir.path().join("home/wallet.json");
    for outside in [owners.to_string_lossy().into_owned(), "../home/wallet.json".to_owned()] {
        place = place.write("work/.env", &format!("NEO_WALLET={outside}\n"));
        let error = place.load().profile().unwrap_err();
        assert!(error.to_string().contains("is outside of the folder"), "{error}");
    }
    std::os::unix::fs::symlink(&owners, place.dir.path().join("work/link.json")).unwrap();
    place = place.write("work/.env", "NEO_WALLET=link.json\n");
    assert!(place.load().profile().is_err(), "a link leads out as well");
    place = place.write("work/.env", "NEO_WALLET=theirs.json\n");
    for name in ["NEO_RPC_URL", "GAS_RECIPIENT", "AIOZ_API_KEY"] {
        let value = place.env.0.remove(name).unwrap();
        let text = fs::read_to_string(place.dir.path().join("work/.env")).unwrap();
        place = place.write("work/.env", &format!("{text}{name}={value}\n"));
    }
    assert_eq!(place.load().profile().unwrap().name(), "live", "all of it the folder's");
}

#[test]
fn what_anybody_may_write_to_is_not_obeyed() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let place = Place::new().write("home/policy.toml", "allow_mainnet = true\n").write("home/config.toml", "");
    let home = place.dir.path().join("home");
    assert!(place.load().policy().unwrap().allow_mainnet, "the twin that is one's own");
    for path in [home.join("policy.toml"), home.clone()] {
        let before = fs::metadata(&path).unwrap().permissions();
        mode(&path, 0o777);
        let error = place.load().policy().unwrap_err();
        assert!(error.hint().unwrap().starts_with("close it: chmod o-w "), "{error}");
        fs::set_permissions(&path, before).unwrap();
    }
    mode(&home, 0o777);
    assert!(matches!(place.load().home().ensure(), Err(ConfigError::Open { .. })));
    mode(&home, 0o700);
    mode(&home.join("config.toml"), 0o666);
    let loaded = Settings::load(&place.overrides, &place.env, &place.dir.path().join("work"));
    assert!(matches!(loaded, Err(ConfigError::Open { .. })));
}

#[test]
fn no_address_of_the_folder_gets_the_owners_data_or_money() {
    for (setting, value) in [
        ("AIOZ_S3_ENDPOINT", "http://127.0.0.1:1"),
        ("AIOZ_W3AI_ENDPOINT", "http://127.0.0.1:1"),
        ("AIOZ_RESULT_HOSTS", "http://127.0.0.1:1"),
        ("AIOZ_BUCKET", "theirs"),
        ("AIOZ_S3_REGION", "theirs"),
        ("NEO_NETWORK", "mainnet"),
        ("NEO_RPC_URL", "http://127.0.0.1:1"),
        ("GAS_RECIPIENT", ADDRESS),
    ] {
        let mut place = Place::new().live().write("work/.env", &format!("{setting}={value}\n"));
        place.env.0.remove(setting);
        let error = place.load().profile().unwrap_err();
        assert!(error.to_string().starts_with(&format!("{setting} comes from ")), "{setting}: {error}");
        assert!(place.env("AGENT_PROFILE", "sandbox").load().profile().is_ok(), "nothing of it is used there");
    }
    let mut place = Place::new().live();
    let ours = place.env.0.iter().filter(|(name, _)| *name != "AGENT_HOME");
    let all: String = ours.map(|(name, value)| format!("{name}={value}\n")).collect();
    place.env.0.retain(|name, _| name == "AGENT_HOME");
    let place = place.write("work/.env", &format!("{all}AIOZ_W3AI_ENDPOINT=http://127.0.0.1:1\n"));
    fs::set_permissions(place.dir.path().join("work/.env"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    assert_eq!(place.load().profile().unwrap().name(), "live", "all of it from the folder");
}

#[test]
fn webhooks_come_to_an_address_that_a_provider_can_be_told() {
    let callback = |place: Place| place.load().callback();
    assert_eq!(callback(Place::new()).unwrap(), None);
    let here = callback(Place::new().env("AGENT_WEBHOOK_ADDR", "127.0.0.1:8788")).unwrap().unwrap();
    assert_eq!(here.url.as_str(), "http://127.0.0.1:8788/");
    let public = Place::new().env("AGENT_WEBHOOK_ADDR", "[::]:8788").env("AGENT_WEBHOOK_URL", "https://me.example/h");
    assert_eq!(callback(public).unwrap().unwrap().url.as_str(), "https://me.example/h");
    for (bad, says) in [
        ("0.0.0.0:8788", "set AGENT_WEBHOOK_URL"),
        ("127.0.0.1:0", "choose a port"),
        ("localhost:8788", "an IP address and a port"),
        ("8788", "an IP address and a port"),
    ] {
        let error = callback(Place::new().env("AGENT_WEBHOOK_ADDR", bad)).unwrap_err();
        assert!(error.hint().unwrap().contains(says), "{bad}: {error}");
    }
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
fn storage_may_be_left_out_as_a_whole() {
    let mut place = Place::new().live();
    for key in ["AIOZ_BUCKET", "AIOZ_ACCESS_KEY", "AIOZ_SECRET_KEY"] {
        place.env.0.remove(key);
    }
    let Profile::Live(live) = place.load().profile().unwrap() else { panic!("not live") };
    assert!(live.storage.is_none());
    let error = place.env("AIOZ_S3_ENDPOINT", "https://s3.example.org").load().profile().unwrap_err();
    assert!(error.to_string().contains("AIOZ_BUCKET"), "{error}");
}

#[test]
fn all_configured_is_live() {
    let settings = Place::new().live().load();
    let Profile::Live(live) = settings.profile().unwrap() else { panic!("not live") };
    assert_eq!(live.storage.unwrap().endpoint.as_str(), "https://s3.aiozstorage.network/");
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
fn no_secret_is_ever_shown() {
    let place = Place::new()
        .live()
        .env("OPENAI_API_KEY", "model-s3cr3t")
        .env("GROQ_API_KEY", "groq-s3cr3t")
        .env("ANTHROPIC_API_KEY", "anthropic-s3cr3t")
        .env("AGENT_MODEL", "anthropic:claude")
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
    let example = include_str!("../../../../.env.example");
    for spec in &key::SPECS {
        let named = |line: &str| line.trim_start_matches('#').starts_with(&format!("{}=", spec.name));
        assert!(example.lines().any(named), "{}", spec.name);
    }
    let settings = Place::new().write("work/.env", example).load();
    assert!(settings.given_live().is_empty() && settings.warnings.is_empty(), "{:?}", settings.warnings);
    assert_eq!(settings.profile().unwrap().name(), "sandbox");
}
