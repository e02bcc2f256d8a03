//! What the operator of a node decides.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use secrecy::SecretString;
use url::Url;

use super::verifier::PaymentVerifier;
use compute::local::Runner;
use domain::{hash::Hash160, money::Datoshi, network::Network, task::TaskType};

/// What tasks cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// Any task that has no price of its own. Zero is free: such tasks wait for no payment.
    pub flat: Datoshi,
    /// By the catalogue's name of the task.
    pub by_task: BTreeMap<String, Datoshi>,
}

impl Default for Prices {
    fn default() -> Prices {
        Prices { flat: Datoshi::from_gas(2), by_task: BTreeMap::new() }
    }
}

impl Prices {
    /// What one task of that name costs.
    pub fn of(&self, task_type: &str) -> Datoshi {
        self.by_task.get(task_type).copied().unwrap_or(self.flat)
    }
}

/// Everything a node is told. [`NodeSettings::new`] has the defaults.
#[derive(Clone)]
pub struct NodeSettings {
    /// Where it keeps its database, datasets and results. One node a folder.
    pub folder: PathBuf,
    /// How clients reach it, without `/api/v1`: what links to results begin with. The listener's address when `None`.
    pub public_url: Option<Url>,
    /// The keys it takes. A task can be seen with the key it was submitted with, and no other.
    pub keys: Vec<SecretString>,
    /// The catalogue; those tasks that name a remote model are served.
    pub tasks: Vec<TaskType>,
    /// What they cost.
    pub prices: Prices,
    /// Where it is paid.
    pub network: Network,
    /// Who is paid.
    pub recipient: Hash160,
    /// Who says what is paid.
    pub verifier: Arc<dyn PaymentVerifier>,
    /// How long a quote holds.
    pub quote_lifetime: Duration,
    /// How long after that an announced payment is still looked for: longer than a transaction can stay valid.
    pub payment_grace: Duration,
    /// How long after a quote expired a payment may still be announced.
    pub late_payment: Duration,
    /// How often the chain is asked while a payment is looked for: about a block.
    pub poll: Duration,
    /// Tasks that run at the same time.
    pub at_once: usize,
    /// Memory for each, bytes.
    pub memory_limit: u64,
    /// What a run may write, bytes.
    pub output_limit: u64,
    /// Wall-clock time for each.
    pub time_limit: Duration,
    /// The largest dataset it downloads, bytes.
    pub max_dataset: u64,
    /// Unpaid tasks that one key may have open.
    pub max_open: u32,
    /// Requests a minute that one key may make; no limit when `None`.
    pub rate_limit: Option<u32>,
    /// How long and how many connections strangers may hold.
    pub limits: serve::Limits,
    /// How long a link to a result works.
    pub link_lifetime: Duration,
    /// How long results are kept.
    pub keep_results: Duration,
    /// Whether datasets and webhooks may be on private and loopback addresses. On a public node that would let
    /// clients reach what is behind its firewall.
    pub private_addresses: bool,
    /// The wait before a webhook that nobody took is sent again; it doubles each time.
    pub webhook_wait: Duration,
    /// How long runs may go on when the node is told to stop; then they are ended, and begun anew at the next start.
    pub drain: Duration,
    /// The program that is started as a worker.
    pub runner: Runner,
}

impl NodeSettings {
    /// Settings with the defaults: 2 GAS a task, 30 minutes to pay, one run at a time with 4 GB and one hour, 60
    /// requests a minute, datasets to 20 GB.
    pub fn new(
        folder: PathBuf,
        network: Network,
        recipient: Hash160,
        verifier: Arc<dyn PaymentVerifier>,
    ) -> NodeSettings {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        NodeSettings {
            folder,
            public_url: None,
            keys: Vec::new(),
            tasks: Vec::new(),
            prices: Prices::default(),
            network,
            recipient,
            verifier,
            quote_lifetime: minutes(30),
            payment_grace: minutes(20),
            late_payment: minutes(24 * 60),
            poll: Duration::from_secs(5),
            at_once: 1,
            memory_limit: 4_000_000_000,
            output_limit: 10_000_000_000,
            time_limit: minutes(60),
            max_dataset: 20_000_000_000,
            max_open: 50,
            rate_limit: Some(60),
            limits: serve::Limits::default(),
            link_lifetime: minutes(60),
            keep_results: minutes(7 * 24 * 60),
            private_addresses: false,
            webhook_wait: Duration::from_secs(5),
            drain: Duration::from_secs(10),
            runner: Runner::default(),
        }
    }
}
