//! Inputs that are several files, or a folder.

use super::{
    error::{Flaw, flaw},
    form::{Input, InputKind},
};
use domain::task::{MOST_FILES, ParameterKind, ParameterSpec, Several};

/// How many files an input takes; nothing where it is one file.
///
/// # Errors
/// Numbers that contradict themselves, and what only one file has.
pub(super) fn of(name: &str, input: &Input) -> Result<Option<Several>, Flaw> {
    let at = |key: &str, why: &str| flaw(&["inputs", name, key], why);
    let folder = input.kind == InputKind::Folder;
    if !input.many && !folder {
        return match (input.min, input.max) {
            (Some(_), _) => Err(at("min", "it is for inputs of several files: add many = true")),
            (_, Some(_)) => Err(at("max", "it is for inputs of several files: add many = true")),
            _ => Ok(None),
        };
    }
    if input.many && folder {
        return Err(at("many", "a folder is one: leave this out"));
    }
    if input.pair.is_some() {
        return Err(at("pair", "an input is a pair, or several files"));
    }
    if input.first.is_some() {
        return Err(at("first", "it is of one file"));
    }
    let (min, max) = (input.min.unwrap_or(1), input.max.unwrap_or(MOST_FILES));
    if min == 0 {
        return Err(at("min", "it is to be 1 at least: `optional` says that there may be none"));
    }
    if max > MOST_FILES {
        return Err(at("max", &format!("it is to be {MOST_FILES} at most")));
    }
    if min > max {
        return Err(at("min", &format!("{min} is above {max}")));
    }
    Ok(Some(Several { min, max, folder }))
}

/// The parameter that takes the files of the first input beyond the first one, where it is several files or a folder.
///
/// # Errors
/// As for [`of`].
pub(super) fn rest(name: &str, first: &Input) -> Result<Option<(String, ParameterSpec)>, Flaw> {
    let Some(Several { min, max, folder }) = of(name, first)? else { return Ok(None) };
    let kind = ParameterKind::File {
        required: min > 1,
        formats: first.formats.clone(),
        alphabet: first.alphabet,
        compressed: first.compressed.clone(),
        otherwise: first.otherwise.clone(),
        mate: false,
        several: Some(Several { min: min.saturating_sub(1), max: max.saturating_sub(1), folder }),
        rest: true,
    };
    let description = format!("the files of `{name}` beyond the first one");
    Ok(Some((format!("{name}_more"), ParameterSpec { description, needed: false, kind })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::catalogue::read_task;
    use domain::task::TaskOrigin;

    const TASK: &str = r#"name = "pool"
title = "Pool"
description = "Puts files together."
[inputs.reads]
formats = ["fastq"]
many = true
[inputs.genomes]
description = "genomes"
kind = "folder"
formats = ["fasta"]
optional = true
[program]
kind = "command"
executable = "pool"
arguments = ["-o", "{out:x.txt}", { with = "genomes", arguments = ["--in={genomes}"] }, "{reads}"]
"#;

    fn read(text: &str) -> Result<domain::task::TaskType, String> {
        read_task("pool.toml", text, TaskOrigin::Owner).map_err(|error| error.to_string())
    }

    #[test]
    fn several_files_are_the_first_input_and_what_is_beyond_its_first_file() {
        let task = read(&TASK.replace("many = true", "many = true\nmin = 2\nmax = 5")).unwrap();
        assert_eq!(task.rest(), Some(("reads_more", Several { min: 1, max: 4, folder: false })));
        assert_eq!(task.several("genomes"), Some(Several { min: 1, max: MOST_FILES, folder: true }));
        assert_eq!((task.called("reads_more:3"), task.called("genomes/a.fa")), ("reads", "genomes"));
        assert!(!task.works_on_a_folder());
        let folder = read(&TASK.replace("many = true", "kind = \"folder\"")).unwrap();
        assert!(folder.works_on_a_folder() && folder.elsewhere().is_none());
    }

    #[test]
    fn what_contradicts_itself_is_told_with_its_place() {
        let many = |with: &str| TASK.replace("many = true", with);
        for (text, expected) in [
            (
                many("max = 3"),
                "pool.toml, line 6, inputs.reads.max: it is for inputs of several files: add many = true",
            ),
            (many("many = true\nmin = 0"), "line 7, inputs.reads.min: it is to be 1 at least"),
            (many("many = true\nmin = 4\nmax = 3"), "line 7, inputs.reads.min: 4 is above 3"),
            (many("many = true\nmax = 201"), "line 7, inputs.reads.max: it is to be 200 at most"),
            (many("many = true\nkind = \"folder\""), "line 6, inputs.reads.many: a folder is one: leave this out"),
            (
                many("many = true\npair = \"optional\""),
                "line 7, inputs.reads.pair: an input is a pair, or several files",
            ),
            (many("kind = \"disk\""), "line 6: unknown variant `disk`, expected `file` or `folder`"),
            (
                TASK.replace("\"{reads}\"]", "\"-i{reads}\"]"),
                "`{reads}` is several files: write it as an argument of its own",
            ),
            (TASK.replace("\"{reads}\"]", "\"{reads_more}\"]"), "write `{reads}`: it stands for all its files"),
            (
                format!("{TASK}[remote]\nmodel = \"a/b\"\n[remote.keys]\n"),
                "inputs.genomes: a model of the provider's takes one file for each input",
            ),
        ] {
            let why = read(&text).unwrap_err();
            assert!(why.contains(expected), "{expected}: {why}");
        }
    }
}
