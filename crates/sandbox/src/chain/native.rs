//! The two native contracts that payments meet: GAS and the policy contract.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    item::Item,
    vm::{Host, Machine},
};
use domain::hash::Hash160;
use neo::{
    GAS_CONTRACT, POLICY_CONTRACT,
    fees::{EXEC_FEE_FACTOR, FEE_PER_BYTE, STORAGE_PRICE},
    transaction::{Scope, Signer},
};

/// System.Contract.Call.
const CONTRACT_CALL: [u8; 4] = [0x62, 0x7d, 0x5b, 0x52];
/// Every call flag: read states, write states, call, notify.
const ALL_FLAGS: i128 = 0x0f;
const READ_STATES: i128 = 0x01;

/// A contract's event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The contract.
    pub contract: Hash160,
    /// Its name.
    pub event: &'static str,
    /// Its values.
    pub values: Vec<Item>,
}

impl Notification {
    /// As application logs print it.
    pub fn json(&self) -> Value {
        let state = Item::Array(self.values.clone()).json();
        json!({"contract": self.contract.to_string(), "eventname": self.event, "state": state})
    }
}

/// The world of one script: who signed, who owns what, and what has happened so far.
pub struct World<'a> {
    signers: &'a [Signer],
    balance_of: &'a dyn Fn(Hash160) -> i64,
    /// Balances that the script changed.
    pub changed: BTreeMap<Hash160, i64>,
    /// Events, in order.
    pub notifications: Vec<Notification>,
}

impl<'a> World<'a> {
    /// A world before anything happened.
    pub fn new(signers: &'a [Signer], balance_of: &'a dyn Fn(Hash160) -> i64) -> World<'a> {
        World { signers, balance_of, changed: BTreeMap::new(), notifications: Vec::new() }
    }

    fn balance(&self, account: Hash160) -> i64 {
        self.changed.get(&account).copied().unwrap_or_else(|| (self.balance_of)(account))
    }

    /// Whether `account` consents to what the GAS contract does for the entry script.
    fn consents(&self, account: Hash160) -> bool {
        let signer = self.signers.iter().find(|signer| signer.account == account);
        signer.is_some_and(|signer| match &signer.scope {
            Scope::None => false,
            Scope::CalledByEntry | Scope::Global => true,
            Scope::Contracts { entry, allowed } => *entry || allowed.contains(&GAS_CONTRACT),
        })
    }

    fn transfer(&mut self, from: Hash160, to: Hash160, amount: i128) -> Result<bool, String> {
        if amount < 0 {
            return Err("negative amount".to_owned());
        }
        let held = self.balance(from);
        let Some(left) = i64::try_from(amount).ok().and_then(|amount| held.checked_sub(amount)).filter(|n| *n >= 0)
        else {
            return Ok(false);
        };
        if !self.consents(from) {
            return Ok(false);
        }
        if from != to && amount > 0 {
            let grown = i128::from(self.balance(to)) + amount;
            let grown = i64::try_from(grown).map_err(|_| "the sandbox has no more GAS than that")?;
            self.changed.insert(from, left);
            self.changed.insert(to, grown);
        }
        let values = vec![Item::Bytes(from.0.to_vec()), Item::Bytes(to.0.to_vec()), Item::Integer(amount)];
        self.notifications.push(Notification { contract: GAS_CONTRACT, event: "Transfer", values });
        Ok(true)
    }

    fn gas(&mut self, method: &str, arguments: &[Item]) -> Result<Item, String> {
        match (method, arguments) {
            ("balanceOf", [account]) => Ok(Item::Integer(i128::from(self.balance(account.to_account()?)))),
            ("transfer", [from, to, amount, _data]) => {
                let (from, to, amount) = (from.to_account()?, to.to_account()?, amount.to_integer()?);
                self.transfer(from, to, amount).map(Item::Bool)
            }
            ("symbol", []) => Ok(Item::Bytes(b"GAS".to_vec())),
            ("decimals", []) => Ok(Item::Integer(8)),
            _ => Err(unknown(method, arguments)),
        }
    }

    fn contract_call(&mut self, machine: &mut Machine) -> Result<(), String> {
        machine.charge_units(1 << 15)?;
        let bytes = machine.pop()?.to_bytes()?;
        let contract: [u8; 20] = bytes.as_slice().try_into().map_err(|_| "invalid contract hash")?;
        let contract = Hash160(contract);
        let method = String::from_utf8(machine.pop()?.to_bytes()?).map_err(|_| "invalid method name")?;
        let flags = machine.pop()?.to_integer()?;
        if flags & !ALL_FLAGS != 0 {
            return Err("System.Contract.Call failed: call flags out of range".to_owned());
        }
        let Item::Array(arguments) = machine.pop()? else { return Err("the arguments are no array".to_owned()) };
        let price = price(contract, &method, arguments.len())?;
        // A native contract's own script pushes its version, which costs one unit, and then calls itself.
        machine.charge_units(1)?;
        if flags & price.flags != price.flags {
            let (have, want) = (flags, price.flags);
            return Err(format!("missing call flags for native `{method}` operation call: {have:05b} vs {want:05b}"));
        }
        machine.charge(price.units * EXEC_FEE_FACTOR + price.storage * STORAGE_PRICE)?;
        let result =
            if contract == GAS_CONTRACT { self.gas(&method, &arguments)? } else { policy(&method, &arguments)? };
        machine.push(result);
        Ok(())
    }
}

