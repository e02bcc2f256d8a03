//! What nodes say to a transaction that is sent to them.

use super::node::RpcError;

/// One node's refusal of a transaction. Codes: Neo's JSON-RPC error list (-500 to -512).
///
/// No refusal alone means that a transaction will never land: it may be in another node's pool.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// -501: it landed.
    #[error("it is on the chain already")]
    AlreadyOnChain,
    /// -503: it waits for a block.
    #[error("it is in the pool already")]
    AlreadyInPool,
    /// -510: not valid at this height; also said of what landed long ago.
    #[error("its last block has passed or is too far ahead")]
    Expired,
    /// -511: the fees are above the balance.
    #[error("the account cannot pay the fees")]
    InsufficientFunds,
    /// -508: a signature by another key, for another network, or of other bytes.
    #[error("its signature is wrong")]
    BadSignature,
    /// -504: the network fee is too low.
    #[error("its network fee is too low")]
    FeeTooLow,
    /// -502: no room.
    #[error("the node's pool is full")]
    PoolFull,
    /// -507: an attribute that is wrong, such as a conflict with what landed.
    #[error("an attribute is wrong")]
    BadAttribute,
    /// Any other code of the node.
    #[error("refused: {message} ({code})")]
    Other {
        /// Neo's code.
        code: i64,
        /// The node's words, cleaned and cut.
        message: String,
    },
    /// No answer, or none that can be read: it may have been taken.
    #[error(transparent)]
    Unanswered(RpcError),
}

impl From<RpcError> for SendError {
    fn from(error: RpcError) -> SendError {
        let RpcError::Refused { code, message, .. } = error else { return SendError::Unanswered(error) };
        match code {
            -501 => SendError::AlreadyOnChain,
            -502 => SendError::PoolFull,
            -503 => SendError::AlreadyInPool,
            -504 => SendError::FeeTooLow,
            -507 => SendError::BadAttribute,
            -508 => SendError::BadSignature,
            -510 => SendError::Expired,
            -511 => SendError::InsufficientFunds,
            code => SendError::Other { code, message },
        }
    }
}

/// What all nodes said.
#[derive(Debug, Default)]
pub struct Broadcast {
    /// How many took it now.
    pub taken: usize,
    /// The others, each with the node's name.
    pub refused: Vec<(String, SendError)>,
}

impl Broadcast {
    /// Whether at least one node has it, in its pool or on its chain.
    pub fn is_known(&self) -> bool {
        let has = |e: &SendError| matches!(e, SendError::AlreadyInPool | SendError::AlreadyOnChain);
        self.taken > 0 || self.refused.iter().any(|(_, error)| has(error))
    }

    /// The refusals in a line, for a warning.
    pub fn complaint(&self) -> Option<String> {
        let lines: Vec<String> = self.refused.iter().map(|(node, error)| format!("{node}: {error}")).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }
}
