//! Outside programs: whether they are installed, or their image is there.

use std::{
    ffi::OsStr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::containers::{ImageError, image_id};
use domain::task::TaskType;

/// What a task needs and this machine lacks; with the task's name before it, a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// A program that is not on PATH.
    #[error("needs the program `{executable}`, which is not installed")]
    Program {
        /// The executable.
        executable: String,
        /// The Debian package that has it, where the task says so.
        package: Option<String>,
    },
    /// A container's image.
    #[error("runs in a container: {0}")]
    Image(ImageError),
}

impl Missing {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Missing::Program { package: Some(package), .. } => format!("install it: apt install {package}"),
            Missing::Program { package: None, .. } => "install it, so that it is on PATH".to_owned(),
            Missing::Image(error) => error.hint(),
        }
    }

    /// The Debian package that has it, where one is known.
    pub fn package(&self) -> Option<&str> {
        match self {
            Missing::Program { package, .. } => package.as_deref(),
            Missing::Image(ImageError::NoPodman) => Some(super::containers::PODMAN),
            Missing::Image(_) => None,
        }
    }
}

/// What is missing to run `task` on this machine; `None` when nothing is.
pub fn missing_program(task: &TaskType) -> Option<Missing> {
    missing_on(task, &std::env::var_os("PATH").unwrap_or_default())
}

fn missing_on(task: &TaskType, path: &OsStr) -> Option<Missing> {
    let is_there = |executable: &str| match executable.starts_with('/') {
        true => runs(Path::new(executable)),
        false => on_path(path, executable).is_some(),
    };
    let command = task.command()?;
    if let Some(image) = &command.image {
        return image_id(image.reference(), &image.name).err().map(Missing::Image);
    }
    let step = command.steps.iter().find(|step| !is_there(&step.executable))?;
    Some(Missing::Program { executable: step.executable.clone(), package: step.package.clone() })
}

/// The first executable file of this name on `path`. Relative folders on it are left out: what they hold depends on
/// where the program was started.
pub fn on_path(path: &OsStr, executable: &str) -> Option<PathBuf> {
    std::env::split_paths(path).filter(|folder| folder.is_absolute()).map(|f| f.join(executable)).find(|f| runs(f))
}

fn runs(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::catalogue::Catalogue;

    #[test]
    fn programs_are_looked_up_on_path() {
        let catalogue = Catalogue::builtin().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hmmsearch");
        let search = catalogue.get("hmm_search").unwrap();
        let missing = Missing::Program { executable: "hmmsearch".to_owned(), package: Some("hmmer".to_owned()) };
        assert_eq!(missing_on(search, folder.path().as_os_str()), Some(missing.clone()));
        std::fs::write(&file, "").unwrap();
        assert_eq!(missing_on(search, folder.path().as_os_str()), Some(missing), "not executable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(missing_on(search, folder.path().as_os_str()), None);
        assert_eq!(missing_program(catalogue.get("sequence_stats").unwrap()), None);
    }
}
