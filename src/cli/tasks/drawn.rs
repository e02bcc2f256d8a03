//! A task file drawn up from a command line.

use std::collections::BTreeSet;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use crate::cli::CommandError;
use domain::{
    task::{
        Image,
        template::{Piece, Template, is_name},
    },
    units,
};

/// What an input may be.
#[derive(Debug, Clone)]
pub struct Input {
    name: String,
    formats: Vec<String>,
    folder: bool,
}

/// Something that can be chosen.
#[derive(Debug, Clone)]
pub struct Parameter {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Integer { min: i64, max: i64, default: i64 },
    Number { min: f64, max: f64, default: f64 },
    Choice(Vec<String>),
    Flag,
}

/// What a file may be of which nothing is said.
const ANY: [&str; 5] = ["fasta", "fastq", "hmm", "text", "binary"];

fn named(text: &str) -> Result<(String, &str), String> {
    let (name, rest) = text.split_once('=').ok_or("write a name, an equals sign, and what it is")?;
    if is_name(name) {
        Ok((name.to_owned(), rest))
    } else {
        Err(format!("`{}` is no name: lower-case letters, digits and `_`", units::clean(name, 40)))
    }
}

/// The word for an input that is a folder, before the formats of its files.
const FOLDER: &str = "folder";
/// What marks a place as that of several files: `{reads...}`.
const SEVERAL: &str = "...}";

/// `reads=fastq`, `genome=fasta,text`; of a folder, `genomes=folder`, `genomes=folder,fasta`.
pub fn input(text: &str) -> Result<Input, String> {
    let (name, formats) = named(text)?;
    let mut formats: Vec<String> = formats.split(',').map(str::to_owned).collect();
    let folder = formats.first().is_some_and(|first| first == FOLDER);
    if folder {
        formats.remove(0);
    }
    match formats.iter().find(|format| !ANY.contains(&format.as_str())) {
        Some(format) => {
            Err(format!("`{}` is no format: write {}, or folder", units::clean(format, 40), ANY.join(", ")))
        }
        None => Ok(Input { name, formats, folder }),
    }
}

/// `min_length=1..10000:15`, `cutoff=0.0..1.0:0.05`, `mode=fast|slow`, `trim=flag`.
pub fn parameter(text: &str) -> Result<Parameter, String> {
    let (name, kind) = named(text)?;
    let range = || {
        let (bounds, default) = kind.split_once(':')?;
        let (min, max) = bounds.split_once("..")?;
        Some((min, max, default))
    };
    let kind = match range() {
        _ if kind == "flag" => Kind::Flag,
        Some((min, max, default)) => {
            if let (Ok(min), Ok(max), Ok(default)) = (min.parse(), max.parse(), default.parse()) {
                Kind::Integer { min, max, default }
            } else if let (Ok(min), Ok(max), Ok(default)) = (min.parse(), max.parse(), default.parse()) {
                Kind::Number { min, max, default }
            } else {
                return Err("a range is two numbers and a default, such as 1..100:10".to_owned());
            }
        }
        None if kind.contains('|') => Kind::Choice(kind.split('|').map(str::to_owned).collect()),
        None => return Err("write MIN..MAX:DEFAULT, WORD|WORD or flag".to_owned()),
    };
    Ok(Parameter { name, kind })
}

/// A command line of which a task is made.
pub struct Drawn<'a> {
    /// The program.
    pub executable: &'a str,
    /// Its arguments, with places for values.
    pub arguments: &'a [String],
    /// What inputs may be.
    pub inputs: &'a [Input],
    /// What can be chosen.
    pub parameters: &'a [Parameter],
    /// The container image that the program lies in.
    pub image: Option<Image>,
    /// Whether it may use the network.
    pub network: bool,
}

