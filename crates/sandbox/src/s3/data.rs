//! Data folders: held while they are used, deleted when nothing refers to them.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::PathBuf,
};

use s3s::S3Result;

use super::{
    disk::Bucket,
    files::{ID_LENGTH, disk_error},
};
use domain::ids;

/// In a folder that is to go as soon as nobody holds it.
const LEAVING: &str = ".leaving";

/// A data folder that stays while this is held.
#[derive(Debug)]
pub struct DataFolder {
    /// Its name, an id.
    pub id: String,
    /// Where it is.
    pub path: PathBuf,
    /// The shared lock, until it is let go.
    held: Option<File>,
    bucket: Bucket,
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        drop(self.held.take());
        // Somebody wanted to delete it meanwhile.
        if self.path.join(LEAVING).exists() {
            self.bucket.free(&self.id);
        }
    }
}

/// A data folder that is deleted when dropped, unless something came to refer to it.
#[derive(Debug)]
pub struct FreshData {
    folder: DataFolder,
    kept: bool,
}

impl FreshData {
    /// Its name, an id.
    pub fn id(&self) -> &str {
        &self.folder.id
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path.join(name)
    }

    /// Something refers to it now.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for FreshData {
    fn drop(&mut self) {
        if !self.kept {
            // Still held by this: it goes when that is let go, next.
            self.folder.bucket.free(&self.folder.id);
        }
    }
}

impl Bucket {
    /// A fresh data folder.
    pub fn new_data(&self) -> S3Result<FreshData> {
        loop {
            let id = ids::opaque(ID_LENGTH);
            fs::create_dir(self.sub("data").map_err(disk_error)?.join(&id)).map_err(disk_error)?;
            // A process that starts now may have taken it for a leftover before it was held.
            match self.data(&id) {
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                held => return Ok(FreshData { folder: held.map_err(disk_error)?, kept: false }),
            }
        }
    }

    /// Holds that data folder.
    pub fn data(&self, id: &str) -> io::Result<DataFolder> {
        let path = self.sub("data")?.join(id);
        let held = File::open(&path)?;
        held.lock_shared()?;
        // Deleted while it was waited for.
        fs::metadata(&path)?;
        Ok(DataFolder { id: id.to_owned(), path, held: Some(held), bucket: self.clone() })
    }

    /// Deletes a data folder that nothing refers to; while somebody holds it, leaves that to the last who does.
    pub fn free(&self, id: &str) {
        let free = || {
            let path = self.sub("data")?.join(id);
            let alone = File::open(&path)?;
            if alone.try_lock().is_err() {
                File::create(path.join(LEAVING))?;
                // Unless the last one let go before it could see that.
                alone.try_lock()?;
            }
            loop {
                match fs::remove_dir_all(&path) {
                    // Another process wanted it too, and left its word in it meanwhile.
                    Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => {}
                    removed => return removed,
                }
            }
        };
        if let Err(error) = free() {
            tracing::debug!("{id} is left to whoever holds it, or to the next start: {error}");
        }
    }
}
