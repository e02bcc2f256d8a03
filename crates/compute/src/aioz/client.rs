//! The client itself: one method an endpoint.

use std::time::Duration;

use reqwest::{Method, header::HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::{
    body::{Body, Handover, Mark},
    error::ComputeError,
    find::Search,
    task::{TaskDetail, TaskPage},
    transport::{Failure, Patience, Transport},
    waits::Waits,
    wire::{self, Balance, Cost, Model, ModelInfo, Serving, Versioning},
};
use cassette::{Tape, line::set_json};
use domain::{hash::TxHash, units};
use guard::policy::permit::{Permit, Submit};

/// How often one submit goes out: once more after the first, when nobody knows what became of it.
const SUBMITS: u32 = 2;
/// How often the history is looked at after a submit whose answer was lost, where the provider keeps the keys of submits.
const LOOKS: u32 = 3;
/// The same where it keeps none, over a minute: its history may come late, and a second submit would make a second task.
const LOOKS_WITHOUT_KEYS: u32 = 10;

/// A client of one provider with one key. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Aioz {
    pub(super) transport: Transport,
    callback: Option<Url>,
}

impl Aioz {
    /// A client of the API at `base` (`https://api.aiozai.network/api/v1`).
    ///
    /// # Errors
    /// `base` is no http(s) URL, or the key cannot be written in a header.
    pub fn new(base: Url, key: SecretString) -> Result<Aioz, ComputeError> {
        Aioz::on(&Tape::Off, base, key)
    }

    /// The same with other time limits.
    ///
    /// # Errors
    /// As [`Aioz::new`].
    pub fn with_patience(base: Url, key: SecretString, patience: Patience) -> Result<Aioz, ComputeError> {
        Ok(Aioz { transport: Transport::on(&Tape::Off, base, &key, patience)?, callback: None })
    }

    /// A client for a run on this tape.
    ///
    /// # Errors
    /// As [`Aioz::new`].
    pub fn on(tape: &Tape, base: Url, key: SecretString) -> Result<Aioz, ComputeError> {
        Ok(Aioz { transport: Transport::on(tape, base, &key, Patience::default())?, callback: None })
    }

    /// The same, asking the provider to send a signed webhook to `url` on each change of a task's status. A provider that
    /// refuses a submit with such an address in it, as AIOZ does that knows no webhooks, gets the submit without it.
    pub fn with_callback(mut self, url: Url) -> Aioz {
        self.callback = Some(url);
        self
    }

    /// The same, whose waits between two tries these attend. It shares the connections.
    pub fn attended(&self, waits: Waits) -> Aioz {
        Aioz { transport: self.transport.clone().attended(waits), callback: self.callback.clone() }
    }

    /// The API's address: results of its tasks may be fetched from this origin.
    pub fn base(&self) -> &Url {
        self.transport.base()
    }

