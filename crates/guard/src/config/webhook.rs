//! Where this program listens for a provider's webhooks, and the address that the provider is told.

use std::net::SocketAddr;

use url::Url;

use super::{Settings, error::ConfigError, key::Key, parse};

/// Where webhooks come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where this machine listens.
    pub listen: SocketAddr,
    /// What the provider is told: that address, or one of a proxy before it.
    pub url: Url,
}

impl Settings {
    /// `AGENT_WEBHOOK_ADDR` and `AGENT_WEBHOOK_URL`; `None` where the first is not set.
    ///
    /// # Errors
    /// An address that is none; one that no provider could find without the URL.
    pub fn callback(&self) -> Result<Option<Callback>, ConfigError> {
        let Some(value) = self.value(Key::WebhookAddr) else { return Ok(None) };
        let wrong = |problem: &str, hint: &str| ConfigError::Value {
            key: Key::WebhookAddr,
            problem: problem.to_owned(),
            hint: hint.to_owned(),
            origin: value.source.clone(),
        };
        let listen: SocketAddr = value.text().trim().parse().map_err(|_| {
            wrong("is not an address to listen on", "write an IP address and a port, such as 0.0.0.0:8788")
        })?;
        if listen.port() == 0 {
            return Err(wrong("has port 0, which is another one each time", "choose a port, such as 8788"));
        }
        let url = match self.value(Key::WebhookUrl) {
            Some(value) => parse::url(Key::WebhookUrl, value)?,
            None if listen.ip().is_unspecified() => {
                return Err(wrong(
                    "listens on every address of this machine, and a provider has to be told one",
                    "set AGENT_WEBHOOK_URL to the address by which the provider reaches this machine",
                ));
            }
            None => Url::parse(&format!("http://{listen}/")).map_err(|_| {
                wrong("cannot be written as a URL", "set AGENT_WEBHOOK_URL to the address that the provider is told")
            })?,
        };
        Ok(Some(Callback { listen, url }))
    }
}
