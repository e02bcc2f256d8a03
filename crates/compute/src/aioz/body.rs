//! The body of a submit: what a model works on, as it takes it; and how a task is known by it.
//!
//! | the model | takes |
//! | --- | --- |
//! | of our own node | `{"input": URL, "parameters": "<JSON>"}` |
//! | with keys of its own, as all at AIOZ | each input and parameter under its key: files as addresses, numbers as numbers |

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use url::Url;

use super::{ComputeError, TaskDetail};
use domain::{
    job::Staged,
    task::remote::{SentAs, Slots},
};
use guard::policy::permit::Submit;

/// How far the provider's clock may be behind ours where only its time tells two tasks apart.
const SKEW: SignedDuration = SignedDuration::from_secs(120);

/// How a file is handed to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// By an address that it is fetched from.
    Link(Url),
    /// As text.
    Text(String),
}

/// What a job is submitted with beside its permit.
#[derive(Debug, Clone, Default)]
pub struct Handover {
    /// Its files, by what the task calls them.
    pub files: BTreeMap<String, Handed>,
    /// Tasks at the provider that are those of other jobs.
    pub taken: BTreeSet<String>,
}

/// The body of a submit, and what is known of a task that was made with it.
#[derive(Debug)]
pub(super) struct Body {
    pub value: Value,
    pub mark: Mark,
}

/// What a task is known by in a history, where the provider keeps no key of ours.
#[derive(Debug)]
pub(super) enum Mark {
    /// The address of the job's own copy of its dataset, whatever its signature.
    Link(Url),
    /// All of its input, and that it is no older than the job and of no other job: two that are alike to that point cannot be
    /// told apart.
    Input { input: Map<String, Value>, since: Timestamp, taken: BTreeSet<String> },
}

impl Body {
    /// The body of this submit.
    ///
    /// # Errors
    /// A file that was not handed over.
    pub fn of(submit: &Submit, handover: Handover) -> Result<Body, ComputeError> {
        let Handover { files, taken } = handover;
        let missing = |name: &str| ComputeError::Garbage(format!("`{name}` was not handed over"));
        let dataset = files.get(&submit.input).ok_or_else(|| missing(&submit.input))?;
        let Some(slots) = &submit.remote.slots else {
            let Handed::Link(link) = dataset else { return Err(missing(&submit.input)) };
            let parameters: BTreeMap<_, _> = submit.parameters.iter().collect();
            let parameters = serde_json::to_string(&parameters).map_err(|e| ComputeError::Garbage(e.to_string()))?;
            let value = json!({"input": link.as_str(), "parameters": parameters});
            return Ok(Body { value, mark: Mark::Link(link.clone()) });
        };
        let mut input = Map::new();
        for name in submit.staged.keys() {
            let value = match files.get(name).ok_or_else(|| missing(name))? {
                Handed::Link(link) => link.as_str().into(),
                Handed::Text(text) => text.as_str().into(),
            };
            input.insert(slots.key(name).to_owned(), value);
        }
        for name in &submit.flags {
            let is_set = submit.parameters.get(name) == Some(&Value::Bool(true));
            input.insert(slots.key(name).to_owned(), is_set.into());
        }
        for (name, value) in submit.parameters.iter().filter(|(name, _)| !submit.flags.contains(name)) {
            input.insert(slots.key(name).to_owned(), typed(slots, name, value)?);
        }
        let links = [Some(dataset)].into_iter().chain(submit.staged.keys().map(|name| files.get(name)));
        let link = links.flatten().find_map(|file| match file {
            Handed::Link(link) => Some(link.clone()),
            Handed::Text(_) => None,
        });
        let mark = match link {
            Some(link) => Mark::Link(link),
            None => Mark::Input { input: input.clone(), since: submit.since, taken },
        };
        Ok(Body { value: Value::Object(input), mark })
    }
}

/// Whether this is what was staged.
pub fn is_text_of(text: &str, staged: &Staged) -> bool {
    domain::hash::Sha256::of(text.as_bytes()) == staged.sha256
}

/// A value as the model takes it.
fn typed(slots: &Slots, name: &str, value: &Value) -> Result<Value, ComputeError> {
    match (slots.sent.get(name), value.as_str()) {
        (Some(SentAs::Json), Some(text)) => serde_json::from_str(text)
            .map_err(|_| ComputeError::Garbage(format!("`{name}` is to be sent as JSON, and is none"))),
        _ => Ok(value.clone()),
    }
}

impl Mark {
    /// Whether a task was made with that body.
    pub fn is_of(&self, task: &TaskDetail) -> bool {
        let Some(given) = &task.input else { return false };
        match self {
            Mark::Link(link) => mentions(given, link),
            Mark::Input { input, since, taken } => {
                let young = task.created_at.is_some_and(|at| at >= *since - SKEW);
                young && !taken.contains(&task.id) && input.iter().all(|(key, value)| same(value, given.get(key)))
            }
        }
    }
}

