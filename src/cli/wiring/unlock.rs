//! Opening the paying wallet. Its passphrase comes from a file descriptor, from this user's keyring, or from the person
//! at the terminal, in this order.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
};

use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};

use super::keyring;
use crate::{face::tty::Tty, job::JobError};
use cassette::{Tape, scrub::known};
use domain::hash::Hash160;
use guard::config::PayerKey;
use neo::{
    Wallet,
    nep6::{self, LockedWallet, Nep6Error, WalletFile},
};

/// A passphrase is never longer than this, bytes.
const MAX_PASSPHRASE: u64 = 4096;
/// Times a wrong passphrase is asked for again.
const MAX_TRIES: usize = 3;

/// What to do where a wallet is locked and there is nobody to ask.
const LOCKED: &str = "give it with --passphrase-fd, or keep it for a while: `agent wallet unlock`";

/// Where the passphrase of a locked wallet comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlock {
    /// `--passphrase-fd`.
    pub descriptor: Option<u32>,
}

/// The paying wallet as it is configured; a locked one is not unlocked.
///
/// # Errors
/// A key that is none; a key file that is not the owner's alone.
pub fn configured(payer: &PayerKey) -> Result<WalletFile, JobError> {
    match payer {
        PayerKey::Text(text) => Wallet::from_key_text(text)
            .map(WalletFile::Open)
            .map_err(|e| setup(format!("NEO_PRIVATE_KEY is {e}"), "write a WIF, or 64 hexadecimal digits")),
        PayerKey::Wallet { path, account } => nep6::read(path, account.as_deref()).map_err(|e| {
            let hint = match &e {
                Nep6Error::Several { .. } | Nep6Error::NoSuchAccount { .. } | Nep6Error::Cannot { .. } => {
                    "NEO_ACCOUNT names the account that pays, by its address or its label"
                }
                _ => "check NEO_WALLET",
            };
            setup(e.to_string(), hint)
        }),
    }
}

impl Unlock {
    /// The paying wallet, ready to sign in a run on this tape, which never holds its secrets.
    ///
    /// # Errors
    /// What [`configured`] says; a passphrase that is wrong, or that nobody gives.
    pub async fn wallet(&self, payer: &PayerKey, tape: &Tape) -> Result<Wallet, JobError> {
        match configured(payer)? {
            WalletFile::Open(wallet) => {
                kept_out(&wallet, tape);
                Ok(wallet)
            }
            WalletFile::Locked(locked) => {
                let (wallet, passphrase) = self.open(locked).await?;
                tape.secret("passphrase", passphrase.expose_secret().as_bytes());
                known::keep_out([("passphrase", passphrase.expose_secret())]);
                kept_out(&wallet, tape);
                Ok(wallet)
            }
        }
    }

    /// A locked wallet opened, and what opened it.
    ///
    /// # Errors
    /// A passphrase that is wrong, or that nobody gives.
    pub async fn open(&self, locked: LockedWallet) -> Result<(Wallet, SecretString), JobError> {
        let account = locked.account();
        if let Some(descriptor) = self.descriptor {
            let passphrase = given(descriptor).await?;
            let (_, opened) = try_open(locked, &passphrase).await;
            return opened.map(|wallet| (wallet, passphrase)).map_err(|e| setup(e, "check what --passphrase-fd gives"));
        }
        if let Some(passphrase) = keyring::find(account) {
            let (_, opened) = try_open(locked, &passphrase).await;
            let hint = "`agent wallet lock` forgets the passphrase that is kept";
            return opened.map(|wallet| (wallet, passphrase)).map_err(|e| setup(e, hint));
        }
        ask(locked, account).await
    }
}

/// The key of an open wallet is in no record, and in nothing that is sent or said.
fn kept_out(wallet: &Wallet, tape: &Tape) {
    let key = wallet.to_wif();
    tape.secret("paying-key", key.expose_secret().as_bytes());
    known::keep_out([("paying-key", key.expose_secret())]);
}

/// Unlocking takes a second of one core, so it gets a thread of its own.
async fn try_open(locked: LockedWallet, passphrase: &SecretString) -> (Option<LockedWallet>, Result<Wallet, String>) {
    let passphrase = passphrase.clone();
    let work = move || {
        let opened = locked.unlock(&passphrase).map_err(|e| e.to_string());
        (Some(locked), opened)
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| (None, Err(e.to_string())))
}

async fn ask(locked: LockedWallet, account: Hash160) -> Result<(Wallet, SecretString), JobError> {
    let mut left = Some(locked);
    for _ in 0..MAX_TRIES {
        let Some(locked) = left.take() else { break };
        let passphrase = ask_for(&format!("Passphrase of {}: ", account.address()), LOCKED).await?;
        let opened = match try_open(locked, &passphrase).await {
            (_, Ok(wallet)) => return Ok((wallet, passphrase)),
            (again, Err(_)) => again,
        };
        left = opened;
    }
    Err(setup(format!("the passphrase does not unlock {}", account.address()), "nothing was signed; try again"))
}

/// A new passphrase: from the descriptor, or typed twice.
///
/// # Errors
/// When nobody gives one, or the two differ.
pub async fn new_passphrase(descriptor: Option<u32>) -> Result<SecretString, JobError> {
    if let Some(descriptor) = descriptor {
        return given(descriptor).await;
    }
    let first = ask_for("New passphrase: ", "give it with --passphrase-fd").await?;
    let again = ask_for("The same again: ", "give it with --passphrase-fd").await?;
    if first.expose_secret() != again.expose_secret() {
        return Err(setup("the two passphrases differ".to_owned(), "nothing was written; try again"));
    }
    Ok(first)
}

/// A private key as a person types or pipes it.
///
/// # Errors
/// When nobody gives one.
pub async fn typed_key() -> Result<SecretString, JobError> {
    ask_for("Private key (WIF or 64 hexadecimal digits): ", "run it on a terminal").await
}

async fn ask_for(prompt: &str, hint: &str) -> Result<SecretString, JobError> {
    let locked = if hint == LOCKED { "the wallet is locked, and " } else { "" };
    let nobody = |why: String| setup(format!("{locked}there is no terminal to ask at: {why}"), hint);
    let mut terminal = Tty::open().map_err(|e| nobody(e.to_string()))?;
    let line = terminal.secret(prompt).await.map_err(|e| nobody(e.to_string()))?;
    line.ok_or_else(|| setup("no passphrase was given".to_owned(), "nothing was signed; try again"))
}

/// The first line that an open file descriptor gives.
async fn given(descriptor: u32) -> Result<SecretString, JobError> {
    let read = move || -> io::Result<SecretString> {
        let file = File::open(format!("/proc/self/fd/{descriptor}"))?;
        let mut line = Zeroizing::new(String::with_capacity(MAX_PASSPHRASE as usize));
        BufReader::new(file.take(MAX_PASSPHRASE)).read_line(&mut line)?;
        Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
    };
    let failed = |why: String| {
        let hint = "open it for the program, such as: agent ... --passphrase-fd 3 3< FILE";
        setup(format!("no passphrase can be read from file descriptor {descriptor}: {why}"), hint)
    };
    tokio::task::spawn_blocking(read).await.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
}

fn setup(message: String, hint: &str) -> JobError {
    JobError::Setup { message, hint: Some(hint.to_owned()) }
}
