//! What a text chooses for a task's parameters, as it was said: the guard knows what is allowed, and says so.

use std::ops::Range;

use serde_json::Value;

use crate::{
    domain::task::{ParameterKind, TaskType},
    model::words::{Kind, Token, places},
};

/// A value that was said for a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The parameter.
    pub name: String,
    /// The value: a number that can be read as one, or the text as it was said.
    pub value: Value,
    /// The pieces of the text that say it.
    pub at: Range<usize>,
}

/// What may stand between a parameter's name and its value.
const BETWEEN: [&str; 9] = ["of", "is", "to", "value", "number", "cutoff", "threshold", "be", "at"];
/// What may stand before a count.
const BEFORE_COUNT: [&[&str]; 7] =
    [&["at", "most"], &["up", "to"], &["no", "more", "than"], &["the", "first"], &["first"], &["only"], &["top"]];
const SPELLED: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
/// Common words for a choice.
const SAME: [(&str, &str); 7] = [
    ("quickly", "quick"),
    ("fast", "quick"),
    ("thoroughly", "thorough"),
    ("carefully", "thorough"),
    ("deep", "thorough"),
    ("deeply", "thorough"),
    ("exhaustive", "thorough"),
];

/// Every choice for the task, in the order said.
pub fn choices(tokens: &[Token], task: &TaskType) -> Vec<Choice> {
    let mut out: Vec<Choice> = Vec::new();
    for (name, spec) in &task.parameters {
        let found = match &spec.kind {
            ParameterKind::Integer { .. } if name == "dimension" => dimension(tokens, name),
            ParameterKind::Integer { .. } => integer(tokens, name),
            ParameterKind::Choice { values, .. } if values.iter().all(|v| v.parse::<f64>().is_ok()) => {
                threshold(tokens, name, values)
            }
            ParameterKind::Choice { values, .. } => words_for(tokens, name, values),
            ParameterKind::File { .. } => Vec::new(),
        };
        out.extend(found.into_iter().map(|(value, at)| Choice { name: name.clone(), value, at }));
    }
    out.sort_by_key(|choice| choice.at.start);
    out
}

type Found = Vec<(Value, Range<usize>)>;

/// The number at a place. What is too large, or no whole number, stays the text that it is.
fn value_at(tokens: &[Token], at: usize) -> Option<Value> {
    let token = tokens.get(at)?;
    match token.kind {
        Kind::Number => {
            let said = token.text.as_str();
            let plain = said.strip_prefix('+').unwrap_or(said);
            let grouped = plain.split(',').skip(1).all(|group| group.len() == 3);
            let digits = if grouped { plain.replace(',', "") } else { plain.to_owned() };
            Some(digits.parse::<i64>().map_or_else(|_| Value::from(said), Value::from))
        }
        Kind::Word => SPELLED.iter().position(|word| token.is(word)).map(Value::from),
        Kind::File | Kind::Job | Kind::Sign => None,
    }
}

/// The value after a parameter's name, which ends before `at`: `seed 7`, `seed = -1`, `seed of 7`; after `=` whatever is said.
fn value_after(tokens: &[Token], at: usize) -> Option<(Value, usize)> {
    let sign = |token: &Token| token.kind == Kind::Sign && matches!(token.text.as_str(), "=" | ":");
    let mut place = at;
    let mut equals = false;
    while tokens.get(place).is_some_and(|t| sign(t) || BETWEEN.iter().any(|word| t.is(word))) {
        equals |= tokens.get(place).is_some_and(|t| t.text == "=");
        place += 1;
    }
    let said = tokens.get(place).filter(|t| equals && t.kind == Kind::Word).map(|t| Value::from(t.text.as_str()));
    Some((value_at(tokens, place).or(said)?, place + 1))
}

