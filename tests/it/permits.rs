//! Permits cannot be made, copied, stored or used twice outside the guard; the compiler says so.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each file names in its first line the errors that the compiler must give, and `none` for the control that compiles.
/// The files are compiled against the library as it was built for this very run, which takes a second each; building
/// its dependencies anew for that, as trybuild does, takes a quarter of an hour.
#[test]
fn permits_cannot_be_forged_copied_stored_or_spent_twice() {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let built = |library: &str| -> Vec<PathBuf> {
        let is_one = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&format!("lib{library}-")) && name.ends_with(".rlib")
        };
        let all = fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<PathBuf> = all.filter(is_one).collect();
        found.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().modified().unwrap()));
        found
    };
    // There may be others beside them, with other features: the program's library names those that it was built with.
    let agent = built("agent").into_iter().next().expect("the library is built");
    let named = String::from_utf8_lossy(&fs::read(&agent).unwrap()).into_owned();
    let with = |library: &str| {
        let is_named = |path: &PathBuf| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            named.contains(stem.rsplit_once('-').unwrap().1)
        };
        built(library).into_iter().find(is_named).expect("the library is built")
    };
    let libraries = ["compute", "domain", "guard", "storage"].map(|name| (name, with(name)));
    let libraries: Vec<_> = libraries.into_iter().chain([("agent", agent)]).collect();
    let out = tempfile::tempdir().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/must_not_compile");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 13, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("//~ ").expect("the errors that must come").to_owned();
        let run = std::process::Command::new("rustc")
            .args(["--edition=2024", "--emit=metadata", "--crate-type=bin", "--error-format=short", "-Aunused"])
            .arg(format!("-Ldependency={}", deps.display()))
            .args(libraries.iter().map(|(name, path)| format!("--extern={name}={}", path.display())))
            .arg("--out-dir")
            .arg(out.path())
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        let codes: std::collections::BTreeSet<&str> =
            said.split("error[").skip(1).filter_map(|rest| rest.split_once(']').map(|(code, _)| code)).collect();
        let codes =
            if run.status.success() { "none".to_owned() } else { codes.into_iter().collect::<Vec<_>>().join(" ") };
        assert_eq!(codes, expected, "{}: {said}", file.display());
    }
}

#[test]
fn only_trials_suppose_a_machine() {
    let mut outside = Vec::new();
    visit(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut |path, text| {
        let trial =
            path.components().any(|c| c.as_os_str() == "trial") && !path.components().any(|c| c.as_os_str() == "cli");
        let own = path.ends_with("job/workflow.rs");
        if !trial && text.matches("Workflow::supposing").count() > usize::from(own) {
            outside.push(path.display().to_string());
        }
    });
    assert_eq!(outside, Vec::<String>::new());
}

fn visit(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|e| e == "rs") {
            look(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
