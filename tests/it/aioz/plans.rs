//! What is said before anything is sent or paid.

use serde_json::json;

use super::{
    Lab, error,
    fake::{Instead, data},
};
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

/// What AIOZ says that a task costs.
fn costs(lab: &Lab, cost: f64) -> serde_json::Value {
    let mut changed = data("cost.json", &[]);
    changed["data"]["cost"] = cost.into();
    lab.fake.book().changed.insert("cost", changed.clone());
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_quote_to_stop_at_as_submitting_is_what_aioz_charges_for() {
    let lab = Lab::with_model().await;
    let run = lab.run(&["--until", "quote"]);
    assert_eq!(run.code, 3, "{}", run.all());
    let cannot = run.event("plan")["work"][0]["cannot"].clone();
    assert_eq!(cannot["rule"], "Q-UNTIL", "{cannot}");
    assert!(
        cannot["why"]
            .as_str()
            .unwrap()
            .contains("takes 0.02 USD from the balance there as soon as up_scale is submitted")
    );
    assert!(cannot["hint"].as_str().unwrap().contains("--until plan"), "{cannot}");
    untouched(&lab).await;
    // What takes nothing buys nothing.
    costs(&lab, 0.0);
    let free = lab.run(&["--until", "quote"]);
    assert_eq!(free.code, 0, "{}", free.all());
    assert_eq!((lab.fake.book().tasks.len(), lab.received()), (1, gas("0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_rose_since_it_was_agreed_to_is_asked_about_anew() {
    let lab = Lab::with_model().await;
    // Between the plan and the submit.
    let planned = costs(&lab, 0.01);
    costs(&lab, 0.02);
    lab.fake.book().instead.insert("cost", Instead { times: 1, status: 200, body: planned, done: false });
    let run = lab.run(&[]);
    assert_eq!(run.code, 4, "{}", run.all());
    let why = error(&run)["message"].as_str().unwrap().to_owned();
    assert!(why.contains("takes 0.02 USD for") && why.contains("0.01 USD was agreed to"), "{why}");
    assert!(lab.fake.book().tasks.is_empty(), "nothing was bought");
    // Nobody is there to say yes to the new price.
    let asked = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    assert_eq!(asked.event("plan")["work"][0]["price"]["beside"], "0.02 USD", "{}", asked.all());
    assert!(lab.fake.book().tasks.is_empty());
    // Somebody is; that nobody can verify the result was taken before, and is not asked for again.
    let agreed = lab.world.run(&["jobs", "resume", "--json", "--yes"]);
    assert_eq!(agreed.code, 0, "{}", agreed.all());
    assert_eq!(agreed.event("receipt")["charged"], "0.02 USD");
    assert_eq!((lab.fake.book().tasks.len(), lab.received()), (1, gas("2")));
    // A lower one is within what was agreed to.
    let planned = costs(&lab, 0.02);
    costs(&lab, 0.01);
    lab.fake.book().instead.insert("cost", Instead { times: 1, status: 200, body: planned, done: false });
    let run = lab.run(&["--anew"]);
    assert_eq!(run.code, 0, "{}", run.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_pieces_are_charged_together_is_held_against_the_balance() {
    let lab = Lab::with_model().await;
    for name in ["cat.png", "dog.png", "cow.png"] {
        lab.world.file(name, [super::PNG, name.as_bytes()].concat());
    }
    let mut balance = data("balance.json", &[]);
    balance["data"]["balance"] = "0.05".into();
    lab.fake.book().changed.insert("balance", balance);
    let run = |files: &[&str]| {
        lab.world
            .run(&[&["run", "--json", "--yes", "--accept-unverified", "--until", "plan", "up_scale"], files].concat())
    };
    assert_eq!(run(&["cat.png", "dog.png"]).code, 0);
    let three = run(&["cat.png", "dog.png", "cow.png"]);
    let plan = three.event("plan");
    for piece in plan["work"].as_array().unwrap() {
        let why = piece["cannot"]["why"].as_str().unwrap_or_default();
        assert!(
            why.contains("takes 0.06 USD for 3 pieces of work") && why.contains("which is 0.05"),
            "{}",
            three.all()
        );
    }
    untouched(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_of_gas_lets_another_unit_be_spent() {
    let lab = Lab::with_model().await;
    // Nothing in GAS is something in another unit.
    lab.rules("auto_approve_up_to = \"1000\"\ndata_may_leave = [\"/\"]\n[price]\nflat = \"0\"");
    let nothing = lab.run(&["--max-gas", "0"]);
    assert_ne!(nothing.code, 0, "{}", nothing.all());
    let cannot = nothing.event("plan")["work"][0]["cannot"].clone();
    assert_eq!(cannot["rule"], "Q-SPEND", "{cannot}");
    assert!(cannot["why"].as_str().unwrap().contains("takes 0.02 USD"), "{cannot}");
    // The owner's rule for GAS says nothing of it either: without a yes nothing is bought.
    let unasked = lab.world.run(&["run", "--json", "--accept-unverified", "up_scale", "cat.png"]);
    assert_eq!(unasked.code, 4, "{}", unasked.all());
    untouched(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_is_not_told_is_agreed_to_by_nobody() {
    let lab = Lab::with_model().await;
    for body in [
        json!({"status": "success", "data": {}}),
        json!({"status": "success", "data": {"cost": "free", "unit": "USD"}}),
    ] {
        lab.fake.book().changed.insert("cost", body);
        let run = lab.run(&[]);
        assert_ne!(run.code, 0, "{}", run.all());
        assert!(
            error(&run)["message"].as_str().unwrap().contains("does not say what a task of lab/up-scale costs"),
            "{}",
            run.all()
        );
    }
    untouched(&lab).await;
}