impl Drawn<'_> {
    /// The text of a task file for this command. Every place that is not said to be a parameter is an input.
    ///
    /// # Errors
    /// A place that is none, or nothing that a file could be given as.
    pub fn file(self, name: &str) -> Result<String, CommandError> {
        let Drawn { executable, arguments, inputs, parameters, image, network } = self;
        let (mut places, mut several) = (Vec::new(), BTreeSet::new());
        let arguments: Vec<String> = arguments.iter().map(|argument| plain(argument, &mut several)).collect();
        for argument in &arguments {
            let template: Template = argument.parse().map_err(|e: domain::task::template::TemplateError| {
                CommandError::usage(e.to_string())
                    .hint("such as: agent tasks add trim -- fastp -i {reads} -o {out:clean.fastq.gz}")
            })?;
            for piece in template.pieces {
                if let Piece::Value(name) = piece
                    && !places.contains(&name)
                {
                    places.push(name);
                }
            }
        }
        let is_parameter = |place: &&String| parameters.iter().any(|parameter| parameter.name == **place);
        let named: Vec<&String> = places.iter().filter(|place| !is_parameter(place)).collect();
        let said: BTreeSet<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        if let Some(unused) = said.iter().find(|name| !places.iter().any(|place| place == *name)) {
            return Err(CommandError::usage(format!("`{{{unused}}}` stands nowhere in the command"))
                .hint("write each input where the program is to read it"));
        }
        if named.is_empty() {
            return Err(CommandError::usage("the command takes no file")
                .hint("write {reads}, or another name in braces, where the file is to stand"));
        }
        let mut document = DocumentMut::new();
        document["name"] = value(name);
        document["title"] = value(name.replace('_', " "));
        document["description"] = value(format!("Runs {} on a file.", units::clean(executable, 60)));
        document["inputs"] = Item::Table(tables(named.iter().enumerate().map(|(at, place)| {
            let own = inputs.iter().find(|input| input.name == **place);
            let formats: Array = match own.filter(|input| !input.formats.is_empty()) {
                Some(input) => input.formats.iter().map(String::as_str).collect(),
                None => ANY.into_iter().collect(),
            };
            let folder = own.is_some_and(|input| input.folder);
            let mut table = Table::new();
            if at > 0 {
                let what = match (folder, several.contains(*place)) {
                    (true, _) => "folder",
                    (_, true) => "files",
                    _ => "file",
                };
                table["description"] = value(format!("the {what} for {place}"));
            }
            if folder {
                table["kind"] = value(FOLDER);
            }
            if several.contains(*place) {
                table["many"] = value(true);
            }
            table["formats"] = value(formats);
            ((*place).clone(), table)
        })));
        if !parameters.is_empty() {
            document["parameters"] =
                Item::Table(tables(parameters.iter().map(|parameter| (parameter.name.clone(), described(parameter)))));
        }
        let mut program = Table::new();
        program["kind"] = value(if image.is_some() { "container" } else { "command" });
        if let Some(image) = image {
            program["image"] = value(image.name);
            if let Some(id) = image.id {
                program["image_id"] = value(id);
            }
        }
        program["executable"] = value(executable);
        program["arguments"] = value(arguments.iter().map(|argument| item(argument, parameters)).collect::<Array>());
        if network {
            program["network"] = value(true);
        }
        // Not every program has --version; it is asked for nothing else.
        program["version"] = value(Array::from_iter(["--version"]));
        document["program"] = Item::Table(program);
        Ok(document.to_string())
    }
}

/// An argument without what marks a place as that of several files, whose names are added.
fn plain(argument: &str, several: &mut BTreeSet<String>) -> String {
    let mut plain = argument.to_owned();
    while let Some(end) = plain.find(SEVERAL) {
        let before = plain.get(..end).unwrap_or_default();
        let Some(name) = before.rfind('{').and_then(|at| before.get(at + 1..)).filter(|name| is_name(name)) else {
            break;
        };
        several.insert(name.to_owned());
        plain.replace_range(end..end + SEVERAL.len(), "}");
    }
    plain
}

fn tables(all: impl Iterator<Item = (String, Table)>) -> Table {
    let mut outer = Table::new();
    outer.set_implicit(true);
    for (name, table) in all {
        outer[&name] = Item::Table(table);
    }
    outer
}

