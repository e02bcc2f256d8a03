//! The records of a result as a table that spreadsheets and statistics programs read.

use std::{fs::File, path::Path, process::ExitCode};

use serde_json::{Map, Value};

use super::super::{CommandError, Context, Kind};
use domain::{
    bounded,
    result::{BOUNDS, ResultDocument},
};

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// Prints the records of a document: a column for each field that any record has, in the order in which they come up.
pub(super) fn print(context: &Context, document: &Path, separator: Separator) -> Result<ExitCode, CommandError> {
    let unread = |why: String| {
        CommandError::new(Kind::Failed, "result", format!("{} cannot be read: {why}", document.display()))
    };
    let file = File::open(document).map_err(|error| unread(error.to_string()))?;
    let document: ResultDocument = bounded::read(file, BOUNDS).map_err(|error| unread(error.to_string()))?;
    let text = table(&document.records, separator).map_err(|error| unread(error.to_string()))?;
    context.output.write(&text);
    Ok(ExitCode::SUCCESS)
}

/// The records as text; what is no object is one value in a column `value`.
fn table(records: &[Value], separator: Separator) -> Result<String, csv::Error> {
    let rows: Vec<Map<String, Value>> = records.iter().map(row).collect();
    let mut columns: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let delimiter = if separator == Separator::Comma { b',' } else { b'\t' };
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    if !columns.is_empty() {
        out.write_record(&columns)?;
    }
    for row in &rows {
        out.write_record(columns.iter().map(|name| row.get(*name).map(cell).unwrap_or_default()))?;
    }
    let bytes = out.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(record: &Value) -> Map<String, Value> {
    match record {
        Value::Object(fields) => fields.clone(),
        other => Map::from_iter([("value".to_owned(), other.clone())]),
    }
}

/// A value as text: numbers and words as they are, nothing as nothing, lists and objects as JSON. Characters that a terminal
/// would obey are written as JSON writes them.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') => {
            value.to_string().trim_matches('"').to_owned()
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_of_any_shape_are_one_table() {
        let records = [
            json!({"id": "a,b", "length": 3, "gc": 0.5}),
            json!({"id": "say \"x\"", "hits": [1, 2], "none": null}),
            json!("plain"),
            json!({"id": "two\nlines", "length": -1}),
            json!({"id": "\u{1b}[2J"}),
        ];
        let csv = table(&records, Separator::Comma).unwrap();
        let mut read = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(read.headers().unwrap(), vec!["id", "length", "gc", "hits", "none", "value"]);
        let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
        assert_eq!(rows[0], vec!["a,b", "3", "0.5", "", "", ""]);
        assert_eq!(rows[1], vec!["say \"x\"", "", "", "[1,2]", "", ""]);
        assert_eq!(rows[2], vec!["", "", "", "", "", "plain"]);
        assert_eq!(&rows[3][0], "two\nlines");
        assert_eq!(&rows[4][0], "\\u001b[2J");
        let tsv = table(&records[..1], Separator::Tab).unwrap();
        assert_eq!(tsv, "id\tlength\tgc\na,b\t3\t0.5\n");
        assert_eq!(table(&[], Separator::Comma).unwrap(), "");
    }
}
