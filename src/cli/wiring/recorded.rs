//! What a recorded run was made of: kept while it is recorded, and put together again while it is played.

use std::{path::PathBuf, sync::Arc};

use super::{Known, Options, Wired};
use serde::{Deserialize, Serialize};

use crate::{
    agent::session_file::Past,
    cli::{CommandError, Context, Kind},
    job,
};
use cassette::{Tape, play::Player};
use domain::{event::Sink, ids::SessionId};
use guard::{
    config::ModelBounds,
    ledger::{Earlier, Ledger},
    policy::{Policy, approval::FromRecord},
};

/// The name under which a record keeps what a conversation begins with.
pub const OPENING: &str = "opening";
const PROFILE: &str = "profile";
const POLICY: &str = "policy";
const EARLIER: &str = "earlier jobs";

/// What a conversation begins with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opening {
    /// The session.
    pub session: SessionId,
    /// Whether the model's calls may cost something.
    pub metered: bool,
    /// What they may take.
    pub bounds: ModelBounds,
    /// What was said in the session on earlier days.
    pub past: Past,
}

impl Opening {
    /// That of the record that is played.
    ///
    /// # Errors
    /// A record without one.
    pub fn of_record(player: &Player) -> Result<Opening, CommandError> {
        player.value(OPENING).ok_or_else(never_began)
    }

    /// Keeps it in a run that is recorded.
    pub fn note(&self, tape: &Tape) {
        tape.note(OPENING, self);
    }
}

fn never_began() -> CommandError {
    CommandError::new(Kind::Failed, "diverged", "the recorded run ended before it began")
        .hint("agent replay --show FILE --events shows why")
}

/// Keeps the policy in force, and what the ledger holds of earlier jobs, in a run that is recorded.
///
/// # Errors
/// The ledger's.
pub fn note(ledger: &Ledger, profile: &str, policy: &Policy) -> Result<(), CommandError> {
    let tape = ledger.tape();
    if tape.recorder().is_none() {
        return Ok(());
    }
    tape.note(PROFILE, &profile);
    tape.note(POLICY, policy);
    tape.note(EARLIER, &ledger.earlier()?);
    Ok(())
}

/// The workflow of a record: the same guard under the recorded policy, an empty ledger but for the recorded earlier jobs,
/// and outside parts that reach nothing.
///
/// # Errors
/// A record without these; the ledger's.
pub fn wired(
    context: &Context,
    options: Options,
    sink: Arc<dyn Sink>,
    player: &Arc<Player>,
) -> Result<Wired, CommandError> {
    let (profile, policy, earlier) =
        (player.value::<String>(PROFILE), player.value::<Policy>(POLICY), player.value::<Vec<Earlier>>(EARLIER));
    let (Some(profile), Some(mut policy), Some(earlier)) = (profile, policy, earlier) else {
        return Err(never_began());
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
    let approver = Arc::new(FromRecord(Arc::clone(player)));
    let catalogue = context.catalogue()?.clone();
    Wired::of(options, sink, Known { profile, policy, ledger, connect, approver, catalogue })
}
