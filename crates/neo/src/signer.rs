//! Who signs a transaction and for what, and what it says beside its script.

use super::{
    transaction::DecodeError,
    wire::{self, Reader},
};
use domain::hash::{Hash160, TxHash};

/// The most contracts that one signer's scope may name.
const MAX_SUBITEMS: usize = 16;

/// What a signer's witness may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Fees only.
    None,
    /// Fees, and contracts called by the entry script itself: the one we use.
    CalledByEntry,
    /// Everything.
    Global,
    /// These contracts, and those called by the entry script when `entry` is set.
    Contracts {
        /// Whether `CalledByEntry` is set as well.
        entry: bool,
        /// The contracts.
        allowed: Vec<Hash160>,
    },
}

/// Who signs, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The account.
    pub account: Hash160,
    /// What its witness may be used for.
    pub scope: Scope,
}

/// What a transaction says beside its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// 0x01: for the committee only.
    HighPriority,
    /// 0x20: not in a block below this height.
    NotValidBefore(u32),
    /// 0x21: never in the same chain as this transaction.
    Conflicts(TxHash),
}

impl Scope {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Scope::None => out.push(0x00),
            Scope::CalledByEntry => out.push(0x01),
            Scope::Global => out.push(0x80),
            Scope::Contracts { entry, allowed } => {
                out.push(0x10 | u8::from(*entry));
                wire::write_count(out, allowed.len());
                allowed.iter().for_each(|contract| out.extend(contract.0));
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Scope, DecodeError> {
        Ok(match reader.byte()? {
            0x00 => Scope::None,
            0x01 => Scope::CalledByEntry,
            0x80 => Scope::Global,
            scope @ (0x10 | 0x11) => {
                let count = reader.count("the number of allowed contracts", MAX_SUBITEMS)?;
                let allowed = (0..count).map(|_| reader.array().map(Hash160)).collect::<Result<_, _>>()?;
                Scope::Contracts { entry: scope == 0x11, allowed }
            }
            other => return Err(DecodeError::Scope(other)),
        })
    }
}

impl Attribute {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Attribute::HighPriority => out.push(0x01),
            Attribute::NotValidBefore(height) => {
                out.push(0x20);
                out.extend(height.to_le_bytes());
            }
            Attribute::Conflicts(hash) => {
                out.push(0x21);
                out.extend(hash.0);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Attribute, DecodeError> {
        Ok(match reader.byte()? {
            0x01 => Attribute::HighPriority,
            0x20 => Attribute::NotValidBefore(reader.u32()?),
            0x21 => Attribute::Conflicts(TxHash(reader.array()?)),
            other => return Err(DecodeError::Attribute(other)),
        })
    }
}
