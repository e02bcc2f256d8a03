//! `agent doctor`: checks each part and says how to mend what is wrong.

pub mod check;
mod here;
mod model;
mod outside;

use std::process::ExitCode;

use clap::Args;

use self::check::{Check, State};
use super::{CommandError, Context, Kind, runtime::block_on, wiring};
use crate::job::offload::object_key;
use guard::config::Profile;

/// Check the model, storage, provider, chain, wallet, files and programs.
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    /// Prints the findings; exits with 1 when something that is needed does not work.
    ///
    /// # Errors
    /// When the settings cannot be loaded at all.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        block_on(examine(context))
    }
}

/// Looks at everything and prints what it found.
///
/// # Errors
/// When the settings cannot be loaded at all.
pub async fn examine(context: &Context) -> Result<ExitCode, CommandError> {
    let settings = context.settings()?;
    let profile = settings.profile();
    let mut checks = here::settings(settings, &profile);
    checks.extend([here::home(settings), here::policy(settings, &profile), here::machine(settings)]);
    checks.extend(here::programs(context).await);
    checks.push(here::isolation());
    checks.extend(here::webhooks(settings));
    checks.push(model::model(settings).await);
    checks.extend(match (&profile, settings.policy()) {
        (Ok(Profile::Live(live)), policy) => {
            let needed = needed(context)?;
            outside::all_live(live, &policy.unwrap_or_default(), &needed).await
        }
        (Ok(sandbox @ Profile::Sandbox), Ok(_)) => {
            let ledger = context.ledger()?;
            match wiring::connect(context, sandbox, &ledger) {
                Ok(connect) => outside::all_embedded(&*connect).await,
                // Told of with the settings.
                Err(_) => Vec::new(),
            }
        }
        _ => Vec::new(),
    });
    print(context, &checks);
    let failed = checks.iter().any(|check| check.state == State::Fail);
    Ok(ExitCode::from(if failed { Kind::Failed.code() } else { 0 }))
}

/// The keys on storage that open jobs of this home need.
fn needed(context: &Context) -> Result<Vec<String>, CommandError> {
    let Some(ledger) = context.ledger_if_any()? else { return Ok(Vec::new()) };
    Ok(ledger.jobs()?.iter().filter(|job| !job.state.is_end()).map(object_key).collect())
}

fn print(context: &Context, checks: &[Check]) {
    if context.json() {
        checks.iter().for_each(|check| context.output.json(check));
        return;
    }
    context.output.lines(checks.iter().flat_map(|check| check.lines(&context.look)));
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let summary = match (count(State::Fail), count(State::Warn)) {
        (0, 0) => "All is well.".to_owned(),
        (0, warnings) => format!("It works; {warnings} to look at."),
        (failed, _) => format!("{failed} to mend."),
    };
    context.output.lines([String::new(), summary]);
}
