use std::fs;

use serde_json::json;

use super::*;
use crate::{Run, run};
use domain::task::Parameters;

fn made(task: &str, content: &str, chosen: Value) -> (tempfile::TempDir, ResultDocument) {
    let folder = tempfile::tempdir().unwrap();
    let parameters: Parameters = chosen.as_object().unwrap().clone();
    let work = Run {
        task,
        input: crate::input::tests::file(content.as_bytes()),
        dataset_name: "data",
        job: "job-a",
        parameters: &parameters,
        out_dir: folder.path(),
    };
    let document = run(work, &mut |_| {}).unwrap();
    (folder, document)
}

fn text(folder: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

const PROTEINS: &str = ">a\nMKHLWVAILF\n>b <script>alert(1)</script> & \"x\"\nMKHLWVAILFMKHLWVAILFMKHLWVAILF\n";

#[test]
fn the_best_fold_is_drawn_and_listed_the_same_twice() {
    for dimension in [2, 3] {
        let (folder, document) = made(PROTEIN_FOLDING, PROTEINS, json!({"dimension": dimension, "effort": "quick"}));
        let drawing = text(&folder, "fold.svg");
        let listed = document.files.iter().find(|file| file.name == "fold.svg").unwrap();
        assert_eq!(listed.sha256, domain::hash::Sha256::of(drawing.as_bytes()));
        assert!(drawing.contains(&format!("30 residues, {dimension}D, energy")), "the longer one has the lower energy");
        assert_eq!(drawing.matches("<circle").count(), 30);
        assert!(drawing.contains("<title id=\"title\">") && drawing.contains("<desc id=\"description\">"));
        assert!(drawing.contains("prefers-color-scheme:dark"));
        let (again, _) = made(PROTEIN_FOLDING, PROTEINS, json!({"dimension": dimension, "effort": "quick"}));
        assert_eq!(drawing, text(&again, "fold.svg"));
        // Whoever has the document has the drawing, whatever lies in its place.
        fs::write(folder.path().join("fold.svg"), "<svg onload=\"alert(1)\"/>").unwrap();
        assert_eq!(drawings(&document, folder.path()).unwrap(), std::slice::from_ref(listed));
        assert_eq!(drawing, text(&folder, "fold.svg"));
    }
}

#[test]
fn names_out_of_data_are_text() {
    let (folder, mut document) = made(PROTEIN_FOLDING, PROTEINS, json!({"effort": "quick"}));
    for id in ["<script>alert(1)</script>", "</title><svg onload='x'>", "&lt;\"'\u{1b}[31m\u{202e}"] {
        document.records[1]["id"] = id.into();
        drawings(&document, folder.path()).unwrap();
        let drawing = text(&folder, "fold.svg");
        assert!(!drawing.contains("<script") && !drawing.contains("onload='x'>"), "{drawing}");
        assert!(!drawing.contains('\u{1b}') && !drawing.contains('\u{202e}'), "{drawing}");
        let mut reader = svg::read(&drawing).unwrap();
        assert!(reader.all(|event| !matches!(event, svg::parser::Event::Error(_))), "{drawing}");
    }
}

#[test]
fn histograms_are_drawn_of_lengths_and_of_qualities_where_there_are_some() {
    let (folder, document) = made(SEQUENCE_STATS, ">a\nACGT\n>b\nACGTACGT\n>c\nACGT\n", json!({}));
    let names: Vec<_> = document.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["lengths.svg"]);
    insta::assert_snapshot!(text(&folder, "lengths.svg"));
    let (folder, document) = made(SEQUENCE_STATS, "@a\nACGT\n+\nIIII\n@b\nAC\n+\n5!\n", json!({}));
    let names: Vec<_> = document.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["lengths.svg", "qualities.svg"]);
    insta::assert_snapshot!(text(&folder, "qualities.svg"));
}

#[test]
fn what_is_no_result_of_the_task_is_not_drawn() {
    let (folder, mut document) = made(PROTEIN_FOLDING, PROTEINS, json!({"effort": "quick"}));
    for record in [
        json!({"energy": -99}),
        json!({"energy": -99, "id": "x", "length": 3, "dimension": 2, "walk": "Z", "hp": "HHH"}),
    ] {
        document.records.push(record);
        assert!(drawings(&document, folder.path()).unwrap().is_empty());
    }
    document.records.clear();
    assert!(drawings(&document, folder.path()).unwrap().is_empty());
}

#[test]
fn each_drawing_is_among_those_of_its_task_and_of_other_tasks_there_is_none() {
    for (task, content) in [(PROTEIN_FOLDING, PROTEINS), (SEQUENCE_STATS, "@a\nACGT\n+\nIIII\n")] {
        let (folder, document) = made(task, content, json!({}));
        let drawn: Vec<_> = drawings(&document, folder.path()).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(drawn, drawings_of(task));
    }
    assert!(drawings_of("gc_window").is_empty());
}
