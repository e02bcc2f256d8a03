//! Wallets in NEP-6 files: made, imported, read by Neo's own tool, and paid from.

use std::{
    fs,
    process::{Command, Stdio},
};

use domain::{hash::Hash160, money::Datoshi};
use serde_json::Value;

use super::Stage;
use crate::{
    neo_go::tool,
    payment::{USER, gas},
    world::example,
};

const PASSPHRASE: &str = "correct horse, battery";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_wallet_pays_once_it_is_unlocked_and_neo_s_own_tool_reads_it() {
    let mut stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let made = stage.world.run_given(&["wallet", "new", "w.json", "--json", "--passphrase-fd", "0"], PASSPHRASE);
    assert_eq!(made.code, 0, "{}", made.all());
    let said: Value = serde_json::from_str(&made.out).unwrap();
    let address = said["address"].as_str().unwrap().to_owned();
    let file = stage.world.work().join("w.json");
    assert!(!fs::read_to_string(&file).unwrap().contains(PASSPHRASE));

    // neo-go opens it with the same passphrase, and finds the key of that address.
    let settings = format!("Path: {}\nPassword: \"{PASSPHRASE}\"\n", file.display());
    let settings = stage.world.file("wallet.yml", settings);
    let mut export = Command::new(tool("neogo"));
    export.args(["wallet", "export", "--decrypt", "--wallet-config"]).arg(settings).arg(&address).stdin(Stdio::null());
    let exported = export.output().unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let wif = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(crate::payment::wallet(wif.trim()).account().address(), address);

    stage.chain.fund(&[(Hash160::from_address(&address).unwrap(), gas("10"))]);
    stage.world.unset("NEO_PRIVATE_KEY");
    stage.world.set("NEO_WALLET", file.display().to_string());
    let ask = ["ask", "--json", "--yes", "Run protein folding on data.fasta"];
    let locked = stage.world.run(&ask);
    assert_eq!(locked.code, 1, "{}", locked.all());
    assert!(locked.event("error")["message"].as_str().unwrap().contains("locked"), "{}", locked.all());
    let resume = ["jobs", "resume", "--json", "--yes", "--passphrase-fd", "0"];
    let wrong = stage.world.run_given(&resume, "incorrect horse");
    assert_eq!(wrong.code, 1, "{}", wrong.all());
    assert!(wrong.event("error")["message"].as_str().unwrap().contains("does not unlock"), "{}", wrong.all());
    assert_eq!(stage.received().await, Datoshi::ZERO);
    // Neither address nor balance needs the passphrase.
    let balance: Value = serde_json::from_str(&stage.world.run(&["wallet", "--json"]).out).unwrap();
    assert_eq!((&balance["address"], &balance["balance"]["amount"]), (&address.as_str().into(), &"10".into()));

    let paid = stage.world.run_given(&resume, PASSPHRASE);
    assert_eq!(paid.code, 0, "{}", paid.all());
    assert_eq!(paid.event("receipt")["payment"]["sender"], address.as_str());
    assert_eq!(stage.received().await, gas("2"));
    assert!(!paid.all().contains(PASSPHRASE));
}

#[test]
fn a_key_is_imported_from_a_file_and_never_overwrites_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = crate::world::World::new();
    let key = world.file("key.txt", USER);
    let import = ["wallet", "import", "w.json", "--from", "key.txt", "--json", "--passphrase-fd", "0"];
    let open = world.run_given(&import, PASSPHRASE);
    assert_eq!(open.code, 1, "{}", open.all());
    assert!(open.event("error")["message"].as_str().unwrap().contains("open to others"), "{}", open.all());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let done = world.run_given(&import, PASSPHRASE);
    assert_eq!(done.code, 0, "{}", done.all());
    assert!(done.out.contains("NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv"), "{}", done.out);
    let file = world.work().join("w.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).unwrap();
    let again = world.run_given(&import, PASSPHRASE);
    assert_eq!(again.code, 2, "{}", again.all());
    assert_eq!(fs::read(&file).unwrap(), before);
    let empty = world.run_given(&["wallet", "new", "empty.json", "--passphrase-fd", "0"], "\n");
    assert_eq!(empty.code, 1, "{}", empty.all());
    assert!(!world.work().join("empty.json").exists());
    assert!(!done.all().contains(USER) && !again.all().contains(USER));
}