/// Whether a value of the input is that address; signatures in the query differ from one signing to the next.
fn mentions(input: &Value, link: &Url) -> bool {
    match input {
        Value::String(text) => text.parse::<Url>().is_ok_and(|url| without_query(url) == without_query(link.clone())),
        Value::Array(items) => items.iter().any(|item| mentions(item, link)),
        Value::Object(map) => map.values().any(|item| mentions(item, link)),
        _ => false,
    }
}

/// Whether a provider tells of a value as we sent it; it may write a number otherwise, or as text.
fn same(sent: &Value, told: Option<&Value>) -> bool {
    let Some(told) = told else { return false };
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    sent == told || sent.is_number() && number(sent) == number(told)
}

fn without_query(mut url: Url) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{hash::Sha256, ids::JobId, job::LiesAt, task::remote::RemoteModel};

    fn staged() -> Staged {
        let sha256 = Sha256::of(b"Hello");
        Staged {
            key: "k".into(),
            url: "https://s3/k".into(),
            sha256,
            bytes: 5,
            check: None,
            etag: None,
            lies: LiesAt::Storage,
        }
    }

    fn submit(slots: Option<Slots>, files: &[&str], parameters: Value) -> Submit {
        Submit {
            job: JobId::random(),
            remote: RemoteModel { slots, ..RemoteModel::of("user/model") },
            input: files[0].to_owned(),
            parameters: serde_json::from_value(parameters).unwrap(),
            flags: vec!["tile".into()],
            staged: files.iter().map(|name| ((*name).to_owned(), staged())).collect(),
            idempotency_key: "key".into(),
            since: "2026-05-01T12:00:00Z".parse().unwrap(),
        }
    }

    fn handed(files: &[(&str, Handed)]) -> Handover {
        let files = files.iter().map(|(name, file)| ((*name).to_owned(), file.clone())).collect();
        Handover { files, taken: BTreeSet::from(["task-of-another".to_owned()]) }
    }

    fn link(text: &str) -> Handed {
        Handed::Link(text.parse().unwrap())
    }

    fn task(id: &str, input: Value, at: &str) -> TaskDetail {
        let data = json!({"id": id, "status": "in_queue", "input_data": input, "created_at": at});
        TaskDetail::read(&data, None).unwrap()
    }

    #[test]
    fn a_model_of_our_node_takes_one_file_and_text() {
        let body = Body::of(
            &submit(None, &["reads"], json!({"b": 2, "a": "x"})),
            handed(&[("reads", link("https://s3/k?s=1"))]),
        );
        let body = body.unwrap();
        assert_eq!(body.value, json!({"input": "https://s3/k?s=1", "parameters": r#"{"a":"x","b":2}"#}));
    }

    #[test]
    fn a_strangers_model_takes_each_under_its_own_key_and_of_the_right_type() {
        let slots = Slots {
            keys: [("image".to_owned(), "Input Image".to_owned()), ("prompt".to_owned(), "prompt".to_owned())].into(),
            sent: [("scale".to_owned(), SentAs::Json), ("prompt".to_owned(), SentAs::Text)].into(),
            ..Slots::default()
        };
        let submit = submit(
            Some(slots),
            &["image", "prompt"],
            json!({"steps": 20, "strength": 0.5, "scale": "4", "style": "4"}),
        );
        let files = [("image", link("https://s3/k?s=1")), ("prompt", Handed::Text("a \"cat\"\n".into()))];
        let body = Body::of(&submit, handed(&files)).unwrap();
        assert_eq!(
            body.value,
            json!({
                "Input Image": "https://s3/k?s=1", "prompt": "a \"cat\"\n", "steps": 20, "strength": 0.5, "scale": 4,
                "style": "4", "tile": false,
            })
        );
        assert!(Body::of(&submit, handed(&files[..1])).is_err());
        let old = "2020-01-01T00:00:00Z";
        assert!(body.mark.is_of(&task("t", json!({"Input Image": "https://s3/k?other=2"}), old)));
        assert!(!body.mark.is_of(&task("t", json!({"Input Image": "https://s3/of-another-job"}), old)));
        assert!(!body.mark.is_of(&task("t", json!({}), old)));
    }

    #[test]
    fn text_alone_is_known_by_all_of_it_and_by_its_time() {
        let slots = Slots { sent: [("prompt".to_owned(), SentAs::Text)].into(), ..Slots::default() };
        let submit = submit(Some(slots), &["prompt"], json!({"steps": 20}));
        let body = Body::of(&submit, handed(&[("prompt", Handed::Text("Hello".into()))])).unwrap();
        let same = json!({"prompt": "Hello", "steps": 20.0, "tile": false, "added": 1});
        let (then, before) = ("2026-05-01T12:00:03Z", "2026-05-01T11:00:00Z");
        assert!(body.mark.is_of(&task("t", same.clone(), then)));
        assert!(!body.mark.is_of(&task("task-of-another", same.clone(), then)));
        assert!(!body.mark.is_of(&task("t", same, before)), "an earlier task with the same text is another one");
        assert!(!body.mark.is_of(&task("t", json!({"prompt": "Hello", "steps": 21, "tile": false}), then)));
        let no_time =
            TaskDetail::read(&json!({"id": "t", "status": "failed", "input_data": body.value}), None).unwrap();
        assert!(!body.mark.is_of(&no_time));
    }
}
