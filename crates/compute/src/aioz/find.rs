//! Finding a job in the provider's history, after a submit whose answer was lost.

use super::{Aioz, ComputeError, TaskDetail, body::Mark};

/// Tasks asked for at once; the API allows 1 to 100.
const PAGE: u32 = 100;
/// Pages looked at: a lost submit is among the newest tasks.
const PAGES: usize = 5;

impl Aioz {
    /// The task that was made with `idempotency_key`, or, where the provider keeps no such key, with that input; and whether the
    /// provider keeps the keys of submits.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub(super) async fn search(&self, idempotency_key: &str, mark: &Mark) -> Result<Search, ComputeError> {
        let (mut offset, mut keeps_keys) = (0, false);
        for _ in 0..PAGES {
            let page = self.history(PAGE, offset).await?;
            keeps_keys |= page.records.iter().any(|task| task.idempotency_key.is_some());
            let found = page.records.into_iter().find(|task| is_ours(task, idempotency_key, mark));
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

fn is_ours(task: &TaskDetail, idempotency_key: &str, mark: &Mark) -> bool {
    match &task.idempotency_key {
        Some(key) => key == idempotency_key,
        None => mark.is_of(task),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_job_is_known_by_its_key_or_by_its_dataset() {
        let mark = Mark::Link("https://s3/bucket/job-1/a.fasta?X-Amz-Signature=1".parse().unwrap());
        let task = |key: Option<&str>, input: Value| {
            let data = json!({"id": "t", "status": "in_queue", "idempotency_key": key, "input_data": input});
            TaskDetail::read(&data, None).unwrap()
        };
        let same = json!({"input": "https://s3/bucket/job-1/a.fasta?X-Amz-Signature=2"});
        assert!(is_ours(&task(Some("k"), json!({})), "k", &mark));
        assert!(is_ours(&task(None, same.clone()), "k", &mark));
        assert!(!is_ours(&task(Some("other"), same), "k", &mark), "another key is another job");
        assert!(!is_ours(&task(None, json!({"input": "https://s3/bucket/job-2/a.fasta"})), "k", &mark));
        assert!(!is_ours(&task(None, json!({})), "k", &mark));
    }
}
