//! The crates' examples, as their pages have them: `cargo test --workspace` builds them, and here they run.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

fn example(name: &str) -> PathBuf {
    let profile = std::env::current_exe().unwrap();
    let path = profile.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is built by cargo test --workspace", path.display());
    path
}

/// What an example prints; it ends well.
fn says(name: &str, arguments: &[&str]) -> String {
    let run = Command::new(example(name)).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn each_does_what_its_page_says() {
    assert_eq!(says("narrow", &[]), "at most 3 GAS, Here\n");
    assert!(says("record_and_play", &[]).starts_with("recorded "));
    assert!(says("judge", &["protein_folding", "examples/data.fasta"]).contains("R-MODEL: "));
    assert!(says("fold", &["HPHPPHHPHPPHPHHPPHPH"]).contains("the verifier says -9"));
    assert!(says("offline_transfer", &[]).contains(" datoshi for inclusion"));
    assert!(says("chain", &[]).trim_end().ends_with(" has 100 GAS"));
    assert!(says("presign", &[]).contains("X-Amz-Signature="));
    assert_eq!(says("passes", &[]).lines().count(), 3);
}

#[test]
fn the_client_lists_the_prices_of_a_node() {
    let mut node = Ended(Command::new(example("serve")).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(node.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (address, key) = line.trim().split_once(", x-api-key: ").unwrap();
    assert!(says("prices", &[address, key]).contains("sequence-stats"), "{line}");
}

#[tokio::test]
async fn what_serves_strangers_says_how_long_a_body_is() {
    let mut server = Ended(Command::new(example("lengths")).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let client = cassette::line::http_client().no_proxy().build().unwrap();
    let answer = client.post(line.trim()).body("abc").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "3 bytes\n");
}

#[test]
fn every_crate_has_a_page_that_names_its_example() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    for folder in std::fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path()) {
        let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let Ok(examples) = std::fs::read_dir(folder.join("examples")) else {
            // It only stands for another one.
            assert!(folder.ends_with("alloy"), "{} has no example", folder.display());
            continue;
        };
        for name in examples.map(|entry| entry.unwrap().path()) {
            let name = name.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(page.contains(&format!("--example {name}")), "{}: {name}", folder.display());
        }
    }
}

/// Ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
