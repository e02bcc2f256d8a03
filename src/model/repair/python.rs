//! Calls as Python writes them: `pay_gas_fee(job="job-…", amount="2")`, alone or in a list.

use serde_json::{Map, Value};

use super::{
    Found, MOST_CALLS, close_name,
    loose::{Reader, Why},
};
use domain::units::clean;

/// Reads one call, or a list of calls, at the start of `text`; gives how many bytes it took. `None` when there is none.
///
/// # Errors
/// When there is a call of a known tool whose arguments cannot be read.
pub(super) fn calls(text: &str, whole: bool, known: &[&str]) -> Result<Option<(Vec<Found>, usize)>, Why> {
    let mut reader = Reader::new(text, whole);
    reader.space();
    let list = reader.take("[");
    let mut found = Vec::new();
    loop {
        reader.space();
        if list && !found.is_empty() && reader.take("]") {
            break;
        }
        match call(&mut reader, known, true)? {
            Some(one) if found.len() < MOST_CALLS => found.push(one),
            Some(_) => return Err(Why::Form("too many calls".to_owned())),
            None => return Ok(None),
        }
        if !list {
            break;
        }
        reader.space();
        if !reader.take(",") && !reader.rest().starts_with(']') {
            if reader.may_close() {
                break;
            }
            return Err(reader.wrong());
        }
    }
    Ok(Some((found, reader.at)))
}

/// One call, which may be `printed`.
fn call(reader: &mut Reader<'_>, known: &[&str], printed: bool) -> Result<Option<Found>, Why> {
    let written = reader.run(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if !reader.take("(") {
        return Ok(None);
    }
    if written == "print" && printed {
        let inner = call(reader, known, false)?;
        reader.space();
        return if reader.take(")") { Ok(inner) } else { Ok(None) };
    }
    // Llama's own tools are written `name.call(…)`.
    let Some(name) = close_name(written.trim_end_matches(".call"), known) else { return Ok(None) };
    Ok(Some(Found { name: name.to_owned(), arguments: Value::Object(arguments(reader, name)?) }))
}

fn arguments(reader: &mut Reader<'_>, tool: &str) -> Result<Map<String, Value>, Why> {
    let mut fields = Map::new();
    loop {
        reader.space();
        if reader.take(")") {
            return Ok(fields);
        }
        // `name({...})`, as JavaScript writes it.
        if fields.is_empty() && reader.peek() == Some('{') {
            if let Value::Object(all) = reader.value(1)? {
                fields = all;
            }
        } else {
            let key = reader.run(|c| c.is_ascii_alphanumeric() || c == '_');
            reader.space();
            if reader.rest().is_empty() {
                return Err(Why::Cut);
            }
            if key.is_empty() || reader.rest().starts_with("==") || !reader.take("=") {
                return Err(Why::Form(format!("{tool}(…): each argument is written by its name, as in job=\"…\"")));
            }
            let value = reader.value(1)?;
            if fields.contains_key(key) {
                return Err(Why::Ambiguous(format!("the argument `{}` comes twice", clean(key, 40))));
            }
            fields.insert(key.to_owned(), value);
        }
        reader.space();
        if !reader.take(",") && !reader.rest().starts_with(')') {
            return if reader.may_close() { Ok(fields) } else { Err(reader.wrong()) };
        }
    }
}
