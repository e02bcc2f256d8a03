//! Receipt lines: facts from the ledger.

use super::{
    super::look::{Look, Tone},
    MAX, gas, minute,
};
use domain::{
    job::JobState,
    receipt::Receipt,
    units::{bytes, clean},
    verdict::Place,
};

/// The receipt, every line with its name.
pub fn lines(receipt: &Receipt, look: &Look) -> Vec<String> {
    let good = receipt.state == "done";
    let tone = if good { Tone::Good } else { Tone::Bad };
    let mut out = vec![String::new()];
    out.extend(look.field("Receipt", tone, &format!("{} {}", receipt.job, clean(&receipt.state, 40))));
    let place = match receipt.place {
        Place::Local => "on this machine".to_owned(),
        Place::Offload => format!("at the provider ({})", clean(&receipt.profile, 20)),
    };
    let dataset = clean(&receipt.dataset.display().to_string(), MAX);
    out.extend(look.field("  task", Tone::Plain, &format!("{} on {dataset}", clean(&receipt.task_type, 60))));
    for file in &receipt.inputs {
        let sum = file.sha256.map_or_else(|| "not read to its end".to_owned(), |sum| format!("sha256 {sum}"));
        let path = clean(&file.path.display().to_string(), MAX);
        let text = format!("{} {path} ({}), {sum}", clean(&file.name, 40), bytes(file.bytes));
        out.extend(look.field("  input", Tone::Plain, &text));
    }
    let ended = minute(receipt.ended_at);
    let ran = match JobState::from_name(&receipt.state).map(|state| state.has_run(receipt.place)) {
        Some(Some(false)) => format!("not at all: it was to run {place}, and ended at {ended}"),
        Some(None) => format!("not to its end: {place}, until {ended}"),
        Some(Some(true)) | None => format!("{place}, until {ended}"),
    };
    out.extend(look.field("  ran", Tone::Plain, &ran));
    if let Some(id) = &receipt.job_id {
        out.extend(look.field("  job id", Tone::Plain, &clean(id, 120)));
    }
    if let Some(paid) = &receipt.payment {
        let fees = gas(paid.fees.fees_datoshi);
        let text = format!("{} and {fees} in fees, on {}", gas(paid.amount.datoshi), paid.network);
        out.extend(look.field("  paid", Tone::Plain, &text));
        out.extend(look.field("  to", Tone::Plain, &clean(&paid.recipient, 60)));
        out.extend(look.field("  tx", Tone::Plain, &paid.tx_hash.to_string()));
        let attempts = if paid.attempts > 1 { format!(", at attempt {}", paid.attempts) } else { String::new() };
        out.extend(look.field("  block", Tone::Plain, &format!("{}{attempts}", paid.block)));
        let event = &paid.event;
        let (from, to) = (event.from.address(), event.to.address());
        let text = format!("{} of {} GAS from {from} to {to}", clean(&event.name, 40), event.amount.gas_string());
        out.extend(look.field("  event", Tone::Plain, &text));
        out.extend(paid.explorer_url.iter().flat_map(|url| look.field("  see", Tone::Plain, &clean(url, MAX))));
    }
    if let Some(charged) = &receipt.charged {
        let text = format!("{}, of the balance of AIOZ_API_KEY at the provider", clean(charged, 80));
        out.extend(look.field("  charged", Tone::Plain, &text));
    }
    if let Some(result) = &receipt.result {
        let folder = clean(&result.path.display().to_string(), MAX);
        out.extend(look.field("  result", Tone::Plain, &format!("{folder} ({})", bytes(result.bytes))));
        out.extend(look.field("  sha256", Tone::Plain, &result.sha256.to_string()));
        if let Some(what) = &result.unchecked {
            out.extend(look.field("  unchecked", Tone::Care, &clean(what, MAX)));
        }
        out.extend(result.warnings.iter().flat_map(|line| look.field("  warning", Tone::Care, &clean(line, MAX))));
    }
    if let Some(why) = &receipt.failure {
        out.extend(look.field("  why", Tone::Bad, &clean(why, MAX)));
    }
    out
}
