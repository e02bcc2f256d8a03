//! What is asked of a chain, and which of several answers is believed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    BlockCounts, Chain, ChainError, Sighting,
    answers::{ApplicationLog, Invocation, NetworkFee, Relayed, Version, VmState},
    broadcast::{Broadcast, SendError},
    node::clean,
};
use crate::{
    GAS_CONTRACT, POLICY_CONTRACT,
    transaction::{Scope, Signed, Signer},
};
use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};

/// The type of the Conflicts attribute.
const CONFLICTS: u8 = 0x21;

impl Chain {
    /// The chain's rules, after every node that answers, and at least a quorum, has stated the pinned network. To be called
    /// before signing.
    ///
    /// # Errors
    /// A node of another network, or too few answers.
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
        let mut versions = self.quorate("getversion", (versions, errors))?;
        // The slowest clock and the nearest limit keep a payment's life short.
        let slowest = versions.iter().map(|v| v.protocol.ms_per_block).max();
        let nearest = versions.iter().map(|v| v.protocol.max_valid_until_block_increment).min();
        match (versions.pop(), slowest, nearest) {
            (Some(mut version), Some(slowest), Some(nearest)) => {
                version.protocol.ms_per_block = slowest;
                version.protocol.max_valid_until_block_increment = nearest;
                Ok(version)
            }
            _ => Err(ChainError::Unanswered(Vec::new())),
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
    /// Too few answers.
    pub async fn block_count(&self) -> Result<u32, ChainError> {
        let counts = self.quorate("getblockcount", self.ask::<u32>("getblockcount", json!([])).await)?;
        counts.into_iter().min().ok_or(ChainError::Unanswered(Vec::new()))
    }

    /// An account's GAS, by the node that says the least.
    ///
    /// # Errors
    /// Too few answers.
    pub async fn balance(&self, account: Hash160) -> Result<Datoshi, ChainError> {
        let argument = json!({"type": "Hash160", "value": account.to_string()});
        self.integer_of(GAS_CONTRACT, "balanceOf", argument, |values| values.min()).await
    }

    /// What one Conflicts attribute adds to the network fee, by the node that asks the most.
    ///
    /// # Errors
    /// Too few answers.
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
        choose(self.quorate("invokefunction", (values, errors))?.into_iter()).ok_or(ChainError::Unanswered(Vec::new()))
    }

    /// Runs a script without effect, as if `signer` had signed it: what it would burn, by the node that asks the most.
    ///
    /// # Errors
    /// Too few answers, or a FAULT on any node.
    pub async fn invoke_script(&self, script: &[u8], signer: &Signer) -> Result<Datoshi, ChainError> {
        let scope = match &signer.scope {
            Scope::None => "None",
            Scope::Global => "Global",
            Scope::CalledByEntry | Scope::Contracts { .. } => "CalledByEntry",
        };
        let signers = json!([{"account": signer.account.to_string(), "scopes": scope}]);
        let asked = self.ask::<Invocation>("invokescript", json!([STANDARD.encode(script), signers])).await;
        let answers = self.quorate("invokescript", asked)?;
        if let Some(fault) = answers.iter().find(|answer| answer.state == VmState::Fault) {
            return Err(ChainError::Fault(clean(fault.exception.as_deref().unwrap_or("no reason given"))));
        }
        answers.iter().map(|answer| answer.gas_consumed).max().ok_or(ChainError::Unanswered(Vec::new()))
    }

    /// The network fee of a transaction whose witnesses have their verification scripts, by the node that asks the most.
    ///
    /// # Errors
    /// Too few answers.
    pub async fn network_fee(&self, signed: &Signed) -> Result<Datoshi, ChainError> {
        let params = json!([STANDARD.encode(signed.bytes())]);
        let answers =
            self.quorate("calculatenetworkfee", self.ask::<NetworkFee>("calculatenetworkfee", params).await)?;
        answers.iter().map(|answer| answer.network_fee).max().ok_or(ChainError::Unanswered(Vec::new()))
    }

    /// The application log of a transaction that landed; `None` found while it has not.
    ///
    /// # Errors
    /// Too few answers, or answers that differ.
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
    /// Too few answers, or answers that differ.
    pub async fn transaction_height(&self, hash: &TxHash) -> Result<Sighting<u32>, ChainError> {
        self.sight("gettransactionheight", hash, |a, b| a == b).await
    }

    /// The bytes of a transaction in a pool or a block.
    ///
    /// # Errors
    /// Too few answers, answers that differ, or text that is not base64.
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
}

/// Whether two logs say the same; the words of an exception differ between kinds of nodes.
fn same_outcome(one: &ApplicationLog, other: &ApplicationLog) -> bool {
    let outcome = |log: &ApplicationLog| {
        log.executions.iter().map(|e| (e.trigger.clone(), e.state, e.notifications.clone())).collect::<Vec<_>>()
    };
    one.txid == other.txid && outcome(one) == outcome(other)
}
