//! The provider's own storage for small files: an address is asked for, and the file is sent to it.
//!
//! Whoever has the address that comes of it may read the file.

use std::{fs::File, io::Read as _};

use reqwest::{
    Method, Request, Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256 as Hasher};
use url::{Host, Url};

use super::{Aioz, ComputeError, wire::field};
use cassette::{
    format::Part,
    line::{Line, http_client, set_json},
    public,
};
use domain::{
    bounded::{self, Bounds},
    hash::Sha256,
    job::{LiesAt, Staged},
    units,
};
use guard::policy::{
    data::OpenDataset,
    permit::{Permit, Upload},
};

/// More than this the provider's storage does not take, bytes.
pub const MOST: u64 = 100 << 20;
/// What is sent as a form by the documents, and read into memory for it, bytes; larger files are sent as they are.
const FORM: u64 = 5 << 20;
/// What the fields of a form may hold.
const FIELDS: Bounds = Bounds { bytes: 64 << 10, depth: 4, values: 200 };

/// Why a file is not on the provider's storage.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The provider's.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// The file is too large for it.
    #[error("{name} has {}, and the provider's own storage takes {} at most", units::bytes(*bytes), units::bytes(MOST))]
    TooLarge {
        /// The file as it was named.
        name: String,
        /// What it has.
        bytes: u64,
    },
    /// It changed while it was read.
    #[error("{0} changed while it was sent")]
    Changed(String),
    /// It could not be read.
    #[error("{name} cannot be read: {source}")]
    Read {
        /// The file as it was named.
        name: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The provider's storage did not take it.
    #[error("the provider's storage at {host} did not take the file: {why}")]
    Refused {
        /// Where.
        host: String,
        /// What it said, or what broke.
        why: String,
    },
}

/// Where a file is to go, as the provider said when it was asked. Nothing was sent there yet.
#[derive(Debug)]
pub struct UploadPlace {
    /// What it is called there.
    called: String,
    mime: String,
    endpoint: Url,
    fields: Map<String, Value>,
    download: Url,
}

impl UploadPlace {
    /// The link under which the file will be found, and is deleted. To be written down before the file is sent.
    pub fn link(&self) -> &str {
        self.download.as_str()
    }
}

impl Aioz {
    /// Asks where a file may be sent to on the provider's own storage, as one of this MIME type.
    ///
    /// # Errors
    /// A file that is too large for it; the provider's.
    pub async fn upload_place(&self, upload: &Upload, mime: &str) -> Result<UploadPlace, UploadError> {
        let Upload { dataset, key, .. } = upload;
        let (name, bytes) = (dataset.path.display().to_string(), dataset.bytes);
        if bytes > MOST {
            return Err(UploadError::TooLarge { name, bytes });
        }
        // Nothing of the file's own name, which may say more than its owner wants.
        let called = key.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        Ok(self.place_for(called, mime, bytes).await?)
    }

    /// Sends a permitted file to its place.
    ///
    /// # Errors
    /// As they say; whether something lies there then is not known.
    pub async fn upload(&self, permit: Permit<Upload>, place: UploadPlace) -> Result<Staged, UploadError> {
        let Upload { dataset, key, .. } = permit.spend();
        let (name, bytes) = (dataset.path.display().to_string(), dataset.bytes);
        let cannot = |source| UploadError::Read { name: name.clone(), source };
        let file = dataset.reopen().map_err(cannot)?;
        let read = tokio::task::spawn_blocking(move || hashed(file)).await.map_err(std::io::Error::other).flatten();
        let (sha256, small) = read.map_err(cannot)?;
        let host = place.endpoint.host_str().unwrap_or_default().to_owned();
        let refused = |why: String| UploadError::Refused { host: host.clone(), why };
        let is_put = place.endpoint.query_pairs().any(|(name, _)| name == "X-Amz-Algorithm");
        let request = match (is_put, small) {
            (false, Some(content)) => form(&place, &content, sha256),
            (false, None) => return Err(refused(format!("it wants a form, of at most {}", units::bytes(FORM)))),
            (true, _) => put(&place, &dataset).map_err(cannot)?,
        };
        let own = self.is_own(&place.endpoint);
        let client = || {
            let client = http_client().redirect(redirect::Policy::none()).timeout(limit(bytes));
            if own { client } else { public::only(client) }.build()
        };
        let line = Line::on(self.transport.tape(), Part::Storage, client)
            .map_err(|e| refused(units::clean(&e.to_string(), 120)))?;
        let answer = line.send(request).await.map_err(|broken| refused(units::clean(broken.cause(), 120)))?;
        taken(answer).map_err(refused)?;
        dataset.unchanged_since(bytes, dataset.modified_ns).map_err(|_| UploadError::Changed(name.clone()))?;
        let mut url = place.download.clone();
        url.set_query(None);
        let lies = LiesAt::Provider { link: place.download.into() };
        Ok(Staged { key, url: url.into(), sha256, bytes, check: None, etag: None, lies })
    }

