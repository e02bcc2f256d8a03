//! Tokens and cost, as providers write them.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::lenient::count;
use crate::model;
use domain::cost::NanoDollars;

/// Tokens and cost, by the names of both APIs; some gateways send both at once.
#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<Value>,
    completion_tokens: Option<Value>,
    total_tokens: Option<Value>,
    prompt_tokens_details: Option<Value>,
    completion_tokens_details: Option<Value>,
    input_tokens: Option<Value>,
    output_tokens: Option<Value>,
    input_tokens_details: Option<Value>,
    output_tokens_details: Option<Value>,
    /// As it was written: a float would not be what was charged.
    cost: Option<Box<RawValue>>,
}

/// In the words of this program; `None` for what says nothing, or nothing that can be right. A cost that is no amount of
/// dollars is left out, as are parts that are no counts.
pub(super) fn read(raw: &RawValue) -> Option<model::Usage> {
    let usage: Usage = serde_json::from_str(raw.get()).ok()?;
    let tokens = |one: Option<Value>, other: Option<Value>| one.or(other).map_or(Some(0), |value| count(&value));
    let detail = |one: Option<Value>, other: Option<Value>, name: &str| count(one.or(other)?.get(name)?);
    let prompt_tokens = tokens(usage.prompt_tokens, usage.input_tokens)?;
    let completion_tokens = tokens(usage.completion_tokens, usage.output_tokens)?;
    // Gemini's endpoint and xAI count what was reasoned in the total alone.
    let total = usage.total_tokens.as_ref().and_then(count).unwrap_or(0);
    let read = model::Usage {
        prompt_tokens,
        completion_tokens: completion_tokens.max(total.saturating_sub(prompt_tokens)),
        cached_tokens: detail(usage.prompt_tokens_details, usage.input_tokens_details, "cached_tokens"),
        reasoning_tokens: detail(usage.completion_tokens_details, usage.output_tokens_details, "reasoning_tokens"),
        cost: usage.cost.as_deref().and_then(|raw| raw.get().trim_matches('"').parse::<NanoDollars>().ok()),
        estimated: false,
    };
    (read.prompt_tokens > 0 || read.completion_tokens > 0 || read.cost.is_some()).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_that_can_be_right_is_no_usage() {
        let read = |text: &str| read(&RawValue::from_string(text.to_owned()).unwrap());
        let tokens = |text: &str| read(text).map(|usage| (usage.prompt_tokens, usage.completion_tokens));
        for (text, wanted) in [
            (r#"{"prompt_tokens":5,"completion_tokens":2}"#, Some((5, 2))),
            (r#"{"prompt_tokens":5.0,"completion_tokens":2,"prompt_tokens_details":7}"#, Some((5, 2))),
            (r#"{"input_tokens":5,"output_tokens":null,"prompt_tokens":null}"#, Some((5, 0))),
            // Reasoned beside the completion; a total that is less, or none.
            (r#"{"prompt_tokens":50,"completion_tokens":20,"total_tokens":570}"#, Some((50, 520))),
            (r#"{"input_tokens":50,"output_tokens":20,"total_tokens":70}"#, Some((50, 20))),
            (r#"{"prompt_tokens":50,"completion_tokens":20,"total_tokens":7}"#, Some((50, 20))),
            (r#"{"prompt_tokens":50,"completion_tokens":20,"total_tokens":"many"}"#, Some((50, 20))),
            (r#"{"prompt_tokens":-1,"completion_tokens":2}"#, None),
            (r#"{"prompt_tokens":5.5,"completion_tokens":2}"#, None),
            (r#"{"prompt_tokens":"many"}"#, None),
            (r#"{"prompt_tokens":0,"completion_tokens":0}"#, None),
            ("{}", None),
            ("[]", None),
            ("7", None),
        ] {
            assert_eq!(tokens(text), wanted, "{text}");
        }
        assert_eq!(read(r#"{"cost":0.5}"#).unwrap().cost.unwrap().to_string(), "0.5");
        let odd = read(r#"{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":-3},"cost":-1}"#).unwrap();
        assert_eq!((odd.cached_tokens, odd.cost), (None, None));
    }
}
