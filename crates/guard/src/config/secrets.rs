//! The secrets among the settings, for those who must keep them out of what they write.

use secrecy::SecretString;
use url::Url;

use super::{
    Settings,
    key::{Key, SPECS},
};

/// A part of a node's path that is this long may be an access key, characters.
const LONG_PART: usize = 16;

/// Settings that hold addresses.
const ADDRESSES: [Key; 4] = [Key::OpenaiBaseUrl, Key::S3Endpoint, Key::W3aiEndpoint, Key::NeoRpcUrl];

impl Settings {
    /// Every secret among the settings with the setting's name: secret values, and what addresses carry of passwords,
    /// queries and keys in paths.
    pub fn secrets(&self) -> Vec<(&'static str, SecretString)> {
        let values = SPECS.iter().filter(|spec| spec.secret).filter_map(|spec| {
            let value = self.value(spec.key)?;
            Some((spec.name, value.secret()))
        });
        let mut all: Vec<_> = values.collect();
        for key in ADDRESSES {
            let texts = self.value(key).map(|value| value.text()).unwrap_or_default();
            for url in texts.split(',').filter_map(|text| Url::parse(text.trim()).ok()) {
                let parts = within(&url, key == Key::NeoRpcUrl);
                all.extend(parts.into_iter().map(|part| (key.name(), SecretString::from(part))));
            }
        }
        all
    }
}

fn within(url: &Url, keys_in_path: bool) -> Vec<String> {
    let mut parts: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    parts.extend(url.password().map(str::to_owned));
    if keys_in_path {
        let path = url.path_segments().into_iter().flatten();
        parts.extend(path.filter(|part| part.len() >= LONG_PART).map(str::to_owned));
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::{Environment, Overrides};

    #[test]
    fn secret_values_and_what_addresses_carry() {
        let env = [
            ("HOME", "/nowhere"),
            ("AIOZ_SECRET_KEY", "s3cr3t-value"),
            (
                "NEO_RPC_URL",
                "http://seed1/, https://me:pass-word@rpc.example.org/v3/0123456789abcdef0123?key=in-the-query",
            ),
            ("AIOZ_BUCKET", "a-bucket-that-is-no-secret"),
        ];
        let env = Environment(env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        let settings = Settings::load(&Overrides::default(), &env, Path::new("/nowhere")).unwrap();
        let secrets = settings.secrets();
        let shown: Vec<(&str, &str)> = secrets.iter().map(|(name, text)| (*name, text.expose_secret())).collect();
        assert_eq!(
            shown,
            [
                ("AIOZ_SECRET_KEY", "s3cr3t-value"),
                ("NEO_RPC_URL", "in-the-query"),
                ("NEO_RPC_URL", "pass-word"),
                ("NEO_RPC_URL", "0123456789abcdef0123"),
            ]
        );
    }
}
