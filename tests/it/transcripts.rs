//! Every transcript in `tests/transcripts/`, played by the real program on a fresh sandbox. The format is in the README there.

use std::{collections::BTreeMap, fs, path::Path};

use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;
use serde_json::Value;

use crate::world::{Run, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transcript {
    case: Case,
    #[serde(rename = "turns")]
    _turns: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "about")]
    _about: String,
    prompt: String,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    files: Vec<FileMade>,
    policy: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMade {
    path: String,
    text: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    folder: bool,
    fasta: Option<Fasta>,
    sparse: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fasta {
    records: usize,
    length: usize,
    #[serde(default)]
    seed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    exit_code: i32,
    #[serde(default)]
    refused_by: Vec<String>,
    errors: Option<Vec<String>>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    not_events: Vec<String>,
    #[serde(default)]
    not_output: Vec<String>,
    jobs: Option<Vec<JobSeen>>,
    #[serde(default)]
    payments: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobSeen {
    task: String,
    dataset: String,
    #[serde(rename = "where")]
    place: String,
    end: String,
}

impl FileMade {
    fn make(&self, folder: &Path) {
        let path = folder.join(&self.path);
        if self.folder {
            return fs::create_dir(path).unwrap();
        }
        let content = match (&self.text, &self.hex, &self.fasta) {
            (Some(text), None, None) => text.clone().into_bytes(),
            (None, Some(digits), None) => hex::decode(digits).unwrap(),
            (None, None, Some(fasta)) => fasta.text().into_bytes(),
            _ => panic!("{}: one of text, hex, fasta and folder", self.path),
        };
        fs::write(&path, content).unwrap();
        if let Some(bytes) = self.sparse {
            fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes).unwrap();
        }
    }
}

impl Fasta {
    /// Random proteins, the same for the same seed.
    fn text(&self) -> String {
        const RESIDUES: &[u8; 20] = b"ACDEFGHIKLMNPQRSTVWY";
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(self.seed);
        let mut record = |i: usize| {
            let residues = (0..self.length).map(|_| char::from(RESIDUES[rng.random_range(0..RESIDUES.len())]));
            format!(">p{i}\n{}\n", residues.collect::<String>())
        };
        (1..=self.records).map(&mut record).collect()
    }
}

/// The jobs of a run, by task and dataset, as checks of one turn run side by side: what their verdicts said, and where the log says they ended.
fn jobs(world: &World, run: &Run) -> Vec<JobSeen> {
    let mut ends: BTreeMap<String, String> = BTreeMap::new();
    for line in world.job_log() {
        ends.insert(line["job"].as_str().unwrap().to_owned(), line["state"].as_str().unwrap().to_owned());
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut told: Vec<Value> = Vec::new();
    for verdict in run.events().into_iter().filter(|e| e["type"] == "verdict") {
        // Work that is planned again is told again.
        if !told.iter().any(|known| known["job"] == verdict["job"]) {
            told.push(verdict);
        }
    }
    let seen = told.into_iter().map(|v| JobSeen {
        task: text(&v["task_type"]),
        dataset: text(&v["dataset"]["path"]),
        place: text(&v["where"]),
        // What was only planned is written down nowhere.
        end: ends.remove(v["job"].as_str().unwrap()).unwrap_or_else(|| "planned".to_owned()),
    });
    let seen: Vec<JobSeen> = in_order(seen.collect());
    assert!(ends.is_empty(), "jobs without a verdict: {ends:?}");
    seen
}

fn in_order(mut jobs: Vec<JobSeen>) -> Vec<JobSeen> {
    jobs.sort();
    jobs
}

fn play(path: &Path) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let Transcript { case, .. } =
        serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut world = World::new();
    for file in &case.files {
        file.make(&world.work());
    }
    if let Some(policy) = &case.policy {
        fs::create_dir_all(world.home()).unwrap();
        fs::write(world.home().join("policy.toml"), policy).unwrap();
    }
    world.set("AGENT_MODEL", format!("scripted:{}", path.display()));
    for (name, value) in &case.settings {
        world.set(name, value);
    }
    let mut arguments = vec!["ask", "--json"];
    arguments.extend(case.arguments.iter().map(String::as_str));
    arguments.push(&case.prompt);
    let run = world.run(&arguments);
    let expect = &case.expect;
    assert_eq!(run.code, expect.exit_code, "{name}: {}", run.all());

    let events = run.events();
    let of = |kind: &str| events.iter().filter(|e| e["type"] == kind).collect::<Vec<_>>();
    let refusals = of("tool.completed");
    let refusals: Vec<&str> = refusals.iter().filter_map(|e| e["result"]["refused_by"].as_str()).collect();
    assert_eq!(refusals, expect.refused_by, "{name}: {}", run.all());
    if let Some(kinds) = &expect.errors {
        let errors = of("error");
        let found: Vec<&str> = errors.iter().filter_map(|e| e["kind"].as_str()).collect();
        assert_eq!(found, *kinds, "{name}: {}", run.all());
    }
    let types = run.types();
    let mut rest = types.iter();
    for step in &expect.events {
        assert!(rest.any(|t| t == step), "{name}: {step} is not told in its place: {types:?}");
    }
    for text in &expect.output {
        assert!(run.out.contains(text), "{name}: lacks `{text}`: {}", run.all());
    }
    for kind in &expect.not_events {
        assert!(!types.iter().any(|t| t.starts_with(kind)), "{name}: {kind} happened: {types:?}");
    }
    for text in &expect.not_output {
        assert!(!run.out.contains(text), "{name}: says `{text}`: {}", run.all());
    }
    if let Some(wanted) = &expect.jobs {
        assert_eq!(jobs(&world, &run), in_order(wanted.clone()), "{name}: {}", run.all());
    }
    assert_eq!(of("payment.confirmed").len(), expect.payments, "{name}: {}", run.all());
    let requested = of("tool.requested").len();
    assert_eq!(requested, of("tool.completed").len(), "{name}: each call has one result");
}

/// One test a transcript, so that a failure names its file.
macro_rules! transcripts {
    ($($name:ident $file:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            play(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(concat!($file, ".yaml")));
        })*

        #[test]
        fn no_transcript_is_left_out() {
            let mut known = vec![$(concat!($file, ".yaml").to_owned()),*];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
            let mut there: Vec<String> = fs::read_dir(folder)
                .unwrap()
                .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
                .filter(|name| name != "README.md")
                .collect();
            known.sort();
            there.sort();
            assert_eq!(there, known);
        }
    };
}

