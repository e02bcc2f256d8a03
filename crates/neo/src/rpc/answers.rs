//! What nodes answer, as types: a missing field or a wrong type is an error, never a default.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
};

/// What `getversion` says of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// The chain's rules.
    pub protocol: Protocol,
}

/// The chain's rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Protocol {
    /// The network's magic. It has no default: a node that does not state it is not trusted with a signature.
    pub network: u32,
    /// From block to block, milliseconds.
    #[serde(rename = "msperblock")]
    pub ms_per_block: u32,
    /// A transaction's last block may be at most this far ahead.
    #[serde(rename = "maxvaliduntilblockincrement")]
    pub max_valid_until_block_increment: u32,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum VmState {
    /// To its end.
    #[serde(rename = "HALT")]
    Halt,
    /// With an exception: nothing happened but for the fees.
    #[serde(rename = "FAULT")]
    Fault,
}

/// What `invokescript` and `invokefunction` say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Invocation {
    /// How it ended.
    pub state: VmState,
    /// What it would burn as system fee.
    #[serde(rename = "gasconsumed")]
    pub gas_consumed: Datoshi,
    /// Why it faulted.
    pub exception: Option<String>,
    /// What it left, top first.
    pub stack: Vec<Item>,
}

impl Invocation {
    /// The one integer that a HALT left.
    pub fn integer(&self) -> Option<Datoshi> {
        match (self.state, self.stack.as_slice()) {
            (VmState::Halt, [Item::Integer(text)]) => Datoshi::parse_datoshi(text).ok(),
            _ => None,
        }
    }
}

/// What `calculatenetworkfee` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NetworkFee {
    /// Datoshi, as a string.
    #[serde(rename = "networkfee")]
    pub network_fee: Datoshi,
}

/// What `sendrawtransaction` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Relayed {
    /// The transaction's id.
    pub hash: TxHash,
}

/// What `getapplicationlog` says of a transaction that landed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApplicationLog {
    /// The transaction.
    pub txid: TxHash,
    /// One, for a transaction.
    pub executions: Vec<Execution>,
}

/// One execution of a script.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Execution {
    /// `Application` for a transaction's own script.
    pub trigger: String,
    /// How it ended.
    #[serde(rename = "vmstate")]
    pub state: VmState,
    /// Burnt for execution.
    #[serde(rename = "gasconsumed")]
    pub gas_consumed: Datoshi,
    /// Why it faulted.
    pub exception: Option<String>,
    /// What contracts made known.
    pub notifications: Vec<Notification>,
}

/// What a contract made known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Notification {
    /// The contract.
    pub contract: Hash160,
    /// Its event's name.
    #[serde(rename = "eventname")]
    pub event: String,
    /// Its event's values.
    pub state: Item,
}

/// A value of Neo's virtual machine, as far as payments need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Nothing: the `from` of newly made coins, the `to` of burnt ones.
    Null,
    /// A whole number, as its decimal text.
    Integer(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A row of values.
    Array(Vec<Item>),
    /// Anything else.
    Other,
}

impl Item {
    /// The 20 bytes of an account.
    pub fn account(&self) -> Option<Hash160> {
        match self {
            Item::Bytes(bytes) => bytes.as_slice().try_into().ok().map(Hash160),
            _ => None,
        }
    }

    fn read(value: &Value, depth: u8) -> Result<Item, String> {
        let kind = value.get("type").and_then(Value::as_str).ok_or("a stack item without a type")?;
        let text = || value.get("value").and_then(Value::as_str).ok_or_else(|| format!("{kind} without its text"));
        Ok(match kind {
            "Any" => Item::Null,
            "Integer" => Item::Integer(text()?.to_owned()),
            "ByteString" | "Buffer" => Item::Bytes(STANDARD.decode(text()?).map_err(|e| e.to_string())?),
            "Array" | "Struct" if depth > 0 => {
                let values = value.get("value").and_then(Value::as_array).ok_or("an array without its values")?;
                Item::Array(values.iter().map(|v| Item::read(v, depth - 1)).collect::<Result<_, _>>()?)
            }
            _ => Item::Other,
        })
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Item, D::Error> {
        Item::read(&Value::deserialize(deserializer)?, 2).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// As neo-go 0.120 printed it.
    const LOG: &str = r#"{"txid":"0x246b848ee147a6d3db5ba785d6db25f26c972bca03aea2f2acb0a2eea59e1228","executions":[{
        "trigger":"Application","vmstate":"HALT","gasconsumed":"9977780","stack":[],"notifications":[{"contract":
        "0xd2a4cff31913016155e38e474a2c06d08be276cf","eventname":"Transfer","state":{"type":"Array","value":[
        {"type":"ByteString","value":"6afQqVX9XQyEAyhxpctYZQ07v+E="},{"type":"Any"},
        {"type":"Integer","value":"100000000000"}]}}],"exception":null,"invocations":null}]}"#;

    #[test]
    fn a_node_s_log_is_read() {
        let log: ApplicationLog = serde_json::from_str(LOG).unwrap();
        let execution = &log.executions[0];
        assert_eq!((execution.state, execution.gas_consumed.datoshi()), (VmState::Halt, 9_977_780));
        let Item::Array(values) = &execution.notifications[0].state else { panic!("no array") };
        assert_eq!(values[0].account().unwrap().address(), "NhDRfSzHBEZswADARouQ6Tc2jhzN5DKsAv");
        assert_eq!(values[1..], [Item::Null, Item::Integer("100000000000".to_owned())]);
    }

    #[test]
    fn missing_and_wrong_fields_are_errors() {
        for (from, to) in [
            ("\"vmstate\":\"HALT\",", ""),
            ("\"HALT\"", "\"BREAK\""),
            ("\"9977780\"", "9977780"),
            ("\"9977780\"", "\"-1\""),
            ("6afQqVX9XQyEAyhxpctYZQ07v+E=", "!"),
            ("\"type\":\"Any\"", "\"kind\":\"Any\""),
        ] {
            let changed = LOG.replace(from, to);
            assert_ne!(changed, LOG);
            assert!(serde_json::from_str::<ApplicationLog>(&changed).is_err(), "{from} -> {to}");
        }
        let silent = r#"{"protocol":{"msperblock":15000,"maxvaliduntilblockincrement":5760}}"#;
        assert!(serde_json::from_str::<Version>(silent).is_err(), "the magic has no default");
    }
}
