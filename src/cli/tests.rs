use super::*;

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn global_flags_go_anywhere() {
    for line in ["agent --json jobs list --home /h", "agent jobs --home /h list --json"] {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert!(cli.global.json);
        assert_eq!(cli.global.home.as_deref(), Some(std::path::Path::new("/h")));
    }
}

/// Every command's help, as one text.
fn help_of(command: &mut clap::Command, path: &str, out: &mut String) {
    let name = format!("{path} {}", command.get_name()).trim().to_owned();
    let text = command.clone().bin_name(&name).term_width(100).render_help().to_string();
    out.push_str(&format!("$ {name} --help\n{text}\n"));
    for inner in command.get_subcommands_mut().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        help_of(inner, &name, out);
    }
}

#[test]
fn help() {
    let (mut out, mut command) = (String::new(), Cli::command());
    command.build();
    help_of(&mut command, "", &mut out);
    insta::assert_snapshot!(out);
}

#[test]
fn what_cannot_be_parsed_is_usage() {
    for line in ["agent jobs show nonsense", "agent nonsense", "agent --nonsense", "agent jobs list extra"] {
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        assert!(error.use_stderr(), "{line}");
    }
}
