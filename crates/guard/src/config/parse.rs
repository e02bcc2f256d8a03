//! Texts of settings as types, with errors that say what to write instead.

use url::Url;

use super::{error::ConfigError, key::Key, layer::Value};
use domain::{cost::NanoDollars, hash::Hash160, network::Network, units::quoted};

fn wrong(key: Key, value: &Value, problem: impl Into<String>, hint: impl Into<String>) -> ConfigError {
    ConfigError::Value { key, problem: problem.into(), hint: hint.into(), origin: value.source.clone() }
}

fn parse_url(key: Key, value: &Value, text: &str) -> Result<Url, ConfigError> {
    let form = "write a whole address, such as https://host:port";
    let url = Url::parse(text).map_err(|e| wrong(key, value, format!("is not a URL: {e}"), form))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong(key, value, "is not an http or https address", form));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "take the name and password out of the address, where logs and errors would show them";
        return Err(wrong(key, value, "holds a name or a password", hint));
    }
    Ok(url)
}

/// A whole number of at least `least`.
///
/// # Errors
/// Anything else, also with a unit.
pub fn number(key: Key, value: &Value, least: u64) -> Result<u64, ConfigError> {
    let hint = format!("write a whole number of at least {least}, digits only");
    let text = value.text().trim();
    match text.parse() {
        Ok(number) if number >= least && text.bytes().all(|b| b.is_ascii_digit()) => Ok(number),
        Ok(_) => Err(wrong(key, value, "is too small", hint)),
        Err(_) => Err(wrong(key, value, "is not a whole number", hint)),
    }
}

/// An amount of US dollars.
///
/// # Errors
/// Anything that is none.
pub fn dollars(key: Key, value: &Value) -> Result<NanoDollars, ConfigError> {
    let hint = "write US dollars, digits with at most one decimal point, such as 0.50";
    value.text().parse().map_err(|_| wrong(key, value, "is not an amount of US dollars", hint))
}

/// One http or https address without a password in it.
///
/// # Errors
/// Anything else.
pub fn url(key: Key, value: &Value) -> Result<Url, ConfigError> {
    parse_url(key, value, value.text())
}

/// The base of a model's API, such as `https://api.openai.com/v1`: paths are added to it.
///
/// # Errors
/// Anything else, also what has such a path already, or a query that paths would be added behind.
pub fn base(key: Key, value: &Value) -> Result<Url, ConfigError> {
    let url = url(key, value)?;
    let hint = "write the address up to the version, such as https://host:port/v1";
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(key, value, "has a ? or a # in it, and paths are added to its end", hint));
    }
    let path = url.path().trim_end_matches('/');
    match ["/chat/completions", "/completions", "/responses", "/models"].iter().find(|known| path.ends_with(**known)) {
        Some(known) => Err(wrong(key, value, format!("ends in {known}, which is added to it"), hint)),
        None => Ok(url),
    }
}

/// One or several addresses, separated by commas; each counts once.
///
/// # Errors
/// When one of them is none.
pub fn urls(key: Key, value: &Value) -> Result<Vec<Url>, ConfigError> {
    let mut all = Vec::new();
    for text in value.text().split(',').map(str::trim).filter(|t| !t.is_empty()) {
        let url = parse_url(key, value, text)?;
        if !all.contains(&url) {
            all.push(url);
        }
    }
    if all.is_empty() {
        Err(wrong(key, value, "names no address", "write one or several, separated by commas"))
    } else {
        Ok(all)
    }
}

/// A network that exists outside this program.
///
/// # Errors
/// No network, or the sandbox's.
pub fn network(key: Key, value: &Value) -> Result<Network, ConfigError> {
    let hint = "write mainnet, testnet, or the magic number of a private network";
    let network: Network = value
        .text()
        .parse()
        .map_err(|_| wrong(key, value, format!("{} is not a network", quoted(value.text())), hint))?;
    if network.is_sandbox() {
        return Err(wrong(key, value, "names the sandbox's own network", hint));
    }
    Ok(network)
}

