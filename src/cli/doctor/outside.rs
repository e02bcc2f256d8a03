//! Storage, provider, chain and wallet, as configured or in the sandbox.

use jiff::{SignedDuration, Timestamp};
use url::{Host, Url};

use super::check::Check;
use crate::{
    cli::wiring::{live, unlock},
    job::{Connect, Remote, offload::DATASETS},
};
use compute::aioz::{Aioz, Balance, ComputeError};
use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};
use guard::config::{ChainSettings, ComputeSettings, LiveSettings, PolicyFile};
use neo::{
    Chain,
    rpc::{ChainError, LAG},
};
use storage::{Object, Storage};

/// What the fees of one payment come to, more or less (0.11 GAS).
const USUAL_FEES: Datoshi = Datoshi::from_gas(1);

/// Copies of datasets that are older than this are looked at: no link to them lives longer.
const OLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Everything that the live settings name; `needed` are the keys on storage that open jobs need.
pub async fn all_live(live: &LiveSettings, policy: &PolicyFile, needed: &[String]) -> Vec<Check> {
    let (storage, provider, chain) =
        futures::join!(storage(live, needed), provider(&live.compute), chain(&live.chain, policy));
    [storage, provider, chain].concat()
}

async fn storage(live: &LiveSettings, needed: &[String]) -> Vec<Check> {
    let Some(own) = &live.storage else {
        let text = "none of your own: models at AIOZ get files of up to 100 MiB by the provider's, where whoever has the link can \
                    read them";
        let hint = "set AIOZ_BUCKET, AIOZ_ACCESS_KEY and AIOZ_SECRET_KEY for larger files, and for nodes";
        return vec![Check::warn("storage", text.to_owned(), hint.to_owned())];
    };
    let settings = live::s3_settings(own);
    let checked = async {
        let storage = Storage::new(&settings)?;
        storage.check().await?;
        storage.list(DATASETS).await
    };
    let objects = match checked.await {
        Ok(objects) => objects,
        Err(error) => return vec![Check::fail("storage", error.to_string(), error.hint())],
    };
    let mut out = vec![Check::ok("storage", format!("bucket {} at {}", settings.bucket, settings.endpoint))];
    out.extend(leftovers(&objects, needed, Timestamp::now()));
    out
}

/// Old copies of datasets that no open job of this home needs.
fn leftovers(objects: &[Object], needed: &[String], now: Timestamp) -> Option<Check> {
    let is_old = |object: &&Object| object.modified.is_some_and(|at| now.duration_since(at) > OLD);
    let old: Vec<&Object> = objects.iter().filter(is_old).filter(|object| !needed.contains(&object.key)).collect();
    let bytes = old.iter().map(|object| object.bytes).sum();
    let (count, size) = (domain::units::count(old.len() as u64), domain::units::bytes(bytes));
    let copies = if old.len() == 1 { "copy" } else { "copies" };
    let text =
        format!("{count} {copies} of datasets, older than a week, in the bucket ({size}); no open job needs them");
    let mend = "agent jobs cancel --all-leftovers removes those of this home's jobs; others may be another home's";
    (!old.is_empty()).then(|| Check::warn("storage", text, mend))
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
    let asked = futures::future::join_all(settings.rpc.iter().map(|url| node(url, settings.network))).await;
    let newest = asked.iter().filter_map(|(_, count)| *count).max().unwrap_or_default();
    for (url, (check, count)) in settings.rpc.iter().zip(asked) {
        works |= check.state == super::check::State::Ok;
        out.push(check);
        if let Some(behind) = count.map(|count| newest - count).filter(|behind| *behind > LAG) {
            let name = url.host_str().unwrap_or_default();
            let text = format!(
                "{name} is {behind} blocks behind the others: it has no say in fees and balances, and a payment that never lands is waited for longer"
            );
            out.push(Check::warn("chain", text, "take it out of NEO_RPC_URL, or name another node"));
        }
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

/// One node: whether it answers, for the right network, and keeps application logs; and its block count.
async fn node(url: &Url, network: Network) -> (Check, Option<u32>) {
    let asked = async {
        let chain = Chain::new(vec![url.clone()], network)?;
        let version = chain.version().await?;
        let count = chain.block_count().await?;
        Ok::<_, ChainError>((version, count, chain.application_log(&TxHash([0; 32])).await))
    };
    let name = url.host_str().unwrap_or_default();
    match asked.await {
        Ok((version, count, Ok(_))) => {
            let pace = f64::from(version.protocol.ms_per_block) / 1000.0;
            let text = format!("{name}: {network}, block {}, one every {pace} s", count.saturating_sub(1));
            (Check::ok("chain", text), Some(count))
        }
        Ok((_, count, Err(error))) => {
            let text = format!("{name} keeps no application logs, by which payments are told to have landed: {error}");
            (
                Check::fail(
                    "chain",
                    text,
                    Some("name a node that has the ApplicationLogs plugin in NEO_RPC_URL".into()),
                ),
                Some(count),
            )
        }
        Err(error) => (Check::fail("chain", error.to_string(), Some(chain_hint(url))), None),
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
    let checked = match &remote.storage {
        Some(storage) => storage.check().await,
        None => Ok(()),
    };
    let storage = match checked {
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
    fn old_copies_that_no_open_job_needs_are_told() {
        let now = Timestamp::now();
        let object = |key: &str, hours: i64| Object {
            key: key.to_owned(),
            bytes: 1_000,
            modified: Some(now - SignedDuration::from_hours(hours)),
        };
        let objects = [object("datasets/job-a", 300), object("datasets/job-b", 300), object("datasets/job-c", 5)];
        let needed = ["datasets/job-a".to_owned()];
        let found = leftovers(&objects, &needed, now).unwrap();
        assert!(found.text.starts_with("1 copy of datasets") && found.text.contains("1.0 kB"), "{}", found.text);
        assert!(leftovers(&objects[..1], &needed, now).is_none());
    }

    #[test]
    fn loopback_needs_no_encryption() {
        for (text, is) in [("http://127.0.0.1:1", true), ("http://[::1]", true), ("http://10.0.0.1", false)] {
            assert_eq!(is_loopback(&text.parse().unwrap()), is, "{text}");
        }
    }
}
