//! Places of arguments, filled in: one argument each, whatever is in it; there is no shell that could read more into it.

use std::path::Path;

use serde_json::Value;

use super::spec::Failure;
use domain::{
    task::{
        Parameters,
        template::{Piece, Template},
    },
    units,
};

/// The folder of scripts in the scratch folder.
pub(super) const SCRIPTS: &str = "scripts";

/// What places stand for.
pub(super) struct Places<'a> {
    /// The inputs that are there, by name, with the paths that the program reads them by; several files of one input in their order.
    pub inputs: &'a [(String, String)],
    /// What was chosen.
    pub parameters: &'a Parameters,
    /// The scratch folder, which the program works in; it lies in the folder of results.
    pub scratch: &'a Path,
    /// The name of the checkpoint folder beside it, where the task keeps one.
    pub checkpoint: Option<&'a str>,
}

impl Places<'_> {
    /// Whether an input or a value is given, or a flag is set.
    pub fn is_given(&self, name: &str) -> bool {
        let chosen =
            || self.parameters.get(name).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)));
        self.inputs.iter().any(|(input, _)| input == name) || chosen()
    }

    /// What an argument becomes: one, or as many as an input has files whose place is all of it.
    pub fn arguments(&self, template: &Template) -> Result<Vec<String>, Failure> {
        if let [Piece::Value(name)] = template.pieces.as_slice() {
            let files: Vec<String> =
                self.inputs.iter().filter(|(input, _)| input == name).map(|(_, path)| path.clone()).collect();
            if !files.is_empty() {
                return Ok(files);
            }
        }
        Ok(vec![self.fill(template)?])
    }

    /// The argument.
    pub fn fill(&self, template: &Template) -> Result<String, Failure> {
        template.filled(|piece| match piece {
            Piece::Value(name) => self.value(name),
            // From the scratch folder, which programs work in: some cannot read paths with spaces, and what they write of
            // their paths is the same everywhere.
            Piece::Out(name) | Piece::Prefix(name) => Ok(format!("../{name}")),
            Piece::Scratch(name) => Ok(format!("./{name}")),
            Piece::Checkpoint(name) => match self.checkpoint {
                Some(folder) => Ok(format!("../{folder}/{name}")),
                None => Err(Failure::Task("there is no checkpoint folder".into())),
            },
            Piece::Script(name) => Ok(format!("./{SCRIPTS}/{name}")),
            Piece::Text(text) => Ok(text.clone()),
        })
    }

    fn value(&self, name: &str) -> Result<String, Failure> {
        if let Some((_, path)) = self.inputs.iter().find(|(input, _)| input == name) {
            return Ok(path.clone());
        }
        match self.parameters.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            // A decimal number that is whole is written as one: `5`, not `5.0`.
            Some(Value::Number(number)) => Ok(match (number.as_i64(), number.as_f64()) {
                (None, Some(decimal)) => decimal.to_string(),
                _ => number.to_string(),
            }),
            _ => Err(Failure::Task(format!("the parameter `{}` is not given", units::clean(name, 60)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_single_arguments() {
        let parameters = json!({"threads": 2, "share": 5.0, "least": 1e-5, "word": "a b; rm -rf", "on": true, "off": false, "none": null});
        let parameters = parameters.as_object().cloned().unwrap();
        let inputs = [("reads".to_owned(), "./d.fasta".to_owned()), ("database".to_owned(), "./-x".to_owned())];
        let places =
            Places { inputs: &inputs, parameters: &parameters, scratch: Path::new("/out/s"), checkpoint: Some(".c") };
        let arguments = [
            "{share}/{least}",
            "{reads}",
            "-p={threads}",
            "{word}",
            "{database}",
            "{out:x.tsv}",
            "{scratch:y}.z",
            "{checkpoint:k}",
        ];
        let filled: Vec<_> = arguments.iter().map(|a| places.fill(&a.parse().unwrap()).unwrap()).collect();
        assert_eq!(filled, ["5/0.00001", "./d.fasta", "-p=2", "a b; rm -rf", "./-x", "../x.tsv", "./y.z", "../.c/k"]);
        assert!(places.fill(&"{missing}".parse().unwrap()).is_err());
        let several =
            [("reads", "./in/b.fq"), ("reads", "./in/-a.fq")].map(|(name, path)| (name.to_owned(), path.to_owned()));
        let many = Places { inputs: &several, ..places };
        assert_eq!(many.arguments(&"{reads}".parse().unwrap()).unwrap(), ["./in/b.fq", "./in/-a.fq"]);
        assert_eq!(many.arguments(&"-t{threads}".parse().unwrap()).unwrap(), ["-t2"]);
        let places = Places { inputs: &inputs, ..many };
        let given = ["reads", "threads", "on", "off", "none", "missing"].map(|name| places.is_given(name));
        assert_eq!(given, [true, true, true, false, false, false]);
    }
}
