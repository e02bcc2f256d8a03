//! The provider client against providers that lie, and the local runner.

mod guarded;
mod isolation;
mod local;
mod provider;
