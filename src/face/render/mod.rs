//! An event as the lines people see: pure, so that snapshots can hold it.
//!
//! Streamed answers, bars and result documents have state or files behind them and live in [`super::terminal`].

mod money;
mod receipt;

use serde_json::Value;

use super::{
    look::{Look, Tone},
    plan, status,
};
use domain::{
    event::{Decision, Event},
    money::Datoshi,
    network::Network,
    units::clean,
};

/// Longest text of one field that came from outside.
const MAX: usize = 400;

/// The lines of `event`; none for what people need not see.
pub fn lines(event: &Event, look: &Look) -> Vec<String> {
    match event {
        Event::SessionStarted { model, network, profile } => session(look, model, *network, profile),
        Event::ToolRequested { name, arguments, .. } => vec![look.line(Tone::Dim, &call(name, arguments))],
        Event::Plan(plan) => plan::brief(&plan.0, look),
        Event::ConsentResolved { approved, by, .. } => consent(look, *approved, by),
        Event::PolicyDecided { rule, decision: Decision::Refuse, why, .. } => {
            look.field("Refused", Tone::Bad, &format!("{} [{}]", clean(why, MAX), clean(rule, 40)))
        }
        Event::ApprovalResolved { approved, by, .. } => approval(look, *approved, by),
        Event::UploadCompleted { url, sha256, bytes, check, .. } => {
            let size = domain::units::bytes(*bytes);
            let checked = check.map(|check| format!(" ({check})")).unwrap_or_default();
            let mut out = look.field("Upload", Tone::Plain, &format!("{size}{checked} at {}", clean(url, MAX)));
            out.extend(look.field("  sha256", Tone::Dim, &sha256.to_string()));
            out
        }
        Event::JobSubmitted { job_id, quote, .. } => money::submitted(look, job_id, quote),
        Event::JobStatus { status, .. } => status_lines(look, status),
        Event::PaymentSent(payment) => money::sent(look, payment),
        Event::PaymentConfirmed { payment, block, explorer_url } => {
            money::confirmed(look, payment, *block, explorer_url.as_deref())
        }
        Event::PaymentFailed(payment) => money::failed(look, payment),
        Event::PaymentUnknown(payment) => money::unknown(look, payment),
        Event::ResultFetched { path, bytes, sha256, .. } => {
            let size = domain::units::bytes(*bytes);
            let mut out = look.field("Files", Tone::Plain, &format!("{} ({size})", clean(path, MAX)));
            out.extend(look.field("  sha256", Tone::Dim, &sha256.to_string()));
            out
        }
        Event::NodeListening { address, recipient, network, price } => {
            let mut out = look.field("Node", Tone::Good, &format!("http://{}/api/v1", clean(address, 80)));
            out.extend(look.field("Price", Tone::Plain, &format!("{} a task, on {network}", gas(price.datoshi))));
            out.extend(look.field("Paid to", Tone::Plain, &clean(recipient, 80)));
            out.extend(look.field("Stop", Tone::Dim, "Ctrl-C; runs are given a moment to end"));
            out
        }
        Event::Receipt(receipt) => receipt::lines(receipt, look),
        Event::TurnStatus { jobs, cannot } => status::whole(jobs, cannot, look),
        Event::Warning { message } => look.paragraph(Tone::Care, &format!("warning: {}", clean(message, MAX))),
        Event::Error { message, hint, .. } => wrong(look, message, hint.as_deref()),
        // The prompt was typed by who reads this; a question shows what was understood; answers are streamed; the approver asks
        // by itself; a failed call is shown by what refused it and by the answer; what model calls took is summed up at the
        // end of a turn.
        Event::TurnStarted { .. }
        | Event::RequestUnderstood(_)
        | Event::ConsentRequested { .. }
        // The plan shows where work runs and why.
        | Event::Verdict { .. }
        | Event::ThoughtDelta { .. }
        | Event::MessageDelta { .. }
        | Event::MessageCompleted { .. }
        | Event::ToolCompleted { .. }
        | Event::PolicyDecided { .. }
        | Event::ApprovalRequested { .. }
        | Event::UploadProgress { .. }
        | Event::PaymentIntended(_)
        | Event::Usage { .. }
        | Event::SessionEnded { .. } => Vec::new(),
    }
}

/// What went wrong and what to do next, as the program's last words have it too.
pub fn wrong(look: &Look, message: &str, hint: Option<&str>) -> Vec<String> {
    let mut out = look.paragraph(Tone::Bad, &format!("error: {}", clean(message, MAX)));
    out.extend(hint.iter().flat_map(|hint| look.paragraph(Tone::Plain, &format!("hint: {}", clean(hint, MAX)))));
    out
}