fn named(tokens: &[Token], names: &[&[&str]]) -> Found {
    let mut out: Found = Vec::new();
    for words in names {
        for at in places(tokens, words) {
            if let Some((value, end)) = value_after(tokens, at + words.len())
                && !out.iter().any(|(_, range)| range.contains(&at))
            {
                out.push((value, at..end));
            }
        }
    }
    out
}

/// `seed 7`, `max_hits=5`, `top 5 sentences`, `the first 5 proteins`, `the first protein`.
fn integer(tokens: &[Token], name: &str) -> Found {
    let whole: Vec<&str> = name.split('_').collect();
    let last = whole.last().copied().unwrap_or_default();
    let one = last.strip_suffix('s').unwrap_or(last);
    let counts = last.ends_with('s');
    // "5 sequences" is a choice; "sequences 5" is none.
    let own = [last];
    let mut out = if whole.len() > 1 { named(tokens, &[&whole]) } else { named(tokens, &[&own]) };
    if !counts {
        return out;
    }
    let units: &[&str] = if one == "sequence" { &["sequence", "protein", "record"] } else { &[one] };
    let is_unit = |t: &Token| t.kind == Kind::Word && units.contains(&t.text.strip_suffix('s').unwrap_or(&t.text));
    for at in 0..tokens.len() {
        let unit = tokens.get(at + 1).is_some_and(is_unit);
        if let Some(value) = value_at(tokens, at).filter(|_| unit) {
            out.push((value, before_count(tokens, at)..at + 2));
        } else if unit
            && tokens.get(at).is_some_and(|t| t.is("first"))
            && tokens.get(at + 1).is_some_and(|t| !t.text.ends_with('s'))
        {
            out.push((Value::from(1), at..at + 2));
        }
    }
    out
}

/// Where a count begins, with the words that belong to it.
fn before_count(tokens: &[Token], at: usize) -> usize {
    let begins = |words: &&[&str]| {
        let start = at.checked_sub(words.len())?;
        places(tokens.get(start..at)?, words).first().map(|_| start)
    };
    BEFORE_COUNT.iter().find_map(begins).unwrap_or(at)
}

/// `3d`, `in 4 dimensions`, `two-dimensional`, `dimension 3`, `on a cubic lattice`.
fn dimension(tokens: &[Token], name: &str) -> Found {
    let mut out = named(tokens, &[&[name], &["dimensions"]]);
    for at in 0..tokens.len() {
        let is = |words: &[&str]| tokens.get(at + 1).is_some_and(|t| words.iter().any(|word| t.is(word)));
        if let Some(value) = value_at(tokens, at).filter(|_| is(&["d", "dimension", "dimensions", "dimensional"])) {
            // "dimension 3 dimension 2": each number once.
            out.retain(|(_, range)| !range.contains(&at));
            out.push((value, at..at + 2));
        }
        let lattice = [("square", 2), ("cubic", 3)].iter().find(|(word, _)| tokens.get(at).is_some_and(|t| t.is(word)));
        if let Some((_, dimension)) = lattice {
            out.push((Value::from(*dimension), at..at + 1 + usize::from(is(&["lattice"]))));
        }
    }
    out
}

/// One of a few numbers, which only its name tells from others: `evalue 1e-5`, `E-value of 0.001`.
fn threshold(tokens: &[Token], name: &str, values: &[String]) -> Found {
    let parts: Vec<&str> = match name {
        "evalue" => vec!["e", "value"],
        _ => name.split('_').collect(),
    };
    let of = |token: &Value| {
        let said = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
        let same = values.iter().find(|v| v.parse::<f64>().ok() == said.parse::<f64>().ok());
        Value::from(same.map_or(said.as_str(), String::as_str))
    };
    named(tokens, &[&[name], &parts]).into_iter().map(|(value, at)| (of(&value), at)).collect()
}

