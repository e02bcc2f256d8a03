//! `agent completions SHELL`.

use std::process::ExitCode;

use clap::{Args, Command, CommandFactory as _};

use super::{Cli, CommandError, Context, Global};

/// Print a shell's completions.
#[derive(Debug, Args)]
pub struct Completions {
    /// For this shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// None.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut offered(), "agent", &mut text);
        let text = String::from_utf8_lossy(&text);
        if context.json() {
            context.output.json(&serde_json::json!({"shell": self.shell.to_string(), "completions": text}));
        } else {
            context.output.write(&text);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The program's definition without what it starts itself as: nobody types that.
fn offered() -> Command {
    let all = Cli::command();
    let shown: Vec<Command> = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    Global::augment_args(Command::new("agent").version(env!("CARGO_PKG_VERSION"))).subcommands(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_offered_by_no_shell() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut offered(), "agent", &mut text);
            let text = String::from_utf8(text).unwrap();
            assert!(!text.contains("sandbox-host") && !text.contains("worker"), "{shell}");
            for offered in ["ask", "trial", "passphrase-fd", "resume"] {
                assert!(text.contains(offered), "{shell}: {offered}");
            }
        }
    }
}
