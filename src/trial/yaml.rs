//! The YAML of a case: read to the letter, and what is wrong with it in plain words.

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

/// What is said of a number that is none.
const NUMBER: &str = "a whole number, 0 or more, is expected";
/// What is said where a name stands and nothing after it. To take that for "left out" would be a trap: who writes
/// `jobs:` and nothing more expects no jobs.
const NOTHING: &str =
    "nothing is written here: write [] for none (0 where a number is meant), or leave the whole field out";

/// Reads a document. An error says in which field, where it is about one, and what is wrong, on one line.
///
/// # Errors
/// What is no YAML, or not of this form.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, (Option<String>, String)> {
    let mut field = None;
    let read = serde_saphyr::with_deserializer_from_str(text, |yaml| {
        serde_path_to_error::deserialize(yaml).map_err(|error| {
            field = Some(error.path().to_string()).filter(|path| path != ".");
            error.into_inner()
        })
    });
    read.map_err(|error: Error| {
        let line = error.location().map(|at| format!(" (line {})", at.line())).filter(|_| field.is_none());
        (field, format!("{}{}", problem(&error), line.unwrap_or_default()))
    })
}

/// What is wrong, in a sentence: the library's own for people, where they speak of the text and not of programming.
fn problem(error: &Error) -> String {
    match error.without_snippet() {
        Error::NullIntoString { .. } => NOTHING.to_owned(),
        Error::Unexpected { expected: "sequence start", .. } => "a list is expected: [one, another]".to_owned(),
        Error::Unexpected { expected: "mapping start", .. } => "fields are expected: {name: value}".to_owned(),
        Error::Unexpected { expected, .. } => format!("{} is expected", expected.replace("string scalar", "a text")),
        Error::InvalidScalar { ty: "u64" | "u32" | "usize", .. } => NUMBER.to_owned(),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is written twice"),
        Error::DuplicateMappingKey { key: None, .. } => "a field is written twice".to_owned(),
        Error::MultipleDocuments { .. } => "a file holds one case, and here a second document begins".to_owned(),
        Error::Eof { .. } => "the file is empty, or ends too early".to_owned(),
        other => {
            let said = UserMessageFormatter.format_message(other);
            // More lines would draw the text.
            said.lines().next().unwrap_or_default().to_owned()
        }
    }
}

/// A field that may be left out: but where it is written, with a value.
///
/// # Errors
/// A field without a value, and whatever the value's own type does not take.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(yaml: D) -> Result<Option<T>, D::Error> {
    needed(yaml).map(Some)
}

/// A value that is there.
///
/// # Errors
/// As [`given`].
pub fn needed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(yaml: D) -> Result<T, D::Error> {
    Option::deserialize(yaml)?.ok_or_else(|| D::Error::custom(NOTHING))
}
