//! Results that are made to harm whoever fetches them, and answers that are none.

use serde_json::{Value, json};

use super::{Lab, document, error, fake::Instead, kept};
use crate::payment::gas;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_elsewhere_is_not_fetched_and_the_job_is_not_lost() {
    let mut lab = Lab::with_model().await;
    let elsewhere = super::fake::Fake::start().await;
    lab.fake.book().result =
        json!({"output_file": format!("{}/files/out.png?X-Amz-Signature=secret", elsewhere.origin)});
    let run = lab.run(&[]);
    assert_eq!(run.code, 3, "{}", run.all());
    let told = error(&run);
    assert!(told["message"].as_str().unwrap().contains(&elsewhere.origin), "{told}");
    assert!(told["hint"].as_str().unwrap().contains(&format!("AIOZ_RESULT_HOSTS={}", elsewhere.origin)), "{told}");
    assert!(!run.all().contains("Signature=secret"), "a link is a secret");
    assert!(elsewhere.book().fetched.is_empty());
    assert_eq!(lab.received(), gas("2"));
    lab.world.set("AIOZ_RESULT_HOSTS", elsewhere.origin.clone());
    let resumed = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert_eq!(kept(&resumed), ["out.png", "result.json"]);
    assert_eq!(lab.received(), gas("2"), "nothing is paid again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_the_task_names_is_asked_at_public_addresses_alone() {
    let mut lab = Lab::with_model().await;
    let elsewhere = super::fake::Fake::start().await;
    let by_name = elsewhere.origin.replace("127.0.0.1", "localhost");
    let path = lab.world.home().join("tasks/up_scale.toml");
    let hosts = format!("[remote]\nhosts = [\"{}\", \"{by_name}\"]\n[remote.keys]", elsewhere.origin);
    std::fs::write(path, lab.task_file().replace("[remote.keys]", &hosts)).unwrap();
    for origin in [&elsewhere.origin, &by_name] {
        lab.fake.book().result = json!({"output_file": format!("{origin}/files/out.png")});
        let run = lab.run(&["--anew"]);
        assert_ne!(run.code, 0, "{}", run.all());
        let why = error(&run)["message"].as_str().unwrap().to_owned();
        assert!(why.contains(&format!("may not be fetched from {origin}: it leads to no public address")), "{why}");
    }
    assert!(elsewhere.book().fetched.is_empty());
    // What is paid for is fetched once the owner allows it.
    lab.world.set("AIOZ_RESULT_HOSTS", by_name);
    let resumed = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert_eq!(elsewhere.book().fetched.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_this_machine_and_of_clouds_are_not_asked() {
    let lab = Lab::with_model().await;
    let port = lab.fake.origin.rsplit(':').next().unwrap().to_owned();
    for address in [
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://127.0.0.1/".to_owned(),
        "https://127.0.0.1:8/x".to_owned(),
        format!("http://localhost:{port}/files/out.png"),
        format!("http://127.0.0.1.nip.io:{port}/files/out.png"),
        format!("http://user@127.0.0.2:{port}/files/out.png"),
        "http://[::1]/".to_owned(),
    ] {
        lab.fake.book().result = json!({ "output_file": address });
        let run = lab.run(&["--anew"]);
        assert_eq!(run.code, 3, "{address}: {}", run.all());
    }
    assert!(lab.fake.book().fetched.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_of_a_file_is_kept_as_text() {
    let lab = Lab::with_model().await;
    lab.fake.book().result = json!({
        "output_file": "file:///etc/passwd", "caption": "https://example.org/ is a page", "data": "data:text/plain,x", "ftp": "ftp://h/x",
    });
    let run = lab.run(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(kept(&run), ["result.json"]);
    assert_eq!(document(&run)["records"][0], json!({"output": "output_file", "value": "file:///etc/passwd"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_leads_to_no_other_server() {
    let lab = Lab::with_model().await;
    let elsewhere = super::fake::Fake::start().await;
    for to in [
        format!("{}/files/out.png", elsewhere.origin),
        "http://169.254.169.254/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        lab.fake.book().files.insert("/files/out.png".to_owned(), (302, Vec::new(), Some(to.clone())));
        let run = lab.run(&["--anew"]);
        assert_ne!(run.code, 0, "{to}: {}", run.all());
        assert!(run.events().iter().all(|event| event["type"] != "result.fetched"), "{to}: {}", run.all());
    }
    assert!(elsewhere.book().fetched.is_empty());
    // Within the same server it does.
    let back = (302, Vec::new(), Some("/files/a.png".to_owned()));
    lab.fake.book().files.insert("/files/out.png".to_owned(), back);
    let resumed = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_made_here_and_are_plain() {
    let lab = Lab::with_model().await;
    let paths = [
        "/files/..%2F..%2Fx",
        "/files/-rf",
        "/other/-rf",
        "/files/%1b[2J",
        "/files/result.json",
        "/files/A",
        "/other/a",
    ];
    {
        let mut book = lab.fake.book();
        for path in paths {
            book.files.insert(path.to_owned(), (200, path.as_bytes().to_vec(), None));
        }
        book.result = paths.iter().map(|path| format!("{}{path}", lab.fake.origin)).collect::<Vec<_>>().into();
    }
    let run = lab.run(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(kept(&run), ["1b_2J", "2F.._2Fx", "A", "a-2", "result-2.json", "result.json", "rf", "rf-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_without_end_ends() {
    let lab = Lab::with_model().await;
    // More files than any result has: it can never be right.
    let many: Vec<String> = (0..100_000).map(|n| format!("{}/f/{n}", lab.fake.origin)).collect();
    lab.fake.book().result = many.into();
    let run = lab.run(&[]);
    assert_eq!(run.code, 6, "{}", run.all());
    assert!(error(&run)["message"].as_str().unwrap().contains("more than 1,000 files"), "{}", run.all());
    // A key as long as an answer above many values, each of which would have it in its name.
    let mut values: Vec<Value> = vec![json!(1); 100_000];
    values.push(format!("{}/files/out.png", lab.fake.origin).into());
    lab.fake.book().result = json!({ "k".repeat(1 << 20): values });
    let run = lab.run(&["--anew"]);
    assert_eq!(run.code, 6, "{}", run.all());
    assert!(error(&run)["message"].as_str().unwrap().contains("name is longer than 400 bytes"), "{}", run.all());
    // Deeper than any answer: no answer, and the job stays.
    let mut deep = json!("x");
    for _ in 0..500 {
        deep = json!([deep]);
    }
    lab.fake.book().result = deep;
    let run = lab.run(&["--anew"]);
    assert_eq!(run.code, 1, "{}", run.all());
    lab.fake.gives("object");
    // Larger than the owner's cap.
    lab.rules("max_result_bytes = 10");
    let run = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(error(&run)["hint"].as_str().unwrap().contains("max_result_bytes"), "{}", run.all());
    lab.rules("");
    let run = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(lab.received(), gas("6"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_haste_and_strange_words_are_understood() {
    let lab = Lab::with_model().await;
    let scripted = |name: &'static str, times, status, body: Value| {
        lab.fake.book().instead.insert(name, Instead { times, status, body, done: false });
    };
    // A submit that does not match the model's schema, in AIOZ's own envelope: over, and nothing was paid.
    scripted("submit", 1, 400, super::fake::data("fail.json", &[]));
    let run = lab.run(&[]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(error(&run)["message"].as_str().unwrap().contains("input does not match the schema"), "{}", run.all());
    assert_eq!(lab.received(), gas("0"));
    // Too many requests, and a server's error, are asked again; a status that nobody knows is waited out.
    scripted("detail", 2, 429, json!({"status": "fail", "message": "slow down"}));
    scripted("cost", 1, 500, super::fake::data("error.json", &[]));
    lab.fake.book().statuses = vec!["in_queue", "in_queue", "packing", "success"];
    let run = lab.run(&["--anew"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.all().contains("the provider says `packing`"), "{}", run.all());
    // A task that failed there is a claim on the provider.
    {
        let mut book = lab.fake.book();
        (book.statuses, book.looks) = (vec!["in_queue", "in_queue", "failed"], 0);
    }
    let run = lab.run(&["--anew"]);
    assert_eq!(run.code, 6, "{}", run.all());
}
