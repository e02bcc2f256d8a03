//! One key pair, its account, and the one place that signs.

use std::fmt;

use neo3::neo_crypto::Secp256r1PrivateKey;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};

use super::{
    transaction::{Signed, Transaction},
    witness::{self, Witness, sign_data},
};
use domain::{hash::Hash160, network::Network};

/// First byte of a private key in Wallet Import Format.
const WIF_VERSION: u8 = 0x80;
/// Last byte of it: the public key is meant in its compressed form.
const WIF_COMPRESSED: u8 = 0x01;

/// Why a text is no private key. It never quotes the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum KeyError {
    /// Neither form.
    #[error("not a private key: give a WIF (52 characters, first K or L) or 64 hexadecimal digits")]
    Form,
    /// A WIF of an uncompressed key, which makes another account: Neo N3 has none of these.
    #[error("not a private key of Neo N3: it is a WIF of an uncompressed key (51 characters, first 5)")]
    Uncompressed,
    /// A WIF with a wrong checksum.
    #[error("not a private key: the WIF's checksum is wrong, so a character of it is")]
    Checksum,
    /// Zero, or beyond the order of the curve.
    #[error("not a private key: the number is outside the curve's range")]
    Range,
    /// The library refused to sign; the key is unusable.
    #[error("the key cannot sign")]
    Sign,
}

/// A wallet: one private key on P-256, whose memory is wiped when it is dropped.
///
/// Debug prints the address and nothing else.
pub struct Wallet {
    key: Secp256r1PrivateKey,
    verification: Vec<u8>,
    account: Hash160,
}

impl Wallet {
    /// A wallet with a fresh key of the operating system's randomness.
    pub fn generate() -> Wallet {
        Wallet::of(Secp256r1PrivateKey::new_random())
    }

    /// Reads a key as people keep it: WIF, or 64 hexadecimal digits with or without `0x`.
    ///
    /// # Errors
    /// Any other text.
    pub fn from_key_text(text: &SecretString) -> Result<Wallet, KeyError> {
        let text = text.expose_secret().trim();
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            let mut bytes = Zeroizing::new([0; 32]);
            hex::decode_to_slice(digits, bytes.as_mut_slice()).map_err(|_| KeyError::Form)?;
            return Wallet::from_bytes(bytes.as_slice());
        }
        if text.len() == 51
            && text.starts_with('5')
            && bs58::decode(text).with_check(Some(WIF_VERSION)).into_vec().is_ok()
        {
            return Err(KeyError::Uncompressed);
        }
        if text.len() != 52 {
            return Err(KeyError::Form);
        }
        let payload = bs58::decode(text).with_check(None).into_vec().map(Zeroizing::new).map_err(|e| match e {
            bs58::decode::Error::InvalidChecksum { .. } => KeyError::Checksum,
            _ => KeyError::Form,
        })?;
        match payload.as_slice() {
            [WIF_VERSION, key @ .., WIF_COMPRESSED] if key.len() == 32 => Wallet::from_bytes(key),
            _ => Err(KeyError::Form),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Wallet, KeyError> {
        Secp256r1PrivateKey::from_bytes(bytes).map(Wallet::of).map_err(|_| KeyError::Range)
    }

    fn of(key: Secp256r1PrivateKey) -> Wallet {
        let verification = witness::verification_script(&key.to_public_key());
        let account = witness::account_of(&verification);
        Wallet { key, verification, account }
    }

    /// The account that the key controls.
    pub fn account(&self) -> Hash160 {
        self.account
    }

    /// The script whose hash is the account: push the public key, check a signature.
    pub fn verification(&self) -> &[u8] {
        &self.verification
    }

    /// The key's bytes, for a locked file and for nothing else.
    pub(crate) fn raw_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_raw_bytes())
    }

    /// The key in Wallet Import Format, for a key file and for nothing else.
    pub fn to_wif(&self) -> SecretString {
        let key = self.raw_key();
        let mut payload = Zeroizing::new(Vec::with_capacity(38));
        payload.push(WIF_VERSION);
        payload.extend(key.iter());
        payload.push(WIF_COMPRESSED);
        SecretString::from(bs58::encode(payload.as_slice()).with_check().into_string())
    }

    /// Signs a transaction for a network. Deterministic (RFC 6979): the same bytes always give the same signature, so
    /// signing again after a crash cannot make a second payment. `clippy.toml` says who may call it: the payer alone.
    ///
    /// # Errors
    /// A key that is unusable.
    pub fn sign(&self, transaction: Transaction, network: Network) -> Result<Signed, KeyError> {
        let message = sign_data(network, &transaction.hash());
        let signature = self.key.sign_tx(&message).map_err(|_| KeyError::Sign)?;
        let witness = Witness::of_signature(&signature.to_bytes(), self.verification.clone());
        Ok(Signed { transaction, witnesses: vec![witness] })
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", self.account.address())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WIF: &str = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
    const HEX: &str = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";
    const ADDRESS: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";

    fn read(text: &str) -> Result<Wallet, KeyError> {
        Wallet::from_key_text(&SecretString::from(text))
    }

    #[test]
    fn both_forms_of_a_key_are_the_same_account() {
        for text in [WIF, HEX, &format!("0x{HEX}"), &format!(" {WIF}\n"), &HEX.to_uppercase()] {
            let wallet = read(text).unwrap();
            assert_eq!(wallet.account().address(), ADDRESS);
            assert_eq!(wallet.to_wif().expose_secret(), WIF);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_quoted() {
        let wrong_character = WIF.replace('J', "K");
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        let cases = [
            ("", KeyError::Form),
            (&HEX[1..], KeyError::Form),
            (&WIF[1..], KeyError::Form),
            ("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", KeyError::Uncompressed),
            (&wrong_character, KeyError::Checksum),
            (&"0".repeat(64), KeyError::Range),
            (order, KeyError::Range),
        ];
        for (text, error) in cases {
            assert_eq!(read(text).unwrap_err(), error, "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }

    #[test]
    fn debug_shows_the_address_only() {
        assert_eq!(format!("{:?}", read(HEX).unwrap()), format!("Wallet({ADDRESS})"));
    }

    #[test]
    fn fresh_keys_differ_and_survive_their_text() {
        let (one, two) = (Wallet::generate(), Wallet::generate());
        assert_ne!(one.account(), two.account());
        assert_eq!(Wallet::from_key_text(&one.to_wif()).unwrap().account(), one.account());
    }
}
