//! What an outside program says of itself: its version, its messages, and why it failed.

use std::{
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use domain::{
    result::{MAX_WARNINGS, WARNING_WIDTH},
    units,
};
use guard::config::plain_file;

/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether it did.
const LOOK: Duration = Duration::from_millis(5);
/// As much of what it says is read, bytes.
const MOST: u64 = 16 << 10;
/// The longest version.
const VERSION: usize = 120;
/// As many of a program's last lines say why it failed.
const LAST_LINES: usize = 6;
/// The longest reason.
const REASON: usize = 400;

/// The version that `command` tells; `scratch` takes what it says. Nothing where it tells none.
pub(super) fn version(command: Command, scratch: &Path) -> Option<String> {
    version_within(PATIENCE, command, scratch)
}

fn version_within(patience: Duration, mut command: Command, scratch: &Path) -> Option<String> {
    // Without a name: under one, the program itself may have left a link.
    let mut told = tempfile::tempfile_in(scratch).ok()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::from(told.try_clone().ok()?))
        .stderr(Stdio::from(told.try_clone().ok()?))
        .spawn()
        .ok()?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().ok()? {
            break status;
        }
        if started.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(LOOK);
    };
    // What a program says that does not know the option is no version of it.
    if !status.success() {
        return None;
    }
    let mut text = Vec::new();
    told.rewind().ok()?;
    told.take(MOST).read_to_end(&mut text).ok()?;
    version_in(&String::from_utf8_lossy(&text))
}

/// The first word that is a version (`2.12.0+`, `v7.505`); else the first line that has a digit.
fn version_in(text: &str) -> Option<String> {
    let is_version = |word: &&str| {
        let number = word.trim_start_matches('v');
        number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.')
    };
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| ",;:()".contains(c)));
    let line = || text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()));
    let found = words.clone().find(is_version).or_else(line)?;
    Some(units::clean(found.trim(), VERSION)).filter(|version| !version.is_empty())
}

/// The messages of a program that ended well: the first lines of its standard error.
#[derive(Default)]
pub(super) struct Messages {
    lines: Vec<Vec<u8>>,
    open: bool,
    more: u64,
}

impl Messages {
    /// Takes in the next piece of it.
    pub fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|&b| b == b'\n' || b == b'\r') {
            let ends = part.ends_with(b"\n") || part.ends_with(b"\r");
            let text = part.strip_suffix(b"\n").or(part.strip_suffix(b"\r")).unwrap_or(part);
            let blank = text.iter().all(u8::is_ascii_whitespace);
            if self.open {
                // The rest of a line that is not kept is not kept either.
                if let Some(line) = self.lines.last_mut().filter(|_| self.more == 0) {
                    let room = (4 * WARNING_WIDTH).saturating_sub(line.len());
                    line.extend(text.iter().take(room));
                }
            } else if !blank && self.lines.len() < MAX_WARNINGS {
                self.lines.push(text.iter().copied().take(4 * WARNING_WIDTH).collect());
            } else if !blank {
                self.more += 1;
            }
            self.open = !ends && (self.open || !blank);
        }
    }

    /// Each line, cleaned; how many more there are, in `file`, is the last.
    pub fn lines(self, file: &str) -> Vec<String> {
        let clean = |line: &Vec<u8>| units::clean(String::from_utf8_lossy(line).trim(), WARNING_WIDTH);
        let mut lines: Vec<String> = self.lines.iter().map(clean).filter(|line| !line.is_empty()).collect();
        match self.more {
            0 => {}
            1 => lines.push(format!("1 more line is in {file}")),
            more => lines.push(format!("{} more lines are in {file}", units::count(more))),
        }
        lines
    }
}

/// The last lines that a program wrote to the first of these files that is not blank; nothing where it wrote none.
pub(super) fn reason<'a>(files: impl IntoIterator<Item = &'a Path>) -> String {
    files.into_iter().map(|path| last_lines(path, LAST_LINES)).find(|said| !said.is_empty()).unwrap_or_default()
}

