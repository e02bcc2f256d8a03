//! What a task file may not say though it reads well.

use std::collections::BTreeSet;

use super::{
    super::containers,
    error::{Flaw, flaw},
    remote, scripts,
};
use domain::{
    dataset::Format,
    estimate::{Factor, Terms},
    result,
    task::{
        Argument, CommandLine, Image, ParameterKind, ParameterSpec, Step, TaskOrigin, TaskType,
        template::{Piece, RESERVED, Template},
    },
    units,
};

/// The longest pattern of a text parameter, bytes, and the most memory that one may take.
const LONGEST_PATTERN: usize = 200;
const PATTERN_SIZE: usize = 1 << 20;
/// The longest first record that is looked at, residues: it is held in memory.
const LONGEST_FIRST: u64 = 100_000;
/// More steps, arguments or words than any task has.
const MOST: usize = 500;

pub(super) fn check(task: &TaskType) -> Result<(), Flaw> {
    words(task)?;
    for name in task.parameters.keys().chain([&task.input]) {
        if RESERVED.contains(&name.as_str()) {
            return Err(flaw(&[], format!("`{name}` is the name of something else in a task file: choose another")));
        }
    }
    for (name, spec) in &task.parameters {
        if spec.description.is_empty() {
            return Err(flaw(&["parameters", name], "it has no `description`"));
        }
        parameter(&spec.kind).map_err(|flaw| flaw.under(&[table_of(&spec.kind), name]))?;
    }
    first_record(task)?;
    if task.formats.is_empty() {
        return Err(flaw(&["inputs", &task.input, "formats"], "it takes no format"));
    }
    resources(task)?;
    if let Some(model) = &task.remote {
        remote::check(task, model)?;
    }
    if let Some(command) = task.command() {
        if let Some(image) = &command.image {
            contained(image, command)?;
        }
        places(task, command)?;
        results(task, command)?;
    }
    Ok(())
}

/// The table that a parameter stands in.
fn table_of(kind: &ParameterKind) -> &'static str {
    if matches!(kind, ParameterKind::File { .. }) { "inputs" } else { "parameters" }
}

fn words(task: &TaskType) -> Result<(), Flaw> {
    let told = [("title", &task.title, 100), ("description", &task.description, 2_000)];
    for (field, text, most) in told {
        if text.is_empty() || text.chars().count() > most || units::clean(text, most) != *text {
            return Err(flaw(
                &[field],
                format!("it is to be 1 to {most} characters, without line breaks or control characters"),
            ));
        }
    }
    let own = task.caveat.iter().chain(&task.cite);
    if let Some(text) = own.into_iter().find(|text| text.len() > 2_000 || units::clean(text, 2_000) != **text) {
        return Err(flaw(
            &["caveat"],
            format!("`{}` is too long, or has line breaks or control characters", units::clean(text, 60)),
        ));
    }
    if task.asked_as.len() > MOST {
        return Err(flaw(&["asked_as"], format!("there are more than {MOST} phrases")));
    }
    let odd = |p: &&String| p.is_empty() || **p != p.to_lowercase() || units::clean(p, 100) != ***p;
    if let Some(phrase) = task.asked_as.iter().find(odd) {
        return Err(flaw(
            &["asked_as"],
            format!("`{}` is not lower case, or longer than 100 characters", units::clean(phrase, 60)),
        ));
    }
    Ok(())
}

/// What the first record must be can be looked at, and some record is that.
fn first_record(task: &TaskType) -> Result<(), Flaw> {
    let Some(first) = &task.first else { return Ok(()) };
    let at = |key: &str, why: &str| Err(flaw(&["inputs", &task.input, "first", key], why));
    if task.formats != [Format::Fasta] {
        return at("min", "it is of records of FASTA: the input is to take that format alone");
    }
    if first.min > first.max || first.max > LONGEST_FIRST {
        return at("max", "it is to be from `min` to 100,000");
    }
    match !first.letters.is_empty() && first.letters.bytes().all(|letter| letter.is_ascii_uppercase()) {
        true => Ok(()),
        false => at("letters", "they are to be capitals from A to Z"),
    }
}

