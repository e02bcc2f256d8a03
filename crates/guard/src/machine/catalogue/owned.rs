//! The task files of a folder: an owner's, or a node operator's.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Catalogue, TaskFileError, read::MAX_FILE, read_task};
use crate::config::{ConfigError, plain_file};
use domain::{
    path_text::for_shell,
    task::{TaskOrigin, template::is_name},
};

/// More files than these are no folder of tasks.
const MOST: usize = 1_000;

/// Why a folder of tasks is not read at all.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is another user's, or every user may write to it: what it says would be run.
    #[error(transparent)]
    Open(#[from] ConfigError),
    /// The system's error.
    #[error("the tasks in {} cannot be read: {source}", folder.display())]
    Read {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Too many files.
    #[error("there are more than {MOST} files in {}", folder.display())]
    TooMany {
        /// The folder.
        folder: PathBuf,
    },
}

/// A file of the working folder that has the name of this task, as it is called there. It is not read: whoever wrote it would
/// decide what is run.
pub fn unread(folder: &Path, task: &str) -> Option<PathBuf> {
    let file = is_name(task).then(|| format!("{task}.toml"))?;
    [Path::new("tasks").join(&file), PathBuf::from(file)].into_iter().find(|path| folder.join(path).is_file())
}

/// What to do about a file of the working folder that is not read.
pub fn unread_hint(file: &Path) -> String {
    let file = for_shell(file);
    format!("{file} lies in the working folder and is not read: look at it, and add it with `agent tasks add {file}`")
}

/// Takes the tasks of `folder` into the catalogue, by name; what is wrong with those that are left out. A folder that is not
/// there has none.
///
/// # Errors
/// When others may write to the folder, or it cannot be read.
pub fn read_folder(catalogue: &mut Catalogue, folder: &Path) -> Result<Vec<TaskFileError>, FolderError> {
    let failed = |source| FolderError::Read { folder: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    plain_file::is_kept(folder, &fs::metadata(folder).map_err(failed)?)?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.ends_with(".toml") && !name.starts_with('.')) {
            names.push(name.to_owned());
        }
        if names.len() > MOST {
            return Err(FolderError::TooMany { folder: folder.to_owned() });
        }
    }
    names.sort_unstable();
    let mut wrong = Vec::new();
    for name in names {
        if let Err(error) = one(&folder.join(&name), &name).and_then(|task| catalogue.add(&name, task)) {
            wrong.push(error);
        }
    }
    Ok(wrong)
}

fn one(path: &Path, name: &str) -> Result<domain::task::TaskType, TaskFileError> {
    let unreadable = |why: String| TaskFileError { file: name.to_owned(), line: None, field: String::new(), why };
    match plain_file::own_text(path, MAX_FILE) {
        Ok(Some(text)) => read_task(name, &text, TaskOrigin::Owner),
        Ok(None) => Err(unreadable("it is gone".to_owned())),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const SORTED: &str = r#"
        name = "sorted"
        title = "Sorted lines"
        description = "Sorts the lines of a text."
        [inputs.text]
        formats = ["text"]
        [program]
        kind = "command"
        executable = "sort"
        arguments = ["-o", "{out:sorted.txt}", "{text}"]
        [resources]
        ram = { bytes = 2.0 }
        seconds = { bytes = 1e-7 }
        spread = 3.0
        source = "test"
    "#;

    #[test]
    fn good_files_are_taken_and_the_others_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("sorted.toml", SORTED);
        write("broken.toml", "name = \"broken\"\ntitle = 1\n");
        write("text_summary.toml", &SORTED.replace("\"sorted\"", "\"text_summary\""));
        write("again.toml", &SORTED.replace("\"sorted\"", "\"again\"\nasked_as = [\"sorted\"]"));
        write("third.toml", &SORTED.replace("\"sorted\"", "\"third\"\nasked_as = [\"sorted\"]"));
        write("notes.txt", "nothing of ours");
        let mut catalogue = Catalogue::builtin().unwrap();
        let before = catalogue.iter().count();
        let wrong: Vec<String> =
            read_folder(&mut catalogue, folder.path()).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(catalogue.iter().count(), before + 2);
        assert!(catalogue.get("sorted").unwrap().asked_as.is_empty(), "its own name was chosen by another one");
        let sorted = catalogue.get("again").unwrap();
        assert_eq!((sorted.origin, &sorted.asked_as[..]), (TaskOrigin::Owner, &["sorted".to_owned()][..]));
        assert_eq!(
            wrong,
            [
                "broken.toml, line 2: invalid type: integer `1`, expected a string",
                "text_summary.toml, name: there is a task `text_summary` already: choose another name",
                "third.toml, asked_as: `sorted` asks for again already: choose other words",
            ]
        );
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalogue = Catalogue::builtin().unwrap();
        assert!(read_folder(&mut catalogue, &folder.path().join("none")).unwrap().is_empty());
        fs::write(folder.path().join("sorted.toml"), SORTED).unwrap();
        let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        open(&folder.path().join("sorted.toml"), 0o666);
        let wrong = read_folder(&mut catalogue, folder.path()).unwrap();
        assert!(wrong[0].to_string().contains("can be written to by every user"), "{}", wrong[0]);
        open(folder.path(), 0o777);
        assert!(matches!(read_folder(&mut catalogue, folder.path()), Err(FolderError::Open(_))));
        assert!(catalogue.get("sorted").is_none());
    }
}
