//! `text_summary`: the sentences of a text that say most of what it is about, in its own order.
//!
//! Extractive, by word frequency with a penalty on repetition (SumBasic: Nenkova and Vanderwende, MSR-TR-2005-101).
//! Nothing leaves the machine and nothing is invented: every sentence stands in the text.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    ScienceError,
    input::{Input, InputError},
    sentences::{Common, sentences},
};
use domain::{
    dataset::Format,
    units::{bytes, clean},
};

/// No more of a text is read.
const MOST_BYTES: u64 = 4_000_000;

/// Characters of one sentence that are shown.
const SENTENCE: usize = 1_000;

/// Shorter sentences are most often headings or fragments; they are chosen when no longer one is left.
const FEWEST_WORDS: usize = 4;

/// One chosen sentence: a record of the result.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Sentence {
    /// Which sentence of the text, from 1.
    sentence: usize,
    /// The mean frequency of its words when it was chosen.
    score: f64,
    /// The sentence, control characters left out.
    text: String,
}

/// The records of the result, and its summary.
pub(crate) fn summarise(
    input: &mut Input<'_>,
    wanted: usize,
) -> Result<(Vec<Value>, Map<String, Value>), ScienceError> {
    let (text, more) = read(input)?;
    let all = sentences(&text);
    let common = Common::of(&all);
    let chosen = choose(&all, &common, wanted);
    if chosen.is_empty() {
        return Err(ScienceError::NoSentences);
    }
    let joined = chosen.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ");
    let mut notes = Vec::new();
    if chosen.len() < wanted {
        notes.push(format!("the text has {} to choose from, and {wanted} were asked for", chosen.len()));
    }
    if more {
        notes.push(format!("only the first {} of the text were read", bytes(MOST_BYTES)));
    }
    let summary = json!({
        "text": joined,
        "sentences": chosen.len(),
        "of_sentences": all.len(),
        "words": all.iter().map(|s| common.words(s).count()).sum::<usize>(),
        "language": common.language,
        "method": "extractive, by word frequency (SumBasic); every sentence is quoted from the text",
        "notes": notes,
    });
    let records = chosen.iter().map(|s| json!(s)).collect();
    Ok((records, if let Value::Object(summary) = summary { summary } else { Map::new() }))
}

/// Refuses a text that has no sentence to choose, as [`summarise`] does.
pub(crate) fn has_sentences(input: &mut Input<'_>) -> Result<(), ScienceError> {
    let (text, _) = read(input)?;
    let all = sentences(&text);
    let common = Common::of(&all);
    if all.iter().any(|sentence| common.words(sentence).next().is_some()) {
        Ok(())
    } else {
        Err(ScienceError::NoSentences)
    }
}

/// The text, at most so much of it; whether there is more.
fn read(input: &mut Input<'_>) -> Result<(String, bool), ScienceError> {
    let mut reader = input.content()?;
    reader.expect(|format| format == Format::Text)?;
    let mut content = Vec::new();
    while content.len() as u64 <= MOST_BYTES {
        let piece = reader.next_piece()?;
        if piece.is_empty() {
            break;
        }
        content.extend_from_slice(piece);
    }
    let more = content.len() as u64 > MOST_BYTES;
    content.truncate(MOST_BYTES as usize);
    if content.is_empty() {
        return Err(InputError::Scan(super::scan::ScanError::Empty).into());
    }
    if content.contains(&0) {
        return Err(ScienceError::NotText);
    }
    match String::from_utf8(content) {
        Ok(text) => Ok((text, more)),
        // A character cut in two by the limit is left out; anything else is no UTF-8.
        Err(e) => {
            let valid = e.utf8_error().valid_up_to();
            let mut content = e.into_bytes();
            if !more || content.len() - valid >= 4 {
                return Err(ScienceError::NotText);
            }
            content.truncate(valid);
            String::from_utf8(content).map(|text| (text, more)).map_err(|_| ScienceError::NotText)
        }
    }
}

