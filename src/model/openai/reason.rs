//! A server's own reason for a refusal, in one line, out of whatever it sent.

use serde_json::Value;

use cassette::scrub::known::said;

/// The most of it that is shown, characters.
const LONGEST: usize = 300;
/// Reasons stand in reasons, but not without end.
const DEEPEST: usize = 6;
/// Where a reason stands, the nearest to its cause first: an error within an answer, MiniMax's and Baidu's names, FastAPI's.
const PLACES: [&str; 10] =
    ["error", "errors", "base_resp", "message", "Message", "detail", "msg", "status_msg", "error_msg", "error_message"];

/// The reason in a body.
pub(super) fn of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Value>(&text).ok().and_then(|value| words(&value, DEEPEST)) {
        Some(words) => said(&words, LONGEST),
        None if text.trim_start().starts_with('<') => "a web page".to_owned(),
        None => said(&text, LONGEST),
    }
}

fn words(value: &Value, deep: usize) -> Option<String> {
    let deep = deep.checked_sub(1)?;
    match value {
        // Gateways put the body of another server into a text, and some say something before it.
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => words(&inner, deep).or_else(|| Some(text.clone())),
            _ => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        },
        Value::Array(all) => {
            let all: Vec<String> = all.iter().filter_map(|one| words(one, deep)).collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Value::Object(fields) => {
            // OpenRouter's: "Provider returned error" says nothing, and what the provider said stands beside it.
            let metadata = fields.get("metadata");
            let raw = metadata.and_then(|metadata| words(metadata.get("raw")?, deep));
            let found = raw.or_else(|| PLACES.iter().find_map(|place| words(fields.get(*place)?, deep)))?;
            let who = metadata.and_then(|metadata| metadata.get("provider_name")?.as_str());
            let at = fields.get("loc").and_then(Value::as_array).map(|path| place_of(path));
            let found = at.map_or_else(|| found.clone(), |at| format!("{at}: {found}"));
            Some(who.map_or_else(|| found.clone(), |who| format!("{who}: {found}")))
        }
        _ => None,
    }
}

/// Where in a request something is wrong, as pydantic says it.
fn place_of(path: &[Value]) -> String {
    let steps = path.iter().map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned));
    steps.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies as public reports show them.
    #[test]
    fn the_reason_is_the_servers_own() {
        for (body, reason) in [
            (
                r#"{"error":{"message":"Incorrect API key provided: x.","type":"invalid_request_error","param":null,"code":"y"}}"#,
                "Incorrect API key provided: x.",
            ),
            // OpenRouter: OmniRoute#3044, open-webui/computer#293, ruby_llm#431.
            (
                r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Model 'moonshotai/kimi-k2.6' supports at most 1 image per prompt.\"}}","provider_name":"Crucible","is_byok":false}},"user_id":"user_1"}"#,
                "Crucible: Model 'moonshotai/kimi-k2.6' supports at most 1 image per prompt.",
            ),
            (
                r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"z-ai/glm-5.3-flash is temporarily rate-limited upstream.","provider_name":"BaseTen"}}}"#,
                "BaseTen: z-ai/glm-5.3-flash is temporarily rate-limited upstream.",
            ),
            (
                r#"{"error":{"message":"Provider returned error","code":500,"metadata":{"raw":{"error":{"message":"The model `gpt-4` does not exist"}}}}}"#,
                "The model `gpt-4` does not exist",
            ),
            // FastAPI, Mistral, vLLM, MiniMax, Gemini, Cloudflare, AWS, Hugging Face.
            (r#"{"detail":"Not authenticated"}"#, "Not authenticated"),
            (
                r#"{"detail":[{"type":"missing","loc":["body","messages",0,"content"],"msg":"Field required"}]}"#,
                "body.messages.0.content: Field required",
            ),
            (
                r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error"}"#,
                "body.seed: Extra inputs are not permitted",
            ),
            (
                r#"{"object":"error","message":"max_tokens must be at least 1","type":"BadRequestError","param":null,"code":400}"#,
                "max_tokens must be at least 1",
            ),
            (
                r#"{"id":"","choices":null,"base_resp":{"status_code":1004,"status_msg":"login fail: Please carry the API secret key"}}"#,
                "login fail: Please carry the API secret key",
            ),
            (
                r#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]"#,
                "API key not valid.",
            ),
            (
                r#"{"success":false,"errors":[{"code":7003,"message":"Could not route"},{"code":7000,"message":"No route"}]}"#,
                "Could not route; No route",
            ),
            (r#"{"Message":"The security token is invalid"}"#, "The security token is invalid"),
            (r#"{"error":"Model is currently loading","estimated_time":20.0}"#, "Model is currently loading"),
            ("upstream connect error\nor\tdisconnect", "upstream connect error or disconnect"),
            ("<html><body>502</body></html>", "a web page"),
            (r#"{"error":{"code":7}}"#, r#"{"error":{"code":7}}"#),
        ] {
            assert_eq!(of(body.as_bytes()), reason, "{body}");
        }
    }
}
