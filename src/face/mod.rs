//! What people and programs see. Every face reads the same events.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`look`] | width and colours; labelled, wrapped lines; tables |
//! | [`text`] | text from outside, made plain; streamed text, wrapped as it comes |
//! | [`render`] | an event as lines: pure |
//! | [`result`] | a result document as lines: pure |
//! | [`plan`] | what a request comes to, before anything has an effect: pure |
//! | [`plan_file`] | requests as files that people read, change and run |
//! | [`sheet`] | sample sheets: tables of which each line is a piece of work |
//! | [`status`] | how the jobs of a turn stand: pure |
//! | [`jobs`] | jobs as a list and one by one: pure |
//! | [`job_json`] | jobs as programs see them: pure |
//! | [`payments`] | a wallet's payments as a list: pure |
//! | [`progress`] | bars on a terminal, sparse lines elsewhere |
//! | [`output`] | standard output that ends quietly when nobody reads on |
//! | [`terminal`] | the sink for people |
//! | [`jsonl`] | the sink for programs |
//! | [`thoughts`] | a sink that is told no thoughts |
//! | [`approve`] | asking a person to approve a payment |
//! | [`consent`] | asking a person for their consent to a plan |
//! | [`edit`] | a plan in a person's own editor |
//! | [`tty`] | the terminal that a person sits at |
//! | `mcp` | the same tools for other agents |

pub mod approve;
pub mod consent;
pub mod edit;
pub mod job_json;
pub mod jobs;
pub mod jsonl;
pub mod look;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod output;
pub mod payments;
pub mod plan;
pub mod plan_file;
pub mod progress;
pub mod render;
pub mod result;
pub mod sheet;
pub mod status;
pub mod terminal;
pub mod text;
pub mod thoughts;
pub mod tty;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_plans;