transcripts! {
    a_binary_file "a-binary-file",
    a_call_that_is_cut "a-call-that-is-cut",
    a_directory "a-directory",
    a_limit_that_does_not_reach "a-limit-that-does-not-reach",
    a_secret "a-secret",
    an_empty_file "an-empty-file",
    broken_arguments "broken-arguments",
    by_form_a_file_that_nobody_named "by-form-a-file-that-nobody-named",
    by_form_folds_and_pays "by-form-folds-and-pays",
    by_form_in_prose "by-form-in-prose",
    by_form_invents_a_limit "by-form-invents-a-limit",
    by_form_not_in_the_catalogue "by-form-not-in-the-catalogue",
    by_form_prose_and_then_the_object "by-form-prose-and-then-the-object",
    call_as_text "call-as-text",
    calls_in_dialects "calls-in-dialects",
    cancel_it "cancel-it",
    cut_before_its_first_word "cut-before-its-first-word",
    cut_in_a_payment "cut-in-a-payment",
    does_one_of_two "does-one-of-two",
    dry_run "dry-run",
    ends_for_a_reason_of_its_own "ends-for-a-reason-of-its-own",
    ever_new_calls "ever-new-calls",
    fields_missing_and_unknown "fields-missing-and-unknown",
    invented_hash "invented-hash",
    invents_a_result "invents-a-result",
    local_task "local-task",
    many_files "many-files",
    model_lost_half_way "model-lost-half-way",
    model_refuses_the_key "model-refuses-the-key",
    never_stops "never-stops",
    no_such_file "no-such-file",
    nonsense "nonsense",
    nucleotides_to_fold "nucleotides-to-fold",
    offload_and_pay "offload-and-pay",
    only_the_price "only-the-price",
    outside_the_folder "outside-the-folder",
    over_budget "over-budget",
    over_the_token_ceiling "over-the-token-ceiling",
    refused_local_run_of_a_large_file "refused-local-run-of-a-large-file",
    refused_offload_of_a_small_task "refused-offload-of-a-small-task",
    refused_other_amount "refused-other-amount",
    refused_other_recipient "refused-other-recipient",
    refused_second_payment "refused-second-payment",
    refused_then_done "refused-then-done",
    refused_wait_before_payment "refused-wait-before-payment",
    says_done_and_is_not "says-done-and-is-not",
    small_talk "small-talk",
    speaks_of_a_call "speaks-of-a-call",
    stops_half_way "stops-half-way",
    told_by_a_dataset "told-by-a-dataset",
    two_jobs_of_two_kinds "two-jobs-of-two-kinds",
    two_tasks "two-tasks",
    unknown_task "unknown-task",
    unknown_tool "unknown-tool",
    withheld "withheld",
    wrong_arguments "wrong-arguments",
    wrong_parameter "wrong-parameter",
}

