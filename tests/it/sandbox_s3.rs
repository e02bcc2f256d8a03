//! The sandbox's own S3 server, driven by Amazon's client. What it accepts and refuses, SeaweedFS does too where both can.

mod everyday;

use std::path::Path;

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::{ChecksumMode, CompletedMultipartUpload, CompletedPart},
};
use tempfile::TempDir;

use crate::services::{
    desk::noise,
    s3::{Sandbox, Server},
    seaweed::Seaweed,
};

const BUCKET: &str = "bucket";
const MIB: usize = 1 << 20;

/// The code of an error, or the status where an answer can have no body.
fn code<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let status = error.raw_response().map_or(0, |r| r.status().as_u16());
            error.code().map_or_else(|| status.to_string(), str::to_owned)
        }
    }
}

async fn client_of(server: &Server) -> Client {
    let client = server.amazons();
    // A server that tests share has it already.
    let made = code(client.create_bucket().bucket(BUCKET).send().await);
    assert!(["ok", "BucketAlreadyOwnedByYou", "BucketAlreadyExists"].contains(&made.as_str()), "{made}");
    client
}

async fn put(client: &Client, key: &str, content: &[u8]) -> String {
    let put =
        client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(content.to_vec())).send().await.unwrap();
    put.e_tag.unwrap()
}

async fn read(client: &Client, key: &str) -> Vec<u8> {
    let got = client.get_object().bucket(BUCKET).key(key).checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    got.body.collect().await.unwrap().to_vec()
}

async fn begin(client: &Client, key: &str) -> String {
    client.create_multipart_upload().bucket(BUCKET).key(key).send().await.unwrap().upload_id.unwrap()
}

async fn send(client: &Client, key: &str, upload: &str, number: i32, content: &[u8]) -> CompletedPart {
    let part = client.upload_part().bucket(BUCKET).key(key).upload_id(upload).part_number(number);
    let part = part.body(ByteStream::from(content.to_vec())).send().await.unwrap();
    CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build()
}

async fn complete(client: &Client, key: &str, upload: &str, parts: &[&CompletedPart]) -> String {
    let parts = parts.iter().map(|part| (*part).clone()).collect();
    let all = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    code(
        client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(upload).multipart_upload(all).send().await,
    )
}

