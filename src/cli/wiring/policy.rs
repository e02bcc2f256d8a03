//! The policy in force: the owner's file, the recipients of the settings, and the network of the profile.

use std::path::PathBuf;

use super::network_of;
use crate::{
    cassette::Tape,
    cli::CommandError,
    config::{Key, Profile, Settings, policy_file::PolicyFile},
    domain::{budget::Caps, money::Datoshi},
    policy::Policy,
    sandbox::keys::Keys,
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
            let keys = Keys::on(tape, &settings.home().sandbox()).map_err(|e| CommandError::failed("sandbox", e))?;
            vec![keys.provider.account()]
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
        caps: caps(file.caps, profile),
        max_system_fee: file.max_system_fee,
        max_network_fee: file.max_network_fee,
        auto_approve_up_to: file.auto_approve_up_to,
        data_may_leave: file.data_may_leave.clone(),
        allow_mainnet: file.allow_mainnet,
        max_result_bytes: file.max_result_bytes,
    })
}

/// The owner's caps. In the sandbox, where nothing is money, those of a file that says nothing are generous: nobody runs into
/// 25 GAS of play money.
fn caps(said: Caps, profile: &Profile) -> Caps {
    match profile {
        Profile::Sandbox if said == PolicyFile::default().caps => {
            let most = Datoshi::from_gas(1_000_000);
            Caps { per_payment: Datoshi::from_gas(1_000), per_day: most, lifetime: most }
        }
        _ => said,
    }
}

/// What is never data: all that lies in the home folder, the wallet, and `.env`, whatever they are called elsewhere.
fn private(settings: &Settings) -> Vec<PathBuf> {
    let named = [Some(settings.home().path().to_owned()), settings.path(Key::NeoWallet)];
    named.into_iter().flatten().chain([settings.cwd().join(".env")]).collect()
}
