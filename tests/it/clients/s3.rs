//! S3 programs of others: `make clients` runs them all. What they do is in `tests/clients`, a file each.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::Open;
use crate::{
    services::{desk::noise, tool},
    world::{Run, World},
};

/// A folder of files as people have them: large, empty, deep, with blanks and other letters in their names.
fn files(folder: &Path) {
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    for (name, content) in [
        ("large.bin", noise(12_000_000)),
        ("small.txt", b"small\n".to_vec()),
        ("empty", Vec::new()),
        ("deep/1.txt", b"1\n".to_vec()),
        ("deep/2.txt", b"2\n".to_vec()),
        ("deep/er/with blank+plus ü.txt", b"x\n".to_vec()),
    ] {
        fs::write(folder.join(name), content).unwrap();
    }
}

/// Has a script of `tests/clients` do its work on a sandbox of its own.
fn works(script: &str) {
    let world = World::new();
    let open = Open::of(&world);
    files(&world.work().join("data"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    let clients = tool("clients/bin");
    let mut command = match script.extension().and_then(|e| e.to_str()) {
        Some("py") => Command::new(clients.join("python")),
        _ => {
            let mut bash = Command::new("bash");
            bash.args(["-x", "-euo", "pipefail"]);
            bash
        }
    };
    command.arg(&script).current_dir(world.work()).env_clear().stdin(Stdio::null());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("PLACE", world.work()).env("HOME", world.work()).env("CLIENTS", &clients);
    command.envs([
        ("LANG", "C.UTF-8"),
        ("PYTHONUTF8", "1"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ]);
    for (name, part) in [
        ("AWS_ENDPOINT_URL", "/storage/endpoint"),
        ("AWS_ACCESS_KEY_ID", "/storage/access_key"),
        ("AWS_SECRET_ACCESS_KEY", "/storage/secret_key"),
    ] {
        command.env(name, open.told(part));
    }
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, 0, "{}\n{}", script.display(), run.all());
    assert_eq!(open.stop(), Some(0));
}

#[test]
#[ignore = "make clients"]
fn rclone() {
    works("with_rclone.sh");
}

#[test]
#[ignore = "make clients"]
fn s5cmd() {
    works("with_s5cmd.sh");
}

#[test]
#[ignore = "make clients"]
fn aws_command_line() {
    works("with_aws.sh");
}

#[test]
#[ignore = "make clients"]
fn s3cmd() {
    works("with_s3cmd.sh");
}

#[test]
#[ignore = "make clients"]
fn boto3() {
    works("with_boto3.py");
}

#[test]
#[ignore = "make clients"]
fn minio() {
    works("with_minio.py");
}
