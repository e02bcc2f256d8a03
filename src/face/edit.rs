//! A plan in a person's own editor.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::PathBuf,
    process::{ExitStatus, Stdio},
};

use tempfile::TempDir;
use tokio::process::Command;

use super::{
    plan_file::{self, MAX_BYTES, PlanFileError},
    tty::TERMINAL,
};
use domain::{plan::Plan, request::Request, units::clean};
use guard::machine::programs::on_path;

/// What the file is called, in a folder of its own. Editors colour it by its ending.
const NAME: &str = "plan.toml";
/// Editors that are there on most machines, the first that is found.
const USUAL: [&str; 3] = ["sensible-editor", "vi", "nano"];

/// What came of an editing.
#[derive(Debug)]
pub enum Edited {
    /// Another request.
    Changed(Box<Request>),
    /// The text is as it was written.
    Unchanged,
}

/// Why there is no edited plan. The file stays as it is, to be edited further.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// Nothing to edit with.
    #[error(
        "no editor was found: set EDITOR to yours, such as EDITOR=nano, or write the plan to a file with agent plan"
    )]
    NoEditor,
    /// An editor that cannot be started.
    #[error("{editor} cannot be started: {source}; set EDITOR to an editor that is installed")]
    Start {
        /// As it is set.
        editor: String,
        /// Why.
        source: io::Error,
    },
    /// An editor that ended with an error.
    #[error("{editor} failed ({status}), so nothing was taken from it; press e to edit the plan again")]
    Failed {
        /// As it is set.
        editor: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The file could not be written or read back.
    #[error("the plan could not be edited: {0}")]
    File(#[from] io::Error),
    /// What was written is no plan.
    #[error("{0}; press e to mend it, your changes are kept")]
    Plan(#[from] PlanFileError),
}

/// A plan that is being edited. Its file is gone when this is.
#[derive(Debug)]
pub struct Draft {
    folder: TempDir,
    /// As it was written.
    text: String,
    /// The person's words, which are no part of the file's fields.
    said: Option<String>,
}

impl Draft {
    /// Writes the plan to a file that only this user may read, in a folder that only they may open.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(plan: &Plan) -> Result<Draft, EditError> {
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir()?;
        let text = plan_file::write(plan);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.path().join(NAME))?;
        file.write_all(text.as_bytes())?;
        Ok(Draft { folder, text, said: plan.request.said.clone() })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// Whether the file is no more as it was written, or cannot be told to be.
    pub fn is_changed(&self) -> bool {
        fs::read(self.path()).map_or(true, |text| text != self.text.as_bytes())
    }

    /// Opens it in the editor of `VISUAL` or `EDITOR`, waits until that is closed, and reads it back.
    ///
    /// # Errors
    /// No editor, one that fails, a text that is no plan.
    pub async fn edit(&self) -> Result<Edited, EditError> {
        let set = |name| std::env::var(name).ok();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let editor = chosen(set("VISUAL"), set("EDITOR"), &path).ok_or(EditError::NoEditor)?;
        self.edit_with(&editor).await
    }

    async fn edit_with(&self, editor: &[OsString]) -> Result<Edited, EditError> {
        let [program, arguments @ ..] = editor else { return Err(EditError::NoEditor) };
        let named = clean(&program.to_string_lossy(), 80);
        let mut command = Command::new(program);
        command.args(arguments).arg(self.path()).kill_on_drop(true);
        // Standard input may be a pipe, and standard output a file; the editor is for who sits at the terminal.
        if let Ok(terminal) = OpenOptions::new().read(true).write(true).open(TERMINAL) {
            let also = || terminal.try_clone().map(Stdio::from);
            command.stdin(also()?).stdout(also()?).stderr(also()?);
        }
        let status = command.status().await.map_err(|source| EditError::Start { editor: named.clone(), source })?;
        if !status.success() {
            return Err(EditError::Failed { editor: named, status });
        }
        let mut text = String::new();
        File::open(self.path())?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        if text == self.text {
            return Ok(Edited::Unchanged);
        }
        let (request, _) = plan_file::read(&text, "the plan")?;
        Ok(Edited::Changed(Box::new(Request { said: self.said.clone(), ..request })))
    }
}

/// The editor and its arguments: `VISUAL`, else `EDITOR`, else what is there. A setting of blanks is none.
fn chosen(visual: Option<String>, editor: Option<String>, path: &OsStr) -> Option<Vec<OsString>> {
    let set = [visual, editor].into_iter().flatten().find(|text| !text.trim().is_empty());
    match set {
        // A path with blanks in it, written without quotes, is still that path.
        Some(text) if fs::metadata(&text).is_ok_and(|m| m.is_file()) => Some(vec![text.into()]),
        Some(text) => {
            let words = shlex::split(&text).unwrap_or_else(|| vec![text]);
            Some(words.into_iter().map(OsString::from).collect())
        }
        None => USUAL.iter().find_map(|name| on_path(path, name)).map(|found| vec![found.into()]),
    }
}

#[cfg(test)]
mod tests;
