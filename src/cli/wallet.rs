//! `agent wallet`: who pays, with how much, and how much may still be spent.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    CommandError, Context,
    runtime::block_on,
    wiring::{self, live, network_of},
};
use crate::{
    config::Profile,
    domain::{
        hash::Hash160,
        money::{Amount, Datoshi},
        network::Network,
    },
    face::look::Tone,
    sandbox::keys::Keys,
};

/// Show who pays, with how much, and how much may still be spent.
#[derive(Debug, Args)]
pub struct Wallet {
    #[command(subcommand)]
    command: Option<WalletCommand>,
}

/// What to show of the wallet.
#[derive(Debug, Clone, Copy, Subcommand)]
enum WalletCommand {
    /// The paying address, without asking the network
    Address,
    /// The balance, asked of the chain, and the budget left
    Balance,
}

/// What a program is told.
#[derive(Serialize)]
struct Shown {
    address: String,
    network: Network,
    profile: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_today: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_in_all: Option<Amount>,
}

impl Wallet {
    /// Prints it; address and balance when nothing is said.
    ///
    /// # Errors
    /// Settings without a usable key; a chain that does not answer.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let settings = context.settings()?;
        let profile = settings.profile()?;
        let account = account(context, &profile)?;
        let mut shown = Shown {
            address: account.address(),
            network: network_of(&profile),
            profile: profile.name(),
            balance: None,
            left_today: None,
            left_in_all: None,
        };
        if !matches!(self.command, Some(WalletCommand::Address)) {
            self.ask(context, &profile, account, &mut shown)?;
        }
        if context.json() {
            context.output.json(&shown);
        } else {
            context.output.lines(lines(&shown, context));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn ask(
        &self,
        context: &Context,
        profile: &Profile,
        account: Hash160,
        shown: &mut Shown,
    ) -> Result<(), CommandError> {
        let ledger = context.ledger()?;
        let connect = wiring::connect(context.settings()?, profile, &ledger)?;
        let balance = block_on(async {
            let remote = connect.connect().await?;
            let asked = remote.payer.chain().balance(account).await;
            asked.map_err(|e| CommandError::failed("chain", e).hint("check NEO_RPC_URL; `agent doctor` asks each node"))
        })?;
        let caps = context.settings()?.policy()?.caps;
        let spent = ledger.spending(&account, shown.network, Timestamp::now())?;
        let left = |cap: Datoshi, spent: Datoshi| Some(Amount::from(cap.saturating_sub(spent)));
        shown.balance = Some(Amount::from(balance));
        shown.left_today = left(caps.per_day, spent.day);
        shown.left_in_all = left(caps.lifetime, spent.lifetime);
        Ok(())
    }
}

/// The paying account.
fn account(context: &Context, profile: &Profile) -> Result<Hash160, CommandError> {
    match profile {
        Profile::Live(live) => Ok(live::wallet(&live.chain.payer)?.account()),
        Profile::Sandbox => {
            let home = context.settings()?.home();
            home.ensure()?;
            let keys = Keys::in_folder(&home.sandbox()).map_err(|e| CommandError::failed("sandbox", e))?;
            Ok(keys.payer.account())
        }
    }
}

fn lines(shown: &Shown, context: &Context) -> Vec<String> {
    let look = &context.look;
    let money = if shown.network.is_sandbox() { " (not money)" } else { "" };
    let mut out = look.field("Address", Tone::Strong, &shown.address);
    out.extend(look.field("Network", Tone::Plain, &shown.network.to_string()));
    let gas = |amount: &Amount| amount.datoshi.to_string();
    out.extend(shown.balance.iter().flat_map(|b| look.field("Balance", Tone::Good, &format!("{}{money}", gas(b)))));
    if let (Some(today), Some(all)) = (&shown.left_today, &shown.left_in_all) {
        let text = format!("{} left in these 24 hours, {} in all, by the owner's caps", gas(today), gas(all));
        out.extend(look.field("Budget", Tone::Plain, &text));
    }
    out
}
