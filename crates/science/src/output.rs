//! A file of results being written: its checksum is taken on the way.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use super::ScienceError;
use domain::{hash::Hashed, job::ResultFile};

/// A new file in the folder of results.
pub(crate) struct Output {
    name: &'static str,
    file: BufWriter<Hashed<File>>,
}

impl Output {
    /// Creates `name` in `folder`, empty, in the place of what is there.
    pub(crate) fn create(folder: &Path, name: &'static str) -> Result<Output, ScienceError> {
        let path = folder.join(name);
        let made = match fs::remove_file(&path) {
            // Not into what a link leads to.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::create_new(path),
        };
        let file = made.map_err(|source| ScienceError::Write { name, source })?;
        Ok(Output { name, file: BufWriter::new(Hashed::new(file)) })
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
        let (file, bytes, sha256) = done.finish();
        file.sync_all().map_err(failed)?;
        Ok(ResultFile { name: name.to_owned(), bytes, sha256 })
    }
}
