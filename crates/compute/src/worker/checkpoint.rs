//! The checkpoint folder of a job: what a program keeps there outlives a run that is ended from outside, so that the same job goes
//! on where it was.
//!
//! It lies hidden in the job's results folder, so that it is never listed, fetched or sent; its name says which task, choices and
//! inputs it is of. Only one run at a time has it, and it is gone once the job has come to its end.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
};

use serde_json::json;

use super::{handed::TakenIn, spec::Spec};
use domain::{hash::Sha256, task::CommandLine};

/// How the names of such folders begin.
const CHECKPOINT: &str = ".checkpoint-";
/// Digits of the checksum in a name.
const DIGITS: usize = 32;

/// The checkpoint folder of a run, held against every other run of the job.
pub(super) struct Checkpoint {
    /// Its name in the results folder.
    pub name: String,
    /// Locked until the run is over, also where that is killed.
    _held: File,
}

impl Checkpoint {
    /// The folder for this run, with what an earlier run of the very same work left in it; none where the task keeps nothing. What
    /// is of other work, and what is no folder of plain files of this user's own, is removed.
    ///
    /// # Errors
    /// When it cannot be made, looked at or emptied.
    pub fn open(spec: &Spec, command: &CommandLine, inputs: &TakenIn) -> io::Result<Option<Checkpoint>> {
        if !command.has_checkpoint() {
            return Ok(None);
        }
        let name = format!("{CHECKPOINT}{}", of(spec, inputs).to_string().chars().take(DIGITS).collect::<String>());
        for other in names(&spec.out_dir)?.into_iter().filter(|other| *other != name) {
            remove_one(&spec.out_dir.join(other))?;
        }
        let path = spec.out_dir.join(&name);
        let held = held(&path)?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let meta = entry.metadata()?;
            if !meta.is_file() || meta.nlink() > 1 {
                remove_one(&entry.path())?;
            }
        }
        Ok(Some(Checkpoint { name, _held: held }))
    }
}

