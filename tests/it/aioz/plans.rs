//! What is said before anything is sent or paid.

use serde_json::json;

use super::{Lab, error, fake::data};
use crate::payment::gas;

/// Nothing was sent, submitted or paid.
async fn untouched(lab: &Lab) {
    assert!(lab.objects().await.is_empty());
    let book = lab.fake.book();
    assert!(book.tasks.is_empty() && book.uploads.is_empty());
    assert_eq!(lab.received(), gas("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_nobody_can_verify_is_taken_by_somebody_or_nothing_is_sent() {
    let lab = Lab::with_model().await;
    let run = lab.world.run(&["run", "--json", "--yes", "up_scale", "cat.png"]);
    assert_eq!(run.code, 4, "{}", run.all());
    let plan = run.event("plan");
    assert_eq!(plan["work"][0]["cannot"]["rule"], "Q-UNVERIFIED", "{plan}");
    assert!(error(&run)["hint"].as_str().unwrap().contains("--accept-unverified"), "{}", run.all());
    untouched(&lab).await;
    // Said by a flag, which the plan and its digest have.
    let said = lab.run(&["--until", "plan"]);
    assert_eq!(said.code, 0, "{}", said.all());
    let accepted = said.event("plan");
    assert_eq!(
        (&accepted["work"][0]["unverified"], &accepted["work"][0]["work"]["unverified"]),
        (&json!("flag"), &json!(true))
    );
    assert_ne!(accepted["digest"], plan["digest"]);
    // Said in the task's file.
    let path = lab.world.home().join("tasks/up_scale.toml");
    let text = lab.task_file().replace("[remote.keys]", "[remote]\naccept = \"unverified\"\n[remote.keys]");
    std::fs::write(&path, text).unwrap();
    let by_file = lab.world.run(&["run", "--json", "--yes", "--until", "plan", "up_scale", "cat.png"]);
    assert_eq!(by_file.event("plan")["work"][0]["unverified"], "task", "{}", by_file.all());
    untouched(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_says_what_it_costs_at_both_and_that_nobody_can_verify() {
    let lab = Lab::with_model().await;
    let run = lab.world.run(&["run", "--accept-unverified", "--until", "plan", "up_scale", "cat.png"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let said = run.out.replace('\n', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "at the provider: up_scale is a model of the provider's",
        "2 GAS (your own price, as the provider states none)",
        "the provider also takes 0.02 USD from your account there",
        "not verifiable: the provider gives no checksum",
        "how long it takes there is not known",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    untouched(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_runs_here_and_says_so() {
    let lab = Lab::with_model().await;
    let run = lab.run(&["--here"]);
    assert_eq!(run.code, 3, "{}", run.all());
    let why = error(&run)["message"].as_str().unwrap().to_owned();
    assert!(why.contains("up_scale is a model of the provider's and runs there only"), "{why}");
    untouched(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_values_and_balances_that_do_not_fit_are_refused_in_the_plan() {
    let lab = Lab::with_model().await;
    lab.world.file("cat.txt", "no image");
    for (arguments, says) in [
        (&["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.txt"][..], "takes a binary file"),
        (&["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.png", "--set", "scale=9"], "from 1 to 8"),
    ] {
        let run = lab.world.run(arguments);
        assert!(run.code != 0 && error(&run)["message"].as_str().unwrap().contains(says), "{says}: {}", run.all());
    }
    lab.world.file("cat.zip", super::PNG);
    let run = lab.world.run(&["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.zip"]);
    assert!(error(&run)["message"].as_str().unwrap().contains("is to be image/*"), "{}", run.all());
    let mut balance = data("balance.json", &[]);
    balance["data"]["balance"] = "0.019".into();
    lab.fake.book().changed.insert("balance", balance);
    let run = lab.run(&[]);
    assert!(run.code != 0, "{}", run.all());
    let told = error(&run);
    assert!(told["message"].as_str().unwrap().contains("takes 0.02 USD for it from the balance"), "{told}");
    assert!(told["hint"].as_str().unwrap().contains("add funds"), "{told}");
    untouched(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_file_keeps_what_was_accepted() {
    let lab = Lab::with_model().await;
    let plan = lab.world.run(&["plan", "--accept-unverified", "up_scale", "cat.png", "-o", "plan.toml"]);
    assert_eq!(plan.code, 0, "{}", plan.all());
    let text = std::fs::read_to_string(lab.world.work().join("plan.toml")).unwrap();
    assert!(text.contains("accept_unverified = true"), "{text}");
    let run = lab.world.run(&["run", "--json", "--yes", "--plan", "plan.toml"]);
    assert_eq!(run.code, 0, "{}", run.all());
}