impl Host for World<'_> {
    fn call(&mut self, id: [u8; 4], machine: &mut Machine) -> Result<(), String> {
        match id {
            CONTRACT_CALL => self.contract_call(machine),
            other => Err(format!("the sandbox does not have the system call {}", hex::encode(other))),
        }
    }
}

struct Price {
    units: u64,
    storage: u64,
    flags: i128,
}

/// What a native method costs and which flags it wants, by the manifests of Neo's native contracts.
fn price(contract: Hash160, method: &str, arguments: usize) -> Result<Price, String> {
    let read = Price { units: 1 << 15, storage: 0, flags: READ_STATES };
    match (contract, method, arguments) {
        (GAS_CONTRACT, "transfer", 4) => Ok(Price { units: 1 << 17, storage: 50, flags: ALL_FLAGS }),
        (GAS_CONTRACT, "balanceOf", 1) => Ok(read),
        (GAS_CONTRACT, "symbol" | "decimals", 0) => Ok(Price { units: 0, storage: 0, flags: 0 }),
        (POLICY_CONTRACT, "getAttributeFee", 1) => Ok(read),
        (POLICY_CONTRACT, "getFeePerByte" | "getExecFeeFactor" | "getStoragePrice", 0) => Ok(read),
        (GAS_CONTRACT | POLICY_CONTRACT, ..) => {
            Err(format!("the sandbox does not have the method {method}/{arguments}"))
        }
        _ => Err(format!("called contract {contract} not found: the sandbox has GAS and the policy contract only")),
    }
}

fn policy(method: &str, arguments: &[Item]) -> Result<Item, String> {
    let number = |value: u64| Ok(Item::Integer(i128::from(value)));
    match (method, arguments) {
        ("getAttributeFee", [kind]) => match kind.to_integer()? {
            0x01 | 0x11 | 0x20 | 0x21 => number(0),
            // NotaryAssisted: 0.1 GAS a key.
            0x22 => number(10_000_000),
            other => Err(format!("invalid attribute type: {other}")),
        },
        ("getFeePerByte", []) => number(FEE_PER_BYTE),
        ("getExecFeeFactor", []) => number(EXEC_FEE_FACTOR),
        ("getStoragePrice", []) => number(STORAGE_PRICE),
        _ => Err(unknown(method, arguments)),
    }
}

fn unknown(method: &str, arguments: &[Item]) -> String {
    format!("method not found: {method}/{}", arguments.len())
}
