//! Tasks: submit, look, pay, cancel.

use axum::{
    Extension,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::HeaderMap,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    answer::{Answer, Fail, Good, body},
};
use crate::{
    Node,
    keys::Owner,
    life::after,
    models::gas_number,
    reach,
    store::Submitted,
    submission,
    task::{Payment, Status, Task, Terms},
};
use compute::{aioz::GAS_CONTRACT, worker::Probed};
use domain::{hash::TxHash, ids, money::Datoshi};

pub(super) async fn submit(
    State(node): Shared,
    Extension(owner): Extension<Owner>,
    Path(model): Path<String>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Answer {
    take(&node, owner, &model, &headers, body(bytes)?).await
}

pub(super) async fn submit_old(
    State(node): Shared,
    Extension(owner): Extension<Owner>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Answer {
    let (model, input) = submission::from_old(body(bytes)?).map_err(Fail::bad)?;
    take(&node, owner, &model, &headers, input).await
}

async fn take(node: &Node, owner: Owner, model: &str, headers: &HeaderMap, input: Value) -> Answer {
    let idempotency_key = idempotency_key(headers)?;
    let model = node.models.get(model).ok_or_else(Fail::no_model)?;
    // Nothing is to be paid for that is known to fail.
    let lacks =
        async || matches!(node.answers.ask(&node.settings.runner, &model.task).await, Some((Probed::Unable(_), _)));
    if !model.serving || lacks().await {
        return Err(Fail::bad("the model is not served by this node now"));
    }
    let submission = submission::read(model, input).map_err(Fail::bad)?;
    for url in [Some(&submission.dataset), submission.callback_url.as_ref()].into_iter().flatten() {
        if !reach::may_fetch(url, node.settings.private_addresses) {
            return Err(Fail::bad("this node reaches public addresses only"));
        }
    }
    let now = Timestamp::now();
    let free = model.price == Datoshi::ZERO;
    let task = Task {
        id: ids::opaque(24),
        owner: owner.0,
        task_type: model.task.name.clone(),
        input: submission.input,
        dataset: submission.dataset,
        parameters: submission.parameters,
        fingerprint: submission.fingerprint,
        idempotency_key,
        callback_url: submission.callback_url,
        terms: Terms {
            network: node.settings.network,
            recipient: node.settings.recipient,
            amount: model.price,
            reference: ids::opaque(32),
            expires_at: after(now, node.settings.quote_lifetime),
        },
        status: Status::InQueue,
        payment: if free { Payment::Paid } else { Payment::Unpaid },
        tx_hash: None,
        message: if free { "waiting for a free worker".into() } else { "waiting for payment".into() },
        runs: 0,
        finished: None,
        error: None,
        created_at: now,
        updated_at: now,
    };
    let id = task.id.clone();
    let id = match node.store.submit(task, node.settings.max_open).await? {
        Submitted::New => id,
        Submitted::Same(earlier) => earlier.id,
        Submitted::Conflict => return Err(Fail::conflict("this Idempotency-Key was used with another body")),
        Submitted::TooMany(open) => return Err(Fail::too_many_open(open)),
    };
    node.wake.payments.notify_one();
    node.wake.runs.notify_one();
    node.wake.webhooks.notify_one();
    Ok(Good(json!({"data": id})))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fail> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(text) if (1..=255).contains(&text.len()) => Ok(Some(text.to_owned())),
        _ => Err(Fail::bad("Idempotency-Key must be 1 to 255 visible ASCII characters")),
    }
}

/// The owner's task of that id; another's is not there.
async fn own(node: &Node, owner: &Owner, id: &str) -> Result<Task, Fail> {
    node.store.task(id).await?.filter(|task| task.owner == owner.0).ok_or_else(Fail::no_task)
}

pub(super) async fn detail(State(node): Shared, Extension(owner): Extension<Owner>, Path(id): Path<String>) -> Answer {
    let task = own(&node, &owner, &id).await?;
    Ok(Good(shown(&node, &task)))
}

/// A page of the history, as AIOZ's clients ask for it.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<u32>,
    offset: Option<u64>,
}

