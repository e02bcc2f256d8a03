//! Files as people have them: what is read, what is named, and our figures next to those of the field's own program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::world::World;

fn odd(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/odd").join(name)
}

/// A world with these odd files.
fn world(names: &[&str]) -> World {
    let world = World::new();
    names.iter().for_each(|name| drop(world.file(name, fs::read(odd(name)).unwrap())));
    world
}

/// The results of all jobs, by the name of their dataset.
fn results(world: &World) -> Vec<(String, Value)> {
    let folders = fs::read_dir(world.home().join("results")).unwrap();
    let documents = folders.map(|folder| fs::read_to_string(folder.unwrap().path().join("result.json")).unwrap());
    let of = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    documents.map(of).map(|d| (d["dataset"]["path"].as_str().unwrap().to_owned(), d)).collect()
}

const AS_DNA: [&str; 11] = [
    "crlf.fasta",
    "cr.fasta",
    "bom.fasta",
    "semicolon.fasta",
    "blank-first.fasta",
    "no-final-newline.fasta",
    "two words (1).fasta",
    "dna.fasta.bz2",
    "dna.fasta.xz",
    "dna.fasta.zst",
    "padded.fasta.gz",
];

#[test]
fn odd_files_are_read_as_what_they_hold() {
    for name in AS_DNA {
        let world = world(&[name]);
        let run = world.run(&["run", "sequence_stats", name]);
        assert_eq!(run.code, 0, "{name}: {}", run.all());
        let results = results(&world);
        let record = &results[0].1["records"][0];
        if name != "padded.fasta.gz" {
            let figures = [&record["sequences"], &record["residues"], &record["n50"], &record["gc"], &record["n"]];
            assert_eq!(figures, [&3.into(), &22.into(), &14.into(), &0.6.into(), &2.into()] as [&Value; 5], "{name}");
        }
    }
}

#[test]
fn what_is_odd_is_said_in_the_plan() {
    for (name, said) in [
        ("cut-at-block.fasta.gz", "may have been cut off"),
        ("padded.fasta.gz", "zeros stand behind its compressed data"),
        ("cr.fasta", "lines end in carriage returns alone"),
        ("polya.fasta", "could be protein"),
        ("mixed.fasta", "both nucleotides (1 record, the first of them record 1) and protein (1 record)"),
    ] {
        let world = world(&[name]);
        let run = world.run(&["run", "sequence_stats", name, "--until", "plan", "--json"]);
        assert!(run.out.contains(said), "{name}: {}", run.all());
    }
}

/// What a hint says to do, done: the file that comes of it.
fn done(world: &World, name: &str, hint: &str) -> PathBuf {
    let command =
        hint.split('`').nth(1).unwrap_or_else(|| panic!("{hint}")).replace("FILE", name).replace("NEW", "new");
    // unzip is not on every machine.
    let command = command.replace("unzip dna.zip", "python3 -m zipfile -e dna.zip .");
    let end = Command::new("sh").args(["-c", &command]).current_dir(world.work()).status().unwrap();
    assert!(end.success(), "{command}");
    let new = world.work().join("new");
    if new.exists() { new } else { world.work().join("dna.fasta") }
}

#[test]
fn what_is_not_read_is_named_and_its_hint_works() {
    for (name, is) in [
        ("dna.fasta.gz.gz", "gzip within gzip"),
        ("dna.tar.gz", "a tar archive"),
        ("dna.zip", "a zip archive"),
        ("utf16.fasta", "UTF-16 text"),
        ("utf32.fasta", "UTF-32 text"),
        ("dna.fasta.lzma", "LZMA-compressed"),
        ("hash.fasta", "FASTA behind lines that begin with `#`"),
    ] {
        let world = world(&[name]);
        let run = world.run(&["run", "sequence_stats", name, "--json"]);
        assert_eq!(run.code, 1, "{name}: {}", run.all());
        let plan = run.event("plan");
        let cannot = &plan["plan"]["work"][0]["cannot"];
        let cannot = if cannot.is_null() { &plan["work"][0]["cannot"] } else { cannot };
        assert!(cannot["why"].as_str().unwrap().contains(is), "{name}: {cannot}");
        let new = done(&world, name, cannot["hint"].as_str().unwrap());
        let new = new.file_name().unwrap().to_str().unwrap().to_owned();
        let run = world.run(&["run", "sequence_stats", &new]);
        assert_eq!(run.code, 0, "{name}: {}", run.all());
        assert_eq!(results(&world)[0].1["records"][0]["residues"], 22, "{name}");
    }
    let world =
        world(&["latin1.txt", "truncated.fasta.gz", "last-empty.fasta", "dictionary.fasta.xz", "window.fasta.zst"]);
    let run = world.run(&["run", "text_summary", "latin1.txt"]);
    assert!(run.code == 1 && run.all().contains("text in Latin-1"), "{}", run.all());
    assert!(run.all().contains("iconv -f ISO-8859-1 -t UTF-8 FILE > NEW"), "{}", run.all());
    for (name, is) in [
        ("truncated.fasta.gz", "ends in the middle of its gzip stream"),
        ("last-empty.fasta", "the last record, `s4` on line 8, has a header and no sequence"),
        ("dictionary.fasta.xz", "takes more than 134.2 MB of memory"),
        ("window.fasta.zst", "takes more than 134.2 MB of memory"),
    ] {
        let run = world.run(&["run", "sequence_stats", name]);
        // Sentences are broken where the terminal ends.
        let said = run.all().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(run.code == 1 && said.contains(is), "{name}: {}", run.all());
    }
    assert!(!world.home().join("results").exists(), "nothing was run");
}

