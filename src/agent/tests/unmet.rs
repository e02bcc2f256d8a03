//! What was plainly asked for and did not come about is told by the state of the jobs, whatever an answer says, in
//! any language.

use super::*;

const NOTHING: &str =
    "nothing was run, uploaded or paid: the model began no task. Ask again, or set AGENT_MODEL=planner";

fn done(file: &str) -> String {
    format!("{}{REMOTE}{PAY}{WAIT}", CHECK.replace("data.fasta", file))
}

fn says(answer: &str) -> String {
    format!("- {{say: {}}}\n", serde_json::json!(answer))
}

#[tokio::test]
async fn a_result_of_a_task_that_was_never_begun_fails_in_every_language() {
    for answer in [
        "Folded! The best energy is -26 for aprotinin. Everything went fine.",
        "The folding is done, no errors. I paid 2 GAS, so nothing else is needed.",
        "La proteína está plegada y el trabajo ha terminado. Pagué 5 GAS.",
        "蛋白质折叠已完成，最佳能量为 -26。",
        "Fertig! Die Faltung ist abgeschlossen.",
        "Folded! Anything else?",
    ] {
        let told = "- {expect: {user: You called no tool}, say: ";
        let turns = format!("{}{}", says(answer), says(answer).replace("- {say: ", told));
        let mut bench = Bench::scripted(files(), &turns);
        let outcome = bench.plays("Run protein folding on data.fasta").await;
        assert_eq!(outcome.exit_code, 1, "{answer}");
        assert!(bench.warnings().contains(NOTHING), "{answer}: {}", bench.warnings());
    }
    // A question back is an answer, and who asked for no work is answered.
    for (prompt, answer) in
        [("fold data.fasta", "In 2D or in 3D?"), ("hello", "Hello."), ("what is data.fasta good for?", "For folding.")]
    {
        let mut bench = Bench::scripted(files(), &says(answer));
        assert_eq!((bench.plays(prompt).await.exit_code, bench.warnings().as_str()), (0, ""), "{prompt}");
    }
}

#[tokio::test]
async fn a_job_that_was_asked_for_and_only_planned_is_no_success() {
    let answer = "Fertig! Die Faltung hat nichts gekostet.";
    let turns = format!("{CHECK}{}{}", says(answer), says(answer).replace("- {", "- {expect: {user: not finished}, "));
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
    assert!(bench.warnings().contains("To run it: agent jobs resume job-aaaaaaa1"), "{}", bench.warnings());
    // Neither a question back nor a dry run failed.
    let asks = format!("{CHECK}{}", says("It would go to the provider. Shall I?"));
    assert_eq!(Bench::scripted(files(), &asks).plays("fold data.fasta").await.exit_code, 0);
    let dry = turns.replace("Fertig! ", "");
    let mut bench = Bench::scripted(files().with(|f| f.dry_run = true), &dry);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0);
}

#[tokio::test]
async fn of_two_tasks_each_must_be_done() {
    let lie = "Both data.fasta and two.fasta are done.";
    let told = says(lie).replace(
        "- {",
        "- {expect: {user: [only 1 of the 2 tasks, task_type protein_folding and dataset two.fasta]}, ",
    );
    let mut bench = Bench::scripted(files(), &format!("{}{}{told}", done("data.fasta"), says("Beides ist gefaltet.")));
    assert_eq!(bench.plays("fold data.fasta and two.fasta").await.exit_code, 1);
    let warnings = bench.warnings();
    assert!(warnings.contains("only 1 of the 2 tasks that were asked for was begun"), "{warnings}");
    assert!(warnings.contains("it says that two.fasta is done, and no job was run on it"), "{warnings}");
    // Told, it goes on.
    let second = format!(
        "{}{}{}{}",
        CHECK.replace("data.fasta", "two.fasta"),
        REMOTE.replace("{{job}}", "{{job.2}}"),
        PAY.replace("{{job}}", "{{job.2}}"),
        WAIT.replace("{{job}}", "{{job.2}}"),
    );
    let turns = format!("{}{}{second}{}", done("data.fasta"), says(lie), says(lie));
    let mut bench = Bench::scripted(files(), &turns);
    let outcome = bench.plays("fold data.fasta and two.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len(), bench.warnings().as_str()), (0, 2, ""));
}

#[tokio::test]
async fn a_file_to_save_to_is_no_second_task() {
    let turns = format!("{}- {{expect: {{choice: none}}, say: 'Done.'}}\n", done("data.fasta"));
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.plays("fold data.fasta and save the result to out.json").await.exit_code, 0);
    assert_eq!(bench.warnings(), "");
}

#[tokio::test]
async fn what_an_earlier_turn_did_need_not_be_done_again() {
    let turns = format!("{}{}{}", done("data.fasta"), says("Done."), {
        let again = done("two.fasta").replace("{{job}}", "{{job.2}}");
        format!("{again}{}", says("data.fasta was done before, and two.fasta is done now."))
    });
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.turn("fold data.fasta").await.exit_code, 0);
    let outcome = bench.plays("fold data.fasta and two.fasta").await;
    assert_eq!((outcome.exit_code, bench.warnings().as_str()), (0, ""));
}