fn parameter(kind: &ParameterKind) -> Result<(), Flaw> {
    let default = |why: String| flaw(&["default"], why);
    match kind {
        ParameterKind::Integer { min, max, .. } if min > max => Err(flaw(&["min"], format!("{min} is above {max}"))),
        ParameterKind::Integer { min, max, default: Some(value) } if !(min..=max).contains(&value) => {
            Err(default(format!("{value} is not from {min} to {max}")))
        }
        ParameterKind::Number { min, max, .. } if !(min <= max && min.is_finite() && max.is_finite()) => {
            Err(flaw(&["min"], format!("{min} is above {max}, or one of them is no number")))
        }
        ParameterKind::Number { min, max, default: Some(value) } if !(min..=max).contains(&value) => {
            Err(default(format!("{value} is not from {min} to {max}")))
        }
        ParameterKind::Choice { values, .. } if values.is_empty() || values.len() > MOST => {
            Err(flaw(&["values"], format!("there are to be 1 to {MOST} words")))
        }
        ParameterKind::Choice { values, .. } if values.iter().any(|word| is_option(word)) => {
            Err(flaw(&["values"], "a word is empty, or begins with `-` and could be read as an option"))
        }
        ParameterKind::Choice { values, default: Some(value) } if !values.contains(value) => {
            Err(default(format!("`{}` is none of the values", units::clean(value, 40))))
        }
        ParameterKind::Text { pattern, default: value } => {
            let pattern = matcher(pattern).map_err(|why| flaw(&["pattern"], why))?;
            match value {
                Some(value) if !pattern.is_match(value) || is_option(value) => Err(default(format!(
                    "`{}` does not match the pattern, or begins with `-`",
                    units::clean(value, 40)
                ))),
                _ => Ok(()),
            }
        }
        ParameterKind::File { formats, .. } if formats.is_empty() => Err(flaw(&["formats"], "it takes no format")),
        _ => Ok(()),
    }
}

/// Whether a program would take the value for an option, or for nothing.
pub(crate) fn is_option(value: &str) -> bool {
    value.is_empty() || value.starts_with('-')
}

/// The pattern of a text parameter, which matches texts as a whole.
pub(crate) fn matcher(pattern: &str) -> Result<regex::Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("it is longer than {LONGEST_PATTERN} bytes"));
    }
    let whole = regex::RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(PATTERN_SIZE).build();
    whole.map_err(|e| {
        let why = e.to_string();
        format!("it is no regular expression: {}", units::clean(why.lines().last().unwrap_or(&why), 200))
    })
}

fn resources(task: &TaskType) -> Result<(), Flaw> {
    let Some(model) = &task.resources else { return Ok(()) };
    if task.is_elsewhere_only() {
        return Err(flaw(&["resources"], "a model of the provider's needs nothing here: leave this out"));
    }
    let at = |name: &str, why: String| flaw(&["resources", name], why);
    for (name, terms) in [("ram", &model.ram), ("seconds", &model.seconds)] {
        // A negative coefficient would let a larger dataset need less.
        let positive = terms.iter().all(|(_, by)| by.is_finite() && by >= 0.0) && terms.iter().any(|(_, by)| by > 0.0);
        if !positive {
            return Err(at(name, "it has a negative term, or none that is above 0".to_owned()));
        }
        let mut factors = terms.iter().flat_map(|(term, _)| term.factors.iter().map(move |factor| (term, factor)));
        if let Some((term, _)) = factors.find(|(_, factor)| !is_measured(task, factor)) {
            return Err(at(name, format!("the term `{term}` is of what is not measured")));
        }
    }
    // What is beyond the first file of the dataset counts with it.
    for (file, _) in task.files().filter(|(file, _)| !is_rest(task, file)) {
        let counts = |terms: &Terms| {
            terms.iter().any(|(term, by)| {
                by > 0.0 && term.factors.iter().any(|f| matches!(f, Factor::Further(name, _) if name == file))
            })
        };
        if !counts(&model.ram) && !counts(&model.seconds) {
            return Err(flaw(
                &["resources"],
                format!("what it needs does not depend on `{file}`: add a term such as \"{file}.bytes\""),
            ));
        }
    }
    if !(1.0..=100.0).contains(&model.spread) {
        return Err(at("spread", "it is to be from 1 to 100".to_owned()));
    }
    if model.source.is_empty() {
        return Err(at("source", "it says nothing of where the figures come from".to_owned()));
    }
    Ok(())
}

/// Whether a factor is of something that this task has, and never negative.
fn is_measured(task: &TaskType, factor: &Factor) -> bool {
    match factor {
        Factor::Dataset(_) => true,
        Factor::Further(name, _) => task.files().any(|(file, _)| file == name && !is_rest(task, file)),
        Factor::Parameter(name, _) => match task.parameters.get(name) {
            Some(spec) if may_be_missing(spec) => false,
            Some(ParameterSpec { kind: ParameterKind::Integer { min, .. }, .. }) => *min >= 0,
            Some(ParameterSpec { kind: ParameterKind::Number { min, .. }, .. }) => *min >= 0.0,
            _ => false,
        },
    }
}

