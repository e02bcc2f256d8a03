//! From the inside of a block to the calls in it, in whichever form they are written.

use serde_json::{Map, Value};

use super::{
    DEEPEST, Found, MOST_CALLS, close_name,
    loose::{self, Why},
    marks, python, xml,
};
use domain::units::clean;

const NAMES: [&str; 4] = ["name", "tool", "tool_name", "function"];
const ARGUMENTS: [&str; 4] = ["arguments", "parameters", "args", "input"];
/// Objects that hold calls and are none themselves.
const WRAPPERS: [&str; 5] = ["tool_calls", "tool_call", "function_calls", "function_call", "calls"];
/// What stands beside the arguments and says nothing of what is asked.
const BESIDE: [&str; 12] = [
    "id",
    "type",
    "index",
    "call_id",
    "role",
    "content",
    "status",
    "thought",
    "thoughts",
    "reason",
    "reasoning",
    "description",
];
/// What some models put between a name and its arguments.
const BETWEEN: [&str; 8] = [
    "Action Input:",
    "[ARGS]",
    "<|tool_call_argument_begin|>",
    "<｜tool▁sep｜>",
    "<|constrain|>json",
    "<|message|>",
    "code",
    ":",
];

/// How sure a place makes it that a call is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Between tags that mean a call and nothing else.
    Tagged,
    /// In a fence, which may hold anything.
    Fenced,
    /// At the beginning of a line.
    Bare,
}

/// Reads the calls of a block; gives how many bytes of it they took. None where it holds something else.
///
/// # Errors
/// When a call is meant and cannot be read.
pub(super) fn calls(body: &str, kind: Kind, whole: bool, known: &[&str]) -> Result<(Vec<Found>, usize), Why> {
    within(body, kind, whole, known, 0)
}

/// The same within so many tags and fences.
fn within(body: &str, kind: Kind, whole: bool, known: &[&str], depth: usize) -> Result<(Vec<Found>, usize), Why> {
    if depth > DEEPEST {
        return Err(Why::Form("too many tags within each other".to_owned()));
    }
    let text = body.trim_start();
    let skipped = body.len() - text.len();
    let (found, used) = read(text, kind, whole, known, depth + 1)?;
    Ok((found, skipped + used))
}

fn read(text: &str, kind: Kind, whole: bool, known: &[&str], depth: usize) -> Result<(Vec<Found>, usize), Why> {
    // Tags within a fence, a fence within tags, a tag within a tag.
    if let Some(tag) = marks::tag_at(text) {
        let inside = text.get(tag.len()..).unwrap_or_default();
        let (found, used) = within(inside, Kind::Tagged, whole, known, depth)?;
        return Ok((found, tag.len() + used));
    }
    if let Some(inside) = text.strip_prefix("```") {
        let language = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
        let (found, used) = within(inside.get(language..).unwrap_or_default(), kind, whole, known, depth)?;
        return Ok((found, 3 + language + used));
    }
    if let Some(read) = xml::calls(text, whole, known)? {
        return Ok(read);
    }
    if let Some((mut found, mut used)) = python::calls(text, whole, known)? {
        // Several, a line each.
        while kind != Kind::Bare && found.len() < MOST_CALLS {
            let rest = text.get(used..).unwrap_or_default();
            let line = rest.trim_start();
            match python::calls(line, whole, known) {
                Ok(Some((more, further))) => {
                    found.extend(more);
                    used += rest.len() - line.len() + further;
                }
                _ => break,
            }
        }
        return Ok((found, used));
    }
    if text.starts_with(['{', '[']) {
        return json(text, kind, whole, known);
    }
    headed(text, kind, whole, known)
}

/// JSON: one object, several in a row, or a list.
fn json(text: &str, kind: Kind, whole: bool, known: &[&str]) -> Result<(Vec<Found>, usize), Why> {
    let mut found = Vec::new();
    let mut used = 0;
    loop {
        let (value, length) = loose::prefix(text.get(used..).unwrap_or_default(), whole)?;
        let before = found.len();
        collect(&value, kind, known, &mut found)?;
        if found.len() <= before || found.len() > MOST_CALLS {
            return Ok((Vec::new(), 0));
        }
        used += length;
        let rest = text.get(used..).unwrap_or_default();
        let next = rest.trim_start_matches(|c: char| c.is_whitespace() || "}];,".contains(c));
        if !next.starts_with('{') {
            // Brackets that close nothing go with the call.
            let marks = rest.len() - rest.trim_start_matches(['}', ']', ';', ',']).len();
            return Ok((found, used + marks));
        }
        used = text.len() - next.len();
    }
}

/// A name, something between, and its arguments: `name{…}`, `name[ARGS]{…}`, or pairs of keys and values.
fn headed(text: &str, kind: Kind, whole: bool, known: &[&str]) -> Result<(Vec<Found>, usize), Why> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
    let split = |text: &str| text.find(|c| !is_name(c)).unwrap_or(text.len());
    let text_after_kind = text.strip_prefix("function<｜tool▁sep｜>").unwrap_or(text);
    let (name, rest) = text_after_kind.split_at(split(text_after_kind));
    // Bare words are prose; only what follows a name at once is a call there.
    let close = close_name(name, known);
    if name.is_empty() || (kind != Kind::Tagged && close.is_none()) {
        return Ok((Vec::new(), 0));
    }
    let rest = if kind == Kind::Bare { rest } else { between(rest) };
    if rest.starts_with("<arg_key>") {
        return Ok((vec![xml::pairs(name, rest, known)?], text.len()));
    }
    if !rest.starts_with('{') {
        return match kind {
            Kind::Tagged => Err(Why::Form(clean(rest, 20))),
            _ => Ok((Vec::new(), 0)),
        };
    }
    let (value, length) = loose::prefix(rest, whole)?;
    let found = Found { name: close.unwrap_or(name).to_owned(), arguments: value };
    let after = rest.get(length..).unwrap_or_default();
    let end = ["```", "</function>"].iter().find_map(|end| after.trim_start().strip_prefix(end)).unwrap_or(after);
    Ok((vec![found], text.len() - end.len()))
}

