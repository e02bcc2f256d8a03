//! Whose signatures payments carry: a wallet's, or in a run that is played from a record, those that were recorded.

use serde::{Deserialize, Serialize};

use cassette::Tape;
use domain::{hash::Hash160, network::Network};
use neo::{
    Wallet,
    transaction::{Signed, Transaction},
    wallet::KeyError,
    witness::Witness,
};

/// What is public of the account that pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account.
    pub account: Hash160,
    /// The script whose hash it is.
    #[serde(with = "hex::serde")]
    pub verification: Vec<u8>,
}

/// Whose signatures payments carry.
#[derive(Debug)]
pub enum Hand {
    /// A wallet's.
    Wallet(Wallet),
    /// Those in the record that is played; there is no key, and so none but those can be made.
    Record(Account),
}

/// A signature as it is recorded: it stands on the chain for everyone to read.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(with = "hex::serde")]
    invocation: Vec<u8>,
    #[serde(with = "hex::serde")]
    verification: Vec<u8>,
}

impl From<Wallet> for Hand {
    fn from(wallet: Wallet) -> Hand {
        Hand::Wallet(wallet)
    }
}

impl Hand {
    /// The account that pays.
    pub fn account(&self) -> Hash160 {
        match self {
            Hand::Wallet(wallet) => wallet.account(),
            Hand::Record(public) => public.account,
        }
    }

    /// The script whose hash is the account.
    pub fn verification(&self) -> &[u8] {
        match self {
            Hand::Wallet(wallet) => wallet.verification(),
            Hand::Record(public) => &public.verification,
        }
    }

    /// What is public of the account.
    pub fn public(&self) -> Account {
        Account { account: self.account(), verification: self.verification().to_vec() }
    }

    /// Signs a transaction for a network, or finds its signature in the record that is played.
    pub(in crate::payment) fn sign(
        &self,
        tape: &Tape,
        transaction: Transaction,
        network: Network,
    ) -> Result<Signed, KeyError> {
        let of = format!("signature of {}", transaction.hash());
        match self {
            Hand::Wallet(wallet) => {
                #[expect(clippy::disallowed_methods, reason = "the one place where a payment is signed")]
                let signed = wallet.sign(transaction, network)?;
                for Witness { invocation, verification } in signed.witnesses.clone() {
                    tape.note(&of, &Kept { invocation, verification });
                }
                Ok(signed)
            }
            Hand::Record(_) => {
                let kept: Option<Kept> = tape.player().and_then(|player| player.value_or_diverge(&of));
                let Kept { invocation, verification } = kept.ok_or(KeyError::Sign)?;
                Ok(Signed { transaction, witnesses: vec![Witness { invocation, verification }] })
            }
        }
    }
}
