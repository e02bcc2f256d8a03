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
use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
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

fn read_fee(reader: &mut Reader<'_>) -> Result<Datoshi, DecodeError> {
    u64::try_from(reader.i64()?).ok().and_then(Datoshi::new).ok_or(DecodeError::Fee)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A transfer as neo-go 0.120 made, signed and stored it.
    const NODE_S: &str = "AFtwuQ+0P5gAAAAAADTmEgAAAAAABAAAAAHpp9CpVf1dDIQDKHGly1hlDTu/4QEAXwsDAOh2SBcAAAAMFFOkbXeYFZcCG6WP7Z7Sr+\
        V22M8sDBTpp9CpVf1dDIQDKHGly1hlDTu/4RTAHwwIdHJhbnNmZXIMFM924ovQBixKR47jVWEBExnzz6TSQWJ9W1I5AUIMQGxcY+KzOv1FdoAIm6crlU\
        m/SKfLqpgiNJ7W45eYQL8Tj1hzW45LCC6ZiOuvtAQKUgLfoHwPp2t51jjwl/YWshcqEQwhA048vwyemmgOeAluJ45Izz5k0QES4/31hflDIFBXPwXZEU\
        Ge0Nw6";

    #[test]
    fn a_node_s_transaction_is_read_written_and_hashed_alike() {
        let bytes = STANDARD.decode(NODE_S).unwrap();
        let signed = Signed::decode(&bytes).unwrap();
        assert_eq!(signed.bytes(), bytes);
        let hash = "0x246b848ee147a6d3db5ba785d6db25f26c972bca03aea2f2acb0a2eea59e1228";
        assert_eq!(signed.transaction.hash().to_string(), hash);
        let transaction = &signed.transaction;
        assert_eq!((transaction.system_fee.datoshi(), transaction.network_fee.datoshi()), (9_977_780, 1_238_580));
        assert_eq!(transaction.sender().unwrap().address(), "NhDRfSzHBEZswADARouQ6Tc2jhzN5DKsAv");
        assert_eq!(signed.witnesses[0].public_key(), None, "it is an account of several keys");
    }

    fn any_transaction() -> impl Strategy<Value = Signed> {
        let fees = (0..=i64::MAX as u64 / 2, 0..=i64::MAX as u64 / 2);
        let contracts = vec(any::<[u8; 20]>().prop_map(Hash160), 0..=16);
        let scope = prop_oneof![
            Just(Scope::None),
            Just(Scope::CalledByEntry),
            Just(Scope::Global),
            (any::<bool>(), contracts).prop_map(|(entry, allowed)| Scope::Contracts { entry, allowed }),
        ];
        let conflicts = vec(any::<[u8; 32]>().prop_map(|hash| Attribute::Conflicts(TxHash(hash))), 0..=15);
        let scripts = (vec(any::<u8>(), 1..400), vec(any::<u8>(), 0..=1024), vec(any::<u8>(), 0..=1024));
        (any::<(u32, u32)>(), fees, any::<[u8; 20]>(), scope, conflicts, scripts).prop_map(
            |((nonce, valid_until_block), (system, network), account, scope, attributes, scripts)| Signed {
                transaction: Transaction {
                    nonce,
                    system_fee: Datoshi::new(system).unwrap(),
                    network_fee: Datoshi::new(network).unwrap(),
                    valid_until_block,
                    signers: vec![Signer { account: Hash160(account), scope }],
                    attributes,
                    script: scripts.0,
                },
                witnesses: vec![Witness { invocation: scripts.1, verification: scripts.2 }],
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_in_one_form_only(signed in any_transaction(), at: usize, bit in 0u8..8) {
            let bytes = signed.bytes();
            prop_assert_eq!(&Signed::decode(&bytes).unwrap(), &signed);
            prop_assert_eq!(&Transaction::decode_unsigned(&signed.transaction.unsigned_bytes()).unwrap(), &signed.transaction);
            let mut changed = bytes.clone();
            let at = at % changed.len();
            changed[at] ^= 1 << bit;
            // Other bytes are another transaction, or none: never the same one spelt differently.
            if let Ok(other) = Signed::decode(&changed) {
                prop_assert_eq!(other.bytes(), changed);
            }
            prop_assert!(Signed::decode(&bytes[..at]).is_err());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..300)) {
            let _ = (Signed::decode(&bytes), Transaction::decode_unsigned(&bytes));
        }
    }
}
