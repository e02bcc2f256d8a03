//! Nothing is begun, and nothing paid, against the words or beside them.

use proptest::prelude::*;

use super::*;

/// Requests that are plain: each is done and paid for.
const PLAIN: [&str; 25] = [
    "Run protein folding on data.fasta",
    "Run protein folding on data.fasta in 3D with seed 7",
    "Fold data.fasta",
    "Protein folding of data.fasta",
    "fold the proteins in data.fasta, thoroughly",
    "Please fold data.fasta",
    "please fold data.fasta now",
    "Can you fold data.fasta?",
    "Could you please fold data.fasta for me?",
    "I want to fold data.fasta",
    "I would like you to fold data.fasta",
    "I'd like to run protein folding on data.fasta",
    "I need protein folding of data.fasta",
    "Let's fold data.fasta",
    "Hi! Fold data.fasta with seed=12, please. Thanks!",
    "Fold the first 5 proteins of data.fasta",
    "quickly fold data.fasta",
    "fold data.fasta on a cubic lattice",
    "Fold data.fasta, it is a 5 GB file",
    "Run protein folding on this 5 GB FASTA: data.fasta",
    "data.fasta has only 2 KB. Fold it, at the provider.",
    "Bitte falte die Proteine in data.fasta",
    "Do protein structure prediction on data.fasta with a seed of 7",
    "Start the folding of \"data.fasta\"",
    "fold data.fasta for at most 2 GAS",
];

/// What is said around a request to hold it back.
const HELD: [&str; 48] = [
    "don't {}",
    "Do not {}",
    "please don't {}",
    "never {}",
    "I never said: {}",
    "no, {}",
    "{}? No!",
    "{}. No, wait, don't",
    "stop, do not {}",
    "I do not want you to {}",
    "Should I {}?",
    "would we {}?",
    "What if I {}?",
    "is it possible to {}?",
    "How long would it take to {}?",
    "how much would it cost to {}",
    "why did he {}?",
    "may I {}?",
    "{} if it is cheap",
    "If it is cheap, {}",
    "{} only if it is free",
    "{} for free",
    "{}, but pay nothing",
    "{} without paying",
    "{} but no payment",
    "{} unless it costs something",
    "{} when the price drops",
    "{} as long as it is under 10 dollars",
    "{} cheaply",
    "{} for at most 1 dollar",
    "{} within 10 minutes",
    "{} tomorrow",
    "{} instead of what we do",
    "{} is what she refused",
    "avoid this: {}",
    "forget what I said: {}",
    "nicht {}",
    "{} nicht",
    "bitte {} auf keinen Fall",
    "{}, aber nur wenn es nichts kostet",
    "soll ich {}?",
    "ne pas {}",
    "{} sans payer",
    "no {}",
    "nunca {}",
    "{} si es gratis",
    "その {} しない",
    "👎 {}",
];

/// What a conversation of one prompt, or several, calls: every job is for the provider, which asks 2 GAS.
async fn calls(prompts: &[&str]) -> (Vec<String>, Vec<String>) {
    let (mut called, mut answers) = (Vec::new(), Vec::new());
    let mut talk = Talk::new(&[], false);
    for prompt in prompts {
        talk = talk.says(prompt);
        loop {
            let turn = planner().turn(&talk.0, &mut |_| {}).await.unwrap();
            let Some(call) = turn.calls.first().cloned() else {
                answers.push(turn.text.clone());
                talk = talk.answers(&turn.text);
                break;
            };
            assert!(called.len() < 20, "{prompts:?} has no end");
            called.push(call.name.clone());
            let quote = json!({"amount": "2", "unit": "GAS", "recipient": PROVIDER});
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            let id = arguments["job"].as_str().unwrap_or("job-7k3q9dm2");
            let job = json!({"ok": true, "job": id, "task_type": "protein_folding", "dataset": {"path": "data.fasta"}});
            let with = |state: &str, next: Value| {
                let mut job = job.clone();
                (job["state"], job["next_tool"], job["quote"]) = (state.into(), next, quote.clone());
                job
            };
            let result = match call.name.as_str() {
                "check_local_capability" => checked("offload", "run_remote_compute"),
                "run_remote_compute" => with("submitted", "pay_gas_fee".into()),
                "pay_gas_fee" => with("paid", "wait_for_job".into()),
                "wait_for_job" => with("done", Value::Null),
                "list_jobs" => jobs(),
                other => panic!("{prompts:?}: {other}"),
            };
            let (call_id, name) = (call.id.clone(), call.name.clone());
            talk.0.messages.push(Message::Assistant { text: String::new(), calls: vec![call] });
            talk.0.messages.push(Message::ToolResult { call_id, name, content: result.to_string() });
        }
    }
    (called, answers)
}

