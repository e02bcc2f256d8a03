//! Finding a job in the provider's history, after a submit whose answer was lost.

use serde_json::Value;
use url::Url;

use super::{Aioz, ComputeError, TaskDetail};

/// Tasks asked for at once; the API allows 1 to 100.
const PAGE: u32 = 100;
/// Pages looked at: a lost submit is among the newest tasks.
const PAGES: usize = 5;

impl Aioz {
    /// The task that was made with `idempotency_key`, or, where the provider keeps no such key, on the dataset at
    /// `dataset_url` whatever its signature. The staged object must therefore be the job's own.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn find(&self, idempotency_key: &str, dataset_url: &Url) -> Result<Option<TaskDetail>, ComputeError> {
        Ok(self.search(idempotency_key, dataset_url).await?.task)
    }

    /// The same, with whether the provider keeps the keys of submits.
    pub(super) async fn search(&self, idempotency_key: &str, dataset_url: &Url) -> Result<Search, ComputeError> {
        let (mut offset, mut keeps_keys) = (0, false);
        for _ in 0..PAGES {
            let page = self.history(PAGE, offset).await?;
            keeps_keys |= page.records.iter().any(|task| task.idempotency_key.is_some());
            let found = page.records.into_iter().find(|task| is_ours(task, idempotency_key, dataset_url));
            if found.is_some() {
                return Ok(Search { task: found, keeps_keys });
            }
            offset += page.length;
            if page.length < PAGE as usize || page.total.is_some_and(|total| offset as u64 >= total) {
                break;
            }
        }
        Ok(Search { task: None, keeps_keys })
    }
}

/// What a provider's history shows.
pub(super) struct Search {
    /// The task that was looked for.
    pub task: Option<TaskDetail>,
    /// Whether tasks there carry the keys that they were submitted with: a second submit of one key makes no second task then.
    pub keeps_keys: bool,
}

fn is_ours(task: &TaskDetail, idempotency_key: &str, dataset_url: &Url) -> bool {
    match &task.idempotency_key {
        Some(key) => key == idempotency_key,
        None => task.input.as_ref().is_some_and(|input| mentions(input, dataset_url)),
    }
}

/// Whether a value of the input is the dataset's URL; signatures in the query differ from one signing to the next.
fn mentions(input: &Value, dataset_url: &Url) -> bool {
    match input {
        Value::String(text) => {
            text.parse::<Url>().is_ok_and(|url| without_query(url) == without_query(dataset_url.clone()))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, dataset_url)),
        Value::Object(map) => map.values().any(|item| mentions(item, dataset_url)),
        _ => false,
    }
}

fn without_query(mut url: Url) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_known_by_its_key_or_by_its_dataset() {
        let url: Url = "https://s3/bucket/job-1/a.fasta?X-Amz-Signature=1".parse().unwrap();
        let task = |key: Option<&str>, input: Value| {
            let data = json!({"id": "t", "status": "in_queue", "idempotency_key": key, "input_data": input});
            TaskDetail::read(&data, None).unwrap()
        };
        let same = json!({"input": "https://s3/bucket/job-1/a.fasta?X-Amz-Signature=2"});
        assert!(is_ours(&task(Some("k"), json!({})), "k", &url));
        assert!(is_ours(&task(None, same.clone()), "k", &url));
        assert!(!is_ours(&task(Some("other"), same), "k", &url), "another key is another job");
        assert!(!is_ours(&task(None, json!({"input": "https://s3/bucket/job-2/a.fasta"})), "k", &url));
        assert!(!is_ours(&task(None, json!({})), "k", &url));
    }
}
