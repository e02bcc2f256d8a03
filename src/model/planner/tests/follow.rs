//! Conversations of several turns: what "again", "the same", "the other one" and "the first one" stand on, and what they
//! pay.

use super::*;

/// A runtime that does what the planner calls, in a folder of files; folding is for the provider, which asks 2 GAS.
pub(super) struct Bench {
    talk: Talk,
    files: Vec<(String, u64)>,
    /// The jobs, oldest first, as `list_jobs` shows them, with what was chosen.
    pub(super) jobs: Vec<(Value, Value)>,
    pub(super) paid: usize,
}

impl Bench {
    pub(super) fn new(files: &[(&str, u64)]) -> Bench {
        let talk = Talk::with(files, false);
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect();
        Bench { talk, files, jobs: Vec::new(), paid: 0 }
    }

    pub(super) fn abc() -> Bench {
        Bench::new(&[("a.fasta", 148), ("b.fasta", 148), ("c.fasta", 148)])
    }

    /// A turn: its answer.
    pub(super) async fn turn(&mut self, prompt: &str) -> String {
        self.talk.0.messages.push(Message::User { text: prompt.to_owned() });
        for _ in 0..30 {
            let turn = planner().turn(&self.talk.0, &mut |_| {}).await.unwrap();
            let calls = turn.calls.clone();
            self.talk.0.messages.push(Message::Assistant { text: turn.text.clone(), calls: turn.calls });
            let Some(call) = calls.first() else { return turn.text };
            let content = self.carry_out(call).to_string();
            let (call_id, name) = (call.id.clone(), call.name.clone());
            self.talk.0.messages.push(Message::ToolResult { call_id, name, content });
        }
        panic!("{prompt}: no end")
    }

    pub(super) async fn says(prompts: &[&str]) -> (Bench, String) {
        let mut bench = Bench::abc();
        let mut answer = String::new();
        for prompt in prompts {
            answer = bench.turn(prompt).await;
        }
        (bench, answer)
    }

    fn carry_out(&mut self, call: &ToolCall) -> Value {
        let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
        let text = |field: &str| arguments[field].as_str().unwrap_or_default().to_owned();
        if call.name == "check_local_capability" {
            return self.check(&text("task_type"), &text("dataset"), &arguments["parameters"]);
        }
        if call.name == "list_jobs" {
            let jobs: Vec<Value> = self.jobs.iter().rev().map(|(job, _)| job.clone()).collect();
            return json!({"ok": true, "jobs": jobs});
        }
        let id = text("job");
        let (job, _) = self.jobs.iter_mut().find(|(job, _)| job["job"] == id.as_str()).unwrap();
        let (state, next) = match call.name.as_str() {
            "run_local_task" | "wait_for_job" => ("done", Value::Null),
            "run_remote_compute" => ("submitted", "pay_gas_fee".into()),
            "pay_gas_fee" => ("running", "wait_for_job".into()),
            other => panic!("{other}"),
        };
        (job["state"], job["next_tool"]) = (state.into(), next);
        if call.name == "run_remote_compute" {
            job["quote"] = json!({"amount": "2", "unit": "GAS", "recipient": PROVIDER});
        }
        if call.name == "pay_gas_fee" {
            self.paid += 1;
            job["tx_hash"] = format!("0x{:064}", self.paid).into();
        }
        let mut result = job.clone();
        result["ok"] = true.into();
        result["dataset"] = json!({"path": job["dataset"]});
        result
    }

    fn check(&mut self, task: &str, dataset: &str, parameters: &Value) -> Value {
        let Some((_, bytes)) = self.files.iter().find(|(name, _)| name == dataset) else {
            return json!({"ok": false, "refused_by": "R-PROBE", "why": format!("there is no file {dataset}")});
        };
        let local = task != "protein_folding";
        let id = format!("job-{}", ["a", "b", "c", "d", "e", "f", "g", "h"][self.jobs.len()].repeat(8));
        let next = if local { "run_local_task" } else { "run_remote_compute" };
        let job = json!({
            "job": id, "state": "planned", "task_type": task, "dataset": dataset,
            "where": if local { "local" } else { "offload" }, "next_tool": next,
            "reasons": [{"rule": "R-MODEL", "why": "the catalogue marks protein_folding as model-heavy"}],
            "the_person_can_cancel_it_with": format!("agent jobs cancel {id}"),
        });
        self.jobs.push((job.clone(), parameters.clone()));
        let mut result = job;
        result["ok"] = true.into();
        result["dataset"] = json!({"path": dataset, "size": format!("{bytes} B"), "records": 3, "sampled": false});
        result["needs"] = json!({"ram": "20 MB", "time": "0.4 s"});
        result
    }

