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
    model::{self, Drawn, Said, own_name},
    wrong_file,
};
use crate::{
    cli::{CommandError, Context, Kind, runtime::block_on},
    face::look::Tone,
    job::error::meant,
};
use compute::aioz::{Aioz, ComputeError, Cost, Serving};
use domain::{
    task::{Image, TaskOrigin, TaskType, remote::is_model, template::is_name},
    units,
};
use guard::machine::{
    catalogue::{Missing, missing_program, read_task},
    containers,
};

/// Add a task of your own.
#[derive(Debug, Args)]
pub struct Add {
    /// A task file, the name of a task that runs the command behind `--`, or a model: aioz:USERNAME/NAME
    #[arg(value_name = "FILE|NAME|aioz:MODEL")]
    what: String,
    /// What a model's task is to be called here [default: as the model is]
    #[arg(long = "as", value_name = "NAME")]
    called: Option<String>,
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
        if let Some(model) = self.what.strip_prefix(AIOZ) {
            return self.model(context, model);
        }
        if self.called.is_some() {
            return Err(CommandError::usage("--as is for models: aioz:USERNAME/NAME")
                .hint("a task file and a command name their tasks themselves"));
        }
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
        let path = added(context, &task, &text)?;
        tell(context, &task, &path);
        Ok(ExitCode::SUCCESS)
    }

    /// Makes a task of a model at AIOZ, out of what is said of it there.
    fn model(&self, context: &Context, model: &str) -> Result<ExitCode, CommandError> {
        if !(self.command.is_empty() && self.inputs.is_empty() && self.parameters.is_empty()) {
            return Err(CommandError::usage("a model has its own inputs and parameters, and no command")
                .hint("write only aioz:USERNAME/NAME, and --as NAME"));
        }
        // By an id alone nobody knows whose it is.
        if !is_model(model) || !model.contains('/') {
            let shown = units::clean(model, 60);
            return Err(CommandError::usage(format!("`{shown}` is no model: write USERNAME/NAME"))
                .hint("agent tasks add aioz:USERNAME/NAME"));
        }
        let name = self.called.clone().unwrap_or_else(|| own_name(model));
        if !is_name(&name) {
            return Err(CommandError::usage(format!("`{}` is no name for a task", units::clean(&name, 60)))
                .hint("lower-case letters, digits and `_`, beginning with a letter: --as up_scale"));
        }
        let said = block_on(said_of(context, model))?;
        let drawn = model::file(&name, &said)?;
        let task = read_task(&format!("{name}.toml"), &drawn.text, TaskOrigin::Owner).map_err(|error| {
            let why = format!("what {model} says of itself makes no task: {error}");
            CommandError::new(Kind::Usage, "model", why).hint("a task file can be written by hand: docs/aioz.md")
        })?;
        let path = added(context, &task, &drawn.text)?;
        tell_of_model(context, &task, &said, &drawn, &path);
        Ok(ExitCode::SUCCESS)
    }
}

/// How a model is named, rather than a file or a command.
const AIOZ: &str = "aioz:";

/// Writes a task into the owner's folder, unless its name or its words are taken.
fn added(context: &Context, task: &TaskType, text: &str) -> Result<PathBuf, CommandError> {
    let mut catalogue = context.catalogue()?.clone();
    let file = format!("{}.toml", task.name);
    catalogue.add(&file, task.clone()).map_err(wrong_file)?;
    let path = folder(context)?.join(&file);
    kept::write(&path, text, Over::Nothing).map_err(kept::unwritten)?;
    Ok(path)
}

/// Asks the provider what it says of a model.
async fn said_of(context: &Context, name: &str) -> Result<Said, CommandError> {
    let provider = provider(context)?.ok_or_else(|| {
        CommandError::usage("AIOZ_API_KEY is not set, so no provider can be asked for models")
            .hint("make a key at https://aiozai.network, and set AIOZ_API_KEY; docs/aioz.md says the rest")
    })?;
    let failed = |error: ComputeError| {
        let hint = match &error {
            ComputeError::NoModel(_) => "check its name at https://aiozai.network: USERNAME/NAME".to_owned(),
            error => error.hint(),
        };
        CommandError::failed("provider", error).hint(hint)
    };
    let model = provider.model(name).await.map_err(failed)?;
    let formats = match provider.versioning(&model.id).await {
        Ok(now) if now.input_format.is_object() => (now.input_format, now.output_format),
        Ok(_) | Err(ComputeError::NoModel(_) | ComputeError::Refused { .. }) => {
            let info = provider.info(&model.id).await.map_err(failed)?;
            (info.input_format, info.output_format)
        }
        Err(error) => return Err(failed(error)),
    };
    let (input_format, output_format) = formats;
    let (cost, serving) = (provider.cost(&model.id).await.ok(), provider.serving(&model.id).await.ok());
    Ok(Said { asked: name.to_owned(), model, input_format, output_format, cost, serving })
}

/// The provider of the settings, where there is a key for one.
pub(super) fn provider(context: &Context) -> Result<Option<Aioz>, CommandError> {
    let Some(compute) = context.settings()?.compute()? else { return Ok(None) };
    let provider = Aioz::on(context.tape(), compute.endpoint, compute.api_key);
    Ok(Some(provider.map_err(|error| CommandError::failed("provider", error))?))
}

fn tell_of_model(context: &Context, task: &TaskType, said: &Said, drawn: &Drawn, path: &Path) {
    let look = &context.look;
    let mut lines = look.field("Added", Tone::Strong, &task.name);
    lines.extend(look.field("File", Tone::Plain, &path.display().to_string()));
    lines.extend(look.field("Model", Tone::Plain, &format!("{} at AIOZ: {}", said.asked, task.description)));
    lines.extend(look.field("Takes", Tone::Plain, &drawn.takes.join("; ")));
    if !drawn.gives.is_empty() {
        lines.extend(look.field("Gives", Tone::Plain, &drawn.gives.join("; ")));
    }
    let cost = said.cost.as_ref().map_or_else(|| "not stated".to_owned(), Cost::shown);
    let cost = format!("{cost} a task, of the balance of AIOZ_API_KEY there; your own price in GAS stands beside it");
    lines.extend(look.field("Cost", Tone::Plain, &cost));
    for left_out in &drawn.left_out {
        lines.extend(look.field("Left out", Tone::Care, left_out));
    }
    match said.serving {
        Some(Serving { serving: true, .. }) => {}
        Some(Serving { serving: false, .. }) => {
            lines.extend(look.field("Warning", Tone::Care, "nobody serves it now: a task of it may wait without end"));
        }
        None => lines.extend(look.field("Warning", Tone::Care, "whether anybody serves it now is not known")),
    }
    let next = format!(
        "agent run {} FILE; what it gives cannot be verified, so the plan asks whether you take it (in scripts: \
         --accept-unverified, or accept = \"unverified\" under [remote] in the file)",
        task.name
    );
    lines.extend(look.field("Next", Tone::Plain, &next));
    context.output.lines(lines);
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
        let next =
            format!("agent tasks try {} FILE measures what it needs; until then each run is asked for", task.name);
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
            None => {
                let own = catalogue.near(name, |task| task.origin == TaskOrigin::Owner);
                let own: Vec<String> = own.into_iter().map(|task| task.name.clone()).collect();
                CommandError::usage(format!("there is no task `{}`", units::clean(name, 60))).hint(meant(&own))
            }
        });
    }
    fs::remove_file(&path).map_err(kept::unwritten)?;
    context.output.lines(context.look.field("Removed", Tone::Strong, name));
    Ok(ExitCode::SUCCESS)
}