/// Steps over what stands between a name and its arguments.
fn between(mut text: &str) -> &str {
    loop {
        let start = text.trim_start();
        let next = BETWEEN
            .iter()
            .find_map(|mark| start.strip_prefix(mark))
            .or_else(|| start.strip_prefix("```json"))
            .or_else(|| start.strip_prefix("```"))
            .or_else(|| start.strip_prefix("[CALL_ID]").map(|id| id.trim_start_matches(|c: char| c != '[' && c != '{')))
            // The number of a call, behind a colon.
            .or_else(|| start.strip_prefix(|c: char| c.is_ascii_digit()));
        match next {
            Some(rest) => text = rest,
            None => return start,
        }
    }
}

/// The calls that a JSON value holds.
fn collect(value: &Value, kind: Kind, known: &[&str], found: &mut Vec<Found>) -> Result<(), Why> {
    match value {
        Value::Array(items) => {
            for item in items {
                let before = found.len();
                collect(item, kind, known, found)?;
                if found.len() <= before {
                    // One that is no call: the list is something else.
                    found.clear();
                    return Ok(());
                }
            }
            Ok(())
        }
        Value::Object(fields) => {
            if let Some(inside) =
                WRAPPERS.iter().find_map(|key| fields.get(*key)).filter(|_| !fields.contains_key("name"))
            {
                return collect(inside, kind, known, found);
            }
            found.extend(one(fields, kind, known)?);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// One object as a call: its name under one of several keys, its arguments under another, or beside the name.
fn one(outer: &Map<String, Value>, kind: Kind, known: &[&str]) -> Result<Option<Found>, Why> {
    // `{"function": {"name": …}}`, whose arguments stand within or beside it.
    if let Some(Value::Object(inner)) = outer.get("function") {
        let mut fields = inner.clone();
        for (key, value) in outer.iter().filter(|(key, _)| *key != "function") {
            if !fields.contains_key(key) {
                fields.insert(key.clone(), value.clone());
            }
        }
        return one(&fields, kind, known);
    }
    let said =
        |key: &&'static str| Some((*key, outer.get(*key)?.as_str()?)).filter(|(_, name)| !name.trim().is_empty());
    let names: Vec<(&str, &str)> = NAMES.iter().filter_map(said).collect();
    let Some((name_key, written)) = names.first().copied() else { return by_key(outer, known) };
    let close = close_name(written, known);
    let given: Vec<&str> = ARGUMENTS.iter().copied().filter(|key| outer.contains_key(*key)).collect();
    let is_object = given.first().and_then(|key| outer.get(*key)).is_some_and(Value::is_object);
    if close.is_none() && (kind == Kind::Bare || !is_object) {
        return Ok(None);
    }
    let beside = outer.iter().filter(|(key, _)| {
        *key != name_key && given.first().is_none_or(|g| g != key) && !BESIDE.contains(&key.as_str())
    });
    let arguments = match given.first() {
        // Nothing that was said may be left out.
        Some(key) => match beside.map(|(key, _)| key).next() {
            Some(stray) => {
                return Err(Why::Ambiguous(format!("`{}` stands outside `{key}`", clean(stray, 40))));
            }
            None => outer.get(*key),
        },
        None => return Ok(Some(flat(close.unwrap_or(written), beside))),
    };
    let arguments = super::object(arguments.unwrap_or(&Value::Null)).ok_or_else(|| {
        Why::Ambiguous(format!("the arguments of {} are no JSON object", clean(close.unwrap_or(written), 40)))
    })?;
    if is_schema(&arguments) {
        let name = clean(close.unwrap_or(written), 40);
        return Err(Why::Ambiguous(format!("it describes the arguments of {name} and gives none: give their values")));
    }
    Ok(Some(Found { name: close.unwrap_or(written).to_owned(), arguments }))
}

/// Whether arguments are what a tool's description says of them: small models copy it instead of filling it in.
fn is_schema(arguments: &Value) -> bool {
    arguments.get("type").is_some_and(|kind| kind == "object")
        && arguments.get("properties").is_some_and(Value::is_object)
}

/// Arguments that stand beside the name.
fn flat<'v>(name: &str, fields: impl Iterator<Item = (&'v String, &'v Value)>) -> Found {
    let arguments = fields.map(|(key, value)| (key.clone(), value.clone())).collect();
    Found { name: name.to_owned(), arguments: Value::Object(arguments) }
}

/// `{"wait_for_job": {…}}`: the name is the key.
fn by_key(outer: &Map<String, Value>, known: &[&str]) -> Result<Option<Found>, Why> {
    let mut fields = outer.iter();
    match (fields.next(), fields.next()) {
        (Some((name, Value::Object(arguments))), None) if known.contains(&name.as_str()) => {
            Ok(Some(Found { name: name.clone(), arguments: Value::Object(arguments.clone()) }))
        }
        _ => Ok(None),
    }
}
