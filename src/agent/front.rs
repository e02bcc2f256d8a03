//! Which front reads a person's words.

use std::sync::Arc;

use super::{by_form::ByForm, by_grammar::ByGrammar, propose::Front, state::WorkflowState};
use crate::model::{ChatModel, offline::PLANNER};
use guard::config::{Driving, Style};

/// How a model is driven: where none is configured, the offline grammar reads what is said.
pub fn of(model: &Arc<dyn ChatModel>, driving: Driving, state: WorkflowState) -> Front {
    match driving.style {
        _ if model.name() == PLANNER => {
            let folder = state.folder.clone();
            Front::Grammar(Arc::new(ByGrammar::new(Arc::new(state), folder)))
        }
        style => {
            let form = Arc::new(ByForm::new(Arc::clone(model), Arc::new(state)));
            match style {
                Style::Request => Front::Request(form),
                Style::Tools => Front::Tools { instead: Some(form) },
            }
        }
    }
}
