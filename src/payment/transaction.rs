//! A Neo N3 transaction: encoded, decoded with every limit, hashed.
//!
//! Layout and limits: Neo N3's `Transaction` (version 0). The hash is one SHA-256 of the unsigned bytes, so it is known
//! before the transaction is signed; the signature covers the network's magic and that hash.

use sha2::{Digest as _, Sha256};

pub use super::signer::{Attribute, Scope, Signer};
use super::{
    wire::{self, Reader, WireError},
    witness::Witness,
};
use crate::domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};

/// The largest transaction, bytes.
pub const MAX_SIZE: usize = 102_400;
/// Signers and attributes together are at most this many.
pub const MAX_ATTRIBUTES: usize = 16;
/// The longest script, bytes.
const MAX_SCRIPT: usize = 0xffff;

/// A transaction without its witnesses. The first signer is the sender, who pays the fees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Makes two otherwise equal transactions differ.
    pub nonce: u32,
    /// Burnt for execution.
    pub system_fee: Datoshi,
    /// Burnt for inclusion.
    pub network_fee: Datoshi,
    /// The last block it may be in.
    pub valid_until_block: u32,
    /// From one to sixteen.
    pub signers: Vec<Signer>,
    /// Signers and attributes together are at most sixteen.
    pub attributes: Vec<Attribute>,
    /// What is executed.
    pub script: Vec<u8>,
}

/// A transaction with its witnesses, one a signer in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub transaction: Transaction,
    /// The witnesses.
    pub witnesses: Vec<Witness>,
}

/// Why bytes are no transaction.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum DecodeError {
    /// Not the form.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Not version 0.
    #[error("transactions of version {0} are unknown")]
    Version(u8),
    /// A fee below zero, or a sum of fees beyond any amount.
    #[error("the fees are no amounts")]
    Fee,
    /// Nobody signs.
    #[error("the transaction has no signer")]
    NoSigner,
    /// One account signs twice.
    #[error("a signer is named twice")]
    RepeatedSigner,
    /// A scope this program does not read.
    #[error("the witness scope {0:#04x} is not supported")]
    Scope(u8),
    /// An attribute this program does not read.
    #[error("the attribute {0:#04x} is not supported")]
    Attribute(u8),
    /// An attribute that may stand once stands twice.
    #[error("the attribute {0:#04x} stands twice")]
    RepeatedAttribute(u8),
    /// Nothing is executed.
    #[error("the script is empty")]
    NoScript,
    /// Not one witness a signer.
    #[error("{signers} signers, but {witnesses} witnesses")]
    Witnesses {
        /// Signers.
        signers: usize,
        /// Witnesses.
        witnesses: usize,
    },
}

