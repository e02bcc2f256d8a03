//! Logs for those who look for a fault: to standard error, off by default.

use std::io::IsTerminal as _;

use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{Filtered, filter_fn},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::CommandError;
use cassette::scrub::known::Logged;

/// The filter of `-v`, `-vv` and so on; `None` without one.
pub fn filter_of(verbose: u8) -> Option<String> {
    match verbose {
        0 => None,
        1 => Some("agent=info".to_owned()),
        2 => Some("agent=debug".to_owned()),
        _ => Some("agent=trace,info".to_owned()),
    }
}

/// Turns logs on by `filter`; `off` costs nothing.
///
/// # Errors
/// When the filter makes no sense.
pub fn start(filter: &str) -> Result<(), CommandError> {
    if filter == "off" {
        return Ok(());
    }
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        CommandError::usage(format!("the log filter `{filter}` makes no sense: {e}"))
            .hint("write a level such as `info`, or `agent=debug`, in AGENT_LOG")
    })?;
    let lines = fmt::layer().with_writer(Logged::default).with_ansi(std::io::stderr().is_terminal());
    // HTTP and signing libraries write headers and keys below INFO; no filter of ours lets those through.
    let quiet = filter_fn(|meta| meta.target().starts_with("agent") || *meta.level() <= Level::INFO);
    let lines: Filtered<_, _, _> = lines.with_filter(filter).with_filter(quiet);
    // A second start within one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    Ok(())
}
