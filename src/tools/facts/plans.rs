//! What a result says of plans, of refusals, and of many things in short.

use serde_json::{Value, json};

use super::{
    super::{WorkError, next},
    MAX_TEXT, path_of,
};
use domain::{
    job::Job,
    plan::{Plan, PlannedWork, Price},
    units::{self, clean},
};

/// Why a step was not taken.
pub fn refused(error: &WorkError) -> Value {
    let mut value = json!({"ok": false});
    match &error.rule {
        Some(rule) => {
            value["refused_by"] = rule.as_str().into();
            let why = error.refusal.as_ref().map_or(&error.message, |refusal| &refusal.why);
            value["why"] = clean(why, 600).into();
        }
        None => {
            value["error"] = error.kind.clone().into();
            value["why"] = clean(&error.message, 600).into();
        }
    }
    if let Some(hint) = &error.hint {
        value["hint"] = clean(hint, 400).into();
    }
    value
}

/// A list of which at most [`next::MOST_JOBS`] entries are written out, and how many more there are.
pub fn add_some(value: &mut Value, name: &str, mut all: Vec<Value>) {
    let more = all.len().saturating_sub(next::MOST_JOBS);
    all.truncate(next::MOST_JOBS);
    value[name] = all.into();
    if more > 0 {
        value[format!("more_{name}")] = more.into();
    }
}

/// What a step of one of several jobs came to, without what comes next.
pub fn brief(value: &Value, job: Option<&Job>) -> Value {
    const LEFT_OUT: [&str; 5] = ["next_tool", "next_step", "task_type", "plan", "explorer_url"];
    let fields = value.as_object().into_iter().flatten().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    let mut out = Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect());
    if let Some(job) = job {
        out["dataset"] = path_of(job).into();
    }
    out
}

/// What a piece of work costs at most.
pub fn price(price: &Price) -> Value {
    json!({
        "amount": price.amount.gas_string(), "fees_at_most": price.fees.gas_string(), "unit": "GAS",
        "recipient": price.recipient, "network": price.network.to_string(),
    })
}

/// A plan: its pieces in short, and what all of it comes to.
pub fn plan(plan: &Plan) -> Value {
    let piece = |piece: &PlannedWork| {
        let mut line = json!({
            "task_type": clean(&piece.work.task, 60), "dataset": clean(&piece.work.dataset().display().to_string(), MAX_TEXT),
        });
        if let Some(job) = &piece.job {
            line["job"] = job.as_str().into();
        }
        if !piece.also.is_empty() {
            let names = piece.also.iter().map(|name| clean(&name.display().to_string(), MAX_TEXT));
            line["same_work_also_named"] = names.collect::<Vec<_>>().into();
        }
        if let Some(verdict) = &piece.verdict {
            line["where"] = json!(verdict.place);
            line["time"] = match verdict.unmeasured {
                None => units::seconds(verdict.estimate.seconds.likely).into(),
                Some(_) => "not known".into(),
            };
        }
        if let Some(asked) = piece.still_to_pay() {
            line["price"] = price(asked);
        }
        if let Some(cannot) = &piece.cannot {
            line["cannot_be_done"] = clean(&cannot.why, 400).into();
        }
        line
    };
    let mut value = json!({
        "pieces": plan.work.len(), "total": plan.total.gas_string(), "at_most_with_fees": plan.worst_case.gas_string(),
        "unit": "GAS", "files_that_leave": plan.leaves.len(),
    });
    add_some(&mut value, "work", plan.work.iter().map(piece).collect());
    value
}
