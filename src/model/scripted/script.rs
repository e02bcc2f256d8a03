//! The transcript format, as far as the model plays it.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::model::{Finish, ModelError, ToolChoice};

/// A transcript.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What the test around it needs: files, prompts, what is expected. The model does not read it.
    #[serde(default)]
    pub case: Value,
    /// The model's turns.
    pub turns: Vec<Turn>,
}

/// One turn of the model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What the request must show.
    #[serde(default)]
    pub expect: Option<Expect>,
    /// What it answers; placeholders are filled in.
    #[serde(default)]
    pub say: Option<String>,
    /// What it answers, to the letter.
    #[serde(default)]
    pub text: Option<String>,
    /// What it calls.
    #[serde(default, deserialize_with = "one_or_many")]
    pub call: Vec<Call>,
    /// Why it stops, when that is not plain.
    #[serde(default)]
    pub finish: Option<Finish>,
    /// How it fails instead of answering.
    #[serde(default)]
    pub fail: Option<Fail>,
    /// How often the turn is played at most, 1 when left out; it need not be played more than once.
    #[serde(default)]
    pub repeat: usize,
    /// Whether the turn may be left unplayed at the end.
    #[serde(default)]
    pub optional: bool,
}

/// A scripted call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tool, or what is none.
    pub name: String,
    /// Its arguments; placeholders are filled in.
    #[serde(default = "nothing")]
    pub arguments: Value,
    /// Its arguments to the letter, such as broken JSON.
    #[serde(default)]
    pub raw: Option<String>,
}

fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

/// What a request must show.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Tools that are offered.
    pub offered: Vec<String>,
    /// Tools that are not.
    pub not_offered: Vec<String>,
    /// All that is offered, in order.
    pub only_offered: Option<Vec<String>>,
    /// Auto, required or none.
    pub choice: Option<ToolChoice>,
    /// Whether the answer is to have a form.
    pub form: Option<bool>,
    /// Texts in the last tool result.
    #[serde(deserialize_with = "one_or_many")]
    pub last_result: Vec<String>,
    /// Texts in the last thing a person, or the program for them, said.
    #[serde(deserialize_with = "one_or_many")]
    pub user: Vec<String>,
    /// Texts in the system prompt.
    #[serde(deserialize_with = "one_or_many")]
    pub system: Vec<String>,
}

/// How a model fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fail {
    /// Nobody answers.
    Unreachable,
    /// Wrong key.
    Key,
    /// Too many requests.
    RateLimited,
    /// Not the protocol.
    Garbage,
    /// Nothing comes.
    Stalled,
}

impl Fail {
    /// The error of that kind.
    pub fn error(self) -> ModelError {
        let scripted = "as scripted".to_owned();
        match self {
            Fail::Unreachable => ModelError::Unreachable { url: "scripted".to_owned(), why: scripted },
            Fail::Key => ModelError::Key { status: 401, message: scripted, setting: "OPENAI_API_KEY".to_owned() },
            Fail::RateLimited => ModelError::RateLimited { message: scripted, retry_after: None },
            Fail::Garbage => ModelError::Garbage { what: scripted },
            Fail::Stalled => ModelError::Stalled { after: Duration::from_secs(60) },
        }
    }
}

impl Script {
    /// Reads a transcript.
    ///
    /// # Errors
    /// What is wrong and where, on one line.
    pub fn parse(text: &str) -> Result<Script, String> {
        let script: Script = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        for (i, turn) in script.turns.iter().enumerate() {
            let said = usize::from(turn.say.is_some()) + usize::from(turn.text.is_some());
            if said > 1 || (turn.fail.is_some() && (said > 0 || !turn.call.is_empty())) {
                return Err(format!("turn {}: one of say, text and fail", i + 1));
            }
        }
        Ok(script)
    }
}

/// One value, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Many(many) => many,
        Either::One(one) => vec![one],
    })
}
