//! `agent wallet unlock` and `agent wallet lock`: the passphrase in this user's keyring of the kernel.

use std::process::ExitCode;

use clap::Args;

use super::{
    super::{
        CommandError, Context,
        wiring::{keyring, unlock::Unlock},
    },
    locked,
};

/// Keep the wallet's passphrase in this user's keyring of the kernel for a while: in memory, never on disk.
#[derive(Debug, Args)]
pub struct Keep {
    /// For so many minutes
    #[arg(long = "for", value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    minutes: u32,
}

impl Keep {
    /// Asks for the passphrase, tries it, and keeps it.
    ///
    /// # Errors
    /// No locked wallet; a wrong passphrase; a system without keyrings.
    pub async fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let wallet = locked(context)?;
        let account = wallet.account();
        keyring::forget(account);
        let (_, passphrase) = Unlock { descriptor: context.global.passphrase_fd }.open(wallet).await?;
        keyring::keep(account, &passphrase, self.minutes as usize * 60).map_err(|e| {
            CommandError::failed("keyring", Unkept(e.to_string()))
                .hint("give the passphrase with --passphrase-fd instead")
        })?;
        say(context, &format!("{} is unlocked for {} minutes.", account.address(), self.minutes));
        Ok(ExitCode::SUCCESS)
    }
}

/// Why the kernel keeps no passphrase.
#[derive(Debug, thiserror::Error)]
#[error("the kernel's keyring cannot be used here: {0}")]
struct Unkept(String);

/// Forgets the passphrase.
///
/// # Errors
/// No locked wallet.
pub fn forget(context: &Context) -> Result<ExitCode, CommandError> {
    let account = locked(context)?.account();
    let word = if keyring::forget(account) { "is locked" } else { "was locked already" };
    say(context, &format!("{} {word}.", account.address()));
    Ok(ExitCode::SUCCESS)
}

fn say(context: &Context, text: &str) {
    if context.json() {
        context.output.json(&serde_json::json!({"message": text}));
    } else {
        context.output.lines([text]);
    }
}
