//! Wallet files of other programs, at Neo's own scrypt parameters; and the three ways in which a passphrase comes.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use domain::money::Datoshi;
use neo::Wallet;
use rexpect::{process::WaitStatus, session::spawn_command};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::own_chain::OwnChain;
use crate::{
    neo_go::{NET, tool},
    payment::{USER, gas},
    world::World,
};

const PASSPHRASE: &str = "contraseña: 密码 \"ß\"";
const ADDRESS: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";
const HEX: &str = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";
/// Longer than any step takes on a busy machine, milliseconds.
const PATIENCE: u64 = 120_000;

fn neo_mamba(case: &Value) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/neo_mamba_wallet.py");
    let mut python = Command::new(tool("venv").join("bin/python"));
    python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.spawn().unwrap();
    writeln!(python.stdin.take().unwrap(), "{case}").unwrap();
    let done = python.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// Imports a wallet of another program into one of ours, which neo-mamba opens: the key has come through both ways.
fn comes_through(world: &World, file: &Path, passphrase: &str) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let ours = format!("ours-{name}");
    let import = ["wallet", "import", &ours, "--from", name, "--json", "--passphrase-fd", "0"];
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = world.run_given(&import, passphrase);
    assert_eq!(open.code, 1, "{}", open.all());
    assert!(open.all().contains("chmod 600"), "{}", open.all());
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = world.run_given(&import, "another");
    assert_eq!(wrong.code, 1, "{}", wrong.all());
    assert!(wrong.all().contains("does not unlock") && !world.work().join(&ours).exists(), "{}", wrong.all());
    let done = world.run_given(&import, passphrase);
    assert_eq!(done.code, 0, "{}", done.all());
    let said: Value = serde_json::from_str(&done.out).unwrap();
    let made: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(said["address"], made["accounts"][0]["address"]);
    let key = |path: &Path, whole| neo_mamba(&json!({"open": path, "passphrase": passphrase, "whole": whole}));
    assert_eq!(key(&world.work().join(ours), true), key(file, false));
}

#[test]
fn a_wallet_of_neo_mamba_at_neo_s_own_parameters() {
    let world = World::new();
    let file = world.work().join("mamba.json");
    let address = neo_mamba(&json!({"make": file, "wif": USER, "passphrase": PASSPHRASE}));
    assert_eq!(address, ADDRESS);
    let scrypt: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(scrypt["scrypt"], json!({"n": 16384, "r": 8, "p": 8}));
    comes_through(&world, &file, PASSPHRASE);
    assert_eq!(neo_mamba(&json!({"open": file, "passphrase": PASSPHRASE, "whole": true})), HEX);
}

/// As the node of the Neo project writes it: nothing is the default, what is not there is null, and there is more than
/// anybody needs.
#[test]
fn a_wallet_in_the_form_of_neo_s_own_node() {
    let world = World::new();
    let file = world.work().join("mamba.json");
    neo_mamba(&json!({"make": file, "wif": USER, "passphrase": PASSPHRASE}));
    let made: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let account = &made["accounts"][0];
    let own = json!({
        "name": null, "version": "1.0", "scrypt": made["scrypt"],
        "accounts": [
            {
                "address": ADDRESS, "label": null, "isDefault": false, "lock": false, "key": account["key"],
                "contract": {
                    "script": account["contract"]["script"],
                    "parameters": [{"name": "signature", "type": "Signature"}], "deployed": false,
                },
                "extra": null,
            },
            // Watched, without a key.
            {
                "address": "NhDRfSzHBEZswADARouQ6Tc2jhzN5DKsAv", "label": null, "isDefault": false, "lock": false,
                "key": null, "contract": null, "extra": {"anything": [1, null]},
            },
        ],
        "extra": null, "walletType": "desktop",
    });
    comes_through(&world, &world.file("own.json", own.to_string()), PASSPHRASE);
}

