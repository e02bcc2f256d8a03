use super::*;
use crate::face::sample_plans::{self, HOSTS, at_widths, offloaded, planned};
use domain::{
    network::{Network, SANDBOX},
    plan::PriceSource,
    request::Bounds,
};

fn spending() -> Option<(Datoshi, Datoshi)> {
    Some((Datoshi::from_gas(20), Datoshi::from_gas(25)))
}

#[test]
fn the_question() {
    let plan = sample_plans::one_on_mainnet();
    insta::assert_snapshot!(at_widths(|look| consent(&plan, plan.request.said.as_deref(), spending(), look)));
}

/// What was typed as flags needs no reading back: the plan says the bounds itself.
#[test]
fn the_question_to_flags() {
    let plan = sample_plans::one_in_the_sandbox();
    insta::assert_snapshot!(at_widths(|look| consent(&plan, None, None, look)));
}

#[test]
fn the_question_about_four_files() {
    let plan = sample_plans::mixed();
    insta::assert_snapshot!(at_widths(|look| consent(&plan, Some("do what is needed in examples/"), spending(), look)));
}

/// A limit that was said and not heard is to be seen: the bounds that are not set are said too.
#[test]
fn what_was_not_heard_is_said() {
    let piece = offloaded("data.fasta", Network(SANDBOX), PriceSource::Quoted);
    let plan = planned(vec![piece], Bounds::default(), Some("fold data.fasta, 1 GAS at most"), HOSTS);
    let seen = consent(&plan, plan.request.said.as_deref(), None, &Look::plain(120)).join("\n");
    assert!(seen.contains("no spending limit but your own caps; here or at the provider; up to the result"), "{seen}");
}

#[test]
fn what_was_said_cannot_write_lines_of_its_own() {
    let said = "x\n\u{1b}[2JPlan       free\u{202e}";
    let plan = sample_plans::one_in_the_sandbox();
    for line in consent(&plan, Some(said), None, &Look::plain(80)) {
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
        assert!(!line.starts_with("Plan       free"), "{line:?}");
    }
}

/// The question as a person meets it: on a real terminal, with an editor of their own.
mod at_a_terminal {
    use std::{env, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

    use rexpect::session::PtySession;

    use super::*;

    /// Set in the process that asks.
    const ASKS: &str = "AGENT_TEST_ASKS_FOR_CONSENT";

    /// Asks and prints what was said, in a process of its own on a terminal of its own; does nothing in the tests' own process.
    #[tokio::test]
    async fn asks() {
        if env::var_os(ASKS).is_none() {
            return;
        }
        let plan = sample_plans::one_in_the_sandbox();
        let said = ask_consent(&plan, None, None, &Look::plain(80)).await.unwrap();
        match said {
            Said::Edited(request) => println!("said: edited {:?}", request.bounds.spend),
            said => println!("said: {said:?}"),
        }
    }

    fn asked(editor: &str) -> PtySession {
        let mut command = Command::new(env::current_exe().unwrap());
        let name = format!("{}::asks", module_path!().split_once("::").unwrap().1);
        command.args([&name, "--exact", "--nocapture"]).env(ASKS, "1").env("EDITOR", editor).env_remove("VISUAL");
        let mut session = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
        session.exp_string("Go ahead? [y]es / [N]o / [e]dit ").unwrap();
        session
    }

    /// An editor that runs `script` on the file.
    fn editor(folder: &Path, script: &str) -> String {
        let file = folder.join("my editor");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        file.display().to_string()
    }

    #[test]
    fn yes_no_and_what_is_neither() {
        for (typed, said) in [("y", "Yes"), ("YES", "Yes"), ("n", "No"), ("", "No"), ("\u{3}", "No"), ("\u{4}", "No")] {
            let mut session = asked("true");
            if typed.starts_with(['\u{3}', '\u{4}']) {
                session.send(typed).unwrap();
                session.flush().unwrap();
            } else {
                session.send_line(typed).unwrap();
            }
            session.exp_string(&format!("said: {said}")).unwrap();
        }
        let mut session = asked("true");
        for _ in 0..2 {
            session.send_line("maybe").unwrap();
            session.exp_string("Please answer y, n or e.").unwrap();
        }
        session.send_line("yes please").unwrap();
        session.exp_string("That is taken as a no.").unwrap();
        session.exp_string("said: No").unwrap();
    }

    #[test]
    fn an_edited_plan_is_another_request() {
        let folder = tempfile::tempdir().unwrap();
        let add = editor(folder.path(), "sed -i 's/^until/max_gas = \"1.5\"\\nuntil/' \"$1\"");
        let mut session = asked(&add);
        session.send_line("e").unwrap();
        session.exp_string("said: edited AtMost(150000000 datoshi)").unwrap();
    }

    /// What does not parse is said with its place, and is there when the editor is opened again.
    #[test]
    fn a_slip_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let slip = "grep -q '^max_gaz' \"$1\" && sed -i 's/^max_gaz/max_gas/' \"$1\" || sed -i 's/^until/max_gaz = \"2\"\\nuntil/' \"$1\"";
        let mut session = asked(&editor(folder.path(), slip));
        session.send_line("e").unwrap();
        session.exp_string("max_gaz").unwrap();
        session.exp_string("your changes are kept").unwrap();
        session.exp_string("Mend it? [e]dit / [N]o ").unwrap();
        session.send_line("e").unwrap();
        session.exp_string("said: edited AtMost(200000000 datoshi)").unwrap();
    }

