//! The chain as one or several nodes tell it.
//!
//! Any node can lie or lag, so: what is sent goes to every node, and what is read must be the same on all nodes that
//! answer, or is the cautious one of their numbers. The one thing a lone node is believed in is what it says of itself.

pub mod answers;
pub mod broadcast;
pub mod node;

use std::{fmt, future::Future, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::future::join_all;
use serde_json::{Value, json};
use url::Url;

use self::{
    answers::{ApplicationLog, Invocation, NetworkFee, Relayed, Version, VmState},
    broadcast::{Broadcast, SendError},
    node::{Node, RpcError, clean},
};
use super::{
    GAS_CONTRACT, POLICY_CONTRACT,
    transaction::{Scope, Signed, Signer},
};
use crate::domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};

/// Unknown transaction.
const UNKNOWN_TRANSACTION: i64 = -103;
/// Unknown script container: no application log, so nothing landed.
const UNKNOWN_CONTAINER: i64 = -105;
/// The type of the Conflicts attribute.
const CONFLICTS: u8 = 0x21;

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
    /// What all that answered say.
    pub found: Option<T>,
    /// Whether every configured node answered.
    pub complete: bool,
}

/// A Neo N3 chain, pinned to one network. Cheap to clone.
#[derive(Clone)]
pub struct Chain {
    nodes: Arc<[Node]>,
    network: Network,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<&str> = self.nodes.iter().map(Node::name).collect();
        write!(f, "Chain({} at {})", self.network, nodes.join(", "))
    }
}

impl Chain {
    /// A chain read from one or several nodes.
    ///
    /// # Errors
    /// No URL, or one that is not http or https.
    pub fn new(urls: Vec<Url>, network: Network) -> Result<Chain, ChainError> {
        let nodes = urls.into_iter().map(Node::new).collect::<Result<Vec<_>, _>>().map_err(ChainError::Url)?;
        if nodes.is_empty() {
            return Err(ChainError::Url("no Neo node is configured: set NEO_RPC_URL".to_owned()));
        }
        Ok(Chain { nodes: nodes.into(), network })
    }

