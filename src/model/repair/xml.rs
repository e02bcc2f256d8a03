//! Calls whose arguments stand between tags, one a pair: Qwen's `<function=name><parameter=key>value</parameter>`, the
//! `<invoke name="…">` of others, and GLM's `<arg_key>` and `<arg_value>`.
//!
//! Nothing in them says whether `2` is a number or a text, so that the tool's own schema does.

use serde_json::{Map, Value};

use super::{
    Found, MOST_CALLS, close_name,
    loose::{self, Why},
};
use crate::tools::{Tool, schema};
use domain::units::clean;

/// How a call begins: what stands before its name, and what behind it.
pub(super) const OPENINGS: [(&str, &str); 4] =
    [("<function=", ">"), ("<function name=\"", "\">"), ("<invoke name=\"", "\">"), ("<tool name=\"", "\">")];
const CLOSINGS: [&str; 3] = ["</function>", "</invoke>", "</tool>"];
const PARAMETERS: [(&str, &str); 3] = [("<parameter=", ">"), ("<parameter name=\"", "\">"), ("<param name=\"", "\">")];
const PARAMETER_ENDS: [&str; 2] = ["</parameter>", "</param>"];

/// Reads the calls at the start of `text`, one after the other; gives how many bytes they took.
///
/// # Errors
/// When a call has begun and cannot be read.
pub(super) fn calls(text: &str, whole: bool, known: &[&str]) -> Result<Option<(Vec<Found>, usize)>, Why> {
    let mut found = Vec::new();
    let mut used = 0;
    loop {
        let rest = text.get(used..).unwrap_or_default();
        let start = rest.trim_start();
        let Some(inside) = OPENINGS.iter().find_map(|(open, _)| start.strip_prefix(open)) else { break };
        if found.len() >= MOST_CALLS {
            return Err(Why::Form("too many calls".to_owned()));
        }
        // Some leave the sign behind the name out: `<function=name{"a": 1}</function>`.
        let end = inside.find(['>', '{', '"', '\n', '<']).ok_or(Why::Cut)?;
        let (name, body) = inside.split_at(end);
        if name.trim().is_empty() {
            return Err(Why::Form(clean(start, 20)));
        }
        let body = body.trim_start_matches('"').strip_prefix('>').unwrap_or(body);
        let closing = CLOSINGS.iter().filter_map(|c| Some((body.find(c)?, c.len()))).min();
        let (content, tail) = match closing {
            Some((at, length)) => (body.get(..at), body.get(at + length..)),
            None => (Some(body), Some("")),
        };
        let content = content.unwrap_or_default();
        if closing.is_none() && (!whole || content.trim().is_empty()) {
            return Err(Why::Cut);
        }
        let arguments = if content.trim_start().starts_with('{') {
            // What follows is a bracket too many, or the end of what was never closed.
            loose::all(content.trim_start(), whole || closing.is_some()).and_then(|value| match value {
                Value::Object(fields) => Ok(fields),
                _ => Err(Why::Form(clean(content, 20))),
            })?
        } else {
            parameters(content, name, closing.is_some(), known)?
        };
        found.push(named(name, arguments, known));
        used = text.len() - tail.unwrap_or_default().len();
    }
    Ok((!found.is_empty()).then_some((found, used)))
}

/// GLM's form: the name, then pairs of keys and values.
///
/// # Errors
/// When a pair cannot be read.
pub(super) fn pairs(name: &str, body: &str, known: &[&str]) -> Result<Found, Why> {
    let mut fields = Map::new();
    let mut rest = body.trim_start();
    while let Some(inside) = rest.strip_prefix("<arg_key>") {
        let (key, after) = inside.split_once("</arg_key>").ok_or(Why::Cut)?;
        let after = after.trim_start();
        let inside = after.strip_prefix("<arg_value>").ok_or_else(|| Why::Form(clean(after, 20)))?;
        let (value, after) = inside.split_once("</arg_value>").ok_or(Why::Cut)?;
        put(&mut fields, name, key.trim(), value, known)?;
        rest = after.trim_start();
    }
    Ok(named(name, fields, known))
}

fn named(name: &str, fields: Map<String, Value>, known: &[&str]) -> Found {
    let name = name.trim();
    Found { name: close_name(name, known).unwrap_or(name).to_owned(), arguments: Value::Object(fields) }
}

fn parameters(body: &str, tool: &str, closed: bool, known: &[&str]) -> Result<Map<String, Value>, Why> {
    let mut fields = Map::new();
    let mut rest = body.trim_start();
    while !rest.is_empty() {
        let Some(inside) = PARAMETERS.iter().find_map(|(open, _)| rest.strip_prefix(open)) else {
            return Err(Why::Form(clean(rest, 20)));
        };
        let (key, value) = inside.split_once('>').ok_or(Why::Cut)?;
        // Its own end, or where the next begins, or where the call ends.
        let end = PARAMETER_ENDS.iter().filter_map(|e| Some((value.find(e)?, e.len()))).min();
        let next = PARAMETERS.iter().filter_map(|(open, _)| value.find(open)).min();
        let (at, skip) = match (end, next) {
            (Some((end, length)), next) if next.is_none_or(|next| end < next) => (end, length),
            (_, Some(next)) => (next, 0),
            _ if closed => (value.len(), 0),
            _ => return Err(Why::Cut),
        };
        // Behind the name an attribute may stand: DeepSeek's `string="true"` says what the tool's schema says better.
        let key = key.split('"').next().unwrap_or(key);
        put(&mut fields, tool, key, value.get(..at).unwrap_or_default(), known)?;
        rest = value.get(at + skip..).unwrap_or_default().trim_start();
    }
    Ok(fields)
}

fn put(fields: &mut Map<String, Value>, tool: &str, key: &str, value: &str, known: &[&str]) -> Result<(), Why> {
    // One line break on either side belongs to the form.
    let value = value.strip_prefix("\r\n").or_else(|| value.strip_prefix('\n')).unwrap_or(value);
    let value = value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(value);
    let value = match close_name(tool.trim(), known).and_then(Tool::from_name) {
        Some(tool) if is_text(tool, key) => Value::String(value.to_owned()),
        Some(_) => loose::all(value.trim(), true)?,
        // A task called by its name: what it takes beside a dataset is a number or a word.
        None if !matches!(key, "dataset" | "task_type") && value.trim().parse::<f64>().is_ok() => {
            loose::all(value.trim(), true)?
        }
        None => Value::String(value.to_owned()),
    };
    if fields.len() >= MOST_CALLS {
        return Err(Why::Form("too many parameters".to_owned()));
    }
    if fields.contains_key(key) {
        return Err(Why::Ambiguous(format!("the parameter `{}` comes twice", clean(key, 40))));
    }
    fields.insert(key.to_owned(), value);
    Ok(())
}

/// Whether a tool takes text there. What it does not know it refuses anyway.
fn is_text(tool: Tool, key: &str) -> bool {
    let schema = schema::of(tool);
    let types = schema.pointer(&format!("/properties/{}/type", key.replace('~', "~0").replace('/', "~1")));
    match types.and_then(Value::as_str) {
        Some(kind) => kind == "string",
        // An enumeration of words, or a key that is none of its own.
        None => true,
    }
}
