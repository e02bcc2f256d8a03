//! A fresh folder with a home, in which the real program runs.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// What a task file says of a program that does little.
pub const FIGURES: &str = r#"[resources]
ram = { constant = 5e7 }
seconds = { constant = 0.1 }
spread = 3.0
source = "a guess for a program that does little"
"#;

/// A working directory and a home of their own, gone when dropped.
pub struct World {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What one run of the program left.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("work")).unwrap();
        World { dir, env: Vec::new() }
    }

    /// The folder of all that the program has: its home, and where it is run.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Where the program is run.
    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// AGENT_HOME.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A task file of the owner's.
    pub fn task(&self, name: &str, text: &str) -> PathBuf {
        let folder = self.home().join("tasks");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.toml"));
        fs::write(&path, text).unwrap();
        path
    }

    /// A FASTA file with a real head and a hole to `bytes`.
    pub fn sparse_fasta(&self, name: &str, bytes: u64) -> PathBuf {
        let path = self.file(name, example("data.fasta"));
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes).unwrap();
        path
    }

    /// A setting for every later run.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.into()));
    }

    /// A setting no more.
    pub fn unset(&mut self, name: &str) {
        self.env.retain(|(known, _)| known != name);
    }

    /// Whether there is a setting of that name.
    pub fn has(&self, name: &str) -> bool {
        self.env.iter().any(|(known, _)| known == name)
    }

    /// A setting as it is now.
    pub fn setting(&self, name: &str) -> String {
        self.env.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    /// The program, with nothing of the test's own environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        command
            .args(arguments)
            .current_dir(self.work())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("AGENT_HOME", self.home())
            .envs(self.env.iter().map(|(k, v)| (k, v)));
        command
    }

    /// Kills a run as soon as `enough` of it is logged; gives what it had printed.
    pub fn killed(&self, arguments: &[&str], enough: &dyn Fn(&World) -> bool) -> String {
        let mut run = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !enough(self) {
            let goes_on = begun.elapsed() < Duration::from_secs(120) && run.try_wait().unwrap().is_none();
            assert!(goes_on, "{:?}", self.states());
            std::thread::yield_now();
        }
        run.kill().unwrap();
        String::from_utf8(run.wait_with_output().unwrap().stdout).unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// A run that is given this on standard input.
    pub fn run_given(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that does not read it is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Run::of(child.wait_with_output().unwrap())
    }

    /// The lines of jobs.jsonl, but for one that is being written.
    pub fn job_log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.home().join("jobs.jsonl")).unwrap_or_default();
        lines(text.rsplit_once('\n').map_or("", |(whole, _)| whole))
    }

    /// The states that were logged, in order.
    pub fn states(&self) -> Vec<String> {
        self.job_log().iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect()
    }
}

impl Run {
    pub fn of(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Everything the run said, for a failing assertion.
    pub fn all(&self) -> String {
        format!("exit {}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err)
    }

    /// Standard output as JSON Lines, and nothing else.
    pub fn events(&self) -> Vec<Value> {
        lines(&self.out)
    }

    pub fn types(&self) -> Vec<String> {
        self.events().iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect()
    }

    /// The one event of that type.
    pub fn event(&self, kind: &str) -> Value {
        let mut found: Vec<Value> = self.events().into_iter().filter(|e| e["type"] == kind).collect();
        assert_eq!(found.len(), 1, "{kind} in {}", self.all());
        found.remove(0)
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Whether a part of this machine works that some tests need; it has to where `AGENT_TEST_MUST` names it.
pub fn works(part: &str, works: bool) -> bool {
    let must = std::env::var("AGENT_TEST_MUST").unwrap_or_default();
    assert!(works || !must.split(',').any(|one| one == part), "{part} does not work on this machine");
    works
}

/// Whether programs are isolated by bubblewrap here.
pub fn isolates() -> bool {
    works("isolation", compute::worker::isolation().is_ok())
}

/// A text for people as one line: where it was broken does not matter.
pub fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A file of the examples.
pub fn example(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)).unwrap()
}
