//! NEP-6 wallet files: JSON with keys that a passphrase locks (NEP-2).
//!
//! The scrypt parameters come from the file and are bounded here; the passphrase is brought to Unicode's NFC, as NEP-2
//! asks. Unlocking takes about a second of one core with the usual parameters: call it where blocking is allowed.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use neo3::{neo_crypto::KeyPair, neo_protocol::NEP2};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    keyfile::{self, KeyFileError},
    rpc::node::clean,
    wallet::{KeyError, Wallet},
    witness::Witness,
};
use domain::hash::Hash160;

/// Scrypt may use at most this much memory, bytes (128 n r); the usual parameters use 16 MiB.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// What new files are locked with, as NEP-6 recommends: n, r, p.
const USUAL: (u64, u32, u32) = (16384, 8, 8);
/// Scrypt may run its memory through at most this often (p); the usual is 8.
const MAX_PARALLEL: u32 = 16;

/// Why a wallet file gives no wallet. It never quotes a key or a passphrase.
#[derive(Debug, thiserror::Error)]
pub enum Nep6Error {
    /// The file itself.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// Not the JSON of a wallet.
    #[error("{path} is no NEP-6 wallet: {why}")]
    Form {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No account in it can pay.
    #[error("no account of {0} has a key of its own that may sign")]
    NoAccount(PathBuf),
    /// Several can, and none is meant.
    #[error("{} has several accounts that can pay, and none is the default: {}", path.display(), accounts.join(", "))]
    Several {
        /// Which file.
        path: PathBuf,
        /// Their addresses, with their labels.
        accounts: Vec<String>,
    },
    /// The one that is named is not in it.
    #[error("{} has no account {wanted}; it has {}", path.display(), accounts.join(", "))]
    NoSuchAccount {
        /// Which file.
        path: PathBuf,
        /// Address or label.
        wanted: String,
        /// The addresses there are, with their labels.
        accounts: Vec<String>,
    },
    /// The one that is meant cannot sign.
    #[error("the account {account} of {} cannot pay: {}", path.display(), why.as_str())]
    Cannot {
        /// Which file.
        path: PathBuf,
        /// Its address, with its label.
        account: String,
        /// Why.
        why: Unfit,
    },
    /// Its scrypt parameters would use too much memory or time, or are none.
    #[error("the scrypt parameters n={n}, r={r}, p={p} are outside what is allowed")]
    Scrypt {
        /// Cost.
        n: u64,
        /// Block size.
        r: u32,
        /// Parallelism.
        p: u32,
    },
    /// A key cannot be locked, or an empty passphrase was given.
    #[error("the key cannot be locked with this passphrase")]
    Lock,
    /// The passphrase does not open it.
    #[error("the passphrase does not unlock {0}")]
    Passphrase(String),
}

/// Why an account of a wallet file cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Its key is not in the file.
    WatchOnly,
    /// Several keys sign together.
    SeveralKeys,
    /// The file says that it is locked.
    Locked,
}

impl Unfit {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Unfit::WatchOnly => "its key is not in the file (watch-only)",
            Unfit::SeveralKeys => "several keys sign for it together (multi-signature)",
            Unfit::Locked => "the file marks it as locked (\"lock\": true)",
        }
    }
}

/// What a wallet file holds.
#[derive(Debug)]
pub enum WalletFile {
    /// A key's text: ready.
    Open(Wallet),
    /// A NEP-6 wallet: a passphrase is needed.
    Locked(LockedWallet),
}

impl WalletFile {
    /// The account, known before it is unlocked.
    pub fn account(&self) -> Hash160 {
        match self {
            WalletFile::Open(wallet) => wallet.account(),
            WalletFile::Locked(locked) => locked.account,
        }
    }
}

/// An account of a NEP-6 file. Debug prints the address and nothing else.
pub struct LockedWallet {
    account: Hash160,
    key: String,
    scrypt: scrypt::Params,
}

impl std::fmt::Debug for LockedWallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LockedWallet({})", self.account.address())
    }
}

/// Writes a wallet to a new NEP-6 file that only its owner can read, its key locked with a passphrase, in the form that
/// neo-go and Neo's own wallets read. Blocks for about a second.
///
/// # Errors
/// An empty passphrase; a file that exists or cannot be written.
pub fn create(path: &Path, wallet: &Wallet, passphrase: &SecretString) -> Result<(), Nep6Error> {
    let (n, r, p) = USUAL;
    let key = lock(wallet, passphrase, params(Scrypt { n, r, p })?)?;
    let script = STANDARD.encode(wallet.verification());
    let account = serde_json::json!({
        "address": wallet.account().address(), "key": key, "label": "", "isDefault": true, "lock": false,
        "contract": {
            "script": script, "parameters": [{"name": "parameter0", "type": "Signature"}], "deployed": false,
        },
        "extra": null,
    });
    let file = serde_json::json!({
        "name": null, "version": "1.0", "scrypt": {"n": n, "r": r, "p": p}, "accounts": [account], "extra": null,
    });
    Ok(keyfile::write_new(path, &[format!("{file:#}\n").as_bytes()])?)
}

