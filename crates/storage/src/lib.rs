//! S3-compatible storage: staging datasets, links to them, and fetching results.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `mod.rs` | [`Storage`]: a bucket, and the small requests on it |
//! | [`error`] | [`StorageError`]: what can go wrong, and what to do about it |
//! | `plan` | how a file is cut into parts |
//! | `digest` | the checksums of a file, read once from front to end |
//! | `body` | a request body that counts and checks what it sends |
//! | `upload` | staging: measured, sent, looked at |
//! | `held` | what storage holds, and how that is known |
//! | `send` | one PUT, or parts side by side |
//! | `line` | the client's way out, recorded or from a record |
//! | `resume` | multipart uploads that an earlier run left behind |
//! | [`fetch`] | downloading one result file |
//! | `download` | a download in progress, that can be gone on with |

mod body;
mod digest;
mod download;
pub mod error;
pub mod fetch;
mod held;
mod line;
mod plan;
mod resume;
mod send;
mod upload;

use std::{fmt, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig,
    },
    presigning::PresigningConfig,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use self::error::{Place, is_not_found};
pub use self::{error::StorageError, upload::Progress};
use cassette::Tape;
use domain::job::Staged;

/// The longest life of a presigned link: S3 takes seven days at most.
pub const MAX_LINK_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A region that needs no location constraint when a bucket is made.
const DEFAULT_REGION: &str = "us-east-1";

/// Where datasets are staged, and with whose keys.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The server, `http` or `https`. Buckets are addressed in the path.
    pub endpoint: Url,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket that everything goes to.
    pub bucket: String,
    /// The key's public half.
    pub access_key: SecretString,
    /// The key's secret half.
    pub secret_key: SecretString,
}

/// An object as a listing has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size, bytes.
    pub bytes: u64,
    /// When it was last written, where the server says.
    pub modified: Option<Timestamp>,
}

