mod models;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use domain::{
    dataset::{Alphabet, Compression, DatasetProfile, Foreign, Format, FurtherFile, Oddity},
    task::{FirstRecord, Parameters, Program},
};
use science::{CAVEAT, LARGEST_SEED};

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap()
}

fn checked(task: &str, given: serde_json::Value) -> Result<serde_json::Value, String> {
    let catalogue = catalogue();
    let given: Parameters = given.as_object().unwrap().clone();
    check_parameters(catalogue.get(task).unwrap(), &given).map(Into::into).map_err(|e| e.to_string())
}

#[test]
fn entries_stand_as_they_should() {
    let names: Vec<_> = catalogue().iter().map(|t| t.name.clone()).collect();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tasks")).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|file| file.ends_with(".toml"));
    files.sort();
    let mut sorted: Vec<_> = names.iter().map(|name| format!("{name}.toml")).collect();
    sorted.sort();
    assert_eq!(sorted, files, "every file of tasks/ is part of the program");
    assert_eq!(names[..3], ["sequence_stats", "protein_folding", "peptide_folding"]);
    let mut phrases = std::collections::BTreeMap::new();
    for task in catalogue().iter() {
        for phrase in &task.asked_as {
            let other = phrases.insert(phrase.clone(), task.name.clone());
            let alike =
                other.as_deref().is_none_or(|other| (other, &*task.name) == ("protein_folding", "peptide_folding"));
            assert!(alike, "{phrase} asks for two tasks");
        }
    }
    let either = "protein folding simulation".to_owned();
    assert!(catalogue().iter().filter(|task| task.asked_as.contains(&either)).count() == 2);
    assert!(catalogue().get("alchemy").is_none());
    let heavy: Vec<_> = catalogue().iter().filter(|t| t.model_heavy).map(|t| t.name.clone()).collect();
    assert_eq!(heavy, ["protein_folding"]);
    for task in catalogue().iter() {
        let model = task.remote.as_ref().unwrap().model.as_str();
        assert!(model.starts_with("orchestrator/"), "{model}");
        assert!(task.asked_as.contains(&task.name), "{} is asked for by its name", task.name);
    }
}

#[test]
fn the_built_in_tasks_agree_with_their_entries() {
    let catalogue = catalogue();
    for name in [science::SEQUENCE_STATS, science::PROTEIN_FOLDING, science::TEXT_SUMMARY] {
        assert_eq!(catalogue.get(name).unwrap().program, Program::Builtin);
    }
    assert_eq!(catalogue.get("protein_folding").unwrap().caveat.as_deref(), Some(CAVEAT));
    let defaults = json!({"dimension": 2, "effort": "normal", "max_sequences": 100, "seed": 1});
    assert_eq!(checked("protein_folding", json!({})), Ok(defaults));
    assert!(checked("protein_folding", json!({"seed": LARGEST_SEED})).is_ok());
    assert!(checked("protein_folding", json!({"seed": LARGEST_SEED + 1})).is_err());
}

#[test]
fn parameters_are_checked() {
    let given = json!({"dimension": 3, "seed": null, "effort": "quick"});
    let expected = json!({"dimension": 3, "effort": "quick", "max_sequences": 100, "seed": 1});
    assert_eq!(checked("protein_folding", given), Ok(expected));
    let whole = checked("protein_folding", json!({"dimension": 3.0})).unwrap();
    assert_eq!(whole["dimension"].to_string(), "3", "JSON Schema takes 3.0 for an integer");
    for no_integer in [json!(3.5), json!(-1.0), json!(1e300), json!("3.0")] {
        assert!(checked("protein_folding", json!({"dimension": no_integer})).is_err(), "{no_integer}");
    }
    let error = |given| checked("protein_folding", given).unwrap_err();
    assert_eq!(error(json!({"dimension": 4})), "`dimension` must be a whole number from 2 to 3, and 4 was given");
    assert_eq!(error(json!({"dimension": "3"})), "`dimension` must be a whole number from 2 to 3, and \"3\" was given");
    assert_eq!(
        error(json!({"effort": "endless"})),
        "`effort` must be one of quick, normal, thorough, and \"endless\" was given"
    );
    assert_eq!(
        error(json!({"dimensions": 3})),
        "protein_folding has no parameter `dimensions`; it has `alphabet`, `dimension`, `effort`, `max_sequences`, `seed`"
    );
    assert_eq!(
        checked("sequence_stats", json!({"x": 1})).unwrap_err(),
        "sequence_stats has no parameter `x`; it has none"
    );
    assert_eq!(
        checked("blast_search", json!({})).unwrap_err(),
        "blast_search needs `database`: a FASTA file of proteins to search in"
    );
    let given = json!({"database": "db/proteins.fasta"});
    let expected = json!({"database": "db/proteins.fasta", "evalue": 0.001, "max_hits": 500});
    assert_eq!(checked("blast_search", given), Ok(expected));
    for bad in [json!(""), json!("-remote"), json!(["a"]), json!("a\u{0}b")] {
        assert!(checked("blast_search", json!({"database": bad})).is_err());
    }
}

