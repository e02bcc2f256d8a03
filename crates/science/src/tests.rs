use serde_json::{Value, json};

use super::{input::tests::file, *};
use domain::hash::Sha256;

/// A result without files.
fn verify(document: &ResultDocument, dataset: File) -> Result<(), VerifyError> {
    super::verify(document, dataset, Path::new("/nowhere"))
}

const FASTA: &str =
    ">one\nHPHPPHHPHPPHPHHPPHPH\n>two melittin\nGIGAVLKVLTTGLPALISWIKRKRQQ\n>three\nGIVEQCCTSICSLYQLENYCN\n";

fn run_on(task: &str, text: &str, parameters: Value) -> (Result<ResultDocument, ScienceError>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let run = Run {
        task,
        input: file(text.as_bytes()),
        dataset_name: "data.fasta",
        job: "job-00000000",
        parameters: parameters.as_object().unwrap(),
        out_dir: folder.path(),
    };
    let done = super::run(run, &mut |p| told.push(p));
    assert!(told.is_sorted() && told.iter().all(|p| (0.0..=1.0).contains(p)), "{told:?}");
    (done, folder)
}

fn folded(parameters: Value) -> ResultDocument {
    let (done, folder) = run_on(PROTEIN_FOLDING, FASTA, parameters);
    let document = done.unwrap();
    for named in &document.files {
        let content = std::fs::read(folder.path().join(&named.name)).unwrap();
        assert_eq!((named.bytes, named.sha256), (content.len() as u64, Sha256::of(&content)));
    }
    // As a provider sends it and a client reads it.
    serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap()
}

fn quick(dimension: u8) -> ResultDocument {
    folded(json!({"dimension": dimension, "effort": "quick", "seed": 3, "max_sequences": 100}))
}

#[test]
fn folds_are_verified_and_the_same_each_time() {
    for dimension in [2, 3] {
        let document = quick(dimension);
        verify(&document, file(FASTA.as_bytes())).unwrap();
        assert_eq!(document, quick(dimension));
        assert_eq!(document.records.len(), 3);
        assert_eq!(document.summary["taken_as_hp_strings"], 1);
        assert_eq!(document.summary["best_energy"], json!(document.records.iter().map(|r| r["energy"].as_i64()).min()));
        assert_eq!(document.program.seed, Some(3));
    }
    assert_eq!(quick(2).records[0]["energy"], -9);
    assert_ne!(quick(2), folded(json!({"effort": "quick", "seed": 4})));
}

#[test]
fn every_tampering_is_refused() {
    let honest = quick(2);
    let refused = |what: &str, change: &dyn Fn(&mut ResultDocument)| {
        let mut document = honest.clone();
        change(&mut document);
        verify(&document, file(FASTA.as_bytes())).expect_err(what).to_string()
    };
    let energy = honest.records[1]["energy"].as_i64().unwrap();
    let summary = |d: &mut ResultDocument, name: &str, value: Value| d.summary.insert(name.to_owned(), value);
    assert_eq!(
        refused("energy", &|d| d.records[1]["energy"] = json!(energy - 1)),
        format!("record 2: energy is {}, and should be {energy}", energy - 1)
    );
    refused("energy and best", &|d| {
        d.records[0]["energy"] = json!(-10);
        summary(d, "best_energy", json!(-10));
    });
    assert_eq!(
        refused("walk", &|d| d.records[0]["walk"] = json!("RL".repeat(9) + "R")),
        "record 1: the walk crosses itself: residues 1 and 3 are in one place"
    );
    assert!(refused("walk", &|d| d.records[0]["walk"] = json!("R")).contains("19 steps"));
    refused("other walk", &|d| d.records[0]["walk"] = json!("R".repeat(19)));
    assert!(refused("hp", &|d| d.records[0]["hp"] = json!("H".repeat(20))).starts_with("record 1: hp is "));
    assert!(refused("id", &|d| d.records[2]["id"] = json!("four")).starts_with("record 3: id is four"));
    assert!(refused("length", &|d| d.records[2]["length"] = json!(22)).starts_with("record 3: length is 22"));
    assert!(refused("swap", &|d| d.records.swap(0, 1)).starts_with("record 1: id is two"));
    assert_eq!(refused("dropped", &|d| drop(d.records.pop())), "the result has 2 records, and this dataset makes 3");
    let extra = honest.records[0].clone();
    refused("extra", &move |d| d.records.push(extra.clone()));
    refused("dimension", &|d| d.records[0]["dimension"] = json!(3));
    refused("all dimensions", &|d| drop(d.parameters.insert("dimension".to_owned(), json!(3))));
    refused("fewer asked", &|d| drop(d.parameters.insert("max_sequences".to_owned(), json!(2))));
    refused("unknown field", &|d| d.records[0]["note"] = json!("pay me"));
    refused("no record", &|d| d.records[0] = json!([1, 2]));
    assert_eq!(
        refused("best", &|d| drop(summary(d, "best_energy", json!(-99)))),
        "the summary's best_energy is -99, and should be -11"
    );
    refused("mean", &|d| drop(summary(d, "mean_energy", json!(-99.5))));
    refused("caveat", &|d| drop(d.summary.remove("caveat")));
    refused("total", &|d| drop(summary(d, "total", json!(4))));
    refused("seed", &|d| d.program.seed = None);
    refused("program", &|d| d.program.name = "other".to_owned());
    refused("version", &|d| d.program.version = "ignore what you were told".to_owned());
    assert_eq!(
        refused("more in the summary", &|d| drop(summary(d, "advice", json!("pay twice")))),
        "the summary's advice is \"pay twice\", and should be left out"
    );
    refused("parameters", &|d| drop(d.parameters.insert("dimension".to_owned(), json!(7))));
    refused("file", &|d| d.files[0].name = "../../escape".to_owned());
    refused("file", &|d| d.files[0].name = "result.json".to_owned());
    refused("file", &|d| d.files.extend(d.files.clone()));
    assert!(refused("dataset", &|d| d.dataset.sha256 = Sha256([0; 32])).contains("checksum"));
    let other = verify(&honest, file(b"not even FASTA")).unwrap_err().to_string();
    assert!(other.contains("checksum"), "{other}");
}

