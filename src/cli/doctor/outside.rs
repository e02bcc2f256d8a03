//! Storage, provider, chain and wallet, as configured or in the sandbox.

use url::{Host, Url};

use super::check::Check;
use crate::{
    cli::wiring::{live, unlock},
    job::{Connect, Remote},
};
use compute::aioz::{Aioz, Balance, ComputeError};
use domain::{hash::Hash160, money::Datoshi, network::Network};
use guard::config::{ChainSettings, ComputeSettings, LiveSettings, PolicyFile};
use neo::Chain;
use storage::Storage;

/// What the fees of one payment come to, more or less (0.11 GAS).
const USUAL_FEES: Datoshi = Datoshi::from_gas(1);

/// Everything that the live settings name.
pub async fn all_live(live: &LiveSettings, policy: &PolicyFile) -> Vec<Check> {
    let (storage, provider, chain) = futures::join!(storage(live), provider(&live.compute), chain(&live.chain, policy));
    [vec![storage], provider, chain].concat()
}

async fn storage(live: &LiveSettings) -> Check {
    let settings = live::s3_settings(&live.storage);
    let checked = match Storage::new(&settings) {
        Ok(storage) => storage.check().await,
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => Check::ok("storage", format!("bucket {} at {}", settings.bucket, settings.endpoint)),
        Err(error) => Check::fail("storage", error.to_string(), error.hint()),
    }
}

async fn provider(settings: &ComputeSettings) -> Vec<Check> {
    let mut out = Vec::new();
    if settings.endpoint.scheme() == "http" && !is_loopback(&settings.endpoint) {
        let text = format!("{} is not encrypted, and the API key is sent to it", settings.endpoint);
        out.push(Check::warn("provider", text, "use an https address"));
    }
    let reached = match Aioz::new(settings.endpoint.clone(), settings.api_key.clone()) {
        Ok(provider) => provider.reach().await,
        Err(error) => Err(error),
    };
    out.push(reached_provider(&settings.endpoint, reached));
    out
}

fn reached_provider(endpoint: &Url, reached: Result<Balance, ComputeError>) -> Check {
    match reached {
        Ok(balance) => {
            let funds = balance.balance.map(|b| format!(", balance {b}")).unwrap_or_default();
            Check::ok("provider", format!("{endpoint} takes the key{funds}"))
        }
        Err(error) => Check::fail("provider", error.to_string(), Some(error.hint())),
    }
}

async fn chain(settings: &ChainSettings, policy: &PolicyFile) -> Vec<Check> {
    let mut out = Vec::new();
    let mut works = false;
    for url in &settings.rpc {
        let check = node(url, settings.network).await;
        works |= check.state == super::check::State::Ok;
        out.push(check);
    }
    if settings.network.is_mainnet() && !policy.allow_mainnet {
        let mend = "set allow_mainnet = true in policy.toml in AGENT_HOME, when real money may be paid";
        out.push(Check::warn("chain", "payments on mainnet are switched off", mend));
    }
    match unlock::configured(&settings.payer) {
        Err(error) => out.push(Check::fail("wallet", error.to_string(), error.hint())),
        Ok(wallet) if works => out.push(funds(settings, wallet.account(), policy).await),
        Ok(wallet) => {
            let mend = "mend the chain first";
            out.push(Check::warn("wallet", format!("{}: balance unknown", wallet.account().address()), mend));
        }
    }
    out
}

/// One node: whether it answers, and for the right network.
async fn node(url: &Url, network: Network) -> Check {
    let asked = match Chain::new(vec![url.clone()], network) {
        Err(error) => Err(error),
        Ok(chain) => match chain.version().await {
            Ok(version) => chain.block_count().await.map(|count| (version, count)),
            Err(error) => Err(error),
        },
    };
    match asked {
        Ok((version, count)) => {
            let pace = f64::from(version.protocol.ms_per_block) / 1000.0;
            let name = url.host_str().unwrap_or_default();
            Check::ok("chain", format!("{name}: {network}, block {}, one every {pace} s", count.saturating_sub(1)))
        }
        Err(error) => Check::fail("chain", error.to_string(), Some(chain_hint(url))),
    }
}

/// The public seeds speak plain http, and no TLS at all.
fn chain_hint(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "https" && host.starts_with("seed") && host.ends_with(".neo.org") {
        let port = url.port().unwrap_or(if host.contains("t5") { 20332 } else { 10332 });
        let secure = if host.contains("t5") { "testnet1" } else { "mainnet1" };
        return format!(
            "{host} does not speak TLS: write http://{host}:{port}, or an https node such as https://{secure}.neo.coz.io:443"
        );
    }
    "check NEO_RPC_URL and NEO_NETWORK".to_owned()
}

async fn funds(settings: &ChainSettings, account: Hash160, policy: &PolicyFile) -> Check {
    let address = account.address();
    let balance = match Chain::new(settings.rpc.clone(), settings.network) {
        Ok(chain) => chain.balance(account).await,
        Err(error) => Err(error),
    };
    match balance {
        Err(error) => Check::fail("wallet", error.to_string(), Some("check NEO_RPC_URL".to_owned())),
        Ok(balance) => {
            let enough = policy.price.flat.checked_add(USUAL_FEES).is_some_and(|need| balance >= need);
            if enough {
                return Check::ok("wallet", format!("{address} has {balance}"));
            }
            let mend = format!("send GAS on {} to {address}", settings.network);
            Check::warn("wallet", format!("{address} has {balance}, which hardly pays for one job"), mend)
        }
    }
}

/// The sandbox's own parts, asked for real.
pub async fn all_embedded(sandbox: &dyn Connect) -> Vec<Check> {
    match sandbox.connect().await {
        Err(error) => vec![Check::fail("sandbox", error.to_string(), error.hint())],
        Ok(remote) => embedded(&remote).await,
    }
}

async fn embedded(remote: &Remote) -> Vec<Check> {
    let storage = match remote.storage.check().await {
        Ok(()) => Check::ok("storage", "built in: an S3 server on this machine"),
        Err(error) => Check::fail("storage", error.to_string(), error.hint()),
    };
    let provider = match remote.provider.reach().await {
        Ok(_) => Check::ok("provider", "built in: a node that speaks the AIOZ AI API"),
        Err(error) => Check::fail("provider", error.to_string(), Some(error.hint())),
    };
    let balance = remote.payer.chain().balance(remote.payer.account()).await;
    let wallet = match balance {
        Ok(balance) => Check::ok("chain", format!("built in: the wallet has {balance}, which is not money")),
        Err(error) => {
            Check::fail("chain", error.to_string(), Some("remove the folder sandbox in AGENT_HOME".to_owned()))
        }
    };
    vec![storage, provider, wallet]
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_seed_over_https_is_explained() {
        let hint = |text: &str| chain_hint(&text.parse().unwrap());
        assert_eq!(
            hint("https://seed1t5.neo.org:20332"),
            "seed1t5.neo.org does not speak TLS: write http://seed1t5.neo.org:20332, or an https node such as \
             https://testnet1.neo.coz.io:443"
        );
        assert!(hint("https://seed3.neo.org").contains("http://seed3.neo.org:10332"));
        assert_eq!(hint("http://localhost:30332"), "check NEO_RPC_URL and NEO_NETWORK");
    }

    #[test]
    fn loopback_needs_no_encryption() {
        for (text, is) in [("http://127.0.0.1:1", true), ("http://[::1]", true), ("http://10.0.0.1", false)] {
            assert_eq!(is_loopback(&text.parse().unwrap()), is, "{text}");
        }
    }
}
