use super::*;

const EXAMPLE: &str = r#"
id: fold-then-ask
machine: {ram: 8 GB, cores: 4}
files:
  - {path: data.fasta, fasta: {records: 3, length: 48, seed: 1}}
  - {path: big.fasta, fasta: {records: 1, length: 60}, sparse: 150000000}
  - {path: notes.txt, text: "..."}
turns: ["Run protein folding on data.fasta", "What did it cost?"]
expect:
  jobs: [{task: protein_folding, dataset: data.fasta, where: offload, end: done}]
  payments: 1
  answer: ["(?i)gas"]
"#;

fn read(text: &str) -> Result<Case, String> {
    Case::parse("x.yaml", text, &Catalogue::builtin().unwrap()).map_err(|e| e.to_string())
}

/// The example with one part of it changed: what is wrong then.
fn changed(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "{from}");
    read(&EXAMPLE.replace(from, to)).expect_err(to)
}

#[test]
fn the_example_is_read_to_the_letter() {
    let case = read(EXAMPLE).unwrap();
    assert_eq!((case.id.as_str(), case.turns.len(), case.files.len()), ("fold-then-ask", 2, 3));
    assert_eq!(case.machine, Supposed { ram: Some(8_000_000_000), cores: Some(4) });
    assert_eq!(case.files[1].size, Some(150_000_000));
    let job = &case.expect.jobs.as_ref().unwrap()[0];
    assert_eq!((job.place, job.end), (Some(Place::Offload), Some(JobState::Done)));
    assert_eq!(case.expect.payments, Some(1));
    assert!(case.expect.answer[0].is_match("It cost 2 GAS."));
}

#[test]
fn what_may_be_left_out_may_be() {
    let case = read("{id: hi, turns: [hello], expect: {jobs: []}}").unwrap();
    assert_eq!(case.machine, Supposed::default());
    assert_eq!((case.expect.jobs, case.expect.payments), (Some(vec![]), None));
    assert!(read("{id: hi, turns: [hello], machine: {ram: 512 MiB}, expect: {payments: 0}}").is_ok());
    for end in JobState::ALL {
        let text = format!("{{id: e, turns: [go], expect: {{jobs: [{{end: {end}}}]}}}}");
        assert_eq!(read(&text).unwrap().expect.jobs.unwrap()[0].end, Some(end));
    }
}

#[test]
fn errors_name_the_file_the_field_and_what_is_expected() {
    let mut wrong = Vec::new();
    for (from, to, field, says) in [
        ("length: 48", "lenght: 48", "files[0].fasta.lenght: ", "expected one of records, length, seed"),
        ("id: fold-then-ask", "name: x", "", "name"),
        ("id: fold-then-ask", "id: ''", "id: ", "visible"),
        ("ram: 8 GB", "ram: much", "machine.ram: ", "`8 GB`"),
        ("ram: 8 GB", "ram: 0 GB", "machine.ram: ", "`8 GB`"),
        ("cores: 4", "cores: 0", "machine.cores: ", "at least 1"),
        ("cores: 4", "cores: four", "machine.cores: ", "a whole number"),
        ("records: 3", "records: 0", "files[0].fasta.records: ", "expected"),
        ("records: 3, length: 48", "records: 1000000, length: 100000", "files[0].fasta.length: ", "expected"),
        ("sparse: 150000000", "sparse: 20", "files[1].sparse: ", "65 bytes"),
        ("sparse: 150000000", "sparse: -1", "files[1].sparse: ", "a whole number"),
        ("text: \"...\"", "text: a, fasta: {records: 1, length: 9}", "files[2]: ", "not both"),
        (", text: \"...\"", "", "files[2]: ", "one of fasta and text"),
        ("path: notes.txt", "path: ../notes.txt", "files[2].path: ", "within the working folder"),
        ("path: notes.txt", "path: /etc/notes", "files[2].path: ", "within the working folder"),
        ("path: notes.txt", "path: big.fasta", "files[2].path: ", "already"),
        (
            "turns: [\"Run protein folding on data.fasta\", \"What did it cost?\"]",
            "turns: []",
            "turns: ",
            "at least one",
        ),
        ("\"What did it cost?\"", "' '", "turns[1]: ", "says something"),
        ("where: offload", "where: cloud", "expect.jobs[0].where: ", "local"),
        ("end: done", "end: finished", "expect.jobs[0].end: ", "paid_but_failed"),
        ("task: protein_folding", "task: folding", "expect.jobs[0].task: ", "protein_folding"),
        ("end: done", "state: done", "expect.jobs[0].state: ", "end"),
        ("payments: 1", "payments: some", "expect.payments: ", "a whole number"),
        ("(?i)gas", "(?i gas", "expect.answer[0]: ", "regular expression"),
        ("payments: 1", "payments: 1\n  cost: 2", "expect.cost: ", "answer"),
        ("payments: 1", "payments: 1\n  payments: 2", "", "payments"),
    ] {
        let said = changed(from, to);
        if !said.starts_with(&format!("x.yaml: {field}")) || !said.contains(says) || said.contains('\n') {
            wrong.push(format!("{to}: {said}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(changed("turns: [", "turns: ").starts_with("x.yaml: "));
    let nothing = read("{id: x, turns: [hi], expect: {}}").unwrap_err();
    assert!(nothing.starts_with("x.yaml: expect: at least one of"), "{nothing}");
    assert!(read("{id: x, turns: [hi]}").unwrap_err().contains("expect"));
    assert!(read("").is_err());
}

#[test]
fn a_folder_is_read_in_order_and_says_what_is_no_case() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    assert!(matches!(read_cases(dir.path(), &catalogue), Err(NoCases::None(_))));
    assert!(matches!(read_cases(&dir.path().join("not-there"), &catalogue), Err(NoCases::Read { .. })));
    file("b.yaml", "{id: b, turns: [hi], expect: {jobs: []}}");
    file("a.yml", "{id: a, turns: [hi], expect: {jobs: []}}");
    file("c.yaml", "{id: a, turns: [hi], expect: {jobs: []}}");
    file("d.yaml", "nothing");
    file("README.md", "no case");
    let (cases, broken) = read_cases(dir.path(), &catalogue).unwrap();
    assert_eq!(cases.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let said: Vec<String> = broken.iter().map(BrokenCase::to_string).collect();
    assert_eq!(said[0], "c.yaml: id: `a` is the id of a.yml already; each case has its own");
    assert!(said[1].starts_with("d.yaml: "), "{said:?}");
    assert_eq!(read_cases(&dir.path().join("a.yml"), &catalogue).unwrap().0.len(), 1);
}

#[test]
fn the_cases_of_this_repository_are_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("trials");
    let (cases, broken) = read_cases(&folder, &Catalogue::builtin().unwrap()).unwrap();
    assert_eq!(broken, []);
    assert!(cases.len() >= 40, "{}", cases.len());
    for case in cases {
        assert_eq!(case.file, format!("{}.yaml", case.id));
    }
}
