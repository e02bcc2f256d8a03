//! Models: lists, descriptions, prices.

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
};
use serde_json::{Value, json};

use super::{
    Shared,
    answer::{Answer, Fail, Good, body},
};
use crate::{Node, models::Model};

fn model<'a>(node: &'a Node, text: &str) -> Result<&'a Model, Fail> {
    node.models.get(text).ok_or_else(Fail::no_model)
}

pub(super) async fn list(State(node): Shared, bytes: Result<Bytes, BytesRejection>) -> Answer {
    let request = body(bytes)?;
    let number = |name: &str, default: u64| match request.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_u64().ok_or_else(|| Fail::bad(format!("`{name}` must be a whole number"))),
    };
    let (limit, offset) = (number("limit", 20)?, number("offset", 0)?);
    if !(1..=100).contains(&limit) {
        return Err(Fail::bad("`limit` must be 1 to 100"));
    }
    let search = request.get("search").and_then(Value::as_str).unwrap_or_default();
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let (records, total) = node.models.search(search, limit as usize, offset);
    Ok(Good(json!({"records": records, "total": total})))
}

pub(super) async fn one(State(node): Shared, Path(id): Path<String>) -> Answer {
    Ok(Good(model(&node, &id)?.json()))
}

pub(super) async fn named(State(node): Shared, Path((username, name)): Path<(String, String)>) -> Answer {
    Ok(Good(model(&node, &format!("{username}/{name}"))?.json()))
}

pub(super) async fn info(State(node): Shared, Path(id): Path<String>) -> Answer {
    Ok(Good(model(&node, &id)?.info()))
}

pub(super) async fn versioning(State(node): Shared, Path(id): Path<String>) -> Answer {
    Ok(Good(model(&node, &id)?.versioning()))
}

pub(super) async fn cost(State(node): Shared, Path(id): Path<String>) -> Answer {
    Ok(Good(model(&node, &id)?.cost(node.settings.network, node.settings.recipient, &node.public)))
}

pub(super) async fn serving(State(node): Shared, Path(id): Path<String>) -> Answer {
    let serving = model(&node, &id)?.serving;
    Ok(Good(json!({"serving": serving, "consumers": u8::from(serving)})))
}

/// A node keeps no balances: each task is paid for by itself.
pub(super) async fn balance(State(node): Shared) -> Answer {
    let none = "0";
    Ok(Good(json!({
        "balance": none, "debt": none, "earnings": none, "free_balance": none,
        "wallet_address": node.settings.recipient.address(),
    })))
}

pub(super) async fn no_storage() -> Answer {
    Err(Fail::bad("this node stores no uploads: put the dataset on S3 storage and submit a presigned URL of it"))
}
