//! The node's own HTTP client: what clients make it fetch must not lead behind its firewall.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::{Host, Url};

use cassette::line::http_client;

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
    // A proxy of the environment would resolve names itself, and reach what it likes.
    if private_addresses { builder } else { builder.no_proxy().dns_resolver(Arc::new(PublicOnly)) }.build()
}

/// Whether a URL may be fetched, as far as it shows by itself; names are looked at when they are resolved.
pub(super) fn may_fetch(url: &Url, private_addresses: bool) -> bool {
    let public = match url.host() {
        None => return false,
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(_)) => true,
    };
    matches!(url.scheme(), "http" | "https") && (public || private_addresses)
}

/// Resolves names to their public addresses alone. The connection goes to the very address that was looked at.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = all.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is on the public Internet (IANA's special-purpose registries).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = ip.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3; Teredo, 6to4 and documentation lie within and lead elsewhere.
    (a & 0xe000) == 0x2000 && !(a == 0x2001 && (b == 0 || b == 0xdb8)) && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for ip in ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

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
