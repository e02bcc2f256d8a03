//! `agent wallet new` and `agent wallet import`: keys into new files, locked with a passphrase.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use secrecy::SecretString;

use super::super::{
    CommandError, Context,
    wiring::unlock::{self, Unlock},
};
use crate::face::look::Tone;
use neo::{
    Wallet,
    nep6::{self, Nep6Error, WalletFile},
};

/// What a new wallet file is called when nobody names it.
const FILE: &str = "wallet.json";

/// Make a new key in a new NEP-6 file, locked with a passphrase.
///
/// The passphrase is asked for at the terminal, or read with --passphrase-fd. A file is never overwritten.
#[derive(Debug, Args)]
pub struct New {
    /// The file to write [default: wallet.json in AGENT_HOME]
    file: Option<PathBuf>,
}

/// Lock a key that there is already into a new NEP-6 file.
///
/// The key is asked for at the terminal, or read from a file that holds its text (WIF or 64 hexadecimal digits) or is
/// itself a NEP-6 wallet, which keeps its passphrase. It is never taken from the command line, where others could read it.
#[derive(Debug, Args)]
pub struct Import {
    /// The file to write [default: wallet.json in AGENT_HOME]
    file: Option<PathBuf>,
    /// Read the key from this file
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl New {
    /// Writes the file.
    ///
    /// # Errors
    /// No passphrase; a file that exists or cannot be written.
    pub async fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let path = destination(context, self.file.as_deref())?;
        let passphrase = unlock::new_passphrase(context.global.passphrase_fd).await?;
        write(context, path, Wallet::generate(), passphrase).await
    }
}

impl Import {
    /// Writes the file.
    ///
    /// # Errors
    /// A key that is none; no passphrase; a file that exists or cannot be written.
    pub async fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let path = destination(context, self.file.as_deref())?;
        let (wallet, known) = self.key(Unlock { descriptor: context.global.passphrase_fd }).await?;
        let passphrase = match known {
            Some(passphrase) => passphrase,
            None => unlock::new_passphrase(context.global.passphrase_fd).await?,
        };
        write(context, path, wallet, passphrase).await
    }

    /// The key, and its passphrase where it has one already: it stays the same.
    async fn key(&self, unlock: Unlock) -> Result<(Wallet, Option<SecretString>), CommandError> {
        let Some(from) = &self.from else {
            let text = unlock::typed_key().await?;
            let wallet = Wallet::from_key_text(&text);
            return Ok((wallet.map_err(|e| CommandError::failed("wallet", e).hint("nothing was written"))?, None));
        };
        match nep6::read(from, None).map_err(failed)? {
            WalletFile::Open(wallet) => Ok((wallet, None)),
            WalletFile::Locked(locked) => {
                let (wallet, passphrase) = unlock.open(locked).await?;
                Ok((wallet, Some(passphrase)))
            }
        }
    }
}

/// Where the file is to be; asked before any passphrase is.
fn destination(context: &Context, named: Option<&Path>) -> Result<PathBuf, CommandError> {
    let settings = context.settings()?;
    let path = match named {
        Some(path) => settings.cwd().join(path),
        None => {
            settings.home().ensure()?;
            settings.home().path().join(FILE)
        }
    };
    if path.symlink_metadata().is_ok() {
        let message = format!("{} exists already, and a key is never overwritten", path.display());
        return Err(CommandError::usage(message).hint("name another file"));
    }
    Ok(path)
}

async fn write(
    context: &Context,
    path: PathBuf,
    wallet: Wallet,
    passphrase: SecretString,
) -> Result<ExitCode, CommandError> {
    let address = wallet.account().address();
    let file = path.clone();
    let written = tokio::task::spawn_blocking(move || nep6::create(&file, &wallet, &passphrase)).await;
    written.map_err(|e| CommandError::failed("wallet", e))?.map_err(failed)?;
    if context.json() {
        context.output.json(&serde_json::json!({"address": address, "file": path.to_string_lossy()}));
        return Ok(ExitCode::SUCCESS);
    }
    let look = &context.look;
    let mut lines = look.field("Address", Tone::Strong, &address);
    lines.extend(look.field("File", Tone::Plain, &path.display().to_string()));
    lines.extend(look.field("Use", Tone::Plain, &format!("NEO_WALLET={}", domain::path_text::for_shell(&path))));
    lines.extend(look.field(
        "Keep",
        Tone::Care,
        "the file and its passphrase: whoever loses one of them loses the coins",
    ));
    context.output.lines(lines);
    Ok(ExitCode::SUCCESS)
}

fn failed(error: Nep6Error) -> CommandError {
    let hint = match &error {
        Nep6Error::Lock => "give a passphrase that is not empty",
        _ => "nothing was written",
    };
    CommandError::failed("wallet", error).hint(hint)
}