#[test]
fn a_peptide_of_bases_is_folded_when_it_is_said_to_be_protein() {
    let world = world(&["gaga.fasta"]);
    let plan = ["run", "protein_folding", "gaga.fasta", "--until", "plan", "--json"];
    let run = world.run(&plan);
    assert!(run.out.contains("if they are proteins, say so: --set alphabet=protein"), "{}", run.all());
    let run = world.run(&[&plan[..], &["--set", "alphabet=protein"]].concat());
    let planned = run.event("plan");
    let work = if planned["plan"].is_null() { &planned["work"] } else { &planned["plan"]["work"] };
    assert!(work[0]["cannot"].is_null(), "{}", run.all());
    assert_eq!(work[0]["verdict"]["dataset"]["alphabet"], "protein");
}

#[test]
fn what_is_odd_or_in_doubt_is_said_where_no_plan_is_shown() {
    let world = world(&["cut-at-block.fasta.gz", "mixed.fasta"]);
    for (name, is) in [("cut-at-block.fasta.gz", "may have been cut off"), ("mixed.fasta", "nucleotide")] {
        let run = world.run(&["run", "sequence_stats", name, "--json"]);
        assert_eq!(run.code, 0, "{}", run.all());
        let warning = run.event("warning");
        assert!(warning["message"].as_str().unwrap().contains(is), "{name}: {warning}");
    }
}

/// What seqkit says of a file, by the names of its columns.
fn seqkit(path: &Path) -> Vec<(String, String)> {
    let out = Command::new("seqkit").args(["stats", "-a", "-T"]).arg(path).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    rows[0].iter().zip(&rows[1]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn figures_are_those_of_seqkit() {
    let bases = |n: usize, from: usize| "ACGTTGCAAC".chars().cycle().skip(from).take(n).collect::<String>();
    let qualities = |n: usize, from: usize| "!5?I+@#9".chars().cycle().skip(from).take(n).collect::<String>();
    let fasta: String = (0..37).map(|i| format!(">s{i} of some\n{}\n", bases(3 + i * 7 % 50, i))).collect();
    let fastq: String = (0..64)
        .map(|i| format!("@r{i}\n{}\n+\n{}\n", bases(5 + i * i % 90, i), qualities(5 + i * i % 90, i)))
        .collect();
    for (name, text) in
        [("even.fastq", fastq.as_str()), ("odd.fasta", fasta.as_str()), ("two.fasta", ">a\nACG\n>b\nAC\n")]
    {
        let world = World::new();
        let path = world.file(name, text);
        let run = world.run(&["run", "sequence_stats", name]);
        assert_eq!(run.code, 0, "{}", run.all());
        let record = results(&world)[0].1["records"][0].clone();
        let theirs = seqkit(&path);
        let (mut compared, share) = (0, |value: &Value| value.as_f64().unwrap_or(0.0) * 100.0);
        for (column, value) in &theirs {
            let ours = match column.as_str() {
                "num_seqs" => record["sequences"].as_f64().unwrap(),
                "sum_len" => record["residues"].as_f64().unwrap(),
                "min_len" => record["min_length"].as_f64().unwrap(),
                "avg_len" => record["mean_length"].as_f64().unwrap(),
                "max_len" => record["max_length"].as_f64().unwrap(),
                "Q1" => record["q1_length"].as_f64().unwrap(),
                "Q2" => record["median_length"].as_f64().unwrap(),
                "Q3" => record["q3_length"].as_f64().unwrap(),
                "sum_gap" => record["gaps"].as_f64().unwrap(),
                "N50" => record["n50"].as_f64().unwrap(),
                "Q20(%)" => share(&record["q20"]),
                "Q30(%)" => share(&record["q30"]),
                "GC(%)" => share(&record["gc"]),
                _ => continue,
            };
            compared += 1;
            let theirs: f64 = value.parse().unwrap();
            // They print two digits at most.
            assert!((ours - theirs).abs() <= 0.051, "{name}: {column} is {theirs} by seqkit, and {ours} by us");
        }
        assert_eq!(compared, 13, "{theirs:?}");
    }
}
