//! Whether bubblewrap works here.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use super::view;
use domain::units;
use guard::machine::programs::on_path;

/// Bubblewrap, found to work here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Isolation {
    /// The program.
    pub(super) bwrap: PathBuf,
}

/// Why outside programs are not isolated here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotIsolated {
    /// There is no bubblewrap.
    #[error("bubblewrap is not installed")]
    NotInstalled,
    /// It is there and does not work. What it said, cleaned.
    #[error("bubblewrap does not work here ({0})")]
    Refused(String),
}

impl NotIsolated {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            NotIsolated::NotInstalled => "sudo apt install bubblewrap",
            NotIsolated::Refused(_) => {
                "let `bwrap` make user namespaces: by an AppArmor profile (Ubuntu), or by what the container may do"
            }
        }
    }
}

/// Whether outside programs are isolated here. It is tried once a process.
///
/// # Errors
/// Why they are not.
pub fn isolation() -> Result<&'static Isolation, &'static NotIsolated> {
    static FOUND: OnceLock<Result<Isolation, NotIsolated>> = OnceLock::new();
    FOUND.get_or_init(|| found_on(&path())).as_ref()
}

/// Where programs are looked for.
pub(super) fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

pub(super) fn found_on(path: &OsStr) -> Result<Isolation, NotIsolated> {
    let bwrap = on_path(path, "bwrap").ok_or(NotIsolated::NotInstalled)?;
    let tried = Command::new(&bwrap)
        .args(view::WALLS)
        .args(view::system())
        .args(view::beside(&bwrap, path))
        .args(view::CLOSED)
        .arg("--")
        .arg(&bwrap)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(out) if out.status.success() => Ok(Isolation { bwrap }),
        Ok(out) => Err(NotIsolated::Refused(units::clean(String::from_utf8_lossy(&out.stderr).trim(), 100))),
        Err(error) => Err(NotIsolated::Refused(units::clean(&error.to_string(), 100))),
    }
}
