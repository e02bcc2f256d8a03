//! `agent wallet`: who pays, with what, and the files that hold keys. One file a subcommand or two.

mod files;
mod history;
mod keep;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    CommandError, Context,
    runtime::block_on,
    wiring::{policy::unusable, unlock},
};
use crate::sandbox;
use domain::hash::Hash160;
use guard::config::Profile;
use neo::nep6::{LockedWallet, WalletFile};

/// Show who pays, with how much, and how much may still be spent; make, import, lock and unlock wallets.
#[derive(Debug, Args)]
pub struct Wallet {
    #[command(subcommand)]
    command: Option<WalletCommand>,
}

/// What to do with the wallet.
#[derive(Debug, Subcommand)]
enum WalletCommand {
    /// The paying address, without asking the network
    Address,
    /// The balance, asked of the chain, and the budget left
    Balance,
    /// Every payment of this wallet that the ledger knows, oldest first
    History,
    /// Make a new key in a new NEP-6 file, locked with a passphrase
    New(files::New),
    /// Lock a key that there is already into a new NEP-6 file
    Import(files::Import),
    /// Keep the wallet's passphrase in this user's keyring of the kernel for a while
    Unlock(keep::Keep),
    /// Forget the passphrase that is kept
    Lock,
}

impl Wallet {
    /// Runs the subcommand; address and balance when nothing is said.
    ///
    /// # Errors
    /// Settings without a usable key; a chain that does not answer; a file that cannot be written.
    pub fn run(self, context: &Context) -> Result<ExitCode, CommandError> {
        match self.command.unwrap_or(WalletCommand::Balance) {
            WalletCommand::Address => show::run(context, false),
            WalletCommand::Balance => show::run(context, true),
            WalletCommand::History => history::run(context),
            WalletCommand::New(new) => block_on(new.run(context)),
            WalletCommand::Import(import) => block_on(import.run(context)),
            WalletCommand::Unlock(keep) => block_on(keep.run(context)),
            WalletCommand::Lock => keep::forget(context),
        }
    }
}

/// The paying account; nothing is unlocked.
fn account(context: &Context, profile: &Profile) -> Result<Hash160, CommandError> {
    match profile {
        Profile::Live(live) => Ok(unlock::configured(&live.chain.payer)?.account()),
        Profile::Sandbox => {
            let home = context.settings()?.home();
            home.ensure()?;
            sandbox::payer(&home.sandbox()).map_err(unusable)
        }
    }
}

/// The locked wallet that is configured.
fn locked(context: &Context) -> Result<LockedWallet, CommandError> {
    let none = || CommandError::usage("no locked wallet is configured").hint("NEO_WALLET names a NEP-6 file");
    let Profile::Live(live) = context.settings()?.profile()? else { return Err(none()) };
    match unlock::configured(&live.chain.payer)? {
        WalletFile::Locked(locked) => Ok(locked),
        WalletFile::Open(_) => Err(none()),
    }
}