/// A model that folds data.fasta and pays, whatever was said.
const ALWAYS_PAYS: &str = r#"
turns:
  - call: {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}
  - call: {name: run_remote_compute, arguments: {job: "{{job}}"}}
  - optional: true
    call: {name: pay_gas_fee, arguments: {job: "{{job}}", amount: "2", recipient: "{{price.recipient}}"}}
  - optional: true
    call: {name: wait_for_job, arguments: {job: "{{job}}"}}
  - {optional: true, say: "Paid and done!", repeat: 3}
"#;

/// A run of such a model on a fresh sandbox.
fn at_its_worst(style: &str, script: &str, arguments: &[&str]) -> Run {
    let mut world = World::new();
    world.file("data.fasta", Fasta { records: 3, length: 24, seed: 1 }.text());
    let script = world.file("worst.yaml", script);
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    world.set("AGENT_STYLE", style);
    world.run(&[&["ask", "--json"], arguments].concat())
}

/// Both ways to drive a model, each with one that always does the worst.
const WORST: [(&str, &str); 2] = [("tools", ALWAYS_PAYS), ("request", ALWAYS_FOLDS)];

/// A model that fills in the same form, whatever was said: fold data.fasta, to the end.
const ALWAYS_FOLDS: &str = r#"
turns:
  - expect: {form: true}
    text: '{"asks_for": "work", "until": "done", "work": [{"task": "protein_folding", "files": ["data.fasta"], "set": []}], "max_gas": null, "here_only": false}'
  - {optional: true, say: "Paid and done!"}
"#;

/// Sentences that limit or forbid what is paid, or only ask. In the sandbox, which agrees to plans by itself, each ends in a plan,
/// whatever the model calls.
#[test]
fn words_that_may_forbid_a_payment_end_in_a_plan() {
    for said in [
        "Get me a quote for folding data.fasta and stop there",
        "What would it take to fold data.fasta?",
        "Fold data.fasta only if it is free",
        "data.fasta の折りたたみの見積もりだけください",
        "Сверни data.fasta, но не плати",
        "Quanto costerebbe ripiegare data.fasta?",
        "Plie data.fasta, mais ne paie rien",
        "Złóż data.fasta, ale nie płać",
        "Stop. Do not fold data.fasta.",
    ] {
        for (style, script) in WORST {
            let run = at_its_worst(style, script, &[said]);
            let types = run.types();
            // By the form, what the grammar reads of the same work holds too: who only asks is answered by the plan, and work
            // that is to be free is refused in it.
            let answered = style == "request" && matches!(run.code, 0 | 5);
            assert!(answered || run.code == 4, "{style}: {said}: {}", run.all());
            assert!(types.iter().any(|t| t == "plan"), "{style}: {said}: {types:?}");
            let began = types.iter().any(|t| t.starts_with("upload.") || t.starts_with("payment."));
            assert!(!began, "{style}: {said}: {types:?}");
            assert!(answered || run.out.contains("agent run --request req-"), "{style}: {said}: {}", run.all());
        }
    }
}

/// By the form, where the grammar's reading of the same work holds, a limit that was said is one; a model that calls tools and
/// leaves it out is not consented to.
#[test]
fn a_limit_that_was_said_is_not_passed() {
    for ((style, script), code) in WORST.into_iter().zip([4, 5]) {
        let run = at_its_worst(style, script, &["Fold data.fasta, but budget 1.5"]);
        assert_eq!(run.code, code, "{style}: {}", run.all());
        let began = run.types().iter().any(|t| t.starts_with("upload.") || t.starts_with("payment."));
        assert!(!began, "{style}: {:?}", run.types());
    }
}

/// A person's yes is never refused for words that the wire only knows the sound of.
#[test]
fn a_persons_yes_stands_beside_such_words() {
    for (style, script) in WORST {
        let said = "Fold data.fasta, my budget allows it";
        assert_eq!(at_its_worst(style, script, &[said]).code, 4, "{style}");
        let run = at_its_worst(style, script, &["--yes", said]);
        assert_eq!(
            (run.code, run.event("consent.resolved")["by"].as_str()),
            (0, Some("yes")),
            "{style}: {}",
            run.all()
        );
        assert_eq!(run.types().iter().filter(|t| *t == "payment.confirmed").count(), 1, "{style}");
    }
}
