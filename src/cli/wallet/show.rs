//! `agent wallet address` and `agent wallet balance`.

use std::process::ExitCode;

use serde::Serialize;

use super::{
    super::{
        CommandError, Context,
        runtime::block_on,
        wiring::{self, network_of, policy::CapsInForce},
    },
    account,
};
use crate::face::look::Tone;
use domain::{
    hash::Hash160,
    money::{Amount, Datoshi},
    network::Network,
};
use guard::{
    config::Profile,
    ledger::{Ledger, Reading},
};

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
    #[serde(skip)]
    whose: &'static str,
}

/// Prints the address and, where `asks`, what the chain and the ledger say of it.
///
/// # Errors
/// Settings without a usable key; a chain that does not answer.
pub fn run(context: &Context, asks: bool) -> Result<ExitCode, CommandError> {
    let profile = context.settings()?.profile()?;
    let account = account(context, &profile)?;
    let mut shown = Shown {
        address: account.address(),
        network: network_of(&profile),
        profile: profile.name(),
        balance: None,
        left_today: None,
        left_in_all: None,
        whose: "",
    };
    if asks {
        ask(context, &profile, account, &mut shown)?;
    }
    if context.json() {
        context.output.json(&shown);
    } else {
        context.output.lines(lines(&shown, context));
    }
    Ok(ExitCode::SUCCESS)
}

fn ask(context: &Context, profile: &Profile, account: Hash160, shown: &mut Shown) -> Result<(), CommandError> {
    let ledger = context.ledger()?;
    let balance = block_on(balance(context, profile, &ledger, account))?;
    let in_force = CapsInForce::of(&context.settings()?.policy()?, profile);
    let caps = in_force.caps;
    shown.whose = in_force.whose();
    let spent = ledger.spending(&account, shown.network, &Reading::now())?;
    let left = |cap: Datoshi, spent: Datoshi| Some(Amount::from(cap.saturating_sub(spent)));
    shown.balance = Some(Amount::from(balance));
    shown.left_today = left(caps.per_day, spent.day);
    shown.left_in_all = left(caps.lifetime, spent.lifetime);
    Ok(())
}

async fn balance(
    context: &Context,
    profile: &Profile,
    ledger: &Ledger,
    account: Hash160,
) -> Result<Datoshi, CommandError> {
    let chain = wiring::chain(context, profile, ledger).await?;
    chain
        .balance(account)
        .await
        .map_err(|e| CommandError::failed("chain", e).hint("check NEO_RPC_URL; `agent doctor` asks each node"))
}

fn lines(shown: &Shown, context: &Context) -> Vec<String> {
    let look = &context.look;
    let money = if shown.network.is_sandbox() { " (not money)" } else { "" };
    let mut out = look.field("Address", Tone::Strong, &shown.address);
    out.extend(look.field("Network", Tone::Plain, &shown.network.to_string()));
    let gas = |amount: &Amount| amount.datoshi.to_string();
    out.extend(shown.balance.iter().flat_map(|b| look.field("Balance", Tone::Good, &format!("{}{money}", gas(b)))));
    if let (Some(today), Some(all)) = (&shown.left_today, &shown.left_in_all) {
        let text = format!("{} left in these 24 hours, {} in all, by {}", gas(today), gas(all), shown.whose);
        out.extend(look.field("Budget", Tone::Plain, &text));
    }
    out
}