#[test]
fn datasets_must_suit() {
    let catalogue = catalogue();
    let profile = |format, gzip: bool, alphabet| DatasetProfile {
        compression: gzip.then_some(Compression::Gzip),
        records: 1,
        residues: 4,
        longest: 4,
        alphabet,
        ..domain::strategies::dataset(PathBuf::from("data"), 10, format)
    };
    let told = |task: &str, profile: &DatasetProfile| {
        check_dataset(catalogue.get(task).unwrap(), profile).map_err(|e| e.to_string())
    };
    let protein = profile(Format::Fasta, true, Some(Alphabet::Protein));
    assert_eq!(told("protein_folding", &protein), Ok(()));
    assert_eq!(told("hmm_search", &protein), Ok(()), "it is unpacked for the program");
    let reads = profile(Format::Fastq, false, Some(Alphabet::Nucleotide));
    assert_eq!(
        told("protein_folding", &reads),
        Err("protein_folding takes FASTA, and this dataset is FASTQ".to_owned())
    );
    let genes = profile(Format::Fasta, false, Some(Alphabet::Nucleotide));
    assert_eq!(
        told("protein_folding", &genes),
        Err("protein_folding takes protein sequences, and these are nucleotide".to_owned())
    );
    assert_eq!(
        told("sequence_stats", &profile(Format::Binary, false, None)),
        Err("sequence_stats takes FASTA or FASTQ, and this dataset is a binary file".to_owned())
    );
    let tar = DatasetProfile { foreign: Some(Foreign::Tar), ..profile(Format::Binary, true, None) };
    assert_eq!(
        told("sequence_stats", &tar),
        Err("sequence_stats takes FASTA or FASTQ, and this dataset is a tar archive".to_owned())
    );
    let odd = DatasetProfile {
        oddities: vec![Oddity::NoEndMarker, Oddity::ByteOrderMark],
        ..profile(Format::Fasta, false, Some(Alphabet::Protein))
    };
    assert_eq!(told("protein_folding", &odd), Ok(()), "what is read here is read here");
    assert_eq!(
        told("hmm_search", &odd),
        Err("hmm_search runs hmmsearch, which would misread the dataset: it begins with a byte order mark (BOM), which was passed over".to_owned())
    );
}

