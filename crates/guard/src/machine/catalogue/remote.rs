//! What a task file may not say of the provider's model.

use std::collections::BTreeSet;

use url::Url;

use super::error::{Flaw, flaw};
use domain::{
    task::{
        TaskType,
        remote::{MOST, RemoteModel, SentAs, Slots, is_key, is_mime, is_model, may_be_json},
    },
    units,
};

pub(super) fn check(task: &TaskType, remote: &RemoteModel) -> Result<(), Flaw> {
    let at: &[&str] = if task.is_elsewhere_only() { &["program", "model"] } else { &["remote", "model"] };
    if !is_model(&remote.model) {
        return Err(flaw(at, format!("`{}` is neither USERNAME/NAME nor an id", units::clean(&remote.model, 60))));
    }
    if task.is_elsewhere_only() {
        let nothing_here = "nothing of it runs here: leave this out";
        if !task.check.is_empty() {
            return Err(flaw(&["check"], nothing_here));
        }
        if task.show.file.is_some() || !task.show.figures.is_empty() {
            return Err(flaw(&["show"], nothing_here));
        }
    }
    if let Some(slots) = &remote.slots {
        one_file_each(task)?;
        keys(task, slots)?;
        sent(task, slots)?;
        mime(slots)?;
    }
    if remote.hosts.len() > MOST {
        return Err(flaw(&["remote", "hosts"], format!("there are more than {MOST}")));
    }
    if let Some(host) = remote.hosts.iter().find(|host| !is_origin(host)) {
        let host = units::clean(host, 80);
        return Err(flaw(&["remote", "hosts"], format!("`{host}` is no server: write https://HOST")));
    }
    match remote.outputs.keys().find(|key| !is_key(key)) {
        Some(key) => Err(flaw(&["remote", "outputs"], no_key(key))),
        None if remote.outputs.len() > MOST => Err(flaw(&["remote", "outputs"], format!("there are more than {MOST}"))),
        None => Ok(()),
    }
}

/// Such a model takes each input under one key.
fn one_file_each(task: &TaskType) -> Result<(), Flaw> {
    match task.files().find(|(name, _)| task.several(name).is_some()) {
        Some((name, _)) => Err(flaw(
            &["inputs", task.called(name)],
            "a model of the provider's takes one file for each input: leave `many` and `kind` out",
        )),
        None => Ok(()),
    }
}

/// Every key is one, and none is that of two.
fn keys(task: &TaskType, slots: &Slots) -> Result<(), Flaw> {
    let names = || task.parameters.keys().chain([&task.input]);
    let at = ["remote", "keys"];
    if let Some(name) = slots.keys.keys().find(|name| !names().any(|known| known == *name)) {
        return Err(flaw(&at, format!("there is no input and no parameter `{}`", units::clean(name, 60))));
    }
    if let Some(key) = slots.keys.values().find(|key| !is_key(key)) {
        return Err(flaw(&at, no_key(key)));
    }
    let mut seen = BTreeSet::new();
    match names().map(|name| slots.key(name)).find(|key| !seen.insert(*key)) {
        Some(key) => Err(flaw(&at, format!("`{}` is the key of two", units::clean(key, 60)))),
        None => Ok(()),
    }
}

fn sent(task: &TaskType, slots: &Slots) -> Result<(), Flaw> {
    let is_file = |name: &str| name == task.input || task.files().any(|(file, _)| file == name);
    for (name, as_what) in &slots.sent {
        let may = match as_what {
            SentAs::Text => is_file(name),
            SentAs::Json => task.parameters.get(name).is_some_and(may_be_json),
        };
        if !may {
            let name = units::clean(name, 60);
            let why = match as_what {
                SentAs::Text => format!("`{name}` is no input, so it has no content"),
                SentAs::Json => format!("`{name}` is no choice and no text"),
            };
            return Err(flaw(&["remote", "sent"], why));
        }
    }
    Ok(())
}

fn mime(slots: &Slots) -> Result<(), Flaw> {
    for (input, types) in &slots.mime {
        let at = ["inputs", input.as_str(), "mime"];
        if types.len() > MOST {
            return Err(flaw(&at, format!("there are more than {MOST}")));
        }
        if let Some(odd) = types.iter().find(|text| !is_mime(text)) {
            return Err(flaw(
                &at,
                format!("`{}` is no MIME type, such as image/png or image/*", units::clean(odd, 60)),
            ));
        }
    }
    Ok(())
}

fn no_key(key: &str) -> String {
    format!("`{}` is empty, too long, or has control characters", units::clean(key, 60))
}

/// A server alone: no path, no user, no query.
fn is_origin(text: &str) -> bool {
    text.parse::<Url>().is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}
