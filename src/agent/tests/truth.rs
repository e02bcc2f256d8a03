//! What the program says of a turn comes from the state of jobs, whoever wrote the answer: states, receipts, exit codes.

use super::*;
use domain::{job::JobState, money::Datoshi, verdict::Place};

fn says(answer: &str) -> String {
    format!("- {{say: {}}}\n", serde_json::json!(answer))
}

fn done() -> String {
    format!("{CHECK}{REMOTE}{PAY}{WAIT}")
}

#[tokio::test]
async fn the_state_of_each_job_is_told_from_the_ledger() {
    let mut bench = Bench::scripted(files(), &format!("{}{}", done(), says("It failed and cost 700 GAS!")));
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0, "nobody judges words");
    let expected = JobStanding {
        job: "job-aaaaaaa1".parse().unwrap(),
        task_type: "protein_folding".into(),
        dataset: "data.fasta".into(),
        sample: None,
        state: JobState::Done,
        place: Place::Offload,
        asked: Some("2".into()),
        asked_datoshi: Some(Datoshi::from_gas(2)),
        paid: "2".into(),
        paid_datoshi: Datoshi::from_gas(2),
        fees: "1".into(),
        fees_datoshi: Datoshi::from_gas(1),
        failure: None,
        next: Some("agent jobs show job-aaaaaaa1".into()),
        only_planned: false,
    };
    assert_eq!(bench.status(), [expected]);
    assert_eq!((bench.warnings().as_str(), bench.errors().as_str()), ("", ""));
    let last = serde_json::to_value(bench.heard.0.lock().unwrap().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["jobs"][0]["where"]), (&"turn.status".into(), &"offload".into()));
    assert_eq!(last["jobs"][0]["paid_datoshi"], "200000000");
}

/// True and untrue words alike change nothing.
#[tokio::test]
async fn words_are_no_reason_for_an_exit_code() {
    for answer in [
        "Folded for 0.33 GAS per sequence, 2 GAS in all and 3 GAS with fees.",
        "La proteína está plegada y el trabajo ha terminado. Pagué 5 GAS.",
        "I will run the folding now.",
        "The folding has not begun.",
        "蛋白质折叠已完成，最佳能量为 -26。",
    ] {
        let mut bench = Bench::scripted(files(), &format!("{}{}", done(), says(answer)));
        assert_eq!((bench.plays("fold data.fasta").await.exit_code, bench.warnings().as_str()), (0, ""), "{answer}");
        // Where no work was declared, the answer needed none.
        let mut bench = Bench::scripted(files(), &says(answer));
        assert_eq!((bench.plays("hello").await.exit_code, bench.status().len()), (0, 0), "{answer}");
    }
}

/// Who gives an order and reads nothing but words has not got it, however they are put.
#[tokio::test]
async fn an_order_that_came_to_nothing_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.fasta"), ">a\nMKV\n").unwrap();
    let within = |turns: &str| {
        let script = Scripted::parse("test", &format!("turns:\n{turns}")).unwrap();
        Bench::within(files(), Arc::new(script), Helps::default(), folder.path())
    };
    let no_work = "work was asked for, and the model answered in words alone";
    for answer in ["I'm sorry, I can't help with that.", "Done! The best energy is -26.", "蛋白质折叠已完成。"]
    {
        let refused = format!("- {{say: {}, finish: content_filter}}\n", serde_json::json!(answer));
        for turns in [says(answer), refused] {
            let mut bench = within(&turns);
            let outcome = bench.plays("Fold data.fasta for at most 3 GAS").await;
            assert_eq!((outcome.exit_code, outcome.answer.as_str()), (1, answer), "{turns}");
            assert!(bench.errors().contains(no_work), "{turns}: {}", bench.errors());
            let heard = bench.heard.0.lock().unwrap();
            let hint = heard.iter().find_map(|e| if let Event::Error { hint, .. } = e { hint.clone() } else { None });
            assert!(hint.unwrap().contains("agent run TASK FILE"));
        }
    }
    let looked = "- {call: {name: list_jobs}}\n- {say: 'It is folded already.'}\n".to_owned();
    let planned = format!("{CHECK}- {{say: 'It would cost 2 GAS.'}}\n- {{say: 'As I said.'}}\n");
    for (prompt, turns, code) in [
        // No order; an order that was looked into; one that no answer is missing of.
        ("hello", says("Hello."), 0),
        ("What would folding data.fasta cost?", says("I do not know."), 0),
        ("Fold data.fasta", looked, 0),
        ("Fold data.fasta", planned, 1),
        ("Fold data.fasta", format!("{}{}", done(), says("There.")), 0),
    ] {
        let mut bench = within(&turns);
        assert_eq!(bench.plays(prompt).await.exit_code, code, "{prompt}: {}", bench.errors());
        assert!(!bench.errors().contains(no_work), "{prompt}");
    }
}

