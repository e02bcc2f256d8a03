//! Asking a person to approve a payment, on the terminal they sit at.

use std::io;

use async_trait::async_trait;

use super::{
    consent::{Said, ask_consent},
    look::{Look, Tone},
    tty::Tty,
};
use domain::{plan::Plan, units::clean};
use guard::policy::approval::{Answer, ApprovalRequest, Approver, PlanAnswer, PlanSpending};

/// Times an unclear answer is asked for again.
const MAX_QUESTIONS: usize = 3;

/// Asks at the controlling terminal, whatever standard input and output are: a piped request still has a person.
pub struct AtTerminal {
    look: Look,
}

impl AtTerminal {
    /// Questions of `look`.
    pub fn new(look: Look) -> AtTerminal {
        AtTerminal { look }
    }
}

#[async_trait]
impl Approver for AtTerminal {
    async fn ask(&self, request: &ApprovalRequest) -> Answer {
        let question = question(request, &self.look);
        // Where there is no terminal, or it went away, there is nobody to ask.
        ask_at_terminal(&question).await.unwrap_or(Answer::Nobody)
    }

    async fn consent(&self, plan: &Plan, spending: Option<PlanSpending>) -> PlanAnswer {
        let spending = spending.map(|s| (s.today, s.cap));
        match ask_consent(plan, plan.request.said.as_deref(), spending, &self.look).await {
            Ok(Said::Yes) => PlanAnswer::Said(Answer::Yes),
            Ok(Said::No) => PlanAnswer::Said(Answer::No),
            Ok(Said::Edited(request)) => PlanAnswer::Edited(request),
            // Where there is no terminal, or it went away, there is nobody to ask.
            Ok(Said::Nobody) | Err(_) => PlanAnswer::Said(Answer::Nobody),
        }
    }

    fn reads_plans(&self) -> bool {
        Tty::open().is_ok()
    }
}

async fn ask_at_terminal(question: &[String]) -> io::Result<Answer> {
    let mut terminal = Tty::open()?;
    terminal.say(&format!("\n{}\n", question.join("\n")))?;
    for _ in 0..MAX_QUESTIONS {
        terminal.say("Pay? [y/N] ")?;
        // Ctrl-C at the question is a no to the question as well as an end of the turn.
        let Some(line) = terminal.line().await? else { return Ok(Answer::No) };
        if let Some(yes) = said_yes(&line) {
            return Ok(if yes { Answer::Yes } else { Answer::No });
        }
    }
    Ok(Answer::No)
}

/// Yes only when it is said; an empty line is no; anything else is asked again.
pub(super) fn said_yes(line: &str) -> Option<bool> {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// Everything a person needs to decide.
pub fn question(request: &ApprovalRequest, look: &Look) -> Vec<String> {
    let tone = if request.network.is_mainnet() { Tone::Care } else { Tone::Strong };
    let real = if request.network.is_mainnet() { ": real money" } else { "" };
    let task = format!("{} on {}", clean(&request.task_type, 60), clean(&request.dataset, 200));
    let fees =
        format!("at most {}: {} to execute, {} to include", request.fees(), request.system_fee, request.network_fee);
    let left = request.cap_today.saturating_sub(request.spent_today);
    let budget = format!("{left} left of {} in 24 hours, before this payment", request.cap_today);
    [
        look.field("Approve", tone, &format!("pay {} for {}", request.amount, request.job)),
        look.field("  for", Tone::Plain, &task),
        look.field("  to", Tone::Plain, &request.recipient.address()),
        look.field("  on", Tone::Plain, &format!("{}{real}", request.network)),
        look.field("  fees", Tone::Plain, &fees),
        look.field("  budget", Tone::Plain, &budget),
        look.field("  until", Tone::Plain, &request.expires_at.strftime("%Y-%m-%d %H:%M UTC").to_string()),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample;
    use domain::{
        hash::Hash160,
        money::Datoshi,
        network::{MAINNET, Network},
    };

    fn request() -> ApprovalRequest {
        ApprovalRequest {
            job: sample::job(),
            task_type: "protein_folding".into(),
            dataset: "examples/\u{1b}[2Jdata.fasta".into(),
            amount: Datoshi::from_gas(2),
            recipient: Hash160::from_address(sample::RECIPIENT).unwrap(),
            system_fee: Datoshi::new(9_977_540).unwrap(),
            network_fee: Datoshi::new(1_000_000).unwrap(),
            network: Network(MAINNET),
            expires_at: sample::time("2026-01-02T03:34:05Z"),
            spent_today: Datoshi::from_gas(20),
            cap_today: Datoshi::from_gas(25),
        }
    }

    #[test]
    fn the_question() {
        let at = |width| question(&request(), &Look::plain(width)).join("\n");
        insta::assert_snapshot!(format!("{}\n\n{}", at(80), at(40)));
    }

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        for (line, answer) in [
            ("y\n", Some(true)),
            ("YES\r\n", Some(true)),
            ("\n", Some(false)),
            ("n", Some(false)),
            ("ye", None),
            ("y y", None),
            ("ｙ", None),
        ] {
            assert_eq!(said_yes(line), answer, "{line:?}");
        }
    }
}
