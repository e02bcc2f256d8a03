//! Plan files: a request as TOML that a person reads, changes and runs, with what it comes to as notes beside it.
//!
//! What stands in the fields is the request, whole and exact. The notes are for people and are not read back. Amounts are
//! text, as no floating point touches money.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `read` | a text as a request |
//! | `write` | a plan as a text |

mod read;
mod write;

pub use read::{PlanFileError, read};
pub use write::write;

/// No plan file is larger than this, bytes: as many files as a request may hold, with long names.
pub const MAX_BYTES: u64 = 8 << 20;

#[cfg(test)]
mod tests;