    /// What the newest job was made for, as one line.
    fn newest(&self) -> String {
        self.jobs.last().map_or_else(String::new, |(job, parameters)| {
            let parameters = if parameters.is_null() { "{}".to_owned() } else { parameters.to_string() };
            format!("{} {} {parameters}", job["task_type"].as_str().unwrap(), job["dataset"].as_str().unwrap())
        })
    }

    /// The tasks and files of the jobs that were begun, oldest first.
    pub(super) fn begun_tasks(&self) -> Vec<String> {
        let begun = self.jobs.iter().filter(|(job, _)| job["state"] != "planned");
        let text = |job: &Value, at: &str| job[at].as_str().unwrap().to_owned();
        begun.map(|(job, _)| format!("{} {}", text(job, "task_type"), text(job, "dataset"))).collect()
    }

    /// The files of the jobs that were begun, oldest first.
    pub(super) fn begun(&self) -> Vec<&str> {
        let begun = self.jobs.iter().filter(|(job, _)| job["state"] != "planned");
        begun.map(|(job, _)| job["dataset"].as_str().unwrap()).collect()
    }
}

#[tokio::test]
async fn again_and_the_same_repeat_the_last_work_whatever_its_words_were() {
    let mut bench = Bench::abc();
    for (prompt, made, paid) in [
        ("fold b.fasta in 3D with seed 7", r#"protein_folding b.fasta {"dimension":3,"seed":7}"#, 1),
        ("and the first one in 2D?", r#"protein_folding a.fasta {"dimension":2,"seed":7}"#, 2),
        ("do it again with seed 8", r#"protein_folding a.fasta {"dimension":2,"seed":8}"#, 3),
        ("same for c.fasta", r#"protein_folding c.fasta {"dimension":2,"seed":8}"#, 4),
        ("run it again", r#"protein_folding c.fasta {"dimension":2,"seed":8}"#, 5),
    ] {
        let answer = bench.turn(prompt).await;
        assert_eq!((bench.newest().as_str(), bench.paid), (made, paid), "{prompt}: {answer}");
    }
    let choices = r#"{"dimension":3,"effort":"quick","max_sequences":3}"#;
    let mut bench = Bench::abc();
    bench.turn("fold a.fasta").await;
    bench.turn("do the same for b.fasta in 3D with effort quick, max_sequences 3").await;
    assert_eq!(bench.newest(), format!("protein_folding b.fasta {choices}"));
    bench.turn("What did it cost?").await;
    bench.turn("thanks!").await;
    bench.turn("do it again").await;
    assert_eq!((bench.newest(), bench.paid), (format!("protein_folding b.fasta {choices}"), 3));
    bench.turn("fold c.fasta again with seed 2").await;
    let choices = r#"{"dimension":3,"effort":"quick","max_sequences":3,"seed":2}"#;
    assert_eq!((bench.newest(), bench.paid), (format!("protein_folding c.fasta {choices}"), 4));
    // A whole wish of its own has the choices that it names.
    bench.turn("fold a.fasta with seed 3").await;
    assert_eq!(bench.newest(), r#"protein_folding a.fasta {"seed":3}"#);
}

#[tokio::test]
async fn again_repeats_each_file_and_each_task_of_the_last_work() {
    let mut bench = Bench::abc();
    bench.turn("fold a.fasta and b.fasta").await;
    bench.turn("again with seed 4").await;
    assert_eq!(bench.begun(), ["a.fasta", "b.fasta", "a.fasta", "b.fasta"]);
    let mut bench = Bench::abc();
    bench.turn("stats of a.fasta, and fold b.fasta").await;
    bench.turn("do both again").await;
    bench.turn("do it again").await;
    let (made, _): (Vec<Value>, Vec<Value>) = bench.jobs.into_iter().unzip();
    let last: Vec<(&str, &str)> = made[made.len() - 2..]
        .iter()
        .map(|j| (j["task_type"].as_str().unwrap(), j["dataset"].as_str().unwrap()))
        .collect();
    assert_eq!(last, [("sequence_stats", "a.fasta"), ("protein_folding", "b.fasta")]);
    // What is searched in stays.
    let mut bench = Bench::abc();
    bench.turn("blast a.fasta against c.fasta").await;
    bench.turn("and b.fasta?").await;
    assert_eq!(bench.newest(), r#"blast_search b.fasta {"database":"c.fasta"}"#);
}

#[tokio::test]
async fn a_limit_stands_until_another_is_said() {
    let mut bench = Bench::abc();
    for (prompt, paid, words) in [
        ("fold a.fasta with effort quick", 1, "is done"),
        ("the same for b.fasta for at most 1 GAS", 1, "nothing was paid"),
        ("and c.fasta", 1, "you allow 1 GAS at most"),
        ("do it again", 1, "you allow 1 GAS at most"),
        ("fold it in 3D", 1, "you allow 1 GAS at most"),
        ("and a.fasta for at most 2 GAS", 2, "is done"),
        ("and b.fasta", 3, "is done"),
    ] {
        let answer = bench.turn(prompt).await;
        assert!(bench.paid == paid && answer.contains(words), "{prompt}: {} paid: {answer}", bench.paid);
    }
    for limit in ["for at most 1 GAS", "for free", "without paying anything"] {
        let (mut bench, _) = Bench::says(&[&format!("fold a.fasta {limit}"), "go ahead"]).await;
        assert_eq!(bench.paid, 0, "{limit}");
        bench.turn("go ahead for at most 2 GAS").await;
        assert_eq!(bench.paid, 1, "{limit}");
    }
    let (bench, answer) = Bench::says(&["fold a.fasta for free", "go ahead"]).await;
    assert!(bench.begun().is_empty() && answer.contains("nothing was uploaded or paid"), "{answer}");
}

#[tokio::test]
async fn what_is_to_run_here_is_run_here_or_asked_about() {
    for place in ["on this machine", "locally", "here", "on this computer", "on my laptop", "on my own machine"] {
        let (bench, answer) = Bench::says(&[&format!("stats of a.fasta {place}")]).await;
        assert_eq!(bench.begun(), ["a.fasta"], "{place}: {answer}");
        let (mut bench, answer) = Bench::says(&[&format!("fold a.fasta {place}")]).await;
        assert!(bench.begun().is_empty(), "{place}: {answer}");
        for words in ["because the catalogue marks", "Shall it run at the provider instead?", "Nothing was run"] {
            assert!(answer.contains(words), "{place}: {answer}");
        }
        // What follows it is for the same place, until another word is said.
        bench.turn("and b.fasta").await;
        assert_eq!((bench.begun().len(), bench.newest().as_str()), (0, "protein_folding b.fasta {}"), "{place}");
        bench.turn("yes").await;
        assert_eq!((bench.begun(), bench.paid), (vec!["b.fasta"], 1), "{place}");
    }
    let (bench, _) = Bench::says(&["fold a.fasta at the provider"]).await;
    assert_eq!(bench.paid, 1);
    let (bench, _) = Bench::says(&["fold a.fasta here", "do it again at the provider"]).await;
    assert_eq!(bench.paid, 1);
    let (bench, _) = Bench::says(&["fold a.fasta here or at the provider"]).await;
    assert_eq!(bench.paid, 0);
}

#[tokio::test]
async fn a_file_that_is_far_too_small_is_asked_about() {
    let prompt = "Run protein folding on this 5 GB FASTA";
    let mut bench = Bench::new(&[("data.fasta", 555)]);
    let answer = bench.turn(prompt).await;
    assert!(bench.jobs.is_empty(), "{answer}");
    for words in ["5.0 GB", "data.fasta, which has 555 B", "Which file is meant?"] {
        assert!(answer.contains(words), "{answer}");
    }
    for reply in ["yes", "data.fasta"] {
        let mut bench = Bench::new(&[("data.fasta", 555)]);
        bench.turn(prompt).await;
        bench.turn(reply).await;
        assert_eq!(bench.begun(), ["data.fasta"], "{reply}");
    }
    for (size, prompt, asks) in [
        (555, "Run protein folding on this 5 GB FASTA: data.fasta", false),
        (600_000_000, prompt, false),
        (400_000_000, prompt, true),
        (555, "Run protein folding on this 2 KB FASTA", false),
    ] {
        let mut bench = Bench::new(&[("data.fasta", size)]);
        bench.turn(prompt).await;
        assert_eq!(bench.begun().is_empty(), asks, "{size} {prompt}");
    }
    let mut bench = Bench::new(&[("data.fasta", 555)]);
    bench.turn("stats of data.fasta").await;
    bench.turn("now fold the 5 GB file").await;
    assert_eq!(bench.jobs.len(), 1);
}

#[tokio::test]
async fn jobs_are_found_by_their_places() {
    let mut bench = Bench::abc();
    bench.turn("fold b.fasta").await;
    bench.turn("stats of c.fasta").await;
    bench.turn("fold a.fasta for at most 1 GAS").await;
    for (prompt, words, other) in [
        ("what did the first fold cost?", "job-aaaaaaaa: protein_folding of b.fasta", "job-cccccccc"),
        ("and what did the first one cost?", "job-aaaaaaaa", "job-cccccccc"),
        ("what did the second fold cost?", "Nothing was paid so far. Job-cccccccc", "job-aaaaaaaa"),
        ("what did the last one cost?", "cccccccc", "job-aaaaaaaa"),
        ("what came out of the second job?", "Sequence statistics of c.fasta is done", "job-aaaaaaaa"),
        ("cancel the third one", "`agent jobs cancel job-cccccccc`", "job-aaaaaaaa"),
        ("cancel the fifth one", "There is no such job", "agent jobs cancel"),
        ("what did they cost in total?", "2 GAS", "zzz"),
        ("what did you do so far?", "3 jobs, newest first", "zzz"),
        ("to whom did I pay?", PROVIDER, "zzz"),
        ("what is the transaction hash of the first payment?", "0x0000", "zzz"),
    ] {
        let answer = bench.turn(prompt).await;
        let (answer_small, words) = (answer.to_lowercase(), words.to_lowercase());
        assert!(answer_small.contains(&words) && !answer_small.contains(other), "{prompt}: {answer}");
    }
    assert_eq!((bench.jobs.len(), bench.paid), (3, 1));
    let mut bench = Bench::abc();
    bench.turn("fold a.fasta for at most 1 GAS").await;
    bench.turn("fold b.fasta for at most 1 GAS").await;
    for prompt in ["cancel both", "cancel all of them", "cancel everything"] {
        let answer = bench.turn(prompt).await;
        let both =
            ["job-aaaaaaaa", "job-bbbbbbbb"].iter().all(|id| answer.contains(&format!("agent jobs cancel {id}")));
        assert!(both && !answer.contains("Which one?"), "{prompt}: {answer}");
    }
    assert!(!bench.turn("cancel the second one").await.contains("job-aaaaaaaa"));
}

/// What a scientist writes, and the files whose folding is begun by it; `-` is asked back or answered.
const TALKS: [(&[&str], &str); 72] = [
    (&["fold both files"], "-"),
    (&["fold a.fasta and b.fasta", "both again"], "a b a b"),
    (&["fold all of them"], "a b c"),
    (&["fold all files in this folder"], "a b c"),
    (&["run protein folding", "all of them"], "a b c"),
    (&["run protein folding", "the second one"], "b"),
    (&["fold a.fasta", "and the rest"], "a b c"),
    (&["fold a.fasta and b.fasta", "and the remaining one?"], "a b c"),
    (&["fold a.fasta", "no, the second one"], "a b"),
    (&["fold a.fasta and b.fasta", "no, the other one"], "a b c"),
    (&["fold a.fasta", "no, the other one"], "a"),
    (&["fold a.fasta", "no"], "a"),
    (&["fold a.fasta", "no, not that one"], "a"),
    (&["fold x.fasta", "sorry, I meant b.fasta"], "b"),
    (&["fold x.fasta", "b.fasta"], "b"),
    (&["fold a.fasta", "I meant b.fasta"], "a b"),
    (&["fold a.fasta", "how much would it cost?"], "a"),
    (&["how much would it cost to fold a.fasta?"], "-"),
    (&["how much would it cost to fold a.fasta?", "OK, do it."], "a"),
    (&["would a.fasta fit here if I fold it?", "yes please"], "a"),
    (&["would folding a.fasta fit here?", "no, thanks"], "-"),
    (&["would folding a.fasta fit here?", "great, go ahead"], "a"),
    (&["would folding a.fasta fit here?", "wait"], "-"),
    (&["would folding a.fasta fit here?", "finish"], "-"),
    (&["fold a.fasta", "what did you do so far?"], "a"),
    (&["fold a.fasta", "show me the result again"], "a"),
    (&["fold a.fasta", "tell me again"], "a"),
    (&["fold a.fasta", "a.fasta"], "a"),
    (&["fold a.fasta", "a.fasta, thanks"], "a"),
    (&["fold a.fasta", "and a.fasta"], "a"),
    (&["fold a.fasta", "and a.fasta again"], "a a"),
    (&["fold a.fasta", "repeat"], "a a"),
    (&["fold a.fasta", "once more, please"], "a a"),
    (&["fold a.fasta", "b.fasta too, please"], "a b"),
    (&["fold a.fasta", "what about b.fasta?"], "a b"),
    (&["fold a.fasta", "don't do it again"], "a"),
    (&["fold a.fasta", "should I do it again?"], "a"),
    (&["fold a.fasta", "never again"], "a"),
    (&["fold a.fasta", "do it again tomorrow"], "a"),
    (&["stats of a.fasta", "now fold it"], "a a"),
    (&["never fold b.fasta", "run protein folding"], "-"),
    (&["don't fold b.fasta", "ok, fold it after all"], "-"),
    (&["fold everything except b.fasta"], "a c"),
    (&["fold everything except b.fasta", "go ahead"], "a c"),
    (&["find the fold in a.fasta"], "-"),
    (&["show me the folds of a.fasta"], "-"),
    (&["fold a.fasta to b.fasta"], "-"),
    (&["fold the fastq file"], "-"),
    (&["fold a.fasta in 2D and 3D", "3D"], "a"),
    (&["don't fold a.fasta in 2D and 3D", "3D"], "-"),
    (&["fold a.fasta", "do b.fasta next"], "a b"),
    (&["fold a.fasta", "try seed 5"], "a a"),
    (&["fold a.fasta", "use seed 5 instead"], "a a"),
    (&["fold a.fasta", "repeat that for the other files"], "a b c"),
    (&["fold a.fasta", "and everything else"], "a b c"),
    (&["I'd like both a.fasta and b.fasta folded"], "a b"),
    (&["fold a.fasta, but b.fasta first"], "-"),
    (&["fold a.fasta", "thanks, now b.fasta"], "a b"),
    (&["fold a.fasta", "great, and b.fasta please"], "a b"),
    (&["fold a.fasta", "perfect, same for b.fasta"], "a b"),
    (&["fold a.fasta", "the same result again"], "a"),
    (&["fold a.fasta", "again?"], "a"),
    (&["fold a.fasta", "what did it cost again?"], "a"),
    (&["fold a.fasta", "say that again"], "a"),
    (&["fold a.fasta", "hi again"], "a"),
    (&["fold a.fasta", "all good"], "a"),
    (&["fold a.fasta", "that is all"], "a"),
    (&["fold a.fasta", "is b.fasta the same?"], "a"),
    (&["fold a.fasta", "don't fold b.fasta", "and c.fasta"], "a"),
    (&["fold a.fasta and b.fasta", "another one"], "a b c"),
    (&["fold a.fasta", "another one"], "a"),
    (&["fold a.fasta for at most 1 GAS", "ok, 2 GAS is fine"], "a"),
];

#[tokio::test]
async fn what_a_scientist_writes_begins_what_is_wished_and_nothing_else() {
    for (prompts, expected) in TALKS {
        let (bench, answer) = Bench::says(prompts).await;
        let begun: Vec<&str> = bench.begun().iter().map(|file| file.trim_end_matches(".fasta")).collect();
        let begun = if begun.is_empty() { "-".to_owned() } else { begun.join(" ") };
        assert_eq!(begun, expected, "{prompts:?}: {answer}");
        assert!(!answer.is_empty(), "{prompts:?}");
    }
}
