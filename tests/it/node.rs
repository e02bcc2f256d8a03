//! The node, as clients meet it: a real server on a free port, driven by our client, by AIOZ's own SDK and by plain HTTP.

pub mod bench;
mod crash;
mod on_chain;
mod payment;
mod protocol;
mod runs;
mod sdk;
