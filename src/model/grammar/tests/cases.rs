//! Every turn of the trials.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::talk::Talk;

#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(default)]
    files: Vec<File>,
    turns: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    sparse: Option<u64>,
}

fn cases(folder: &str) -> BTreeMap<String, Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let read = |path| serde_saphyr::from_str::<Case>(&fs::read_to_string(path).unwrap()).unwrap();
    cases.map(read).map(|case: Case| (case.id.clone(), case)).collect()
}

#[test]
fn print() {
    for folder in ["trials", "trials/first-hour"] {
        for (id, case) in cases(folder) {
            let mut files: Vec<String> =
                case.files.iter().map(|f| f.sparse.map_or(f.path.clone(), |s| format!("{}:{s}", f.path))).collect();
            files.sort();
            let mut talk = Talk::new(&files.iter().map(String::as_str).collect::<Vec<_>>());
            println!("{id}");
            for turn in &case.turns {
                println!("  {turn:?}\n    {}", talk.says(turn));
            }
        }
    }
}
