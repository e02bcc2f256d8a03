//! Arguments of a program with places for values: `-o`, `{out:clean.fastq.gz}`, `--length={min_length}`. Braces that are meant
//! as such are doubled: `{{print $1}}`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::result::is_file_name;

/// One part of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// The value of a parameter, or the path of an input.
    Value(String),
    /// The path of a result file, which the program must make.
    Out(String),
    /// The beginning of paths of result files.
    Prefix(String),
    /// A path in the scratch folder.
    Scratch(String),
    /// A path in the job's checkpoint folder, which outlives a run that is ended from outside.
    Checkpoint(String),
    /// A script of the program's own.
    Script(String),
}

/// One argument, or the place of a program's standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    /// As it is written.
    text: String,
    /// Its parts, in order.
    pub pieces: Vec<Piece>,
}

/// Not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its other one.
    #[error("`{0}` has a brace without its other one; a brace that is meant as such is doubled")]
    Brace(String),
    /// Something else than a place in braces.
    #[error(
        "`{{{0}}}` is no place for a value: it is a name, out:FILE, prefix:FILE, scratch:FILE or checkpoint:FILE in braces"
    )]
    Place(String),
    /// A name that no file should have.
    #[error(
        "`{0}` is no name for a file of a run: letters, digits, `.`, `_` and `-`, beginning with a letter or a digit"
    )]
    FileName(String),
}

/// Whether a parameter or an input may have this name.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// What names in a resource model mean already.
pub const RESERVED: [&str; 6] = ["bytes", "records", "residues", "longest", "constant", "min"];

fn place(within: &str) -> Result<Piece, TemplateError> {
    let file = |name: &str| match is_file_name(name) {
        true => Ok(name.to_owned()),
        false => Err(TemplateError::FileName(name.to_owned())),
    };
    match within.split_once(':') {
        Some(("out", name)) => file(name).map(Piece::Out),
        Some(("prefix", name)) => file(name).map(Piece::Prefix),
        Some(("scratch", name)) => file(name).map(Piece::Scratch),
        Some(("checkpoint", name)) => file(name).map(Piece::Checkpoint),
        Some(("script", name)) => file(name).map(Piece::Script),
        None if is_name(within) => Ok(Piece::Value(within.to_owned())),
        _ => Err(TemplateError::Place(within.to_owned())),
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Template, TemplateError> {
        let brace = || TemplateError::Brace(text.to_owned());
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.extend(from.chars().next());
                rest = after;
                continue;
            }
            let (within, after) = from.strip_prefix('{').and_then(|from| from.split_once('}')).ok_or_else(brace)?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(place(within)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template { text: text.to_owned(), pieces })
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Template, TemplateError> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.text
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Template {
    /// The values that it needs: names of parameters and inputs.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The result files that the program must make.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Out(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The argument, with `fill` asked for each place.
    ///
    /// # Errors
    /// The first that `fill` has nothing for.
    pub fn filled<E>(&self, mut fill: impl FnMut(&Piece) -> Result<String, E>) -> Result<String, E> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(text.clone()),
                place => fill(place),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_stay_one_argument() {
        let template: Template = "--in={reads},{scratch:x.sam}-{n}".parse().unwrap();
        let expected = [
            Piece::Text("--in=".into()),
            Piece::Value("reads".into()),
            Piece::Text(",".into()),
            Piece::Scratch("x.sam".into()),
            Piece::Text("-".into()),
            Piece::Value("n".into()),
        ];
        assert_eq!(template.pieces, expected);
        assert_eq!(template.values().collect::<Vec<_>>(), ["reads", "n"]);
        let filled = template.filled(|piece| match piece {
            Piece::Value(name) => Ok(format!("<{name}; rm -rf>")),
            Piece::Scratch(name) => Ok(format!("/s/{name}")),
            _ => Err(()),
        });
        assert_eq!(filled, Ok("--in=<reads; rm -rf>,/s/x.sam-<n; rm -rf>".to_owned()));
        let out: Template = "{out:clean.fastq.gz}".parse().unwrap();
        assert_eq!(out.outputs().collect::<Vec<_>>(), ["clean.fastq.gz"]);
    }

    #[test]
    fn what_is_no_place_is_said() {
        let error = |text: &str| text.parse::<Template>().unwrap_err();
        let awk: Template = "{{print $1 > \"{out:x}\"}}".parse().unwrap();
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(awk.pieces, [text("{print $1 > \""), Piece::Out("x".into()), text("\"}")]);
        for brace in ["{reads", "reads}", "{a}{", "}{", "{{a}"] {
            assert_eq!(error(brace), TemplateError::Brace(brace.to_owned()));
        }
        for place in ["{}", "{A}", "{a b}", "{file:x}"] {
            assert!(matches!(error(place), TemplateError::Place(_)), "{place}");
        }
        for name in ["{out:}", "{out:../x}", "{out:-rf}", "{out:.hidden}", "{scratch:a/b}", "{prefix:ä}"] {
            assert!(matches!(error(name), TemplateError::FileName(_)), "{name}");
        }
    }
}
