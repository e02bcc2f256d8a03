//! Without storage of one's own: AIOZ's takes small files.

use axum::http::Method;
use serde_json::json;

use super::{
    Lab, PNG,
    fake::{Instead, data},
};
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
    // One byte more than it takes, of noise: a hole in it would be refused for itself.
    let mut larger = crate::services::desk::noise(100 << 20);
    larger.splice(..PNG.len(), PNG.iter().copied());
    lab.world.file("cat.png", &larger);
    let fits = lab.run(&["--until", "plan"]);
    assert_eq!(fits.code, 0, "{}", fits.all());
    larger.push(1);
    lab.world.file("cat.png", &larger);
    let run = lab.run(&[]);
    assert!(run.code != 0, "{}", run.all());
    let cannot = run.event("plan")["work"][0]["cannot"].clone();
    let why = cannot["why"].as_str().unwrap();
    assert!(why.contains("and the provider's own storage takes 104.9 MB at most"), "{cannot}");
    assert!(cannot["hint"].as_str().unwrap().contains("AIOZ_BUCKET"), "{cannot}");
    assert_eq!(lab.fake.book().uploads.len(), 1);
}

/// The job of a run that was ended at this place, with its file at the provider's own storage.
async fn ended_at(place: &str) -> (Lab, String) {
    let lab = without_storage().await;
    let arguments = ["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.png"];
    let killed = lab.world.command(&arguments).env("AGENT_KILL_AT", place).output().unwrap();
    assert_eq!(killed.status.code(), None, "{}", String::from_utf8_lossy(&killed.stderr));
    let job = lab.world.job_log().last().unwrap()["job"].as_str().unwrap().to_owned();
    (lab, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_sent_by_a_program_that_died_is_known_and_taken_away() {
    // It was sent, and nothing says so yet.
    let (lab, job) = ended_at("ledger.staged.written").await;
    assert_eq!((lab.fake.book().uploads.len(), lab.world.states().last().unwrap().as_str()), (1, "staging"));
    let canceled = lab.world.run(&["jobs", "cancel", &job]);
    assert_eq!(canceled.code, 0, "{}", canceled.all());
    let deleted = lab.fake.book().deleted.clone();
    assert_eq!(deleted.len(), 1, "{}", canceled.all());
    assert!(deleted[0].starts_with(&format!("{}/bucket/uploads/", lab.fake.origin)), "{deleted:?}");
    // Taken up instead, it is sent again under another link, and both are taken away.
    let (lab, _) = ended_at("ledger.staged.written").await;
    let resumed = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    let book = lab.fake.book();
    assert_eq!((book.uploads.len(), book.deleted.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_taken_away_is_told_and_tried_again() {
    for (status, gone) in [(404, true), (410, true), (400, false), (401, false), (403, false), (409, false)] {
        let lab = without_storage().await;
        let refused = json!({"status": "fail", "message": "file not found"});
        lab.fake.book().instead.insert("delete", Instead { times: 1, status, body: refused, done: false });
        let run = lab.run(&[]);
        assert_eq!(run.code, 0, "{status}: {}", run.all());
        assert_eq!(!run.all().contains("may still be on storage"), gone, "{status}: {}", run.all());
        let again = lab.world.run(&["jobs", "cancel", "--all-leftovers"]);
        assert_eq!(again.code, 0, "{status}: {}", again.all());
        assert_eq!(lab.fake.book().deleted.len(), usize::from(!gone), "{status}: {}", again.all());
    }
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
        lab.fake.book().instead.insert("presigned", Instead { times: 1, status: 200, body: form, done: false });
        let run = lab.run(&["--anew"]);
        assert!(run.code != 0 && run.all().contains("names no address that may be used"), "{endpoint}: {}", run.all());
    }
    // A name is looked at when it is resolved.
    let mut form = data("presigned_form.json", &[("origin", &lab.fake.origin), ("name", "n")]);
    form["data"]["endpoint"] = lab.fake.origin.replace("http://127.0.0.1", "https://localhost").into();
    lab.fake.book().instead.insert("presigned", Instead { times: 1, status: 200, body: form, done: false });
    let run = lab.run(&["--anew"]);
    assert!(run.code != 0 && run.all().contains("the name leads to no public address"), "{}", run.all());
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
