//! Servers that strangers name: they are asked at public addresses alone, so that nobody is led behind a firewall.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    ClientBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
};
use url::{Host, Url};

/// What is said of a name that leads nowhere but home.
pub const NOWHERE: &str = "the name leads to no public address";

/// A client that connects to public addresses alone, by no proxy: one of the environment would resolve names itself, and reach
/// what it likes. It looks at names; addresses that stand in a URL are for [`may_be`].
pub fn only(client: ClientBuilder) -> ClientBuilder {
    client.no_proxy().dns_resolver(Arc::new(PublicOnly))
}

/// Whether a URL may lead to a public address, as far as it shows by itself; names are looked at when they are resolved.
pub fn may_be(url: &Url) -> bool {
    match url.host() {
        None => false,
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(_)) => true,
    }
}

/// Resolves names to their public addresses alone. The connection goes to the very address that was looked at.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = all.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NOWHERE.into());
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
    use crate::{format::Broken, line::http_client};

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

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_resolved() {
        let client = only(http_client()).build().unwrap();
        let error = client.get("http://localhost:1/").send().await.unwrap_err();
        assert_eq!(Broken::from(error).cause(), NOWHERE);
    }
}