#[test]
fn a_wallet_that_neo_go_makes() {
    let world = World::new();
    let file = world.work().join("neogo.json");
    let mut command = Command::new(tool("neogo"));
    command.args(["wallet", "init", "--account", "--wallet"]).arg(&file);
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("name of the account").unwrap();
    session.send_line("payer").unwrap();
    session.exp_string("new password").unwrap();
    session.send_line("correct horse").unwrap();
    session.exp_string("Confirm password").unwrap();
    session.send_line("correct horse").unwrap();
    session.exp_eof().unwrap();
    comes_through(&world, &file, "correct horse");
}

/// A stage that pays from a locked wallet, with a job that awaits its payment.
async fn locked() -> (OwnChain, String) {
    // An account of its own: the kernel's keyring is one for the whole user.
    let wallet = Wallet::generate();
    let wif = wallet.to_wif().expose_secret().to_owned();
    let mut stage = OwnChain::paid_by(NET, &wif).await;
    stage.rules("");
    let quoted = ["ask", "--json", "--yes", "--until", "quote", "Give me sequence statistics of data.fasta"];
    let asked = stage.world.run(&quoted);
    assert_eq!(asked.code, 0, "{}", asked.all());
    let key = stage.world.file("key.txt", wif);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let import = ["wallet", "import", "w.json", "--from", "key.txt", "--passphrase-fd", "0"];
    let imported = stage.world.run_given(&import, PASSPHRASE);
    assert_eq!(imported.code, 0, "{}", imported.all());
    stage.world.unset("NEO_PRIVATE_KEY");
    let file = stage.world.work().join("w.json");
    stage.world.set("NEO_WALLET", file.display().to_string());
    (stage, wallet.account().address())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_asked_for_at_the_terminal_and_not_shown() {
    let (stage, address) = locked().await;
    tokio::task::block_in_place(|| {
        let mut command: Command = stage.world.command(&["jobs", "resume", "--yes"]);
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
        let prompt = format!("Passphrase of {address}: ");
        session.exp_string(&prompt).unwrap();
        session.send_line("not this one").unwrap();
        let between = session.exp_string(&prompt).unwrap();
        assert!(!between.contains("not this one"), "what is typed is shown: {between}");
        session.send_line(PASSPHRASE).unwrap();
        let rest = session.exp_string("Receipt").unwrap();
        assert!(!rest.contains("contrase"), "what is typed is shown: {rest}");
        session.exp_eof().unwrap();
        assert!(matches!(session.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
        assert_eq!(stage.received(), gas("2"));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_kept_in_the_kernel_s_keyring_until_it_is_forgotten() {
    let (stage, _) = locked().await;
    let resume = ["jobs", "resume", "--json", "--yes"];
    let unlock = ["wallet", "unlock", "--for", "5", "--json", "--passphrase-fd", "0"];
    let wrong = stage.world.run_given(&unlock, "another");
    assert_eq!(wrong.code, 1, "{}", wrong.all());
    assert_eq!(stage.world.run(&resume).code, 1, "a wrong passphrase is not kept");
    let kept = stage.world.run_given(&unlock, PASSPHRASE);
    if kept.code != 0 {
        // A system without keyrings says so, and what to do instead; nothing is kept then.
        assert_eq!(kept.event("error")["kind"], "keyring", "{}", kept.all());
        assert!(kept.all().contains("--passphrase-fd"), "{}", kept.all());
        assert_eq!((stage.world.run(&resume).code, stage.received()), (1, Datoshi::ZERO));
        return;
    }
    let forget = |stage: &OwnChain| assert_eq!(stage.world.run(&["wallet", "lock"]).code, 0);
    let paid = stage.world.run(&resume);
    if paid.code != 0 {
        forget(&stage);
    }
    assert_eq!(paid.code, 0, "{}", paid.all());
    assert_eq!(stage.received(), gas("2"));
    forget(&stage);
    let locked = stage.world.run(&["ask", "--json", "--yes", "Give me sequence statistics of data.fasta"]);
    assert_eq!(locked.code, 1, "{}", locked.all());
    assert!(locked.all().contains("the wallet is locked"), "{}", locked.all());
    assert_eq!(stage.received(), gas("2"));
}
