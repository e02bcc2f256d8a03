//! The one error at the edge: what happened, what to do next, and the exit code that follows.

use std::{error::Error, process::ExitCode};

use domain::{event::Event, ids::JobIdError};
use guard::{
    config::ConfigError,
    ledger::LedgerError,
    policy::refusal::{Refusal, Rule},
};

/// What kind of end a command came to; the exit code follows from it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something failed.
    Failed,
    /// The command or the settings make no sense.
    Usage,
    /// The guard refused.
    Refused,
    /// A person has to approve, and nobody is there to ask.
    ApprovalNeeded,
    /// The caps do not allow it.
    OverBudget,
    /// The job failed.
    JobFailed,
    /// Nobody knows yet whether a payment landed.
    PaymentUnresolved,
    /// A person stopped it.
    Interrupted,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Failed,
        Kind::Usage,
        Kind::Refused,
        Kind::ApprovalNeeded,
        Kind::OverBudget,
        Kind::JobFailed,
        Kind::PaymentUnresolved,
        Kind::Interrupted,
    ];

    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Refused => 3,
            Kind::ApprovalNeeded => 4,
            Kind::OverBudget => 5,
            Kind::JobFailed => 6,
            Kind::PaymentUnresolved => 7,
            Kind::Interrupted => 130,
        }
    }

    /// The kind of an exit code that another part chose; anything unknown is a failure.
    pub fn from_code(code: u8) -> Kind {
        Kind::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or(Kind::Failed)
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub struct CommandError {
    /// What follows.
    pub kind: Kind,
    /// A short stable word for programs.
    pub word: String,
    /// In a sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Where it came from.
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl CommandError {
    /// An error without a hint or a source.
    pub fn new(kind: Kind, word: &str, message: impl Into<String>) -> CommandError {
        CommandError { kind, word: word.to_owned(), message: message.into(), hint: None, source: None }
    }

    /// Something failed.
    pub fn failed(word: &str, error: impl Error + Send + Sync + 'static) -> CommandError {
        CommandError::new(Kind::Failed, word, error.to_string()).caused_by(error)
    }

    /// The command makes no sense.
    pub fn usage(message: impl Into<String>) -> CommandError {
        CommandError::new(Kind::Usage, "usage", message)
    }

    /// A person stopped it.
    pub fn interrupted() -> CommandError {
        CommandError::new(Kind::Interrupted, "interrupted", "stopped")
    }

    /// The same with what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> CommandError {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what to do next, where somebody knows.
    pub fn maybe_hint(mut self, hint: Option<String>) -> CommandError {
        self.hint = hint;
        self
    }

    /// The same with where it came from.
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> CommandError {
        self.source = Some(Box::new(source));
        self
    }

    /// The same, told of one of several.
    pub fn told_of(mut self, what: &str) -> CommandError {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }

    /// The message with what it came from, each said once.
    pub fn sentence(&self) -> String {
        let mut text = self.message.clone();
        let mut cause = self.source.as_ref().and_then(|s| s.source());
        while let Some(error) = cause {
            let more = error.to_string();
            // Many errors quote their cause already.
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        text
    }

    /// As an event, for programs.
    pub fn event(&self) -> Event {
        Event::Error { kind: self.word.clone(), message: self.sentence(), hint: self.hint.clone() }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> CommandError {
        let kind = match error {
            // A rule that cannot be read refuses everything it would have decided.
            ConfigError::Policy { .. } => Kind::Refused,
            ConfigError::Home { .. } | ConfigError::Read { .. } => Kind::Failed,
            _ => Kind::Usage,
        };
        CommandError::new(kind, error.kind(), error.to_string()).maybe_hint(error.hint()).caused_by(error)
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> CommandError {
        let word = if matches!(error, LedgerError::NoSuchJob(_)) { "no_such_job" } else { "ledger" };
        let hint = error.hint();
        CommandError::failed(word, error).maybe_hint(hint)
    }
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> CommandError {
        let kind = match refusal.rule {
            Rule::Approval | Rule::Unverified => Kind::ApprovalNeeded,
            rule if rule.is_budget() => Kind::OverBudget,
            _ => Kind::Refused,
        };
        let hint = refusal.hint.clone();
        CommandError::new(kind, "refused", refusal.to_string()).maybe_hint(hint)
    }
}

impl From<JobIdError> for CommandError {
    fn from(error: JobIdError) -> CommandError {
        CommandError::usage(error.to_string()).hint("`agent jobs list` shows the jobs there are")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        assert_eq!(Kind::ALL.map(Kind::code), [1, 2, 3, 4, 5, 6, 7, 130]);
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), kind);
        }
        assert_eq!(Kind::from_code(99), Kind::Failed);
    }

    #[test]
    fn refusals_keep_their_meaning() {
        let of = |rule| CommandError::from(Refusal::new(rule, "no")).kind;
        assert_eq!(of(Rule::CapDay), Kind::OverBudget);
        assert_eq!(of(Rule::Approval), Kind::ApprovalNeeded);
        assert_eq!(of(Rule::Declined), Kind::Refused);
        assert_eq!(of(Rule::Recipient), Kind::Refused);
    }
}
