//! The policy in force: the owner's file, the recipients of the settings, and the network of the profile.

use std::path::PathBuf;

use super::network_of;
use crate::{cli::CommandError, sandbox};
use cassette::Tape;
use domain::{budget::Caps, money::Datoshi};
use guard::{
    config::{Key, Profile, Settings, policy_file::PolicyFile},
    policy::Policy,
};

/// The policy of these settings, for a run on this tape.
///
/// # Errors
/// A policy file that cannot be read; a sandbox whose keys cannot be used.
pub fn of(settings: &Settings, profile: &Profile, tape: &Tape) -> Result<Policy, CommandError> {
    let file = settings.policy()?;
    let mut roots = vec![settings.cwd().to_owned()];
    roots.extend(file.roots.iter().filter(|root| root.as_path() != settings.cwd()).cloned());
    let recipients = match profile {
        // In the sandbox nobody but its own provider can be paid, whatever the owner's list says.
        Profile::Sandbox => {
            settings.home().ensure()?;
            sandbox::recipients(tape, &settings.home().sandbox()).map_err(unusable)?
        }
        Profile::Live(live) => {
            let mut all = live.chain.recipients.clone();
            all.extend(file.recipients.iter().filter(|r| !live.chain.recipients.contains(r)));
            all
        }
    };
    Ok(Policy {
        thresholds: file.thresholds,
        roots,
        private: private(settings),
        recipients,
        network: network_of(profile),
        caps: CapsInForce::of(&file, profile).caps,
        max_system_fee: file.max_system_fee,
        max_network_fee: file.max_network_fee,
        auto_approve_up_to: file.auto_approve_up_to,
        // An owner agreed to storage and a provider of their own, and to no stranger's.
        data_may_leave: if settings.knows_where_data_goes() { file.data_may_leave.clone() } else { Vec::new() },
        allow_mainnet: file.allow_mainnet,
        max_result_bytes: file.max_result_bytes,
        result_hosts: match profile {
            Profile::Live(live) => live.compute.result_hosts.clone(),
            Profile::Sandbox => Vec::new(),
        },
        patience: file.patience,
    })
}

/// Keys of the sandbox that cannot be used, with what to do about it.
pub fn unusable(error: sandbox::Unusable) -> CommandError {
    let hint = error.hint.clone();
    CommandError::failed("sandbox", error).hint(hint)
}

/// The caps that hold, and whose they are: what payments are held to, and what every command says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapsInForce {
    /// What they are.
    pub caps: Caps,
    /// Whether they are the sandbox's own. Where nothing is money, those of a file that says nothing are generous: nobody runs
    /// into 25 GAS of play money.
    pub are_sandboxes: bool,
}

impl CapsInForce {
    /// Those of the owner's file in a profile.
    pub fn of(file: &PolicyFile, profile: &Profile) -> CapsInForce {
        let are_sandboxes = matches!(profile, Profile::Sandbox) && file.caps == PolicyFile::default().caps;
        let most = Datoshi::from_gas(1_000_000);
        let caps = match are_sandboxes {
            true => Caps { per_payment: Datoshi::from_gas(1_000), per_day: most, lifetime: most },
            false => file.caps,
        };
        CapsInForce { caps, are_sandboxes }
    }

    /// Whose they are, in words.
    pub fn whose(self) -> &'static str {
        if self.are_sandboxes { "the sandbox's own caps" } else { "the owner's caps" }
    }
}

/// What is never data: all that lies in the home folder, the wallet, and `.env`, whatever they are called elsewhere.
fn private(settings: &Settings) -> Vec<PathBuf> {
    let named = [Some(settings.home().path().to_owned()), settings.path(Key::NeoWallet)];
    named.into_iter().flatten().chain([settings.cwd().join(".env")]).collect()
}