    /// Takes a file away from the provider's own storage. One that is not there, by HTTP's own word for that, is no error.
    ///
    /// # Errors
    /// [`ComputeError`]: the file may still be there.
    pub async fn delete_upload(&self, link: &str) -> Result<(), ComputeError> {
        let mut request = self.transport.request(Method::DELETE, &["api-key", "storage", "w3s", "url"]);
        set_json(&mut request, &json!({"url": link}));
        // Nothing new happens when this is repeated, so it is tried again like a read.
        match self.transport.read(request).await {
            Ok(_) | Err(ComputeError::Refused { status: 404 | 410, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Asks where a file of this length may be sent.
    async fn place_for(&self, called: String, mime: &str, bytes: u64) -> Result<UploadPlace, ComputeError> {
        let folder = if mime.starts_with("text/") { "documents" } else { "samples" };
        let mut request =
            self.transport.request(Method::POST, &["api-key", "storage", "upload", "create-presigned-url"]);
        set_json(&mut request, &json!({"folder": folder, "mime": mime, "name": called, "size": bytes}));
        // Nothing is stored by asking, so it is tried again like a read.
        let data = self.transport.read(request).await?;
        let garbage = |what: &str| ComputeError::Garbage(format!("it names no {what} for the file"));
        let address = |name: &str| -> Option<Url> {
            let url: Url = data.get(name)?.as_str()?.parse().ok()?;
            self.may_be_sent_to(&url).then_some(url)
        };
        let fields = match data.get("fields") {
            Some(Value::String(text)) => {
                bounded::from_slice(text.as_bytes(), FIELDS).map_err(|_| garbage("fields that can be read"))?
            }
            Some(Value::Object(fields)) => fields.clone(),
            _ if field(&data, "endpoint").is_some() => Map::new(),
            _ => return Err(garbage("address")),
        };
        Ok(UploadPlace {
            called,
            mime: mime.to_owned(),
            endpoint: address("endpoint").ok_or_else(|| garbage("address that may be used"))?,
            fields,
            download: address("download_url").ok_or_else(|| garbage("address to fetch it from"))?,
        })
    }

    /// Whether a file may go to an address that the provider names: encrypted, to a server with a name; or to the provider itself.
    /// Where the name leads is looked at when it is resolved.
    fn may_be_sent_to(&self, url: &Url) -> bool {
        self.is_own(url) || url.scheme() == "https" && matches!(url.host(), Some(Host::Domain(_)))
    }

    /// Whether it is the provider itself, which the owner names and which may be on this very machine.
    fn is_own(&self, url: &Url) -> bool {
        url.host() == self.transport.base().host() && url.scheme() == self.transport.base().scheme()
    }
}

/// The hash of a file, and its content where it is small.
fn hashed(mut file: File) -> std::io::Result<(Sha256, Option<Vec<u8>>)> {
    let (mut sha, mut small, mut total) = (Hasher::new(), Vec::new(), 0u64);
    let mut piece = vec![0; 128 << 10];
    loop {
        let read = match file.read(&mut piece)? {
            0 => break,
            read => piece.get(..read).unwrap_or_default(),
        };
        sha.update(read);
        total = total.saturating_add(read.len() as u64);
        if total <= FORM {
            small.extend_from_slice(read);
        }
    }
    Ok((Sha256(sha.finalize().into()), (total <= FORM).then_some(small)))
}

/// A form whose last field is the file. Its boundary is made of the content's hash: no content has its own hash in it, and a run
/// that is played sends what was recorded.
fn form(place: &UploadPlace, content: &[u8], sha256: Sha256) -> Request {
    let boundary = format!("agent-{sha256}");
    let mut body = Vec::with_capacity(content.len() + 4096);
    for (name, value) in &place.fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name = quoted(name);
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    let (name, mime) = (quoted(&place.called), units::clean(&place.mime, 100));
    body.extend_from_slice(
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {mime}\r\n\r\n")
            .as_bytes(),
    );
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let mut request = Request::new(Method::POST, place.endpoint.clone());
    if let Ok(kind) = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")) {
        request.headers_mut().insert(CONTENT_TYPE, kind);
    }
    *request.body_mut() = Some(body.into());
    request
}

/// A name within the quotes of a form's header.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// The file as it is.
fn put(place: &UploadPlace, dataset: &OpenDataset) -> std::io::Result<Request> {
    let mut request = Request::new(Method::PUT, place.endpoint.clone());
    let kind = place.fields.get("Content-Type").and_then(Value::as_str).unwrap_or(&place.mime);
    if let Ok(kind) = HeaderValue::from_str(kind) {
        request.headers_mut().insert(CONTENT_TYPE, kind);
    }
    request.headers_mut().insert(CONTENT_LENGTH, dataset.bytes.into());
    *request.body_mut() = Some(tokio::fs::File::from_std(dataset.reopen()?).into());
    Ok(request)
}

/// The status is the word: bodies are empty more often than not.
fn taken(answer: Response) -> Result<(), String> {
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("HTTP {}", status.as_u16())),
    }
}

/// No line is slower that works: 32 kB a second, and half a minute besides.
fn limit(bytes: u64) -> std::time::Duration {
    std::time::Duration::from_secs(30 + bytes / (32 << 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_to_no_private_address_but_the_providers_own() {
        let client = |base: &str| Aioz::new(base.parse().unwrap(), "key".to_owned().into()).unwrap();
        let aioz = client("https://api.example.org/api/v1");
        for (url, may) in [
            ("https://s3.example.org/b", true),
            ("https://api.example.org/upload", true),
            ("http://s3.example.org/b", false),
            ("https://127.0.0.1/b", false),
            ("https://169.254.169.254/latest", false),
            ("https://[::1]/b", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(aioz.may_be_sent_to(&url.parse().unwrap()), may, "{url}");
        }
        let local = client("http://127.0.0.1:9/api/v1");
        assert!(local.may_be_sent_to(&"http://127.0.0.1:10/b".parse().unwrap()), "a provider on this very machine");
        assert!(!local.may_be_sent_to(&"http://127.0.0.2:10/b".parse().unwrap()));
    }

    #[test]
    fn a_form_has_every_field_unchanged_and_the_file_last() {
        let fields = json!({"key": "up/a", "policy": "eyJ9==", "x\"y": "1"});
        let place = UploadPlace {
            called: "datasets-job".to_owned(),
            mime: "image/png".to_owned(),
            endpoint: "https://s3.example.org/b".parse().unwrap(),
            fields: fields.as_object().unwrap().clone(),
            download: "https://s3.example.org/b/up/a".parse().unwrap(),
        };
        let content = b"\x00\xffbytes\r\n--x";
        let request = form(&place, content, Sha256::of(content));
        let body = request.body().unwrap().as_bytes().unwrap();
        let text = String::from_utf8_lossy(body);
        assert!(text.contains("name=\"policy\"\r\n\r\neyJ9==\r\n"), "{text}");
        assert!(text.contains("name=\"x%22y\""), "{text}");
        let last = text.find("name=\"file\"; filename=\"datasets-job\"\r\nContent-Type: image/png").unwrap();
        assert!(last > text.find("name=\"policy\"").unwrap());
        assert!(body.windows(content.len()).any(|part| part == content));
    }
}
