//! The names of the settings: one table that the layers, the display and the hints all read.

/// A setting by its name. The same name serves in the environment, in `.env` and, in lower case, in `config.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Where the program keeps its files.
    AgentHome,
    /// `sandbox` or `live`.
    AgentProfile,
    /// What is logged to standard error.
    AgentLog,
    /// `planner`, `scripted:PATH`, `PROVIDER:MODEL`, or a model's name.
    AgentModel,
    /// How the model is driven: `tools`, `request` or `auto`.
    AgentStyle,
    /// The model's endpoint.
    OpenaiBaseUrl,
    /// Which of OpenAI's APIs the endpoint is spoken to in.
    OpenaiApi,
    /// The model's key.
    OpenaiApiKey,
    /// OpenRouter's key.
    OpenrouterApiKey,
    /// Groq's key.
    GroqApiKey,
    /// Gemini's key.
    GeminiApiKey,
    /// Anthropic's key.
    AnthropicApiKey,
    /// Ollama's key, where it asks for one.
    OllamaApiKey,
    /// llama.cpp's key, where it asks for one.
    LlamaApiKey,
    /// vLLM's key, where it asks for one.
    VllmApiKey,
    /// The model's window.
    AgentContext,
    /// The most tokens of a session.
    AgentMaxTokens,
    /// The most money of a session's model calls.
    AgentMaxCost,
    /// Storage: where.
    S3Endpoint,
    /// Storage: region.
    S3Region,
    /// Storage: bucket.
    Bucket,
    /// Storage: access key.
    AccessKey,
    /// Storage: secret key.
    SecretKey,
    /// Compute: where.
    W3aiEndpoint,
    /// Compute: key.
    ApiKey,
    /// Compute: further servers that results may come from.
    ResultHosts,
    /// Compute: where this machine listens for a provider's webhooks.
    WebhookAddr,
    /// Compute: what the provider is told of that.
    WebhookUrl,
    /// Chain: nodes.
    NeoRpcUrl,
    /// Chain: which network.
    NeoNetwork,
    /// Chain: the paying key.
    NeoPrivateKey,
    /// Chain: the paying wallet's file.
    NeoWallet,
    /// Chain: which account of it.
    NeoAccount,
    /// Chain: who may be paid.
    GasRecipient,
}

/// Which part of the program a setting is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// The program itself.
    Program,
    /// The language model.
    Model,
    /// S3-compatible storage.
    Storage,
    /// The compute provider.
    Compute,
    /// The Neo chain and the wallet.
    Chain,
}

impl Group {
    /// A heading for people.
    pub fn title(self) -> &'static str {
        match self {
            Group::Program => "program",
            Group::Model => "model",
            Group::Storage => "storage",
            Group::Compute => "compute",
            Group::Chain => "chain",
        }
    }

    /// Whether a setting of this group, once a person gives it, asks for the live profile.
    pub fn is_live(self) -> bool {
        matches!(self, Group::Storage | Group::Compute | Group::Chain)
    }
}

/// What is known of a setting.
#[derive(Debug)]
pub struct Spec {
    /// The setting.
    pub key: Key,
    /// Its name in the environment and in `.env`.
    pub name: &'static str,
    /// What it is for.
    pub group: Group,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Its value when nobody gives one.
    pub default: Option<&'static str>,
    /// What it is, in a few words.
    pub about: &'static str,
}

const fn spec(
    key: Key,
    name: &'static str,
    group: Group,
    secret: bool,
    default: Option<&'static str>,
    about: &'static str,
) -> Spec {
    Spec { key, name, group, secret, default, about }
}

