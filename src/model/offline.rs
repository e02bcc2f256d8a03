//! The model where none is configured: it has a name and no words. What a person says is read by the offline grammar, which
//! needs no model.

use async_trait::async_trait;

use super::{ChatModel, ChatRequest, ChatTurn, Delta, ModelError};

/// The name of the offline planner, in settings and events.
pub const PLANNER: &str = "planner";

/// No model.
pub struct Offline;

#[async_trait]
impl ChatModel for Offline {
    fn name(&self) -> String {
        PLANNER.to_owned()
    }

    async fn turn(&self, _: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let text = super::grammar::CONNECT.to_owned();
        sink(Delta::Text(text.clone()));
        Ok(ChatTurn { text, ..ChatTurn::default() })
    }
}
