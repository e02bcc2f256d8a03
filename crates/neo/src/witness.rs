//! Witnesses of accounts with a single key: made, and verified.

use neo3::{
    neo_builder::ScriptBuilder,
    neo_crypto::{HashableForVec as _, Secp256r1PublicKey, Secp256r1Signature},
};

use domain::{
    hash::{Hash160, TxHash},
    network::Network,
};

/// PUSHDATA1 in Neo's instruction set.
const PUSHDATA1: u8 = 0x0c;
/// SYSCALL System.Crypto.CheckSig: the opcode and the first four bytes of the name's SHA-256.
const SYSCALL_CHECKSIG: [u8; 5] = [0x41, 0x56, 0xe7, 0xb3, 0x27];

/// What a signature covers: the network's magic, four bytes little-endian, then the transaction's hash.
pub fn sign_data(network: Network, hash: &TxHash) -> [u8; 36] {
    let mut data = [0; 36];
    let (magic, rest) = data.split_at_mut(4);
    magic.copy_from_slice(&network.0.to_le_bytes());
    rest.copy_from_slice(&hash.0);
    data
}

/// The two scripts that prove a signer's consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Pushes what the verification script asks for.
    pub invocation: Vec<u8>,
    /// Its hash is the account.
    pub verification: Vec<u8>,
}

impl Witness {
    /// The longest invocation or verification script, bytes.
    pub const MAX_SCRIPT: usize = 1024;

    /// The witness of a signature by a single key.
    pub(crate) fn of_signature(signature: &[u8; 64], verification: Vec<u8>) -> Witness {
        let mut invocation = vec![PUSHDATA1, 64];
        invocation.extend(signature);
        Witness { invocation, verification }
    }

    /// A witness of the right size that signs nothing, for asking a node for fees.
    pub fn empty(verification: Vec<u8>) -> Witness {
        Witness { invocation: Vec::new(), verification }
    }

    /// The account whose witness this is: RIPEMD-160 of SHA-256 of the verification script.
    pub fn account(&self) -> Hash160 {
        account_of(&self.verification)
    }

    /// The compressed public key, where this is a witness of a single key.
    pub fn public_key(&self) -> Option<&[u8]> {
        let key = self.verification.strip_prefix(&[PUSHDATA1, 33])?.strip_suffix(&SYSCALL_CHECKSIG)?;
        (key.len() == 33).then_some(key)
    }

    /// The signature, where the invocation script pushes exactly one.
    pub fn signature(&self) -> Option<&[u8]> {
        self.invocation.strip_prefix(&[PUSHDATA1, 64]).filter(|signature| signature.len() == 64)
    }

    /// Whether this is `account`'s single-key witness for `hash` on `network`; `None` when it is of another kind
    /// (several keys, or a contract), which only the chain itself can judge.
    pub fn proves(&self, account: Hash160, network: Network, hash: &TxHash) -> Option<bool> {
        let key = self.public_key()?;
        let signature = self.signature()?;
        Some(self.account() == account && verify(key, &sign_data(network, hash), signature) == Some(true))
    }
}

/// The account of a verification script.
pub fn account_of(verification: &[u8]) -> Hash160 {
    let digest = verification.sha256_ripemd160();
    let mut bytes = [0; 20];
    // RIPEMD-160 gives 20 bytes; zip keeps a surprise from being a panic.
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Hash160(bytes)
}

/// The verification script of a single key.
pub(crate) fn verification_script(key: &Secp256r1PublicKey) -> Vec<u8> {
    ScriptBuilder::build_verification_script(key)
}

/// Whether `signature` (64 bytes, r then s) is the key's ECDSA-SHA256 signature of `message` on P-256; `None` when `key`
/// is no point of the curve.
pub fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = Secp256r1PublicKey::from_bytes(key).ok()?;
    let verified = Secp256r1Signature::from_bytes(signature).is_ok_and(|s| key.verify(message, &s).is_ok());
    Some(verified)
}
