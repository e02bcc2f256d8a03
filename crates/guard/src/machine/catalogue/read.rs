//! From a task file's text to a task.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    check,
    error::{Flaw, TaskFileError, flaw, line_at, line_of},
    form::{
        ArgumentItem, First, Input, Kind, Number, Pair, Parameter, ProgramKind, ProgramTable, Remote, Resources,
        StepTable, TaskFile, Value,
    },
    several,
};
use domain::{
    estimate::{ResourceModel, Terms},
    hash::Sha256,
    task::{
        Argument, CommandLine, FirstRecord, Image, ParameterKind, ParameterSpec, Program, Show, Step, TaskOrigin,
        TaskType,
        remote::{RemoteModel, Slots},
        template::{Template, is_name},
    },
};

/// More than any task file, bytes: a run is handed all of it, within what one variable of Linux holds (128 KiB).
pub const MAX_FILE: u64 = 48 << 10;

/// Reads the text of a task file; `file` is its name, which the task has too.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub fn read_task(file: &str, text: &str, origin: TaskOrigin) -> Result<TaskType, TaskFileError> {
    let error = |line, field: String, why: String| TaskFileError { file: file.to_owned(), line, field, why };
    let written: TaskFile = toml::from_str(text).map_err(|e| {
        let line = e.span().map(|span| line_at(text, span.start));
        error(line, String::new(), domain::units::clean(e.message(), 400))
    })?;
    let named = |flaw: Flaw| error(line_of(text, &flaw.at), flaw.at.join("."), flaw.why);
    if file != format!("{}.toml", written.name) {
        return Err(named(flaw(
            &["name"],
            format!("the name is `{}`, and the file is {file}: both are the same", written.name),
        )));
    }
    let task = task(written, Sha256::of(text.as_bytes()), origin).map_err(named)?;
    check::check(&task).map_err(named)?;
    Ok(task)
}

fn task(written: TaskFile, version: Sha256, origin: TaskOrigin) -> Result<TaskType, Flaw> {
    let name = written.name;
    if !is_name(&name) {
        return Err(flaw(&["name"], format!("`{name}` is no name: lower-case letters, digits and `_`, at most 40")));
    }
    let mut parameters = BTreeMap::new();
    for (name, parameter) in written.parameters {
        let kind = kind(parameter.clone()).map_err(|flaw| flaw.under(&["parameters", &name]))?;
        parameters.insert(name, ParameterSpec { description: parameter.description, needed: parameter.needed, kind });
    }
    let mut mime = BTreeMap::new();
    let mut inputs = written.inputs.0.into_iter();
    let Some((input, first)) = inputs.next() else {
        return Err(flaw(&["inputs"], "there is no input: a task works on a file at least"));
    };
    if first.optional {
        return Err(flaw(&["inputs", &input, "optional"], "the first input is always needed"));
    }
    take_mime(&mut mime, &input, &first.mime);
    let rest = several::rest(&input, &first)?;
    let mate = first.pair.map(|pair| {
        let description = format!("the other file of the pair, where `{input}` is the first");
        let optional = pair == Pair::Optional;
        (format!("{input}_2"), Input { description, optional, pair: None, ..first.clone() }, true)
    });
    for (name, input, mate) in inputs.map(|(name, input)| (name, input, false)).chain(mate) {
        if input.pair.is_some() {
            return Err(flaw(&["inputs", &name, "pair"], "only the first input comes in pairs"));
        }
        if input.description.is_empty() {
            return Err(flaw(&["inputs", &name], "it has no `description`"));
        }
        take_mime(&mut mime, &name, &input.mime);
        if input.first.is_some() && !mate {
            return Err(flaw(
                &["inputs", &name, "first"],
                "only of the first input it is said what the first record is",
            ));
        }
        let several = several::of(&name, &input)?;
        let kind = ParameterKind::File {
            several,
            rest: false,
            required: !input.optional,
            formats: input.formats,
            alphabet: input.alphabet,
            compressed: input.compressed,
            otherwise: input.otherwise,
            mate,
        };
        let spec = ParameterSpec { description: input.description, needed: false, kind };
        if parameters.insert(name.clone(), spec).is_some() {
            return Err(flaw(&["parameters", &name], "an input has this name too"));
        }
    }
    if let Some((name, spec)) = rest
        && parameters.insert(name.clone(), spec).is_some()
    {
        let why = format!("`{name}` are the further files of `{input}`: choose another name");
        return Err(flaw(&["parameters", &name], why));
    }
    if parameters.contains_key(&input) {
        return Err(flaw(&["parameters", &input], "the first input has this name too"));
    }
    if let Some(bad) = parameters.keys().chain([&input]).find(|name| !is_name(name)) {
        return Err(flaw(
            &[],
            format!("`{bad}` is no name for an input or a parameter: lower-case letters, digits and `_`"),
        ));
    }
    let (program, model) = program(written.program, origin)?;
    let asked_as = if written.asked_as.is_empty() { own_phrases(&name) } else { written.asked_as };
    Ok(TaskType {
        version,
        origin,
        title: written.title,
        description: written.description,
        caveat: written.caveat,
        cite: written.cite,
        asked_as,
        see_also: written.see_also,
        model_heavy: written.model_heavy,
        input,
        formats: first.formats,
        alphabet: first.alphabet,
        first: first.first.map(|First { min, max, letters }| FirstRecord { min, max, letters }),
        otherwise: first.otherwise,
        compressed: first.compressed,
        remote: remote(written.remote, model, mime)?,
        program,
        parameters,
        resources: written.resources.map(resources).transpose()?,
        check: written.check.files,
        show: Show { file: written.show.file, figures: written.show.figures },
        name,
    })
}

