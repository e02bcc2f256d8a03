//! What a paid job rests on may be lost: the dataset, its copy, the only home that knows of the payment, the provider's
//! address. Nothing is paid for what can no longer be accepted, nothing is paid twice, and what is paid comes to an end.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
};

use domain::{job::JobState, money::Datoshi};
use guard::ledger::Ledger;
use serde_json::Value;

use super::own_chain::OwnChain;
use crate::{
    neo_go::NET,
    payment::gas,
    world::{Run, World, example},
};

const ASK: [&str; 3] = ["ask", "--json", "Give me sequence statistics of data.fasta"];
const QUOTED: [&str; 6] = ["ask", "--json", "--yes", "--until", "quote", ASK[2]];
const PAY: [&str; 4] = ["jobs", "resume", "--json", "--yes"];
/// Another account's key; it has nothing.
const OTHER: &str = "KwZ5268EUa2AaFPxQhZ7TM4Zt7iXz2tyAx7ctXJa6YxsPNWcfVpj";

/// A job that awaits its payment: its request stopped at the quote.
async fn awaiting() -> OwnChain {
    let stage = OwnChain::of(NET).await;
    stage.rules("");
    let run = stage.world.run(&QUOTED);
    assert_eq!(run.code, 0, "{}", run.all());
    stage
}

/// One error of that rule or kind, with a hint.
fn refused(run: &Run, code: i32, says: &str) -> Value {
    assert_eq!(run.code, code, "{}", run.all());
    let error = run.event("error");
    assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{error}");
    error
}

fn last_state(world: &World) -> String {
    world.states().pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_for_a_dataset_that_is_not_what_was_sent() {
    let stage = awaiting().await;
    let path = stage.world.work().join("data.fasta");
    stage.world.file("data.fasta", format!("{}>more\nACDE\n", example("data.fasta")));
    refused(&stage.world.run(&PAY), 3, "D-CHANGED");
    fs::remove_file(&path).unwrap();
    refused(&stage.world.run(&PAY), 3, "D-CHANGED");
    assert_eq!((stage.spent(), last_state(&stage.world).as_str()), (Datoshi::ZERO, "submitted"));

    // Put back, with another time: the content is what was sent.
    stage.world.file("data.fasta", example("data.fasta"));
    let run = stage.world.run(&PAY);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("receipt")["state"], "done");
    assert_eq!(stage.received(), gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_for_a_copy_that_is_gone_from_storage() {
    let stage = awaiting().await;
    stage.forget_datasets().await;
    refused(&stage.world.run(&PAY), 3, "on storage is gone");
    assert_eq!((stage.spent(), last_state(&stage.world).as_str()), (Datoshi::ZERO, "submitted"));
}

#[cfg(feature = "kill-points")]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_end_what_the_chain_cannot_tell_and_its_money_counts_as_spent() {
    let mut stage = awaiting().await;
    // The program dies with its payment written down, and the chain is never heard of again.
    let mut paying = stage.world.command(&PAY);
    paying.env("AGENT_KILL_AT", "payer.intended");
    assert!(!paying.output().unwrap().status.success());
    assert_eq!(last_state(&stage.world), "payment_intended");
    let job = stage.world.job_log().pop().unwrap()["job"].as_str().unwrap().to_owned();
    refused(&stage.world.run(&["jobs", "cancel", "--json", &job]), 3, "money is under way");
    let plain = stage.world.run(&["jobs", "cancel", &job]);
    assert!(plain.all().contains(&format!("agent jobs cancel {job} --count-as-paid")), "{}", plain.all());

    // A chain that answers can be waited for.
    let count = ["jobs", "cancel", "--json", &job, "--count-as-paid"];
    refused(&stage.world.run(&count), 3, "the chain answers");
    let node = stage.world.setting("NEO_RPC_URL");
    stage.world.set("NEO_RPC_URL", "http://127.0.0.1:9");
    let run = stage.world.run(&["jobs", "cancel", &job, "--count-as-paid"]);
    assert!(run.code == 0 && run.out.contains("counts as spent"), "{}", run.all());
    stage.world.set("NEO_RPC_URL", node);
    assert_eq!(last_state(&stage.world), "paid_but_failed");
    refused(&stage.world.run(&count), 3, "no payment under way");
    let receipt = stage.world.run(&["jobs", "receipt", "--json", &job]);
    assert!(receipt.out.contains("given up by a person") && receipt.out.contains("0x"), "{}", receipt.all());
    // It is never paid again, and nothing else is paid with its money.
    stage.rules("[caps]\nper_day = \"3\"");
    let anew = stage.world.run(&["ask", "--json", "--yes", ASK[2]]);
    assert_eq!(anew.code, 5, "{}", anew.all());
    // The look at the chain sent it once more, and once is all that it can land.
    assert!(stage.received() <= gas("2"), "{}", stage.received());
}

#[cfg(feature = "kill-points")]
#[tokio::test(flavor = "multi_thread")]
async fn a_paid_job_ends_whatever_becomes_of_its_dataset() {
    for (copy_stays, text) in [(true, None), (true, Some(">other\nACDE\n")), (false, None)] {
        let stage = awaiting().await;
        let mut paying = stage.world.command(&PAY);
        paying.env("AGENT_KILL_AT", "ledger.fetched.committed");
        assert_ne!(paying.output().unwrap().status.code(), Some(0));
        // The log is written after the ledger, so the ledger is asked.
        let job = Ledger::open(&stage.world.home()).unwrap().jobs().unwrap().remove(0);
        assert_eq!((stage.received(), job.state), (gas("2"), JobState::Fetched));

        fs::remove_file(stage.world.work().join("data.fasta")).unwrap();
        if let Some(text) = text {
            stage.world.file("data.fasta", text);
        }
        if !copy_stays {
            stage.forget_datasets().await;
        }
        let run = stage.world.run(&PAY);
        assert_eq!(run.code, 0, "{}", run.all());
        let receipt = run.event("receipt");
        assert_eq!((&receipt["state"], &receipt["payment"]["attempts"]), (&"done".into(), &1.into()));
        let unchecked = receipt["result"]["unchecked"].as_str().unwrap_or_default();
        assert_eq!(unchecked.contains("without its dataset"), !copy_stays, "{receipt}");
        assert!(run.event("warning")["message"].as_str().unwrap().contains("data.fasta"), "{}", run.all());
        assert_eq!(stage.received(), gas("2"));
    }
}

#[cfg(feature = "kill-points")]
#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_result_that_was_lost_is_fetched_again() {
    let stage = awaiting().await;
    let mut paying = stage.world.command(&PAY);
    paying.env("AGENT_KILL_AT", "ledger.fetched.committed");
    assert_ne!(paying.output().unwrap().status.code(), Some(0));
    let results = stage.world.home().join("results");
    fs::remove_dir_all(&results).unwrap();
    let run = stage.world.run(&PAY);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.event("result.fetched")["path"].as_str().is_some_and(|path| std::path::Path::new(path).exists()));
}