    /// After a slip the plan on the screen is not what the person wants: a yes is no yes to it, until the changes are undone.
    #[test]
    fn a_slip_is_never_a_yes_to_the_plan_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let slip = "if grep -q '^max_gas = 1$' \"$1\"; then sed -i '/^max_gas = 1$/d' \"$1\"; \
                    else sed -i 's/^until/max_gas = 1\\nuntil/' \"$1\"; fi";
        let editor = editor(folder.path(), slip);
        let mut session = asked(&editor);
        session.send_line("e").unwrap();
        session.exp_string("invalid type: integer").unwrap();
        session.exp_string("Mend it? [e]dit / [N]o ").unwrap();
        session.send_line("y").unwrap();
        session.exp_string("Your changes are not in the plan that was shown").unwrap();
        session.exp_string("Mend it? [e]dit / [N]o ").unwrap();
        session.send_line("e").unwrap();
        session.exp_string("The plan is as it was.").unwrap();
        session.exp_string("Go ahead? [y]es / [N]o / [e]dit ").unwrap();
        session.send_line("y").unwrap();
        session.exp_string("said: Yes").unwrap();

        let mut session = asked(&editor);
        session.send_line("e").unwrap();
        session.exp_string("Mend it? [e]dit / [N]o ").unwrap();
        for _ in 0..2 {
            session.send_line("yes").unwrap();
            session.exp_string("Mend it? [e]dit / [N]o ").unwrap();
        }
        session.send_line("yes").unwrap();
        session.exp_string("said: No").unwrap();
    }

    #[test]
    fn an_editor_that_fails_or_changes_nothing_loses_nothing() {
        let mut session = asked("false");
        session.send_line("e").unwrap();
        session.exp_string("false failed").unwrap();
        session.exp_string("[e]dit ").unwrap();
        session.send_line("y").unwrap();
        session.exp_string("said: Yes").unwrap();

        let mut session = asked("/nowhere/editor --wait");
        session.send_line("edit").unwrap();
        session.exp_string("/nowhere/editor cannot be started").unwrap();
        session.exp_string("[e]dit ").unwrap();
        session.send_line("n").unwrap();
        session.exp_string("said: No").unwrap();

        let mut session = asked("true");
        session.send_line("e").unwrap();
        session.exp_string("The plan is as it was.").unwrap();
        session.exp_string("[e]dit ").unwrap();
        session.send_line("").unwrap();
        session.exp_string("said: No").unwrap();
    }
}