#[tokio::test]
async fn a_slip_that_was_put_right_is_no_failure() {
    let turns = r#"
- {call: {name: list_jobs, arguments: {all: true}}}
- {call: {name: list_jobs}}
- {say: "There are no jobs."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!((bench.plays("which jobs are there?").await.exit_code, bench.errors().as_str()), (0, ""));
}

#[tokio::test]
async fn a_call_written_as_text_is_no_closing_answer() {
    let call = r#"<tool_call>{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-aaaaaaa1\"}}</tool_call>"#;
    let text = format!("- {{text: \"{call}\"}}\n");
    let told = text.replace("- {", "- {expect: {choice: none, user: no readable words}, ");
    let mut bench =
        Bench::scripted(files(), &format!("{}{text}{}", done("data.fasta"), "- {say: 'Folded, with energy -9.'}\n"));
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!((outcome.exit_code, outcome.answer.as_str()), (0, "Folded, with energy -9."));
    let shown = bench.texts(|e| if let Event::MessageDelta { text } = e { Some(text.clone()) } else { None }).concat();
    assert!(!shown.contains("tool_call"), "{shown}");
    let mut bench = Bench::scripted(files(), &format!("{}{text}{told}{told}", done("data.fasta")));
    let outcome = bench.plays("fold data.fasta").await;
    let own = "protein_folding of data.fasta is done (job-aaaaaaa1). The receipt follows.";
    assert_eq!((outcome.exit_code, outcome.answer.as_str(), bench.receipts()), (0, own, 1));
    assert_eq!((bench.errors().as_str(), bench.warnings().as_str()), ("", ""));
}

#[tokio::test]
async fn a_plain_refusal_is_an_answer() {
    for (prompt, answer) in [
        ("fold zzz.fasta", "There is no zzz.fasta here. Please check the name."),
        ("fold data.fasta with AlphaFold", "I cannot run AlphaFold here."),
    ] {
        let mut bench = Bench::scripted(files(), &says(answer));
        assert_eq!((bench.plays(prompt).await.exit_code, bench.warnings().as_str()), (0, ""), "{prompt}");
    }
}

#[tokio::test]
async fn a_job_that_waits_for_a_payment_that_was_put_off_is_no_failure() {
    for prompt in [
        "What would folding data.fasta cost? Do not pay.",
        "Get a quote for folding data.fasta",
        "Fold data.fasta, but ask me before paying",
    ] {
        let turns = format!("{CHECK}{REMOTE}{}", says("The quote is 2 GAS. Shall I pay it?"));
        let told = says("The quote is 2 GAS. Shall I pay it?").replace("- {", "- {optional: true, ");
        let mut bench = Bench::scripted(files(), &format!("{turns}{told}"));
        assert_eq!(bench.plays(prompt).await.exit_code, 0, "{prompt}: {}", bench.warnings());
        assert!(bench.warnings().contains("To go on: agent jobs resume job-aaaaaaa1"), "{}", bench.warnings());
    }
}

#[tokio::test]
async fn a_command_is_no_file_and_a_file_in_a_folder_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
    let mut bench = Bench::within(files(), Arc::new(Planner::new(&tasks)), Helps::default(), dir.path());
    bench.turn("would it be wise to fold data.fasta?").await;
    let outcome = bench.turn("cancel it").await;
    assert!(outcome.answer.contains("/cancel job-aaaaaaa1"), "{}", outcome.answer);
    assert!(!bench.warnings().contains("unverified"), "{}", bench.warnings());
    for (answer, marked) in [
        ("The model was saved to results/out.pdb.", "the file results/out.pdb"),
        ("The hp-replica-exchange 0.1.0 output: protein_folding and/or 3D, in 2.5 s.", ""),
    ] {
        let mut bench = Bench::scripted(files(), &says(answer));
        bench.plays("hello").await;
        match marked {
            "" => assert_eq!(bench.warnings(), "", "{answer}"),
            words => assert!(bench.warnings().contains(words), "{answer}: {}", bench.warnings()),
        }
    }
}

/// What a result of a tool, the person or the policy named is known; what nobody named is not.
#[tokio::test]
async fn amounts_are_held_to_the_conversation() {
    for (answer, code) in [
        ("It cost 2 GAS and 1 GAS in fees, so you paid 3 GAS of your 8 GAS, leaving 5 GAS.", 0),
        ("7 GAS were deducted from your wallet.", 1),
        ("Es hat 7 GAS gekostet.", 1),
        ("It cost 8 GAS.", 1),
    ] {
        let turns =
            format!("{}{}{}", done("data.fasta"), says(answer), says(answer).replace("- {", "- {optional: true, "));
        let mut bench = Bench::scripted(files(), &turns);
        let outcome = bench.plays("I have 8 GAS. Fold data.fasta").await;
        assert_eq!(outcome.exit_code, code, "{answer}: {}", bench.warnings());
    }
}
