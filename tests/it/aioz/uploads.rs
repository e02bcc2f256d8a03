//! Without storage of one's own: AIOZ's takes small files.

use axum::http::Method;
use serde_json::json;

use super::{Lab, PNG, error, fake::data};
use crate::payment::gas;

async fn without_storage() -> Lab {
    let mut lab = Lab::with_model().await;
    for name in ["AIOZ_S3_ENDPOINT", "AIOZ_BUCKET", "AIOZ_ACCESS_KEY", "AIOZ_SECRET_KEY"] {
        lab.world.unset(name);
    }
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_as_a_form_and_is_taken_away_again() {
    let lab = without_storage().await;
    let plan = lab.run(&["--until", "plan"]).event("plan");
    assert!(plan["leaves"][0]["to"].as_str().unwrap().contains("whoever has the link can read it"), "{plan}");
    let run = lab.run(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    let book = lab.fake.book();
    let (method, path, kind, body) = &book.uploads[0];
    assert_eq!((method, path.as_str()), (&Method::POST, "/bucket"));
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    let text = String::from_utf8_lossy(body);
    assert!(text.contains("name=\"policy\"\r\n\r\neyJleHBpcmF0aW9uIjoi\r\n"), "{text}");
    assert!(body.windows(PNG.len()).any(|part| part == PNG), "the file itself");
    assert!(!text.contains("cat.png"), "nothing of its name");
    let link = book.tasks[0].input["Input Image"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/bucket/uploads/", lab.fake.origin)), "{link}");
    assert_eq!(book.deleted, [link]);
    drop(book);
    assert_eq!(lab.received(), gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_file_is_put_and_one_above_the_limit_is_refused_in_the_plan() {
    let lab = without_storage().await;
    let mut large = PNG.to_vec();
    large.extend(crate::services::desk::noise(6 << 20));
    lab.world.file("cat.png", &large);
    let run = lab.run(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    {
        let book = lab.fake.book();
        let (method, path, kind, body) = &book.uploads[0];
        assert_eq!((method, kind.as_str(), body.len()), (&Method::PUT, "image/png", large.len()));
        assert!(path.contains("X-Amz-Algorithm"), "{path}");
        assert_eq!(&body[..], &large[..]);
    }
    let path = lab.world.file("cat.png", PNG);
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len((100 << 20) + 1).unwrap();
    let run = lab.run(&[]);
    assert!(run.code != 0, "{}", run.all());
    let why = error(&run)["message"].as_str().unwrap().to_owned();
    assert!(why.contains("at most") || why.contains("not sent away"), "{why}");
    assert_eq!(lab.fake.book().uploads.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_to_anywhere_else_is_not_made() {
    let lab = without_storage().await;
    for endpoint in [
        "http://169.254.169.254/latest",
        "https://127.0.0.1/bucket",
        "file:///etc/passwd",
        "http://s3.example.org/b",
        "x",
    ] {
        let mut form = data("presigned_form.json", &[("origin", &lab.fake.origin), ("name", "n")]);
        form["data"]["endpoint"] = endpoint.into();
        lab.fake
            .book()
            .instead
            .insert("presigned", super::fake::Instead { times: 1, status: 200, body: form, done: false });
        let run = lab.run(&["--anew"]);
        assert!(run.code != 0 && run.all().contains("names no address that may be used"), "{endpoint}: {}", run.all());
    }
    let book = lab.fake.book();
    assert!(book.uploads.is_empty() && book.tasks.is_empty());
    drop(book);
    assert_eq!(lab.received(), gas("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_a_node_needs_storage_of_ones_own() {
    let lab = without_storage().await;
    lab.rules("[thresholds]\nmax_local_bytes = 10");
    lab.world.file("data.fasta", crate::world::example("data.fasta"));
    let run = lab.world.run(&["run", "--json", "--yes", "sequence_stats", "data.fasta"]);
    assert!(run.code != 0 && run.all().contains("no storage is configured"), "{}", run.all());
    assert_eq!(run.event("plan")["work"][0]["cannot"]["rule"], json!("setup"), "{}", run.all());
}