fn described(parameter: &Parameter) -> Table {
    let mut table = Table::new();
    table["description"] = value(parameter.name.replace('_', " "));
    match &parameter.kind {
        Kind::Integer { min, max, default } => {
            table["type"] = value("integer");
            table["min"] = value(*min);
            table["max"] = value(*max);
            table["default"] = value(*default);
        }
        Kind::Number { min, max, default } => {
            table["type"] = value("number");
            table["min"] = value(*min);
            table["max"] = value(*max);
            table["default"] = value(*default);
        }
        Kind::Choice(words) => {
            table["type"] = value("choice");
            table["values"] = value(words.iter().map(String::as_str).collect::<Array>());
            if let Some(first) = words.first() {
                table["default"] = value(first);
            }
        }
        Kind::Flag => table["type"] = value("flag"),
    }
    table
}

/// An argument; one that names a flag stands only when the flag is set: `--trim{trim}` becomes `--trim`.
fn item(argument: &str, parameters: &[Parameter]) -> toml_edit::Value {
    let flag = parameters
        .iter()
        .filter(|parameter| matches!(parameter.kind, Kind::Flag))
        .find(|parameter| argument.contains(&format!("{{{}}}", parameter.name)));
    match flag {
        None => argument.into(),
        Some(flag) => {
            let mut table = InlineTable::new();
            table.insert("with", flag.name.as_str().into());
            let bare = argument.replace(&format!("{{{}}}", flag.name), "");
            table.insert("arguments", toml_edit::Value::Array(Array::from_iter([bare])));
            toml_edit::Value::InlineTable(table)
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::task::{Several, TaskOrigin};
    use guard::machine::catalogue::read_task;

    use super::*;

    #[test]
    fn a_command_line_becomes_a_task_file() {
        let arguments =
            ["-i", "{reads}", "-r", "{reference}", "-l{shortest}", "-m", "{mode}", "--trim{trim}", "-o", "{out:x.fq}"];
        let arguments = arguments.map(str::to_owned);
        let inputs = [input("reads=fastq").unwrap()];
        let parameters = ["shortest=1..10:5", "mode=fast|slow", "trim=flag"].map(|text| parameter(text).unwrap());
        let drawn = |executable, arguments, inputs, image| Drawn {
            executable,
            arguments,
            inputs,
            parameters: &parameters,
            image,
            network: false,
        };
        let text = drawn("trimmer", &arguments, &inputs, None).file("my_trim").unwrap();
        insta::assert_snapshot!(text);
        let task = read_task("my_trim.toml", &text, TaskOrigin::Owner).unwrap();
        assert_eq!((task.input.as_str(), task.resources), ("reads", None));
        let (out, other) = (["{out:x}".to_owned()], ["{a}".to_owned()]);
        assert!(drawn("cat", &out, &[], None).file("x").is_err(), "no file goes in");
        assert!(drawn("cat", &other, &inputs, None).file("x").is_err(), "reads stand nowhere");
        let image = Image { name: "localhost/a:1".to_owned(), id: Some(format!("sha256:{}", "0".repeat(64))) };
        let text = drawn("trimmer", &arguments, &inputs, Some(image.clone())).file("my_trim").unwrap();
        let task = read_task("my_trim.toml", &text, TaskOrigin::Owner).unwrap();
        assert_eq!(task.command().and_then(|command| command.image.clone()), Some(image));
        for wrong in ["min", "min=1..2", "MIN=1..2:1", "min=a..b:c", "m=word"] {
            assert!(parameter(wrong).is_err(), "{wrong}");
        }
        assert!(input("reads=bam").is_err());
    }

    #[test]
    fn places_of_several_files_and_folders() {
        let drawn = |arguments: &[&str], inputs: &[Input]| {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            let (executable, parameters, image, network) = ("pool", &[][..], None, false);
            let drawn = Drawn { executable, arguments: &arguments, inputs, parameters, image, network };
            read_task("pool.toml", &drawn.file("pool").unwrap(), TaskOrigin::Owner).map_err(|e| e.to_string())
        };
        let genomes = [input("genomes=folder,fasta").unwrap()];
        let task = drawn(&["{reads...}", "-g={genomes}", "{out:x}"], &genomes).unwrap();
        assert_eq!(task.rest(), Some(("reads_more", Several { min: 0, max: 199, folder: false })));
        assert_eq!(task.several("genomes"), Some(Several { min: 1, max: 200, folder: true }));
        let why = drawn(&["-i{reads...}", "{out:x}"], &[]).unwrap_err();
        assert!(why.contains("`{reads}` is several files: write it as an argument of its own"), "{why}");
    }
}
