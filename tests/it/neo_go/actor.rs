//! Accounts of fixed keys, and transactions signed by a second implementation of signing: the test's own.

use domain::{hash::Hash160, money::Datoshi, network::Network};
use neo::{
    fees,
    script::Transfer,
    transaction::{Attribute, Scope, Signed, Signer, Transaction},
    witness::{Witness, sign_data},
};
use neo3::{neo_builder::ScriptBuilder, neo_crypto::Secp256r1PrivateKey};
use sha2::{Digest as _, Sha256};

/// Enough for any transfer's execution.
pub const SYSTEM_FEE: u64 = 10_000_000;

pub fn datoshi(amount: u64) -> Datoshi {
    Datoshi::new(amount).unwrap()
}

/// Somebody with a key.
pub struct Actor {
    key: Secp256r1PrivateKey,
    pub verification: Vec<u8>,
    pub account: Hash160,
}

impl Actor {
    /// The actor whose key is the SHA-256 of a name.
    pub fn named(name: &str) -> Actor {
        let key = Secp256r1PrivateKey::from_bytes(&Sha256::digest(name.as_bytes())).unwrap();
        let verification = ScriptBuilder::build_verification_script(&key.to_public_key());
        let account = Witness::empty(verification.clone()).account();
        Actor { key, verification, account }
    }

    pub fn witness(&self, transaction: &Transaction, network: Network) -> Witness {
        let signature = self.key.sign_tx(&sign_data(network, &transaction.hash())).unwrap();
        let invocation = [&[0x0c, 64], &signature.to_bytes()[..]].concat();
        Witness { invocation, verification: self.verification.clone() }
    }

    pub fn signer(&self) -> Signer {
        Signer { account: self.account, scope: Scope::CalledByEntry }
    }

    /// A transaction of this actor's that runs `script`, with the exact network fee.
    pub fn runs(&self, script: Vec<u8>, valid_until_block: u32) -> Draft<'_> {
        let nonce = u32::from_le_bytes(self.account.0[..4].try_into().unwrap());
        let transaction = Transaction {
            nonce,
            system_fee: datoshi(SYSTEM_FEE),
            network_fee: Datoshi::ZERO,
            valid_until_block,
            signers: vec![self.signer()],
            attributes: vec![],
            script,
        };
        Draft { transaction, actors: vec![self], network: super::NET, above_exact: 0 }
    }

    /// A transfer of this actor's.
    pub fn pays(&self, to: Hash160, amount: u64, valid_until_block: u32) -> Draft<'_> {
        self.runs(self.transfer(to, amount), valid_until_block)
    }

    pub fn transfer(&self, to: Hash160, amount: u64) -> Vec<u8> {
        let reference = Some(b"reference".to_vec());
        Transfer { from: self.account, to, amount: datoshi(amount), reference }.script().unwrap()
    }
}

/// A transaction that is not signed yet.
pub struct Draft<'a> {
    pub transaction: Transaction,
    actors: Vec<&'a Actor>,
    network: Network,
    above_exact: i64,
}

impl<'a> Draft<'a> {
    pub fn with(mut self, change: impl FnOnce(&mut Transaction)) -> Draft<'a> {
        change(&mut self.transaction);
        self
    }

    pub fn nonce(self, nonce: u32) -> Draft<'a> {
        self.with(|transaction| transaction.nonce = nonce)
    }

    pub fn attribute(self, attribute: Attribute) -> Draft<'a> {
        self.with(|transaction| transaction.attributes.push(attribute))
    }

    pub fn signed_also_by(mut self, other: &'a Actor) -> Draft<'a> {
        self.transaction.signers.push(other.signer());
        self.actors.push(other);
        self
    }

    pub fn on(mut self, network: Network) -> Draft<'a> {
        self.network = network;
        self
    }

    /// Makes the network fee differ from the exact one.
    pub fn fee_above_exact(mut self, by: i64) -> Draft<'a> {
        self.above_exact = by;
        self
    }

    /// Sets the network fee and signs.
    pub fn sign(mut self) -> Signed {
        let size = self.signed_as_it_is().bytes().len();
        let keys = self.actors.len() as u64;
        let exact = fees::network_fee(size, 0, 0) + (keys - 1) * fees::single_key_witness();
        self.transaction.network_fee = datoshi(exact.checked_add_signed(self.above_exact).unwrap());
        self.signed_as_it_is()
    }

    /// Signs with the network fee as it is.
    pub fn signed_as_it_is(&self) -> Signed {
        let witnesses = self.actors.iter().map(|actor| actor.witness(&self.transaction, self.network)).collect();
        Signed { transaction: self.transaction.clone(), witnesses }
    }

    pub fn bytes(self) -> Vec<u8> {
        self.sign().bytes()
    }
}
