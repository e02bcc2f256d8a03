//! Hashes and addresses, each in one byte order of ours.

use std::{borrow::Cow, fmt, io, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::units::quoted;

/// Why a text is no hash.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("expected {expected} hexadecimal digits")]
pub struct HashError {
    /// How many hexadecimal digits the text should have, after an optional `0x`.
    pub expected: usize,
}

fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], HashError> {
    let mut bytes = [0; N];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| HashError { expected: N * 2 })?;
    Ok(bytes)
}

fn reversed<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes.reverse();
    bytes
}

/// A Neo script hash: 20 bytes in wire order (little-endian, as scripts and transactions carry it).
///
/// Shown as Neo shows it: `0x` and the reversed bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash160(pub [u8; 20]);

/// A Neo transaction id: 32 bytes in wire order, shown as `0x` and the reversed bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TxHash(pub [u8; 32]);

/// The SHA-256 of some content, shown in plain hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl JsonSchema for Sha256 {
    fn schema_name() -> Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "A SHA-256 in hexadecimal."})
    }
}

impl Sha256 {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Sha256 {
        use sha2::Digest as _;
        Sha256(sha2::Sha256::digest(bytes).into())
    }
}

/// What is written, hashed as it passes.
#[derive(Debug)]
pub struct Hashed<W> {
    out: W,
    digest: sha2::Sha256,
    bytes: u64,
}

impl<W> Hashed<W> {
    /// Passes on to `out`.
    pub fn new(out: W) -> Hashed<W> {
        Hashed { out, digest: sha2::Sha256::default(), bytes: 0 }
    }

    /// Where it went, how many bytes passed, and their digest.
    pub fn finish(self) -> (W, u64, Sha256) {
        (self.out, self.bytes, Sha256(sha2::Digest::finalize(self.digest).into()))
    }
}

impl<W: io::Write> io::Write for Hashed<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let written = self.out.write(piece)?;
        sha2::Digest::update(&mut self.digest, piece.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// An address has 34 letters; nothing much longer is looked at, bytes.
const LONGEST_ADDRESS: usize = 64;

/// Neo N3's address version byte.
const ADDRESS_VERSION: u8 = 0x35;

/// The version byte of Neo Legacy, whose addresses begin with A.
const LEGACY_VERSION: u8 = 0x17;

/// Why a text is no Neo N3 address.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum AddressError {
    /// No address, or one with a slip in it.
    #[error("{0} is not a Neo N3 address: they are 34 characters, begin with N, and carry a checksum")]
    Form(String),
    /// Of the network before N3: nothing that is sent there on N3 can be spent.
    #[error("{0} is an address of Neo Legacy, not of Neo N3: ask for the one that begins with N")]
    Legacy(String),
}

impl Hash160 {
    /// The account's Neo N3 address: Base58Check of the version byte and the wire-order bytes.
    pub fn address(&self) -> String {
        bs58::encode(self.0).with_check_version(ADDRESS_VERSION).into_string()
    }

    /// Reads a Neo N3 address; its checksum and version must be right.
    ///
    /// # Errors
    /// Any text that is not exactly such an address.
    pub fn from_address(text: &str) -> Result<Hash160, AddressError> {
        // Base 58 is read in time that grows with the square of its length.
        if text.len() > LONGEST_ADDRESS {
            return Err(AddressError::Form(quoted(text)));
        }
        let wrong = || match bs58::decode(text).with_check(Some(LEGACY_VERSION)).into_vec() {
            Ok(_) => AddressError::Legacy(quoted(text)),
            Err(_) => AddressError::Form(quoted(text)),
        };
        let bytes = bs58::decode(text).with_check(Some(ADDRESS_VERSION)).into_vec().map_err(|_| wrong())?;
        bytes.get(1..).and_then(|b| b.try_into().ok()).map(Hash160).ok_or_else(wrong)
    }

    /// Reads an address or a `0x` script hash, as settings and models write recipients.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse_account(text: &str) -> Result<Hash160, AddressError> {
        let text = text.trim();
        if text.starts_with("0x") {
            text.parse().map_err(|_| AddressError::Form(quoted(text)))
        } else {
            Hash160::from_address(text)
        }
    }
}

impl FromStr for Hash160 {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        Ok(Hash160(reversed(from_hex(text)?)))
    }
}

impl FromStr for TxHash {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        Ok(TxHash(reversed(from_hex(text)?)))
    }
}

impl FromStr for Sha256 {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        Ok(Sha256(from_hex(text)?))
    }
}

impl fmt::Display for Hash160 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(reversed(self.0)))
    }
}

impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(reversed(self.0)))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Debug as Display, and text in JSON: one form everywhere.
macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
shown_as_text!(Hash160, TxHash, Sha256);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_their_checksum() {
        let user = Hash160::from_address("NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv").unwrap();
        assert_eq!(user.address(), "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv");
        assert_eq!(Hash160::parse_account(&user.to_string()).unwrap(), user);
        for bad in [
            "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAw",
            "ΝTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv",
            "",
            "0x12",
            "AK2nJJpJr6o664CWJKi1QRXjqeic2zRp8y",
        ] {
            assert!(Hash160::parse_account(bad).is_err(), "{bad}");
        }
        let legacy = Hash160::parse_account("AK2nJJpJr6o664CWJKi1QRXjqeic2zRp8y");
        assert!(matches!(legacy, Err(AddressError::Legacy(_))), "{legacy:?}");
    }

    #[test]
    fn the_gas_contract_is_shown_as_neo_shows_it() {
        let text = "0xd2a4cff31913016155e38e474a2c06d08be276cf";
        let hash: Hash160 = text.parse().unwrap();
        assert_eq!(hash.0[0], 0xcf, "wire order is the reverse of what is shown");
        assert_eq!(hash.to_string(), text);
        assert!("0xd2a4".parse::<Hash160>().is_err());
    }
}
