//! Files of results, for whoever has a link that is still good.

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{Shared, answer::Fail};
use crate::runs::task_folder;

/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

/// The query of a link.
#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    token: String,
}

pub(super) async fn file(
    State(node): Shared,
    Path((id, name)): Path<(String, String)>,
    Query(Token { token }): Query<Token>,
) -> Result<Response, Fail> {
    if !node.links.admits(&token, &id, &name, Timestamp::now()) {
        return Err(Fail::link());
    }
    let gone = || Fail::not_found("the file is not here any more");
    let finished = node.store.task(&id).await?.and_then(|task| task.finished).ok_or_else(gone)?;
    // Only names that the result lists, so that no path can be made up.
    let listed = finished.files.iter().find(|file| file.name == name).ok_or_else(gone)?;
    let path = task_folder(&node.settings.folder, &id).join(&finished.folder).join(&listed.name);
    let file = File::open(path).await.map_err(|_| gone())?;
    let mut response = Body::from_stream(pieces(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(listed.bytes));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn pieces(file: File) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}