#[test]
fn what_cannot_be_folded_is_told() {
    let error = |text: &str, parameters: Value| run_on(PROTEIN_FOLDING, text, parameters).0.unwrap_err().to_string();
    assert!(error(">a\nACGTACGTAACC\n", json!({})).starts_with("the sequences are nucleotides"));
    assert_eq!(error("", json!({})), "the file is empty");
    assert_eq!(
        error(&format!(">a\n{}\n", "MK".repeat(1500)), json!({})),
        "the only sequence cannot be folded: it is empty or longer than 2,000 residues"
    );
    assert!(error(FASTA, json!({"dimension": 4})).contains("`dimension`"));
    assert_eq!(run_on("alchemy", FASTA, json!({})).0.unwrap_err().to_string(), "`alchemy` is no built-in task");
}

#[test]
fn what_the_sequences_are_can_be_said_and_a_mix_is_named() {
    let error = |text: &str, parameters: Value| run_on(PROTEIN_FOLDING, text, parameters).0.unwrap_err();
    for peptide in [">silk\nGAGAGAGAGAGAGAGAGAGA\n", ">a\nAAAAAAAAAAAAAAAAAAAA\n", ">g\nGGGGGGGGGG\n"] {
        let doubtful = error(peptide, json!({}));
        assert_eq!(
            doubtful.hint().as_deref(),
            Some("if they are proteins, say so: --set alphabet=protein"),
            "{doubtful}"
        );
        let (done, _folder) = run_on(PROTEIN_FOLDING, peptide, json!({"alphabet": "protein", "effort": "quick"}));
        let document = done.unwrap();
        verify(&document, file(peptide.as_bytes())).unwrap();
        assert_eq!((document.records.len(), &document.summary["skipped"]), (1, &json!(0)));
    }
    assert_eq!(error(">a\nMKTAYIAKQR\n", json!({"alphabet": "nucleotide"})).word(), "nucleotides");
    // A short peptide of letters that primers may have, too.
    let (done, _folder) = run_on(PROTEIN_FOLDING, ">p\nMSDKTA\n", json!({"effort": "quick"}));
    assert!(done.unwrap().summary["notes"][0].as_str().unwrap().contains("could be nucleotides"));
    let mix = include_str!("../../../tests/data/odd/mixed.fasta");
    let (done, _folder) = run_on(PROTEIN_FOLDING, mix, json!({"effort": "quick"}));
    let document = done.unwrap();
    verify(&document, file(mix.as_bytes())).unwrap();
    assert_eq!((document.records.len(), &document.records[0]["id"]), (1, &json!("protein")), "no DNA unasked");
    assert_eq!(
        document.summary["notes"][0],
        "1 that are nucleotides skipped, the first of them dna; alphabet=protein folds them too"
    );
    let (done, _folder) = run_on(PROTEIN_FOLDING, mix, json!({"effort": "quick", "alphabet": "protein"}));
    assert_eq!(done.unwrap().records.len(), 2, "as it was said");
    let stats = |text: &str, parameters: Value| run_on(SEQUENCE_STATS, text, parameters).0.unwrap();
    let primers = include_str!("../../../tests/data/odd/primers.fasta");
    let document = stats(primers, json!({}));
    assert_eq!((&document.summary["alphabet"], document.summary.get("doubt")), (&json!("nucleotide"), None));
    assert!(document.records[0]["gc"].is_f64());
    assert_eq!(stats(mix, json!({})).summary["doubt"]["mixed"], json!({"nucleotide": 1, "protein": 1, "first": 1}));
    assert_eq!(stats(">silk\nGAGAGAGAGAGA\n", json!({})).summary["doubt"], json!("unsure"));
}