/// What S3 promises and both servers keep.
async fn promises(server: &Server) {
    let client = client_of(server).await;

    // Content comes back, with the checksum trailer that the client sends by itself.
    let content = noise(300_000);
    let first = put(&client, "a", &content).await;
    assert!(read(&client, "a").await == content);

    // Ranges.
    let range = async |range: &str| {
        let got = client.get_object().bucket(BUCKET).key("a").range(range).send().await?;
        Ok::<_, SdkError<_>>(got.body.collect().await.unwrap().to_vec())
    };
    assert_eq!(range("bytes=0-9").await.unwrap(), content[..10]);
    assert_eq!(range("bytes=299990-").await.unwrap(), content[299_990..]);
    assert_eq!(range("bytes=-5").await.unwrap(), content[299_995..]);
    assert_eq!(code(range("bytes=300000-").await), "InvalidRange");

    // Conditions.
    let conditional = |key: &str, none: Option<&str>, matches: Option<&str>| {
        let put = client.put_object().bucket(BUCKET).key(key).body(ByteStream::from_static(b"new"));
        put.set_if_none_match(none.map(str::to_owned)).set_if_match(matches.map(str::to_owned)).send()
    };
    assert_eq!(code(conditional("a", Some("*"), None).await), "PreconditionFailed");
    assert_eq!(code(conditional("a", None, Some("\"0123456789abcdef\"")).await), "PreconditionFailed");
    assert!(read(&client, "a").await == content, "a refused write changes nothing");
    assert_eq!(code(conditional("a", None, Some(&first)).await), "ok");
    assert_eq!(read(&client, "a").await, b"new");
    assert_ne!(code(client.get_object().bucket(BUCKET).key("a").if_match(&first).send().await), "ok");
    let all = futures::future::join_all((0..8).map(|_| conditional("race", Some("*"), None))).await;
    assert_eq!(all.into_iter().map(code).filter(|code| code == "ok").count(), 1, "one of eight wins");

    // Damage is refused and changes nothing.
    let damaged = client.put_object().bucket(BUCKET).key("a").body(ByteStream::from_static(b"damaged"));
    assert_ne!(code(damaged.checksum_crc64_nvme("rosUhgp5mIg=").send().await), "ok");
    let damaged = client.put_object().bucket(BUCKET).key("a").body(ByteStream::from_static(b"damaged"));
    assert_eq!(code(damaged.content_md5("JfnnlDI7RTiF9RgfG2JNCw==").send().await), "BadDigest");
    assert_eq!(read(&client, "a").await, b"new");

    // Parts.
    let (one, two) = (noise(5 * MIB), noise(1000));
    let upload = begin(&client, "parts").await;
    let second = send(&client, "parts", &upload, 2, &two).await;
    send(&client, "parts", &upload, 1, &two).await;
    let first = send(&client, "parts", &upload, 1, &one).await;
    let wrong = CompletedPart::builder().part_number(2).e_tag("\"0123456789abcdef0123456789abcdef\"").build();
    assert_eq!(complete(&client, "parts", &upload, &[&first, &wrong]).await, "InvalidPart");
    assert_eq!(complete(&client, "parts", &upload, &[&second, &first]).await, "InvalidPartOrder");
    assert_eq!(code(client.head_object().bucket(BUCKET).key("parts").send().await), "NotFound");
    assert_eq!(complete(&client, "parts", &upload, &[&first, &second]).await, "ok");
    assert!(read(&client, "parts").await == [one, two].concat());

    let upload = begin(&client, "parts").await;
    let part = send(&client, "parts", &upload, 1, b"other").await;
    client.abort_multipart_upload().bucket(BUCKET).key("parts").upload_id(&upload).send().await.unwrap();
    assert_eq!(complete(&client, "parts", &upload, &[&part]).await, "NoSuchUpload");
    assert_eq!(read(&client, "parts").await.len(), 5 * MIB + 1000);

    // Listing.
    for key in ["list/a", "list/b/1", "list/b/2", "list/c", "list/d"] {
        put(&client, key, b"x").await;
    }
    let list = client.list_objects_v2().bucket(BUCKET).prefix("list/");
    let page = list.clone().max_keys(2).send().await.unwrap();
    let next = page.next_continuation_token().unwrap();
    let rest = list.clone().continuation_token(next).send().await.unwrap();
    let keys: Vec<_> = page.contents().iter().chain(rest.contents()).map(|o| o.key().unwrap()).collect();
    assert_eq!(keys, ["list/a", "list/b/1", "list/b/2", "list/c", "list/d"]);
    assert_eq!((page.is_truncated(), rest.is_truncated()), (Some(true), Some(false)));
    let grouped = list.delimiter("/").send().await.unwrap();
    assert_eq!(grouped.contents().len(), 3);
    assert_eq!(grouped.common_prefixes().first().unwrap().prefix(), Some("list/b/"));

    // Gone is gone.
    client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
    client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!(code(client.get_object().bucket(BUCKET).key("a").send().await), "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_keeps_s3s_promises() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    promises(&sandbox.server).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs_keeps_the_same_promises() {
    let seaweed = Seaweed::shared().await;
    promises(&seaweed.server).await;
}

/// Every file beneath a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn no_key_leaves_the_folder() {
    let around = TempDir::new().unwrap();
    let root = around.path().join("root");
    let sandbox = Sandbox::start(&root).await;
    let client = client_of(&sandbox.server).await;
    let long = "k".repeat(1024);
    let keys = ["../../out", "..", "a/../../../out", "/abs", "//", "%2e%2e/out", "a\\..\\out", "ключ ü.fasta", &long];
    for (n, key) in keys.iter().enumerate() {
        put(&client, key, format!("content {n}").as_bytes()).await;
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(read(&client, key).await, format!("content {n}").as_bytes(), "{key}");
    }
    assert_eq!(std::fs::read_dir(around.path()).unwrap().count(), 1);
    assert_eq!(code(client.put_object().bucket(BUCKET).key(format!("{long}k")).send().await), "KeyTooLongError");
    for bucket in ["../out", "..", "UP", "a"] {
        assert_ne!(code(client.head_bucket().bucket(bucket).send().await), "ok");
        assert_ne!(code(client.create_bucket().bucket(bucket).send().await), "ok");
    }
    for upload in ["../../objects", "x", "../uploads"] {
        let part = client.upload_part().bucket(BUCKET).key("a").upload_id(upload).part_number(1);
        assert_eq!(code(part.body(ByteStream::from_static(b"x")).send().await), "NoSuchUpload");
    }
    for key in keys {
        client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    let left = files(&root).into_iter().filter(|file| !file.contains("/locks/")).count();
    assert_eq!(left, 0, "deleted is deleted");
    sandbox.stop().await;
}

#[tokio::test]
async fn nobody_unknown_is_let_in() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    put(&client, "a", b"x").await;
    let anonymous = reqwest::get(sandbox.server.endpoint.join("bucket/a").unwrap()).await.unwrap();
    assert_eq!(anonymous.status(), 403);
    let nobody = Server { access_key: "NOBODY".to_owned(), ..sandbox.server.clone() }.amazons();
    assert_eq!(code(nobody.get_object().bucket(BUCKET).key("a").send().await), "InvalidAccessKeyId");
    let liar = Server { secret_key: "WRONG".to_owned(), ..sandbox.server.clone() }.amazons();
    assert_eq!(code(liar.get_object().bucket(BUCKET).key("a").send().await), "SignatureDoesNotMatch");
    let elsewhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = sandbox::s3::serve(
        elsewhere,
        root.path().to_owned(),
        "a".to_owned(),
        "b".to_owned().into(),
        std::future::pending(),
    );
    assert!(refused.await.is_err(), "it serves loopback only");
    sandbox.stop().await;
}

