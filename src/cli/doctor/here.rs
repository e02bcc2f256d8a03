//! What can be looked at without asking anybody: settings, files, disk, programs.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    net::TcpListener,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use super::check::Check;
use crate::cli::{Context, wiring::policy::CapsInForce};
use compute::{local::Runner, worker::Probed};
use domain::{path_text::for_shell, units::bytes};
use guard::{
    config::{ConfigError, Key, Profile, Settings},
    machine::{
        self,
        catalogue::{Catalogue, missing_program},
    },
};

/// Less free disk than this is worth a word, bytes.
const LITTLE_DISK: u64 = 1_000_000_000;

/// Settings: what is doubtful in them, and what they come to.
pub fn settings(settings: &Settings, profile: &Result<Profile, ConfigError>) -> Vec<Check> {
    let doubts = settings.warnings.iter();
    let mut out: Vec<Check> =
        doubts.map(|warning| Check::warn("settings", warning.clone(), "see .env.example for every setting")).collect();
    out.extend(settings.folder_file().map(|file| match file.trusted {
        true => Check::ok("folder", format!("{} is trusted as it is now", file.path.display())),
        false => Check::ok(
            "folder",
            format!(
                "{} is not trusted: it chooses no model and no account for a wallet from elsewhere",
                file.path.display()
            ),
        ),
    }));
    out.push(match profile {
        Ok(Profile::Sandbox) => Check::ok("profile", sandbox(settings)),
        Ok(Profile::Live(live)) => Check::ok("profile", format!("live on {}", live.chain.network)),
        Err(error) => wrong("profile", error),
    });
    out
}

/// Why it is the sandbox.
fn sandbox(settings: &Settings) -> &'static str {
    match settings.value(Key::AgentProfile) {
        _ if !crate::sandbox::BUILT_IN => {
            "sandbox, and this build has none: work runs on this machine only until storage, a provider and a chain are configured"
        }
        Some(_) => "sandbox, as AGENT_PROFILE says: storage, provider and chain are built in",
        None => "sandbox: no storage, provider or chain is configured, so these are built in",
    }
}

/// A finding of a setting that makes no sense.
pub fn wrong(part: &'static str, error: &ConfigError) -> Check {
    Check::fail(part, error.to_string(), error.hint())
}

/// The home folder: whose it is, and who may look into it.
pub fn home(settings: &Settings) -> Check {
    let path = settings.home().path();
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok("home", format!("{shown} is made with the first job"))
        }
        Err(error) => Check::fail("home", format!("{shown} cannot be looked at: {error}"), Some(own_home())),
        Ok(meta) if !meta.is_dir() => Check::fail("home", format!("{shown} is no folder"), Some(own_home())),
        Ok(meta) => kept(path, &meta),
    }
}

fn own_home() -> String {
    "set AGENT_HOME to a folder of your own".to_owned()
}

fn kept(path: &Path, meta: &Metadata) -> Check {
    let shown = path.display();
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me && me != 0 {
        return Check::fail("home", format!("{shown} belongs to another user"), Some(own_home()));
    }
    if let Err(error) = tempfile::tempfile_in(path) {
        return Check::fail("home", format!("{shown} cannot be written to: {error}"), Some(own_home()));
    }
    if meta.mode() & 0o077 != 0 {
        return Check::warn(
            "home",
            format!("{shown} is open to other users"),
            format!("chmod 700 {}", for_shell(path)),
        );
    }
    Check::ok("home", format!("{shown} is yours alone"))
}

/// The owner's rules.
pub fn policy(settings: &Settings, profile: &Result<Profile, ConfigError>) -> Check {
    let path = settings.home().policy();
    match settings.policy() {
        Err(error) => wrong("policy", &error),
        Ok(policy) => {
            let from = if path.exists() { path.display().to_string() } else { "built in".to_owned() };
            let in_force = profile.as_ref().map(|profile| CapsInForce::of(&policy, profile));
            let (caps, whose) = match in_force {
                Ok(in_force) if in_force.are_sandboxes => (in_force.caps, format!(", {}", in_force.whose())),
                _ => (policy.caps, String::new()),
            };
            let text = format!(
                "{from}{whose}: {} a payment, {} in 24 hours, {} in all",
                caps.per_payment, caps.per_day, caps.lifetime
            );
            Check::ok("policy", text)
        }
    }
}

