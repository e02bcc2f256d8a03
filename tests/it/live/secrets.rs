//! Six secrets are looked for in everything that whole runs and broken runs leave behind, with logs at their loudest.

mod canaries;
mod processes;
mod tap;

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use sandbox::chain::ChainSettings;

use self::{
    canaries::{ACCESS_KEY, API_KEY, HEX, OPENAI_KEY, PASSPHRASE, SECRET_KEY, WIF, no_part_in, none_in},
    processes::Seen,
    tap::Tap,
};
use super::Provider;
use crate::{
    neo_go::NET,
    payment::{RECIPIENT, Served, gas, serve_with, wallet},
    services::{Running, free_ports, model::Model, s3::Sandbox},
    world::{Run, World, example},
};

/// Every outside part behind a tap, and a machine that is configured for them with secrets that are looked for.
struct Stage {
    world: World,
    seen: Seen,
    provider: Provider,
    taps: [(&'static str, Tap, &'static [&'static str]); 4],
    _chain: Served,
    _storage: Sandbox,
    _model: Model,
    _servers: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Stage {
        let servers = tempfile::tempdir().unwrap();
        let settings = ChainSettings {
            network: NET,
            block_time: Duration::from_millis(50),
            funding: vec![(wallet(WIF).account(), gas("1000"))],
            ..ChainSettings::default()
        };
        let chain = serve_with(&servers.path().join("chain"), settings).await;
        let storage = Sandbox::start_for(&servers.path().join("s3"), ACCESS_KEY, SECRET_KEY).await;
        storage.server.storage("data").ensure_bucket().await.unwrap();
        let model = Model::serve(OPENAI_KEY).await;
        let mut world = World::new();
        let provider_tap = Tap::laid("/").await;
        let provider = Provider::on(&world, &chain.url, NET, API_KEY, Some(&provider_tap.url));
        provider_tap.lead_to(&provider.endpoint.parse().unwrap());
        // What each server is meant to hear: requests to the store are signed and hold no secret.
        let taps = [
            ("what the store heard", Tap::on(&storage.server.endpoint).await, [].as_slice()),
            ("what the provider heard", provider_tap, &[API_KEY]),
            ("what the chain heard", Tap::on(&chain.url).await, &[]),
            ("what the model heard", Tap::on(&model.url).await, &[OPENAI_KEY]),
        ];
        for (name, value) in [
            ("AIOZ_S3_ENDPOINT", taps[0].1.url.as_str()),
            ("AIOZ_BUCKET", "data"),
            ("AIOZ_ACCESS_KEY", ACCESS_KEY),
            ("AIOZ_SECRET_KEY", SECRET_KEY),
            ("AIOZ_W3AI_ENDPOINT", taps[1].1.url.join("api/v1").unwrap().as_str()),
            ("AGENT_PROFILE", "live"),
            ("AIOZ_API_KEY", API_KEY),
            ("NEO_RPC_URL", taps[2].1.url.as_str()),
            ("NEO_NETWORK", &NET.0.to_string()),
            ("NEO_PRIVATE_KEY", WIF),
            ("GAS_RECIPIENT", &RECIPIENT.address()),
            ("AGENT_STYLE", "tools"),
            ("OPENAI_BASE_URL", taps[3].1.url.as_str()),
            ("OPENAI_API_KEY", OPENAI_KEY),
            ("AGENT_MODEL", "canary-model"),
            ("AGENT_LOG", "trace"),
        ] {
            world.set(name, value);
        }
        let (seen, _model, _storage, _chain) = (Seen::default(), model, storage, chain);
        Stage { world, seen, provider, taps, _chain, _storage, _model, _servers: servers }
    }

    /// A run whose processes are watched; what it says is searched.
    fn run(&mut self, arguments: &[&str], input: &str) -> Run {
        let said = tempfile::tempdir().unwrap();
        let (out, err) = (said.path().join("out"), said.path().join("err"));
        let mut command = self.world.command(arguments);
        command.stdin(Stdio::piped()).stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let status = loop {
            self.seen.look(child.id());
            self.seen.look(self.provider.process.0.id());
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        let run = Run {
            code: status.code().unwrap_or(-1),
            out: fs::read_to_string(out).unwrap(),
            err: fs::read_to_string(err).unwrap(),
        };
        none_in(&format!("standard output of {arguments:?}"), run.out.as_bytes(), &[]);
        none_in(&format!("standard error of {arguments:?}"), run.err.as_bytes(), &[]);
        run
    }

    /// Searches every file but those that the test itself made with a secret in it, what each server heard, and what
    /// `/proc` showed.
    fn search(&self, own: &[PathBuf]) {
        let mut count = 0;
        for file in canaries::files(self.world.root()) {
            if own.contains(&file) || fs::metadata(&file).unwrap().len() > 5_000_000 {
                continue;
            }
            count += 1;
            none_in(&file.display().to_string(), &fs::read(&file).unwrap(), &[]);
        }
        assert!(count > 10, "only {count} files were searched");
        for (place, tap, belong) in &self.taps {
            let heard = tap.heard();
            assert!(!heard.is_empty(), "{place}: nothing");
            none_in(place, &heard, belong);
            for secret in *belong {
                let heard = String::from_utf8_lossy(&heard).into_owned();
                assert!(heard.contains(secret), "{place} lacks the secret that is meant for it");
            }
        }
        assert!(!self.seen.environments.is_empty(), "no worker was seen");
        for environment in &self.seen.environments {
            none_in("the environment of a worker", environment, &[]);
            let names = environment.split(|byte| *byte == 0).filter_map(|v| v.split(|b| *b == b'=').next());
            for name in names.map(|name| String::from_utf8_lossy(name).into_owned()) {
                // Two of them belong to the program that a worker within bubblewrap is about to become.
                let known = ["PATH", "HOME", "LANG", "TMPDIR", "PWD", ""].contains(&name.as_str())
                    || name.starts_with("AGENT_WORKER");
                assert!(known, "a worker is given {name}");
            }
        }
        self.seen.command_lines.iter().for_each(|line| none_in("a command line", line, &[]));
    }
}

/// A FASTA file that takes a worker a while.
fn long_fasta() -> String {
    let record = format!(">protein\n{}", format!("{}\n", "ACDEFGHIKLMNPQRSTVWY".repeat(4)).repeat(100));
    record.repeat(5_000_000 / record.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_runs_leave_no_secret_anywhere() {
    let mut stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    stage.world.file("long.fasta", long_fasta());
    tokio::task::block_in_place(|| {
        let paid = stage.run(&["ask", "--json", "--yes", "Run protein folding on data.fasta"], "");
        assert_eq!(paid.code, 0, "{}", paid.all());
        assert_eq!(paid.event("receipt")["payment"]["amount"], "2");
        assert!(paid.err.contains("agent"), "the logs are not on: {}", paid.err);
        let local = stage.run(&["ask", "--json", "Give me sequence statistics of long.fasta"], "");
        assert_eq!(local.code, 0, "{}", local.all());

        // A wallet of the same key, locked, made from a file; and a second payment from it.
        let key = stage.world.file("key.txt", WIF);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let import = ["wallet", "import", "w.json", "--from", "key.txt", "--json", "--passphrase-fd", "0"];
        let imported = stage.run(&import, PASSPHRASE);
        assert_eq!(imported.code, 0, "{}", imported.all());
        stage.world.unset("NEO_PRIVATE_KEY");
        stage.world.set("NEO_WALLET", "w.json");
        let ask = ["ask", "--json", "--yes", "--passphrase-fd", "0", "Run protein folding on data.fasta"];
        let paid = stage.run(&ask, PASSPHRASE);
        assert_eq!(paid.code, 0, "{}", paid.all());

        for arguments in [
            ["jobs", "list"].as_slice(),
            &["jobs", "show"],
            &["jobs", "log"],
            &["jobs", "receipt"],
            &["jobs", "receipt", "--verify", "--json"],
            &["jobs", "resume", "--json"],
            &["wallet"],
            &["wallet", "address"],
            &["wallet", "history", "--json"],
            &["config"],
            &["config", "--json"],
            &["doctor", "--json"],
            &["tools"],
        ] {
            let run = stage.run(arguments, "");
            assert!(!run.err.contains("panicked"), "{arguments:?}: {}", run.all());
        }
        stage.search(&[key]);
    });
}

/// A run that goes wrong: what is changed, what it is changed to, and the arguments.
struct Broken<'a> {
    setting: &'a str,
    value: String,
    arguments: &'a [&'a str],
}

/// With its last character another.
fn misspelt(secret: &str) -> String {
    let (rest, last) = secret.split_at(secret.len() - 1);
    format!("{rest}{}", if last == "x" { "y" } else { "x" })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_quotes_no_secret() {
    let mut stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let [nobody] = free_ports();
    let ask = ["ask", "--json", "--yes", "Run protein folding on data.fasta"].as_slice();
    let address = ["wallet", "address"].as_slice();
    let mut cases = Vec::new();
    // Keys that are none, at the place of a key and, by a slip, at others.
    for key in [misspelt(WIF), WIF[1..].to_owned(), HEX[1..].to_owned(), format!("{HEX}0"), format!("0x{}", &HEX[2..])]
    {
        for arguments in [ask, address, &["doctor", "--json"], &["config"]] {
            cases.push(Broken { setting: "NEO_PRIVATE_KEY", value: key.clone(), arguments });
        }
    }
    for secret in [WIF, HEX] {
        for setting in ["GAS_RECIPIENT", "NEO_NETWORK", "NEO_RPC_URL", "AGENT_PROFILE", "AIOZ_S3_ENDPOINT"] {
            cases.push(Broken { setting, value: secret.to_owned(), arguments: ask });
        }
    }
    let rented = format!("http://127.0.0.1:{nobody}/{HEX}");
    cases.push(Broken { setting: "NEO_RPC_URL", value: rented, arguments: ask });
    cases.push(Broken { setting: "AIOZ_SECRET_KEY", value: misspelt(SECRET_KEY), arguments: ask });
    cases.push(Broken { setting: "AIOZ_API_KEY", value: misspelt(API_KEY), arguments: ask });
    cases.push(Broken { setting: "AIOZ_API_KEY", value: format!("{API_KEY}\nmore"), arguments: ask });
    cases.push(Broken { setting: "OPENAI_API_KEY", value: misspelt(OPENAI_KEY), arguments: ask });
    cases.push(Broken { setting: "OPENAI_API_KEY", value: format!("{OPENAI_KEY}\nmore"), arguments: ask });
    tokio::task::block_in_place(|| {
        for Broken { setting, value, arguments } in &cases {
            let right = stage.world.setting(setting);
            stage.world.set(setting, value.as_str());
            let run = stage.run(arguments, "");
            assert!(*arguments == ["config"] || run.code != 0, "{setting}: {}", run.all());
            for secret in [WIF, HEX, SECRET_KEY, API_KEY, OPENAI_KEY] {
                no_part_in(&format!("{arguments:?} with a wrong {setting}"), &run.all(), secret);
            }
            stage.world.set(setting, right);
        }
        // Files of settings with a line that is none; the line is the secret's.
        for (name, content) in [
            ("work/.env", format!("NEO_PRIVATE_KEY '{WIF}\n")),
            ("home/config.toml", format!("neo_private_key = {WIF}\n")),
            ("home/config.toml", format!("neo_private_key = {{ key = \"{HEX}\" }}\n")),
            ("home/policy.toml", format!("recipients = [\"{HEX}\"]\n")),
            ("home/policy.toml", format!("auto_approve_up_to = \"{HEX}\"\n")),
        ] {
            let path = stage.world.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let run = stage.run(ask, "");
            assert_ne!(run.code, 0, "{name}: {}", run.all());
            [WIF, HEX].iter().for_each(|secret| no_part_in(name, &run.all(), secret));
            fs::remove_file(path).unwrap();
        }
        // Wallet files that are none, and a passphrase that is wrong.
        stage.world.unset("NEO_PRIVATE_KEY");
        stage.world.set("NEO_WALLET", "w.json");
        for content in [
            misspelt(WIF),
            HEX[1..].to_owned(),
            format!("{{\"accounts\": \"{WIF}\"}}"),
            format!("{{\"scrypt\": {{\"n\": \"{HEX}\"}}, \"accounts\": []}}"),
            format!(
                "{{\"scrypt\": {{\"n\": 2, \"r\": 1, \"p\": 1}}, \"accounts\": [{{\"address\": \"{WIF}\", \"key\": \"{HEX}\", \"isDefault\": true}}]}}"
            ),
            format!("{{\"{WIF}\""),
        ] {
            let path = stage.world.file("w.json", content);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let run = stage.run(ask, PASSPHRASE);
            assert_ne!(run.code, 0, "{}", run.all());
            [WIF, HEX].iter().for_each(|secret| no_part_in("a wallet that is none", &run.all(), secret));
            fs::remove_file(path).unwrap();
        }
        let made = stage.run(&["wallet", "new", "w.json", "--passphrase-fd", "0"], PASSPHRASE);
        assert_eq!(made.code, 0, "{}", made.all());
        let wrong = misspelt(PASSPHRASE);
        let run = stage.run(&["ask", "--json", "--yes", "--passphrase-fd", "0", ask[3]], &wrong);
        assert_ne!(run.code, 0, "{}", run.all());
        no_part_in("a wrong passphrase", &run.all(), PASSPHRASE);
        for file in canaries::files(stage.world.root()) {
            none_in(&file.display().to_string(), &fs::read(&file).unwrap(), &[]);
        }
    });
}

#[test]
fn a_process_with_keys_leaves_no_core_and_its_host_is_given_none() {
    let mut world = World::new();
    for (name, value) in [("NEO_PRIVATE_KEY", WIF), ("OPENAI_API_KEY", OPENAI_KEY), ("AIOZ_SECRET_KEY", SECRET_KEY)] {
        world.set(name, value);
    }
    // The shell allows any core; the program waits for a passphrase that does not come, and is told to dump.
    let plain = world.command(&["wallet", "new", "w.json", "--passphrase-fd", "0"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\""]);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(world.work()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = Running(command.stdin(Stdio::piped()).spawn().unwrap());
    let limits = format!("/proc/{}/limits", child.0.id());
    let closed = || {
        let limits = fs::read_to_string(&limits).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        (core.split_whitespace().collect::<Vec<_>>()[4..6] == ["0", "0"]).then_some(())
    };
    crate::neo_go::until(closed).expect("core dumps are not turned off");
    let id = rustix::process::Pid::from_child(&child.0);
    rustix::process::kill_process(id, rustix::process::Signal::ABORT).unwrap();
    let status = child.0.wait().unwrap();
    assert!(status.signal().is_some() && !status.core_dumped(), "{status:?}");

    // The sandbox's host outlives the program, and needs none of its environment.
    world.set("AGENT_PROFILE", "sandbox");
    world.set("AGENT_MODEL", "planner");
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let folder = world.home().join("sandbox");
    let hosts: Vec<Vec<u8>> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|process| {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&format!("sandbox-host\0{}", folder.display()))
        })
        .map(|process| fs::read(process.path().join("environ")).unwrap())
        .collect();
    assert!(!hosts.is_empty(), "no host is running");
    for environment in hosts {
        none_in("the environment of the sandbox's host", &environment, &[]);
        assert!(!String::from_utf8_lossy(&environment).contains("AIOZ_"));
    }
}
