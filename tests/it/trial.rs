//! The trial bench, as the real program on real sandboxes: what passes is said to pass, and what does not is said not to.

use std::{fs, net::TcpListener, path::Path};

use serde_json::Value;

use crate::world::{Run, World};

/// Cases that the repository has: a paid fold with a question after it, a refusal, a small machine, and no work at all.
const SLICE: &str = "^(fold-then-ask|empty-file|small-machine|greeting)$";

const FOLD: &str = "
id: fold
files: [{path: data.fasta, fasta: {records: 1, length: 20, seed: 1}}]
turns: ['Run protein folding on data.fasta']
expect:
  jobs: [{task: protein_folding, dataset: data.fasta, where: offload, end: done}]
  payments: 1
";

const COUNT: &str = "
id: count
files: [{path: data.fasta, fasta: {records: 3, length: 30}}]
turns: ['How many sequences are in data.fasta?']
expect:
  jobs: [{task: sequence_stats, dataset: data.fasta, where: local, end: done}]
  payments: 0
  answer: ['\\b3\\b']
";

/// A world with a folder of cases and a folder for whatever is temporary.
fn world(cases: &[(&str, &str)]) -> World {
    let mut world = World::new();
    for folder in ["cases", "tmp"] {
        fs::create_dir(world.work().join(folder)).unwrap();
    }
    for (name, text) in cases {
        world.file(&format!("cases/{name}"), text);
    }
    world.set("TMPDIR", world.work().join("tmp").display().to_string());
    world
}

fn of_case<'r>(lines: &'r [Value], case: &str, without: &[&str]) -> &'r Value {
    let found: Vec<&Value> =
        lines.iter().filter(|l| l["case"] == case && l["without"] == Value::from(without.to_vec())).collect();
    assert_eq!(found.len(), 1, "{case} {without:?}: {lines:?}");
    found[0]
}

fn nothing_is_left(world: &World, run: &Run) {
    let left: Vec<_> = fs::read_dir(world.work().join("tmp")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}: {}", run.all());
    assert!(!world.home().join("ledger.db").exists() && !world.home().join("sandbox").exists(), "{}", run.all());
}

/// What a checker of others finds wrong with a page.
fn wrong_html(page: &Path) -> String {
    let tidy = std::process::Command::new("tidy").args(["-quiet", "-errors", "-utf8"]).arg(page).output();
    let tidy = tidy.expect("tidy is missing: run tests/setup.sh");
    String::from_utf8_lossy(&tidy.stderr).into_owned()
}

#[test]
fn a_report_with_failures_is_html() {
    let fails = FOLD.replace("payments: 1", "payments: 0").replace("id: fold", "id: \"a <b> & c\"");
    let world = world(&[("fold.yaml", FOLD), ("count.yaml", COUNT), ("fails.yaml", &fails), ("none.yaml", "id: x")]);
    let run = world.run(&["trial", "--cases", "cases", "--report", "out.html"]);
    assert_ne!(run.code, 0, "{}", run.all());
    let page = world.work().join("out.html");
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("<summary>") && text.contains("Files that are no cases"), "{text}");
    assert_eq!(wrong_html(&page), "", "{text}");
    assert!(text.contains("3 cases, each on a sandbox"), "{text}");
    // The checker can find what was wrong once.
    let old = text
        .replace("<span class=\"fail why\">", "<div class=\"fail why\">")
        .replace("</span>\n</summary>", "</div>\n</summary>");
    let was = world.file("old.html", old);
    assert!(wrong_html(&was).contains("summary"), "{}", wrong_html(&was));
}

