//! What a task's answer says of its result: all of it, not all of it yet, or what can never be right.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use compute::aioz::{Given, TaskDetail, TaskStatus};
use domain::{
    hash::Sha256,
    result::{self, MOST_FILES, RESULT_FILE},
    task::remote::RemoteModel,
    units,
};

/// One file of a result as the provider names it: nothing of it is believed unchecked. What is missing may come yet.
#[derive(Debug, Deserialize)]
struct Named {
    name: Option<String>,
    url: Option<Url>,
    bytes: Option<u64>,
    sha256: Option<Sha256>,
}

/// The same, whole.
#[derive(Debug, PartialEq)]
pub(super) struct RemoteFile {
    pub name: String,
    pub url: Url,
    pub bytes: u64,
    pub sha256: Sha256,
}

/// What a provider's answer is, where a result is asked for.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<T> {
    /// The whole result.
    Whole(T),
    /// Not all of it yet; what is missing.
    Incomplete(String),
    /// Something that can never be right.
    Wrong(String),
}

/// What an answer is that tells of no success, or of none any more.
fn unless_success<T>(detail: &TaskDetail) -> Option<Answer<T>> {
    Some(match &detail.status {
        TaskStatus::Success => return None,
        // Whoever says so after a success takes the result back.
        TaskStatus::Failed | TaskStatus::Canceled => {
            let said = detail.error.clone().or_else(|| detail.message.clone()).unwrap_or_default();
            Answer::Wrong(format!("the provider says that the task is {} now: {said}", detail.status.as_str()))
        }
        status => Answer::Incomplete(format!("the provider says that the task is {} again", status.as_str())),
    })
}

/// What a stranger's model gave, and what the provider took for it, where it says.
pub(super) fn given(detail: &TaskDetail, remote: &RemoteModel) -> Answer<(Given, Option<String>)> {
    if let Some(no_success) = unless_success(detail) {
        return no_success;
    }
    match detail.result.as_ref().map(|result| Given::of(result, remote)) {
        None => Answer::Incomplete("it names no result".to_owned()),
        Some(Ok(given)) => Answer::Whole((given, detail.cost.clone())),
        Some(Err(error)) => Answer::Wrong(error.to_string()),
    }
}

/// What a task's answer says of the result: `result.json` is among its files, and each has a plain name.
pub(super) fn files(detail: &TaskDetail) -> Answer<Vec<RemoteFile>> {
    let incomplete = |missing: &str| Answer::Incomplete(missing.to_owned());
    if let Some(no_success) = unless_success(detail) {
        return no_success;
    }
    let files = match detail.result.as_ref().and_then(|result| result.get("files")) {
        None | Some(Value::Null) => return incomplete("it names no files"),
        Some(files) => files.clone(),
    };
    let named: Vec<Named> = match serde_json::from_value(files) {
        Ok(named) => named,
        Err(error) => return Answer::Wrong(format!("the provider's list of files cannot be read: {error}")),
    };
    if named.len() > MOST_FILES {
        let (named, most) = (units::count(named.len() as u64), units::count(MOST_FILES as u64));
        return Answer::Wrong(format!("the provider names {named} files, more than {most}"));
    }
    let mut files = Vec::new();
    for Named { name, url, bytes, sha256 } in named {
        let Some(name) = name else { return incomplete("a file has no name") };
        if !result::is_file_name(&name) {
            let odd = units::clean(&name, 60);
            return Answer::Wrong(format!("the provider names a file `{odd}`, which is no plain name"));
        }
        match (url, bytes, sha256) {
            (Some(url), Some(bytes), Some(sha256)) => files.push(RemoteFile { name, url, bytes, sha256 }),
            (None, ..) => return Answer::Incomplete(format!("{name} has no address")),
            (_, None, _) => return Answer::Incomplete(format!("{name} has no size")),
            (.., None) => return Answer::Incomplete(format!("{name} has no SHA-256")),
        }
    }
    let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    match () {
        () if !result::are_distinct(names.iter().copied()) => {
            Answer::Wrong("the provider names a file twice".to_owned())
        }
        () if files.iter().any(|f| f.name == RESULT_FILE && f.bytes > result::BOUNDS.bytes) => {
            let most = units::bytes(result::BOUNDS.bytes);
            Answer::Wrong(format!("{RESULT_FILE} is larger than the {most} that any result document may have"))
        }
        () if !names.contains(&RESULT_FILE) => Answer::Incomplete(format!("{RESULT_FILE} is not among its files")),
        () => Answer::Whole(files),
    }
}

#[cfg(test)]
mod tests;
