//! What can go wrong with a provider, in one sentence each, and what to do about it.

use std::time::Duration;

/// Why a provider did not do as it was asked. Text in it that came from the provider is cleaned, and is data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError {
    /// The endpoint's address cannot be used.
    #[error("`{0}` is no address of a compute provider")]
    Endpoint(String),
    /// No connection, or none that lasted. Nothing is known to have happened there.
    #[error("the compute provider at {host} cannot be reached: {why}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the connection said.
        why: String,
    },
    /// It may or may not have taken the job: the answer was lost, and its history does not show the job.
    #[error("the compute provider at {host} did not say whether it took the job: {why}")]
    Doubtful {
        /// Host and port.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// Somebody answers at that address, and it is not the provider's API.
    #[error("what answers at {host} is not the API of a compute provider (HTTP {status})")]
    NotTheApi {
        /// Host and port.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// It does not take a payment that it was told of.
    #[error("the compute provider does not take the payment: {0}")]
    PaymentRefused(String),
    /// The key was refused.
    #[error("the compute provider refused the API key")]
    Key,
    /// It has no such model.
    #[error("the compute provider has no model `{0}`")]
    NoModel(String),
    /// It has no such task, or not for this key.
    #[error("the compute provider knows no task `{0}`")]
    NoTask(String),
    /// It understood and said no.
    #[error("the compute provider refused: {message} (HTTP {status})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its own words, cleaned.
        message: String,
    },
    /// Too many requests.
    #[error("the compute provider asks for fewer requests")]
    RateLimited {
        /// How long it asked to wait.
        retry_after: Option<Duration>,
    },
    /// It says that it is too busy now.
    #[error("the compute provider is busy: {0}")]
    Busy(String),
    /// It failed, again and again.
    #[error("the compute provider failed (HTTP {status}): {message}")]
    Broken {
        /// The HTTP status.
        status: u16,
        /// Its own words, cleaned.
        message: String,
    },
    /// Whoever waited for it waits no more. Nothing was asked meanwhile.
    #[error("the compute provider was not waited for any longer")]
    Stopped,
    /// It answered with something that is no answer.
    #[error("the compute provider's answer makes no sense: {0}")]
    Garbage(String),
}

impl ComputeError {
    /// What a person can do next.
    pub fn hint(&self) -> String {
        match self {
            ComputeError::Endpoint(_) => {
                "set AIOZ_W3AI_ENDPOINT to a whole URL, such as https://api.aiozai.network/api/v1".into()
            }
            ComputeError::Unreachable { .. } => {
                "check the network and AIOZ_W3AI_ENDPOINT, then run `agent doctor`".into()
            }
            ComputeError::Doubtful { .. } => {
                "run `agent jobs resume`: it looks for the job in the provider's history before it submits again".into()
            }
            ComputeError::Key => "set AIOZ_API_KEY to a key of this provider; keys are made in its console".into(),
            ComputeError::NoModel(_) => {
                "check the model in the task's file, under [remote] (`agent tasks`), and that AIOZ_W3AI_ENDPOINT is the right provider"
                    .into()
            }
            ComputeError::NoTask(_) => {
                "check that AIOZ_W3AI_ENDPOINT and AIOZ_API_KEY are those the job was submitted with".into()
            }
            ComputeError::Refused { status: 402, .. } => "add funds to the balance of this key at the provider".into(),
            ComputeError::Refused { status: 409, .. } => {
                "the provider has this job on record with another dataset or other parameters; ask for it anew".into()
            }
            ComputeError::PaymentRefused(_) => {
                "the receipt is your claim on the provider: `agent jobs receipt`; nothing is paid again".into()
            }
            ComputeError::NotTheApi { .. } | ComputeError::Refused { status: 404 | 405, .. } => {
                "check AIOZ_W3AI_ENDPOINT: it ends in /api/v1, as in https://api.aiozai.network/api/v1; then `agent jobs \
                 resume`"
                    .into()
            }
            ComputeError::Refused { status: 300..=399, .. } => {
                "set AIOZ_W3AI_ENDPOINT to the address the provider really has; redirects are not followed, as the \
                 key would go along"
                    .into()
            }
            ComputeError::Refused { .. } => "mend what the provider names, then try again".into(),
            ComputeError::RateLimited { retry_after: Some(wait) } => {
                format!("try again in {}", domain::units::seconds(wait.as_secs_f64()))
            }
            ComputeError::RateLimited { retry_after: None } | ComputeError::Busy(_) | ComputeError::Stopped => {
                "try again in a minute".into()
            }
            ComputeError::Broken { .. } => "the fault is at the provider; try again later".into(),
            ComputeError::Garbage(_) => {
                "check AIOZ_W3AI_ENDPOINT: it should end in /api/v1 and lead to the API, not to a web page".into()
            }
        }
    }

    /// Whether the provider understood the request and said no to it, once and for all. A wrong address, missing funds and
    /// a redirect are mended on our side, and the same request may be made then.
    pub fn is_final(&self) -> bool {
        match self {
            ComputeError::NoModel(_) => true,
            ComputeError::Refused { status, .. } => !matches!(status, 300..=399 | 402 | 404 | 405 | 407 | 408),
            _ => false,
        }
    }

    /// Whether trying again later may help without any change.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            ComputeError::Unreachable { .. }
                | ComputeError::Doubtful { .. }
                | ComputeError::RateLimited { .. }
                | ComputeError::Busy(_)
                | ComputeError::Broken { .. }
        )
    }
}
