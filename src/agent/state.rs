//! What the program knows of itself, for questions that state answers: jobs, caps, who is paid, where data goes.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::tz::TimeZone;

use super::{by_grammar::KnowState, prompt};
use crate::{
    job::Workflow,
    model::grammar::{JobSeen, State},
};
use domain::job::Job;

/// The chain is asked for a balance no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// The state of a workflow, with what only the settings know.
pub struct WorkflowState {
    /// Whose jobs, caps and prices.
    pub workflow: Arc<Workflow>,
    /// The host of the storage.
    pub storage: String,
    /// The bucket.
    pub bucket: String,
    /// The host of the provider.
    pub provider: String,
    /// `sandbox` or `live`.
    pub profile: String,
    /// The working folder.
    pub folder: PathBuf,
}

#[async_trait]
impl KnowState for WorkflowState {
    async fn state(&self, balance: bool) -> State {
        let policy = self.workflow.guard().policy();
        let seen = |job: Job| {
            let attempts = self.workflow.attempts(&job.id).unwrap_or_default();
            JobSeen { job, attempts }
        };
        let jobs = self.workflow.jobs().unwrap_or_default().into_iter().map(seen).collect();
        let budget = self.workflow.budget(balance, PATIENCE).await;
        State {
            jobs,
            files: prompt::seen_in(&self.folder).into_iter().map(|file| file.path).collect(),
            tasks: self.workflow.catalogue().iter().cloned().collect(),
            now: self.workflow.ledger().tape().now("a question"),
            zone: TimeZone::system(),
            balance: budget.balance,
            caps: policy.caps,
            spent_today: budget.today,
            spent: budget.ever,
            price: budget.price,
            recipients: policy.recipients.iter().map(|account| account.address()).collect(),
            profile: self.profile.clone(),
            network: policy.network,
            storage: self.storage.clone(),
            bucket: self.bucket.clone(),
            provider: self.provider.clone(),
            model: None,
            home: self.workflow.ledger().home().to_owned(),
        }
    }
}
