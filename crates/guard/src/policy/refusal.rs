//! What the guard says when it says no.

use serde::Serialize;

/// A rule of the guard, by the id that people, models and logs see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The offload rule: the job is too large for this machine.
    Offload(domain::verdict::OffloadRule),
    /// A job that fits this machine is not sent away or paid for.
    FitsHere,
    /// The probe of file or machine failed.
    ProbeFailed,
    /// The job is not at the step that this needs.
    JobState,
    /// The claim differs from the quote: amount.
    Amount,
    /// The claim differs from the quote, or the recipient is not on the owner's list.
    Recipient,
    /// The quote is for another network than the pinned one.
    Network,
    /// Above what one payment may be.
    CapPayment,
    /// Above what a day may cost.
    CapDay,
    /// Above what all may cost.
    CapLifetime,
    /// Fees above their limits.
    CapFees,
    /// A person has to approve, and nobody could be asked.
    Approval,
    /// A person was asked and said no.
    Declined,
    /// The work is not in the request, or not as it was planned.
    Work,
    /// The request is for this machine only.
    Locality,
    /// The request's spending limit does not reach.
    Spend,
    /// The request stops before this step.
    Until,
    /// A result that nobody can verify, and nobody said that they take it.
    Unverified,
    /// Nothing is known of what the work needs, and nobody said that it is run all the same.
    Unmeasured,
    /// Real money needs its own switch.
    Mainnet,
    /// The quote is past its time.
    QuoteExpired,
    /// A dataset outside the allowed roots, a link that leads out, or not a regular file.
    DataPath,
    /// A file that looks like a secret.
    DataSecret,
    /// A result from a host that is not the job's own.
    ResultHost,
    /// A result above the byte cap.
    ResultSize,
    /// A result whose content is not what it claims.
    ResultCheck,
    /// The file changed after it was measured.
    DataChanged,
}

impl Rule {
    /// The rule's id.
    pub fn id(self) -> &'static str {
        match self {
            Rule::Offload(rule) => rule.id(),
            Rule::FitsHere => "R-LOCAL",
            Rule::ProbeFailed => "R-PROBE",
            Rule::JobState => "P-STATE",
            Rule::Amount => "P-AMOUNT",
            Rule::Recipient => "P-RECIPIENT",
            Rule::Network => "P-NETWORK",
            Rule::CapPayment => "P-CAP-PAYMENT",
            Rule::CapDay => "P-CAP-DAY",
            Rule::CapLifetime => "P-CAP-LIFETIME",
            Rule::CapFees => "P-CAP-FEES",
            Rule::Approval | Rule::Declined => "P-APPROVAL",
            Rule::Work => "Q-WORK",
            Rule::Locality => "Q-PLACE",
            Rule::Spend => "Q-SPEND",
            Rule::Until => "Q-UNTIL",
            Rule::Unverified => "Q-UNVERIFIED",
            Rule::Unmeasured => "Q-UNMEASURED",
            Rule::Mainnet => "P-MAINNET",
            Rule::QuoteExpired => "P-EXPIRED",
            Rule::DataPath => "D-PATH",
            Rule::DataSecret => "D-SECRET",
            Rule::ResultHost => "D-HOST",
            Rule::ResultSize => "D-SIZE",
            Rule::ResultCheck => "D-CHECK",
            Rule::DataChanged => "D-CHANGED",
        }
    }

    /// Whether somebody's yes is all that is missing (exit code 4).
    pub fn is_unconsented(self) -> bool {
        matches!(self, Rule::Approval | Rule::Unverified | Rule::Unmeasured)
    }

    /// Whether the refusal is about money running out rather than about conduct (exit code 5).
    pub fn is_budget(self) -> bool {
        matches!(self, Rule::CapPayment | Rule::CapDay | Rule::CapLifetime | Rule::CapFees | Rule::Spend)
    }
}

/// A refusal: which rule, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why} [{}]", rule.id())]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// Why, in one sentence with the numbers.
    pub why: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(rule: Rule, why: impl Into<String>) -> Refusal {
        Refusal { rule, why: why.into(), hint: None }
    }

    /// The same with what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }
}

impl Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
