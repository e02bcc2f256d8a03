//! What may be done, and what is known when that is decided.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`config`] | settings in layers, the home folder, `policy.toml` |
//! | [`ledger`] | the store of jobs, requests, consents, payments and budgets, and `jobs.jsonl` beside it |
//! | [`policy`] | the guard: rules, limits, consent, mandates, permits |
//! | [`machine`] | probes of this machine and of datasets, the task catalogue, the estimator |
//!
//! A [`policy::permit::Permit`] is the leave to have one effect. Only the guard grants one, and code with an effect takes
//! it by value: outside of this crate there is no way to make, copy or store one.

pub mod config;
pub mod ledger;
pub mod policy;

pub mod machine;
