//! What stands in for the sandbox in a build without it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::Unusable;
use crate::job::{AskPrices, Connect, JobError, Pricing, Remote};
use cassette::Tape;
use domain::hash::Hash160;
use guard::{config::Callback, ledger::Ledger};

const MESSAGE: &str = "this program was built without the sandbox";
const HINT: &str = "connect storage, a provider, a chain and a wallet as .env.example shows, or build the program with \
                    `--features sandbox`";

/// Nobody pays.
///
/// # Errors
/// Always.
pub fn payer(_: &Path) -> Result<Hash160, Unusable> {
    Err(Unusable { message: MESSAGE.to_owned(), hint: HINT.to_owned() })
}

/// Nobody is paid.
///
/// # Errors
/// Never.
pub fn recipients(_: &Tape, _: &Path) -> Result<Vec<Hash160>, Unusable> {
    Ok(Vec::new())
}

/// Nothing comes up: whoever asks is told why.
pub fn connect(_: PathBuf, _: PathBuf, _: Option<Callback>, _: Ledger) -> Box<dyn Connect> {
    Box::new(LeftOut)
}

struct LeftOut;

fn left_out() -> JobError {
    JobError::Setup { message: MESSAGE.to_owned(), hint: Some(HINT.to_owned()) }
}

#[async_trait]
impl AskPrices for LeftOut {
    async fn pricing(&self) -> Result<Pricing, JobError> {
        Err(left_out())
    }
}

#[async_trait]
impl Connect for LeftOut {
    async fn connect(&self) -> Result<Remote, JobError> {
        Err(left_out())
    }
}