#[test]
fn further_files_must_suit() {
    let catalogue = catalogue();
    let told = |task: &str, name: &str, text: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("beside"), text).unwrap();
        let open = crate::policy::data::open_dataset(Path::new("beside"), &[dir.path().to_owned()], &[]).unwrap();
        let profile = crate::machine::profile_dataset(&open).unwrap();
        let file = FurtherFile { name: name.to_owned(), profile, source: open.source };
        let impossible = crate::machine::impossible_with(catalogue.get(task).unwrap(), &file.profile.clone(), &[file]);
        impossible.map(|i| (i.word, i.why, i.hint.unwrap()))
    };
    let why = |task: &str, name: &str, text: &[u8]| {
        let (word, why, _) = told(task, name, text).unwrap();
        (word, why)
    };
    assert_eq!(told("blast_search", "database", b">a\nMKTAYIAKQRQISFVK\n"), None);
    let genes = b">a\nACGTACGTTTGACCA\n>b\nACGTACGTTTGACCAACGT\n";
    let (word, why_not, hint) = told("blast_search", "database", genes).unwrap();
    assert_eq!(
        (word, why_not.as_str()),
        ("alphabet", "`database` is to be FASTA of protein sequences, and beside is of nucleotide sequences")
    );
    assert!(hint.starts_with("name another file for `database`") && hint.contains("sequence_translate"), "{hint}");
    let gzip = crate::machine::packed::gzip(b">a\nMKTAYIAKQRQISFVK\n");
    assert_eq!(told("blast_search", "database", &gzip), None, "it is unpacked for the program");
    assert_eq!(
        why("blast_search", "database", b"Some words.\n").1,
        "`database` is to be FASTA of protein sequences, and beside is plain text"
    );
    assert_eq!(
        why("hmm_search", "profile", b">a\nMKTAYIAKQRQISFVK\n").1,
        "`profile` is to be HMMER profiles, and beside is FASTA"
    );
    assert_eq!(why("hmm_search", "profile", b"HMMER3/f [3.3.2 | Nov 2020]\nNAME  x\n").0, "empty");
    assert_eq!(told("hmm_search", "profile", b"HMMER3/f [3.3.2 | Nov 2020]\nNAME  x\nLENG  4\n//\n"), None);
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place() {
    let text = include_str!("tests/search.toml");
    let read = |text: &str| read_task("search.toml", text, TaskOrigin::Owner);
    let error = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let error = read(&text.replacen(from, to, 1)).unwrap_err().to_string();
        // The line of what stands there.
        let line = error.split(", line ").nth(1).and_then(|rest| rest.split([',', ':']).next());
        if let Some(line) = line {
            assert!(text.lines().count() >= line.parse::<usize>().unwrap(), "{error}");
        }
        error
    };
    assert!(read(text).is_ok());
    let line = |of: &str| 1 + text.lines().position(|line| line.starts_with(of)).unwrap();
    assert_eq!(
        error("default = 500", "default = 50000"),
        format!(
            "search.toml, line {}, parameters.max_hits.default: 50000 is not from 1 to 5000",
            line("default = 500")
        )
    );
    assert_eq!(
        error("name = \"search\"", "name = \"other\""),
        "search.toml, line 1, name: the name is `other`, and the file is search.toml: both are the same"
    );
    let told = |from: &str, to: &str, says: &str| {
        let error = error(from, to);
        assert!(error.contains(says), "{error}");
    };
    told("title =", "titel =", "line 2: unknown field `titel`");
    told("[inputs.query]", "[outputs.query]", "unknown field `outputs`");
    told("formats = [\"fasta\"]", "formats = [\"fasts\"]", "unknown variant `fasts`");
    told("formats = [\"fasta\"]", "formats = []", "inputs.query.formats: it takes no format");
    told("formats = [\"fasta\"]", "optional = true\nformats = [\"fasta\"]", "the first input is always needed");
    told("description = \"a FASTA file", "otherwise = \"a FASTA file", "duplicate key");
    told("\"{database}\"", "\"{databse}\"", "`{databse}` is no input and no parameter; there are {database}");
    told("\"-subject\", \"{database}\", ", "", "`{database}` stands in no argument");
    told("\"{out:hits.tsv}\"", "\"{out:../hits.tsv}\"", "`../hits.tsv` is no name for a file of a run");
    told("\"{out:hits.tsv}\"", "\"{out:result.json}\"", "two result files have one name");
    told("\"-out\", \"{out:hits.tsv}\"", "\"-v\"", "it leaves no result");
    told("\"{query}\"", "\"{query\"", "has a brace without its other one");
    told("executable = \"blastp\"", "executable = \"bin/blastp\"", "neither the name of a program nor its whole path");
    told("executable = \"blastp\"\n", "", "it has no `executable`");
    told("kind = \"command\"", "kind = \"builtin\"", "only this program's own tasks are built in");
    told("type = \"integer\"", "type = \"flag\"", "it is for parameters of type integer and number");
    told("min = 1\n", "", "parameters.max_hits: it needs `min` and `max`");
    told("default = \"1e-3\"", "default = \"1e-4\"", "`1e-4` is none of the values");
    told("values = [\"10\"", "values = [\"-remote\"", "could be read as an option");
    told("bytes = 14.0", "bytes = -14.0", "resources.ram: it has a negative term");
    told("\"database.bytes\" = 25.0", "\"databas.bytes\" = 25.0", "of what is not measured");
    told("\"database.bytes\" = 25.0", "\"evalue\" = 25.0", "of what is not measured");
    told("\"database.bytes\" = 25.0", "\"database.size\" = 25.0", "is no term");
    told("spread = 3.0", "spread = 0.5", "resources.spread: it is to be from 1 to 100");
    told("\"blastp\", \"homology", "\"BLASTP\", \"homology", "`BLASTP` is not lower case");
    let alone = text.replace("\"database.bytes\"", "longest").replace("database.residues", "longest");
    assert!(read(&alone).unwrap_err().to_string().contains("does not depend on `database`"));
}

