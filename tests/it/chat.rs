//! The conversation of the real program on a pseudo-terminal.

use rexpect::session::{PtySession, spawn_command};

use crate::world::World;

/// Longer than any step takes on a busy machine, milliseconds.
const PATIENCE: u64 = 120_000;
const PROMPT: &str = "you> ";

/// A conversation that is under way.
pub struct Chat {
    session: PtySession,
}

impl Chat {
    /// Begins one, up to its first prompt.
    pub fn start(world: &World, arguments: &[&str]) -> Chat {
        let mut chat = Chat::on(world, "xterm", arguments);
        chat.sees("offline planner");
        chat.at_prompt();
        chat
    }

    /// Begins one on a terminal of this kind.
    pub fn on(world: &World, term: &str, arguments: &[&str]) -> Chat {
        let mut command = world.command(arguments);
        command.env("TERM", term).env("NO_COLOR", "1");
        Chat { session: spawn_command(command, Some(PATIENCE)).unwrap() }
    }

    /// Waits until this text is on the terminal; gives what came before it.
    pub fn sees(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap()
    }

    /// Waits for the prompt.
    pub fn at_prompt(&mut self) -> String {
        self.sees(PROMPT)
    }

    /// Types a line, and waits for each of these texts and for the prompt.
    pub fn says(&mut self, line: &str, answers: &[&str]) {
        self.session.send_line(line).unwrap();
        for answer in answers {
            self.sees(answer);
        }
        self.at_prompt();
    }

    /// Types something without a line's end.
    pub fn types(&mut self, text: &str) {
        self.session.send(text).unwrap();
        self.session.flush().unwrap();
    }

    /// Presses a key together with Ctrl.
    pub fn control(&mut self, key: char) {
        self.session.send_control(key).unwrap();
    }

    /// Leaves, and gives what was said then.
    pub fn leaves(mut self) -> String {
        self.session.send_line("/quit").unwrap();
        self.ends()
    }

    /// Waits for the program's end; gives what it said last.
    pub fn ends(mut self) -> String {
        self.session.exp_eof().unwrap()
    }
}
