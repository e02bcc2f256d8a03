//! The records of a result as a table that spreadsheets and statistics programs read.

use std::{collections::BTreeSet, process::ExitCode};

use serde_json::Value;

use super::super::{CommandError, Context, Kind};
use domain::{result::ResultDocument, text::is_hidden, units};

/// A table has at most so many columns: whose records name more has no table.
const MOST_COLUMNS: usize = 1000;
/// The column of records that have no fields.
const VALUE: &str = "value";

/// Where the summary of an outside program has the figures of its result.
const FIGURES: &str = "figures";

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// Prints the records of a document, row by row.
pub(super) fn print(
    context: &Context,
    document: ResultDocument,
    separator: Separator,
) -> Result<ExitCode, CommandError> {
    let failed = |why: String| CommandError::new(Kind::Failed, "table", format!("there is no table of it: {why}"));
    let records = of(document);
    let mut columns = Columns::default();
    columns.add(&records).map_err(|why| failed(why).hint("agent results --cat result.json"))?;
    if columns.names.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let line = |cells: Vec<String>| line(&cells, separator).map_err(|error| failed(error.to_string()));
    context.output.write(&line(columns.names.iter().map(|name| text(name)).collect())?);
    for record in &records {
        context.output.write(&line(columns.row(record))?);
        if context.output.is_closed() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The records of a document; of a program that leaves none, the figures that are shown of its result are one.
pub(super) fn of(document: ResultDocument) -> Vec<Value> {
    let ResultDocument { mut records, mut summary, .. } = document;
    if records.is_empty() {
        records.extend(summary.remove(FIGURES).filter(Value::is_object));
    }
    records
}

/// A column for each field that any record has, in the order in which they come up.
#[derive(Debug, Default)]
pub(super) struct Columns {
    seen: BTreeSet<String>,
    pub(super) names: Vec<String>,
}

impl Columns {
    /// Takes in the fields of these records.
    pub(super) fn add(&mut self, records: &[Value]) -> Result<(), String> {
        for record in records {
            let names: Vec<&str> = match record {
                Value::Object(fields) => fields.keys().map(String::as_str).collect(),
                _ => vec![VALUE],
            };
            for name in names {
                if !self.seen.contains(name) {
                    self.seen.insert(name.to_owned());
                    self.names.push(name.to_owned());
                }
                if self.names.len() > MOST_COLUMNS {
                    return Err(format!("its records have more than {} fields", units::count(MOST_COLUMNS as u64)));
                }
            }
        }
        Ok(())
    }

    /// The cells of a record.
    pub(super) fn row(&self, record: &Value) -> Vec<String> {
        self.names.iter().map(|name| field(record, name).map(cell).unwrap_or_default()).collect()
    }
}

fn field<'r>(record: &'r Value, name: &str) -> Option<&'r Value> {
    match record {
        Value::Object(fields) => fields.get(name),
        other => (name == VALUE).then_some(other),
    }
}

/// One row as text, with its line end.
pub(super) fn line(cells: &[String], separator: Separator) -> Result<String, csv::Error> {
    let delimiter = if separator == Separator::Comma { b',' } else { b'\t' };
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    out.write_record(cells)?;
    let bytes = out.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A value as text: numbers and words as they are, nothing as nothing, lists and objects as JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(said) => text(said),
        other => text(&other.to_string()),
    }
}

/// A text in which characters that nobody sees are written as JSON writes them.
pub(super) fn text(said: &str) -> String {
    let mut out = String::with_capacity(said.len());
    for c in said.chars() {
        if c != '\n' && c != '\t' && is_hidden(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(records: &[Value]) -> Result<Columns, String> {
        let mut columns = Columns::default();
        columns.add(records).map(|()| columns)
    }

    fn table(records: &[Value], separator: Separator) -> String {
        let columns = columns(records).unwrap();
        let head = columns.names.iter().map(|name| text(name)).collect();
        let row = |record| columns.row(record);
        let rows = std::iter::once(head).chain(records.iter().map(row));
        rows.map(|cells: Vec<String>| line(&cells, separator).unwrap()).collect()
    }

    #[test]
    fn records_of_any_shape_are_one_table() {
        let records = [
            json!({"id": "a,b", "length": 3, "gc": 0.5}),
            json!({"id": "say \"x\"", "hits": [1, 2], "none": null}),
            json!("plain"),
            json!({"id": "two\nlines", "length": -1}),
            json!({"id": "\u{1b}\"\u{202e}\u{ad}"}),
        ];
        let csv = table(&records, Separator::Comma);
        let mut read = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(read.headers().unwrap(), vec!["id", "length", "gc", "hits", "none", "value"]);
        let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
        assert_eq!(rows[0], vec!["a,b", "3", "0.5", "", "", ""]);
        assert_eq!(rows[1], vec!["say \"x\"", "", "", "[1,2]", "", ""]);
        assert_eq!(rows[2], vec!["", "", "", "", "", "plain"]);
        assert_eq!(&rows[3][0], "two\nlines");
        assert_eq!(&rows[4][0], "\\u001b\"\\u202e\\u00ad");
        assert_eq!(table(&records[..1], Separator::Tab), "id\tlength\tgc\na,b\t3\t0.5\n");
    }

    #[test]
    fn records_that_name_no_end_of_fields_have_no_table() {
        let records: Vec<Value> = (0..=MOST_COLUMNS).map(|n| json!({ n.to_string(): 0 })).collect();
        assert!(columns(&records).unwrap_err().contains("1,000"));
        assert_eq!(columns(&records[1..]).unwrap().names.len(), MOST_COLUMNS);
        assert!(columns(&[]).unwrap().names.is_empty());
    }
}