/// The last line that a program wrote to a file; nothing where it wrote none.
pub(super) fn last_line(path: &Path) -> String {
    last_lines(path, 1)
}

fn last_lines(path: &Path, most: usize) -> String {
    let read = || -> io::Result<Vec<u8>> {
        // Not what the program put in its place: a link to what it may not read itself.
        let mut file = plain_file::open_itself(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
        let mut end = Vec::new();
        file.take(MOST).read_to_end(&mut end)?;
        Ok(end)
    };
    let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
    // Lines of signs alone are drawing.
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| line.contains(char::is_alphanumeric)).collect();
    let mut said = String::new();
    for line in lines.into_iter().rev().take(most) {
        let whole = if said.is_empty() { line.to_owned() } else { format!("{line} {said}") };
        if whole.chars().count() > REASON && !said.is_empty() {
            break;
        }
        said = whole;
    }
    units::clean(&said, REASON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (said, version) in [
            ("blastp: 2.12.0+\n Package: blast 2.12.0, build Feb 17 2022 10:04:48\n", Some("2.12.0+")),
            ("v7.505 (2022/Apr/10)\n", Some("v7.505")),
            ("# hmmsearch :: search profiles\n# HMMER 3.3.2 (Nov 2020); http://hmmer.org/\n", Some("3.3.2")),
            ("tool, release 7\nother\n", Some("tool, release 7")),
            ("no idea\n", None),
            ("", None),
        ] {
            assert_eq!(version_in(said).as_deref(), version, "{said}");
        }
    }

    #[test]
    fn a_program_that_never_tells_its_version_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut echo = Command::new("echo");
        echo.arg("tool 1.2");
        assert_eq!(version(echo, folder.path()).as_deref(), Some("1.2"));
        assert_eq!(version(Command::new("/nowhere/at/all"), folder.path()), None);
        let mut unknown = Command::new("sh");
        unknown.args(["-c", "echo 'sh: 0: Illegal option --' >&2; exit 2"]);
        assert_eq!(version(unknown, folder.path()), None, "an error is no version");
        let mut silent = Command::new("sleep");
        silent.arg("600");
        let started = Instant::now();
        assert_eq!(version_within(Duration::from_millis(50), silent, folder.path()), None);
        assert!(started.elapsed() < Duration::from_secs(60), "it was waited for to its end");
    }

    #[test]
    fn messages_are_lines_however_they_are_cut() {
        let text = "\n  one \r  10 %\r\n\ntwo\u{1b}[31m\n".to_owned() + &"many\n".repeat(30);
        for size in [1, 3, 1000] {
            let mut messages = Messages::default();
            text.as_bytes().chunks(size).for_each(|piece| messages.take(piece));
            let lines = messages.lines("stderr.txt");
            assert_eq!(lines.len(), 21, "{lines:?}");
            assert_eq!((lines[0].as_str(), lines[1].as_str(), lines[3].as_str()), ("one", "10 %", "many"));
            assert!(!lines[2].contains('\u{1b}') && lines[20] == "13 more lines are in stderr.txt", "{lines:?}");
        }
        assert!(Messages::default().lines("x").is_empty());
    }

    #[test]
    fn the_last_lines_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let (err, out) = (folder.path().join("err"), folder.path().join("out"));
        std::fs::write(&out, "usage\n=====\nIllegal character U\n").unwrap();
        std::fs::write(&err, " \n\n").unwrap();
        assert_eq!(reason([err.as_path(), out.as_path()]), "usage Illegal character U");
        std::fs::write(&err, "x".repeat(10_000) + "\nthe end\n").unwrap();
        assert_eq!(reason([err.as_path(), out.as_path()]), "the end");
        assert_eq!(reason([folder.path().join("none").as_path()]), "");
    }
}
