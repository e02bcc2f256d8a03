//! `agent tasks add` and `agent tasks remove`: files in the owner's folder of tasks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{
    check::task_of,
    drawn,
    kept::{self, Over},
    unknown, wrong_file,
};
use crate::{
    cli::{CommandError, Context, Kind},
    face::look::Tone,
};
use domain::{
    task::{Image, TaskOrigin, TaskType, template::is_name},
    units,
};
use guard::machine::{
    catalogue::{Missing, missing_program, read_task},
    containers,
};

/// Add a task of your own.
#[derive(Debug, Args)]
pub struct Add {
    /// A task file, or the name of a task that runs the command behind `--`
    #[arg(value_name = "FILE|NAME")]
    what: String,
    /// What an input may be, such as reads=fastq; the first that the command names is the one that `agent run` takes
    #[arg(long = "input", value_name = "NAME=FORMAT[,FORMAT]", value_parser = drawn::input)]
    inputs: Vec<drawn::Input>,
    /// Something that can be chosen: NAME=MIN..MAX:DEFAULT, NAME=WORD|WORD, or NAME=flag
    #[arg(long = "parameter", value_name = "NAME=KIND", value_parser = drawn::parameter)]
    parameters: Vec<drawn::Parameter>,
    /// Run the command in a container of this image, which podman has on this machine
    #[arg(long, value_name = "IMAGE", requires = "command")]
    image: Option<String>,
    /// Let the command use the network: each run is asked for then
    #[arg(long, requires = "command")]
    network: bool,
    /// The command with places for values: {INPUT}, {PARAMETER}, {out:FILE}
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Add {
    /// Writes the file into the owner's folder, once it is read as a task.
    ///
    /// # Errors
    /// A file or command that makes no task; a name that is taken; a folder that cannot be written.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let (task, text) = match self.command.split_first() {
            None if self.inputs.is_empty() && self.parameters.is_empty() => task_of(Path::new(&self.what))?,
            None => {
                return Err(CommandError::usage("a command is missing behind `--`")
                    .hint("agent tasks add trim -- fastp -i {reads} -o {out:clean.fastq.gz}"));
            }
            Some((executable, arguments)) => {
                if !is_name(&self.what) {
                    return Err(CommandError::usage(format!(
                        "`{}` is no name for a task: lower-case letters, digits and `_`, beginning with a letter",
                        units::clean(&self.what, 60)
                    ))
                    .hint("name the task first, then `--` and its command"));
                }
                let image = self.image.as_deref().map(pinned).transpose()?;
                let drawn = drawn::Drawn {
                    executable,
                    arguments,
                    inputs: &self.inputs,
                    parameters: &self.parameters,
                    image,
                    network: self.network,
                };
                let text = drawn.file(&self.what)?;
                let task = read_task(&format!("{}.toml", self.what), &text, TaskOrigin::Owner).map_err(wrong_file)?;
                (task, text)
            }
        };
        if let Some(missing @ Missing::Image(_)) = missing_program(&task) {
            let message = format!("{} {missing}", task.name);
            return Err(CommandError::new(Kind::Failed, "image", message).hint(missing.hint()));
        }
        let mut catalogue = context.catalogue()?.clone();
        let file = format!("{}.toml", task.name);
        catalogue.add(&file, task.clone()).map_err(wrong_file)?;
        let path = folder(context)?.join(&file);
        kept::write(&path, &text, Over::Nothing).map_err(kept::unwritten)?;
        tell(context, &task, &path);
        Ok(ExitCode::SUCCESS)
    }
}

/// The image of that name as it is on this machine now.
fn pinned(name: &str) -> Result<Image, CommandError> {
    if !containers::is_name(name) {
        return Err(CommandError::usage(format!("`{}` is no name of an image", units::clean(name, 60)))
            .hint("such as docker.io/staphb/fastp:0.23.4; `podman images` lists what is here"));
    }
    let id = containers::image_id(name, name)
        .map_err(|error| CommandError::new(Kind::Failed, "image", error.to_string()).hint(error.hint()))?;
    Ok(Image { name: name.to_owned(), id: Some(id) })
}

fn folder(context: &Context) -> Result<PathBuf, CommandError> {
    let home = context.settings()?.home();
    home.ensure()?;
    let folder = home.tasks();
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(kept::unwritten(error)),
        _ => Ok(folder),
    }
}

fn tell(context: &Context, task: &TaskType, path: &Path) {
    let mut lines = context.look.field("Added", Tone::Strong, &task.name);
    lines.extend(context.look.field("File", Tone::Plain, &path.display().to_string()));
    if task.resources.is_none() {
        let next = format!("agent tasks try {} FILE measures what it needs, before it can be run", task.name);
        lines.extend(context.look.field("Next", Tone::Plain, &next));
    }
    context.output.lines(lines);
}

/// Removes a task of the owner's.
pub(super) fn remove(context: &Context, name: &str) -> Result<ExitCode, CommandError> {
    let path = context.settings()?.home().tasks().join(format!("{name}.toml"));
    // Also a file that is wrong, and no task, is the owner's to remove.
    let is_file = is_name(name) && fs::symlink_metadata(&path).is_ok_and(|meta| !meta.is_dir());
    if !is_file {
        let catalogue = context.catalogue()?;
        return Err(match catalogue.get(name) {
            Some(_) => CommandError::usage(format!("`{name}` is part of this program, and stays"))
                .hint("agent tasks remove is for tasks of your own"),
            None => unknown(name, catalogue),
        });
    }
    fs::remove_file(&path).map_err(kept::unwritten)?;
    context.output.lines(context.look.field("Removed", Tone::Strong, name));
    Ok(ExitCode::SUCCESS)
}