fn copy_home(stage: &OwnChain, name: &str) -> String {
    let copy = stage.world.root().join(name);
    fs::create_dir(&copy).unwrap();
    for file in ["policy.toml", "ledger.db", "ledger.db-wal", "jobs.jsonl"] {
        if stage.world.home().join(file).exists() {
            fs::copy(stage.world.home().join(file), copy.join(file)).unwrap();
        }
    }
    copy.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_home_takes_the_payment_over_and_does_not_pay_again() {
    let stage = awaiting().await;
    let (copy, stolen) = (copy_home(&stage, "copy"), copy_home(&stage, "stolen"));
    let first = stage.world.run(&PAY);
    assert_eq!(first.code, 0, "{}", first.all());
    let spent = stage.spent();
    let resume = |home: &str, key: Option<&str>| {
        let mut command = stage.world.command(&PAY);
        command.env("AGENT_HOME", home).envs(key.map(|key| ("NEO_PRIVATE_KEY", key)));
        Run::of(command.output().unwrap())
    };

    // Another wallet's payment is nothing to take over, and nothing to make again.
    refused(&resume(&stolen, Some(OTHER)), 3, "which this ledger does not know");
    let job = first.event("receipt")["job"].as_str().unwrap().to_owned();
    let mut cancel = stage.world.command(&["jobs", "cancel", &job, "--json"]);
    refused(&Run::of(cancel.env("AGENT_HOME", &copy).output().unwrap()), 3, "counts it as paid");
    let second = resume(&copy, None);
    assert_eq!(second.code, 0, "{}", second.all());
    let (paid, taken) = (first.event("receipt"), second.event("receipt"));
    assert_eq!(taken["state"], "done");
    assert_eq!(taken["payment"], paid["payment"], "the very same payment");
    assert!(!second.types().iter().any(|t| t == "payment.intended" || t == "approval.requested"), "{}", second.all());
    assert_eq!((stage.received(), stage.spent()), (gas("2"), spent));

    // It counts against the copy's budget.
    let mut wallet = stage.world.command(&["wallet", "history", "--json"]);
    let history = Run::of(wallet.env("AGENT_HOME", &copy).output().unwrap());
    assert!(history.out.contains(paid["payment"]["tx_hash"].as_str().unwrap()), "{}", history.all());
}

/// Answers every request with a web page that says 404.
fn web_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/api/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 8192]);
            let page = "<html><body>Not found</body></html>";
            let head = "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length:";
            let _ = write!(stream, "{head} {}\r\n\r\n{page}", page.len());
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_the_api_is_found_out_before_anything_is_sent() {
    let mut stage = OwnChain::of(NET).await;
    stage.rules("");
    let right = stage.provider.endpoint.clone();
    let slip = right.trim_end_matches("/api/v1").to_owned();
    // The first answers like a provider that does not have the model; the other like no provider at all.
    for (wrong, words) in [(slip, "has no model"), (web_page(), "not the API of a compute provider")] {
        stage.world.set("AIOZ_W3AI_ENDPOINT", wrong);
        let error = refused(&stage.world.run(&ASK), 1, words);
        assert!(error["hint"].as_str().unwrap().contains("AIOZ_W3AI_ENDPOINT"), "{error}");
        assert!(stage.world.job_log().is_empty(), "nothing is sent before the price is known");
    }
    stage.world.set("AIOZ_W3AI_ENDPOINT", right);
    let done = stage.world.run(&["ask", "--json", "--yes", ASK[2]]);
    assert_eq!(done.code, 0, "{}", done.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_another_profile_have_not_come_to_their_end() {
    let stage = awaiting().await;
    let run = stage.world.run(&["--profile", "sandbox", "jobs", "resume"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.out.contains("Every job of the sandbox profile has come to its end."), "{}", run.all());
    assert!(run.all().contains("1 open job belongs to another profile"), "{}", run.all());
}
