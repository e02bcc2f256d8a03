//! Where things lie, and how a change becomes visible in one step.
//!
//! ```text
//! ROOT/BUCKET/objects/HASH.json    what is remembered of an object; HASH is the SHA-256 of its key
//! ROOT/BUCKET/uploads/ID.json      an upload in parts that is under way
//! ROOT/BUCKET/data/ID/             content: of an object, or of an upload
//! ROOT/BUCKET/locks/XX             one lock for all keys whose hash begins so
//! ```
//!
//! No name on disk comes from a client: keys are hashed, ids are made here, buckets have S3's few letters. A change is
//! one rename of one record, made under the key's lock. Whoever reads or writes a data folder holds a shared lock on it;
//! who wants to delete it needs it alone, and leaves it to the last who holds it otherwise. The locks are the operating
//! system's, so they hold between processes and end with them. Nothing is synced to the disk itself: what a power cut takes from the
//! sandbox is staged again.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, ErrorKind},
    path::PathBuf,
};

use s3s::{S3Result, s3_error};

use super::{
    files::{disk_error, is_id, names, read_all, read_json, write_json},
    record::{ObjectRecord, UploadRecord},
};
use domain::hash::Sha256;

/// The folder that is served.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
}

/// A bucket that exists.
#[derive(Debug, Clone)]
pub struct Bucket {
    folder: PathBuf,
}

/// The lock on a key; ends when dropped.
#[derive(Debug)]
pub struct KeyLock {
    _file: File,
}

impl Disk {
    /// Serves that folder, made when it is not there, and clears what interrupted requests left.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(root: PathBuf) -> io::Result<Disk> {
        fs::create_dir_all(&root)?;
        let disk = Disk { root };
        for name in disk.buckets()? {
            Bucket { folder: disk.root.join(name) }.sweep()?;
        }
        Ok(disk)
    }

    /// The buckets' names, in order.
    pub fn buckets(&self) -> io::Result<Vec<String>> {
        let names = names(&self.root)?.into_iter().filter(|name| s3s::path::check_bucket_name(name));
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        Ok(names)
    }

    /// That bucket.
    pub fn bucket(&self, name: &str) -> S3Result<Bucket> {
        // Checked before this too; a name that leaves the folder must not depend on one check.
        if !s3s::path::check_bucket_name(name) {
            return Err(s3_error!(InvalidBucketName));
        }
        let folder = self.root.join(name);
        if !folder.is_dir() {
            return Err(s3_error!(NoSuchBucket, "there is no bucket {name}"));
        }
        Ok(Bucket { folder })
    }

    /// Makes a bucket.
    pub fn make_bucket(&self, name: &str) -> S3Result<()> {
        if !s3s::path::check_bucket_name(name) {
            return Err(s3_error!(InvalidBucketName));
        }
        match fs::create_dir(self.root.join(name)) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(s3_error!(BucketAlreadyOwnedByYou)),
            Err(e) => return Err(disk_error(e)),
        }
        Ok(())
    }
}

impl Bucket {
    /// Waits for the key to be free and holds it.
    pub fn lock(&self, key: &str) -> S3Result<KeyLock> {
        let locks = self.sub("locks").map_err(disk_error)?;
        let name = name_of(key).get(..2).unwrap_or("00").to_owned();
        let file =
            File::options().create(true).truncate(false).write(true).open(locks.join(name)).map_err(disk_error)?;
        file.lock().map_err(disk_error)?;
        Ok(KeyLock { _file: file })
    }

    /// What is remembered of the object under `key`.
    pub fn object(&self, key: &str) -> S3Result<Option<ObjectRecord>> {
        read_json(&self.object_path(key).map_err(disk_error)?)
    }

    /// The same where its absence is an error.
    pub fn existing(&self, key: &str) -> S3Result<ObjectRecord> {
        self.object(key)?.ok_or_else(|| s3_error!(NoSuchKey, "there is no such object"))
    }

    /// Every object.
    pub fn objects(&self) -> S3Result<Vec<ObjectRecord>> {
        read_all(&self.sub("objects").map_err(disk_error)?).map(|all| all.into_iter().map(|(_, r)| r).collect())
    }

    /// Makes `record` the object of its key, in one step, and frees what it replaces. The lock shows that it is held.
    pub fn commit(&self, _lock: &KeyLock, record: &ObjectRecord) -> S3Result<()> {
        let before = self.object(&record.key)?;
        write_json(&self.object_path(&record.key).map_err(disk_error)?, record)?;
        if let Some(before) = before.filter(|before| before.data != record.data) {
            self.free(&before.data);
        }
        Ok(())
    }

    /// Forgets the object.
    pub fn forget(&self, _lock: &KeyLock, record: &ObjectRecord) -> S3Result<()> {
        fs::remove_file(self.object_path(&record.key).map_err(disk_error)?).map_err(disk_error)?;
        self.free(&record.data);
        Ok(())
    }

    /// The open upload of that id and key.
    pub fn upload(&self, id: &str, key: &str) -> S3Result<UploadRecord> {
        let none = || s3_error!(NoSuchUpload, "there is no such upload");
        if !is_id(id) {
            return Err(none());
        }
        let record: Option<UploadRecord> = read_json(&self.upload_path(id).map_err(disk_error)?)?;
        record.filter(|record| record.key == key).ok_or_else(none)
    }

    /// Every open upload, with its id.
    pub fn uploads(&self) -> S3Result<Vec<(String, UploadRecord)>> {
        read_all(&self.sub("uploads").map_err(disk_error)?)
    }

    /// Remembers an upload.
    pub fn open_upload(&self, id: &str, record: &UploadRecord) -> S3Result<()> {
        write_json(&self.upload_path(id).map_err(disk_error)?, record)
    }

    /// Forgets an upload; its data folder is the caller's to free or to keep.
    pub fn close_upload(&self, _lock: &KeyLock, id: &str) -> S3Result<()> {
        match fs::remove_file(self.upload_path(id).map_err(disk_error)?) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(disk_error(e)),
            _ => Ok(()),
        }
    }

    /// Frees every data folder that no object and no upload refers to.
    fn sweep(&self) -> io::Result<()> {
        let known = || -> S3Result<HashSet<String>> {
            let objects = self.objects()?.into_iter().map(|object| object.data);
            Ok(objects.chain(self.uploads()?.into_iter().map(|(id, _)| id)).collect())
        };
        // Listed before what is known is read: what is made in between is known, or held.
        let folders = names(&self.sub("data")?)?;
        let known = known().map_err(io::Error::other)?;
        for id in folders.into_iter().filter(|id| !known.contains(id)) {
            self.free(&id);
        }
        Ok(())
    }

    pub(super) fn sub(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.folder.join(name);
        match fs::create_dir(&folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
            _ => Ok(folder),
        }
    }

    fn object_path(&self, key: &str) -> io::Result<PathBuf> {
        Ok(self.sub("objects")?.join(format!("{}.json", name_of(key))))
    }

    fn upload_path(&self, id: &str) -> io::Result<PathBuf> {
        Ok(self.sub("uploads")?.join(format!("{id}.json")))
    }
}

fn name_of(key: &str) -> String {
    Sha256::of(key.as_bytes()).to_string()
}
