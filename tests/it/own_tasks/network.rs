//! Programs that may use the network: what they are given may leave this machine, so that somebody has to agree.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
};

use super::{left, tasks, with};
use crate::world::{FIGURES, World, flat, isolates};

/// A port that nobody else listens on, and that says at once whether it was called.
fn port() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Copies the lines, and calls a port of this machine on the way.
fn caller(network: bool, port: u16) -> String {
    format!(
        r#"name = "caller"
title = "A caller"
description = "Calls, and copies the lines."
[inputs.lines]
formats = ["text"]
[program]
kind = "command"
executable = "bash"
arguments = ["-c", "(exec 5<>/dev/tcp/127.0.0.1/{port}) 2> /dev/null && echo reached > $1 || cp $0 $1", "{{lines}}", "{{out:said.txt}}"]
network = {network}
"#
    ) + FIGURES
}

#[test]
fn a_program_has_the_network_where_its_task_says_so_and_a_person_says_yes() {
    let (listener, port) = port();
    let world = with(&[("caller.toml", &caller(true, port))]);
    let shown = flat(&world.run(&["tasks", "show", "caller"]).out);
    assert!(shown.contains("Network its programs may use it, so that each run is asked for"), "{shown}");
    let asked = world.run(&["run", "caller", "lines.txt"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    assert!(flat(&asked.all()).contains("any server, as caller may use the network"), "{}", asked.all());
    let here = world.run(&["run", "caller", "lines.txt", "--here", "--yes"]);
    assert_eq!(here.code, 3, "{}", here.all());
    assert!(
        flat(&here.all()).contains("caller may use the network, and the request is for this machine only"),
        "{}",
        here.all()
    );
    assert!(listener.accept().is_err() && world.states().is_empty(), "nobody called");
    let run = world.run(&["run", "caller", "lines.txt", "--yes", "--json"]);
    assert_eq!(left(&run, "said.txt"), "reached\n");
    assert!(listener.accept().is_ok());
    fs::write(tasks(&world).join("caller.toml"), caller(false, port)).unwrap();
    let run = world.run(&["run", "caller", "lines.txt", "--json"]);
    if isolates() {
        assert_eq!(left(&run, "said.txt"), "b\na\nc\n");
    }
}

#[test]
fn what_was_refused_is_asked_again_when_its_request_is_taken_up() {
    let (listener, port) = port();
    let world = with(&[("caller.toml", &caller(true, port))]);
    let refused = world.run(&["run", "caller", "lines.txt", "--json"]);
    assert_eq!(refused.code, 4, "{}", refused.all());
    let request = refused.event("plan")["request"]["id"].as_str().unwrap().to_owned();
    for taken_up in [["run", "--request", &request], ["run", "--resume", &request]] {
        let again = world.run(&taken_up);
        assert_eq!(again.code, 4, "{}", again.all());
    }
    assert!(listener.accept().is_err(), "nobody called");
    let agreed = world.run(&["run", "--request", &request, "--yes"]);
    assert_eq!(agreed.code, 0, "{}", agreed.all());
    assert!(listener.accept().is_ok());
}

#[test]
fn who_measures_such_a_task_is_asked_before_the_first_sample() {
    let (listener, port) = port();
    let world = with(&[("caller.toml", &caller(true, port).replace(FIGURES, ""))]);
    let figures = |world: &World| fs::read_to_string(tasks(world).join("caller.toml")).unwrap().contains("[resources]");
    let refused = world.run(&["tasks", "try", "caller", "lines.txt"]);
    assert_eq!(refused.code, 4, "{}", refused.all());
    let said = flat(&refused.err);
    assert!(said.contains("nobody agreed that the samples may leave this machine") && said.contains("--yes"), "{said}");
    assert!(listener.accept().is_err() && !figures(&world), "nobody called, and nothing was measured");
    let tried = world.run(&["tasks", "try", "caller", "lines.txt", "--yes"]);
    assert_eq!(tried.code, 0, "{}", tried.all());
    assert!(listener.accept().is_ok() && figures(&world));
}
