//! The errors of the sandbox's JSON-RPC: Neo's codes and messages.

use serde_json::{Value, json};

/// Why a request or a transaction is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("{message} ({code}) {}", data.as_deref().unwrap_or_default())]
pub struct Refusal {
    /// Neo's code.
    pub code: i64,
    /// Neo's message for the code.
    pub message: &'static str,
    /// What is wrong in this case.
    pub data: Option<String>,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)*) => {
        impl Refusal {
            $($(#[$doc])*
            pub fn $name(data: impl Into<String>) -> Refusal {
                Refusal { code: $code, message: $message, data: Some(data.into()).filter(|text| !text.is_empty()) }
            })*
        }
    };
}

refusals! {
    /// The body is no JSON.
    parse = -32700, "Parse error";
    /// The JSON is no request.
    request = -32600, "Invalid request";
    /// No such method.
    method = -32601, "Method not found";
    /// Wrong parameters.
    params = -32602, "Invalid params";
    /// The sandbox itself failed.
    internal = -32603, "Internal error";
    /// No such contract.
    unknown_contract = -102, "Unknown contract";
    /// No such transaction.
    unknown_transaction = -103, "Unknown transaction";
    /// Nothing of that hash landed.
    unknown_container = -105, "Unknown script container";
    /// Refused for a reason without a code of its own.
    verification = -500, "Unclassified inventory verification error";
    /// It landed already.
    already_exists = -501, "Inventory already exists on chain";
    /// It waits in the pool already.
    already_in_pool = -503, "Transaction already exists in the memory pool";
    /// The network fee is too low.
    network_fee = -504, "Insufficient network fee";
    /// A rule of the policy.
    policy = -505, "One of the Policy filters failed";
    /// The script is not made of instructions.
    script = -506, "Invalid script";
    /// An attribute is wrong.
    attribute = -507, "Invalid transaction attribute";
    /// A signature is wrong.
    signature = -508, "Invalid signature";
    /// Too large.
    size = -509, "Invalid transaction size";
    /// Not valid at this height.
    expired = -510, "Expired transaction";
    /// The fees are above the balance.
    funds = -511, "Insufficient funds for fee";
}

impl Refusal {
    /// As JSON-RPC prints it.
    pub fn json(&self) -> Value {
        match &self.data {
            Some(data) => json!({"code": self.code, "message": self.message, "data": data}),
            None => json!({"code": self.code, "message": self.message}),
        }
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Refusal {
        Refusal::internal(error.to_string())
    }
}
