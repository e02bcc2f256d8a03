//! What other people's S3 programs do every day: copies, old listings, many deletions at once, dates, signed URLs, buckets
//! that go. SeaweedFS does the same.

use std::time::Duration;

use aws_sdk_s3::{
    presigning::PresigningConfig,
    primitives::{DateTime, DateTimeFormat},
    types::{Delete, MetadataDirective, ObjectIdentifier},
};

use super::*;

fn identifier(key: &str) -> ObjectIdentifier {
    ObjectIdentifier::builder().key(key).build().unwrap()
}

fn delete(keys: &[&str]) -> Delete {
    Delete::builder().set_objects(Some(keys.iter().map(|key| identifier(key)).collect())).build().unwrap()
}

async fn copies(client: &Client) {
    let content = noise(6 * MIB);
    let put = client.put_object().bucket(BUCKET).key("from ü+&").content_type("text/x-fasta").metadata("run", "7");
    put.body(ByteStream::from(content.clone())).send().await.unwrap();
    let copy = |to: &str| client.copy_object().bucket(BUCKET).key(to).copy_source("bucket/from%20%C3%BC%2B%26");
    let copied = copy("to").send().await.unwrap();
    assert!(read(client, "to").await == content);
    let head = client.head_object().bucket(BUCKET).key("to").send().await.unwrap();
    let tag = |tag: Option<&str>| tag.unwrap().trim_matches('"').to_owned();
    assert_eq!(tag(head.e_tag()), tag(copied.copy_object_result().unwrap().e_tag()));
    assert_eq!((head.content_type(), head.metadata().unwrap()["run"].as_str()), (Some("text/x-fasta"), "7"));
    // The copy is the source's no more.
    client.delete_object().bucket(BUCKET).key("from ü+&").send().await.unwrap();
    assert!(read(client, "to").await == content);
    assert_eq!(code(copy("other").send().await), "NoSuchKey");
    let other = client.copy_object().bucket(BUCKET).key("other").copy_source("bucket/to");
    let replaced = other.clone().metadata_directive(MetadataDirective::Replace).metadata("run", "8");
    replaced.send().await.unwrap();
    let head = client.head_object().bucket(BUCKET).key("other").send().await.unwrap();
    assert_eq!(head.metadata().unwrap()["run"], "8");
    let unmet = other.clone().copy_source_if_match("\"0123456789abcdef0123456789abcdef\"");
    assert_eq!(code(unmet.send().await), "PreconditionFailed");

    // A part out of another object, from its middle.
    let upload = begin(client, "joined").await;
    let part = |number: i32| {
        let part = client.upload_part_copy().bucket(BUCKET).key("joined").upload_id(&upload).part_number(number);
        part.copy_source("bucket/to")
    };
    let tag = |copied: aws_sdk_s3::operation::upload_part_copy::UploadPartCopyOutput, number| {
        let tag = copied.copy_part_result.unwrap().e_tag;
        CompletedPart::builder().part_number(number).set_e_tag(tag).build()
    };
    let one = tag(part(1).send().await.unwrap(), 1);
    let two = tag(part(2).copy_source_range("bytes=1000-1009").send().await.unwrap(), 2);
    assert_ne!(code(part(3).copy_source_range("bytes=0-99999999").send().await), "ok");
    assert_eq!(complete(client, "joined", &upload, &[&one, &two]).await, "ok");
    assert!(read(client, "joined").await == [&content[..], &content[1000..1010]].concat());
}