impl Transaction {
    /// The bytes that are hashed, and whose hash is signed.
    pub fn unsigned_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160 + self.script.len());
        out.push(0); // version
        out.extend(self.nonce.to_le_bytes());
        out.extend(self.system_fee.as_i64().to_le_bytes());
        out.extend(self.network_fee.as_i64().to_le_bytes());
        out.extend(self.valid_until_block.to_le_bytes());
        wire::write_count(&mut out, self.signers.len());
        for signer in &self.signers {
            out.extend(signer.account.0);
            signer.scope.write(&mut out);
        }
        wire::write_count(&mut out, self.attributes.len());
        self.attributes.iter().for_each(|attribute| attribute.write(&mut out));
        wire::write_bytes(&mut out, &self.script);
        out
    }

    /// The transaction's id: one SHA-256 of the unsigned bytes.
    pub fn hash(&self) -> TxHash {
        hash_of(&self.unsigned_bytes())
    }

    /// The account that pays the fees.
    pub fn sender(&self) -> Option<Hash160> {
        self.signers.first().map(|signer| signer.account)
    }

    /// The transactions this one names in Conflicts attributes.
    pub fn conflicts(&self) -> impl Iterator<Item = TxHash> {
        self.attributes.iter().filter_map(|attribute| match attribute {
            Attribute::Conflicts(hash) => Some(*hash),
            _ => None,
        })
    }

    /// Reads unsigned bytes, all of them.
    ///
    /// # Errors
    /// Anything that is not exactly one transaction within every limit, in the shortest form.
    pub fn decode_unsigned(bytes: &[u8]) -> Result<Transaction, DecodeError> {
        let mut reader = Reader::new(bytes);
        let transaction = Transaction::read(&mut reader)?;
        reader.end()?;
        Ok(transaction)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Transaction, DecodeError> {
        match reader.byte()? {
            0 => {}
            version => return Err(DecodeError::Version(version)),
        }
        let nonce = reader.u32()?;
        let (system_fee, network_fee) = (read_fee(reader)?, read_fee(reader)?);
        system_fee.checked_add(network_fee).ok_or(DecodeError::Fee)?;
        let valid_until_block = reader.u32()?;
        let count = reader.count("the number of signers", MAX_ATTRIBUTES)?;
        let mut signers: Vec<Signer> = Vec::with_capacity(count);
        for _ in 0..count {
            let account = Hash160(reader.array()?);
            if signers.iter().any(|signer| signer.account == account) {
                return Err(DecodeError::RepeatedSigner);
            }
            signers.push(Signer { account, scope: Scope::read(reader)? });
        }
        if signers.is_empty() {
            return Err(DecodeError::NoSigner);
        }
        let count = reader.count("the number of attributes", MAX_ATTRIBUTES - signers.len())?;
        let attributes = (0..count).map(|_| Attribute::read(reader)).collect::<Result<Vec<_>, _>>()?;
        let once = |code, kind: fn(&Attribute) -> bool| match attributes.iter().filter(|a| kind(a)).count() {
            0 | 1 => Ok(()),
            _ => Err(DecodeError::RepeatedAttribute(code)),
        };
        once(0x01, |a| matches!(a, Attribute::HighPriority))?;
        once(0x20, |a| matches!(a, Attribute::NotValidBefore(_)))?;
        let script = reader.bytes("the script's length", MAX_SCRIPT)?.to_vec();
        if script.is_empty() {
            return Err(DecodeError::NoScript);
        }
        Ok(Transaction { nonce, system_fee, network_fee, valid_until_block, signers, attributes, script })
    }
}

impl Signed {
    /// The bytes that are broadcast.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.transaction.unsigned_bytes();
        wire::write_count(&mut out, self.witnesses.len());
        for witness in &self.witnesses {
            wire::write_bytes(&mut out, &witness.invocation);
            wire::write_bytes(&mut out, &witness.verification);
        }
        out
    }

    /// Reads the bytes of a signed transaction, all of them.
    ///
    /// # Errors
    /// Anything that is not exactly one transaction within every limit, in the shortest form.
    pub fn decode(bytes: &[u8]) -> Result<Signed, DecodeError> {
        if bytes.len() > MAX_SIZE {
            let (got, limit) = (bytes.len() as u64, MAX_SIZE as u64);
            return Err(WireError::Large { what: "the transaction's size", got, limit }.into());
        }
        let mut reader = Reader::new(bytes);
        let transaction = Transaction::read(&mut reader)?;
        let count = reader.count("the number of witnesses", MAX_ATTRIBUTES)?;
        if count != transaction.signers.len() {
            return Err(DecodeError::Witnesses { signers: transaction.signers.len(), witnesses: count });
        }
        let mut witnesses = Vec::with_capacity(count);
        for _ in 0..count {
            let invocation = reader.bytes("an invocation script's length", Witness::MAX_SCRIPT)?.to_vec();
            let verification = reader.bytes("a verification script's length", Witness::MAX_SCRIPT)?.to_vec();
            witnesses.push(Witness { invocation, verification });
        }
        reader.end()?;
        Ok(Signed { transaction, witnesses })
    }
}

/// The id of the transaction with these unsigned bytes.
pub fn hash_of(unsigned: &[u8]) -> TxHash {
    TxHash(Sha256::digest(unsigned).into())
}

/// What a signature covers: the network's magic, four bytes little-endian, then the transaction's hash.
pub fn sign_data(network: Network, hash: &TxHash) -> [u8; 36] {
    let mut data = [0; 36];
    let (magic, rest) = data.split_at_mut(4);
    magic.copy_from_slice(&network.0.to_le_bytes());
    rest.copy_from_slice(&hash.0);
    data
}

fn read_fee(reader: &mut Reader<'_>) -> Result<Datoshi, DecodeError> {
    u64::try_from(reader.i64()?).ok().and_then(Datoshi::new).ok_or(DecodeError::Fee)
}
