//! Asking the owner: on the terminal of this process, where it has one for itself. The calling model is never asked.

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::call;
use crate::{
    face::{approve::AtTerminal, look::Look, tty},
    policy::approval::{Answer, ApprovalRequest, Approver},
};

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
        // A server that a desktop client started has no terminal; one that a terminal client started shares it with a
        // program that reads the keys for itself, and a key meant for that program must not pay.
        if !tty::is_free() {
            return Answer::Elsewhere;
        }
        match self.terminal.ask(request).await {
            Answer::Nobody => Answer::Elsewhere,
            answer => answer,
        }
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
}
