//! What a recorded run was made of: kept while it is recorded, and put together again while it is played.

use std::{path::PathBuf, sync::Arc};

use super::{Known, Options, Wired};
use crate::{
    cassette::{self, play::Player},
    cli::{CommandError, Context},
    job,
    ledger::{Earlier, Ledger},
    policy::{Policy, approval::FromRecord},
};

const PROFILE: &str = "profile";
const POLICY: &str = "policy";
const EARLIER: &str = "earlier jobs";

/// Keeps the policy in force, and what the ledger holds of earlier jobs, in a run that is recorded.
///
/// # Errors
/// The ledger's.
pub fn note(ledger: &Ledger, profile: &str, policy: &Policy) -> Result<(), CommandError> {
    if cassette::recorder().is_none() {
        return Ok(());
    }
    cassette::note(PROFILE, &profile);
    cassette::note(POLICY, policy);
    cassette::note(EARLIER, &ledger.earlier()?);
    Ok(())
}

/// The workflow of a record: the same guard under the recorded policy, an empty ledger but for the recorded earlier jobs,
/// and outside parts that reach nothing.
///
/// # Errors
/// A record without these; the ledger's.
pub fn wired(context: &Context, options: Options, player: &Player) -> Result<Wired, CommandError> {
    let (profile, policy, earlier) =
        (player.value::<String>(PROFILE), player.value::<Policy>(POLICY), player.value::<Vec<Earlier>>(EARLIER));
    let (Some(profile), Some(mut policy), Some(earlier)) = (profile, policy, earlier) else {
        let message = "the recorded run ended before it began: the record holds no policy";
        return Err(CommandError::new(crate::cli::Kind::Failed, "diverged", message)
            .hint("agent replay --show FILE shows what it holds"));
    };
    let ledger = context.ledger()?;
    for one in &earlier {
        ledger.restore(one)?;
    }
    // The folder that was worked in is another one now; whole paths beneath the old one still mean what they meant.
    let here: PathBuf = context.settings()?.cwd().to_owned();
    policy.roots.retain(|root| root.is_dir() && *root != here);
    policy.roots.insert(0, here);
    let connect = Box::new(job::Recorded::new(ledger.clone()));
    Wired::of(context, options, Known { profile, policy, ledger, connect, approver: Arc::new(FromRecord) })
}