/// Whether a parameter takes the files of the first input beyond the first one.
fn is_rest(task: &TaskType, name: &str) -> bool {
    task.rest().is_some_and(|(rest, _)| rest == name)
}

/// Every place is known, may be empty only where that is said, and every input and parameter has one.
fn places(task: &TaskType, command: &CommandLine) -> Result<(), Flaw> {
    let mut used = BTreeSet::new();
    for template in &command.version {
        script(task, template)?;
        if template.pieces.iter().any(|piece| !matches!(piece, Piece::Text(_) | Piece::Script(_))) {
            return Err(flaw(&["program", "version"], "a program tells its version without files and values"));
        }
    }
    if command.probe.iter().flat_map(|template| &template.pieces).any(|piece| !matches!(piece, Piece::Text(_))) {
        return Err(flaw(&["program", "probe"], "what a program has is looked at without files and values"));
    }
    if let Some(install) = command.install.as_ref().filter(|text| text.is_empty() || units::clean(text, 300) != **text)
    {
        let why = format!("`{}` is no command of one line with at most 300 characters", units::clean(install, 60));
        return Err(flaw(&["program", "install"], why));
    }
    for step in &command.steps {
        program_name(&step.executable)?;
        if step.arguments.len() > MOST {
            return Err(flaw(&["program", "arguments"], format!("there are more than {MOST}")));
        }
        for argument in &step.arguments {
            let (with, templates): (Option<&str>, &[Template]) = match argument {
                Argument::Always(template) => (None, std::slice::from_ref(template)),
                Argument::When { with, arguments } => (Some(with), arguments),
            };
            templates.iter().try_for_each(|template| script(task, template))?;
            templates.iter().try_for_each(|template| no_option(task, template))?;
            templates.iter().try_for_each(|template| alone(task, template))?;
            let names = templates.iter().flat_map(Template::values).chain(with);
            for name in names {
                place(task, name, with).map_err(|why| flaw(&["program", "arguments"], why))?;
                used.insert(name.to_owned());
            }
        }
        stdout(step)?;
    }
    let all = task.parameters.keys().filter(|name| !is_rest(task, name)).chain([&task.input]);
    match all.into_iter().find(|name| !used.contains(*name)) {
        Some(name) => Err(flaw(&["program", "arguments"], format!("`{{{name}}}` stands in no argument"))),
        None => Ok(()),
    }
}

/// A number that may be negative is no argument of its own: the program would take it for an option.
fn no_option(task: &TaskType, template: &Template) -> Result<(), Flaw> {
    let [Piece::Value(name)] = template.pieces.as_slice() else { return Ok(()) };
    let negative = match task.parameters.get(name).map(|spec| &spec.kind) {
        Some(ParameterKind::Integer { min, .. }) => *min < 0,
        Some(ParameterKind::Number { min, .. }) => *min < 0.0,
        _ => false,
    };
    match negative {
        true => Err(flaw(
            &["program", "arguments"],
            format!("`{{{name}}}` may be negative and would be read as an option: write it as --option={{{name}}}"),
        )),
        false => Ok(()),
    }
}

/// An input of several files is an argument of its own, which becomes one for each.
fn alone(task: &TaskType, template: &Template) -> Result<(), Flaw> {
    let rest = task.rest().map(|(_, several)| several);
    let is_many = |name: &str| {
        let several = if name == task.input { rest } else { task.several(name) };
        several.is_some_and(|several| !several.folder)
    };
    match template.values().find(|name| is_many(name)).filter(|_| template.pieces.len() > 1) {
        Some(name) => Err(flaw(
            &["program", "arguments"],
            format!("`{{{name}}}` is several files: write it as an argument of its own, which becomes one for each"),
        )),
        None => Ok(()),
    }
}