/// Where a provider's webhooks come to, where any are wanted.
pub fn webhooks(settings: &Settings) -> Option<Check> {
    let callback = match settings.callback() {
        Ok(callback) => callback?,
        Err(error) => return Some(wrong("webhooks", &error)),
    };
    let (at, told) = (callback.listen, callback.url);
    Some(match TcpListener::bind(at) {
        Ok(_) => Check::ok(
            "webhooks",
            format!("nodes are told {told}, and {at} can be listened at while jobs are waited for"),
        ),
        Err(error) => Check::warn(
            "webhooks",
            format!("{at} cannot be listened at ({error}): providers are asked instead"),
            "if no other agent waits for jobs right now, choose another AGENT_WEBHOOK_ADDR",
        ),
    })
}

/// The machine and its disk.
pub fn machine(settings: &Settings) -> Check {
    // The folder may not be there yet; its first parent that is there lies on the same disk.
    let path = settings.home().path();
    let there = path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"));
    match machine::probe_machine(there) {
        Err(error) => Check::fail("machine", error.to_string(), Some("it cannot be judged what fits here".to_owned())),
        Ok(found) => {
            let (cores, ram, disk) = (found.cores, bytes(found.available_ram), bytes(found.free_disk));
            let text = format!("{cores} cores, {ram} of RAM available, {disk} of disk free");
            if found.free_disk < LITTLE_DISK {
                return Check::warn("machine", text, "free some disk, or set AGENT_HOME to a folder on a larger one");
            }
            Check::ok("machine", text)
        }
    }
}

/// Whether they are kept apart from the rest of the machine.
pub fn isolation() -> Check {
    match compute::worker::isolation() {
        Ok(_) => Check::ok(
            "isolation",
            "outside programs run under bubblewrap: no network, no home, inputs read-only, nothing else of yours",
        ),
        Err(why) => Check::warn(
            "isolation",
            format!("outside programs run with what you may read and with the network: {why}"),
            why.hint(),
        ),
    }
}

/// The outside programs of the catalogue. Those that can tell whether they have what a task needs are asked.
pub async fn programs(context: &Context) -> Vec<Check> {
    let catalogue = match context.catalogue() {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![Check::fail("programs", error.message, error.hint)],
    };
    let missing: Vec<_> = catalogue.iter().filter_map(|task| Some((task, missing_program(task)?))).collect();
    if missing.is_empty() {
        let there = Check::ok("programs", "every task's program is there");
        return std::iter::once(there).chain(lacking(catalogue).await).collect();
    }
    let tasks = missing.iter().map(|(task, _)| task.name.as_str()).collect::<Vec<_>>().join(", ");
    let packages: BTreeSet<&str> = missing.iter().filter_map(|(_, m)| m.package()).collect();
    let hint = match packages.is_empty() {
        true => missing
            .iter()
            .map(|(_, missing)| missing.hint())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join("; "),
        false => format!("apt install {}", packages.into_iter().collect::<Vec<_>>().join(" ")),
    };
    let missing = Check::warn("programs", format!("not installed for {tasks}"), hint);
    std::iter::once(missing).chain(lacking(catalogue).await).collect()
}

/// The tasks whose programs say that they lack something, or do not say.
async fn lacking(catalogue: &Catalogue) -> Vec<Check> {
    let mut checks = Vec::new();
    for task in catalogue.iter().filter(|task| missing_program(task).is_none()) {
        let install = task.command().and_then(|command| command.install.clone());
        match Runner::default().probe(task).await {
            None | Some(Probed::Able) => {}
            Some(Probed::Unable(said)) => {
                let hint = install.unwrap_or_else(|| format!("`agent tasks show {}` says what it needs", task.name));
                checks.push(Check::warn("programs", format!("{} cannot be run here: {said}", task.name), hint));
            }
            Some(Probed::Unknown(why)) => {
                let text = format!("it is not known whether {} can be run here: {why}", task.name);
                checks.push(Check::warn("programs", text, "look at it when the machine is less busy"));
            }
        }
    }
    checks
}
