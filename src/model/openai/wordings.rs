//! How servers say that a request is longer than their model's window. They have no code in common: OpenAI's
//! `context_length_exceeded` is one of many, and the status is 400, 413, 422 or 500.

/// Words that say it, all of which must be there, in lower case; above them whose they are. Sources: the servers' own texts, as their
/// users reported them and as `packages/ai/src/utils/overflow.ts` of earendil-works/pi collects them with examples.
const TOO_LONG: &[&[&str]] = &[
    // OpenAI's code, and that of most who follow it.
    &["context_length_exceeded"],
    // OpenAI, Azure, vLLM, SGLang, OpenRouter, DeepSeek, LiteLLM, Mistral.
    &["maximum context length"],
    // OpenAI's Responses.
    &["exceeds the context window"],
    // MiniMax: context window exceeds limit.
    &["context window exceeds"],
    // Anthropic: input length and max_tokens exceed context limit, and proxies.
    &["context window"],
    // Anthropic.
    &["exceed context limit"],
    // Anthropic.
    &["prompt is too long"],
    // Anthropic's code for more bytes than it takes.
    &["request_too_large"],
    // Amazon Bedrock: Input is too long for requested model.
    &["input is too long"],
    // Gemini.
    &["input token count", "exceeds the maximum"],
    // Gemini and Gemma on Vertex.
    &["input token count", "only supports up to"],
    // xAI.
    &["maximum prompt length is"],
    // Groq, Cerebras.
    &["reduce the length of the messages"],
    // Groq and OpenAI, by the limit of tokens a minute.
    &["request too large for model"],
    // OpenAI, by the limit of tokens a minute: no wait helps.
    &["tokens must be reduced"],
    // Together AI.
    &["longer than the model's context length"],
    // Poolside behind OpenRouter (pi#4943).
    &["maximum allowed input length"],
    // GitHub Copilot: prompt token count of X exceeds the limit of Y.
    &["exceeds the limit of", "token"],
    // llama.cpp.
    &["exceeds the available context size"],
    // llama.cpp's type.
    &["exceed_context_size_error"],
    // LM Studio: tokens to keep from the initial prompt.
    &["greater than the context length"],
    // LM Studio: the model is loaded with context length of only N.
    &["context length of only"],
    // Kimi: Your request exceeded model token limit.
    &["exceeded model token limit"],
    // Mistral.
    &["too large for model with", "context"],
    // z.ai.
    &["model_context_window_exceeded"],
    // Ollama: prompt too long; exceeded max context length.
    &["exceeded max context length"],
    // Ollama.
    &["input length exceeds", "context length"],
    // z.ai, code 1261.
    &["prompt exceeds max length"],
    // Alibaba's DashScope.
    &["range of input length should be"],
    // DS4 and others after llama.cpp.
    &["configured context size"],
    // engines after TensorRT-LLM.
    &["exceeds max_seq_len"],
    // vLLM's engine.
    &["exceeds max_model_len"],
    // whoever says it in other words.
    &["context length", "exceed"],
    // Cohere: too many tokens: size limit exceeded by N tokens.
    &["too many tokens", "limit"],
];

/// Words that speak of how often is asked, and not of how much: Bedrock's throttling says "Too many tokens, please wait".
const TOO_OFTEN: [&str; 4] = ["rate limit reached", "too many requests", "throttl", "please wait"];

/// Whether a refusal, in lower case, says that the request is longer than the window.
pub(super) fn is_too_long(refusal: &str) -> bool {
    let says = |words: &[&str]| words.iter().all(|word| refusal.contains(word));
    TOO_LONG.iter().any(|words| says(words)) && !TOO_OFTEN.iter().any(|words| refusal.contains(words))
}

/// Whether a server is only not ready yet: llama.cpp's "Loading model", and Hugging Face's "is currently loading".
pub(super) fn is_loading(refusal: &str) -> bool {
    let refusal = refusal.to_ascii_lowercase();
    refusal.contains("loading model") || refusal.contains("currently loading") || refusal.contains("model is loading")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What servers say, word for word as it was reported.
    const SAID: [&str; 33] = [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "prompt is too long: 213462 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
        r#"{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
        "Input is too long for requested model.",
        "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
        "Unable to submit request because the input token count is 32825 but model only supports up to 32768.",
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
        "This endpoint's maximum context length is 32768 tokens. However, you requested about 42832 tokens",
        "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
        "The input (300000 tokens) is longer than the model's context length (262144 tokens).",
        "the request exceeds the available context size, try increasing it",
        r#"{"error":{"code":400,"message":"x","type":"exceed_context_size_error","n_prompt_tokens":5,"n_ctx":4}}"#,
        "The number of tokens to keep from the initial prompt is greater than the context length.",
        "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
        "prompt token count of 130000 exceeds the limit of 128000",
        "invalid params, context window exceeds limit",
        "Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)",
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        "model_context_window_exceeded",
        "prompt too long; exceeded max context length by 12 tokens",
        "This model's maximum context length is 262144 tokens. However, you requested 0 output tokens and your prompt contains at least 262145 input tokens, for a total of at least 262145 tokens.",
        "Requested token count exceeds the model's maximum context length of 202752 tokens. You requested a total of 202941 tokens",
        "Input length (265330) exceeds model's maximum context length (262144).",
        "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
        "Prompt has 5000 tokens, but the configured context size is 4096 tokens",
        "Prompt too long: 5152 tokens exceeds max_seq_len 2048 (leave room for output tokens)",
        "too many tokens: size limit exceeded by 19296 tokens. Try using shorter or fewer inputs.",
        "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 35000. The input or output tokens must be reduced in order to run successfully.",
        "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7000, please reduce your message size and try again.",
        "Prompt exceeds max length",
    ];

    #[test]
    fn a_request_that_is_too_long_is_known_in_all_words() {
        for said in SAID {
            assert!(is_too_long(&said.to_lowercase()), "{said}");
        }
        for other in [
            "ThrottlingException: Too many tokens, please wait before trying again.",
            "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.",
            "max_tokens must be at least 1",
            "image exceeds the limit of 5 MB",
            "Invalid schema for function 'list_jobs'",
        ] {
            assert!(!is_too_long(&other.to_lowercase()), "{other}");
        }
    }
}