/// Scripts are the program's own, and there.
fn script(task: &TaskType, template: &Template) -> Result<(), Flaw> {
    let at = |why: String| Err(flaw(&["program", "arguments"], why));
    for piece in &template.pieces {
        match piece {
            Piece::Script(name) if task.origin == TaskOrigin::Owner => {
                return at(format!(
                    "`{{script:{name}}}` is for this program's own tasks: write the script's whole path"
                ));
            }
            Piece::Script(name) if !scripts().iter().any(|(known, _)| known == name) => {
                return at(format!("there is no script `{name}`"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a value may stand where it does; `with` is what else is given there.
fn place(task: &TaskType, name: &str, with: Option<&str>) -> Result<(), String> {
    let Some(spec) = task.parameters.get(name) else {
        let known = task.parameters.keys().filter(|name| !is_rest(task, name)).chain([&task.input]);
        let known: Vec<_> = known.map(|name| format!("{{{name}}}")).collect();
        return match name == task.input {
            true => Ok(()),
            false => Err(format!("`{{{name}}}` is no input and no parameter; there are {}", known.join(", "))),
        };
    };
    if is_rest(task, name) {
        return Err(format!("write `{{{}}}`: it stands for all its files", task.input));
    }
    match may_be_missing(spec) && with != Some(name) {
        true => Err(format!(
            "`{{{name}}}` may not be given: write {{ with = \"{name}\", arguments = [...] }} around its arguments"
        )),
        false => Ok(()),
    }
}

/// An image has a name and an id that no program takes for an option, and what it holds is no package of this machine.
fn contained(image: &Image, command: &CommandLine) -> Result<(), Flaw> {
    if !containers::is_name(&image.name) {
        let named = units::clean(&image.name, 60);
        let why = format!("`{named}` is no name of an image, such as docker.io/staphb/fastp:0.23.4");
        return Err(flaw(&["program", "image"], why));
    }
    if !command.probe.is_empty() || command.install.is_some() {
        return Err(flaw(
            &["program", "probe"],
            "an image has what it has: `probe` and `install` are for programs of this machine",
        ));
    }
    if let Some(id) = image.id.iter().find(|id| !containers::is_id(id)) {
        let why = format!("`{}` is no id of an image: sha256: and 64 hexadecimal digits", units::clean(id, 80));
        return Err(flaw(&["program", "image_id"], why));
    }
    match command.steps.iter().any(|step| step.package.is_some()) {
        true => Err(flaw(&["program", "package"], "a container brings its programs along: leave this out")),
        false => Ok(()),
    }
}

/// Whether a run may have no value of it.
fn may_be_missing(spec: &ParameterSpec) -> bool {
    match &spec.kind {
        ParameterKind::File { required, .. } => !required,
        ParameterKind::Choice { default, .. } | ParameterKind::Text { default, .. } => {
            default.is_none() && !spec.needed
        }
        ParameterKind::Flag => true,
        ParameterKind::Integer { default, .. } => default.is_none() && !spec.needed,
        ParameterKind::Number { default, .. } => default.is_none() && !spec.needed,
    }
}

/// An executable is a name that PATH is searched for, or a whole path.
fn program_name(executable: &str) -> Result<(), Flaw> {
    let plain = !executable.is_empty() && !executable.starts_with('-') && units::clean(executable, 4_096) == executable;
    match plain && (executable.starts_with('/') || !executable.contains('/')) {
        true => Ok(()),
        false => Err(flaw(
            &["program", "executable"],
            format!("`{}` is neither the name of a program nor its whole path", units::clean(executable, 60)),
        )),
    }
}

fn stdout(step: &Step) -> Result<(), Flaw> {
    match step.stdout.as_ref().map(|template| template.pieces.as_slice()) {
        None | Some([Piece::Out(_) | Piece::Scratch(_)]) => Ok(()),
        Some(_) => Err(flaw(&["program", "stdout"], "it is to be {out:FILE} or {scratch:FILE}")),
    }
}

/// The result files have names of their own, and what is said of results is said of them.
fn results(task: &TaskType, command: &CommandLine) -> Result<(), Flaw> {
    let outputs = command.outputs_when(&|_| true);
    if outputs.is_empty() && command.collect.is_empty() {
        return Err(flaw(
            &["program"],
            "it leaves no result: write {out:FILE} in an argument, or `stdout = \"{out:FILE}\"`",
        ));
    }
    let reserved = result::OUR_FILES;
    if !result::are_distinct(outputs.iter().copied().chain(reserved)) {
        return Err(flaw(
            &["program", "arguments"],
            format!("two result files have one name, or that of {}", reserved.join(", ")),
        ));
    }
    for pattern in &command.collect {
        if pattern.contains('/') || glob::Pattern::new(pattern).is_err() {
            return Err(flaw(
                &["program", "collect"],
                format!("`{}` is no pattern of file names", units::clean(pattern, 60)),
            ));
        }
    }
    let may_be = |file: &str| {
        let collected = |pattern: &String| glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(file));
        outputs.contains(&file) || command.collect.iter().any(collected)
    };
    let unknown = |file: &String| format!("the program writes no `{}`", units::clean(file, 60));
    if let Some(file) = task.check.keys().find(|file| !may_be(file)) {
        return Err(flaw(&["check", "files"], unknown(file)));
    }
    match task.show.file.iter().find(|file| !may_be(file)) {
        Some(file) => Err(flaw(&["show", "file"], unknown(file))),
        None => Ok(()),
    }
}
