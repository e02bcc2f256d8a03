//! What goes wrong, one part at a time: one sentence, a hint, the right exit code, and a ledger that can go on.

use std::process::Command;

use domain::money::Datoshi;

use super::Stage;
use crate::{
    payment::gas,
    services::free_ports,
    world::{Run, World, example},
};

/// A key made of a fixed string whose account has nothing.
const POOR: &str = "KwZ5268EUa2AaFPxQhZ7TM4Zt7iXz2tyAx7ctXJa6YxsPNWcfVpj";

/// What is wrong, the exit code, the error's kind, and a word of its sentence.
struct Broken {
    setting: &'static str,
    value: String,
    code: i32,
    kind: &'static str,
    says: &'static str,
    stands: &'static str,
}

fn run_folding(world: &World) -> Run {
    world.run(&["ask", "--json", "--yes", "Run protein folding on data.fasta"])
}

/// One error of that kind, with a sentence and a hint, and no secret.
fn check(run: &Run, case: &Broken) {
    let name = case.setting;
    assert_eq!(run.code, case.code, "{name}: {}", run.all());
    let error = run.event("error");
    assert_eq!(error["kind"], case.kind, "{name}: {}", run.all());
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(case.says), "{name}: {message}");
    assert!(!message.contains('\n'), "{name}: {message}");
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{name}: {error}");
    assert!(!run.err.contains("panicked"), "{name}: {}", run.all());
    for secret in ["SKTESTSECRET", super::USER, super::API_KEY] {
        assert!(!run.all().contains(secret), "{name}: {}", run.all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_down_or_does_not_know_us_leaves_a_job_that_goes_on() {
    let mut stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let [nobody] = free_ports();
    let down = format!("http://127.0.0.1:{nobody}");
    let case = |setting, value: &str, kind, says, stands| Broken {
        setting,
        value: value.to_owned(),
        code: 1,
        kind,
        says,
        stands,
    };
    let cases = [
        case("AIOZ_S3_ENDPOINT", &down, "storage", "127.0.0.1", "staging"),
        case("AIOZ_SECRET_KEY", "another", "storage", "key", "staging"),
        // The price is asked before anything is sent: nothing is begun, and the job before stands last.
        case("AIOZ_W3AI_ENDPOINT", &format!("{down}/api/v1"), "provider", "127.0.0.1", "staging"),
        case("AIOZ_API_KEY", "another", "provider", "key", "staging"),
        Broken { code: 3, ..case("NEO_NETWORK", "424243", "refused", "P-NETWORK", "staging") },
        case("NEO_RPC_URL", &down, "payment", "127.0.0.1", "submitted"),
        case("NEO_PRIVATE_KEY", POOR, "payment", "has 0 GAS", "submitted"),
    ];
    for case in &cases {
        let right = stage.world.setting(case.setting);
        stage.world.set(case.setting, case.value.as_str());
        let run = run_folding(&stage.world);
        check(&run, case);
        assert_eq!(stage.world.states().last().unwrap(), case.stands, "{}: {}", case.setting, run.all());
        stage.world.set(case.setting, right);
    }
    assert_eq!(stage.received().await, Datoshi::ZERO);

    // Every job that was begun goes on once its part is mended.
    let resumed = stage.world.run(&["jobs", "resume", "--json", "--yes"]);
    let ended = resumed.events().iter().filter(|e| e["type"] == "receipt" && e["state"] == "done").count();
    assert_eq!(ended, 4, "{}", resumed.all());
    assert_eq!(stage.received().await, gas("8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_no_paid_result() {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    // A results folder on a small disk, in a mount namespace of its own. On 4 kB the result cannot be fetched; on 16 kB it can,
    // and the checked document finds no room beside it.
    for (number, size, kind, stands) in [(1, "4k", "fetch", "result_ready"), (2, "16k", "unchecked", "fetched")] {
        let script = format!("mount -t tmpfs -o size={size} tmpfs out && exec \"$0\" \"$@\"");
        let out = stage.world.work().join("out");
        std::fs::create_dir_all(&out).unwrap();
        let ask = ["ask", "--json", "--yes", "--out", "out", "Run protein folding on data.fasta"];
        let plain = stage.world.command(&ask);
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .arg(plain.get_program())
            .args(plain.get_args());
        command.current_dir(stage.world.work()).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let run = Run::of(command.output().unwrap());
        assert!(!run.err.contains("unshare"), "mount namespaces are needed: {}", run.all());
        assert_eq!(run.code, 1, "{}", run.all());
        let error = run.event("error");
        assert_eq!(error["kind"], kind, "{error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("resume")), "{error}");
        assert_eq!(stage.world.states().last().unwrap(), stands);

        // With room again, the paid result is accepted, and nothing is paid anew.
        let resumed = stage.world.run(&["jobs", "resume", "--json"]);
        assert_eq!(resumed.code, 0, "{}", resumed.all());
        let path = resumed.event("result.fetched")["path"].as_str().unwrap().to_owned();
        assert!(path.starts_with(out.to_str().unwrap()) && std::path::Path::new(&path).exists(), "{path}");
        assert_eq!(resumed.event("receipt")["payment"]["attempts"], 1);
        assert_eq!(stage.received().await, gas(&(2 * number).to_string()));
    }
}
