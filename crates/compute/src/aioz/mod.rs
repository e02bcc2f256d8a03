//! The AIOZ AI API, from the client's side: AIOZ's own service, or a node that speaks the same and states its terms.
//!
//! Source of the endpoints and shapes: AIOZ's published SDK (`aiozai-sdk` 1.1.0). Every field of an answer may be
//! missing, so reading them is tolerant ([`wire`]); what a caller needs and did not get is [`ComputeError::Garbage`].

mod body;
mod client;
mod error;
mod find;
mod given;
pub mod mime;
mod task;
mod terms;
mod transport;
mod upload;
mod waits;
pub mod webhook;
pub mod wire;

pub use body::{Handed, Handover, is_text_of};
pub use client::Aioz;
pub use error::ComputeError;
pub use given::{Given, GivenFile, WrongGift};
pub use task::{TaskDetail, TaskPage, TaskStatus};
pub use terms::{GAS_CONTRACT, PaymentTerms, TermsError};
pub use transport::Patience;
pub use upload::{MOST as MOST_UPLOADED, UploadError, UploadPlace};
pub use waits::Waits;
pub use wire::{Balance, Cost, Model, ModelInfo, Serving, Versioning};
