//! `agent tasks`: the catalogue.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{CommandError, Context};
use crate::face::look::{Look, Tone};
use domain::{
    dataset::Format,
    task::{ParameterKind, Program, TaskType},
};
use guard::machine::catalogue::{Catalogue, missing_program};

/// Show what can be computed.
#[derive(Debug, Default, Args)]
pub struct Tasks {
    /// Show this task alone, with its parameters
    task: Option<String>,
}

/// A task for programs: the catalogue's entry, and whether its program is there.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    task: &'a TaskType,
    missing_package: Option<String>,
}

impl Tasks {
    /// Prints the catalogue, or one task of it.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let catalogue = Catalogue::builtin().map_err(|e| CommandError::failed("catalogue", e))?;
        let tasks: Vec<&TaskType> = match &self.task {
            None => catalogue.iter().collect(),
            Some(name) => vec![catalogue.get(name).ok_or_else(|| unknown(name, &catalogue))?],
        };
        if context.json() {
            for task in tasks {
                context.output.json(&Listed { task, missing_package: missing_program(task).map(|m| m.package) });
            }
        } else if let (Some(_), [task]) = (&self.task, tasks.as_slice()) {
            context.output.lines(one(task, &context.look));
        } else {
            context.output.lines(all(&tasks, &context.look));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn unknown(name: &str, catalogue: &Catalogue) -> CommandError {
    let names: Vec<&str> = catalogue.iter().map(|t| t.name.as_str()).collect();
    let near = names.iter().map(|n| (strsim::osa_distance(n, name), *n)).min().filter(|(distance, _)| *distance <= 3);
    let hint = match near {
        Some((_, meant)) => format!("did you mean {meant}?"),
        None => format!("the tasks are: {}", names.join(", ")),
    };
    CommandError::usage(format!("there is no task `{name}`")).hint(hint)
}

fn all(tasks: &[&TaskType], look: &Look) -> Vec<String> {
    let rows = tasks.iter().map(|t| vec![t.name.clone(), t.title.clone(), runs(t), state(t)]).collect();
    let mut out = look.table(&["task", "what it does", "runs", "program"], rows, &[], 1);
    out.push(String::new());
    out.push(look.line(Tone::Dim, "agent tasks TASK shows its parameters"));
    out
}

/// Where it runs.
fn runs(task: &TaskType) -> String {
    match (task.model_heavy, task.model_elsewhere()) {
        (true, _) => "at the provider",
        (false, Some(_)) => "here, or at the provider",
        (false, None) => "here",
    }
    .to_owned()
}

/// Whether its program is there.
fn state(task: &TaskType) -> String {
    match (&task.program, missing_program(task)) {
        (Program::Builtin, _) => "built in".to_owned(),
        (Program::Command { .. }, None) => "installed".to_owned(),
        (Program::Command { .. }, Some(missing)) => format!("missing: apt install {}", missing.package),
    }
}

fn one(task: &TaskType, look: &Look) -> Vec<String> {
    let formats = task.formats.iter().copied().map(format_name).collect::<Vec<_>>().join(" or ");
    let mut out = look.field("Task", Tone::Strong, &task.name);
    out.extend(look.more(Tone::Plain, &task.title));
    out.extend(look.field("About", Tone::Plain, &task.description));
    out.extend(task.caveat.iter().flat_map(|text| look.field("Caveat", Tone::Dim, text)));
    out.extend(look.field("Works on", Tone::Plain, &formats));
    out.extend(look.field("Runs", Tone::Plain, &runs(task)));
    out.extend(look.field("Program", Tone::Plain, &state(task)));
    out.extend(task.remote_model.iter().flat_map(|model| look.field("Model", Tone::Plain, model)));
    out.extend(look.field("Needs", Tone::Dim, &format!("estimated: {}", task.resources.source)));
    for (name, spec) in &task.parameters {
        let kind = match &spec.kind {
            ParameterKind::Integer { min, max, default } => format!("{min} to {max}, {default} when not said"),
            ParameterKind::Choice { values, default: Some(default) } => {
                format!("{}, {default} when not said", values.join(", "))
            }
            ParameterKind::Choice { values, default: None } => format!("{}, or left out", values.join(", ")),
            ParameterKind::File { required, formats, .. } => {
                let formats: Vec<_> = formats.iter().map(|&format| format_name(format)).collect();
                format!("a file, {}{}", formats.join(" or "), if *required { ", needed" } else { "" })
            }
        };
        out.extend(look.field("Parameter", Tone::Plain, &format!("{name}: {} ({kind})", spec.description)));
    }
    out
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Fasta => "FASTA",
        Format::Fastq => "FASTQ",
        Format::Hmm => "HMMER profiles",
        Format::Text => "text",
        Format::Binary => "any file",
    }
}