/// Every setting, in the order people see them.
///
/// AIOZ's endpoints and region are from its developer documents and its SDK (`aiozai-sdk` 1.1.0).
pub const SPECS: [Spec; 34] = {
    use Group::*;
    [
        spec(Key::AgentHome, "AGENT_HOME", Program, false, None, "folder of the ledger, results and settings"),
        spec(Key::AgentProfile, "AGENT_PROFILE", Program, false, None, "sandbox or live; found out when unset"),
        spec(Key::AgentLog, "AGENT_LOG", Program, false, Some("off"), "log filter for standard error"),
        spec(Key::AgentModel, "AGENT_MODEL", Model, false, None, "planner, PROVIDER:MODEL, scripted:PATH, or a name"),
        spec(Key::AgentStyle, "AGENT_STYLE", Model, false, Some("auto"), "tools, request (one object a turn), or auto"),
        spec(Key::OpenaiBaseUrl, "OPENAI_BASE_URL", Model, false, None, "an OpenAI-compatible endpoint"),
        spec(Key::OpenaiApi, "OPENAI_API", Model, false, Some("chat"), "chat (Chat Completions) or responses"),
        spec(Key::OpenaiApiKey, "OPENAI_API_KEY", Model, true, None, "its key"),
        spec(Key::OpenrouterApiKey, "OPENROUTER_API_KEY", Model, true, None, "the key of openrouter:MODEL"),
        spec(Key::GroqApiKey, "GROQ_API_KEY", Model, true, None, "the key of groq:MODEL"),
        spec(Key::GeminiApiKey, "GEMINI_API_KEY", Model, true, None, "the key of gemini:MODEL"),
        spec(Key::AnthropicApiKey, "ANTHROPIC_API_KEY", Model, true, None, "the key of anthropic:MODEL"),
        spec(Key::OllamaApiKey, "OLLAMA_API_KEY", Model, true, None, "the key of ollama:MODEL, if it asks for one"),
        spec(Key::LlamaApiKey, "LLAMA_API_KEY", Model, true, None, "the key of llamacpp:MODEL, if it asks for one"),
        spec(Key::VllmApiKey, "VLLM_API_KEY", Model, true, None, "the key of vllm:MODEL, if it asks for one"),
        spec(
            Key::AgentContext,
            "AGENT_CONTEXT",
            Model,
            false,
            None,
            "its window in tokens; by the endpoint when unset",
        ),
        spec(Key::AgentMaxTokens, "AGENT_MAX_TOKENS", Model, false, None, "the most tokens that a session may take"),
        spec(Key::AgentMaxCost, "AGENT_MAX_COST", Model, false, None, "the most that its model calls may cost, in USD"),
        spec(
            Key::S3Endpoint,
            "AIOZ_S3_ENDPOINT",
            Storage,
            false,
            Some("https://s3.aiozstorage.network"),
            "S3-compatible storage",
        ),
        spec(Key::S3Region, "AIOZ_S3_REGION", Storage, false, Some("us-east-1"), "its region"),
        spec(Key::Bucket, "AIOZ_BUCKET", Storage, false, None, "the bucket for datasets"),
        spec(Key::AccessKey, "AIOZ_ACCESS_KEY", Storage, true, None, "its access key"),
        spec(Key::SecretKey, "AIOZ_SECRET_KEY", Storage, true, None, "its secret key"),
        spec(
            Key::W3aiEndpoint,
            "AIOZ_W3AI_ENDPOINT",
            Compute,
            false,
            Some("https://api.aiozai.network/api/v1"),
            "the AIOZ AI API, or an `agent node`",
        ),
        spec(Key::ApiKey, "AIOZ_API_KEY", Compute, true, None, "its key"),
        spec(Key::ResultHosts, "AIOZ_RESULT_HOSTS", Compute, false, None, "further servers of results, by commas"),
        spec(
            Key::WebhookAddr,
            "AGENT_WEBHOOK_ADDR",
            Program,
            false,
            None,
            "listens here for a node's webhooks: IP:PORT",
        ),
        spec(Key::WebhookUrl, "AGENT_WEBHOOK_URL", Program, false, None, "what the node is told of it, if not that"),
        spec(Key::NeoRpcUrl, "NEO_RPC_URL", Chain, false, None, "Neo N3 JSON-RPC nodes, separated by commas"),
        spec(Key::NeoNetwork, "NEO_NETWORK", Chain, false, Some("testnet"), "mainnet, testnet, or a magic number"),
        spec(Key::NeoPrivateKey, "NEO_PRIVATE_KEY", Chain, true, None, "the paying key: WIF or 64 hex digits"),
        spec(Key::NeoWallet, "NEO_WALLET", Chain, false, None, "or the paying wallet: a NEP-6 file"),
        spec(Key::NeoAccount, "NEO_ACCOUNT", Chain, false, None, "which account of that file pays: address or label"),
        spec(Key::GasRecipient, "GAS_RECIPIENT", Chain, false, None, "who may be paid: addresses, by commas"),
    ]
};

impl Key {
    /// What is known of it.
    pub fn spec(self) -> &'static Spec {
        // Every key has its place in SPECS, in the enum's own order up to grouping; a test holds the table to it.
        SPECS.iter().find(|s| s.key == self).unwrap_or(&SPECS[0])
    }

    /// Its name in the environment.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The setting of that name, in any case.
    pub fn from_name(name: &str) -> Option<Key> {
        SPECS.iter().find(|s| s.name.eq_ignore_ascii_case(name)).map(|s| s.key)
    }

    /// The setting whose name is closest to `name`, where one is close enough to be what was meant.
    pub fn nearest(name: &str) -> Option<Key> {
        let wanted = name.to_ascii_uppercase();
        SPECS
            .iter()
            .map(|s| (strsim::osa_distance(&wanted, s.name), s.key))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 3)
            .map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_key_once() {
        for (i, spec) in SPECS.iter().enumerate() {
            assert_eq!(spec.key.spec().name, spec.name);
            assert_eq!(Key::from_name(&spec.name.to_lowercase()), Some(spec.key));
            assert!(SPECS.iter().skip(i + 1).all(|other| other.name != spec.name && other.key != spec.key));
            assert!(!(spec.secret && spec.default.is_some()));
        }
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        assert_eq!(Key::nearest("AIOZ_BUKET"), Some(Key::Bucket));
        assert_eq!(Key::nearest("neo_rpc_urls"), Some(Key::NeoRpcUrl));
        assert_eq!(Key::nearest("DATABASE_URL"), None);
    }
}
