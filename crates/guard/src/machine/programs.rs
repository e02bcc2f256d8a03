//! Outside programs: whether they are installed.

use std::{
    ffi::OsStr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use domain::task::TaskType;

/// A program that a task needs and that is not on PATH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The executable.
    pub executable: String,
    /// The Debian package that has it, where the task says so.
    pub package: Option<String>,
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
    let step = task.command()?.steps.iter().find(|step| !is_there(&step.executable))?;
    Some(Missing { executable: step.executable.clone(), package: step.package.clone() })
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
        let missing = Missing { executable: "hmmsearch".to_owned(), package: Some("hmmer".to_owned()) };
        assert_eq!(missing_on(search, folder.path().as_os_str()), Some(missing.clone()));
        std::fs::write(&file, "").unwrap();
        assert_eq!(missing_on(search, folder.path().as_os_str()), Some(missing), "not executable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(missing_on(search, folder.path().as_os_str()), None);
        assert_eq!(missing_program(catalogue.get("sequence_stats").unwrap()), None);
    }
}
