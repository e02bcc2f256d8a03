//! Tokens and cost, as providers write them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{domain::cost::NanoDollars, model};

/// Tokens and cost, by the names of both APIs; some gateways send both at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    input_tokens_details: Option<Details>,
    output_tokens_details: Option<Details>,
    /// As it was written: a float would not be what was charged.
    cost: Option<Box<RawValue>>,
}

/// Parts of the tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl Usage {
    /// In the words of this program. A cost that is no amount of dollars is left out.
    pub(super) fn read(self) -> model::Usage {
        let cost = self.cost.as_deref().and_then(|raw| raw.get().trim_matches('"').parse::<NanoDollars>().ok());
        model::Usage {
            prompt_tokens: self.prompt_tokens.or(self.input_tokens).unwrap_or_default(),
            completion_tokens: self.completion_tokens.or(self.output_tokens).unwrap_or_default(),
            cached_tokens: self.prompt_tokens_details.or(self.input_tokens_details).and_then(|d| d.cached_tokens),
            reasoning_tokens: self
                .completion_tokens_details
                .or(self.output_tokens_details)
                .and_then(|d| d.reasoning_tokens),
            cost,
        }
    }
}
