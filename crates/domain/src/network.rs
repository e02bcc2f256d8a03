//! Neo networks and their ledgers' explorers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{hash::TxHash, units::quoted};

/// Magic of Neo N3 mainnet.
pub const MAINNET: u32 = 860_833_102;
/// Magic of Neo N3 testnet T5.
pub const TESTNET: u32 = 894_710_606;
/// Magic of the sandbox's chain: a private net that no other node speaks.
pub const SANDBOX: u32 = 7_335_426;

/// A Neo network by its magic: the number that every signature covers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(pub u32);

/// Why a text is no network.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("{0} is not a network: write mainnet, testnet, or a private network's magic number")]
pub struct NetworkError(String);

impl Network {
    /// Whether real money moves here.
    pub fn is_mainnet(self) -> bool {
        self.0 == MAINNET
    }

    /// Whether this is the embedded chain.
    pub fn is_sandbox(self) -> bool {
        self.0 == SANDBOX
    }

    /// As a sentence names it: `mainnet`, `testnet`, or a private network by its magic.
    pub fn named(self) -> String {
        match self.0 {
            MAINNET | TESTNET | SANDBOX => self.to_string(),
            magic => format!("network {magic}"),
        }
    }

    /// Dora's page of a transaction, where the network has a public explorer.
    pub fn explorer_url(self, hash: &TxHash) -> Option<String> {
        let name = match self.0 {
            MAINNET => "mainnet",
            TESTNET => "testnet",
            _ => return None,
        };
        Some(format!("https://dora.coz.io/transaction/neo3/{name}/{hash}"))
    }
}

impl FromStr for Network {
    type Err = NetworkError;
    fn from_str(text: &str) -> Result<Network, NetworkError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "mainnet" => Ok(Network(MAINNET)),
            "testnet" | "t5" => Ok(Network(TESTNET)),
            "sandbox" => Ok(Network(SANDBOX)),
            digits => digits.parse().map(Network).map_err(|_| NetworkError(quoted(text))),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;
    fn try_from(text: String) -> Result<Network, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            MAINNET => f.write_str("mainnet"),
            TESTNET => f.write_str("testnet"),
            SANDBOX => f.write_str("sandbox"),
            magic => write!(f, "{magic}"),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