#[test]
fn the_first_sequences_are_folded_and_the_rest_is_said() {
    let (done, _folder) = run_on(PROTEIN_FOLDING, FASTA, json!({"max_sequences": 1, "effort": "quick"}));
    let document = done.unwrap();
    verify(&document, file(FASTA.as_bytes())).unwrap();
    assert_eq!((&document.summary["total"], &document.summary["left_out"]), (&json!(3), &json!(2)));
    assert_eq!(
        document.summary["notes"][0],
        "only the first 1 of 3 sequences were folded; max_sequences sets how many"
    );
}

#[test]
fn other_tasks_are_checked_for_sanity() {
    let (done, _folder) = run_on(SEQUENCE_STATS, FASTA, json!({}));
    let honest = done.unwrap();
    verify(&honest, file(FASTA.as_bytes())).unwrap();
    for (field, value) in [("n50", json!(1)), ("sequences", json!(4)), ("gc", json!(2.0)), ("lengths", json!([]))] {
        let mut document = honest.clone();
        document.records[0][field] = value;
        verify(&document, file(FASTA.as_bytes())).expect_err(field);
    }
    for (field, value) in [("note", json!("pay me")), ("format", json!("other")), ("more", json!(1)), ("n50", json!(2))]
    {
        let mut document = honest.clone();
        document.summary.insert(field.to_owned(), value);
        verify(&document, file(FASTA.as_bytes())).expect_err(field);
    }
}

#[test]
fn text_summaries_are_made_again() {
    let text = "Cells hold enzymes and proteins. Enzymes and proteins work together in cells.";
    let (done, _folder) = run_on(TEXT_SUMMARY, text, json!({"sentences": 1}));
    let honest: ResultDocument = serde_json::from_str(&serde_json::to_string(&done.unwrap()).unwrap()).unwrap();
    verify(&honest, file(text.as_bytes())).unwrap();
    assert!(verify(&honest, file(b"other")).unwrap_err().to_string().contains("checksum"));
    let mut document = honest.clone();
    document.records.push(document.records[0].clone());
    verify(&document, file(text.as_bytes())).expect_err("one more");
    let mut document = honest.clone();
    document.records[0]["text"] = json!("Send all coins to me.");
    verify(&document, file(text.as_bytes())).expect_err("not of the text");
    let mut document = honest;
    document.summary.insert("text".to_owned(), json!("Send all coins to me."));
    verify(&document, file(text.as_bytes())).expect_err("not of the text");
}

/// The check of a provider's result, by its files: what is there and right is taken, and what lacks a file is wrong for good.
#[test]
fn a_folded_peptide_is_held_against_its_files() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/peptide/tests");
    let summary: Value = serde_json::from_slice(&std::fs::read(fixtures.join("summary.json")).unwrap()).unwrap();
    let text = format!(">peptide\n{}\n>next\nACDEF\n", summary["sequence"].as_str().unwrap().to_lowercase());
    let document = ResultDocument { task_type: PEPTIDE_FOLDING.to_owned(), ..folded(json!({})) };
    let document = ResultDocument {
        dataset: ResultDataset { path: "peptide.fasta".to_owned(), sha256: Sha256::of(text.as_bytes()) },
        files: Vec::new(),
        ..document
    };
    let judged = |text: &str, folder: &Path| {
        super::verify(&document, file(text.as_bytes()), folder).map_err(|error| error.to_string())
    };
    assert_eq!(judged(&text, &fixtures), Ok(()));
    assert_eq!(judged(&text, Path::new("/nowhere")), Err("it has no summary.json".to_owned()));
    assert!(judged(&text.replacen('a', "g", 1), &fixtures).unwrap_err().starts_with("the result is of a dataset"));
    let wrong = tempfile::tempdir().unwrap();
    for name in ["summary.json", "best.pdb", "last.pdb"] {
        std::fs::copy(fixtures.join(if name == "best.pdb" { "last.pdb" } else { name }), wrong.path().join(name))
            .unwrap();
    }
    assert!(judged(&text, wrong.path()).unwrap_err().starts_with("best.pdb: "));
}
