//! Paths among the arguments. A shell puts the home folder in the place of `~`, but not behind `--home=`, and whoever starts
//! this program without a shell, as MCP clients do, has none that could.

use std::{ffi::OsStr, path::PathBuf};

use clap::{
    Arg, Command,
    builder::{PathBufValueParser, TypedValueParser as _, ValueParser},
};

use guard::config::at_home;

/// The same command, where every argument that is a path is taken from the home folder if it begins with `~/`.
pub fn from_home(command: Command) -> Command {
    let is_path = |arg: &Arg| arg.get_value_parser().type_id() == ValueParser::path_buf().type_id();
    command
        .mut_args(|arg| if is_path(&arg) { arg.value_parser(PathBufValueParser::new().map(home_path)) } else { arg })
        .mut_subcommands(from_home)
}

fn home_path(path: PathBuf) -> PathBuf {
    at_home(&path, std::env::var_os("HOME").as_deref().map(OsStr::as_ref))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_tilde_is_the_home_folder_in_every_path() {
        let home = std::env::var("HOME").unwrap();
        let parse = |arguments: &[&str]| {
            let matches = from_home(Cli::command()).try_get_matches_from(arguments).unwrap();
            Cli::from_arg_matches(&matches).unwrap()
        };
        let whole = Path::new(&home).join("x y");
        assert_eq!(parse(&["agent", "--home=~/x y", "jobs"]).global.home, Some(whole.clone()));
        assert_eq!(parse(&["agent", "jobs", "--home", "~/x y"]).global.home, Some(whole));
        assert_eq!(parse(&["agent", "--home", "./~/x"]).global.home, Some("./~/x".into()));
        assert_eq!(parse(&["agent", "--home", "~x"]).global.home, Some("~x".into()), "another user's is not guessed");
    }
}
