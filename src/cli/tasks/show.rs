//! What people see of the catalogue.

use super::add::provider;
use crate::{
    cli::{CommandError, Context, runtime::block_on},
    face::look::{Look, Tone},
};
use compute::worker::Probed;
use domain::task::{ParameterKind, ParameterSpec, Program, Several, TaskType};
use guard::machine::catalogue::{Missing, format_name, missing_program};

pub fn all(tasks: &[&TaskType], look: &Look) -> Vec<String> {
    let rows = tasks.iter().map(|t| vec![t.name.clone(), t.title.clone(), runs(t), state(t, None)]).collect();
    let mut out = look.table(&["task", "what it does", "runs", "program"], rows, &[], 1);
    out.push(String::new());
    out.push(look.line(Tone::Dim, "agent tasks TASK shows its parameters"));
    out
}

/// Where it runs.
fn runs(task: &TaskType) -> String {
    match (task.model_heavy || task.is_elsewhere_only(), task.elsewhere()) {
        (true, _) => "at the provider",
        (false, Some(_)) => "here, or at the provider",
        (false, None) => "here",
    }
    .to_owned()
}

/// Whether its program is there, and what it says of itself where it was asked.
fn state(task: &TaskType, probed: Option<&Probed>) -> String {
    match (&task.program, missing_program(task)) {
        (Program::Builtin, _) => "built in".to_owned(),
        (Program::Aioz, _) => "a model of the provider's".to_owned(),
        (Program::Command(command), None) => match probed {
            None if command.probe.is_empty() => "installed".to_owned(),
            None => format!("{} is there, not asked", command.executable),
            Some(Probed::Able) => "installed, with what it needs".to_owned(),
            Some(Probed::Unknown(why)) => format!("{} is there; {why}", command.executable),
            Some(Probed::Unable(said)) => {
                let how = command.install.as_ref().map(|install| format!(": {install}")).unwrap_or_default();
                format!("{} lacks something ({said}){how}", command.executable)
            }
        },
        (Program::Command(_), Some(Missing::Program { executable, package: None })) => {
            format!("missing: {executable} is not on PATH")
        }
        (Program::Command(_), Some(missing)) => match missing.package() {
            Some(package) => format!("missing: apt install {package}"),
            None => format!("missing: {}", missing.hint()),
        },
    }
}

pub fn one(task: &TaskType, probed: Option<&Probed>, look: &Look) -> Vec<String> {
    let formats = task.formats.iter().copied().map(format_name).collect::<Vec<_>>().join(" or ");
    let mut out = look.field("Task", Tone::Strong, &task.name);
    out.extend(look.more(Tone::Plain, &task.title));
    out.extend(look.field("About", Tone::Plain, &task.description));
    out.extend(task.caveat.iter().flat_map(|text| look.field("Caveat", Tone::Dim, text)));
    out.extend(look.field("Works on", Tone::Plain, &formats));
    out.extend(look.field("Runs", Tone::Plain, &runs(task)));
    out.extend(look.field("Program", Tone::Plain, &state(task, probed)));
    let image = task.command().and_then(|command| command.image.as_ref());
    out.extend(image.into_iter().flat_map(|image| {
        let id = image.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        look.field("Image", Tone::Plain, &format!("{}{id}", image.name))
    }));
    if task.uses_network() {
        out.extend(look.field("Network", Tone::Plain, "its programs may use it, so that each run is asked for"));
    }
    out.extend(task.remote.iter().flat_map(|remote| look.field("Model", Tone::Plain, &remote.model)));
    let needs = match &task.resources {
        None if task.is_elsewhere_only() => "nothing here; how long it takes there is not known".to_owned(),
        Some(model) => format!("estimated: {}", model.source),
        None => format!("not known, so that each run is asked for: `agent tasks try {} FILE` measures it", task.name),
    };
    out.extend(look.field("Needs", Tone::Dim, &needs));
    for (name, spec) in &task.parameters {
        let kind = match &spec.kind {
            ParameterKind::Integer { min, max, default } => {
                format!("{min} to {max}, {}", unsaid(spec, default.map(|default| default.to_string())))
            }
            ParameterKind::Number { min, max, default } => {
                format!("{min} to {max}, {}", unsaid(spec, default.map(|default| default.to_string())))
            }
            ParameterKind::Flag => "true or false, false when not said".to_owned(),
            ParameterKind::Text { pattern, default } => {
                format!("text like {pattern}, {}", unsaid(spec, default.clone()))
            }
            ParameterKind::Choice { values, default } => {
                format!("{}, {}", values.join(", "), unsaid(spec, default.clone()))
            }
            ParameterKind::File { required, formats, several, .. } => {
                let formats: Vec<_> = formats.iter().map(|&format| format_name(format)).collect();
                let what = match several {
                    None => "a file".to_owned(),
                    Some(Several { min, max, folder: false }) => format!("{min} to {max} files"),
                    Some(Several { min, max, folder: true }) => format!("a folder of {min} to {max} files"),
                };
                format!("{what}, {}{}", formats.join(" or "), if *required { ", needed" } else { "" })
            }
        };
        out.extend(look.field("Parameter", Tone::Plain, &format!("{name}: {} ({kind})", spec.description)));
    }
    out
}

/// What the provider charges for a task of a model of its own, and whether anybody serves it, as it says now.
///
/// # Errors
/// Settings that make no sense.
pub fn charge(context: &Context, task: &TaskType) -> Result<Vec<String>, CommandError> {
    let Some(remote) = task.remote.as_ref().filter(|_| task.is_elsewhere_only()) else { return Ok(Vec::new()) };
    let look = &context.look;
    let Some(provider) = provider(context)? else {
        return Ok(look.field(
            "Cost",
            Tone::Care,
            "not known: AIOZ_API_KEY is not set, so the provider cannot be asked",
        ));
    };
    let asked = block_on(async { Ok(futures::join!(provider.cost(&remote.model), provider.serving(&remote.model))) });
    let (cost, serving) = asked?;
    Ok(match cost {
        Err(error) => look.field("Cost", Tone::Care, &format!("not known now: {error}")),
        Ok(cost) => {
            let text =
                format!("{} a task, of the balance of AIOZ_API_KEY there, beside your own price in GAS", cost.shown());
            let mut out = look.field("Cost", Tone::Plain, &text);
            if serving.is_ok_and(|serving| !serving.serving) {
                out.extend(look.field(
                    "Warning",
                    Tone::Care,
                    "nobody serves it now: a task of it may wait without end",
                ));
            }
            out
        }
    })
}

/// What is taken when nothing is said.
fn unsaid(spec: &ParameterSpec, default: Option<String>) -> String {
    match default {
        Some(default) => format!("{default} when not said"),
        None if spec.needed => "needed".to_owned(),
        None => "or left out".to_owned(),
    }
}
