//! Which folder's word counts for what: an address from the working folder gets no secret from outside of it.
//!
//! `.env` lies in the folder of the datasets, and a folder may be somebody else's work. What it says of a model's name or a
//! bucket does no harm. But an address in it would have the owner's key, data or payments sent wherever its writer likes.

use url::Url;

use super::{Settings, error::ConfigError, key::Key, layer::Value, parse, source::Source};

/// What `AIOZ_W3AI_ENDPOINT` gets to see, or decides of: its quotes are what is paid.
pub(super) const OF_COMPUTE: [Key; 3] = [Key::ApiKey, Key::NeoPrivateKey, Key::NeoWallet];
/// What `AIOZ_S3_ENDPOINT` gets to see. The secret key itself is not sent, but signs all that is.
pub(super) const OF_STORAGE: [Key; 2] = [Key::AccessKey, Key::SecretKey];
/// What goes through `NEO_RPC_URL` and to `GAS_RECIPIENT`: payments.
pub(super) const OF_PAYMENTS: [Key; 2] = [Key::NeoPrivateKey, Key::NeoWallet];

impl Settings {
    /// `value`, the address in `address`, is used together with these secrets, where they are set.
    ///
    /// # Errors
    /// An address from the working folder beside a secret from outside of it.
    pub(super) fn trusted<'v>(
        &self,
        address: Key,
        value: &'v Value,
        secrets: &[Key],
    ) -> Result<&'v Value, ConfigError> {
        if !self.is_of_folder(&value.source) {
            return Ok(value);
        }
        let outside = secrets.iter().find_map(|secret| {
            let value = self.value(*secret).filter(|value| !self.is_of_folder(&value.source))?;
            Some((*secret, value.source.clone()))
        });
        match outside {
            Some((secret, kept)) => Err(ConfigError::Untrusted { address, origin: value.source.clone(), secret, kept }),
            None => Ok(value),
        }
    }

    /// The address of a model's endpoint, beside its key.
    ///
    /// # Errors
    /// No address; one that is more than the base of an API; one that the key is not to be sent to.
    pub(super) fn model_address(&self, value: &Value, key: Key) -> Result<Url, ConfigError> {
        parse::base(Key::OpenaiBaseUrl, self.trusted(Key::OpenaiBaseUrl, value, &[key])?)
    }

    /// Whether the working folder says so, itself or by naming the home folder.
    fn is_of_folder(&self, source: &Source) -> bool {
        let by_home = || self.value(Key::AgentHome).is_some_and(|home| matches!(home.source, Source::DotEnv(_)));
        match source {
            Source::DotEnv(_) => true,
            Source::File(_) => by_home(),
            Source::Flag(_) | Source::Environment | Source::Preset(_) | Source::Default => false,
        }
    }
}
