//! Permits cannot be made, copied, stored or used twice outside the guard; the compiler says so.
//! And signing with `neo3` happens in one folder only.

use std::{fs, path::Path};

#[test]
fn permits_cannot_be_forged_copied_stored_or_spent_twice() {
    trybuild::TestCases::new().compile_fail("tests/must_not_compile/*.rs");
}

#[test]
fn only_the_payment_folder_touches_neo3() {
    let mut outside = Vec::new();
    visit(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut |path, text| {
        let home = path.components().any(|c| c.as_os_str() == "payment");
        if !home && text.lines().any(|line| line.contains("neo3::") || line.contains("use neo3")) {
            outside.push(path.display().to_string());
        }
    });
    assert_eq!(outside, Vec::<String>::new());
}

#[test]
fn only_the_guard_grants_permits() {
    let mut outside = Vec::new();
    visit(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut |path, text| {
        let guard = path.ends_with("policy/guard.rs") || path.ends_with("policy/permit.rs");
        if !guard && text.contains("Permit::grant") {
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
