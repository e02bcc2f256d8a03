//! The model that the settings ask for.

use std::sync::Arc;

use super::{
    ChatModel, ModelError,
    openai::{OpenAi, OpenAiSettings},
    planner::Planner,
    scripted::Scripted,
};
use crate::{config::ModelSettings, domain::task::TaskType};

/// Opens the model; `tasks` is the catalogue, which the planner knows by heart.
///
/// # Errors
/// A transcript that cannot be read, or a key that cannot be sent.
pub fn open(settings: &ModelSettings, tasks: &[TaskType]) -> Result<Arc<dyn ChatModel>, ModelError> {
    Ok(match settings {
        ModelSettings::Planner => Arc::new(Planner::new(tasks)),
        ModelSettings::Scripted(path) => Arc::new(Scripted::open(path)?),
        ModelSettings::OpenAi { base_url, model, api_key } => {
            Arc::new(OpenAi::new(OpenAiSettings::new(base_url.clone(), model, api_key.clone()))?)
        }
    })
}
