//! `agent sandbox`, and programs of others that do their everyday work on it.

mod neo;
mod s3;

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::{services::Running, world::World};

/// The sandbox held open, and what it said of how to reach it.
pub struct Open {
    process: Running,
    pub said: Value,
}

impl Open {
    pub fn of(world: &World) -> Open {
        let mut command = world.command(&["sandbox", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["type"], "sandbox.open", "{said}");
        Open { process: Running(child), said }
    }

    /// Part of what it said, without the slash at the end of an address.
    pub fn told(&self, part: &str) -> String {
        self.said.pointer(part).unwrap().as_str().unwrap().trim_end_matches('/').to_owned()
    }

    /// Presses Ctrl-C.
    pub fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.process.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.process.0.wait().unwrap().code()
    }
}

#[test]
fn the_open_sandbox_is_the_homes_own_and_its_lines_are_for_a_shell() {
    let world = World::new();
    world.file("data.fasta", crate::world::example("data.fasta"));
    let open = Open::of(&world);
    // A second one shows the same, as lines that a shell reads.
    let mut command = world.command(&["sandbox"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(16).map(Result::unwrap).collect();
    let _second = Running(child);
    let exported = |name: &str| {
        let begin = format!("export {name}=");
        lines
            .iter()
            .find_map(|line| line.strip_prefix(&begin))
            .unwrap_or_else(|| panic!("{name}: {lines:#?}"))
            .to_owned()
    };
    assert!(lines.iter().all(|line| line.is_empty() || line.starts_with("# ") || line.starts_with("export ")));
    for (name, part) in [
        ("AWS_ENDPOINT_URL", "/storage/endpoint"),
        ("AWS_ACCESS_KEY_ID", "/storage/access_key"),
        ("AWS_SECRET_ACCESS_KEY", "/storage/secret_key"),
        ("AIOZ_W3AI_ENDPOINT", "/provider/endpoint"),
        ("AIOZ_API_KEY", "/provider/api_key"),
        ("NEO_RPC_URL", "/chain/rpc"),
        ("NEO_PRIVATE_KEY", "/chain/payer_key"),
    ] {
        assert_eq!(exported(name), open.told(part), "{name}");
    }
    // The program's own jobs run on the same sandbox, and pay the provider that it names.
    let run = world.run(&["--json", "run", "protein_folding", "data.fasta", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("payment.intended")["recipient"], open.told("/chain/provider"), "{}", run.all());
    assert_eq!(open.stop(), Some(0));
}