#[test]
fn the_planner_passes_a_slice_of_the_cases_of_this_repository() {
    let world = world(&[]);
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("trials").display().to_string();
    let run = world.run(&["trial", "--cases", &cases, "--filter", SLICE, "--report", "out.html", "--json"]);
    let lines = run.events();
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(lines.len(), 5, "{}", run.all());
    let fold = of_case(&lines, "fold-then-ask", &[]);
    assert_eq!((&fold["passed"], &fold["payments"]), (&true.into(), &1.into()));
    assert!(fold["answer"].as_str().unwrap().contains("GAS"), "{fold}");
    // 70 MB and 128 MB of RAM, which only the case supposes.
    let small = of_case(&lines, "small-machine", &[]);
    assert_eq!(small["jobs"][0]["where"], "offload");
    assert_eq!(small["payments"], 1);
    let empty = of_case(&lines, "empty-file", &[]);
    assert_eq!((&empty["jobs"], &empty["payments"]), (&Value::Array(vec![]), &0.into()));
    let summary = lines.last().unwrap();
    assert_eq!((&summary["type"], &summary["model"]), (&"trial.summary".into(), &"planner".into()));
    assert_eq!((&summary["variants"][0]["passed"], &summary["variants"][0]["plays"]), (&4.into(), &4.into()));
    let page = fs::read_to_string(world.work().join("out.html")).unwrap();
    assert!(page.contains("4 of 4 (100 %)") && page.contains("fold-then-ask") && !page.contains("<script"), "{page}");
    nothing_is_left(&world, &run);
}

