//! The passphrase of a wallet in this user's keyring of the kernel: kept in memory, never on disk, gone when its time is up.

use linux_keyutils::{Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};

use domain::hash::Hash160;

/// What the passphrase of an account is kept under.
fn name(account: Hash160) -> String {
    format!("scientific-orchestrator:{}", account.address())
}

fn ring() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false)
}

fn key(account: Hash160) -> Result<Key, KeyError> {
    ring()?.search(&name(account))
}

/// The passphrase of `account`, where it is kept. A system without keyrings keeps none.
pub fn find(account: Hash160) -> Option<SecretString> {
    let bytes = Zeroizing::new(key(account).ok()?.read_to_vec().ok()?);
    Some(SecretString::from(std::str::from_utf8(&bytes).ok()?))
}

/// Keeps the passphrase of `account` for so many seconds.
///
/// # Errors
/// The kernel's: a system without keyrings, or one that is full.
pub fn keep(account: Hash160, passphrase: &SecretString, seconds: usize) -> Result<(), KeyError> {
    let key = ring()?.add_key(&name(account), passphrase.expose_secret())?;
    // Other sessions of the same user read it as well; nobody else does.
    key.set_perms(KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(Permission::ALL).build())?;
    key.set_timeout(seconds)
}

/// Forgets it. `false` when none was kept.
pub fn forget(account: Hash160) -> bool {
    key(account).is_ok_and(|key| key.invalidate().is_ok())
}