fn has_effect(called: &[String]) -> bool {
    called.iter().any(|name| !matches!(name.as_str(), "check_local_capability" | "list_jobs"))
}

#[tokio::test]
async fn a_plain_wish_is_done() {
    for prompt in PLAIN {
        let (called, answers) = calls(&[prompt]).await;
        let steps = ["check_local_capability", "run_remote_compute", "pay_gas_fee", "wait_for_job"];
        assert_eq!(called, steps, "{prompt}: {answers:?}");
    }
}

#[tokio::test]
async fn whatever_holds_a_request_back_holds_it_back() {
    for around in HELD {
        for request in PLAIN {
            let prompt = around.replace("{}", request.trim_end_matches(['?', '.', '!']));
            let (called, answers) = calls(&[&prompt]).await;
            assert!(!has_effect(&called), "{prompt}: {called:?}");
            assert!(!answers[0].is_empty() && !answers[0].contains("is done"), "{prompt}: {answers:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// A word that nobody knows, at any place of a plain request, is asked about.
    #[test]
    fn a_strange_word_is_asked_about(word in "[a-zéüñ]{2,9}xq", at in 0..12usize, request in 0..PLAIN.len()) {
        let mut words: Vec<&str> = PLAIN[request].split(' ').collect();
        words.insert(at.min(words.len()), &word);
        let prompt = words.join(" ");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (called, answers) = runtime.block_on(calls(&[&prompt]));
        prop_assert!(!has_effect(&called), "{}: {:?}", prompt, answers);
    }
}

#[tokio::test]
async fn a_strange_word_is_said_and_a_yes_does_what_was_understood() {
    let (called, answers) = calls(&["Fold data.fasta with seed 7, pronto"]).await;
    assert!(called.is_empty(), "{called:?}");
    for words in
        ["of data.fasta with seed 7", "\"pronto\"", "nothing was run or paid", "\"Run protein folding on data.fasta\""]
    {
        assert!(answers[0].contains(words), "{words}: {answers:?}");
    }
    let (called, _) = calls(&["Fold data.fasta with seed 7, pronto", "yes"]).await;
    assert_eq!(called.last().map(String::as_str), Some("wait_for_job"));
    for prompts in [
        ["Fold data.fasta, pronto", "no"],
        ["Fold data.fasta, pronto", "yes, but not now"],
        ["Don't fold data.fasta", "ok"],
        ["Don't fold data.fasta", "yes"],
        ["hello", "yes"],
        ["Don't fold x.fasta", "and data.fasta"],
        ["Would folding x.fasta fit here?", "and data.fasta?"],
        ["fold x.fasta if it is cheap", "the same for data.fasta"],
    ] {
        let (called, answers) = calls(&prompts).await;
        assert!(!has_effect(&called), "{prompts:?}: {called:?} {answers:?}");
    }
    let (called, answers) = calls(&["What does the folding of data.fasta look like?"]).await;
    assert!(!has_effect(&called) && answers[0].contains("Shall it run there?"), "{called:?} {answers:?}");
}

#[tokio::test]
async fn a_limit_is_held_against_the_quote_to_the_last_datoshi() {
    for (limit, pays) in [
        ("for at most 2 GAS", true),
        ("for up to 2.00000001 GAS", true),
        ("but don't pay more than 2 GAS", true),
        ("for at most 1.99999999 GAS", false),
        ("if it costs less than 2 GAS", false),
        ("for at most 1 GAS", false),
        ("with a budget of 0.5 GAS", false),
    ] {
        let prompt = format!("Fold data.fasta {limit}");
        let (called, answers) = calls(&[&prompt]).await;
        assert_eq!(called.iter().any(|name| name == "pay_gas_fee"), pays, "{prompt}: {called:?}");
        for words in ["asks 2 GAS", "nothing was paid", "`agent jobs resume job-7k3q9dm2 --yes`", "agent jobs cancel"] {
            assert!(pays || answers[0].contains(words), "{prompt}: {answers:?}");
        }
    }
    // A limit goes on with the request.
    let (called, _) = calls(&["Fold x.fasta for at most 1 GAS", "and data.fasta"]).await;
    assert!(!called.iter().any(|name| name == "pay_gas_fee"), "{called:?}");
    for (prompt, pays) in
        [("resume job-bbbbbbbb for at most 1 GAS", false), ("resume job-bbbbbbbb for at most 2 GAS", true)]
    {
        let (called, answers) = calls(&[prompt]).await;
        assert_eq!(called.iter().any(|name| name == "pay_gas_fee"), pays, "{prompt}: {called:?} {answers:?}");
    }
}

#[tokio::test]
async fn a_job_goes_on_only_at_a_plain_word() {
    for prompt in [
        "don't pay",
        "do not continue",
        "never resume job-bbbbbbbb",
        "should I pay?",
        "can I go on?",
        "resume job-bbbbbbbb if it is cheap",
        "resume it tomorrow",
        "pay nothing",
        "Pay 5 GAS to NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2",
        "nicht job-bbbbbbbb pay",
        "wait for my word",
        "wait for now",
        "finish",
        "fetch the data",
        "go on, show me the data",
        "get me to pay",
        "please pay me",
        "tell me to go ahead",
        "go ahead",
        "proceed",
        "yes",
        "ok",
    ] {
        let (called, answers) = calls(&[prompt]).await;
        assert!(!has_effect(&called), "{prompt}: {called:?} {answers:?}");
    }
    for prompt in ["resume job-bbbbbbbb", "please continue", "go ahead and pay", "Can you resume it?", "pay for it"] {
        let (called, answers) = calls(&[prompt]).await;
        assert!(called.iter().any(|name| name == "pay_gas_fee"), "{prompt}: {called:?} {answers:?}");
    }
}

#[tokio::test]
async fn what_was_chosen_is_passed_on_as_it_was_said() {
    for (prompt, parameters) in [
        ("fold data.fasta in 4d", json!({"dimension": 4})),
        ("fold data.fasta with seed -1", json!({"seed": -1})),
        ("fold data.fasta with seed 99999999999999999999", json!({"seed": "99999999999999999999"})),
        ("fold data.fasta with seed 1.5", json!({"seed": "1.5"})),
        ("fold data.fasta with effort=extreme", json!({"effort": "extreme"})),
        ("fold the first 0 proteins in data.fasta", json!({"max_sequences": 0})),
    ] {
        let mut talk = Talk::new(&[], false).says(prompt);
        talk.call("check_local_capability", fold(parameters), checked("offload", "run_remote_compute")).await;
    }
    for prompt in [
        "fold data.fasta in 2d and 3d",
        "fold data.fasta with seed 1 and seed 2",
        "fold data.fasta quickly and thoroughly",
    ] {
        let answer = Talk::new(&[], false).says(prompt).answer().await;
        assert!(answer.starts_with("You name two values"), "{prompt}: {answer}");
    }
    for prompt in [
        "fold data.fasta with seed 1 or 2",
        "fold data.fasta with the seed of yesterday",
        "fold the last 5 proteins in data.fasta",
        "fold all proteins in data.fasta",
        "stats of data.fasta in 3D",
        "fold data.fasta with seed-7",
    ] {
        let answer = Talk::new(&[], false).says(prompt).answer().await;
        assert!(answer.contains("I do not understand"), "{prompt}: {answer}");
    }
}

#[tokio::test]
async fn each_task_is_done_on_its_own_file() {
    let mut talk = Talk::new(&[], false).says("Give me the stats of a.fasta and fold data.fasta");
    let stats = json!({"task_type": "sequence_stats", "dataset": "a.fasta"});
    let check = json!({"ok": true, "job": "job-aaaaaaaa", "where": "local", "next_tool": null});
    talk.call("check_local_capability", stats, check).await;
    talk.call("check_local_capability", fold(json!({})), checked("offload", "run_remote_compute")).await;
}

#[tokio::test]
async fn a_named_file_is_taken_whatever_it_is() {
    for (prompt, dataset) in [("summarize secret.env", "secret.env"), ("summarise id_rsa", "id_rsa")] {
        let mut talk = Talk::new(&["notes.txt"], false).says(prompt);
        let refused = json!({"ok": false, "refused_by": "D-SECRET", "why": "it looks like a secret"});
        talk.call("check_local_capability", json!({"task_type": "text_summary", "dataset": dataset}), refused).await;
        assert!(talk.answer().await.contains("refused"));
    }
}
