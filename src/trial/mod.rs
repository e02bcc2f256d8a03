//! The trial bench: a folder of cases is played against a model, each on a sandbox of its own, and what came of it is
//! compared with what the case expects. The guard, the machine's rules, storage, chain and provider are the real ones.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`case`] | the format of a case, read to the letter |
//! | [`yaml`] | its YAML, and what is wrong with it in plain words |
//! | [`files`] | the files of a case: random proteins, text, padding |
//! | [`variant`] | which helps a model is left without |
//! | [`stage`] | the sandbox, the folders and the conversation of one case |
//! | [`meter`] | what a model was asked and used; what was told while it was |
//! | [`play`] | one case from its first turn to its verdict |
//! | [`judge`] | what happened against what is expected |
//! | [`run`](mod@run) | all cases, with every variant |
//! | [`totals`] | sums over many plays |
//! | [`report`] | the page that shows them |

pub mod case;
pub mod files;
pub mod flags;
pub mod judge;
pub mod meter;
pub mod play;
pub mod report;
pub mod run;
pub mod stage;
pub mod totals;
pub mod variant;
pub mod yaml;

pub use case::{BrokenCase, Case, read_cases};
pub use play::Played;
pub use run::{Outcome, Plan, run};
pub use variant::{Help, Variant};
