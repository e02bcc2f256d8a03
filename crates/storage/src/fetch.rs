//! Downloading one result file: from allowed servers only, up to a byte cap, whole and checked or not at all.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use backon::{ExponentialBuilder, RetryableWithContext as _};
use reqwest::header::HeaderMap;
use tempfile::NamedTempFile;
use url::Url;

use super::download::{Download, Limits, server};
use cassette::Tape;
use domain::{hash::Sha256, job::ResultFile, units};
use guard::config::plain_file;

/// How often a broken transfer is gone on with.
const RETRIES: usize = 5;

/// What to fetch, from where, and what it must be.
#[derive(Debug, Clone)]
pub struct FetchPlan {
    /// Where it is. May carry a signature: it is shown nowhere.
    pub url: Url,
    /// The servers (scheme, host and port) that may be asked, also by way of redirects.
    pub allowed: Vec<Url>,
    /// Those that strangers name: they may be asked too, at public addresses alone.
    pub public: Vec<Url>,
    /// Sent to the server of `url` alone, never to one that it redirects to.
    pub headers: HeaderMap,
    /// More than this is refused, bytes.
    pub max_bytes: u64,
    /// How long it may take in all: a server that sends a byte now and then is left.
    pub time_limit: Duration,
    /// The content must be this.
    pub expect_sha256: Option<Sha256>,
    /// The file to make. Its folder must exist; a file of that name is replaced once the new one is whole.
    pub to: PathBuf,
}