/// A task with one of everything that a parameter can be.
const EVERYTHING: &str = r#"
name = "everything"
title = "Everything"
description = "One of everything."
[inputs.reads]
formats = ["fastq"]
pair = "optional"
compressed = ["gzip"]
[parameters.length]
description = "an integer"
type = "integer"
min = 1
max = 10
default = 5
[parameters.share]
description = "a number"
type = "number"
min = 0
max = 1.0
default = 0.25
[parameters.trim]
description = "a flag"
type = "flag"
[parameters.region]
description = "a text"
type = "text"
pattern = "[A-Za-z0-9]+:[0-9]+"
[program]
kind = "command"
executable = "tool"
arguments = [
    "{reads}", "-l", "{length}", "--share={share}", "-o", "{out:a.txt}", { with = "trim", arguments = ["-t"] },
    { with = "region", arguments = ["-r", "{region}"] }, { with = "reads_2", arguments = ["-2", "{reads_2}", "-o", "{out:b.txt}"] },
]
[[program.after]]
executable = "count"
arguments = ["{scratch:x}"]
stdout = "{out:count.txt}"
[resources]
ram = { constant = 1e6, "reads_2.bytes" = 1.0 }
seconds = { constant = 1, "share * residues" = 1e-6 }
spread = 3.0
source = "test"
[check]
files = { "a.txt" = "text" }
"#;

#[test]
fn every_kind_of_parameter_is_read_and_checked() {
    let task = read_task("everything.toml", EVERYTHING, TaskOrigin::Owner).unwrap();
    assert_eq!(task.mate(), Some("reads_2"));
    let command = task.command().unwrap();
    assert_eq!(command.outputs_when(&|_| false), ["a.txt", "count.txt"]);
    assert_eq!(command.outputs_when(&|name| name == "reads_2"), ["a.txt", "b.txt", "count.txt"]);
    let checked = |given: serde_json::Value| {
        check_parameters(&task, given.as_object().unwrap()).map(serde_json::Value::from).map_err(|e| e.to_string())
    };
    assert_eq!(checked(json!({})), Ok(json!({"length": 5, "share": 0.25})));
    let given = json!({"share": 1, "trim": true, "region": "chr1:5", "reads_2": "b.fastq"});
    let expected = json!({"length": 5, "reads_2": "b.fastq", "region": "chr1:5", "share": 1.0, "trim": true});
    assert_eq!(checked(given), Ok(expected));
    assert_eq!(checked(json!({"trim": false})), Ok(json!({"length": 5, "share": 0.25})));
    for wrong in [
        json!({"share": 1.5}),
        json!({"share": "0.5"}),
        json!({"trim": "yes"}),
        json!({"region": "chr1:5; rm -rf /"}),
        json!({"region": "chr1:5\n"}),
        json!({"region": "-o:5"}),
        json!({"region": ""}),
    ] {
        assert!(checked(wrong.clone()).is_err(), "{wrong}");
    }
    let said = |name: &str, text: &str| written(task.parameters.get(name), text);
    assert_eq!(said("length", "7"), json!(7));
    assert_eq!(said("share", "0.5"), json!(0.5));
    assert_eq!(said("trim", "true"), json!(true));
    assert_eq!(said("region", "7"), json!("7"), "a text stays one");
    assert_eq!((said("length", "x"), said("unknown", "7")), (json!("x"), json!(7)));
}