/// Neo N3 addresses (or `0x` script hashes), separated by commas; each counts once.
///
/// # Errors
/// When one of them is none.
pub fn accounts(key: Key, value: &Value) -> Result<Vec<Hash160>, ConfigError> {
    let mut all = Vec::new();
    for text in value.text().split(',').map(str::trim).filter(|t| !t.is_empty()) {
        let account = Hash160::parse_account(text)
            .map_err(|e| wrong(key, value, e.to_string(), "copy the address again; its checksum does not fit"))?;
        if !all.contains(&account) {
            all.push(account);
        }
    }
    if all.is_empty() {
        return Err(wrong(key, value, "names nobody", "write Neo N3 addresses, separated by commas"));
    }
    Ok(all)
}

/// A bucket's name, by the rules that S3-compatible stores share.
///
/// # Errors
/// Any other text.
pub fn bucket(key: Key, value: &Value) -> Result<String, ConfigError> {
    let text = value.text();
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let sound = (3..=63).contains(&text.len())
        && text.chars().all(letters)
        && edge(text.chars().next())
        && edge(text.chars().last())
        && !text.contains("..");
    if sound {
        return Ok(text.to_owned());
    }
    let hint = "bucket names have 3 to 63 lower-case letters, digits and hyphens";
    Err(wrong(key, value, "is not a bucket's name", hint))
}

#[cfg(test)]
mod tests {
    use super::{super::source::Source, *};

    fn value(text: &str) -> Value {
        Value::new(text, Source::Environment)
    }

    #[test]
    fn addresses_of_services() {
        let all = urls(Key::NeoRpcUrl, &value("http://a:10332, https://b ,http://a:10332,")).unwrap();
        assert_eq!(all.iter().map(Url::as_str).collect::<Vec<_>>(), ["http://a:10332/", "https://b/"]);
        for bad in ["", ",", "localhost:1", "ftp://a", "https://", "https://me:pw@a"] {
            assert!(urls(Key::NeoRpcUrl, &value(bad)).is_err(), "{bad}");
        }
        let error = url(Key::S3Endpoint, &value("https://me:s3cr3t@host")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        assert_eq!(
            url(Key::S3Endpoint, &value("nonsense")).unwrap_err().to_string(),
            "AIOZ_S3_ENDPOINT is not a URL: relative URL without a base (from environment)"
        );
    }

    #[test]
    fn a_models_address_is_the_base_of_its_api() {
        for good in ["http://127.0.0.1:8080/v1", "https://host/v1/", "https://host/", "https://host/v1beta/openai/"] {
            assert!(base(Key::OpenaiBaseUrl, &value(good)).is_ok(), "{good}");
        }
        for (bad, says) in [
            ("https://host/v1?x=1", "has a ? or a # in it"),
            ("https://host/v1#x", "has a ? or a # in it"),
            ("https://host/v1/chat/completions", "ends in /chat/completions"),
            ("https://host/v1/chat/completions/", "ends in /chat/completions"),
            ("https://host/v1/responses", "ends in /responses"),
        ] {
            let error = base(Key::OpenaiBaseUrl, &value(bad)).unwrap_err();
            assert!(error.to_string().contains(says), "{bad}: {error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("/v1")), "{bad}");
        }
    }

    #[test]
    fn networks_buckets_and_accounts() {
        assert!(network(Key::NeoNetwork, &value("mainnet")).unwrap().is_mainnet());
        assert!(network(Key::NeoNetwork, &value("moonnet")).is_err());
        assert!(network(Key::NeoNetwork, &value("sandbox")).is_err(), "live never means the sandbox");
        for bad in ["ab", "Bucket", "-ab", "a/b", "a..b", "a b"] {
            assert!(bucket(Key::Bucket, &value(bad)).is_err(), "{bad}");
        }
        assert!(bucket(Key::Bucket, &value("my-data.2026")).is_ok());
        let one = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";
        assert_eq!(accounts(Key::GasRecipient, &value(&format!("{one}, {one}"))).unwrap().len(), 1);
        assert!(accounts(Key::GasRecipient, &value("NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAw")).is_err());
    }
}
