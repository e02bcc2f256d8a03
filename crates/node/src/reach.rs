//! The node's own HTTP client: what clients make it fetch must not lead behind its firewall.

use std::time::Duration;

use reqwest::{Client, redirect};
use url::Url;

use cassette::{line::http_client, public};

/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// A client that reaches public addresses only, unless `private_addresses`.
pub(super) fn client(private_addresses: bool) -> Result<Client, reqwest::Error> {
    let follow = redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS {
            attempt.error("too many redirects")
        } else if may_fetch(attempt.url(), private_addresses) {
            attempt.follow()
        } else {
            attempt.error("it leads to an address that is not public")
        }
    });
    let builder = http_client()
        .user_agent(concat!("scientific-orchestrator-node/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .redirect(follow);
    if private_addresses { builder } else { public::only(builder) }.build()
}

/// Whether a URL may be fetched, as far as it shows by itself; names are looked at when they are resolved.
pub(super) fn may_fetch(url: &Url, private_addresses: bool) -> bool {
    let leads_there = if private_addresses { url.has_host() } else { public::may_be(url) };
    matches!(url.scheme(), "http" | "https") && leads_there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_private_address_is_not_fetched() {
        let may = |text: &str| may_fetch(&text.parse().unwrap(), false);
        assert!(may("https://example.org/a") && may("http://8.8.8.8/"));
        for bad in [
            "http://169.254.169.254/latest",
            "http://[::1]/",
            "http://0x7f000001/",
            "http://2130706433/",
            "ftp://8.8.8.8/",
        ] {
            assert!(!may(bad), "{bad}");
        }
        assert!(may_fetch(&"http://127.0.0.1:1/".parse().unwrap(), true));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_resolved() {
        let error = client(false).unwrap().get("http://localhost:1/").send().await.unwrap_err();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        assert!(cause.to_string().contains("no public address"), "{cause}");
    }
}
