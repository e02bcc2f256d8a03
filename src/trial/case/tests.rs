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
fn a_name_with_nothing_after_it_is_not_left_out() {
    for nothing in ["", "~", "null"] {
        for (from, field) in [
            ("jobs: [{task: protein_folding, dataset: data.fasta, where: offload, end: done}]", "expect.jobs"),
            ("payments: 1", "expect.payments"),
            ("answer: [\"(?i)gas\"]", "expect.answer"),
            ("turns: [\"Run protein folding on data.fasta\", \"What did it cost?\"]", "turns"),
            ("machine: {ram: 8 GB, cores: 4}", "machine"),
        ] {
            let name = from.split_once(':').unwrap().0;
            let said = changed(from, &format!("{name}: {nothing}"));
            assert!(
                said.starts_with(&format!("x.yaml: {field}: nothing is written here: write [] for none")),
                "{said}"
            );
        }
    }
    for (from, to, field) in [
        ("end: done", "end: ~", "expect.jobs[0].end"),
        ("dataset: data.fasta", "dataset: ~", "expect.jobs[0].dataset"),
        ("where: offload", "where: ~", "expect.jobs[0].where"),
        ("sparse: 150000000", "sparse: ~", "files[1].sparse"),
        ("cores: 4", "cores: ~", "machine.cores"),
        ("\"What did it cost?\"", "~", "turns[1]"),
        ("\"(?i)gas\"", "~", "expect.answer[0]"),
    ] {
        let said = changed(from, to);
        assert!(said.starts_with(&format!("x.yaml: {field}: nothing is written here")), "{said}");
    }
    let files = read("{id: x, files: ~, turns: [hi], expect: {jobs: []}}").unwrap_err();
    assert!(files.starts_with("x.yaml: files: nothing is written here"), "{files}");
    assert!(read("{id: x, turns: [hi], expect: {jobs: [~]}}").is_err(), "no job is not any job");
}

#[test]
fn what_is_wrong_is_said_of_the_case_and_not_of_a_program() {
    for (from, to, says) in [
        ("payments: 1", "payments: 1\n  payments: 2", "`payments` is written twice"),
        ("turns: [\"Run protein folding on data.fasta\", \"What did it cost?\"]", "turns: hello", "a list is expected"),
        ("machine: {ram: 8 GB, cores: 4}", "machine: 8", "fields are expected"),
        ("id: fold-then-ask", "id: ~", "nothing is written here"),
        ("payments: 1", "payments: 1\n---\nid: y", "a file holds one case"),
        ("(?i)gas\"]", "(?i)gas\"", "unclosed bracket"),
    ] {
        let said = changed(from, to);
        assert!(said.contains(says), "{to}: {said}");
        for word in ["Option", "from_str", "Policy", "sequence start", "scalar"] {
            assert!(!said.contains(word), "{to}: {said}");
        }
    }
    assert!(read("").unwrap_err().contains("empty"), "{:?}", read("").unwrap_err());
}

#[test]
fn files_that_cannot_be_made_are_told_when_the_case_is_read() {
    let said = changed("path: notes.txt", "path: big.fasta/notes.txt");
    assert_eq!(
        said,
        "x.yaml: files[2].path: big.fasta/notes.txt and big.fasta cannot both be there: one of them would be a file and \
         a folder"
    );
    assert!(read(&EXAMPLE.replace("notes.txt", "big.fasta.txt")).is_ok(), "a longer name is no folder");
    let long = changed("path: notes.txt", &format!("path: {}.txt", "n".repeat(300)));
    assert!(long.starts_with("x.yaml: files[2].path: a path of at most 1000 bytes"), "{long}");
    let deep = changed("path: notes.txt", &format!("path: {}n.txt", "deep/".repeat(300)));
    assert!(deep.starts_with("x.yaml: files[2].path: a path of at most 1000 bytes"), "{deep}");
}

#[test]
fn a_folder_is_read_in_any_case_and_nobody_waits_for_a_pipe() {
    let dir = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    std::fs::write(dir.path().join("A.YAML"), "{id: a, turns: [hi], expect: {jobs: []}}").unwrap();
    std::fs::write(dir.path().join("B.Yml"), "{id: b, turns: [hi], expect: {jobs: []}}").unwrap();
    let pipe = dir.path().join("pipe.yaml");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let (cases, broken) = read_cases(dir.path(), &catalogue).unwrap();
    assert_eq!(cases.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let said: Vec<String> = broken.iter().map(BrokenCase::to_string).collect();
    assert_eq!(said, ["pipe.yaml: cannot be read: it is not a regular file"]);
    assert!(read_cases(&pipe, &catalogue).is_err(), "nor where it is named itself");
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
