//! `jobs.jsonl`: the simple log beside the ledger that `jq` and `tail -f` can read.
//!
//! It is derived. The ledger remembers how much of it is written, so that a crash between the two leaves neither a
//! gap nor a double line: what is longer than remembered is cut, and a log that is shorter, or gone, is made anew.

use std::{
    fs::{File, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rusqlite::params;
use rustix::fs::OFlags;

use super::{LEDGER_FILE, Ledger, LedgerError};
use kill_point::reached;

/// The log's file name in the home folder.
pub const LOG_FILE: &str = "jobs.jsonl";

/// Refuses a log that tells of jobs without the ledger that it was derived from: a new ledger would cut it, and would know
/// nothing of what was paid.
///
/// # Errors
/// [`LedgerError::Lost`].
pub(super) fn not_lost(home: &Path, there_is_a_ledger: impl FnOnce() -> bool) -> Result<(), LedgerError> {
    // The log is looked at first: whoever writes a log has made the ledger before.
    if tells_of_jobs(home) && !there_is_a_ledger() {
        return Err(LedgerError::Lost { log: home.join(LOG_FILE), ledger: home.join(LEDGER_FILE) });
    }
    Ok(())
}

/// Whether a home folder has a ledger, or a log that tells of one.
pub fn is_begun(home: &Path) -> bool {
    home.join(LEDGER_FILE).exists() || tells_of_jobs(home)
}

fn tells_of_jobs(home: &Path) -> bool {
    std::fs::metadata(home.join(LOG_FILE)).is_ok_and(|log| log.len() > 0)
}

/// Brings the log up to the ledger.
///
/// # Errors
/// When the log cannot be written; the ledger is right all the same.
pub fn write(ledger: &Ledger) -> Result<(), LedgerError> {
    let path = ledger.home().join(LOG_FILE);
    ledger.change("log", |tx| {
        let state =
            |seq: &str| tx.query_row(seq, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(|e| ledger.database(e));
        let (written, bytes): (i64, i64) = state("SELECT written_seq, written_bytes FROM log_state")?;
        let (newest, _): (i64, i64) = state("SELECT coalesce(max(seq), 0), 0 FROM job_events")?;
        let length = std::fs::metadata(&path).map(|m| m.len()).ok();
        if newest == written && (length == Some(bytes as u64) || newest == 0) {
            return Ok(());
        }
        // The write transaction is the lock: no other process writes the log meanwhile.
        let whole = length.is_some_and(|l| l >= bytes as u64);
        let (from, keep) = if whole { (written, bytes as u64) } else { (0, 0) };
        let end = append(ledger, tx, &path, from, keep)?;
        tx.execute("UPDATE log_state SET written_seq = ?1, written_bytes = ?2", params![newest, end as i64])
            .map_err(|e| ledger.database(e))?;
        Ok(())
    })
}

fn append(
    ledger: &Ledger,
    tx: &rusqlite::Connection,
    path: &PathBuf,
    from: i64,
    keep: u64,
) -> Result<u64, LedgerError> {
    let file_error = |source| LedgerError::File { path: path.clone(), source };
    let lines = || {
        let mut statement = tx.prepare("SELECT line FROM job_events WHERE seq > ?1 ORDER BY seq")?;
        statement.query_map([from], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
    };
    let text: String = lines().map_err(|e| ledger.database(e))?.iter().flat_map(|line| [line, "\n"]).collect();
    // A pipe of that name would wait for a reader, with the ledger locked.
    let mut open = OpenOptions::new();
    open.create(true).write(true).truncate(false).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let mut file: File = open.open(path).map_err(file_error)?;
    file.set_len(keep).map_err(file_error)?;
    file.seek(SeekFrom::Start(keep)).map_err(file_error)?;
    let (first, second) = text.as_bytes().split_at(text.len() / 2);
    file.write_all(first).map_err(file_error)?;
    reached("log.half");
    file.write_all(second).map_err(file_error)?;
    reached("log.whole");
    Ok(keep + text.len() as u64)
}