    /// The network that the owner configured.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Hosts and ports of the configured nodes.
    pub fn node_names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name().to_owned()).collect()
    }

    /// The chain's rules, after every node that answers has stated the pinned network. To be called before signing.
    ///
    /// # Errors
    /// A node of another network, or no answer.
    pub async fn version(&self) -> Result<Version, ChainError> {
        let answers =
            self.each(|node| async move { (node, node.call::<Version>("getversion", json!([])).await) }).await;
        let mut versions = Vec::new();
        let mut errors = Vec::new();
        for (node, answer) in answers {
            match answer {
                Ok(version) if version.protocol.network != self.network.0 => {
                    let stated = Network(version.protocol.network);
                    return Err(ChainError::WrongNetwork {
                        node: node.name().to_owned(),
                        stated,
                        pinned: self.network,
                    });
                }
                Ok(version) if version.protocol.ms_per_block == 0 => {
                    errors.push(node.malformed("getversion", "blocks of 0 ms".to_owned()));
                }
                Ok(version) => versions.push(version),
                Err(error) => errors.push(error),
            }
        }
        // The slowest clock and the nearest limit keep a payment's life short.
        let slowest = versions.iter().map(|v| v.protocol.ms_per_block).max();
        let nearest = versions.iter().map(|v| v.protocol.max_valid_until_block_increment).min();
        match (versions.pop(), slowest, nearest) {
            (Some(mut version), Some(slowest), Some(nearest)) => {
                version.protocol.ms_per_block = slowest;
                version.protocol.max_valid_until_block_increment = nearest;
                Ok(version)
            }
            _ => Err(ChainError::Unanswered(errors)),
        }
    }

    /// The nodes' heights.
    ///
    /// # Errors
    /// No answer.
    pub async fn block_counts(&self) -> Result<BlockCounts, ChainError> {
        let (counts, errors) = self.ask::<u32>("getblockcount", json!([])).await;
        match (counts.iter().min(), counts.iter().max()) {
            (Some(&lowest), Some(&highest)) => Ok(BlockCounts { lowest, highest, complete: errors.is_empty() }),
            _ => Err(ChainError::Unanswered(errors)),
        }
    }

    /// The height of the next block, by the node that is most behind.
    ///
    /// # Errors
    /// No answer.
    pub async fn block_count(&self) -> Result<u32, ChainError> {
        Ok(self.block_counts().await?.lowest)
    }

    /// An account's GAS, by the node that says the least.
    ///
    /// # Errors
    /// No answer.
    pub async fn balance(&self, account: Hash160) -> Result<Datoshi, ChainError> {
        let argument = json!({"type": "Hash160", "value": account.to_string()});
        self.integer_of(GAS_CONTRACT, "balanceOf", argument, |values| values.min()).await
    }

    /// What one Conflicts attribute adds to the network fee, by the node that asks the most.
    ///
    /// # Errors
    /// No answer.
    pub async fn conflicts_fee(&self) -> Result<Datoshi, ChainError> {
        let argument = json!({"type": "Integer", "value": CONFLICTS.to_string()});
        self.integer_of(POLICY_CONTRACT, "getAttributeFee", argument, |values| values.max()).await
    }

    async fn integer_of(
        &self,
        contract: Hash160,
        method: &str,
        argument: Value,
        choose: fn(std::vec::IntoIter<Datoshi>) -> Option<Datoshi>,
    ) -> Result<Datoshi, ChainError> {
        let params = json!([contract.to_string(), method, [argument]]);
        let (answers, errors) = self.ask::<Invocation>("invokefunction", params).await;
        let values: Vec<Datoshi> = answers.iter().filter_map(Invocation::integer).collect();
        choose(values.into_iter()).ok_or(ChainError::Unanswered(errors))
    }

    /// Runs a script without effect, as if `signer` had signed it: what it would burn, by the node that asks the most.
    ///
    /// # Errors
    /// No answer, or a FAULT on any node.
    pub async fn invoke_script(&self, script: &[u8], signer: &Signer) -> Result<Datoshi, ChainError> {
        let scope = match &signer.scope {
            Scope::None => "None",
            Scope::Global => "Global",
            Scope::CalledByEntry | Scope::Contracts { .. } => "CalledByEntry",
        };
        let signers = json!([{"account": signer.account.to_string(), "scopes": scope}]);
        let (answers, errors) = self.ask::<Invocation>("invokescript", json!([STANDARD.encode(script), signers])).await;
        if let Some(fault) = answers.iter().find(|answer| answer.state == VmState::Fault) {
            return Err(ChainError::Fault(clean(fault.exception.as_deref().unwrap_or("no reason given"))));
        }
        answers.iter().map(|answer| answer.gas_consumed).max().ok_or(ChainError::Unanswered(errors))
    }

    /// The network fee of a transaction whose witnesses have their verification scripts, by the node that asks the most.
    ///
    /// # Errors
    /// No answer.
    pub async fn network_fee(&self, signed: &Signed) -> Result<Datoshi, ChainError> {
        let params = json!([STANDARD.encode(signed.bytes())]);
        let (answers, errors) = self.ask::<NetworkFee>("calculatenetworkfee", params).await;
        answers.iter().map(|answer| answer.network_fee).max().ok_or(ChainError::Unanswered(errors))
    }

    /// The application log of a transaction that landed; `None` found while it has not.
    ///
    /// # Errors
    /// No answer, or answers that differ.
    pub async fn application_log(&self, hash: &TxHash) -> Result<Sighting<ApplicationLog>, ChainError> {
        let sighting = self.sight::<ApplicationLog>("getapplicationlog", hash, same_outcome).await?;
        match &sighting.found {
            Some(log) if log.txid != *hash => Err(ChainError::Disagreement("which transaction a log is of")),
            _ => Ok(sighting),
        }
    }

    /// The block a transaction is in.
    ///
    /// # Errors
    /// No answer, or answers that differ.
    pub async fn transaction_height(&self, hash: &TxHash) -> Result<Sighting<u32>, ChainError> {
        self.sight("gettransactionheight", hash, |a, b| a == b).await
    }

    /// The bytes of a transaction in a pool or a block.
    ///
    /// # Errors
    /// No answer, answers that differ, or text that is not base64.
    pub async fn raw_transaction(&self, hash: &TxHash) -> Result<Sighting<Vec<u8>>, ChainError> {
        let Sighting { found, complete } = self.sight::<String>("getrawtransaction", hash, |a, b| a == b).await?;
        let found = found.map(|text| STANDARD.decode(text)).transpose();
        let found = found.map_err(|_| ChainError::Disagreement("the form of a transaction"))?;
        Ok(Sighting { found, complete })
    }

    /// Sends a signed transaction to every node.
    pub async fn send(&self, signed: &Signed) -> Broadcast {
        let params = json!([STANDARD.encode(signed.bytes())]);
        let hash = signed.transaction.hash();
        let answers = self.each(|node| {
            let params = params.clone();
            async move { (node, node.call::<Relayed>("sendrawtransaction", params).await) }
        });
        let mut broadcast = Broadcast::default();
        for (node, answer) in answers.await {
            match answer {
                Ok(relayed) if relayed.hash == hash => broadcast.taken += 1,
                Ok(_) => {
                    let error = node.malformed("sendrawtransaction", "another transaction's hash".to_owned());
                    broadcast.refused.push((node.name().to_owned(), SendError::Unanswered(error)));
                }
                Err(error) => broadcast.refused.push((node.name().to_owned(), error.into())),
            }
        }
        broadcast
    }

    async fn each<'a, T, F: Future<Output = T> + 'a>(&'a self, ask: impl FnMut(&'a Node) -> F) -> Vec<T> {
        join_all(self.nodes.iter().map(ask)).await
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

    async fn sight<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        hash: &TxHash,
        same: fn(&T, &T) -> bool,
    ) -> Result<Sighting<T>, ChainError> {
        let (mut values, errors) = self.ask::<T>(method, json!([hash.to_string()])).await;
        let is_absence = |e: &RpcError| matches!(e.code(), Some(UNKNOWN_TRANSACTION | UNKNOWN_CONTAINER));
        let (absent, failed): (Vec<_>, Vec<_>) = errors.into_iter().partition(is_absence);
        let complete = failed.is_empty();
        let Some(first) = values.pop() else {
            return match absent.is_empty() {
                true => Err(ChainError::Unanswered(failed)),
                false => Ok(Sighting { found: None, complete }),
            };
        };
        if !absent.is_empty() || values.iter().any(|other| !same(other, &first)) {
            return Err(ChainError::Disagreement("a transaction"));
        }
        Ok(Sighting { found: Some(first), complete })
    }
}

/// Whether two logs say the same; the words of an exception differ between kinds of nodes.
fn same_outcome(one: &ApplicationLog, other: &ApplicationLog) -> bool {
    let outcome = |log: &ApplicationLog| {
        log.executions.iter().map(|e| (e.trigger.clone(), e.state, e.notifications.clone())).collect::<Vec<_>>()
    };
    one.txid == other.txid && outcome(one) == outcome(other)
}
