//! Staging and links, the same against SeaweedFS and against the sandbox's own server.

use std::{
    io::{Seek as _, Write as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use axum::http::Method;
use domain::{
    hash::Sha256,
    job::{Staged, StagedCheck},
};
use guard::policy::refusal::Rule;
use storage::{
    MAX_LINK_LIFETIME, Storage, StorageError,
    fetch::{FetchError, FetchPlan, fetch},
};
use url::Url;

use crate::services::{
    desk::{Desk, noise},
    proxy::{Harm, Proxy},
    s3::{Sandbox, Server},
    seaweed::Seaweed,
};

/// Two whole parts and some.
const LARGE: usize = (40 << 20) + 12_345;

fn quiet(_: u64, _: u64) {}

/// What a link gives, checked against the SHA-256.
async fn through_link(storage: &Storage, staged: &Staged) -> Vec<u8> {
    let url = storage.presign_get(&staged.key, Duration::from_secs(300)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plan = FetchPlan {
        allowed: vec![url.clone()],
        public: Vec::new(),
        url,
        headers: Default::default(),
        max_bytes: staged.bytes,
        time_limit: std::time::Duration::from_secs(300),
        expect_sha256: Some(staged.sha256),
        to: folder.path().join("fetched"),
    };
    let fetched = fetch(plan, &|_, _| {}).await.unwrap();
    assert_eq!((fetched.bytes, fetched.sha256), (staged.bytes, staged.sha256));
    std::fs::read(folder.path().join("fetched")).unwrap()
}

async fn open_uploads(server: &Server, bucket: &str) -> usize {
    server.amazons().list_multipart_uploads().bucket(bucket).send().await.unwrap().uploads().len()
}

async fn small_and_large_go_up_and_come_back(server: Server) {
    let (bucket, storage) = server.bucket().await;
    for size in [1, 3_000, 16 << 20, LARGE] {
        let content = noise(size);
        let desk = Desk::new(&content);
        let key = format!("jobs/job-1/some data {size}+ü.fasta");
        assert_eq!(storage.head(&key).await.unwrap(), None);
        let told = Mutex::new(Vec::new());
        let staged =
            storage.upload(desk.permit(&key), &|done, all| told.lock().unwrap().push((done, all))).await.unwrap();
        assert_eq!(staged.sha256, Sha256::of(&content));
        assert_eq!(staged.bytes, size as u64);
        assert!(!staged.url.contains('?') && staged.url.contains(&bucket), "{}", staged.url);
        let told = told.into_inner().unwrap();
        assert_eq!(told.last(), Some(&(size as u64, size as u64)));
        assert!(told.is_sorted(), "progress never goes back: {told:?}");
        assert_eq!(storage.head(&key).await.unwrap(), Some(size as u64));
        assert!(through_link(&storage, &staged).await == content);
        storage.remove(&key).await.unwrap();
        assert_eq!(storage.head(&key).await.unwrap(), None);
        storage.remove(&key).await.unwrap();
    }
}

async fn what_is_there_is_not_sent_again(server: Server) {
    let (bucket, _) = server.bucket().await;
    let proxy = Proxy::start(&server.endpoint, |_| Harm::None).await;
    let storage = server.by_way_of(proxy.endpoint.clone()).storage(&bucket);
    let desk = Desk::new(&noise(LARGE));
    let first = storage.upload(desk.permit("a"), &quiet).await.unwrap();
    assert_eq!(proxy.parts(), 3);
    let sent = proxy.count(&Method::PUT);
    let again = storage.upload(desk.permit("a"), &quiet).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(proxy.count(&Method::PUT), sent, "nothing was sent");
    // Other content of the same size under the same key is.
    let mut other = noise(LARGE);
    other[7] ^= 1;
    let staged = storage.upload(Desk::new(&other).permit("a"), &quiet).await.unwrap();
    assert!(through_link(&storage, &staged).await == other);
}

async fn an_interrupted_upload_is_gone_on_with(server: Server) {
    let (bucket, _) = server.bucket().await;
    let content = noise(LARGE);
    let desk = Desk::new(&content);
    // The last part never gets through; the process is killed while it waits.
    let stuck = Proxy::start(&server.endpoint, |seen| match seen.uri.query() {
        Some(query) if seen.is_part() && query.contains("partNumber=3") => Harm::Hang,
        _ => Harm::None,
    })
    .await;
    let storage = server.by_way_of(stuck.endpoint.clone()).storage(&bucket);
    let killed = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while stuck.parts() < 2 {
            tick.tick().await;
        }
    };
    tokio::select! {
        done = storage.upload(desk.permit("a"), &quiet) => panic!("it cannot finish: {done:?}"),
        () = killed => {}
    }
    assert_eq!(open_uploads(&server, &bucket).await, 1);
    let proxy = Proxy::start(&server.endpoint, |_| Harm::None).await;
    let storage = server.by_way_of(proxy.endpoint.clone()).storage(&bucket);
    let staged = storage.upload(desk.permit("a"), &quiet).await.unwrap();
    assert_eq!(proxy.parts(), 1, "only the missing part");
    assert!(through_link(&storage, &staged).await == content);
    assert_eq!(open_uploads(&server, &bucket).await, 0);
}

async fn damage_is_noticed_and_mended(server: Server) {
    let (bucket, direct) = server.bucket().await;
    let content = noise(LARGE);
    let once = Arc::new(AtomicBool::new(true));
    let proxy = Proxy::start(&server.endpoint, move |seen| match seen.is_part() && once.swap(false, Relaxed) {
        true => Harm::FlipBit,
        false => Harm::None,
    })
    .await;
    let storage = server.by_way_of(proxy.endpoint.clone()).storage(&bucket);
    let staged = storage.upload(Desk::new(&content).permit("a"), &quiet).await.unwrap();
    assert!(through_link(&direct, &staged).await == content);

    let always = Proxy::start(&server.endpoint, |seen| match seen.method == Method::PUT {
        true => Harm::FlipBit,
        false => Harm::None,
    })
    .await;
    let storage = server.by_way_of(always.endpoint.clone()).storage(&bucket);
    for (size, key) in [(3_000, "small"), (LARGE, "large")] {
        let error = storage.upload(Desk::new(&noise(size)).permit(key), &quiet).await.unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
        assert_eq!(direct.head(key).await.unwrap(), None);
    }
    assert_eq!(open_uploads(&server, &bucket).await, 0, "the upload was given up");
}

async fn a_store_that_knows_no_crc64_is_served_without(server: Server) {
    let (bucket, direct) = server.bucket().await;
    for (status, code) in [
        (501, "NotImplemented"),
        (400, "InvalidRequest"),
        (400, "InvalidDigest"),
        (400, "MalformedXML"),
        (400, "BadRequest"),
    ] {
        let old = Proxy::start(&server.endpoint, move |seen| match seen.has_checksum() {
            true => Harm::Refuse(status, code),
            false => Harm::None,
        })
        .await;
        let storage = server.by_way_of(old.endpoint.clone()).storage(&bucket);
        for size in [3_000, LARGE] {
            let content = noise(size);
            let key = format!("{code}-{size}");
            let staged = storage.upload(Desk::new(&content).permit(&key), &quiet).await.unwrap();
            assert!(through_link(&direct, &staged).await == content);
        }
    }
    assert_eq!(open_uploads(&server, &bucket).await, 0);
}

/// A store that knows no CRC-64, tells none, and takes what comes: one flipped bit is noticed by the MD5 in its tag, or by
/// reading the object back; it is removed, and sent again.
async fn damage_that_the_store_does_not_notice_is_noticed_here(server: Server) {
    let (bucket, direct) = server.bucket().await;
    for size in [3_000, LARGE] {
        for times in [0, 1, u32::MAX] {
            let left = AtomicU32::new(times);
            let old = Proxy::start(&server.endpoint, move |seen| {
                let content = seen.method == Method::PUT && !seen.has_checksum();
                let flip = content && left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok();
                match () {
                    () if seen.has_checksum() => Harm::Refuse(501, "NotImplemented"),
                    () if flip => Harm::FlipBitAndForget,
                    () => Harm::Forget,
                }
            })
            .await;
            let storage = server.by_way_of(old.endpoint.clone()).storage(&bucket);
            let content = noise(size);
            let key = format!("flipped-{size}-{times}");
            let staged = storage.upload(Desk::new(&content).permit(&key), &quiet).await;
            if times == u32::MAX {
                assert!(matches!(staged, Err(StorageError::Corrupt { .. })), "{staged:?}");
                assert_eq!(direct.head(&key).await.unwrap(), None, "what is of no use is removed");
                continue;
            }
            let staged = staged.unwrap();
            assert!(matches!(staged.check, Some(StagedCheck::Md5 | StagedCheck::ReadBack)), "{staged:?}");
            assert!(through_link(&direct, &staged).await == content);
            assert!(direct.holds(&staged).await.unwrap());
        }
    }
    assert_eq!(open_uploads(&server, &bucket).await, 0);
}

/// An object of the right size that says it is ours, and is not: an earlier run may have left it.
async fn a_damaged_object_is_not_taken_for_the_dataset(server: Server) {
    let (bucket, storage) = server.bucket().await;
    for size in [3_000, LARGE] {
        let content = noise(size);
        let mut damaged = content.clone();
        damaged[size / 2] ^= 1;
        let put = server.amazons().put_object().bucket(&bucket).key("a").body(damaged.into());
        put.metadata("sha256", Sha256::of(&content).to_string()).send().await.unwrap();
        let staged = storage.upload(Desk::new(&content).permit("a"), &quiet).await.unwrap();
        assert_eq!(staged.check, Some(StagedCheck::Crc64Nvme));
        assert!(through_link(&storage, &staged).await == content);
        assert!(storage.holds(&staged).await.unwrap());
        // Before it is paid for: another object of the same size is another.
        let mut other = content.clone();
        other[0] ^= 1;
        server.amazons().put_object().bucket(&bucket).key("a").body(other.into()).send().await.unwrap();
        assert!(!storage.holds(&staged).await.unwrap());
    }
}

/// Some servers send white space while they put parts together, before the XML that says that they did.
async fn white_space_before_an_answer_harms_nothing(server: Server) {
    let (bucket, direct) = server.bucket().await;
    let slow = Proxy::start(&server.endpoint, |seen| {
        let completes =
            seen.method == Method::POST && seen.uri.query().is_some_and(|query| query.contains("uploadId="));
        if completes { Harm::SpaceFirst } else { Harm::None }
    })
    .await;
    let storage = server.by_way_of(slow.endpoint.clone()).storage(&bucket);
    let content = noise(LARGE);
    let staged = storage.upload(Desk::new(&content).permit("a"), &quiet).await.unwrap();
    assert!(through_link(&direct, &staged).await == content);
    assert_eq!(slow.parts(), 3, "nothing was sent again");
    assert_eq!(open_uploads(&server, &bucket).await, 0);
}

/// A busy server is waited for, and what was sent by then is not sent again.
async fn a_server_that_is_busy_for_a_while_is_waited_for(server: Server) {
    let (bucket, direct) = server.bucket().await;
    let content = noise(LARGE);
    let left = AtomicU32::new(6);
    let busy = Proxy::start(&server.endpoint, move |seen| {
        let last = seen.is_part() && seen.uri.query().is_some_and(|query| query.contains("partNumber=3"));
        match last && left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok() {
            true => Harm::Refuse(503, "SlowDown"),
            false => Harm::None,
        }
    })
    .await;
    let storage = server.by_way_of(busy.endpoint.clone()).storage(&bucket);
    let staged = storage.upload(Desk::new(&content).permit("a"), &quiet).await.unwrap();
    assert_eq!(busy.parts(), 3, "each part arrived once");
    assert!(through_link(&direct, &staged).await == content);
    assert_eq!(open_uploads(&server, &bucket).await, 0);
}

async fn a_file_that_changes_is_refused(server: Server) {
    let (bucket, storage) = server.bucket().await;
    for keep_the_time in [false, true] {
        let desk = Desk::new(&noise(LARGE));
        let permit = desk.permit("a");
        let file = desk.file();
        let calls = AtomicU64::new(0);
        let meddle = |_, _| {
            if calls.fetch_add(1, Relaxed) == 0 {
                let mut open = std::fs::File::options().write(true).open(&file).unwrap();
                let before = open.metadata().unwrap().modified().unwrap();
                open.seek(std::io::SeekFrom::End(-1)).unwrap();
                open.write_all(b"!").unwrap();
                if keep_the_time {
                    open.set_modified(before).unwrap();
                }
            }
        };
        match storage.upload(permit, &meddle).await {
            Err(StorageError::Changed(refusal)) => assert_eq!(refusal.rule, Rule::DataChanged),
            other => panic!("{other:?}"),
        }
        assert_eq!(storage.head("a").await.unwrap(), None);
        assert_eq!(open_uploads(&server, &bucket).await, 0);
    }
    // Before the first byte, too.
    let desk = Desk::new(b">a\nACDE\n");
    let permit = desk.permit("b");
    std::fs::write(desk.file(), b">a\nAC\n").unwrap();
    assert!(matches!(storage.upload(permit, &quiet).await, Err(StorageError::Changed(_))));
}

async fn nothing_is_not_uploaded(server: Server) {
    let (_, storage) = server.bucket().await;
    let error = storage.upload(Desk::new(b"").permit("a"), &quiet).await.unwrap_err();
    assert!(matches!(error, StorageError::Empty { .. }));
    assert_eq!(storage.head("a").await.unwrap(), None);
}

async fn wrong_keys_and_buckets_are_told_apart(server: Server) {
    let (bucket, storage) = server.bucket().await;
    storage.check().await.unwrap();
    storage.ensure_bucket().await.unwrap();
    let desk = Desk::new(b">a\nACDE\n");
    for wrong in [
        Server { secret_key: "NOT-THE-SECRET".to_owned(), ..server.clone() },
        Server { access_key: "NOBODY".to_owned(), ..server.clone() },
    ] {
        let storage = wrong.storage(&bucket);
        for error in [
            storage.check().await.unwrap_err(),
            storage.upload(desk.permit("a"), &quiet).await.unwrap_err(),
            storage.head("a").await.unwrap_err(),
            storage.ensure_bucket().await.unwrap_err(),
        ] {
            assert!(matches!(error, StorageError::Credentials { .. }), "{error:?}");
            assert!(!format!("{error:?} {error}").contains("SECRET"), "{error:?}");
            assert!(error.hint().unwrap().contains("AIOZ_SECRET_KEY"));
        }
    }
    let error = server.storage("no-such-bucket").check().await.unwrap_err();
    assert!(matches!(error, StorageError::NoBucket { .. }), "{error:?}");
}

/// What HEAD cannot say is asked for, and the setting that is wrong is named.
async fn the_clock_the_region_and_a_missing_right_are_told_apart(server: Server) {
    let (bucket, _) = server.bucket().await;
    let desk = Desk::new(b">a\nACDE\n");
    for (status, code, names) in [
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "AuthorizationHeaderMalformed", "AIOZ_S3_REGION"),
        (301, "PermanentRedirect", "AIOZ_S3_REGION"),
        (403, "AccessDenied", "ListBucket"),
        (403, "SignatureDoesNotMatch", "AIOZ_SECRET_KEY"),
    ] {
        let proxy = Proxy::start(&server.endpoint, move |_| Harm::Refuse(status, code)).await;
        let storage = server.by_way_of(proxy.endpoint.clone()).storage(&bucket);
        for error in [
            storage.check().await.unwrap_err(),
            storage.ensure_bucket().await.unwrap_err(),
            storage.head("a").await.unwrap_err(),
            storage.upload(desk.permit("a"), &quiet).await.unwrap_err(),
        ] {
            let said = format!("{error} {}", error.hint().unwrap_or_default());
            assert!(said.contains(names), "{code}: {said}");
        }
    }
    // Rights that forbid HEAD of the bucket and allow all that is needed of it.
    let proxy = Proxy::start(&server.endpoint, |seen| match *seen.method == Method::HEAD {
        true => Harm::Refuse(403, "AccessDenied"),
        false => Harm::None,
    })
    .await;
    let storage = server.by_way_of(proxy.endpoint.clone()).storage(&bucket);
    storage.check().await.unwrap();
    storage.ensure_bucket().await.unwrap();
}

async fn a_server_that_is_down_is_unreachable(server: Server) {
    let [port] = crate::services::free_ports();
    let down = server.by_way_of(Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap());
    let error = down.storage("bucket").check().await.unwrap_err();
    assert!(matches!(&error, StorageError::Unreachable { cause, .. } if cause.contains("refused")), "{error}");
    assert!(error.hint().is_some());
}

async fn links_end_and_cannot_be_forged(server: Server) {
    let (bucket, storage) = server.bucket().await;
    let staged = storage.upload(Desk::new(b">a\nACDE\n").permit("a/b c.fasta"), &quiet).await.unwrap();
    assert_eq!(through_link(&storage, &staged).await, b">a\nACDE\n");
    let status = async |url: Url| reqwest::get(url).await.unwrap().status().as_u16();
    let link = storage.presign_get(&staged.key, MAX_LINK_LIFETIME).await.unwrap();
    assert_eq!(status(link.clone()).await, 200);
    let change = |name: &str, value: &str| {
        let pairs: Vec<(String, String)> = link.query_pairs().into_owned().collect();
        assert!(pairs.iter().any(|(n, _)| n == name), "{name} is in {link}");
        let pairs = pairs.into_iter().map(|(n, v)| if n == name { (n, value.to_owned()) } else { (n, v) });
        let mut url = link.clone();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        url
    };
    assert_eq!(status(change("X-Amz-Signature", &"0".repeat(64))).await, 403);
    assert_eq!(status(change("X-Amz-Expires", "604799")).await, 403);
    let mut other = link.clone();
    other.set_path(&format!("/{bucket}/other"));
    assert_eq!(status(other).await, 403);
    assert_eq!(status(Url::parse(&staged.url).unwrap()).await, 403, "no signature, no content");

    let expired = aws_sdk_s3::presigning::PresigningConfig::builder()
        .start_time(SystemTime::now() - Duration::from_secs(3600))
        .expires_in(Duration::from_secs(60))
        .build()
        .unwrap();
    let get = server.amazons().get_object().bucket(&bucket).key(&staged.key).presigned(expired).await.unwrap();
    assert_eq!(status(get.uri().parse().unwrap()).await, 403);

    let too_long = storage.presign_get(&staged.key, MAX_LINK_LIFETIME + Duration::from_secs(1)).await;
    assert!(matches!(too_long, Err(StorageError::Lifetime { seconds: 604_801 })));
    // A fetch by such a link shows where it came from, and not the link.
    let to = tempfile::tempdir().unwrap();
    let url = change("X-Amz-Signature", &"0".repeat(64));
    let plan = FetchPlan {
        allowed: vec![server.endpoint.clone()],
        public: Vec::new(),
        url,
        headers: Default::default(),
        max_bytes: 100,
        time_limit: std::time::Duration::from_secs(300),
        expect_sha256: None,
        to: to.path().join("x"),
    };
    let error = fetch(plan, &|_, _| {}).await.unwrap_err();
    assert!(matches!(error, FetchError::Refused { status: 403, .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("X-Amz"), "{error:?}");
    assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 0);
}

/// Every case, side by side; all that fail are named.
async fn suite(server: &Server) {
    let mut failed = Vec::new();
    macro_rules! cases {
        ($($case:ident),* $(,)?) => {
            $(if tokio::spawn($case(server.clone())).await.is_err() { failed.push(stringify!($case)); })*
        };
    }
    cases!(
        small_and_large_go_up_and_come_back,
        what_is_there_is_not_sent_again,
        an_interrupted_upload_is_gone_on_with,
        damage_is_noticed_and_mended,
        a_store_that_knows_no_crc64_is_served_without,
        damage_that_the_store_does_not_notice_is_noticed_here,
        a_damaged_object_is_not_taken_for_the_dataset,
        a_server_that_is_busy_for_a_while_is_waited_for,
        white_space_before_an_answer_harms_nothing,
        a_file_that_changes_is_refused,
        nothing_is_not_uploaded,
        wrong_keys_and_buckets_are_told_apart,
        the_clock_the_region_and_a_missing_right_are_told_apart,
        a_server_that_is_down_is_unreachable,
        links_end_and_cannot_be_forged,
    );
    assert!(failed.is_empty(), "failed: {failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_works_against_the_sandbox() {
    let root = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    suite(&sandbox.server).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_works_against_seaweedfs() {
    let seaweed = Seaweed::shared().await;
    suite(&seaweed.server).await;
}
