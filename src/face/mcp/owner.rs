//! Asking the owner: on the terminal of this process, where it has one for itself. The calling model is never asked.

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::call;
use crate::face::{approve::AtTerminal, look::Look, tty};
use domain::plan::Plan;
use guard::policy::approval::{Answer, ApprovalRequest, Approver, PlanAnswer, PlanSpending};

/// The owner, at this process's terminal or elsewhere.
pub struct Owner {
    terminal: AtTerminal,
    /// Several clients, one person: questions come one at a time.
    turn: Mutex<()>,
}

impl Owner {
    /// The owner, who is shown questions of `look`.
    pub fn new(look: Look) -> Owner {
        Owner { terminal: AtTerminal::new(look), turn: Mutex::new(()) }
    }

    async fn at_terminal(&self, request: &ApprovalRequest) -> Answer {
        let _turn = self.turn.lock().await;
        if !self.has_terminal() {
            return Answer::Elsewhere;
        }
        match self.terminal.ask(request).await {
            Answer::Nobody => Answer::Elsewhere,
            answer => answer,
        }
    }

    async fn plan_at_terminal(&self, plan: &Plan, spending: Option<PlanSpending>) -> PlanAnswer {
        let _turn = self.turn.lock().await;
        if !self.has_terminal() {
            return PlanAnswer::Said(Answer::Elsewhere);
        }
        match self.terminal.consent(plan, spending).await {
            PlanAnswer::Said(Answer::Nobody) => PlanAnswer::Said(Answer::Elsewhere),
            answer => answer,
        }
    }

    /// A server that a desktop client started has no terminal; one that a terminal client started shares it with a program
    /// that reads the keys for itself, and a key meant for that program must not pay.
    fn has_terminal(&self) -> bool {
        tty::is_free()
    }
}

#[async_trait]
impl Approver for Owner {
    async fn ask(&self, request: &ApprovalRequest) -> Answer {
        tokio::select! {
            // A call that was given up takes its question back.
            () = call::given_up() => Answer::No,
            answer = self.at_terminal(request) => answer,
        }
    }

    async fn consent(&self, plan: &Plan, spending: Option<PlanSpending>) -> PlanAnswer {
        tokio::select! {
            () = call::given_up() => PlanAnswer::Said(Answer::No),
            answer = self.plan_at_terminal(plan, spending) => answer,
        }
    }

    fn reads_plans(&self) -> bool {
        self.has_terminal()
    }
}