    /// Whether the provider answers and takes the key, in one exchange: for the doctor.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn reach(&self) -> Result<Balance, ComputeError> {
        let answer = self.transport.once(self.transport.get(&["api-key", "balance"])).await;
        answer.map(|data| Balance::read(&data)).map_err(|failure| failure.error)
    }

    /// What the key has at the provider.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn balance(&self) -> Result<Balance, ComputeError> {
        Ok(Balance::read(&self.read(&["api-key", "balance"]).await?))
    }

    /// Models whose name or description matches `search`; all when it is empty. At most 100.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn models(&self, search: &str) -> Result<Vec<Model>, ComputeError> {
        let mut body = json!({"limit": 100, "offset": 0});
        if !search.is_empty() {
            body["search"] = search.into();
        }
        let mut request = self.transport.request(Method::POST, &["api-key", "model", "list"]);
        set_json(&mut request, &body);
        let data = self.transport.read(request).await?;
        let records = data.get("records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(records.iter().filter_map(Model::read).collect())
    }

    /// The model `USERNAME/NAME`, or of that id.
    ///
    /// # Errors
    /// [`ComputeError::NoModel`] and all others.
    pub async fn model(&self, model: &str) -> Result<Model, ComputeError> {
        let mut path = vec!["api-key", "model"];
        path.extend(model.splitn(2, '/'));
        let data = self.read(&path).await.map_err(|e| no_model(e, model))?;
        Model::read(&data).ok_or_else(|| ComputeError::NoModel(units::clean(model, 80)))
    }

    /// The id of a model that the catalogue names `USERNAME/NAME` or by its id.
    async fn model_id(&self, model: &str) -> Result<String, ComputeError> {
        if model.contains('/') { Ok(self.model(model).await?.id) } else { Ok(model.to_owned()) }
    }

    async fn of_model(&self, model: &str, tail: &[&str]) -> Result<Value, ComputeError> {
        let id = self.model_id(model).await?;
        let path: Vec<&str> = ["api-key", "model", &id].into_iter().chain(tail.iter().copied()).collect();
        self.read(&path).await.map_err(|e| no_model(e, model))
    }

    /// What a model takes and gives.
    ///
    /// # Errors
    /// [`ComputeError::NoModel`] and all others.
    pub async fn info(&self, model: &str) -> Result<ModelInfo, ComputeError> {
        Ok(ModelInfo::read(&self.of_model(model, &["info"]).await?))
    }

    /// What the model's version in force takes and gives.
    ///
    /// # Errors
    /// [`ComputeError::NoModel`] and all others.
    pub async fn versioning(&self, model: &str) -> Result<Versioning, ComputeError> {
        Ok(Versioning::read(&self.of_model(model, &["versioning"]).await?))
    }

    /// What one task of a model costs, in the provider's own currency.
    ///
    /// # Errors
    /// [`ComputeError::NoModel`] and all others.
    pub async fn cost(&self, model: &str) -> Result<Cost, ComputeError> {
        let data = self.of_model(model, &["task", "cost"]).await?;
        Cost::read(&data).ok_or_else(|| ComputeError::Garbage("it names no cost".into()))
    }

    /// Whether anybody serves a model now.
    ///
    /// # Errors
    /// [`ComputeError::NoModel`] and all others.
    pub async fn serving(&self, model: &str) -> Result<Serving, ComputeError> {
        let data = self.of_model(model, &["serving"]).await?;
        Serving::read(&data).ok_or_else(|| ComputeError::Garbage("it does not say whether the model is served".into()))
    }

    /// Submits a job and gives the provider's id of it.
    ///
    /// The body is always the same for the same values. AIOZ knows no Idempotency-Key, so the history is looked at first: a program that died after an earlier submit finds its
    /// task there. When an answer is lost, it is looked at again before the job goes out once more; to a provider that keeps no
    /// keys it does not go out again by itself.
    ///
    /// # Errors
    /// [`ComputeError::Doubtful`] when it may have been taken: resuming looks before it submits again.
    /// After any other error it was not taken.
    pub async fn submit(&self, permit: Permit<Submit>, handover: Handover) -> Result<String, ComputeError> {
        let submit = permit.spend();
        let Body { value: mut body, mark } = Body::of(&submit, handover)?;
        if let Some(task) = self.search(&submit.idempotency_key, &mark).await?.task {
            return Ok(task.id);
        }
        let model = self.model_id(&submit.remote.model).await?;
        // A stranger's model refuses keys that are not its own, and knows no webhooks.
        let callback = self.callback.as_ref().filter(|_| submit.remote.slots.is_none());
        if let Some(callback) = callback {
            body["callback_url"] = callback.as_str().into();
        }
        let mut why = String::new();
        for _ in 0..SUBMITS + u32::from(callback.is_some()) {
            let mut request = self.transport.request(Method::POST, &["api-key", "model", &model, "task"]);
            // Ours, of plain letters: it always fits into a header.
            if let Ok(key) = HeaderValue::from_str(&submit.idempotency_key) {
                request.headers_mut().insert("idempotency-key", key);
            }
            set_json(&mut request, &body);
            match self.transport.effect(request).await {
                Ok(data) => match wire::task_id(&data) {
                    Some(id) => return Ok(id),
                    None => why = "its answer names no task".into(),
                },
                // Nothing was taken. Whoever does not like the address is asked instead of listened to.
                Err(Failure { doubtful: false, error: ComputeError::Refused { .. }, .. })
                    if why.is_empty()
                        && body.as_object_mut().is_some_and(|body| body.shift_remove("callback_url").is_some()) =>
                {
                    continue;
                }
                Err(Failure { doubtful: false, error, .. }) => return Err(no_model(error, &submit.remote.model)),
                Err(failure) => why = failure.error.to_string(),
            }
            let looked = self.look_for(&submit.idempotency_key, &mark).await?;
            if let Some(task) = looked.task {
                return Ok(task.id);
            }
            if !looked.keeps_keys {
                break;
            }
        }
        Err(self.doubtful(why))
    }

    /// Looks into the history a few times, as the provider may still be busy with what it took.
    async fn look_for(&self, key: &str, mark: &Mark) -> Result<Search, ComputeError> {
        let mut wait = self.transport.patience().first_wait;
        let mut looks = 0;
        loop {
            self.transport.waits().sleep(self.transport.tape().sleep(wait)).await;
            if self.transport.waits().are_ended() {
                return Err(self.doubtful("looking for it was stopped".to_owned()));
            }
            wait = wait.saturating_mul(2).min(Duration::from_secs(10));
            looks += 1;
            let search = self.search(key, mark).await.map_err(|error| self.doubtful(error.to_string()))?;
            let enough = if search.keeps_keys { LOOKS } else { LOOKS_WITHOUT_KEYS };
            if search.task.is_some() || looks >= enough {
                return Ok(search);
            }
        }
    }

    fn doubtful(&self, why: String) -> ComputeError {
        ComputeError::Doubtful { host: self.transport.host(), why }
    }

    /// A task as it stands.
    ///
    /// # Errors
    /// [`ComputeError::NoTask`] and all others.
    pub async fn detail(&self, id: &str) -> Result<TaskDetail, ComputeError> {
        let data = self.read(&["api-key", "task", id, "detail"]).await.map_err(|e| no_task(e, id))?;
        TaskDetail::read(&data, Some(id)).ok_or_else(|| ComputeError::Garbage("it names no status of the task".into()))
    }

    /// The key's tasks, newest first; `limit` 1 to 100.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn history(&self, limit: u32, offset: usize) -> Result<TaskPage, ComputeError> {
        let mut request = self.transport.get(&["api-key", "task", "histories"]);
        let page = [("limit", limit.clamp(1, 100).to_string()), ("offset", offset.to_string())];
        request.url_mut().query_pairs_mut().extend_pairs(page);
        // Nothing is named here that could be missing: whoever does not know the endpoint is no provider.
        let page = self.transport.read(request).await.map_err(|error| match error {
            ComputeError::Refused { status: status @ (404 | 405), .. } => self.transport.not_the_api(status),
            other => other,
        })?;
        Ok(TaskPage::read(&page))
    }

    /// Tells the provider in which transaction a task was paid. The same announcement twice is one.
    ///
    /// # Errors
    /// [`ComputeError::NoTask`], [`ComputeError::PaymentRefused`] and all others.
    pub async fn announce_payment(&self, id: &str, tx_hash: &TxHash) -> Result<(), ComputeError> {
        let mut request = self.transport.request(Method::POST, &["api-key", "task", id, "payment"]);
        set_json(&mut request, &json!({"tx_hash": tx_hash.to_string()}));
        // Nothing new happens when this is repeated, so it is tried again like a read.
        self.transport.read(request).await.map(|_| ()).map_err(|error| match error {
            ComputeError::Refused { status: 409, message } => ComputeError::PaymentRefused(message),
            other => no_task(other, id),
        })
    }

    /// Asks the provider to give a task up.
    ///
    /// # Errors
    /// [`ComputeError::Refused`] when it has ended already, and all others.
    pub async fn cancel(&self, id: &str) -> Result<(), ComputeError> {
        let request = self.transport.request(Method::DELETE, &["api-key", "task", id, "cancel"]);
        self.transport.effect(request).await.map(|_| ()).map_err(|failure| no_task(failure.error, id))
    }

    async fn read(&self, path: &[&str]) -> Result<Value, ComputeError> {
        self.transport.read(self.transport.get(path)).await
    }
}

/// AIOZ answers 400 where others say 404, so its words decide as well.
fn is_not_found(error: &ComputeError) -> bool {
    match error {
        ComputeError::Refused { status: 404, .. } => true,
        ComputeError::Refused { status: 400, message } => message.to_ascii_lowercase().contains("not found"),
        _ => false,
    }
}

fn no_model(error: ComputeError, model: &str) -> ComputeError {
    if is_not_found(&error) { ComputeError::NoModel(units::clean(model, 80)) } else { error }
}

fn no_task(error: ComputeError, id: &str) -> ComputeError {
    if is_not_found(&error) { ComputeError::NoTask(units::clean(id, 80)) } else { error }
}
