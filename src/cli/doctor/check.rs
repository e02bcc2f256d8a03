//! One finding of the doctor.

use serde::Serialize;

use crate::face::look::{Look, Tone};
use domain::units::clean;

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
            State::Fail => (Tone::Bad, "fail"),
        };
        let mut out = look.field(self.part, tone, &format!("{word}: {}", clean(&self.text, 600)));
        out.extend(self.mend.iter().flat_map(|mend| look.field("  mend", Tone::Plain, &clean(mend, 600))));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_at_80_and_40() {
        let checks = [
            Check::ok("machine", "2 cores, 24.7 GB of RAM available, 80.0 GB of disk free"),
            Check::warn("permissions", "the folder is open to others", "run `chmod 700` on it"),
            Check::fail("provider", "http://127.0.0.1:1 did not answer", Some("check AIOZ_W3AI_ENDPOINT".to_owned())),
        ];
        let at = |width| {
            let look = Look::plain(width);
            checks.iter().flat_map(|check| check.lines(&look)).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(format!("{}\n\n{}", at(80), at(40)));
    }
}
