//! From settings to the parts that do the work. Nothing here touches the network: the outside parts come up when a job
//! first needs them.

pub mod keyring;
pub mod live;
pub mod policy;
pub mod recorded;
pub mod session;
pub mod unlock;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use self::unlock::Unlock;
use super::{CommandError, Context};
use crate::{
    face::approve::AtTerminal,
    job::{Connect, JobError, Workflow, WorkflowParts},
    sandbox,
};
use cassette::Tape;
use compute::local::Runner;
use domain::{
    event::Sink,
    network::{Network, SANDBOX},
    path_text,
    request::Bounds,
};
use guard::{
    config::Profile,
    ledger::Ledger,
    machine::catalogue::Catalogue,
    policy::{
        Guard, Policy,
        approval::{Approver, Kept, Nobody, SaidYes},
    },
};
use neo::Chain;

/// The program that workers and the sandbox's host are started as: this very one.
pub(super) const PROGRAM: &str = "/proc/self/exe";

/// What a person said beside their request.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--yes`.
    pub yes: bool,
    /// Where, for how much, how far: `--here`, `--max-gas`, `--until`, `--dry-run`.
    pub bounds: Bounds,
    /// `--allow-mainnet`.
    pub allow_mainnet: bool,
    /// `--accept-unverified`.
    pub takes_unverified: bool,
    /// `--out`, absolute.
    pub out_dir: Option<PathBuf>,
}

/// A workflow with what it was made of.
pub struct Wired {
    /// Advances jobs.
    pub workflow: Arc<Workflow>,
    /// Sandbox or live.
    pub profile: String,
    /// Where money moves.
    pub network: Network,
}

/// What a workflow is made of that a record decides in a run that is played.
struct Known {
    profile: String,
    policy: Policy,
    ledger: Ledger,
    connect: Box<dyn Connect>,
    approver: Arc<dyn Approver>,
    catalogue: Catalogue,
}

impl Wired {
    /// The workflow of these settings.
    ///
    /// # Errors
    /// Settings that make no sense, a policy file that cannot be read, a home or ledger that cannot be used.
    pub fn new(context: &Context, options: Options) -> Result<Wired, CommandError> {
        let approver = approver(context, &options);
        Wired::with(context, options, context.sink(), approver)
    }

    /// The same, with another place for events and another one to ask.
    ///
    /// # Errors
    /// As [`Wired::new`].
    pub fn with(
        context: &Context,
        options: Options,
        sink: Arc<dyn Sink>,
        approver: Arc<dyn Approver>,
    ) -> Result<Wired, CommandError> {
        if let Some(player) = context.tape().player() {
            return recorded::wired(context, options, sink, player);
        }
        let settings = context.settings()?;
        for folder in options.out_dir.iter().map(PathBuf::as_path).chain([settings.home().path()]) {
            written_down(folder)?;
        }
        let profile = settings.profile()?;
        let mut policy = policy::of(settings, &profile, context.tape())?;
        policy.allow_mainnet |= options.allow_mainnet;
        let ledger = context.ledger()?;
        recorded::note(&ledger, profile.name(), &policy)?;
        let connect = connect(context, &profile, &ledger)?;
        let profile = profile.name().to_owned();
        let catalogue = context.catalogue()?.clone();
        Wired::of(options, sink, Known { profile, policy, ledger, connect, approver, catalogue })
    }

    /// The workflow of parts that are known.
    fn of(options: Options, sink: Arc<dyn Sink>, known: Known) -> Result<Wired, CommandError> {
        let Known { profile, policy, ledger, connect, approver, catalogue } = known;
        let network = policy.network;
        let parts = WorkflowParts {
            guard: Guard::new(policy, ledger.clone()),
            catalogue,
            sink,
            approver,
            connect,
            runner: Runner::default(),
            profile: profile.clone(),
            out_dir: options.out_dir,
            bounds: options.bounds,
            takes_unverified: options.takes_unverified,
            ledger,
        };
        Ok(Wired { workflow: Arc::new(Workflow::new(parts)), profile, network })
    }
}

/// Where results go is written into jobs and receipts.
fn written_down(folder: &Path) -> Result<(), CommandError> {
    match path_text::is_text(folder) {
        true => Ok(()),
        false => Err(CommandError::usage(format!(
            "the folder {} is no valid UTF-8, so no job can name it",
            folder.display()
        ))
        .hint("name another one, with --out or --home, or rename it")),
    }
}

/// Who is asked: whoever said `--yes`, the person at the terminal, or nobody when a program reads the answers.
fn approver(context: &Context, options: &Options) -> Arc<dyn Approver> {
    let asked: Arc<dyn Approver> = match (options.yes, context.json()) {
        (true, _) => Arc::new(SaidYes),
        (false, true) => Arc::new(Nobody),
        (false, false) => Arc::new(AtTerminal::new(context.look)),
    };
    match context.tape() {
        tape @ Tape::Recording(_) => Arc::new(Kept { asked, tape: tape.clone() }),
        _ => asked,
    }
}

/// What brings up storage, provider and chain.
///
/// # Errors
/// A policy file that cannot be read.
pub fn connect(context: &Context, profile: &Profile, ledger: &Ledger) -> Result<Box<dyn Connect>, CommandError> {
    let settings = context.settings()?;
    let callback = settings.callback()?;
    Ok(match profile {
        Profile::Sandbox => {
            sandbox::connect(settings.home().sandbox(), PathBuf::from(PROGRAM), callback, ledger.clone())
        }
        Profile::Live(live) => {
            let (price, unlock) = (settings.policy()?.price, Unlock { descriptor: context.global.passphrase_fd });
            Box::new(live::Live::new((**live).clone(), price, unlock, callback, ledger.clone()))
        }
    })
}

/// The chain of a profile, to read from: nothing is unlocked.
///
/// # Errors
/// A node's address that is none; a sandbox that does not come up.
pub async fn chain(context: &Context, profile: &Profile, ledger: &Ledger) -> Result<Chain, CommandError> {
    match profile {
        Profile::Live(live) => Chain::on(ledger.tape(), live.chain.rpc.clone(), live.chain.network)
            .map_err(|e| CommandError::failed("chain", e).hint("check NEO_RPC_URL")),
        Profile::Sandbox => Ok(connect(context, profile, ledger)?.connect().await?.payer.chain().clone()),
    }
}

/// The network that a profile's money moves on.
pub fn network_of(profile: &Profile) -> Network {
    match profile {
        Profile::Sandbox => Network(SANDBOX),
        Profile::Live(live) => live.chain.network,
    }
}

impl From<JobError> for CommandError {
    fn from(error: JobError) -> CommandError {
        let kind = super::Kind::from_code(error.exit_code());
        CommandError::new(kind, error.kind(), error.to_string()).maybe_hint(error.hint()).caused_by(error)
    }
}