/// Chooses up to `wanted` sentences and puts them in the text's order.
fn choose(all: &[String], common: &Common, wanted: usize) -> Vec<Sentence> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut counts: Vec<f64> = Vec::new();
    let mut contents: Vec<Vec<usize>> = Vec::with_capacity(all.len());
    for sentence in all {
        let mut content = Vec::new();
        for word in common.words(sentence) {
            let number = *numbers.entry(word).or_insert_with(|| {
                counts.push(0.0);
                counts.len() - 1
            });
            if let Some(count) = counts.get_mut(number) {
                *count += 1.0;
            }
            content.push(number);
        }
        contents.push(content);
    }
    let total: f64 = counts.iter().sum();
    let mut weights: Vec<f64> = counts.iter().map(|c| c / total.max(1.0)).collect();
    let mut fewest = FEWEST_WORDS;
    let mut taken: HashSet<usize> = HashSet::new();
    let mut chosen = Vec::new();
    while chosen.len() < wanted {
        let weight = |c: &[usize]| c.iter().filter_map(|&w| weights.get(w)).sum::<f64>() / c.len() as f64;
        let best = contents
            .iter()
            .enumerate()
            .filter(|(i, c)| c.len() >= fewest && !taken.contains(i))
            .map(|(i, c)| (i, weight(c)))
            // Of equals the first: a text says first what it is about.
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let (index, score) = match best {
            Some(best) => best,
            None if fewest > 1 => {
                fewest = 1;
                continue;
            }
            None => break,
        };
        taken.insert(index);
        let content = contents.get(index).cloned().unwrap_or_default();
        // What was said once need not be said again.
        for word in content.into_iter().collect::<HashSet<_>>() {
            if let Some(weight) = weights.get_mut(word) {
                *weight *= *weight;
            }
        }
        let text = clean(all.get(index).map(String::as_str).unwrap_or_default(), SENTENCE);
        chosen.push(Sentence { sentence: index + 1, score, text });
    }
    chosen.sort_by_key(|s| s.sentence);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::file;

    const TEXT: &str = "Enzymes speed up reactions in cells. It was raining on Tuesday. Most enzymes are proteins, and \
        proteins fold before enzymes work. Lunch was late. The fold of proteins decides which reactions enzymes speed up. \
        Enzymes speed up reactions in cells.";

    fn of(bytes: &[u8], wanted: usize) -> Result<(Vec<Value>, Map<String, Value>), String> {
        summarise(&mut Input::new(file(bytes), &mut |_| {}).unwrap(), wanted).map_err(|e| e.to_string())
    }

    #[test]
    fn what_the_text_is_about_is_chosen_once_and_in_order() {
        let (records, summary) = of(TEXT.as_bytes(), 2).unwrap();
        let numbers: Vec<_> = records.iter().map(|r| r["sentence"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [1, 3]);
        assert_eq!(summary["of_sentences"], 6);
        assert!(TEXT.contains(records[1]["text"].as_str().unwrap()));
        assert_eq!(summary["notes"], json!([]));
    }

    #[test]
    fn as_many_are_chosen_as_were_asked_for_and_the_short_ones_last() {
        let text = "Alpha proteins fold quickly. Beta proteins fold slowly. Gamma proteins do not fold at all. Proteins \
            were measured on Monday. The buffer was changed on Tuesday. Results were sent on Friday.\n";
        for wanted in 1..=6 {
            let (records, summary) = of(text.as_bytes(), wanted).unwrap();
            assert_eq!((records.len(), &summary["notes"]), (wanted, &json!([])), "{records:?}");
        }
        let numbers = |wanted| -> Vec<u64> {
            of(TEXT.as_bytes(), wanted).unwrap().0.iter().map(|r| r["sentence"].as_u64().unwrap()).collect()
        };
        assert!(!numbers(4).contains(&4), "the lunch comes last: {:?}", numbers(4));
        let (records, summary) = of(TEXT.as_bytes(), 50).unwrap();
        assert_eq!(records.len(), 6);
        assert_eq!(summary["notes"][0], "the text has 6 to choose from, and 50 were asked for");
    }

    #[test]
    fn only_so_much_is_read_and_only_text() {
        let long = format!("{}é", "Proteins fold in water. ".repeat(200_000));
        let (_, summary) = of(long.as_bytes(), 1).unwrap();
        assert_eq!(summary["notes"][0], "only the first 4.0 MB of the text were read");
        assert_eq!(of(b"", 1), Err("the file is empty".to_owned()));
        assert_eq!(of(b"a\0b", 1), Err("the dataset is not UTF-8 text".to_owned()));
        assert_eq!(
            of(b"a \xff b", 1),
            Err("the file is text in Latin-1 or another encoding that is not UTF-8".to_owned())
        );
        assert_eq!(of(b"... --- ...", 1), Err("the text has no sentence to choose".to_owned()));
    }
}
