//! A file of results being written: its checksum is taken on the way.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use sha2::Digest as _;

use super::ScienceError;
use domain::{hash::Sha256, job::ResultFile};

/// A new file in the folder of results.
pub(crate) struct Output {
    name: &'static str,
    file: BufWriter<Hashed>,
}

struct Hashed {
    file: File,
    hash: sha2::Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.file.write(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output {
    /// Creates `name` in `folder`, empty.
    pub(crate) fn create(folder: &Path, name: &'static str) -> Result<Output, ScienceError> {
        let file = File::create(folder.join(name)).map_err(|source| ScienceError::Write { name, source })?;
        Ok(Output { name, file: BufWriter::new(Hashed { file, hash: sha2::Sha256::new(), bytes: 0 }) })
    }

    /// Writes text.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), ScienceError> {
        let name = self.name;
        self.file.write_all(text.as_bytes()).map_err(|source| ScienceError::Write { name, source })
    }

    /// Makes sure that everything is on disk; what the result document says of the file.
    pub(crate) fn finish(self) -> Result<ResultFile, ScienceError> {
        let name = self.name;
        let failed = |source| ScienceError::Write { name, source };
        let done = self.file.into_inner().map_err(|e| failed(e.into_error()))?;
        done.file.sync_all().map_err(failed)?;
        Ok(ResultFile { name: name.to_owned(), bytes: done.bytes, sha256: Sha256(done.hash.finalize().into()) })
    }
}