pub(super) async fn histories(
    State(node): Shared,
    Extension(owner): Extension<Owner>,
    page: Result<Query<Page>, QueryRejection>,
) -> Answer {
    let Query(Page { limit, offset }) = page?;
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Fail::bad("`limit` must be 1 to 100"));
    }
    let (tasks, total) = node.store.page(&owner.0, limit, offset.unwrap_or(0)).await?;
    let records: Vec<Value> = tasks.iter().map(|task| shown(&node, task)).collect();
    Ok(Good(json!({"records": records, "total": total})))
}

pub(super) async fn payment(
    State(node): Shared,
    Extension(owner): Extension<Owner>,
    Path(id): Path<String>,
    bytes: Result<Bytes, BytesRejection>,
) -> Answer {
    let request = body(bytes)?;
    let text = request.get("tx_hash").and_then(Value::as_str).ok_or_else(|| Fail::bad("`tx_hash` is missing"))?;
    let tx: TxHash = text.parse().map_err(|e| Fail::bad(format!("`tx_hash` is no transaction id: {e}")))?;
    own(&node, &owner, &id).await?;
    let announced = node.store.announce(&id, tx, Timestamp::now(), node.settings.late_payment).await?;
    let task = announced.map_err(|why| Fail::conflict(why.0))?;
    node.wake.payments.notify_one();
    node.wake.webhooks.notify_one();
    Ok(Good(shown(&node, &task)))
}

pub(super) async fn cancel(State(node): Shared, Extension(owner): Extension<Owner>, Path(id): Path<String>) -> Answer {
    own(&node, &owner, &id).await?;
    let (_, canceled) = node.store.update(&id, Task::cancel).await?.ok_or_else(Fail::no_task)?;
    canceled.map_err(|why| Fail::bad(why.0))?;
    node.running.cancel(&id);
    node.wake.webhooks.notify_one();
    Ok(Good(Value::Null))
}

/// A task as AIOZ describes one, with our fields beside: `progress`, `payment`, `idempotency_key`.
fn shown(node: &Node, task: &Task) -> Value {
    let model = node.models.of_task(&task.task_type);
    let mut outcome = json!({});
    if let Some(finished) = &task.finished {
        let until = after(Timestamp::now(), node.settings.link_lifetime);
        let files = finished.files.iter().map(|file| {
            let mut url = node.public.clone();
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.extend(["files", &task.id, &file.name]);
            }
            url.query_pairs_mut().append_pair("token", &node.links.token(&task.id, &file.name, until));
            json!({"name": file.name, "url": url, "bytes": file.bytes, "sha256": file.sha256})
        });
        outcome["result"] = json!({"files": files.collect::<Vec<_>>(), "summary": finished.summary});
    }
    if let Some(error) = &task.error {
        outcome["error"] = json!({"message": error});
    }
    let mut shown = json!({
        "id": task.id,
        "task_id": task.id,
        "status": task.status.as_str(),
        "message": task.told(),
        "cost": gas_number(task.terms.amount),
        "input_data": task.input,
        "input_format": model.map(|m| m.input_format()),
        "output_format": model.map(|m| m.output_format()),
        "result": outcome,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "payment": {
            "network": task.terms.network,
            "asset": GAS_CONTRACT,
            "recipient": task.terms.recipient.address(),
            "amount": task.terms.amount,
            "reference": task.terms.reference,
            "expires_at": task.terms.expires_at,
            "state": task.payment.as_str(),
            "tx_hash": task.tx_hash,
        },
    });
    if let Some(progress) = node.running.progress(&task.id) {
        shown["progress"] = progress.into();
    }
    if let Some(key) = &task.idempotency_key {
        shown["idempotency_key"] = key.as_str().into();
    }
    shown
}
