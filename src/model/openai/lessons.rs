//! What can be learnt of a server, and which refusals teach it. Whose words they are stands above them; `docs/endpoints.md`
//! has what is done about each.

/// What a server was found to want, or not to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lesson {
    NoStreamOptions,
    NoToolChoice,
    NoTemperature,
    NoResponseFormat,
    /// The form of an answer is asked for in words, as the server does not hold to one.
    FormInWords,
    /// Lists in a form have no longest length.
    NoMaxItems,
    /// Schemas of types, properties, enumerations and what must be there, and nothing else.
    PlainSchemas,
    /// No call goes back with what its provider wanted back with it.
    NoEcho,
    /// What it wanted back goes back whoever said it: otherwise only what this server said since the program began. The
    /// history may be another's, and who does not know the field refuses it.
    EveryEcho,
    /// No reasoning goes back.
    NoReasoning,
    /// Calls without reasoning get words that stand for it.
    StandInReasoning,
    /// Encrypted reasoning is not asked for.
    NoInclude,
    /// A request whose history holds calls names the tools that were called, were it for closing words.
    ToolsBesideCalls,
    /// The content beside calls is an empty text, and not null.
    EmptyContent,
    /// The system prompt goes before the person's first words.
    NoSystem,
    /// No id goes back as it came.
    PlainIds,
    /// The model's template begins its thoughts, so that only their end is seen.
    ThinksFirst,
}

/// Words of a refusal, all of which it must hold, and what is learnt from it: the first line that holds, and that is not learnt.
pub(super) const REFUSALS: &[(&[&str], Lesson)] = &[
    // Azure before 2024-09, older vLLM, gateways.
    (&["stream_options"], Lesson::NoStreamOptions),
    // OpenRouter, where nobody who serves the model takes the value; DeepSeek's reasoner.
    (&["tool_choice"], Lesson::NoToolChoice),
    // OpenAI's strict schemas before 2025.
    (&["maxItems"], Lesson::NoMaxItems),
    // OpenAI's reasoning models; Kimi with thinking.
    (&["temperature"], Lesson::NoTemperature),
    // DeepSeek, and who knows `json_object` alone; Responses of others than OpenAI; llama.cpp's "failed to parse grammar".
    (&["response_format"], Lesson::NoResponseFormat),
    (&["json_schema"], Lesson::NoResponseFormat),
    (&["text.format"], Lesson::NoResponseFormat),
    (&["grammar"], Lesson::NoResponseFormat),
    // OpenAI, Groq: "Unrecognized request argument".
    (&["extra_content"], Lesson::NoEcho),
    // Kimi: "thinking is enabled but reasoning_content is missing in assistant tool call message" (mastra#12592).
    (&["reasoning_content", "missing"], Lesson::StandInReasoning),
    // DeepSeek: "The reasoning_content in the thinking mode must be passed back to the API".
    (&["reasoning_content", "must be passed back"], Lesson::StandInReasoning),
    // DeepSeek R1; Groq and Cerebras: "property 'reasoning_content' is unsupported".
    (&["reasoning_content"], Lesson::NoReasoning),
    (&["reasoning_details"], Lesson::NoReasoning),
    (&["'reasoning'"], Lesson::NoReasoning),
    // OpenAI's Responses: "Item with id 'rs_...' not found" (vercel/ai#7543).
    (&["Item with id"], Lesson::NoReasoning),
    // OpenAI's Responses: "Encrypted content is not supported with this model" (OpenHands/software-agent-sdk#1208).
    (&["ncrypted content"], Lesson::NoInclude),
    (&["'include'"], Lesson::NoInclude),
    (&["include:"], Lesson::NoInclude),
    // Mistral: "Tool call id was ... but must be a-z, A-Z, 0-9, with a length of 9" (opencode#1680).
    (&["ool call id"], Lesson::PlainIds),
    (&["tool_call_id"], Lesson::PlainIds),
    // Anthropic behind gateways: "tool_use.id: String should match pattern"; OpenAI: "tool_calls[0].id: string too long".
    (&["tool_use.id"], Lesson::PlainIds),
    (&["tool_use_id"], Lesson::PlainIds),
    (&["tool_calls", "].id"], Lesson::PlainIds),
    // Gemini; Kimi (pi#5822); servers whose grammars know no patterns.
    (&["additionalProperties"], Lesson::PlainSchemas),
    (&["\"const\""], Lesson::PlainSchemas),
    (&["oneOf"], Lesson::PlainSchemas),
    (&["moonshot flavored json schema"], Lesson::PlainSchemas),
    (&["schema", "pattern"], Lesson::PlainSchemas),
    // Gemma's template: "System role not supported"; OpenAI's o1-mini; Gemma at Google.
    (&["ystem role"], Lesson::NoSystem),
    (&["does not support 'system'"], Lesson::NoSystem),
    (&["Developer instruction is not enabled"], Lesson::NoSystem),
    // Gateways that want a text in every message.
    (&["content", "null"], Lesson::EmptyContent),
    (&["content", "valid string"], Lesson::EmptyContent),
    (&["content", "NoneType"], Lesson::EmptyContent),
];
