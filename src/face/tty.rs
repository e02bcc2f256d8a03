//! The terminal that a person sits at, whatever standard input and output are.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use rustix::{fs::OFlags, termios};
use secrecy::{SecretString, zeroize::Zeroizing};
use tokio::{
    io::AsyncReadExt as _,
    net::unix::pipe::Receiver,
    signal::unix::{Signal, SignalKind, signal},
};

/// The terminal that controls this process.
pub(super) const TERMINAL: &str = "/dev/tty";
/// A terminal hands over lines of at most this many bytes.
const MAX_LINE: usize = 4096;

/// Whether a question at the controlling terminal would reach a person, and their answer this process: it is in the
/// foreground (the system stops others that read), and no other program reads the keys for itself, as line editors and
/// programs that fill the screen do.
pub fn is_free() -> bool {
    let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits().cast_signed();
    let Ok(terminal) = OpenOptions::new().read(true).custom_flags(flags).open(TERMINAL) else { return false };
    let in_front = termios::tcgetpgrp(&terminal).is_ok_and(|group| group == rustix::process::getpgrp());
    let in_lines =
        termios::tcgetattr(&terminal).is_ok_and(|mode| mode.local_modes.contains(termios::LocalModes::ICANON));
    in_front && in_lines
}

/// The controlling terminal, opened for one question.
pub struct Tty {
    lines: Receiver,
    screen: File,
    /// Heard from the opening on: Ctrl-C at a question that was just shown is an answer to it.
    interrupts: Signal,
}

impl Tty {
    /// Opens it, and forgets what was typed before: a key pressed before a question was seen is no answer to it.
    ///
    /// Reading waits without a thread of its own: when it is given up, nothing is left that would take the next line.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn open() -> io::Result<Tty> {
        // O_NOCTTY: asking must not make some terminal ours. O_NONBLOCK is on this opening of it alone.
        let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits().cast_signed();
        let terminal = OpenOptions::new().read(true).custom_flags(flags).open(TERMINAL)?;
        let screen = OpenOptions::new().write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed()).open(TERMINAL)?;
        termios::tcflush(&terminal, termios::QueueSelector::IFlush)?;
        // A terminal is polled like a pipe, and tokio names only pipes; "unchecked" is that this is none.
        let interrupts = signal(SignalKind::interrupt())?;
        Ok(Tty { lines: Receiver::from_file_unchecked(terminal)?, screen, interrupts })
    }

    /// Writes to it.
    ///
    /// # Errors
    /// When it is gone.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.screen.write_all(text.as_bytes())
    }

    /// The next line, without its end. `None` at Ctrl-C and at the end of input (Ctrl-D).
    ///
    /// # Errors
    /// When it is gone.
    pub async fn line(&mut self) -> io::Result<Option<Zeroizing<String>>> {
        let mut line = Zeroizing::new([0; MAX_LINE]);
        let n = tokio::select! {
            // One read gives one line: terminals hand them over whole.
            n = self.lines.read(&mut line[..]) => n?,
            _ = self.interrupts.recv() => return Ok(None),
        };
        if n == 0 {
            return Ok(None);
        }
        let text = Zeroizing::new(String::from_utf8_lossy(&line[..n]).into_owned());
        Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
    }

    /// Asks for a line that is not shown while it is typed. `None` at Ctrl-C and Ctrl-D.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn secret(&mut self, prompt: &str) -> io::Result<Option<SecretString>> {
        let hidden = Hidden::from_now(self.screen.try_clone()?)?;
        self.say(prompt)?;
        let line = self.line().await;
        drop(hidden);
        self.say("\n")?;
        Ok(line?.map(|line| SecretString::from(line.as_str())))
    }
}

/// While it lives, the terminal does not show what is typed.
struct Hidden {
    terminal: File,
    before: termios::Termios,
}

impl Hidden {
    fn from_now(terminal: File) -> io::Result<Hidden> {
        let before = termios::tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(termios::LocalModes::ECHO);
        termios::tcsetattr(&terminal, termios::OptionalActions::Flush, &quiet)?;
        Ok(Hidden { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs no mending.
        let _ = termios::tcsetattr(&self.terminal, termios::OptionalActions::Flush, &self.before);
    }
}
