//! neo-go's command line as a wallet on the sandbox's chain, and what the chain says of its contracts.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;

use super::Open;
use crate::{
    neo_go::{NeoGo, rpc},
    services::tool,
    world::{Run, World},
};

const PASSPHRASE: &str = "the passphrase of a wallet";

/// neo-go at the chain, with a wallet that holds the sandbox's payer.
struct Cli {
    world: World,
    rpc: String,
}

impl Cli {
    fn new(world: World, open: &Open) -> Cli {
        let key = world.work().join("key");
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&key).unwrap();
        file.write_all(open.told("/chain/payer_key").as_bytes()).unwrap();
        // Our own wallet file is one that neo-go opens.
        let mut import = world.command(&["wallet", "import", "--from", "key", "--passphrase-fd", "0", "payer.json"]);
        let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(PASSPHRASE.as_bytes()).unwrap();
        let run = Run::of(import.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{}", run.all());
        world.file(
            "wallet.yml",
            format!("Path: {}\nPassword: {PASSPHRASE}\n", world.work().join("payer.json").display()),
        );
        Cli { world, rpc: open.told("/chain/rpc") }
    }

    /// What it prints.
    fn says(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(tool("neogo"));
        command.args(arguments).current_dir(self.world.work()).env("HOME", self.world.work()).stdin(Stdio::null());
        let run = Run::of(command.output().unwrap());
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.all());
        run.out
    }

    fn transfers(&self, arguments: &[&str]) -> String {
        let common = ["--wallet-config", "wallet.yml", "-r", &self.rpc, "--force"];
        let said = self.says(&[&["wallet", "nep17"], &arguments[..1], &common, &arguments[1..]].concat());
        said.lines().find(|line| line.len() == 64).unwrap_or_else(|| panic!("no hash: {said}")).to_owned()
    }
}

#[test]
fn the_command_line_of_neo_go_pays_and_looks_on_the_sandbox() {
    let world = World::new();
    let open = Open::of(&world);
    let (payer, provider) = (open.told("/chain/payer"), open.told("/chain/provider"));
    let cli = Cli::new(world, &open);
    let at = cli.rpc.as_str();
    assert!(cli.says(&["query", "height", "-r", at]).contains("Latest block: "));
    let balance = || cli.says(&["wallet", "nep17", "balance", "--wallet-config", "wallet.yml", "-r", at]);
    assert!(balance().contains("GAS: GasToken") && balance().contains("Amount : 10000000\n"), "{}", balance());

    let transfer = ["transfer", "--from", &payer, "--to", &provider, "--token", "GAS", "--amount"];
    let awaited = cli.transfers(&[&transfer[..], &["1.5", "--await"]].concat());
    let told = cli.says(&["query", "tx", "-v", "-r", at, &awaited]);
    let told: Vec<&str> = told.split_whitespace().collect();
    assert_eq!(told[..4], ["Hash:", awaited.as_str(), "OnChain:", "true"]);
    assert!(told.windows(2).any(|two| two == ["Success:", "true"]), "{told:?}");
    let (one, two) = (format!("GAS:{provider}:0.1"), format!("GAS:{payer}:0.2"));
    cli.transfers(&["multitransfer", "--from", &payer, "--await", &one, &two]);
    // With data, as a job's payment carries its reference.
    cli.transfers(&[&transfer[..], &["0.4", "--await", "string:a-reference"]].concat());

    let gas = "d2a4cff31913016155e38e474a2c06d08be276cf";
    let held = cli.says(&["contract", "testinvokefunction", "-r", at, gas, "balanceOf", &provider]);
    assert!(held.contains("\"value\": \"200000000\""), "1.5 and 0.1 and 0.4: {held}");
    assert!(balance().contains("Amount : 9999997."), "{}", balance());
    assert_eq!(open.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_says_of_its_contracts_what_neo_go_says() {
    let world = World::new();
    let open = Open::of(&world);
    let ours: url::Url = open.told("/chain/rpc").parse().unwrap();
    let node = NeoGo::start(Duration::from_secs(1));
    let all = rpc(&ours, "getnativecontracts", json!([])).await.unwrap();
    let theirs = rpc(&node.url(), "getnativecontracts", json!([])).await.unwrap();
    let names: Vec<_> = all.as_array().unwrap().iter().map(|c| c["manifest"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["GasToken", "PolicyContract"]);
    for contract in all.as_array().unwrap() {
        assert!(theirs.as_array().unwrap().contains(contract), "{contract}");
    }
    let unknown = "0x1111111111111111111111111111111111111111";
    for named in [
        json!(["GasToken"]),
        json!(["gastoken"]),
        json!(["0xd2a4cff31913016155e38e474a2c06d08be276cf"]),
        json!(["d2a4cff31913016155e38e474a2c06d08be276cf"]),
        json!([-6]),
        json!([-7]),
        json!([7]),
        json!([unknown]),
        json!(["nonesuch"]),
        json!([""]),
        json!([]),
        json!([true]),
    ] {
        let ours = rpc(&ours, "getcontractstate", named.clone()).await.map_err(|(code, _)| code);
        let theirs = rpc(&node.url(), "getcontractstate", named.clone()).await.map_err(|(code, _)| code);
        assert_eq!(ours, theirs, "{named}");
    }
    assert_eq!(open.stop(), Some(0));
}