#[tokio::test]
async fn objects_outlive_the_server_and_leftovers_do_not() {
    let root = TempDir::new().unwrap();
    let content = noise(100_000);
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    put(&client, "a", &content).await;
    let upload = begin(&client, "b").await;
    let part = send(&client, "b", &upload, 1, &content).await;
    sandbox.stop().await;

    // As a killed server leaves it.
    let data = root.path().join("bucket/data");
    std::fs::create_dir(data.join("leftover")).unwrap();
    std::fs::write(data.join("leftover/1"), "half").unwrap();

    let sandbox = Sandbox::start(root.path()).await;
    // A second process over the same folder sees the same.
    let second = Sandbox::start(root.path()).await;
    assert!(read(&sandbox.server.amazons(), "a").await == content);
    assert_eq!(complete(&second.server.amazons(), "b", &upload, &[&part]).await, "ok");
    // Both have answered: whichever of them was at it has removed it.
    assert!(!data.join("leftover").exists());
    assert!(read(&sandbox.server.amazons(), "b").await == content);
    sandbox.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn what_is_being_read_stays_until_it_is_read() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    let content = noise(20 * MIB);
    put(&client, "a", &content).await;
    let reading = client.get_object().bucket(BUCKET).key("a").send().await.unwrap();
    client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!(code(client.head_object().bucket(BUCKET).key("a").send().await), "NotFound");
    assert!(reading.body.collect().await.unwrap().to_vec() == content);
    // All requests are answered once it has stopped.
    sandbox.stop().await;
    assert_eq!(std::fs::read_dir(root.path().join("bucket/data")).unwrap().count(), 0);
}

#[tokio::test]
async fn parts_that_are_too_small_are_refused() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    let upload = begin(&client, "a").await;
    let one = send(&client, "a", &upload, 1, b"small").await;
    let two = send(&client, "a", &upload, 2, b"last").await;
    assert_eq!(complete(&client, "a", &upload, &[&one, &two]).await, "EntityTooSmall");
    let full = client.complete_multipart_upload().bucket(BUCKET).key("a").upload_id(&upload);
    let all = CompletedMultipartUpload::builder().parts(one).build();
    let wrong = full.clone().multipart_upload(all.clone()).checksum_crc64_nvme("rosUhgp5mIg=");
    assert_eq!(code(wrong.send().await), "BadDigest");
    assert_eq!(code(full.multipart_upload(all).send().await), "ok");
    sandbox.stop().await;
}

#[tokio::test]
async fn holes_take_no_room() {
    use std::os::unix::fs::MetadataExt as _;
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    let mut content = vec![0; 16 * MIB];
    content[..5].copy_from_slice(b">hole");
    put(&client, "a", &content).await;
    assert!(read(&client, "a").await == content);
    let on_disk: u64 = files(root.path()).iter().map(|file| std::fs::metadata(file).unwrap().blocks() * 512).sum();
    assert!(on_disk < MIB as u64, "{on_disk} bytes on disk");
    sandbox.stop().await;
}
