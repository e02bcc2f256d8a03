//! One finding of the doctor.

use serde::Serialize;

use crate::{
    domain::units::clean,
    face::look::{Look, Tone},
};

/// How well a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Well.
    Ok,
    /// Not needed now, or not as it should be.
    Warn,
    /// Something that is needed does not work.
    Fail,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub part: &'static str,
    /// How well it is.
    pub state: State,
    /// What was found, in a sentence.
    pub text: String,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Check {
    /// It is well.
    pub fn ok(part: &'static str, text: impl Into<String>) -> Check {
        Check { part, state: State::Ok, text: text.into(), mend: None }
    }

    /// It is not as it should be.
    pub fn warn(part: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Check {
        Check { part, state: State::Warn, text: text.into(), mend: Some(mend.into()) }
    }

    /// It does not work.
    pub fn fail(part: &'static str, text: impl Into<String>, mend: Option<String>) -> Check {
        Check { part, state: State::Fail, text: text.into(), mend }
    }

    /// As lines.
    pub fn lines(&self, look: &Look) -> Vec<String> {
        let (tone, word) = match self.state {
            State::Ok => (Tone::Good, "ok"),
            State::Warn => (Tone::Care, "warn"),
            State::Fail => (Tone::Bad, "FAIL"),
        };
        let mut out = look.field(&format!("{word:<5}{}", self.part), tone, &clean(&self.text, 600));
        out.extend(self.mend.iter().flat_map(|mend| look.field("  mend", Tone::Plain, &clean(mend, 600))));
        out
    }
}