fn lock(wallet: &Wallet, passphrase: &SecretString, scrypt: scrypt::Params) -> Result<String, Nep6Error> {
    let normal: Zeroizing<String> = Zeroizing::new(passphrase.expose_secret().nfc().collect());
    let pair = KeyPair::from_private_key(&wallet.raw_key()).map_err(|_| Nep6Error::Lock)?;
    NEP2::encrypt_with_params(&normal, &pair, scrypt).map_err(|_| Nep6Error::Lock)
}

#[derive(Deserialize)]
struct Nep6 {
    scrypt: Scrypt,
    accounts: Vec<Account>,
}

#[derive(Deserialize, Clone, Copy)]
struct Scrypt {
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Account {
    address: String,
    label: Option<String>,
    key: Option<String>,
    // As NEP-6 writes it, and as some wallets do.
    #[serde(rename = "isDefault", alias = "isdefault", default)]
    is_default: bool,
    #[serde(default)]
    lock: bool,
    contract: Option<Contract>,
}

#[derive(Deserialize)]
struct Contract {
    script: Option<String>,
}

impl Account {
    /// Why it cannot sign; where the file does not say how many keys do, unlocking finds out.
    fn unfit(&self) -> Option<Unfit> {
        let script = self.contract.as_ref().and_then(|contract| contract.script.as_ref());
        let is_single =
            |script: &String| STANDARD.decode(script).is_ok_and(|script| Witness::empty(script).public_key().is_some());
        match () {
            () if !script.is_none_or(is_single) => Some(Unfit::SeveralKeys),
            () if self.key.is_none() => Some(Unfit::WatchOnly),
            () if self.lock => Some(Unfit::Locked),
            () => None,
        }
    }

    /// Its address and its label, both the file's own words.
    fn named(&self) -> String {
        match self.label.as_deref().filter(|label| !label.is_empty()) {
            Some(label) => format!("{} ({})", clean(&self.address), clean(label)),
            None => clean(&self.address),
        }
    }
}

/// Reads a wallet file of either kind: a key's text, or NEP-6. The file must be the user's own and closed to others. `wanted`
/// is the address or the label of an account of a NEP-6 file; the default one, or the only one, pays where nothing is said.
///
/// # Errors
/// Anything else.
pub fn read(path: &Path, wanted: Option<&str>) -> Result<WalletFile, Nep6Error> {
    let text = keyfile::read_text(path)?;
    if text.expose_secret().trim_start().starts_with('{') {
        return parse(text.expose_secret(), path, wanted).map(WalletFile::Locked);
    }
    let wallet = Wallet::from_key_text(&text);
    Ok(WalletFile::Open(wallet.map_err(|source| KeyFileError::Key { path: path.to_owned(), source })?))
}

fn parse(json: &str, path: &Path, wanted: Option<&str>) -> Result<LockedWallet, Nep6Error> {
    let form = |why: String| Nep6Error::Form { path: path.to_owned(), why };
    // The place and not serde's words, which quote what stands there.
    let file: Nep6 = serde_json::from_str(json).map_err(|e| {
        let why = if e.is_data() { "it lacks a part, or one is of another type" } else { "it is not JSON" };
        form(format!("{why} (line {}, column {})", e.line(), e.column()))
    })?;
    let scrypt = params(file.scrypt)?;
    let account = chosen(&file.accounts, path, wanted)?;
    let named = account.named();
    let cannot = |why| Nep6Error::Cannot { path: path.to_owned(), account: named.clone(), why };
    if let Some(why) = account.unfit() {
        return Err(cannot(why));
    }
    let key = account.key.clone().ok_or_else(|| cannot(Unfit::WatchOnly))?;
    let account = Hash160::from_address(&account.address).map_err(|e| form(e.to_string()))?;
    Ok(LockedWallet { account, key, scrypt })
}

/// The account that is named, else the default one, else the only one that can sign. One that is meant and cannot sign is
/// never taken for another.
fn chosen<'a>(accounts: &'a [Account], path: &Path, wanted: Option<&str>) -> Result<&'a Account, Nep6Error> {
    let all = |accounts: &[&Account]| accounts.iter().map(|account| account.named()).collect::<Vec<_>>();
    if let Some(wanted) = wanted {
        let is_it = |account: &&Account| account.address == wanted || account.label.as_deref() == Some(wanted);
        let mut found = accounts.iter().filter(is_it);
        return match (found.next(), found.next()) {
            (Some(account), None) => Ok(account),
            (Some(_), Some(_)) => {
                let same: Vec<&Account> = accounts.iter().filter(is_it).collect();
                Err(Nep6Error::Several { path: path.to_owned(), accounts: all(&same) })
            }
            (None, _) => Err(Nep6Error::NoSuchAccount {
                path: path.to_owned(),
                wanted: clean(wanted),
                accounts: all(&accounts.iter().collect::<Vec<_>>()),
            }),
        };
    }
    if let Some(default) = accounts.iter().find(|account| account.is_default) {
        return Ok(default);
    }
    let fit: Vec<&Account> = accounts.iter().filter(|account| account.unfit().is_none()).collect();
    match fit.as_slice() {
        [only] => Ok(only),
        [] => match accounts {
            // Its own reason says more.
            [only] => Ok(only),
            _ => Err(Nep6Error::NoAccount(path.to_owned())),
        },
        several => Err(Nep6Error::Several { path: path.to_owned(), accounts: all(several) }),
    }
}

