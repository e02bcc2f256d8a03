//! `peptide_folding`, run for real by OpenMM: what comes of it, the same twice, its energy, and what of it is refused.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use domain::result::ResultDocument;
use science::verify;
use serde_json::{Value, json};

use super::{checkpoint::kept, everyday::by_schema};
use crate::{
    services::tool,
    world::{Run, World},
};

/// The energy of a structure, computed by none of the task's own scripts.
const ENERGY: &str = r#"
import sys
from openmm import app, Context, Platform, VerletIntegrator, unit
pdb = app.PDBFile(sys.argv[1])
field = app.ForceField("amber14/protein.ff14SB.xml", "implicit/gbn2.xml")
system = field.createSystem(pdb.topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds)
context = Context(system, VerletIntegrator(0.001), Platform.getPlatformByName("Reference"))
context.setPositions(pdb.positions)
print(context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole))
"#;

/// All that a run of the same seed makes again to the last byte.
const SAME: [&str; 4] = ["best.pdb", "last.pdb", "trajectory.xtc", "series.tsv"];

fn python() -> PathBuf {
    tool("peptide/bin/python3")
}

/// A world in which `python3` has what the task needs.
fn world() -> World {
    let mut world = World::new();
    let path = std::env::var("PATH").unwrap_or_default();
    world.set("PATH", format!("{}:{path}", python().parent().unwrap().display()));
    world.file("gavly.fasta", ">gavly\nGAVLY\n");
    world
}

const RUN: [&str; 8] =
    ["run", "--json", "peptide_folding", "gavly.fasta", "--set", "picoseconds=10", "--set", "seed=7"];