/// A task that nobody named otherwise is asked for by its name.
pub(super) fn own_phrases(name: &str) -> Vec<String> {
    let phrases = BTreeSet::from([name.to_owned(), name.replace('_', " ")]);
    phrases.into_iter().collect()
}

fn take_mime(mime: &mut BTreeMap<String, Vec<String>>, input: &str, types: &[String]) {
    if !types.is_empty() {
        mime.insert(input.to_owned(), types.to_vec());
    }
}

/// Where it runs elsewhere; `own` is the model that it is itself.
fn remote(
    written: Option<Remote>,
    own: Option<String>,
    mime: BTreeMap<String, Vec<String>>,
) -> Result<Option<RemoteModel>, Flaw> {
    let is_model = own.is_some();
    let (model, remote) = match (own, written) {
        (Some(own), None) => (own, None),
        (Some(_), Some(Remote { model: Some(_), .. })) => {
            return Err(flaw(&["remote", "model"], "`[program]` names the model already: leave this out"));
        }
        (Some(own), Some(remote)) => (own, Some(remote)),
        (None, Some(Remote { model: None, .. })) => return Err(flaw(&["remote"], "it has no `model`")),
        (None, Some(remote)) => (remote.model.clone().unwrap_or_default(), Some(remote)),
        (None, None) => match mime.keys().next() {
            Some(input) => return Err(flaw(&["inputs", input, "mime"], "it is for models of the provider's")),
            None => return Ok(None),
        },
    };
    let Some(Remote { model: _, accept, keys, sent, hosts, outputs }) = remote else {
        return Ok(Some(RemoteModel { slots: Some(Slots { mime, ..Slots::default() }), ..RemoteModel::of(model) }));
    };
    let has_keys = is_model || keys.is_some();
    let only_with_keys = [
        ("accept", accept != Default::default()),
        ("sent", !sent.is_empty()),
        ("hosts", !hosts.is_empty()),
        ("outputs", !outputs.is_empty()),
    ];
    if let Some((key, _)) = only_with_keys.into_iter().find(|(_, said)| *said && !has_keys) {
        return Err(flaw(
            &["remote", key],
            "it is for models that take what they work on under keys of their own: add [remote.keys]",
        ));
    }
    if let Some(input) = mime.keys().next().filter(|_| !has_keys) {
        return Err(flaw(&["inputs", input, "mime"], "it is for models with [remote.keys]"));
    }
    let slots = has_keys.then(|| Slots { keys: keys.unwrap_or_default(), sent, mime });
    Ok(Some(RemoteModel { model, accept, slots, hosts, outputs }))
}