/// Why a file was not fetched. Nothing is left of it then. No error carries a link's signature.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No client could be made: TLS is not set up.
    #[error("no HTTP client could be made: {0}")]
    Client(String),
    /// The server is none of those that the job may be fetched from.
    #[error("the result may not be fetched from {server}: it is not a server of this job")]
    Foreign {
        /// Scheme, host and port.
        server: String,
    },
    /// It is one that a stranger names, and it is on no public address.
    #[error("the result may not be fetched from {server}: it leads to no public address")]
    Private {
        /// Scheme, host and port.
        server: String,
    },
    /// Redirects without end.
    #[error("{server} redirects in circles")]
    Circles {
        /// Scheme, host and port.
        server: String,
    },
    /// No answer, or one that broke off, again and again.
    #[error("the transfer from {server} failed: {cause}")]
    Unreachable {
        /// Scheme, host and port.
        server: String,
        /// What failed.
        cause: String,
    },
    /// It takes longer than it may.
    #[error("{server} sends too slowly: the file was not here within {}", units::seconds(limit.as_secs_f64()))]
    TooSlow {
        /// Scheme, host and port.
        server: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The server answered no.
    #[error("{server} answered {status}")]
    Refused {
        /// Scheme, host and port.
        server: String,
        /// The HTTP status.
        status: u16,
    },
    /// Larger than allowed.
    #[error("the result is larger than the {} that are allowed", units::bytes(*max_bytes))]
    TooLarge {
        /// The cap, bytes.
        max_bytes: u64,
    },
    /// Longer than was promised.
    #[error("a file of the result is longer than the {} that the provider states", units::bytes(*stated))]
    Longer {
        /// Promised, bytes.
        stated: u64,
    },
    /// Packed, though nobody asked for that: what is checked is the file itself.
    #[error("{server} sends the file packed ({encoding}), though the file itself was asked for")]
    Packed {
        /// Scheme, host and port.
        server: String,
        /// How, as it says.
        encoding: String,
    },
    /// Not the content that was promised.
    #[error("the result is not what was promised: its SHA-256 is {found}, not {expected}")]
    WrongContent {
        /// Promised.
        expected: Sha256,
        /// Fetched.
        found: Sha256,
    },
    /// No room for it.
    #[error("the disk of {} is full", folder.display())]
    DiskFull {
        /// Where the file was to go.
        folder: PathBuf,
    },
    /// It could not be written.
    #[error("{} could not be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FetchError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            FetchError::Unreachable { .. } => "check the network; then: agent jobs resume",
            FetchError::Refused { status: 401 | 403 | 404 | 410, .. } => {
                "the link may have expired: agent jobs resume asks for a fresh one"
            }
            FetchError::Refused { .. } | FetchError::TooSlow { .. } => {
                "the server is in trouble; later: agent jobs resume"
            }
            FetchError::TooLarge { .. } => "raise the cap on results in policy.toml if that size is right",
            FetchError::Packed { .. } => "ask the provider to serve results as they are; then: agent jobs resume",
            FetchError::WrongContent { .. } | FetchError::Longer { .. } => {
                "resume the job to fetch it again; if it stays, the provider is at fault"
            }
            FetchError::DiskFull { .. } => "make room, or choose another folder with --out; then: agent jobs resume",
            FetchError::Write { .. } => "check that the folder exists and may be written to",
            FetchError::Foreign { .. } | FetchError::Private { .. } => {
                "if you know that server as the provider's, name it in AIOZ_RESULT_HOSTS; then: agent jobs resume"
            }
            FetchError::Client(_) | FetchError::Circles { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the same request may do better a moment later.
    fn may_pass(&self) -> bool {
        match self {
            FetchError::Unreachable { .. } => true,
            FetchError::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

/// No server is slower that works, bytes a second.
const LEAST_RATE: u64 = 32 << 10;
/// What a transfer may take besides.
const AT_LEAST: Duration = Duration::from_secs(300);

/// How long a transfer of so many bytes may take in all.
pub fn time_limit(bytes: u64) -> Duration {
    AT_LEAST + Duration::from_secs(bytes / LEAST_RATE)
}

/// How files begin that are not whole yet.
const PART_PREFIX: &str = ".fetch-";
/// What nobody has written to for this long belongs to a program that was killed.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Removes what killed programs left of files that they were fetching into `folder`.
pub fn remove_abandoned(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PART_PREFIX)) {
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            // It stands in nobody's way, so the next time is soon enough.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Fetches one file. A transfer that breaks is gone on with where it broke. `progress` is told bytes here, and bytes in
/// all where the server says so.
///
/// # Errors
/// As they say; nothing of the file is left then.
pub async fn fetch(
    plan: FetchPlan,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<ResultFile, FetchError> {
    fetch_on(&Tape::Off, plan, progress).await
}

/// The same in a run on this tape.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_on(
    tape: &Tape,
    plan: FetchPlan,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<ResultFile, FetchError> {
    let folder = match plan.to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let cannot = |source: io::Error| write_error(source, &plan.to, &folder);
    let name = plan.to.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| cannot(io::ErrorKind::InvalidInput.into()))?;
    // In the same folder, so that the last step is one rename; deleted when dropped.
    let part = tempfile::Builder::new().prefix(PART_PREFIX).permissions(plain_file::of_results()).tempfile_in(&folder);
    let part = part.map_err(cannot)?;
    let out = part.as_file().try_clone().map_err(cannot)?;
    let limits = Limits {
        url: plan.url.clone(),
        allowed: plan.allowed.clone(),
        public: plan.public.clone(),
        headers: plan.headers.clone(),
        max_bytes: plan.max_bytes,
        to: plan.to.clone(),
        folder: folder.clone(),
    };
    let download = Download::on(tape, limits, out)?;
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(RETRIES)
        .with_jitter();
    let fetching = (|mut download: Download| async move {
        let got = download.go_on(progress).await;
        (download, got)
    })
    .retry(pauses)
    .sleep(tape.sleeper())
    .context(download)
    .when(FetchError::may_pass);
    let too_slow = |_| FetchError::TooSlow { server: server(&plan.url), limit: plan.time_limit };
    let (download, got) = tokio::time::timeout(plan.time_limit, fetching).await.map_err(too_slow)?;
    got?;
    let (sha256, bytes) = download.finish();
    if let Some(expected) = plan.expect_sha256
        && expected != sha256
    {
        return Err(FetchError::WrongContent { expected, found: sha256 });
    }
    let to = plan.to.clone();
    let at = folder.clone();
    let kept = tokio::task::spawn_blocking(move || keep(part, &to, &at)).await;
    kept.map_err(io::Error::other).flatten().map_err(cannot)?;
    Ok(ResultFile { name, bytes, sha256 })
}

/// Makes the file and its name last, in this order.
fn keep(part: NamedTempFile, to: &std::path::Path, folder: &std::path::Path) -> io::Result<()> {
    part.as_file().sync_all()?;
    part.persist(to).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

/// A full disk is its own error: what helps is room, not another try.
pub(super) fn write_error(source: io::Error, path: &std::path::Path, folder: &std::path::Path) -> FetchError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FetchError::DiskFull { folder: folder.to_owned() },
        _ => FetchError::Write { path: path.to_owned(), source },
    }
}
