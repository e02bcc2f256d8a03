//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod aioz;
mod batch;
mod beside;
mod canaries;
mod chat;
mod cli;
mod clients;
mod compute;
mod containers;
mod data;
mod endpoints;
mod examples;
mod failures;
mod fetch;
mod fuzz;
mod hostile;
mod jobs;
mod live;
mod mcp;
mod messages;
mod neo_go;
mod node;
mod once;
mod oracle;
mod outside;
mod own_tasks;
mod payment;
mod permits;
mod replay;
mod requests;
mod results;
mod sandbox_run;
mod sandbox_s3;
mod services;
mod sessions;
mod several;
mod storage;
#[cfg(feature = "kill-points")]
mod torture;
mod transcripts;
mod trial;
mod truths;
mod unmeasured;
mod wishes;
mod world;