fn kind(written: Parameter) -> Result<ParameterKind, Flaw> {
    let Parameter { description: _, kind, min, max, values, pattern, default, needed } = written;
    let foreign = |name: &str, kinds: &str| flaw(&[name], format!("it is for parameters of type {kinds}"));
    let numeric = matches!(kind, Kind::Integer | Kind::Number);
    match (numeric, &min, &max) {
        (false, Some(_), _) => return Err(foreign("min", "integer and number")),
        (false, _, Some(_)) => return Err(foreign("max", "integer and number")),
        (true, None, _) | (true, _, None) => return Err(flaw(&[], "it needs `min` and `max`")),
        _ => {}
    }
    if values.is_some() != (kind == Kind::Choice) {
        return Err(if kind == Kind::Choice { flaw(&[], "it needs `values`") } else { foreign("values", "choice") });
    }
    if pattern.is_some() != (kind == Kind::Text) {
        return Err(if kind == Kind::Text { flaw(&[], "it needs `pattern`") } else { foreign("pattern", "text") });
    }
    if needed && (default.is_some() || kind == Kind::Flag) {
        return Err(flaw(&["needed"], "what has to be said has no default, and is no flag"));
    }
    let wrong_default = |wanted: &str| flaw(&["default"], format!("it is to be {wanted}"));
    let text = |default: Option<Value>| match default {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_default("text in quotes")),
    };
    let integer = |key: &str, number: Option<Number>| match number {
        Some(Number::Integer(n)) => Ok(n),
        _ => Err(flaw(&[key], "it is to be a whole number")),
    };
    let number = |number: Option<Number>| match number {
        Some(Number::Integer(n)) => n as f64,
        Some(Number::Decimal(n)) => n,
        None => 0.0,
    };
    let default_number = |default: Option<Value>| match default {
        Some(Value::Number(n)) => Ok(Some(n)),
        None => Ok(None),
        _ => Err(wrong_default("a number")),
    };
    Ok(match kind {
        Kind::Integer => ParameterKind::Integer {
            min: integer("min", min)?,
            max: integer("max", max)?,
            default: default_number(default)?.map(|n| integer("default", Some(n))).transpose()?,
        },
        Kind::Number => ParameterKind::Number {
            min: number(min),
            max: number(max),
            default: default_number(default)?.map(|n| number(Some(n))),
        },
        Kind::Choice => ParameterKind::Choice { values: values.unwrap_or_default(), default: text(default)? },
        Kind::Text => ParameterKind::Text { pattern: pattern.unwrap_or_default(), default: text(default)? },
        Kind::Flag => match default {
            None | Some(Value::Flag(false)) => ParameterKind::Flag,
            Some(_) => return Err(flaw(&["default"], "a flag is not set when nothing is said: leave this out")),
        },
    })
}