async fn listings(client: &Client) {
    for key in ["old/a", "old/b/1", "old/b/2", "old/c"] {
        put(client, key, b"x").await;
    }
    let list = client.list_objects().bucket(BUCKET).prefix("old/");
    let page = list.clone().max_keys(2).send().await.unwrap();
    let rest = list.clone().marker(page.contents()[1].key().unwrap()).send().await.unwrap();
    let keys: Vec<_> = page.contents().iter().chain(rest.contents()).map(|o| o.key().unwrap()).collect();
    assert_eq!(keys, ["old/a", "old/b/1", "old/b/2", "old/c"]);
    assert_eq!((page.is_truncated(), rest.is_truncated()), (Some(true), Some(false)));
    // What shares a beginning stands on one page, and once; what begins within it still shows it.
    let grouped = list.delimiter("/");
    let page = grouped.clone().max_keys(2).send().await.unwrap();
    assert_eq!((page.contents().len(), page.common_prefixes().len()), (1, 1));
    let rest = grouped.clone().marker(page.next_marker().unwrap()).send().await.unwrap();
    let keys: Vec<_> = rest.contents().iter().map(|o| o.key().unwrap()).collect();
    assert_eq!((keys, rest.common_prefixes().len()), (vec!["old/c"], 0));
    let within = client.list_objects_v2().bucket(BUCKET).prefix("old/").delimiter("/").start_after("old/b/1");
    let within = within.send().await.unwrap();
    assert_eq!((within.contents().len(), within.common_prefixes().len()), (1, 1));

    let gone = client.delete_objects().bucket(BUCKET).delete(delete(&["old/a", "old/b/1", "never there"]));
    let gone = gone.send().await.unwrap();
    assert_eq!((gone.deleted().len(), gone.errors().len()), (3, 0));
    let left = client.list_objects_v2().bucket(BUCKET).prefix("old/").send().await.unwrap();
    assert_eq!(left.contents().iter().map(|o| o.key().unwrap()).collect::<Vec<_>>(), ["old/b/2", "old/c"]);
}

async fn dates(client: &Client) {
    put(client, "dated", b"x").await;
    let head = client.head_object().bucket(BUCKET).key("dated");
    let modified = *head.clone().send().await.unwrap().last_modified().unwrap();
    let later = DateTime::from_secs(modified.secs() + 60);
    let before = DateTime::from_secs(modified.secs() - 60);
    let get = client.get_object().bucket(BUCKET).key("dated");
    let status = async |get: aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder| {
        get.send().await.map_or_else(|error| error.raw_response().unwrap().status().as_u16(), |_| 200)
    };
    assert_eq!(
        status(get.clone().if_modified_since(modified)).await,
        304,
        "{:?}",
        modified.fmt(DateTimeFormat::HttpDate)
    );
    assert_eq!(status(get.clone().if_modified_since(before)).await, 200);
    assert_eq!(status(get.clone().if_unmodified_since(modified)).await, 200);
    assert_eq!(status(get.clone().if_unmodified_since(before)).await, 412);
    assert_eq!(status(get.clone().if_modified_since(later).if_unmodified_since(before)).await, 412);
    let none = "\"0123456789abcdef0123456789abcdef\"";
    assert_eq!(status(get.clone().if_none_match(none).if_modified_since(modified)).await, 200, "the ETag counts");
}

async fn buckets(client: &Client) {
    let all = client.list_buckets().send().await.unwrap();
    let mine = all.buckets().iter().find(|b| b.name() == Some(BUCKET)).unwrap();
    assert!(mine.creation_date().unwrap().secs() > 1_700_000_000);
    client.create_bucket().bucket("short-lived").send().await.unwrap();
    put_in(client, "short-lived", "a").await;
    assert_eq!(code(client.delete_bucket().bucket("short-lived").send().await), "BucketNotEmpty");
    client.delete_object().bucket("short-lived").key("a").send().await.unwrap();
    client.delete_bucket().bucket("short-lived").send().await.unwrap();
    assert_ne!(code(client.head_bucket().bucket("short-lived").send().await), "ok");
    assert_eq!(code(client.delete_bucket().bucket("short-lived").send().await), "NoSuchBucket");
    client.create_bucket().bucket("short-lived").send().await.unwrap();
    put_in(client, "short-lived", "b").await;
    client.delete_object().bucket("short-lived").key("b").send().await.unwrap();
    client.delete_bucket().bucket("short-lived").send().await.unwrap();
}

async fn put_in(client: &Client, bucket: &str, key: &str) {
    client.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x")).send().await.unwrap();
}

