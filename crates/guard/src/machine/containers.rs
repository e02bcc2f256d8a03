//! Container images (OCI), as `podman` has them on this machine.
//!
//! Docker is not used: its programs are children of a daemon, so that neither the limits of a run nor its end reach them, and
//! whoever may use the daemon may do anything on the machine.

use std::{
    ffi::OsStr,
    io,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::programs::on_path;
use domain::units;

/// The program that runs containers.
pub const PODMAN: &str = "podman";
/// What `podman` finds its images and settings by, beside PATH and HOME.
pub const ENVIRONMENT: [&str; 4] =
    ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"];

/// How often it is looked whether `podman` answered, and between two looks: twenty seconds and more.
const LOOKS: u32 = 4_000;
const LOOK: Duration = Duration::from_millis(5);
/// Its exit code where it could not do what it was asked for.
const NOT_DONE: i32 = 125;
/// The longest name of an image: of host and port, path, tag and digest.
const LONGEST: usize = 400;
/// Of a SHA-256 in hexadecimal.
const DIGITS: usize = 64;

/// Why an image is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Nothing runs containers here.
    #[error("podman, which runs containers, is not installed")]
    NoPodman,
    /// `podman` has none of that name.
    #[error("the image {0} is not on this machine")]
    NotThere(String),
    /// `podman` did not answer, or not with an id.
    #[error("podman does not say whether it has the image {0}: {1}")]
    Silent(String, String),
}

impl ImageError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            ImageError::NoPodman => "sudo apt install podman".to_owned(),
            ImageError::NotThere(name) => format!("podman pull {name}"),
            ImageError::Silent(..) => "podman info says how it is set up".to_owned(),
        }
    }
}

/// Whether an image may have this name: host and port, path, tag, digest.
pub fn is_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b))
}

/// Whether this is the id of an image.
pub fn is_id(id: &str) -> bool {
    let digits = id.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The id of the image that `reference`, a name or an id, means on this machine; `shown` is its name for people.
///
/// # Errors
/// No `podman`, no such image, or no answer in time.
pub fn image_id(reference: &str, shown: &str) -> Result<String, ImageError> {
    image_on(&std::env::var_os("PATH").unwrap_or_default(), reference, shown)
}

fn image_on(path: &OsStr, reference: &str, shown: &str) -> Result<String, ImageError> {
    let podman = on_path(path, PODMAN).ok_or(ImageError::NoPodman)?;
    let silent = |why: String| ImageError::Silent(shown.to_owned(), units::clean(&why, 200));
    let mut command = Command::new(podman);
    command.args(["image", "inspect", "--format", "{{.Id}}", reference]).stdin(Stdio::null());
    let (code, said) = answer(command).map_err(|error| silent(error.to_string()))?;
    let id = format!("sha256:{}", said.trim().trim_start_matches("sha256:"));
    match code {
        Some(0) if is_id(&id) => Ok(id),
        Some(NOT_DONE) => Err(ImageError::NotThere(shown.to_owned())),
        Some(code) => Err(silent(format!("exit code {code}"))),
        None => Err(silent("it was ended".to_owned())),
    }
}

/// The label of all containers that runs are in.
pub const LABEL: &str = "scientific-orchestrator";

/// Removes stopped containers that a killed run left an hour ago or earlier: nobody else does.
pub fn remove_abandoned() {
    let Some(podman) = on_path(&std::env::var_os("PATH").unwrap_or_default(), PODMAN) else { return };
    let mut command = Command::new(podman);
    let (labelled, old) = (format!("label={LABEL}"), "until=1h");
    command.args(["container", "prune", "--force", "--filter", &labelled, "--filter", old]).stdin(Stdio::null());
    // They are in nobody's way.
    let _ = answer(command);
}

/// The exit code and what was printed; an error where it takes too long.
fn answer(mut command: Command) -> io::Result<(Option<i32>, String)> {
    // Ids: they never fill the pipe.
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    for _ in 0..LOOKS {
        if child.try_wait()?.is_some() {
            let output = child.wait_with_output()?;
            return Ok((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()));
        }
        thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()?;
    Err(io::Error::other(format!("no answer in {} seconds", (LOOK * LOOKS).as_secs())))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn names_and_ids_are_told_from_options() {
        for name in ["a", "localhost/a:1", "docker.io/staphb/fastp:0.23.4", "h:5000/a/b@sha256:00"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-v", "--privileged", "/a", "a b", "a;b", "a\n", "\u{fc}", &"a".repeat(401)] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(is_id(&format!("sha256:{}", "0a".repeat(32))));
        for id in [
            "",
            "sha256:",
            &"0a".repeat(32),
            &format!("sha256:{}", "0A".repeat(32)),
            &format!("sha256:{}", "0".repeat(65)),
        ] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn what_podman_answers_is_an_image_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str();
        assert_eq!(image_on(path, "a:1", "a:1"), Err(ImageError::NoPodman));
        let podman = |script: &str| {
            let file = folder.path().join(PODMAN);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            image_on(path, "a:1", "a:1")
        };
        let digits = "0b".repeat(32);
        assert_eq!(podman(&format!("echo {digits}")), Ok(format!("sha256:{digits}")));
        assert_eq!(podman(&format!("echo sha256:{digits}")), Ok(format!("sha256:{digits}")));
        assert_eq!(podman("exit 125"), Err(ImageError::NotThere("a:1".to_owned())));
        for odd in ["echo yes", "exit 1", "kill -9 $$"] {
            assert!(matches!(podman(odd), Err(ImageError::Silent(..))), "{odd}");
        }
    }
}
