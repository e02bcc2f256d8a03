//! `agent node`: the provider's side.

use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{CommandError, Context, Kind, interrupt::until_told, runtime::block_on, tasks};
use domain::{event::Event, hash::Hash160, money::Datoshi};
use guard::{
    config::{Key, Settings, parse},
    machine::catalogue::{Catalogue, read_folder},
};
use neo::Chain;
use node::{NodeSettings, Prices};

/// Serve jobs over the AIOZ AI API, paid in GAS.
///
/// The chain and the account that is paid come from NEO_RPC_URL, NEO_NETWORK and GAS_RECIPIENT; the keys that clients
/// send as x-api-key come from a file, one a line, or from AIOZ_API_KEY.
#[derive(Debug, Args)]
pub struct Node {
    /// Listen here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8402")]
    listen: SocketAddr,
    /// How clients reach this node, where that is not the address above
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
    /// Folder of tasks, datasets and results [default: node in AGENT_HOME]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of task files that clients may submit too, beside the program's own tasks
    #[arg(long, value_name = "DIR")]
    tasks: Option<PathBuf>,
    /// File of API keys, one a line [default: the one key of AIOZ_API_KEY]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Price of a task in GAS
    #[arg(long, value_name = "GAS", default_value = "2")]
    price: Datoshi,
    /// Price of one task type, such as sequence_stats=0.5; may be given several times
    #[arg(long = "price-of", value_name = "TASK=GAS", value_parser = task_price)]
    prices: Vec<(String, Datoshi)>,
    /// Tasks that run at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    at_once: u64,
    /// Memory for each task, in MB
    #[arg(long, value_name = "MB", default_value_t = 4000, value_parser = clap::value_parser!(u64).range(LEAST_MB..))]
    memory: u64,
    /// Time for each task, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = minutes())]
    time: u64,
    /// How long a quote holds, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = minutes())]
    quote: u64,
    /// Fetch datasets from private and loopback addresses too: never on a public node
    #[arg(long)]
    private_addresses: bool,
}

/// The least memory that a run can begin in, MB.
const LEAST_MB: u64 = 256;

/// From a minute to a year.
fn minutes() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..=525_600)
}

/// `TASK=GAS`.
fn task_price(text: &str) -> Result<(String, Datoshi), String> {
    let (task, price) = text.split_once('=').ok_or("write TASK=GAS, such as sequence_stats=0.5")?;
    Ok((task.to_owned(), price.parse().map_err(|e: domain::money::AmountError| e.to_string())?))
}

impl Node {
    /// Serves until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// Settings that are missing or make no sense; an address or folder that cannot be used.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let settings = self.settings(context)?;
        block_on(async {
            let listener = tokio::net::TcpListener::bind(self.listen).await.map_err(|e| {
                CommandError::failed("listen", e)
                    .hint(format!("{} cannot be listened on; name another address with --listen", self.listen))
            })?;
            context.sink().emit(listening(&settings, listener.local_addr().unwrap_or(self.listen)));
            node::serve(listener, settings, until_told()).await.map_err(|e| {
                let hint = e.hint().map(str::to_owned);
                CommandError::failed("node", e).maybe_hint(hint)
            })?;
            Ok(ExitCode::SUCCESS)
        })
    }

    fn settings(&self, context: &Context) -> Result<NodeSettings, CommandError> {
        let settings = context.settings()?;
        let network = parse::network(Key::NeoNetwork, need(settings, Key::NeoNetwork)?)?;
        let rpc = parse::urls(Key::NeoRpcUrl, need(settings, Key::NeoRpcUrl)?)?;
        let recipient = recipient(settings)?;
        let chain = Chain::new(rpc, network).map_err(|e| CommandError::failed("chain", e).hint("check NEO_RPC_URL"))?;
        let mut catalogue = Catalogue::builtin().map_err(tasks::wrong_file)?;
        if let Some(folder) = &self.tasks {
            if !folder.is_dir() {
                let message = format!("--tasks names no folder: {}", folder.display());
                return Err(CommandError::usage(message).hint("name the folder of your task files"));
            }
            // Who pays for a task that this node is to have is not told that it has not.
            if let Some(error) = read_folder(&mut catalogue, folder).map_err(tasks::wrong_folder)?.into_iter().next() {
                return Err(tasks::wrong_file(error));
            }
        }
        for (task, _) in &self.prices {
            if catalogue.get(task).is_none() {
                return Err(CommandError::usage(format!("--price-of names no task: `{task}`")).hint("agent tasks"));
            }
        }
        let folder = match &self.data {
            Some(folder) => folder.clone(),
            None => {
                settings.home().ensure()?;
                settings.home().path().join("node")
            }
        };
        let minutes = |n: u64| Duration::from_secs(n.saturating_mul(60));
        Ok(NodeSettings {
            public_url: self.public_url.clone(),
            keys: self.api_keys(settings)?,
            tasks: catalogue.iter().cloned().collect(),
            prices: Prices { flat: self.price, by_task: self.prices.iter().cloned().collect() },
            at_once: usize::try_from(self.at_once).unwrap_or(1),
            memory_limit: self.memory.saturating_mul(1_000_000),
            time_limit: minutes(self.time),
            quote_lifetime: minutes(self.quote),
            private_addresses: self.private_addresses,
            ..NodeSettings::new(folder, network, recipient, Arc::new(chain))
        })
    }

    fn api_keys(&self, settings: &Settings) -> Result<Vec<SecretString>, CommandError> {
        let Some(file) = &self.keys else {
            return Ok(settings.value(Key::ApiKey).map(|v| v.secret()).into_iter().collect());
        };
        let text = fs::read_to_string(file).map_err(|e| {
            CommandError::new(Kind::Failed, "keys", format!("{} cannot be read: {e}", file.display()))
                .hint("name a file of keys that is there and yours, one key a line")
        })?;
        let keys = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(keys.map(SecretString::from).collect())
    }
}

fn need(settings: &Settings, key: Key) -> Result<&guard::config::Value, CommandError> {
    settings.value(key).ok_or_else(|| {
        CommandError::usage(format!("a node needs {}", key.name())).hint("set it in .env; see .env.example")
    })
}

fn recipient(settings: &Settings) -> Result<Hash160, CommandError> {
    let value = need(settings, Key::GasRecipient)?;
    let first = parse::accounts(Key::GasRecipient, value)?.first().copied();
    first.ok_or_else(|| CommandError::usage("GAS_RECIPIENT names nobody").hint("set it to the address to be paid"))
}

/// Where it serves and who is paid.
fn listening(settings: &NodeSettings, address: SocketAddr) -> Event {
    Event::NodeListening {
        address: address.to_string(),
        recipient: settings.recipient.address(),
        network: settings.network,
        price: settings.prices.flat.into(),
    }
}