fn session(look: &Look, model: &str, network: Network, profile: &str) -> Vec<String> {
    let mut out = match model {
        "planner" => look.field("Model", Tone::Plain, "offline planner: no language model is configured"),
        other => look.field("Model", Tone::Plain, &clean(other, 80)),
    };
    out.extend(match profile {
        "sandbox" => {
            look.field("Profile", Tone::Plain, "sandbox: storage, provider and chain are built in; no real money")
        }
        _ if network.is_mainnet() => look.field("Profile", Tone::Care, "live on mainnet: payments are real money"),
        _ => look.field("Profile", Tone::Plain, &format!("live on {network}")),
    });
    out.push(String::new());
    out
}

/// `check_local_capability(dataset: "data.fasta", task_type: "sequence_stats")`.
fn call(name: &str, arguments: &Value) -> String {
    let shown = match arguments {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| match value {
                Value::String(text) => format!("{}: {}", clean(key, 40), clean(text, 80)),
                other => format!("{}: {}", clean(key, 40), clean(&other.to_string(), 80)),
            })
            .collect::<Vec<_>>()
            .join(", "),
        Value::Null => String::new(),
        other => clean(&other.to_string(), 120),
    };
    format!("· {}({shown})", clean(name, 60))
}

fn approval(look: &Look, approved: bool, by: &str) -> Vec<String> {
    let (tone, text) = match (approved, by) {
        (true, "sandbox") => (Tone::Dim, "given by the sandbox's own policy: its coins are not money".to_owned()),
        (true, "policy") => (Tone::Dim, "given by the owner's policy, within its limit".to_owned()),
        (true, "yes") => (Tone::Dim, "given beforehand with --yes".to_owned()),
        (true, "terminal") => (Tone::Dim, "given on this terminal".to_owned()),
        (false, "nobody") => (Tone::Bad, "needed, and there is nobody to ask".to_owned()),
        (false, "terminal") => (Tone::Care, "not given: nothing is paid".to_owned()),
        (true, other) => (Tone::Dim, format!("given by {}", clean(other, 40))),
        (false, other) => (Tone::Bad, format!("not given by {}", clean(other, 40))),
    };
    look.field("Approval", tone, &text)
}

/// Who answered a plan; a yes that was just typed is not told again.
fn consent(look: &Look, approved: bool, by: &str) -> Vec<String> {
    let (tone, text) = match (approved, by) {
        (true, "terminal") => return Vec::new(),
        (true, "sandbox") => (Tone::Dim, "The sandbox agreed: its coins are not money.".to_owned()),
        (true, "policy") => (Tone::Dim, "Your policy agreed: this is within its limit.".to_owned()),
        (true, "yes") => (Tone::Dim, "You agreed beforehand, with --yes.".to_owned()),
        (true, other) => (Tone::Dim, format!("Agreed by {}.", clean(other, 40))),
        (false, "terminal") => (Tone::Care, "Not agreed: nothing is sent or paid.".to_owned()),
        (false, "nobody") => {
            (Tone::Bad, "A yes is needed and there is nobody to ask: nothing is sent or paid.".to_owned())
        }
        (false, other) => (Tone::Bad, format!("Not agreed by {}: nothing is sent or paid.", clean(other, 40))),
    };
    look.paragraph(tone, &text)
}

/// Most states have events of their own that say more.
fn status_lines(look: &Look, status: &str) -> Vec<String> {
    let (tone, text) = match status {
        "in_queue" => (Tone::Dim, "waiting in the provider's queue"),
        "running" | "computing" => return look.field("Running", Tone::Dim, "under way"),
        "payment_unknown" => (Tone::Care, "nobody knows yet whether the payment landed"),
        "stage_failed" => (Tone::Bad, "the dataset could not be uploaded"),
        "quote_expired" => (Tone::Bad, "the quote expired before it was paid"),
        "payment_failed" => (Tone::Bad, "the payment failed"),
        "canceled" => (Tone::Care, "canceled"),
        "job_failed" => (Tone::Bad, "the run failed"),
        "paid_but_failed" => {
            (Tone::Bad, "paid for, or counted as paid, and without a result; the receipt says what is known")
        }
        _ => return Vec::new(),
    };
    look.field("Status", tone, text)
}

/// `2 GAS`.
fn gas(amount: Datoshi) -> String {
    amount.to_string()
}

/// `2026-01-02 03:04 UTC`.
fn minute(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests;
