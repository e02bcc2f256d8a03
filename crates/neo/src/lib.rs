//! Money on Neo N3: the only crate that knows `neo3`.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`wallet`] | one key pair, its account, and the one place that signs |
//! | [`keyfile`] | key files: opened and made with care |
//! | [`nep6`] | wallet files that a passphrase locks |
//! | [`script`] | the transfer script that is bound to its job: built, and recognised |
//! | [`signer`] | who signs, for what; Conflicts |
//! | [`transaction`] | a Neo N3 transaction: encoded, decoded, hashed |
//! | [`witness`] | single-key witnesses: made, and verified |
//! | [`rpc`] | JSON-RPC of one or several nodes, whose answers must agree |
//! | [`fees`] | what a transfer burns, by Neo's price list |
//! | [`paid`] | the rule of what counts as paid, for the payer and for the provider |
//!
//! Amounts are whole datoshi; hashes are in wire order; heights are block indices from 0.

pub mod fees;
pub mod keyfile;
pub mod nep6;
pub mod paid;
pub mod rpc;
pub mod script;
pub mod signer;
pub mod transaction;
pub mod wallet;
pub mod wire;
pub mod witness;

pub use paid::{Expected, Paid, VerifyError, verify_payment};
pub use rpc::Chain;
pub use wallet::Wallet;

use domain::hash::Hash160;

/// The GAS contract, `0xd2a4cff31913016155e38e474a2c06d08be276cf`, in wire order: the same on every Neo N3 network.
pub const GAS_CONTRACT: Hash160 = Hash160([
    0xcf, 0x76, 0xe2, 0x8b, 0xd0, 0x06, 0x2c, 0x4a, 0x47, 0x8e, 0xe3, 0x55, 0x61, 0x01, 0x13, 0x19, 0xf3, 0xcf, 0xa4,
    0xd2,
]);

/// The policy contract, `0xcc5e4edd9f5f8dba8bb65734541df7a1c081c67b`, in wire order: the same on every Neo N3 network.
pub const POLICY_CONTRACT: Hash160 = Hash160([
    0x7b, 0xc6, 0x81, 0xc0, 0xa1, 0xf7, 0x1d, 0x54, 0x34, 0x57, 0xb6, 0x8b, 0xba, 0x8d, 0x5f, 0x9f, 0xdd, 0x4e, 0x5e,
    0xcc,
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_are_shown_as_neo_shows_them() {
        assert_eq!(GAS_CONTRACT.to_string(), "0xd2a4cff31913016155e38e474a2c06d08be276cf");
        assert_eq!(POLICY_CONTRACT.to_string(), "0xcc5e4edd9f5f8dba8bb65734541df7a1c081c67b");
    }
}
