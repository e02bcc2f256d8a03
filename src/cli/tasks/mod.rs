//! `agent tasks`: the catalogue, and the owner's part of it.

mod add;
mod check;
mod drawn;
mod kept;
mod measure;
mod model;
mod show;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::{CommandError, Context, Kind, completions, runtime::block_on};
use crate::{job::JobError, tools::schema::file_text};
use compute::{local::Runner, worker::Probed};
use domain::task::TaskType;
use guard::machine::catalogue::{Catalogue, FolderError, TaskFile, TaskFileError, missing_program};

/// Show what can be computed, and add tasks of your own.
#[derive(Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Tasks {
    /// Show this task alone, with its parameters
    #[arg(add = completions::tasks())]
    task: Option<String>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show one task, with its parameters
    Show {
        /// The task
        #[arg(add = completions::tasks())]
        task: String,
    },
    /// Check task files: the first thing that is wrong with each, with its line
    Check {
        /// Task files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Add a task of your own: a task file, a name with the command that it runs, or a model at AIOZ
    Add(add::Add),
    /// Remove a task of your own
    Remove {
        /// The task
        task: String,
    },
    /// Run a task on samples of rising size, and fit what it needs
    Try(measure::Try),
    /// Print the JSON Schema of task files
    Schema,
}

/// A task for programs: the catalogue's entry, and whether its program is there.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    task: &'a TaskType,
    missing_package: Option<String>,
    /// What its program says of itself, where the task says how it is asked and it was: it is where one task is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    probed: Option<Probed>,
}

impl Tasks {
    /// Prints the catalogue or one task of it; checks, adds or removes.
    ///
    /// # Errors
    /// When there is no such task; a task file that is none.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let shown = match &self.action {
            None => self.task.as_ref(),
            Some(Action::Show { task }) => Some(task),
            Some(Action::Check { files }) => return check::check(context, files),
            Some(Action::Add(add)) => return add.run(context),
            Some(Action::Remove { task }) => return add::remove(context, task),
            Some(Action::Try(one)) => return one.run(context),
            Some(Action::Schema) => {
                match context.json() {
                    true => context.output.json(&schema()),
                    false => context.output.write(&file_text(&schema())),
                }
                return Ok(ExitCode::SUCCESS);
            }
        };
        let catalogue = context.catalogue()?;
        let tasks: Vec<&TaskType> = match shown {
            None => catalogue.iter().collect(),
            Some(name) => vec![catalogue.get(name).ok_or_else(|| unknown(context, name, catalogue))?],
        };
        // Asking takes a moment, and may take half a minute: only of a task that is looked at by itself.
        let probed = match (shown, tasks.as_slice()) {
            (Some(_), [task]) => block_on(async { Ok(Runner::default().probe(task).await) })?,
            _ => None,
        };
        if context.json() {
            for task in tasks {
                let missing_package = missing_program(task).and_then(|missing| missing.package().map(str::to_owned));
                context.output.json(&Listed { task, missing_package, probed: probed.clone() });
            }
        } else if let (Some(_), [task]) = (shown, tasks.as_slice()) {
            context.output.lines(show::one(task, probed.as_ref(), &context.look));
            context.output.lines(show::charge(context, task)?);
        } else {
            context.output.lines(show::all(&tasks, &context.look));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a task file may have, as `tasks/schema.json` holds it.
fn schema() -> Value {
    schemars::schema_for!(TaskFile).to_value()
}

fn unknown(context: &Context, name: &str, catalogue: &Catalogue) -> CommandError {
    let folder = context.settings().map(|settings| settings.cwd().to_owned()).unwrap_or_default();
    let error = JobError::unknown_task(name, catalogue, &folder);
    CommandError::usage(error.to_string()).maybe_hint(error.hint())
}

/// A task file that is none.
pub fn wrong_file(error: TaskFileError) -> CommandError {
    let hint = error.hint();
    CommandError::new(Kind::Usage, "task_file", error.to_string()).hint(hint)
}

/// A folder of tasks that is not read.
pub fn wrong_folder(error: FolderError) -> CommandError {
    match error {
        FolderError::Open(error) => error.into(),
        error => CommandError::failed("tasks", error).hint("check that the folder can be read"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_schema_is_as_generated_and_takes_every_task_of_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tasks");
        let there = std::fs::read_to_string(folder.join("schema.json")).unwrap_or_default();
        assert_eq!(there, file_text(&schema()), "it drifted: run `agent tasks schema > tasks/schema.json`");
        let mut read = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let task: Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                let taken = jsonschema::validate(&schema(), &task);
                assert!(taken.is_ok(), "{}: {}", path.display(), taken.unwrap_err());
                read += 1;
            }
        }
        assert_eq!(read, Catalogue::builtin().unwrap().iter().count());
        let odd: Value = toml::from_str("name = \"x\"\nthreads = 4").unwrap();
        assert!(!jsonschema::is_valid(&schema(), &odd));
    }
}
