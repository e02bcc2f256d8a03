use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use domain::{dataset::Oddity, task::Parameters};
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
    let expected =
        ["sequence_stats", "protein_folding", "text_summary", "blast_search", "hmm_search", "multiple_alignment"];
    assert_eq!(names, expected);
    assert!(catalogue().get("alchemy").is_none());
    let heavy: Vec<_> = catalogue().iter().filter(|t| t.model_heavy).map(|t| t.name.clone()).collect();
    assert_eq!(heavy, ["protein_folding"]);
    for task in catalogue().iter() {
        let model = task.remote_model.as_deref().unwrap();
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
    let expected = json!({"database": "db/proteins.fasta", "evalue": "1e-3", "max_hits": 500});
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
    assert_eq!(
        told("hmm_search", &protein),
        Err("hmm_search runs hmmsearch, which does not read gzip: decompress the dataset first".to_owned())
    );
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
        let impossible = crate::machine::impossible_with(catalogue.get(task).unwrap(), &[file]);
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
    assert!(hint.starts_with("name another file for `database`") && hint.contains("tblastn"), "{hint}");
    let gzip = crate::machine::packed::gzip(b">a\nMKTAYIAKQRQISFVK\n");
    assert_eq!(why("blast_search", "database", &gzip).0, "compressed");
    assert_eq!(told("blast_search", "database", &gzip).unwrap().2, "unpack it: `gzip -dc < FILE > NEW`");
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
fn wrong_entries_are_refused() {
    let text = include_str!("../../../../../tasks/blast_search.toml");
    let error = |from: &str, to: &str| {
        let text = text.replace(from, to);
        Catalogue::parse(&[("blast_search.toml", text.as_str())]).unwrap_err().to_string()
    };
    assert!(Catalogue::parse(&[("blast_search.toml", text)]).is_ok());
    assert!(error("title =", "titel =").contains("blast_search.toml cannot be read"));
    assert!(error("name = \"blast_search\"", "name = \"other\"").contains("it stands in blast_search.toml"));
    assert!(error("\"{database}\"", "\"{databse}\"").contains("databse"));
    assert!(error("\"{database}\"", "\"file={database}\"").contains("its arguments use"));
    assert!(error("default = 500", "default = 50000").contains("`max_hits` is outside its limits"));
    assert!(error("bytes = 14.0", "bytes = -14.0").contains("negative term"));
    assert!(error("\"database.bytes\" = 25.0", "\"databas.bytes\" = 25.0").contains("of what is not measured"));
    assert!(error("\"database.bytes\" = 25.0", "\"evalue\" = 25.0").contains("of what is not measured"));
    assert!(error("\"database.bytes\" = 25.0", "\"database.size\" = 25.0").contains("is no term"));
    let alone = text
        .replace("\"database.bytes\"", "longest")
        .replace("database.", "")
        .replace("formats = [\"fasta\"]\nalphabet = \"protein\"\notherwise", "formats = []\notherwise");
    let refused = Catalogue::parse(&[("blast_search.toml", alone.as_str())]).unwrap_err().to_string();
    assert!(refused.contains("does not depend on `database`"), "{refused}");
    assert!(error("spread = 3.0", "spread = 0.5").contains("spread"));
    assert!(error("\"blastp\", \"homology", "\"BLASTP\", \"homology").contains("not lower case"));
}

/// The command lines are those of the real programs, where these are installed.
#[test]
fn outside_programs_understand_their_command_lines() {
    let proteins = ">a\nGIGAVLKVLTTGLPALISWIKRKRQQ\n>b\nGIGAVLKVLTTGLPALISWIKRKRQG\n>c\nGIGAILKVLSTGLPALISWIKRKRQE\n";
    let catalogue = catalogue();
    for task in catalogue.iter() {
        let Program::Command { executable, arguments, output, .. } = &task.program else { continue };
        if missing_program(task).is_some() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("dataset"), proteins).unwrap();
        std::fs::write(path("database"), proteins).unwrap();
        std::fs::write(path("profile"), "not yet").unwrap();
        if task.name == "hmm_search" {
            let built = std::process::Command::new("hmmbuild")
                .args(["--amino", "-o", "/dev/null", "-n", "family"])
                .args([path("profile"), path("database")])
                .status();
            if !built.is_ok_and(|s| s.success()) {
                continue;
            }
        }
        let files: Parameters = (task.parameters.iter())
            .filter(|(_, spec)| matches!(spec.kind, ParameterKind::File { .. }))
            .map(|(name, _)| (name.clone(), path(name).display().to_string().into()))
            .collect();
        let parameters = check_parameters(task, &files).unwrap();
        let filled = arguments.iter().map(|argument| match argument.trim_matches(['{', '}']) {
            "dataset" => "/dev/stdin".to_owned(),
            "output" => path(output).display().to_string(),
            name if argument.starts_with('{') => {
                parameters[name].as_str().map_or_else(|| parameters[name].to_string(), str::to_owned)
            }
            plain => plain.to_owned(),
        });
        let ran = std::process::Command::new(executable)
            .args(filled)
            .stdin(std::fs::File::open(path("dataset")).unwrap())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}: {}", task.name, String::from_utf8_lossy(&ran.stderr));
        let made = std::fs::read_to_string(path(output)).unwrap();
        assert!(made.contains('a') && made.lines().count() >= 3, "{}: {made}", task.name);
    }
}
