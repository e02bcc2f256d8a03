//! How much of a model's window a request takes, estimated cheaply and put right by what the provider counts.

use crate::{
    model::{ChatRequest, Message},
    tools::ToolSpec,
};

/// Bytes a token, before a provider has counted any: English and JSON lie between 3 and 4.
const BYTES_PER_TOKEN: f64 = 3.5;
/// What a provider's count may make of it. Anything else counts something that is not the request's tokens.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1.0..=8.0;
/// What a message takes beside its text, bytes: roles, marks and ids of the chat template.
const FRAME: usize = 24;

/// The estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gauge {
    bytes_per_token: f64,
}

impl Default for Gauge {
    fn default() -> Gauge {
        Gauge { bytes_per_token: BYTES_PER_TOKEN }
    }
}

impl Gauge {
    /// Tokens that so many bytes take.
    pub fn tokens(&self, bytes: usize) -> u64 {
        (bytes as f64 / self.bytes_per_token).ceil() as u64
    }

    /// Bytes that so many tokens hold.
    pub fn bytes(&self, tokens: u64) -> usize {
        (tokens as f64 * self.bytes_per_token) as usize
    }

    /// Learns from a request of so many bytes that the provider counted. The careful side is taken at once, the other slowly.
    pub fn learn(&mut self, bytes: usize, tokens: u64) {
        let seen = bytes as f64 / tokens as f64;
        if PLAUSIBLE.contains(&seen) {
            self.bytes_per_token =
                if seen < self.bytes_per_token { seen } else { 0.75 * self.bytes_per_token + 0.25 * seen };
        }
    }
}

/// The bytes of a whole request.
pub fn size(request: &ChatRequest) -> usize {
    fixed(&request.system, &request.tools) + messages(&request.messages)
}

/// The bytes of what stands before the messages.
pub fn fixed(system: &str, tools: &[ToolSpec]) -> usize {
    let tool = |t: &ToolSpec| FRAME + t.name.len() + t.description.len() + t.schema.to_string().len();
    FRAME + system.len() + tools.iter().map(tool).sum::<usize>()
}

/// The bytes of messages.
pub fn messages(messages: &[Message]) -> usize {
    messages.iter().map(message).sum()
}

/// The bytes of a message.
pub fn message(message: &Message) -> usize {
    FRAME
        + match message {
            Message::User { text } => text.len(),
            Message::Assistant { text, calls, reasoning } => {
                let call = |c: &crate::model::ToolCall| FRAME + c.id.len() + c.name.len() + c.arguments.len();
                let thought = reasoning.as_ref().map_or(0, |reasoning| reasoning.given.to_string().len());
                text.len() + thought + calls.iter().map(call).sum::<usize>()
            }
            Message::ToolResult { call_id, name, content } => call_id.len() + name.len() + content.len(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_puts_the_estimate_right() {
        let mut gauge = Gauge::default();
        assert_eq!((gauge.tokens(3500), gauge.bytes(1000)), (1000, 3500));
        gauge.learn(3500, 1750);
        assert_eq!(gauge.tokens(3500), 1750, "too many tokens are believed at once");
        gauge.learn(4000, 1000);
        assert_eq!(gauge.bytes(1000), 2500, "fewer only slowly");
        for (bytes, tokens) in [(4000, 3), (4000, 0), (0, 0), (10, 4000)] {
            let before = gauge;
            gauge.learn(bytes, tokens);
            assert_eq!(gauge, before, "{bytes} bytes are not {tokens} tokens");
        }
    }
}
