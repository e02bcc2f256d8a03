//! A job as programs see it: what the ledger keeps, with money and accounts in the form that events have. Pure.

use serde_json::{Map, Value};

use super::payments::Shown;
use crate::job::offload::quote_shown;
use domain::{attempt::Attempt, job::Job};
use guard::ledger::JobLine;

/// One job of a list.
///
/// # Errors
/// None that a job of the ledger can make.
pub fn line(job: &Job) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(job)?;
    if let Some(quote) = &job.quote {
        value["quote"] = serde_json::to_value(quote_shown(quote))?;
    }
    if let Value::Object(fields) = &mut value {
        hide(fields);
    }
    Ok(value)
}

/// One job with its history and its payment attempts.
///
/// # Errors
/// None that a job of the ledger can make.
pub fn whole(job: &Job, history: &[JobLine], attempts: &[Attempt]) -> serde_json::Result<Value> {
    let mut value = line(job)?;
    value["history"] = serde_json::to_value(history)?;
    value["attempts"] = attempts.iter().map(|a| serde_json::to_value(Shown::of(a))).collect::<Result<_, _>>()?;
    Ok(value)
}

/// What is the ledger's own affair.
fn hide(fields: &mut Map<String, Value>) {
    for name in ["source", "idempotency_key"] {
        fields.shift_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample;

    #[test]
    fn money_has_the_form_of_events() {
        let value = whole(&sample::done(), &sample::history(), &[sample::attempt()]).unwrap();
        for at in ["/quote", "/attempts/0"] {
            let part = value.pointer(at).unwrap();
            assert_eq!((&part["amount"], &part["datoshi"]), (&"2".into(), &"200000000".into()), "{part}");
            assert!(part["recipient"].as_str().is_some_and(|r| r.starts_with('N')), "{part}");
        }
        assert_eq!(value["state"], "done");
        assert!(value.get("idempotency_key").is_none() && value["history"].is_array());
    }
}
