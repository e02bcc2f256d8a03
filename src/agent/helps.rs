//! The helps that the conversation gives a model, each of which can be taken away to see what it is worth.
//!
//! None of them is safety: whatever a model is offered, told or forgiven, its calls meet the same guard, and the same
//! task twice in a turn is one job, and a payment that was refused is not asked for again in its turn. What the program itself says to the person at the end (receipts, jobs left open, claims
//! that the ledger does not know) is for the person, and stays too.

/// Which helps are given; all, unless somebody measures what they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Helps {
    /// Only the tools that make sense now, with the real values as enumerations, required where a job waits for a step and
    /// none for the closing answer. Without: always all tools as their schemas have them, and the model may choose.
    pub narrowing: bool,
    /// Calls written as text are read, names nearly right and arguments nearly JSON are mended. Without: calls count
    /// only as calls, names and arguments only to the letter.
    pub repair: bool,
    /// A model that stops half-way or says nothing readable is told so once, and one that goes in circles is brought to its
    /// answer. Without: the first words end the turn, and only the step limit ends calls.
    pub endings: bool,
}

impl Default for Helps {
    fn default() -> Helps {
        Helps { narrowing: true, repair: true, endings: true }
    }
}