/// One bucket on an S3-compatible server. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    client: Client,
    place: Place,
    region: String,
    tape: Tape,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Storage {
    /// A client of that server and bucket. Sends nothing yet.
    ///
    /// # Errors
    /// [`StorageError::Settings`] when endpoint or bucket cannot be used as they are written.
    pub fn new(settings: &S3Settings) -> Result<Storage, StorageError> {
        Storage::on(&Tape::Off, settings)
    }

    /// The same for a run on this tape.
    ///
    /// # Errors
    /// As [`Storage::new`].
    pub fn on(tape: &Tape, settings: &S3Settings) -> Result<Storage, StorageError> {
        let place = Place::new(&settings.endpoint, &settings.bucket)?;
        let key = Credentials::new(
            settings.access_key.expose_secret(),
            settings.secret_key.expose_secret(),
            None,
            None,
            "settings",
        );
        // The checksums that newer SDKs add by themselves come as trailers, which many compatible stores refuse: we send
        // our own as headers.
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(place.endpoint.as_str())
            .force_path_style(true)
            .region(Region::new(settings.region.clone()))
            .credentials_provider(key)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(5)
                    .with_initial_backoff(Duration::from_millis(300))
                    .with_max_backoff(Duration::from_secs(10)),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(10))
                    .read_timeout(Duration::from_secs(60))
                    .build(),
            )
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(60)).build(),
            );
        let config = line::on_tape(config, tape).build();
        Ok(Storage { client: Client::from_conf(config), place, region: settings.region.clone(), tape: tape.clone() })
    }

    /// Asks whether the server is there, takes the keys, and has the bucket. Tries once, so that it answers soon.
    ///
    /// # Errors
    /// The first of these that does not hold.
    pub async fn check(&self) -> Result<(), StorageError> {
        let head =
            self.client.head_bucket().bucket(&self.place.bucket).customize().config_override(once()).send().await;
        match head {
            Ok(_) => Ok(()),
            Err(error) => self.listed(self.place.error(error)).await,
        }
    }

    /// Whether the bucket can be listed after all, where HEAD failed without a word.
    async fn listed(&self, first: StorageError) -> Result<(), StorageError> {
        if first.is_bare() { self.can_list().await } else { Err(first) }
    }

    /// An answer to HEAD has no body, so it cannot say what is wrong with the keys, the clock or the region; one to a listing
    /// can.
    async fn can_list(&self) -> Result<(), StorageError> {
        let list = self.client.list_objects_v2().bucket(&self.place.bucket).max_keys(1).customize();
        list.config_override(once()).send().await.map(|_| ()).map_err(|error| self.place.error(error))
    }

    /// Makes the bucket when it is not there.
    ///
    /// # Errors
    /// When it is not there and cannot be made, or the server cannot be asked.
    pub async fn ensure_bucket(&self) -> Result<(), StorageError> {
        match self.client.head_bucket().bucket(&self.place.bucket).send().await {
            Ok(_) => return Ok(()),
            Err(error) if is_not_found(&error) => {}
            Err(error) => return self.listed(self.place.error(error)).await,
        }
        let mut create = self.client.create_bucket().bucket(&self.place.bucket);
        if self.region != DEFAULT_REGION {
            let there = BucketLocationConstraint::from(self.region.as_str());
            create = create
                .create_bucket_configuration(CreateBucketConfiguration::builder().location_constraint(there).build());
        }
        match create.send().await {
            Ok(_) => Ok(()),
            // Somebody else made it in between; whether it is ours to use shows in the next request.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_bucket_already_owned_by_you()) => Ok(()),
            Err(error) => Err(self.place.error(error)),
        }
    }

    /// The size in bytes of the object under `key`, `None` when there is none.
    ///
    /// # Errors
    /// When the server cannot be asked or refuses.
    pub async fn head(&self, key: &str) -> Result<Option<u64>, StorageError> {
        Ok(self.found(key).await?.map(|found| found.bytes))
    }

    /// Whether the object is still there that was staged and checked: of its size and, where the store gave it one, its tag.
    ///
    /// # Errors
    /// When the server cannot be asked or refuses.
    pub async fn holds(&self, staged: &Staged) -> Result<bool, StorageError> {
        let Some(found) = self.found(&staged.key).await? else { return Ok(false) };
        let other = staged.etag.is_some() && found.etag.is_some() && staged.etag != found.etag;
        Ok(found.bytes == staged.bytes && !other)
    }

    /// The objects whose keys begin so, at most 1,000 of them.
    ///
    /// # Errors
    /// When the server cannot be asked or refuses.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Object>, StorageError> {
        let list = self.client.list_objects_v2().bucket(&self.place.bucket).prefix(prefix).max_keys(1000);
        let list = list.send().await.map_err(|error| self.place.error(error))?;
        let objects = list.contents().iter().filter_map(|object| {
            Some(Object {
                key: object.key()?.to_owned(),
                bytes: object.size().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                modified: object.last_modified().and_then(|time| Timestamp::from_second(time.secs()).ok()),
            })
        });
        Ok(objects.collect())
    }

    /// Deletes the object under `key`, and what interrupted uploads left of it. An object that is not there is no error.
    ///
    /// # Errors
    /// When the server cannot be asked or refuses.
    pub async fn remove(&self, key: &str) -> Result<(), StorageError> {
        self.abandon_all(key).await;
        match self.client.delete_object().bucket(&self.place.bucket).key(key).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_not_found(&error) => Ok(()),
            Err(error) => Err(self.place.error(error)),
        }
    }

    /// A link by which anyone who has it can read the object for `ttl`. It carries a signature: it is a secret.
    ///
    /// # Errors
    /// [`StorageError::Lifetime`] when `ttl` is above [`MAX_LINK_LIFETIME`].
    pub async fn presign_get(&self, key: &str, ttl: Duration) -> Result<Url, StorageError> {
        let expiry =
            PresigningConfig::expires_in(ttl).map_err(|_| StorageError::Lifetime { seconds: ttl.as_secs() })?;
        let signed = self.client.get_object().bucket(&self.place.bucket).key(key).presigned(expiry).await;
        let signed = signed.map_err(|e| self.place.error(e))?;
        Url::parse(signed.uri()).map_err(|_| StorageError::Settings("the endpoint makes no usable link".to_owned()))
    }

    /// The object's address without a signature, for people and logs.
    pub fn address(&self, key: &str) -> String {
        let mut url = self.place.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.place.bucket).extend(key.split('/'));
        }
        url.into()
    }
}

/// For a request that is to be answered soon, or not at all.
fn once() -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder().retry_config(RetryConfig::disabled())
}