#[test]
fn what_may_be_missing_stands_with_what_is_given() {
    let read = |from: &str, to: &str| {
        assert!(EVERYTHING.contains(from), "{from}");
        read_task("everything.toml", &EVERYTHING.replacen(from, to, 1), TaskOrigin::Owner).unwrap_err().why
    };
    let why = read("{ with = \"region\", arguments = [\"-r\", \"{region}\"] }", "\"-r\", \"{region}\"");
    assert_eq!(why, "`{region}` may not be given: write { with = \"region\", arguments = [...] } around its arguments");
    assert!(read("with = \"trim\"", "with = \"length\"").contains("`{trim}` stands in no argument"));
    assert!(read("{out:count.txt}\"", "{out:count.txt}.gz\"").contains("it is to be {out:FILE} or {scratch:FILE}"));
    assert!(read("\"a.txt\" = \"text\"", "\"c.txt\" = \"text\"").contains("the program writes no `c.txt`"));
    assert!(read("pattern = \"[A-Za-z0-9]+:[0-9]+\"", "pattern = \"[\"").contains("no regular expression"));
    assert!(read("max = 1.0", "max = \"one\"").contains("expected a number"));
    assert!(
        read("{ with = \"trim\", arguments = [\"-t\"] }", "{ when = \"trim\" }")
            .contains("{ with = NAME, arguments = [...] }")
    );
}

/// A task on one peptide, whose program needs a library.
const PEPTIDE: &str = r#"
name = "peptide"
title = "Peptide"
description = "Works on a peptide."
see_also = "protein_folding"
[inputs.sequence]
formats = ["fasta"]
[inputs.sequence.first]
min = 5
max = 40
letters = "ACDE"
[program]
kind = "command"
executable = "tool"
probe = ["--libraries"]
install = "pip install tool"
arguments = ["{sequence}", "--keep", "{checkpoint:state}", "{out:a.txt}"]
"#;

#[test]
fn what_a_first_record_is_and_what_a_program_needs_are_read_and_checked() {
    let task = read_task("peptide.toml", PEPTIDE, TaskOrigin::Owner).unwrap();
    assert_eq!(task.first, Some(FirstRecord { min: 5, max: 40, letters: "ACDE".to_owned() }));
    assert_eq!(task.see_also.as_deref(), Some("protein_folding"));
    let command = task.command().unwrap();
    assert!(command.has_checkpoint() && command.probe.len() == 1);
    assert_eq!(command.install.as_deref(), Some("pip install tool"));
    for (from, to, said) in [
        ("min = 5", "min = 50", "inputs.sequence.first.max: it is to be from `min` to 100,000"),
        ("max = 40", "max = 100001", "inputs.sequence.first.max"),
        ("\"ACDE\"", "\"acde\"", "inputs.sequence.first.letters: they are to be capitals"),
        ("\"ACDE\"", "\"\"", "inputs.sequence.first.letters"),
        ("[\"fasta\"]", "[\"fasta\", \"text\"]", "it is of records of FASTA"),
        (
            "\"--libraries\"",
            "\"{sequence}\"",
            "program.probe: what a program has is looked at without files and values",
        ),
        ("\"pip install tool\"", "\"pip\\ninstall\"", "program.install: "),
        ("{checkpoint:state}", "{checkpoint:../state}", "is no name for a file of a run"),
        (
            "[program]",
            "[inputs.other]\ndescription = \"x\"\nformats = [\"fasta\"]\nfirst = { min = 1, max = 2, letters = \"A\" }\n[program]",
            "inputs.other.first: only of the first input it is said",
        ),
    ] {
        assert!(PEPTIDE.contains(from), "{from}");
        let error = read_task("peptide.toml", &PEPTIDE.replacen(from, to, 1), TaskOrigin::Owner).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn peptides_are_planned_as_they_are_checked() {
    let catalogue = catalogue();
    let task = catalogue.get(science::PEPTIDE_FOLDING).unwrap();
    let first = task.first.as_ref().unwrap();
    let lengths = science::peptide::LENGTHS;
    assert_eq!((first.min, first.max), (*lengths.start() as u64, *lengths.end() as u64));
    assert!(task.command().unwrap().has_checkpoint());
    // Each task that a plan may tell of is there.
    for task in catalogue.iter() {
        assert!(task.see_also.as_ref().is_none_or(|name| catalogue.get(name).is_some()), "{}", task.name);
    }
}
