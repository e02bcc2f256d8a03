//! The chain as one or several nodes tell it.
//!
//! Any node can lie or lag, so: what is sent goes to every node, and what is read is what a quorum says, more than half of
//! the configured nodes. Of numbers that differ the cautious one counts. That something never landed needs every node. The
//! one thing a lone node of several is believed in is what it says of itself.

pub mod answers;
pub mod broadcast;
pub mod node;
mod queries;

use std::{fmt, future::Future, sync::Arc};

use futures::future::join_all;
use serde_json::{Value, json};
use url::Url;

use self::node::{Node, RpcError};
use cassette::Tape;
use domain::{hash::TxHash, network::Network};

/// Unknown transaction.
const UNKNOWN_TRANSACTION: i64 = -103;
/// Unknown script container: no application log, so nothing landed.
const UNKNOWN_CONTAINER: i64 = -105;
/// Codes by which C# nodes say the same, beside others: -100 up to release 3.6.3, -32602 (invalid params) since. The words
/// tell which it is: "Unknown transaction", "Unknown transaction/blockhash" (neo-project/neo, plugins/ApplicationLogs).
const UNKNOWN_IN_WORDS: [i64; 2] = [-100, -32602];

/// A node that is more blocks behind than this is left out: five minutes of the public networks.
pub const LAG: u32 = 20;

/// The height that a quorum has reached.
fn reached_by(counts: &[Option<u32>], quorum: usize) -> Option<u32> {
    let mut known: Vec<u32> = counts.iter().copied().flatten().collect();
    known.sort_unstable_by(|a, b| b.cmp(a));
    known.get(quorum.checked_sub(1)?).copied()
}

/// Whether a node says that it has no such transaction.
fn is_absence(error: &RpcError) -> bool {
    match error {
        RpcError::Refused { code: UNKNOWN_TRANSACTION | UNKNOWN_CONTAINER, .. } => true,
        RpcError::Refused { code, message, .. } => {
            UNKNOWN_IN_WORDS.contains(code) && message.to_ascii_lowercase().contains("unknown transaction")
        }
        _ => false,
    }
}

/// Why the chain could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// No node is configured, or a URL is no node's.
    #[error("{0}")]
    Url(String),
    /// No node gave a usable answer.
    #[error("{}", all(.0))]
    Unanswered(Vec<RpcError>),
    /// A node is of another network. Nothing is signed then.
    #[error("{node} is a node of network {stated}, and {pinned} is configured")]
    WrongNetwork {
        /// The node.
        node: String,
        /// What it says it is.
        stated: Network,
        /// What the owner configured.
        pinned: Network,
    },
    /// Too few of several nodes answer.
    #[error("{answered} of {configured} nodes answered {method}, and {quorum} have to{}", because(.errors))]
    NoQuorum {
        /// The request.
        method: &'static str,
        /// So many gave a usable answer.
        answered: usize,
        /// So many are configured.
        configured: usize,
        /// So many have to say the same.
        quorum: usize,
        /// Why the others did not.
        errors: Vec<RpcError>,
    },
    /// Nodes say different things, as while one of them lags.
    #[error("the nodes disagree on {0}")]
    Disagreement(&'static str),
    /// A dry run ended in FAULT.
    #[error("the dry run failed: {0}")]
    Fault(String),
}

fn all(errors: &[RpcError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn because(errors: &[RpcError]) -> String {
    if errors.is_empty() { String::new() } else { format!(": {}", all(errors)) }
}

/// What the nodes say of their heights. A block count is the height of the next block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockCounts {
    /// Of the node that is behind the others.
    pub lowest: u32,
    /// Of the node that is ahead.
    pub highest: u32,
    /// Whether every configured node answered.
    pub complete: bool,
}

/// What is read of something that may not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting<T> {
    /// What a quorum says; `None` when nobody who answered has it.
    pub found: Option<T>,
    /// Whether every configured node answered.
    pub complete: bool,
}

/// A Neo N3 chain, pinned to one network. Cheap to clone.
#[derive(Clone)]
pub struct Chain {
    nodes: Arc<[Arc<Node>]>,
    /// How many nodes the owner named: a quorum is more than half of them.
    configured: usize,
    network: Network,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<&str> = self.nodes.iter().map(|node| node.name()).collect();
        write!(f, "Chain({} at {})", self.network, nodes.join(", "))
    }
}