#[test]
fn what_fails_and_what_is_no_case_is_said() {
    let wrong = COUNT.replace("id: count", "id: wrong").replace("payments: 0", "payments: 1").replace("\\b3", "\\b4");
    let world = world(&[
        ("a-count.yaml", COUNT),
        ("b-wrong.yaml", &wrong),
        ("c-typo.yaml", &COUNT.replace("records: 3", "record: 3")),
    ]);
    let run = world.run(&["trial", "--cases", "cases", "--report", "out.html", "--json"]);
    assert_eq!(run.code, 2, "{}", run.all());
    let lines = run.events();
    assert_eq!((&lines[0]["type"], &lines[0]["file"]), (&"trial.broken".into(), &"c-typo.yaml".into()));
    assert_eq!(lines[0]["field"], "files[0].fasta.record");
    assert!(lines[0]["problem"].as_str().unwrap().contains("records, length, seed"), "{}", lines[0]);
    assert_eq!(of_case(&lines, "count", &[])["passed"], true);
    let failed = of_case(&lines, "wrong", &[]);
    assert_eq!(failed["passed"], false);
    let why: Vec<&str> = failed["failed"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(why[0], "confirmed payments: 1 expected, 0 made");
    assert!(why[1].starts_with("the last answer should match `\\b4\\b`: it says \""), "{why:?}");
    let page = fs::read_to_string(world.work().join("out.html")).unwrap();
    for said in
        ["confirmed payments: 1 expected, 0 made", "request.understood", "files[0].fasta.record", "1 of 2 (50 %)"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }

    // Without the file that is no case, the one that fails decides; and people read the same.
    fs::remove_file(world.work().join("cases/c-typo.yaml")).unwrap();
    let run = world.run(&["trial", "--cases", "cases"]);
    assert_eq!(run.code, 1, "{}", run.all());
    for said in ["pass  count", "FAIL  wrong", "confirmed payments: 1 expected, 0 made", "1 of 2"] {
        assert!(run.out.contains(said), "{said}: {}", run.all());
    }
    nothing_is_left(&world, &run);
}

#[test]
fn a_scripted_model_is_worth_less_without_repair() {
    let mut world = world(&[("count.yaml", COUNT)]);
    let call =
        r#"{"name": "check_local_capability", "arguments": {"task_type": "sequence_stats", "dataset": "data.fasta"}}"#;
    let script = format!(
        "turns:\n  - text: |\n      ```json\n      {call}\n      ```\n  - call: {{name: run_local_task, arguments: {{job: '{{{{job}}}}'}}}}\n  - say: There are 3 sequences.\n"
    );
    let script = world.file("model.yaml", script);
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    let run = world.run(&["trial", "--cases", "cases", "--each", "--report", "out.html", "--json"]);
    assert_eq!(run.code, 0, "what counts is the play with all helps: {}", run.all());
    let lines = run.events();
    let passed = |without: &[&str]| of_case(&lines, "count", without)["passed"].clone();
    assert_eq!((passed(&[]), passed(&["repair"])), (true.into(), false.into()), "{}", run.all());
    let why = of_case(&lines, "count", &["repair"])["failed"].to_string();
    assert!(why.contains("a job was expected and is not there: sequence_stats of data.fasta (local, done)"), "{why}");
    let variants = lines.last().unwrap()["variants"].as_array().unwrap();
    assert_eq!((variants.len(), &variants[0]["passed"], &variants[2]["passed"]), (4, &1.into(), &0.into()));
    let page = fs::read_to_string(world.work().join("out.html")).unwrap();
    assert!(page.contains("without repair") && page.contains("without narrowing"), "{page}");

    let run = world.run(&["trial", "--cases", "cases", "--without", "repair,narrowing", "--json"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert_eq!(of_case(&run.events(), "count", &["narrowing", "repair"])["passed"], false);
}

#[test]
fn what_the_guard_refuses_is_counted() {
    let mut world =
        world(&[("fold.yaml", &FOLD.replace("end: done", "end: submitted").replace("payments: 1", "payments: 0"))]);
    let script = "
turns:
  - call: {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}
  - call: {name: run_remote_compute, arguments: {job: '{{job}}'}}
  - call: {name: pay_gas_fee, arguments: {job: '{{job}}', amount: '2', recipient: NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2}}
  - say: It was refused.
";
    let script = world.file("model.yaml", script);
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    let run = world.run(&["trial", "--cases", "cases", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let lines = run.events();
    let case = of_case(&lines, "fold", &[]);
    assert_eq!((&case["refusals"], &case["steps"]), (&1.into(), &4.into()));
}

#[test]
fn a_model_that_never_answers_costs_its_own_case_its_time_and_no_more() {
    let mut world = world(&[("count.yaml", COUNT)]);
    // Connections are taken by the system, and nobody answers them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    world.set("OPENAI_BASE_URL", format!("http://{}/v1", silent.local_addr().unwrap()));
    world.set("AGENT_MODEL", "silent");
    let run = world.run(&["trial", "--cases", "cases", "--repeat", "2", "--jobs", "2", "--limit", "1", "--json"]);
    assert_eq!(run.code, 1, "{}", run.all());
    let lines = run.events();
    let cases: Vec<&Value> = lines.iter().filter(|l| l["type"] == "trial.case").collect();
    assert_eq!(cases.len(), 2, "{}", run.all());
    for case in cases {
        assert_eq!(case["failed"][0], "it took longer than 1 s, and was stopped in turn 1", "{case}");
    }
    nothing_is_left(&world, &run);
}

#[test]
fn a_trial_that_was_killed_is_in_nobodys_way() {
    let mut world = world(&[("count.yaml", COUNT)]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    world.set("OPENAI_BASE_URL", format!("http://{}/v1", silent.local_addr().unwrap()));
    world.set("AGENT_MODEL", "silent");
    let mut killed = world.command(&["trial", "--cases", "cases"]).spawn().unwrap();
    // Its model is asked, so its case is under way.
    let asked = silent.accept().unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    drop(asked);
    let left = || -> Vec<String> {
        let tmp = fs::read_dir(world.work().join("tmp")).unwrap();
        tmp.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let before = left();
    assert!(before.len() == 1 && before[0].starts_with("agent-trial-"), "{before:?}");
    let run = world.run(&["trial", "--cases", "cases", "--model", "planner"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(left(), before, "what another left is not touched: it may be another that runs");
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_played() {
    let world = world(&[("count.yaml", COUNT)]);
    for (arguments, says) in [
        (&["--cases", "not-there"][..], "not-there"),
        (&["--cases", "tmp"], "there is no case in tmp"),
        (&["--cases", "cases", "--without", "mercy"], "narrowing, repair, endings"),
        (&["--cases", "cases", "--without", "repair", "--each"], "--each"),
        (&["--cases", "cases", "--filter", "nothing"], "matches `nothing`"),
        (&["--cases", "cases", "--report", "no/such/folder/out.html"], "out.html cannot be written"),
        (&["--cases", "cases", "--report", "tmp"], "tmp cannot be written"),
    ] {
        let run = world.run(&[&["trial"], arguments].concat());
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.all());
        assert!(run.err.contains(says) && run.out.is_empty(), "{says}: {}", run.all());
    }
}
