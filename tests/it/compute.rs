//! The provider client against providers that lie, the local runner, and the catalogue's outside programs run by it.

mod checkpoint;
mod everyday;
mod guarded;
mod isolation;
mod local;
mod peptide;
mod probe;
mod provider;
