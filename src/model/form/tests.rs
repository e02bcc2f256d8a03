//! The form against the real catalogue: its schema, its prompt, and what is read from answers.

mod asking;
mod fits;
mod properties;
mod reading;

use super::*;
use guard::machine::catalogue::Catalogue;

fn tasks() -> Vec<TaskType> {
    Catalogue::builtin().unwrap().iter().cloned().collect()
}

fn names(files: &[&str]) -> Vec<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}