/// One of a few words, or a common word for it; after the parameter's name and `=` whatever is said.
fn words_for(tokens: &[Token], name: &str, values: &[String]) -> Found {
    let meant = |token: &Token| {
        let same = |word: &str| values.iter().find(|v| v.as_str() == word);
        let common = || SAME.iter().find(|(word, _)| token.is(word)).and_then(|(_, value)| same(value));
        (token.kind == Kind::Word).then(|| same(&token.text).or_else(common)).flatten()
    };
    let is_name = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|t| t.is(name));
    let mut out: Found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Some(value) = meant(token) {
            let start = if is_name(at.checked_sub(1)) { at - 1 } else { at };
            let end = at + 1 + usize::from(is_name(Some(at + 1)));
            out.push((Value::from(value.as_str()), start..end));
        }
    }
    for (value, at) in named(tokens, &[&[name]]) {
        if !out.iter().any(|(_, range)| range.start < at.end && at.start < range.end) {
            out.push((value, at));
        } else if let Some((_, range)) = out.iter_mut().find(|(_, range)| range.start < at.end && at.start < range.end)
        {
            *range = range.start.min(at.start)..range.end.max(at.end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{machine::catalogue::Catalogue, model::words};

    fn chosen(task: &str, text: &str) -> Vec<(String, Value)> {
        let catalogue = Catalogue::builtin().unwrap();
        let tokens = words::tokens(text, &["data.fasta".to_owned()]);
        choices(&tokens, catalogue.get(task).unwrap()).into_iter().map(|c| (c.name, c.value)).collect()
    }

    #[test]
    fn every_value_is_taken_as_it_was_said() {
        let of = |name: &str, value: Value| vec![(name.to_owned(), value)];
        for (text, expected) in [
            ("fold data.fasta", vec![]),
            ("fold data.fasta in 3D", of("dimension", json!(3))),
            ("fold data.fasta in 4d", of("dimension", json!(4))),
            ("fold in four dimensions", of("dimension", json!(4))),
            ("on the cubic lattice", of("dimension", json!(3))),
            ("dimension=2", of("dimension", json!(2))),
            ("2.5 dimensional", of("dimension", json!("2.5"))),
            ("seed -1", of("seed", json!(-1))),
            ("seed=-1", of("seed", json!(-1))),
            ("with a seed of 7", of("seed", json!(7))),
            ("seed seven", of("seed", json!(7))),
            ("seed 99999999999999999999", of("seed", json!("99999999999999999999"))),
            ("seed 1.5", of("seed", json!("1.5"))),
            ("seed 1,2,3", of("seed", json!("1,2,3"))),
            ("seed 1,000", of("seed", json!(1000))),
            ("seed=abc", of("seed", json!("abc"))),
            ("seed-7", vec![]),
            ("the first 5 proteins", of("max_sequences", json!(5))),
            ("the first protein", of("max_sequences", json!(1))),
            ("max_sequences=0", of("max_sequences", json!(0))),
            ("thoroughly", of("effort", json!("thorough"))),
            ("effort=extreme", of("effort", json!("extreme"))),
            ("effort: quick", of("effort", json!("quick"))),
            ("in 2d and 3d", vec![("dimension".into(), json!(2)), ("dimension".into(), json!(3))]),
            ("quick and thorough", vec![("effort".into(), json!("quick")), ("effort".into(), json!("thorough"))]),
        ] {
            assert_eq!(chosen("protein_folding", text), expected, "{text}");
        }
        for (text, expected) in [
            ("with 10 hits", of("max_hits", json!(10))),
            ("at most 3 hits", of("max_hits", json!(3))),
            ("E-value 0.001", of("evalue", json!("1e-3"))),
            ("evalue=1e-4", of("evalue", json!("1e-4"))),
        ] {
            assert_eq!(chosen("blast_search", text), expected, "{text}");
        }
        assert_eq!(chosen("text_summary", "in three sentences"), of("sentences", json!(3)));
        assert_eq!(chosen("sequence_stats", "stats in 3D with seed 4"), vec![]);
    }
}
