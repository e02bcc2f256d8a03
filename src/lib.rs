//! The Scientific Orchestrator, as a library: the map of the house.
//!
//! Imports point up this list only: a module knows those above it, never those below.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`domain`] | money, ids, datasets, tasks, estimates, verdicts, quotes, jobs, events: pure, no I/O |
//! | [`cassette`] | a run recorded, and played again from its record: exchanges, values, scrubbing |
//! | [`kill_point`] | named places where a test may end the program; nothing in a release |
//! | [`science`] | the built-in tasks: sequence statistics, HP folding and its verifier, text summary |
//! | [`config`] | flags > environment > `.env` > `config.toml` > defaults; secrets; the home folder |
//! | [`ledger`] | the SQLite store of jobs, payments and budgets, and `jobs.jsonl` beside it |
//! | [`policy`] | the guard: rules, limits, approval, permits |
//! | [`machine`] | probes of this machine and of datasets; the catalogue; the estimator |
//! | [`storage`] | S3: upload, presign, download |
//! | [`compute`] | the AIOZ AI client; the local runner and its worker process |
//! | [`payment`] | wallet, transaction, chain RPC, payer: the only folder that signs |
//! | [`job`] | the state machine and the workflow that advances it |
//! | [`tools`] | one file a tool that a model may call |
//! | [`model`] | one file a chat model |
//! | [`agent`] | the turn loop; claims against the ledger; sessions; what fits a window; ceilings |
//! | [`face`] | what people, programs and other agents see: terminal, JSON Lines, MCP |
//! | [`node`] | the provider's side: API, queue, payment verifier |
//! | [`sandbox`] | embedded storage, chain and node for machines with no configuration |
//! | [`trial`] | the bench that plays cases against a model and says what came of them |
//! | [`cli`] | one file a command |

pub mod domain;
pub mod kill_point;

pub mod cassette;

pub mod science;

pub mod config;
pub mod ledger;
pub mod policy;

pub mod machine;
pub mod storage;

pub mod compute;
pub mod payment;

pub mod job;
pub mod tools;

pub mod model;

pub mod agent;
pub mod face;

pub mod node;
pub mod sandbox;

pub mod trial;

pub mod cli;
