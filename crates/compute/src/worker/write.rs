//! Files of a result: written whole or not at all, and hashed.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write as _},
    path::Path,
};

use sha2::Digest as _;

use domain::{
    hash::{Hashed, Sha256},
    job::ResultFile,
    result::{RESULT_FILE, ResultDocument},
};
use guard::config::plain_file;

/// Writes `result.json`, whoever made the result: to a temporary file beside it, synced, renamed. Gives what was written.
///
/// # Errors
/// The system's; nothing is written then.
pub fn document(out_dir: &Path, document: &ResultDocument) -> io::Result<ResultFile> {
    let permissions = plain_file::of_results();
    let temporary = tempfile::Builder::new().prefix(".result-").permissions(permissions).tempfile_in(out_dir)?;
    let mut writer = Hashed::new(BufWriter::new(temporary));
    serde_json::to_writer_pretty(&mut writer, document)?;
    writer.write_all(b"\n")?;
    let (out, bytes, sha256) = writer.finish();
    let temporary = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    temporary.as_file().sync_all()?;
    temporary.persist(out_dir.join(RESULT_FILE)).map_err(|e| e.error)?;
    File::open(out_dir)?.sync_all()?;
    Ok(ResultFile { name: RESULT_FILE.to_owned(), bytes, sha256 })
}

/// Reads all of `source`, giving every piece to `also`; the bytes and their SHA-256.
pub fn hash(mut source: impl Read, mut also: impl FnMut(&[u8])) -> io::Result<(u64, Sha256)> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => return Ok((bytes, Sha256(hasher.finalize().into()))),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = buffer.get(..read).unwrap_or_default();
        hasher.update(piece);
        also(piece);
        bytes += piece.len() as u64;
    }
}
