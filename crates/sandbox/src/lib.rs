//! The sandbox: storage, provider and chain for machines with no configuration. Nothing leaves the machine, and its
//! coins are not money.
//!
//! The three servers live in one host process of their own, on loopback, so that they go on when a client dies, as real
//! ones do. The host starts when it is first needed and ends soon after its last client has left.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`chain`] | a small Neo N3 chain behind JSON-RPC |
//! | [`s3`] | an S3 server over a folder |
//! | [`keys`] | the keys of one sandbox, made at random |
//! | [`host`] | the host process: the three servers, and when it ends |
//! | [`client`] | finding the host, or starting it |

pub mod chain;
pub mod client;
pub mod host;
pub mod keys;
pub mod s3;
