//! Quotes and payments.

use super::{
    super::look::{Look, Tone},
    MAX, gas, minute,
};
use domain::{
    event::{PaymentShown, QuoteShown},
    units::clean,
};

/// The provider took the job and says what it asks.
pub fn submitted(look: &Look, job_id: &str, quote: &QuoteShown) -> Vec<String> {
    let mut out = look.field("Provider", Tone::Plain, &format!("took the job as {}", clean(job_id, 120)));
    out.extend(look.field("Quote", Tone::Strong, &gas(quote.amount.datoshi)));
    out.extend(look.field("  to", Tone::Plain, &clean(&quote.recipient, 60)));
    out.extend(look.field("  on", Tone::Plain, &quote.network.to_string()));
    out.extend(look.field("  until", Tone::Dim, &minute(quote.expires_at)));
    out
}

/// A node took the payment.
pub fn sent(look: &Look, payment: &PaymentShown) -> Vec<String> {
    let again = if payment.attempt > 1 { format!(" (attempt {})", payment.attempt) } else { String::new() };
    let text = format!("sent: {}{again}", gas(payment.amount.datoshi));
    let mut out = look.field("Payment", Tone::Strong, &text);
    out.extend(look.field("  to", Tone::Plain, &clean(&payment.recipient, 60)));
    out.extend(look.field("  tx", Tone::Dim, &payment.tx_hash.to_string()));
    out
}

/// The chain says paid.
pub fn confirmed(look: &Look, payment: &PaymentShown, block: u32, explorer: Option<&str>) -> Vec<String> {
    let text = format!("confirmed in block {block}: {}", gas(payment.amount.datoshi));
    let mut out = look.field("Payment", Tone::Good, &text);
    out.extend(explorer.iter().flat_map(|url| look.field("  see", Tone::Dim, &clean(url, MAX))));
    out
}

/// An attempt is over without having paid.
pub fn failed(look: &Look, payment: &PaymentShown) -> Vec<String> {
    let text = format!("attempt {} is over and paid nothing; only its fees may be lost", payment.attempt);
    let mut out = look.field("Payment", Tone::Bad, &text);
    out.extend(look.field("  tx", Tone::Dim, &payment.tx_hash.to_string()));
    out
}

/// Nobody knows yet.
pub fn unknown(look: &Look, payment: &PaymentShown) -> Vec<String> {
    let text = "not known yet whether it landed: it is looked for again, and nothing new is signed";
    let mut out = look.field("Payment", Tone::Care, text);
    out.extend(look.field("  tx", Tone::Dim, &payment.tx_hash.to_string()));
    out.extend(look.more(Tone::Plain, &format!("later: agent jobs resume {}", payment.job)));
    out
}