fn folder(run: &Run) -> PathBuf {
    assert_eq!(run.code, 0, "{}", run.all());
    run.event("receipt")["result"]["path"].as_str().unwrap().into()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_peptide_is_folded_the_same_twice_checked_and_refused_when_it_is_changed() {
    let world = world();
    let first = folder(&world.run(&RUN));
    let second = folder(&world.run(&[&RUN[..], &["--anew"]].concat()));
    assert_ne!(first, second);
    for name in SAME {
        assert_eq!(fs::read(first.join(name)).unwrap(), fs::read(second.join(name)).unwrap(), "{name}");
    }
    by_schema(&first.join("result.json"));
    let result = read(&first.join("result.json"));
    let names: Vec<_> = result["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert!(SAME.iter().all(|name| names.contains(name)) && names.contains(&"summary.json"), "{names:?}");
    let hidden = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    let left: Vec<_> = fs::read_dir(&first).unwrap().map(Result::unwrap).filter(hidden).map(|e| e.path()).collect();
    assert!(left.is_empty(), "{left:?}");

    let summary = read(&first.join("summary.json"));
    assert_eq!((&summary["sequence"], &summary["force_field"]), (&json!("GAVLY"), &json!("ff14SB")));
    assert_eq!(result["summary"]["figures"]["simulated_ns"], summary["simulated_ns"]);
    let told = Command::new(python()).args(["-c", ENERGY]).arg(first.join("best.pdb")).output().unwrap();
    let energy: f64 = String::from_utf8_lossy(&told.stdout).trim().parse().unwrap_or_else(|_| panic!("{told:?}"));
    let stated = summary["best"]["energy_kj_mol"].as_f64().unwrap();
    // The CPU platform adds up in single precision.
    assert!((energy - stated).abs() < 0.05, "{energy} is stated as {stated}");

    is_refused_when_it_is_changed(&world, &first);
}

/// The check that stands where a result comes from a provider.
fn is_refused_when_it_is_changed(world: &World, made: &Path) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["best.pdb", "last.pdb", "summary.json"] {
        fs::copy(made.join(name), folder.path().join(name)).unwrap();
    }
    let document: ResultDocument = serde_json::from_value(read(&made.join("result.json"))).unwrap();
    let judged = |document: &ResultDocument, dataset: &str| {
        let dataset = fs::File::open(world.work().join(dataset)).unwrap();
        verify(document, dataset, folder.path()).map_err(|error| error.to_string())
    };
    assert_eq!(judged(&document, "gavly.fasta"), Ok(()));
    let best = fs::read_to_string(made.join("best.pdb")).unwrap();
    let moved = |atom: &str, residue: &str, by: [f64; 3]| {
        let line = |line: &str| match line.get(12..16).map(str::trim) == Some(atom) && line.get(17..20) == Some(residue)
        {
            true => shifted(line, |at| std::array::from_fn(|i| at[i] + by[i])),
            false => line.to_owned(),
        };
        best.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
    };
    let mirrored: Vec<String> = best.lines().map(|line| shifted(line, |[x, y, z]| [-x, y, z])).collect();
    for (what, text, said) in [
        ("D residues", mirrored.join("\n") + "\n", "hand"),
        ("a stretched bond", moved("CB", "LEU", [0.4, 0.4, 0.4]), "bond"),
        ("an atom that was moved a little", moved("CD1", "LEU", [0.02, 0.02, 0.0]), "gyration"),
        ("another residue", best.replace("VAL", "THR"), "residue"),
        ("half a file", best[..best.len() / 2].to_owned(), "atom"),
    ] {
        assert_ne!(text, best, "{what}");
        fs::write(folder.path().join("best.pdb"), text).unwrap();
        let why = judged(&document, "gavly.fasta").expect_err(what);
        assert!(why.contains("best.pdb") && why.to_lowercase().contains(said), "{what}: {why}");
    }
    fs::write(folder.path().join("best.pdb"), &best).unwrap();
    // The same structures as those of another peptide.
    world.file("other.fasta", ">other\nGAVLF\n");
    let sha256 = domain::hash::Sha256::of(&fs::read(world.work().join("other.fasta")).unwrap());
    let mut other = document.clone();
    other.dataset.sha256 = sha256;
    let why = judged(&other, "other.fasta").unwrap_err();
    assert!(why.contains("sequence"), "{why}");
    fs::remove_file(folder.path().join("last.pdb")).unwrap();
    assert!(judged(&document, "gavly.fasta").unwrap_err().contains("last.pdb"));
}

/// An atom's line with other coordinates; every other line as it is.
fn shifted(line: &str, by: impl Fn([f64; 3]) -> [f64; 3]) -> String {
    let at = |from: usize| line.get(from..from + 8).and_then(|text| text.trim().parse::<f64>().ok());
    let (Some(x), Some(y), Some(z), true) = (at(30), at(38), at(46), line.starts_with("ATOM")) else {
        return line.to_owned();
    };
    let [x, y, z] = by([x, y, z]);
    format!("{}{x:8.3}{y:8.3}{z:8.3}{}", &line[..30], &line[54..])
}

#[test]
fn a_run_that_is_killed_ends_as_if_it_had_not_been() {
    let world = world();
    let whole = folder(&world.run(&RUN));
    let arguments = [&RUN[..], &["--anew"]].concat();
    let mut killed = world.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let results = world.home().join("results");
    let state = kept(&results, "run.npz", &mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(state.exists());
    let job = state.ancestors().nth(2).unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let resumed = world.run(&["jobs", "resume", &job, "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    for name in SAME {
        let again = fs::read(results.join(&job).join(name)).unwrap();
        assert_eq!(fs::read(whole.join(name)).unwrap(), again, "{name}");
    }
    assert!(!state.parent().unwrap().exists(), "what it went on by is gone");
}

#[test]
fn without_its_libraries_it_is_refused_in_the_plan() {
    let mut world = world();
    // A Python that has none of them.
    let folder = world.root().join("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("/usr/bin/python3", folder.join("python3")).unwrap();
    let system = "/usr/local/bin:/usr/bin:/bin";
    world.set("PATH", format!("{}:{system}", folder.display()));
    let run = world.run(&RUN);
    assert_eq!(run.code, 1, "{}", run.all());
    let cannot = &run.event("plan")["work"][0]["cannot"];
    assert_eq!(cannot["rule"], "missing_program", "{}", run.all());
    assert!(cannot["why"].as_str().unwrap().contains("No module named 'openmm'"), "{cannot}");
    let install = "pip install openmm==8.6.1 PeptideBuilder==1.1.0 mdtraj==1.11.1.post2";
    assert_eq!(cannot["hint"], format!("install it: {install}"));
    assert!(world.states().is_empty(), "no job was made");
    let shown = world.run(&["tasks", "show", "peptide_folding"]);
    let flat = shown.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("python3 lacks something (ModuleNotFoundError: No module named 'openmm')"), "{flat}");
    let listed: Value = serde_json::from_str(&world.run(&["tasks", "show", "peptide_folding", "--json"]).out).unwrap();
    assert_eq!(listed["probed"], json!({"unable": "ModuleNotFoundError: No module named 'openmm'"}));
}

#[test]
fn a_peptide_that_is_too_long_is_refused_before_anything_is_run_or_paid() {
    let world = world();
    for (sequence, why) in [
        ("GAVL", "it has 4 residues"),
        (&"GAVLY".repeat(9), "it has more than 40 residues"),
        ("GAVXY", "its residue 4 is X, which is none of ACDEFGHIKLMNPQRSTVWY"),
        ("GA-VLYF", "it has gaps"),
    ] {
        world.file("odd.fasta", format!(">odd\n{sequence}\n>next\nGAVLY\n"));
        let run = world.run(&["run", "--json", "peptide_folding", "odd.fasta", "--until", "plan"]);
        let cannot = run.event("plan")["work"][0]["cannot"].clone();
        assert_eq!(cannot["rule"], "first_record", "{}", run.all());
        assert!(cannot["why"].as_str().unwrap().contains(why), "{cannot}");
    }
    // What does not suit it is not told of it either.
    let plan = |file: &str| world.run(&["run", "protein_folding", file, "--until", "plan", "--json"]);
    let of = |run: &Run| run.event("plan")["work"][0]["see_also"].clone();
    assert_eq!(of(&plan("odd.fasta")), Value::Null);
    let told = of(&plan("gavly.fasta"));
    let said = "this file suits peptide_folding too (Peptide folding (molecular dynamics)), which takes a first record of 5 to 40 residues";
    assert_eq!(told, said);
}
