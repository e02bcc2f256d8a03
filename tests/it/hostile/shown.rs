//! Names and texts of others on the owner's terminal and in what other programs read.

use std::sync::Arc;

use super::{Case, must};
use crate::world::World;

/// Sequences that terminals obey, and characters that hide or turn text.
const EVIL: [&str; 22] = [
    "\u{1b}[2J",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}P+q544e\u{1b}\\",
    "\u{1b}[6n",
    "\u{1b}c",
    "\u{9b}2J",
    "\u{9d}0;owned\u{9c}",
    "\u{90}evil\u{9c}",
    "\u{7}",
    "\u{8}\u{8}\u{8}",
    "\r",
    "\u{7f}",
    "\u{0}",
    "\u{202e}atsaf",
    "\u{2066}x\u{2069}",
    "\u{200b}",
    "\u{ad}",
    "\u{e0041}\u{e0042}",
    "\u{3164}",
    "\u{feff}",
];

/// Characters of other scripts, which are no attack.
const GOOD: [&str; 6] = ["é", "日本語", "ßΩ", "имя", "naïve café", "größe"];

/// The faces: plain words, and JSON.
const FACES: [&[&str]; 3] = [
    &["ask", "Summarize TEXT in 1 sentence"],
    &["ask", "--json", "Summarize TEXT in 1 sentence"],
    &["run", "text_summary", "TEXT"],
];

fn name_of(text: &str) -> String {
    format!("n{}.txt", text.replace(['\0', '/'], ""))
}

/// What the program says of a file of that name with that text in it.
fn said(world: &World, text: &str, face: &[&str]) -> String {
    let name = name_of(text);
    world.file(&name, format!("The first sentence has {text} in it and is long enough. The second one is plain.\n"));
    let arguments: Vec<String> = face.iter().map(|word| word.replace("TEXT", &format!("\"{name}\""))).collect();
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|word| if word.starts_with('"') { word.trim_matches('"') } else { word.as_str() })
        .collect();
    let run = world.run(&arguments);
    let list = world.run(&["jobs", "list"]);
    format!("{}{}{}{}", run.out, run.err, list.out, list.err)
}

/// Whether anything in it is more than text, line ends, and what JSON writes as `\u`.
fn is_plain(text: &str) -> Result<(), String> {
    let evil = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    match text.char_indices().find(|(_, c)| evil(*c)) {
        None => Ok(()),
        Some((at, c)) => Err(format!(
            "{c:?} in …{}…",
            text.chars().skip(at.saturating_sub(60)).take(160).collect::<String>().escape_debug()
        )),
    }
}

/// Each sequence in a name and in a text, on each face.
pub fn texts() -> Vec<Case> {
    let world = Arc::new(World::new());
    let mut cases = Vec::new();
    for (i, text) in EVIL.into_iter().enumerate() {
        let (world, face) = (Arc::clone(&world), FACES[(i / 3 + i) % FACES.len()]);
        cases.push(Case::attack(format!("{text:?} at {face:?}"), move || {
            let said = said(&world, text, face);
            must(said.contains(".txt"), || format!("nothing of the file is shown: {said}"))?;
            is_plain(&said)
        }));
    }
    for (i, text) in GOOD.into_iter().enumerate() {
        let (world, face) = (Arc::clone(&world), FACES[(i / 3 + i) % FACES.len()]);
        cases.push(Case::twin(text, move || {
            let said = said(&world, text, face);
            must(said.contains(&name_of(text)), || said)
        }));
    }
    cases
}
