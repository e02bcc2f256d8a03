//! The life of a job: one state machine, advanced by one workflow.
//!
//! A tool call, `agent jobs resume` and start-up recovery all call the same steps, so there is one way through. Each
//! step writes its intent to the ledger before its effect and its outcome after it; a step that was cut short is taken
//! again from what the ledger says.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`workflow`] | the steps in their order, and who may ask for which |
//! | [`plan`] | the plan of a request |
//! | `measure` | measuring and judging a piece of work |
//! | [`expand`] | patterns and folders made into files |
//! | [`pairs`] | files that are pairs by their names |
//! | [`several`] | inputs of several files and folders, and opening all files of a piece of work |
//! | [`once`] | the same work several times in one request |
//! | [`price`] | what work costs, before anything is sent |
//! | [`before`] | the same work, done or begun before |
//! | [`agree`] | the request that is open in a session, consent to its plan, and jobs out of it |
//! | `kept` | a request as it is kept, and what its work became |
//! | [`carry`] | all work of a plan to its end, side by side |
//! | [`resume`] | jobs that a person's command takes up again |
//! | [`results`] | where results go |
//! | [`local`] | running here |
//! | [`offload`] | staging and submitting |
//! | [`pay`] | paying, and looking what became of a payment |
//! | [`strangers`] | models with keys of their own: what can be said before anything is sent |
//! | [`collect`] | waiting for the provider |
//! | [`answer`] | what a task's answer says of its result |
//! | [`fetch`] | fetching a result whose files have checksums |
//! | [`given`] | fetching what a stranger's model gave, which nobody can verify |
//! | [`accept`] | accepting a result |
//! | `waiting` | how long until the next look at a provider, and when silence has lasted too long |
//! | [`check`] | what a result must be, and what only keeps it from being checked |
//! | [`sent`] | the dataset as it was sent, before paying and after |
//! | [`elsewhere`] | whether another copy of the ledger has paid |
//! | [`listener`] | a provider's webhooks, heard while jobs are waited for |
//! | `leftovers` | what a job leaves at provider and storage, and taking it away |
//! | [`remote`] | the outside parts a remote job needs |
//! | [`recorded`] | those parts in a run that is played from its record |
//! | [`receipt`] | what the ledger knows of a finished job |
//! | `give_up` | ending a job of which it cannot be learnt what became of its payment |
//! | [`verify`] | a receipt checked afresh, against chain and files |
//! | [`lease`] | one process at a time works on a job |

mod able;
mod accept;
pub mod agree;
mod answer;
pub mod before;
pub mod cancel;
pub mod carry;
pub mod check;
pub mod collect;
pub mod elsewhere;
pub mod error;
pub mod expand;
mod fetch;
mod give_up;
mod given;
mod kept;
pub mod lease;
mod leftovers;
pub mod listener;
pub mod local;
mod measure;
pub mod offload;
pub mod once;
pub mod pairs;
pub mod pay;
pub mod plan;
pub mod price;
pub mod receipt;
pub mod recorded;
pub mod remote;
pub mod results;
pub mod resume;
pub mod sent;
pub mod several;
mod strangers;
pub mod verify;
mod waiting;
pub mod workflow;

pub use agree::Opening;
pub use cancel::Cancel;
pub use carry::Carried;
pub use error::JobError;
pub use listener::Listening;
pub use price::{AskPrices, Pricing};
pub use recorded::{Outside, Recorded};
pub use remote::{Connect, OwnerPrice, Remote};
pub use resume::Resuming;
pub use workflow::{Workflow, WorkflowParts};