impl Chain {
    /// A chain read from one or several nodes.
    ///
    /// # Errors
    /// No URL, or one that is not http or https.
    pub fn new(urls: Vec<Url>, network: Network) -> Result<Chain, ChainError> {
        Chain::on(&Tape::Off, urls, network)
    }

    /// The same for a run on this tape.
    ///
    /// # Errors
    /// As [`Chain::new`].
    pub fn on(tape: &Tape, urls: Vec<Url>, network: Network) -> Result<Chain, ChainError> {
        let nodes = urls.into_iter().map(|url| Node::on(tape, url).map(Arc::new)).collect::<Result<Vec<_>, _>>();
        let nodes = nodes.map_err(ChainError::Url)?;
        if nodes.is_empty() {
            return Err(ChainError::Url("no Neo node is configured: set NEO_RPC_URL".to_owned()));
        }
        Ok(Chain { configured: nodes.len(), nodes: nodes.into(), network })
    }

    /// The network that the owner configured.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Hosts and ports of the configured nodes.
    pub fn node_names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name().to_owned()).collect()
    }

    /// The same chain without the nodes that are far behind a quorum of the others: their word on fees, balances and heights
    /// is old. What they lag is logged with their names. Where too few nodes are configured to tell, all stay.
    pub async fn without_laggards(&self) -> Chain {
        if self.nodes.len() <= self.quorum() {
            return self.clone();
        }
        let counts = self.each(|node| async move { node.call::<u32>("getblockcount", json!([])).await.ok() }).await;
        let Some(newest) = reached_by(&counts, self.quorum()) else { return self.clone() };
        let (mut kept, mut behind) = (Vec::new(), Vec::new());
        for (node, count) in self.nodes.iter().zip(counts) {
            match count {
                Some(count) if count.saturating_add(LAG) < newest => {
                    behind.push(format!("{} by {} blocks", node.name(), newest - count));
                }
                _ => kept.push(Arc::clone(node)),
            }
        }
        if !behind.is_empty() {
            tracing::warn!("left out, as they are behind the other nodes: {}", behind.join(", "));
        }
        Chain { nodes: kept.into(), ..self.clone() }
    }

    async fn each<'a, T, F: Future<Output = T> + 'a>(&'a self, ask: impl FnMut(&'a Node) -> F) -> Vec<T> {
        join_all(self.nodes.iter().map(|node| &**node).map(ask)).await
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> (Vec<T>, Vec<RpcError>) {
        let answers = self.each(|node| node.call::<T>(method, params.clone())).await;
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for answer in answers {
            match answer {
                Ok(value) => values.push(value),
                Err(error) => errors.push(error),
            }
        }
        (values, errors)
    }

    /// How many nodes have to say the same: more than half of those that are configured.
    fn quorum(&self) -> usize {
        self.configured / 2 + 1
    }

    /// The answers, where a quorum gave one.
    fn quorate<T>(
        &self,
        method: &'static str,
        (values, errors): (Vec<T>, Vec<RpcError>),
    ) -> Result<Vec<T>, ChainError> {
        match (values.len(), self.quorum()) {
            (0, _) => Err(ChainError::Unanswered(errors)),
            (answered, quorum) if answered < quorum => {
                Err(ChainError::NoQuorum { method, answered, configured: self.configured, quorum, errors })
            }
            _ => Ok(values),
        }
    }

    async fn sight<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        hash: &TxHash,
        same: fn(&T, &T) -> bool,
    ) -> Result<Sighting<T>, ChainError> {
        let (mut values, errors) = self.ask::<T>(method, json!([hash.to_string()])).await;
        let (absent, failed): (Vec<_>, Vec<_>) = errors.into_iter().partition(is_absence);
        let (complete, answered) = (failed.is_empty(), values.len() + absent.len());
        if values.is_empty() {
            return match absent.is_empty() {
                true => Err(ChainError::Unanswered(failed)),
                false => Ok(Sighting { found: None, complete }),
            };
        }
        // A node that lags behind a quorum, or says something else, is outvoted.
        let votes = |value: &T| values.iter().filter(|other| same(other, value)).count();
        let quorum = self.quorum();
        if let Some(chosen) = values.iter().position(|value| votes(value) >= quorum) {
            return Ok(Sighting { found: Some(values.swap_remove(chosen)), complete });
        }
        if answered < quorum {
            return Err(ChainError::NoQuorum { method, answered, configured: self.configured, quorum, errors: failed });
        }
        Err(ChainError::Disagreement("a transaction"))
    }
}
