//! Where jobs run: the client of the AIOZ AI API, the local runner, and the worker process that it starts.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`aioz`] | the client: models, prices, submit, status, payment announcement, cancel |
//! | [`local`] | runs a task on this machine, in a child process with limits |
//! | [`worker`] | what that child process does |

pub mod aioz;
pub mod local;
mod processes;
pub mod worker;