/// The folder at `path`, made where there is none of this user's own, and locked: the one that is there once it is locked, as the
/// run that had it before may have ended and removed it.
fn held(path: &Path) -> io::Result<File> {
    loop {
        if !is_own_folder(path)? {
            remove_one(path)?;
            match DirBuilder::new().mode(0o700).create(path) {
                // Another run of the job made it just now.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
        }
        let held = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        // A run that was left by its parent ends within a moment.
        held.lock()?;
        let of = |meta: fs::Metadata| (meta.dev(), meta.ino());
        match fs::symlink_metadata(path) {
            Ok(there) if of(there.clone()) == of(held.metadata()?) => return Ok(held),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
}

/// What a checkpoint is of: the version of the task, the choices, and the content of every input.
fn of(spec: &Spec, inputs: &TakenIn) -> Sha256 {
    let further: Vec<_> = inputs.further.iter().map(|input| (&input.name, input.sha256)).collect();
    // Names of files say nothing of what is in them.
    let files: Vec<&String> = inputs.further.iter().map(|input| &input.name).collect();
    let chosen: serde_json::Map<_, _> =
        spec.parameters.iter().filter(|(name, _)| !files.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let version = env!("CARGO_PKG_VERSION");
    let what = json!({
        "program": version, "task": spec.task.name, "version": spec.task.version, "parameters": chosen,
        "dataset": inputs.dataset, "further": further,
    });
    Sha256::of(what.to_string().as_bytes())
}

/// Whether it is a folder of this user's own that nobody else may write to, and no link to one.
fn is_own_folder(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(meta) => {
            let own = meta.uid() == rustix::process::geteuid().as_raw();
            Ok(meta.is_dir() && own && meta.mode() & 0o077 == 0)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The names of such folders, and of what is called so, in a results folder.
fn names(out_dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(out_dir)? {
        names.extend(entry?.file_name().to_str().filter(|name| name.starts_with(CHECKPOINT)).map(str::to_owned));
    }
    Ok(names)
}

/// Removes a folder, or whatever else is there, without following a link.
fn remove_one(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the checkpoints of a job that has come to its end.
pub(crate) fn remove(out_dir: &Path) {
    for name in names(out_dir).unwrap_or_default() {
        // It stands in nobody's way.
        let _ = remove_one(&out_dir.join(name));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use domain::task::{TaskOrigin, TaskType};
    use guard::machine::catalogue::read_task;

    const KEEPS: &str = r#"
        name = "keeps"
        title = "Keeps"
        description = "Keeps what it has done."
        [inputs.lines]
        formats = ["text"]
        [program]
        kind = "command"
        executable = "keep"
        arguments = ["{lines}", "{checkpoint:done}", "{out:all.txt}"]
    "#;

    fn task(text: &str) -> TaskType {
        read_task("keeps.toml", text, TaskOrigin::Owner).unwrap()
    }

    fn spec(out_dir: &Path, task: TaskType, chosen: &str) -> Spec {
        let parameters = [("word".to_owned(), chosen.into())].into_iter().collect();
        Spec {
            job: "job-a".into(),
            task,
            parameters,
            dataset_name: "lines.txt".into(),
            dataset_place: None,
            further: Vec::new(),
            out_dir: out_dir.to_owned(),
            output_limit: 1,
            memory_limit: 1,
            cpu_limit: 1,
        }
    }

    fn opened(spec: &Spec, dataset: &[u8]) -> Option<Checkpoint> {
        let inputs =
            TakenIn { dataset: Sha256::of(dataset), further: Vec::new(), named: Vec::new(), bound: Vec::new() };
        Checkpoint::open(spec, spec.task.command().unwrap(), &inputs).unwrap()
    }

    #[test]
    fn it_is_of_one_task_its_choices_and_its_content_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = spec(folder.path(), task(KEEPS), "a");
        let name = opened(&first, b"x").unwrap().name;
        fs::write(folder.path().join(&name).join("done"), "half").unwrap();
        assert_eq!(opened(&first, b"x").unwrap().name, name);
        assert_eq!(fs::read_to_string(folder.path().join(&name).join("done")).unwrap(), "half");
        let changed = task(&KEEPS.replace("Keeps what", "Keeps all that"));
        for (spec, dataset) in [
            (spec(folder.path(), task(KEEPS), "b"), b"x"),
            (spec(folder.path(), task(KEEPS), "a"), b"y"),
            (spec(folder.path(), changed, "a"), b"x"),
        ] {
            let other = opened(&spec, dataset).unwrap().name;
            assert_ne!(other, name);
            assert_eq!(names(folder.path()).unwrap(), [other], "what is of other work is gone");
        }
        let none = task(&KEEPS.replace("\"{checkpoint:done}\", ", ""));
        assert!(opened(&spec(folder.path(), none, "a"), b"x").is_none());
        remove(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_stranger_put_there_is_not_taken_up() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("done"), "theirs").unwrap();
        let spec = spec(folder.path(), task(KEEPS), "a");
        let path = folder.path().join(opened(&spec, b"x").unwrap().name);
        // A link in its place.
        fs::remove_dir(&path).unwrap();
        symlink(elsewhere.path(), &path).unwrap();
        opened(&spec, b"x").unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_dir() && fs::read_dir(&path).unwrap().count() == 0);
        // Links and folders within it; a plain file stays.
        symlink(elsewhere.path().join("done"), path.join("done")).unwrap();
        fs::hard_link(elsewhere.path().join("done"), path.join("other")).unwrap();
        fs::create_dir(path.join("deep")).unwrap();
        fs::write(path.join("plain"), "mine").unwrap();
        opened(&spec, b"x").unwrap();
        let left: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["plain"]);
        // A folder that others may write to.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        opened(&spec, b"x").unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        assert_eq!(fs::read_to_string(elsewhere.path().join("done")).unwrap(), "theirs");
    }

    #[test]
    fn one_run_at_a_time_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(folder.path(), task(KEEPS), "a");
        let held = opened(&spec, b"x").unwrap();
        let other = File::open(folder.path().join(&held.name)).unwrap();
        assert!(other.try_lock().is_err());
        drop(held);
        other.try_lock().unwrap();
    }
}
