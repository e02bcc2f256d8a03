//! The outside parts of a remote job, in the sandbox: the same clients as live, at the addresses of a host of our own.
//! In a build without the feature `sandbox` there is nobody to pay and nothing to connect to, and it says so.

#[cfg(feature = "sandbox")]
mod built_in;
#[cfg(not(feature = "sandbox"))]
mod left_out;

#[cfg(feature = "sandbox")]
pub use built_in::{Sandbox, connect, payer, recipients};
#[cfg(not(feature = "sandbox"))]
pub use left_out::{connect, payer, recipients};

/// Whether this build has the sandbox.
pub const BUILT_IN: bool = cfg!(feature = "sandbox");

/// Why the sandbox's keys are of no use.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Unusable {
    message: String,
    /// What to do about it.
    pub hint: String,
}
