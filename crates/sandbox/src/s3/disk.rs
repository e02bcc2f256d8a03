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
    fs::{self, File, Metadata},
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    time::SystemTime,
};

use s3s::{S3Error, S3Result, s3_error};

use super::{
    data::DataFolder,
    files::{ID_LENGTH, disk_error, is_id, names, read_all, read_json, write_json},
    record::{ObjectRecord, UploadRecord},
};
use domain::{hash::Sha256, ids};

/// What the names of removed buckets begin with, which are no buckets' names.
const GONE: &str = ".gone-";

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
        for gone in names(&disk.root)?.into_iter().filter(|name| name.starts_with(GONE)) {
            fs::remove_dir_all(disk.root.join(gone))?;
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

    /// When a bucket was made, where the disk knows that.
    pub fn made(&self, bucket: &str) -> Option<SystemTime> {
        let made = fs::metadata(self.root.join(bucket)).ok()?;
        made.created().or_else(|_| made.modified()).ok()
    }

    /// That bucket.
    pub fn bucket(&self, name: &str) -> S3Result<Bucket> {
        // Checked before this too; a name that leaves the folder must not depend on one check.
        if !s3s::path::check_bucket_name(name) {
            return Err(s3_error!(InvalidBucketName));
        }
        let folder = self.root.join(name);
        if !folder.is_dir() {
            return Err(no_bucket());
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

    /// Removes a bucket that holds no object, with its open uploads. In one step, while nobody else has a key of it.
    pub fn remove_bucket(&self, bucket: Bucket) -> S3Result<()> {
        let _all = (0..=u8::MAX).map(|byte| bucket.lock_named(&format!("{byte:02x}"))).collect::<S3Result<Vec<_>>>()?;
        if !bucket.objects()?.is_empty() {
            return Err(s3_error!(BucketNotEmpty, "the bucket holds objects"));
        }
        let gone = self.root.join(format!("{GONE}{}", ids::opaque(ID_LENGTH)));
        fs::rename(&bucket.folder, &gone).map_err(disk_error)?;
        if let Err(error) = fs::remove_dir_all(&gone) {
            tracing::debug!("a removed bucket is left to the next start: {error}");
        }
        Ok(())
    }
}

impl Bucket {
    /// Waits for the key to be free and holds it.
    pub fn lock(&self, key: &str) -> S3Result<KeyLock> {
        self.lock_named(name_of(key).get(..2).unwrap_or("00"))
    }

    fn lock_named(&self, name: &str) -> S3Result<KeyLock> {
        let path = self.sub("locks").map_err(|e| self.gone_or(e))?.join(name);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| self.gone_or(e))?;
        file.lock().map_err(disk_error)?;
        // The bucket may have been removed while it was waited for, and another of its name made.
        let same = |there: &Metadata, held: &Metadata| (there.dev(), there.ino()) == (held.dev(), held.ino());
        match (fs::metadata(&path), file.metadata()) {
            (Ok(there), Ok(held)) if same(&there, &held) => Ok(KeyLock { _file: file }),
            _ => Err(no_bucket()),
        }
    }

    /// What went wrong in a bucket, which may be that it is no more.
    fn gone_or(&self, error: io::Error) -> S3Error {
        if self.folder.is_dir() { disk_error(error) } else { no_bucket() }
    }

    /// What is remembered of an object, with its content held.
    pub fn held(&self, key: &str) -> S3Result<(ObjectRecord, DataFolder)> {
        // The lock keeps record and content together until the content is held.
        let _lock = self.lock(key)?;
        let record = self.existing(key)?;
        let folder = self.data(&record.data).map_err(disk_error)?;
        Ok((record, folder))
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
        // Its content may have come for a bucket of this name that was removed meanwhile.
        fs::metadata(self.sub("data").map_err(disk_error)?.join(&record.data)).map_err(|_| no_bucket())?;
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

fn no_bucket() -> S3Error {
    s3_error!(NoSuchBucket, "there is no such bucket")
}

fn name_of(key: &str) -> String {
    Sha256::of(key.as_bytes()).to_string()
}