/// What runs it, and the provider's model that it is where nothing here does.
fn program(written: ProgramTable, origin: TaskOrigin) -> Result<(Program, Option<String>), Flaw> {
    let at = |flaw: Flaw| flaw.under(&["program"]);
    match (written.kind, origin) {
        (ProgramKind::Aioz, _) => {
            let here = [
                ("executable", written.executable.is_some()),
                ("arguments", !written.arguments.is_empty()),
                ("stdout", written.stdout.is_some()),
                ("collect", !written.collect.is_empty()),
                ("version", !written.version.is_empty()),
                ("probe", !written.probe.is_empty()),
                ("package", written.package.is_some()),
                ("install", written.install.is_some()),
                ("image", written.image.is_some()),
                ("image_id", written.image_id.is_some()),
                ("network", written.network),
                ("before", !written.before.is_empty()),
                ("after", !written.after.is_empty()),
            ];
            if let Some((key, _)) = here.into_iter().find(|(_, said)| *said) {
                return Err(flaw(
                    &["program", key],
                    "a model of the provider's runs nothing on this machine: leave this out",
                ));
            }
            return match written.model {
                None => Err(flaw(&["program"], "it has no `model`")),
                Some(model) => Ok((Program::Aioz, Some(model))),
            };
        }
        (_, _) if written.model.is_some() => {
            return Err(flaw(
                &["program", "model"],
                "it is for programs of the kind \"aioz\": write it under [remote]",
            ));
        }
        (ProgramKind::Builtin, TaskOrigin::Program) => return Ok((Program::Builtin, None)),
        (ProgramKind::Builtin, TaskOrigin::Owner) => {
            return Err(flaw(&["program", "kind"], "only this program's own tasks are built in: write \"command\""));
        }
        (ProgramKind::Command | ProgramKind::Container, _) => {}
    }
    let image = match (written.kind, written.image) {
        (ProgramKind::Container, None) => {
            return Err(flaw(&["program"], "it has no `image`: a container is made of one"));
        }
        (ProgramKind::Container, Some(name)) => Some(Image { name, id: written.image_id }),
        (_, Some(_)) => return Err(flaw(&["program", "image"], "it is for programs of the kind \"container\"")),
        (_, None) if written.image_id.is_some() => {
            return Err(flaw(&["program", "image_id"], "it is for programs of the kind \"container\""));
        }
        (_, None) => None,
    };
    let Some(executable) = written.executable else {
        return Err(flaw(&["program"], "it has no `executable`"));
    };
    let own = StepTable {
        executable: executable.clone(),
        arguments: written.arguments,
        stdout: written.stdout,
        package: written.package,
    };
    let mut steps = Vec::new();
    for (n, table) in written.before.into_iter().enumerate() {
        steps.push(step(table).map_err(|flaw| at(flaw.under(&["before", &n.to_string()])))?);
    }
    steps.push(step(own).map_err(at)?);
    for (n, table) in written.after.into_iter().enumerate() {
        steps.push(step(table).map_err(|flaw| at(flaw.under(&["after", &n.to_string()])))?);
    }
    let version = if written.version.is_empty() { vec!["--version".to_owned()] } else { written.version };
    let plain = |key: &str, arguments: Vec<String>| {
        let read = |text: String| text.parse::<Template>().map_err(|e| flaw(&["program", key], e.to_string()));
        arguments.into_iter().map(read).collect::<Result<Vec<_>, _>>()
    };
    let command = CommandLine {
        version: plain("version", version)?,
        probe: plain("probe", written.probe)?,
        install: written.install,
        executable,
        steps,
        collect: written.collect,
        image,
        network: written.network,
    };
    Ok((Program::Command(command), None))
}

fn step(written: StepTable) -> Result<Step, Flaw> {
    let template = |at: &[&str], text: String| text.parse::<Template>().map_err(|e| flaw(at, e.to_string()));
    let mut arguments = Vec::new();
    for (n, item) in written.arguments.into_iter().enumerate() {
        let at = ["arguments", &n.to_string()];
        arguments.push(match item {
            ArgumentItem::One(text) => Argument::Always(template(&at, text)?),
            ArgumentItem::With(with) => {
                let templates = with.arguments.into_iter().map(|text| template(&at, text));
                Argument::When { with: with.with, arguments: templates.collect::<Result<_, _>>()? }
            }
        });
    }
    let stdout = written.stdout.map(|text| template(&["stdout"], text)).transpose()?;
    Ok(Step { executable: written.executable, package: written.package, arguments, stdout })
}

fn resources(written: Resources) -> Result<ResourceModel, Flaw> {
    let terms = |name: &str, terms: BTreeMap<String, f64>| {
        Terms::try_from(terms).map_err(|e| flaw(&["resources", name], e.to_string()))
    };
    Ok(ResourceModel {
        ram: terms("ram", written.ram)?,
        seconds: terms("seconds", written.seconds)?,
        spread: written.spread,
        source: written.source,
    })
}