fn params(Scrypt { n, r, p }: Scrypt) -> Result<scrypt::Params, Nep6Error> {
    let wrong = || Nep6Error::Scrypt { n, r, p };
    let memory = n.checked_mul(128).and_then(|bytes| bytes.checked_mul(u64::from(r))).ok_or_else(wrong)?;
    if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 || memory > MAX_MEMORY || p > MAX_PARALLEL {
        return Err(wrong());
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| wrong())?;
    scrypt::Params::new(log_n, r, p, 32).map_err(|_| wrong())
}

impl LockedWallet {
    /// The account, known before it is unlocked.
    pub fn account(&self) -> Hash160 {
        self.account
    }

    /// Unlocks it. Blocks for about a second.
    ///
    /// # Errors
    /// A wrong passphrase, or a key that is of another account than the file says.
    pub fn unlock(&self, passphrase: &SecretString) -> Result<Wallet, Nep6Error> {
        let wrong = || Nep6Error::Passphrase(self.account.address());
        let normal: Zeroizing<String> = Zeroizing::new(passphrase.expose_secret().nfc().collect());
        let pair = NEP2::decrypt_with_params(&normal, &self.key, self.scrypt).map_err(|_| wrong())?;
        let bytes = Zeroizing::new(pair.private_key_bytes().map_err(|_| wrong())?);
        let wallet = Wallet::from_bytes(bytes.as_slice()).map_err(|_: KeyError| wrong())?;
        if wallet.account() == self.account { Ok(wallet) } else { Err(wrong()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// As neo-go 0.120 wrote it, with scrypt made cheap.
    const FILE: &str = r#"{"version":"1.0","accounts":[
     {"address":"Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61","key":"6PYXRm5uJoffxb8HkBe9gNnxhAhtnqFFmH7NxrikdPxzF3gR6bNEmULpcW","label":"validator","contract":{"script":"DCEDTjy/DJ6aaA54CW4njkjPPmTRARLj/fWF+UMgUFc/BdlBVuezJw==","parameters":[{"name":"parameter0","type":"Signature"}],"deployed":false},"lock":false,"isDefault":true},
     {"address":"NhDRfSzHBEZswADARouQ6Tc2jhzN5DKsAv","key":"6PYXRm5uJoffxb8HkBe9gNnxhAhtnqFFmH7NxrikdPxzF3gR6bNEmULpcW","label":"genesis","contract":{"script":"EQwhA048vwyemmgOeAluJ45Izz5k0QES4/31hflDIFBXPwXZEUGe0Nw6","parameters":[{"name":"parameter0","type":"Signature"}],"deployed":false},"lock":false,"isDefault":false}],
     "scrypt":{"n":2,"r":1,"p":1},"extra":{"Tokens":null}}"#;

    fn locked(json: &str) -> Result<LockedWallet, Nep6Error> {
        parse(json, Path::new("wallet.json"), None)
    }

    #[test]
    fn a_node_s_wallet_opens_with_its_passphrase_only() {
        let wallet = locked(FILE).unwrap();
        assert_eq!(wallet.account().address(), "Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61");
        let opened = wallet.unlock(&SecretString::from("pass-validator")).unwrap();
        assert_eq!(opened.to_wif().expose_secret(), "KwGTdTK7zprv1V5Xb78yKSE78fCDgcRQKMXtU8rwP73YPWSY65kT");
        for wrong in ["", "pass-validatoR", "pass-validator "] {
            assert!(matches!(wallet.unlock(&SecretString::from(wrong)), Err(Nep6Error::Passphrase(_))), "{wrong}");
        }
        assert_eq!(format!("{wallet:?}"), "LockedWallet(Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61)");
    }

    #[test]
    fn a_key_of_another_account_is_refused() {
        let swapped = FILE.replacen("Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61", "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv", 1);
        let wallet = locked(&swapped).unwrap();
        assert!(matches!(wallet.unlock(&SecretString::from("pass-validator")), Err(Nep6Error::Passphrase(_))));
    }

    #[test]
    fn what_is_written_is_locked_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.json");
        let (wallet, passphrase) = (Wallet::generate(), SecretString::from("Ångström"));
        create(&path, &wallet, &passphrase).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(wallet.to_wif().expose_secret()) && !text.contains(&hex::encode(*wallet.raw_key())));
        let WalletFile::Locked(locked) = read(&path, None).unwrap() else { panic!("not locked") };
        assert_eq!(locked.account(), wallet.account());
        // The same letters, composed otherwise.
        assert_eq!(locked.unlock(&"A\u{30a}ngstro\u{308}m".into()).unwrap().account(), wallet.account());
        assert!(matches!(locked.unlock(&"angstrom".into()), Err(Nep6Error::Passphrase(_))));
        assert!(matches!(create(&path, &wallet, &passphrase), Err(Nep6Error::File(KeyFileError::Exists(_)))));
        let other = folder.path().join("other.json");
        assert!(matches!(create(&other, &wallet, &"".into()), Err(Nep6Error::Lock)));
        assert!(!other.exists());
    }

    #[test]
    fn parameters_that_would_eat_the_machine_are_refused() {
        for bad in
            [r#""n":1,"r":1"#, r#""n":3,"r":1"#, r#""n":1073741824,"r":8"#, r#""n":16384,"r":1000"#, r#""n":2,"r":0"#]
        {
            let json = FILE.replace(r#""n":2,"r":1"#, bad);
            assert!(matches!(locked(&json), Err(Nep6Error::Scrypt { .. })), "{bad}");
        }
        assert!(matches!(locked(&FILE.replace(r#""p":1"#, r#""p":17"#)), Err(Nep6Error::Scrypt { .. })));
        assert!(locked(&FILE.replace(r#""n":2,"r":1,"p":1"#, r#""n":16384,"r":8,"p":8"#)).is_ok());
    }

    #[test]
    fn the_paying_account_is_the_default_or_the_only_one_with_a_single_key() {
        let none = FILE.replace(r#""isDefault":true"#, r#""isDefault":false"#);
        assert!(locked(&none).is_ok(), "the other account has several keys");
        let watch = none.replace("\"6PYXRm5uJoffxb8HkBe9gNnxhAhtnqFFmH7NxrikdPxzF3gR6bNEmULpcW\"", "null");
        assert!(matches!(locked(&watch), Err(Nep6Error::NoAccount(_))));
        let lower = FILE.replace("isDefault", "isdefault");
        assert_eq!(locked(&lower).unwrap().account().address(), "Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61");
        for bad in ["{", "{}", r#"{"accounts":[],"scrypt":{}}"#] {
            assert!(matches!(locked(bad), Err(Nep6Error::Form { .. })), "{bad}");
        }
    }

    #[test]
    fn an_account_that_is_meant_and_cannot_sign_is_not_taken_for_another() {
        let second = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";
        let account = |address: &str, label: &str, rest: &str| {
            format!(r#"{{"address":"{address}","label":"{label}","key":"6PYX"{rest}}}"#)
        };
        let file =
            |accounts: &[String]| format!(r#"{{"accounts":[{}],"scrypt":{{"n":2,"r":1,"p":1}}}}"#, accounts.join(","));
        let first = "Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61";
        let two = file(&[account(first, "lab", ""), account(second, "spare", "")]);
        let Err(Nep6Error::Several { accounts, .. }) = locked(&two) else { panic!("two may pay") };
        assert_eq!(accounts, [format!("{first} (lab)"), format!("{second} (spare)")]);
        let of = |json: &str, wanted: &str| {
            parse(json, Path::new("w"), Some(wanted)).map(|wallet| wallet.account().address())
        };
        for wanted in [second, "spare"] {
            assert_eq!(of(&two, wanted).unwrap(), second);
        }
        assert!(matches!(of(&two, "nobody"), Err(Nep6Error::NoSuchAccount { .. })));
        let shut = file(&[account(first, "lab", r#","lock":true,"isDefault":true"#), account(second, "spare", "")]);
        assert!(matches!(locked(&shut), Err(Nep6Error::Cannot { why: Unfit::Locked, .. })));
        assert_eq!(of(&shut, "spare").unwrap(), second);
        let watch = shut.replace(r#""key":"6PYX","lock":true"#, r#""key":null,"lock":false"#);
        assert!(matches!(locked(&watch), Err(Nep6Error::Cannot { why: Unfit::WatchOnly, .. })));
    }
}
