//! Finding the sandbox's host, or starting it.

use std::{
    io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::host::{Addresses, read_addresses};

/// A host is up well within this.
const START_LIMIT: Duration = Duration::from_secs(20);
/// What a host is given of the environment: its workers look for programs, and its parts for a folder of short-lived files.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];
/// The host's log in the sandbox's folder.
const LOG_FILE: &str = "host.log";

/// A host that is there as long as this is held.
#[derive(Debug)]
pub struct Guest {
    /// How to reach its servers.
    pub addresses: Addresses,
    _connection: BufReader<TcpStream>,
}

/// Why the sandbox is not there.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The host could not be started.
    #[error("the sandbox could not be started: {0}")]
    Start(io::Error),
    /// The host did not come up.
    #[error("the sandbox did not come up; its log is {log}")]
    Silent {
        /// Where its log is.
        log: PathBuf,
    },
}

/// A guest of the host of the sandbox in `folder`; where none runs, one is started as `program sandbox-host FOLDER`.
///
/// # Errors
/// A host that cannot be started or does not come up.
pub async fn visit(folder: &Path, program: &Path) -> Result<Guest, ClientError> {
    if let Some(guest) = enter(folder).await {
        return Ok(guest);
    }
    let began = Instant::now();
    let mut started: Option<std::process::Child> = None;
    while began.elapsed() < START_LIMIT {
        // A host that was just leaving may hold the lock a moment longer: then ours ends at once, and is started again.
        let running = started.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)));
        if !running {
            started = Some(start(folder, program).map_err(ClientError::Start)?);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Some(guest) = enter(folder).await {
            return Ok(guest);
        }
    }
    Err(ClientError::Silent { log: folder.join(LOG_FILE) })
}

fn start(folder: &Path, program: &Path) -> io::Result<std::process::Child> {
    std::fs::create_dir_all(folder)?;
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join(LOG_FILE))?;
    Command::new(program)
        .arg("sandbox-host")
        .arg(folder)
        // The host needs no secret, and outlives the program that starts it.
        .env_clear()
        .envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // A group of its own: Ctrl-C at the terminal is for the client alone.
        .process_group(0)
        .spawn()
}

async fn enter(folder: &Path) -> Option<Guest> {
    let addresses = read_addresses(folder)?;
    let greet = async {
        let mut stream = BufReader::new(TcpStream::connect(addresses.control).await.ok()?);
        stream.write_all(format!("{}\n", addresses.token).as_bytes()).await.ok()?;
        let mut greeting = String::new();
        stream.read_line(&mut greeting).await.ok()?;
        let said: Addresses = serde_json::from_str(&greeting).ok()?;
        (said == addresses).then_some(stream)
    };
    let connection = timeout(Duration::from_secs(2), greet).await.ok()??;
    Some(Guest { addresses, _connection: connection })
}