#[tokio::test]
async fn work_that_is_done_is_not_lost_on_a_model_that_fails_afterwards() {
    let own =
        |answer: &str| answer.contains("protein_folding of data.fasta") && answer.contains("The receipt follows.");
    for (last, why) in [
        ("- {fail: unreachable}\n".to_owned(), "cannot be reached"),
        ("- {fail: garbage}\n".to_owned(), "scripted"),
        ("- {text: ''}\n".repeat(3), "no readable answer"),
        ("- {text: '', finish: length}\n".repeat(3), "no readable answer"),
        ("- {text: '?!?!?!?!'}\n".repeat(3), "no readable answer"),
        ("- {text: '', finish: content_filter}\n".to_owned(), "withheld the whole answer"),
        ("- {call: {name: list_jobs}, repeat: 9}\n".to_owned(), "does not stop calling tools"),
    ] {
        let mut bench = Bench::scripted(files(), &format!("{}{last}", done()));
        let outcome = bench.turn("fold data.fasta").await;
        assert_eq!((outcome.exit_code, bench.receipts()), (0, 1), "{last}");
        assert!(own(&outcome.answer), "{last}: {}", outcome.answer);
        assert_eq!(bench.errors(), "", "{last}");
        let warnings = bench.warnings();
        assert!(warnings.starts_with("the closing words are the program's own: "), "{last}: {warnings}");
        assert!(warnings.contains(why), "{last}: {warnings}");
    }
    // An answer that was cut is an answer.
    let mut bench = Bench::scripted(files(), &format!("{}- {{say: 'It is', finish: length}}\n", done()));
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0);
    // Without help the first words end the turn, also where there are none.
    let helps = Helps { endings: false, ..Helps::default() };
    let mut bench = Bench::without(files(), &format!("{}- {{text: ''}}\n", done()), helps);
    assert!(own(&bench.plays("fold data.fasta").await.answer));
}

#[tokio::test]
async fn work_that_is_not_done_is_no_success_and_says_how_to_go_on() {
    for (turns, code, state) in [
        (format!("{CHECK}{REMOTE}{PAY}- {{fail: unreachable}}\n"), 1, "paid"),
        (format!("{CHECK}{REMOTE}- {{fail: unreachable}}\n"), 1, "submitted"),
        (format!("{CHECK}{}{}", says("Done!"), says("Done!")), 1, "planned"),
    ] {
        let mut bench = Bench::scripted(files(), &turns);
        assert_eq!(bench.plays("fold data.fasta").await.exit_code, code, "{turns}");
        let next = (state != "planned").then(|| "agent jobs resume job-aaaaaaa1".to_owned());
        assert_eq!(bench.stand(), [(state.to_owned(), next)], "{turns}");
    }
    // A check that failed is work that was asked for and not made.
    let none = CHECK.replace("data.fasta", "none.fasta");
    let mut bench = Bench::scripted(files(), &format!("{none}{}", says("There is no such file.")));
    assert_eq!(bench.plays("fold none.fasta").await.exit_code, 1);
    assert!(bench.errors().contains("there is no file none.fasta"), "{}", bench.errors());
}

#[tokio::test]
async fn files_that_nobody_knows_are_marked_and_those_that_are_there_are_not() {
    for (answer, marked) in [
        ("The model was saved to results/out.pdb.", "the file results/out.pdb"),
        ("See /tmp/no-such-folder/summary.csv", "the file /tmp/no-such-folder/summary.csv"),
        ("It is in {{result.folder}}/result.json and {{result.folder}}.", ""),
        ("The hp-replica-exchange 0.1.0 output: protein_folding and/or 3D, in 2.5 s. /cancel job-aaaaaaa1", ""),
        ("I read data.fasta and wrote it down; paid to PROVIDER.", ""),
    ] {
        let mut bench = Bench::scripted(files(), &format!("{}{}", done(), says(answer)));
        bench.plays("fold data.fasta").await;
        match marked {
            "" => assert_eq!(bench.warnings(), "", "{answer}"),
            words => assert!(bench.warnings().contains(words), "{answer}: {}", bench.warnings()),
        }
    }
}

#[tokio::test]
async fn a_call_written_as_text_is_no_closing_answer() {
    let helps = Helps::default();
    let call = r#"<tool_call>{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-aaaaaaa1\"}}</tool_call>"#;
    // Three refusals, and only the answer is left.
    let none = CHECK.replace("data.fasta", "none.fasta");
    let closed: String = ["a", "b", "c"].map(|name| none.replace("none", name)).concat();
    let text = format!("- {{expect: {{choice: none}}, text: \"{call}\"}}\n");
    let told = text.replace("choice: none", "choice: none, user: no readable words");
    let mut bench = Bench::without(files(), &format!("{closed}{text}{told}{}", says("I cannot.")), helps);
    let outcome = bench.plays("fold them all").await;
    assert_eq!((outcome.exit_code, outcome.answer.as_str()), (1, "I cannot."));
    let shown = bench.texts(|e| if let Event::MessageDelta { text } = e { Some(text.clone()) } else { None }).concat();
    assert!(!shown.contains("tool_call"), "{shown}");
}