/// What other people's programs do every day.
async fn everyday(server: &Server) {
    let client = client_of(server).await;
    copies(&client).await;
    listings(&client).await;
    dates(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_does_the_everyday_work() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    everyday(&sandbox.server).await;
    // What SeaweedFS does with these is another thing: it removes buckets with all that they hold.
    let client = sandbox.server.amazons();
    buckets(&client).await;
    let location = client.get_bucket_location().bucket(BUCKET).send().await.unwrap();
    assert!(location.location_constraint().is_none_or(|l| l.as_str().is_empty()), "no constraint is us-east-1");
    assert!(client.get_bucket_versioning().bucket(BUCKET).send().await.unwrap().status().is_none());
    let onto_itself = client.copy_object().bucket(BUCKET).key("to").copy_source("bucket/to");
    assert_eq!(code(onto_itself.clone().send().await), "InvalidRequest");
    onto_itself.metadata_directive(MetadataDirective::Replace).metadata("run", "9").send().await.unwrap();
    let head = client.head_object().bucket(BUCKET).key("to").send().await.unwrap();
    assert_eq!(head.metadata().unwrap()["run"], "9");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs_does_the_same_everyday_work() {
    let seaweed = Seaweed::shared().await;
    everyday(&seaweed.server).await;
}

#[tokio::test]
async fn a_signed_url_serves_for_a_week_at_most() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    put(&client, "a", b"x").await;
    let week = PresigningConfig::expires_in(Duration::from_secs(604_800)).unwrap();
    let signed = client.get_object().bucket(BUCKET).key("a").presigned(week).await.unwrap();
    assert_eq!(reqwest::get(signed.uri()).await.unwrap().status(), 200);
    // One signed for longer takes a client that signs such: see the clients' suite. This one is only changed.
    let longer = signed.uri().replace("X-Amz-Expires=604800", "X-Amz-Expires=604801");
    assert_eq!(reqwest::get(longer).await.unwrap().status(), 403);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_bucket_that_goes_takes_no_object_with_it() {
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    for _ in 0..5 {
        client.create_bucket().bucket("contended").send().await.unwrap();
        let puts = (0..8).map(|n| {
            let put = client.put_object().bucket("contended").key(format!("k{n}"));
            put.body(ByteStream::from(noise(100_000))).send()
        });
        let (puts, _) = tokio::join!(futures::future::join_all(puts), async {
            while code(client.delete_bucket().bucket("contended").send().await) == "BucketNotEmpty" {
                let there = client.list_objects_v2().bucket("contended").send().await.unwrap();
                // Only what was seen: what is put later must hold the bucket.
                for object in there.contents() {
                    client.delete_object().bucket("contended").key(object.key().unwrap()).send().await.unwrap();
                }
            }
        });
        for put in puts {
            let end = code(put);
            assert!(end == "ok" || end == "NoSuchBucket", "{end}");
        }
        assert_eq!(code(client.head_bucket().bucket("contended").send().await), "NotFound");
    }
    // Nothing is left of them on disk.
    let left = std::fs::read_dir(root.path()).unwrap().count();
    assert_eq!(left, 1, "the other bucket alone");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_copy_takes_no_room() {
    use std::os::unix::fs::MetadataExt as _;
    let root = TempDir::new().unwrap();
    let sandbox = Sandbox::start(root.path()).await;
    let client = client_of(&sandbox.server).await;
    put(&client, "a", &noise(8 * MIB)).await;
    for n in 0..10 {
        client.copy_object().bucket(BUCKET).key(format!("b{n}")).copy_source("bucket/a").send().await.unwrap();
    }
    let mut seen = std::collections::HashSet::new();
    let on_disk: u64 = (files(root.path()).iter().map(|file| std::fs::metadata(file).unwrap()))
        .filter(|file| seen.insert(file.ino()))
        .map(|file| file.blocks() * 512)
        .sum();
    assert!(on_disk < 9 * MIB as u64, "{on_disk} bytes on disk");
    sandbox.stop().await;
}
