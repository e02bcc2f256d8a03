//! Why an answer is no proposal: a sentence for the model, which may answer once more, and for the person after that.

use domain::{money::AmountError, request::MOST_WORK};

/// Why an answer is no proposal. Text from the model is cleaned and short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Words, or JSON of another kind.
    #[error("the answer is not the one JSON object that was asked for")]
    NoObject,
    /// The object is there, and a field of it is not as it should be.
    #[error("the object cannot be read: {0}")]
    Field(String),
    /// No such task.
    #[error("there is no task `{task}`; the tasks are {known}")]
    UnknownTask {
        /// What was written.
        task: String,
        /// What there is.
        known: String,
    },
    /// A file that is not listed and that nobody named.
    #[error("no file `{file}` is listed, and nobody named it{}", nearest.as_ref().map(|near| format!("; is `{near}` meant?")).unwrap_or_default())]
    UnknownFile {
        /// What was written.
        file: String,
        /// The listed file that is nearest to it.
        nearest: Option<String>,
    },
    /// More pieces of work than a request holds.
    #[error("the object holds more than {MOST_WORK} pieces of work")]
    TooMuch,
    /// A limit that was said and is no amount.
    #[error("the limit of what may be paid is no amount: {0}")]
    Limit(#[from] AmountError),
}

impl FormError {
    /// A short stable word for events.
    pub fn kind(&self) -> &'static str {
        match self {
            FormError::NoObject => "form_missing",
            FormError::Field(_) => "form_field",
            FormError::UnknownTask { .. } => "form_task",
            FormError::UnknownFile { .. } => "form_file",
            FormError::TooMuch => "form_too_much",
            FormError::Limit(_) => "form_limit",
        }
    }

    /// What a person can do, after the model was asked once more.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            FormError::NoObject | FormError::Field(_) | FormError::UnknownTask { .. } => {
                "say it in other words, or set AGENT_STYLE=tools for a model that calls tools well"
            }
            FormError::UnknownFile { .. } => "name the file as it is written in its folder",
            FormError::TooMuch => "ask for fewer files at once",
            FormError::Limit(_) => "write the limit with --max-gas, or in the chat with /limit",
        };
        Some(text.to_owned())
    }
}
