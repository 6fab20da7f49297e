//! What is known beforehand about providers: which variable holds the key, and which model to take by default.
//!
//! Models come and go, so everything that ages stands in this one file. The names are those that the documentation and
//! the tests of `genai` 0.7.2 (October 2026) use; a person who wants another names it with `--model`.

use genai::adapter::AdapterKind;

/// A key that may lie in the environment, and the model that it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) variable: &'static str,
    /// As a person would name it.
    pub(super) model: &'static str,
}

const fn offer(variable: &'static str, model: &'static str) -> Offer {
    Offer { variable, model }
}

/// In the order in which they are tried. `GITHUB_TOKEN` is not among them: it is set for other ends on many machines.
pub(super) const OFFERS: &[Offer] = &[
    offer("ANTHROPIC_API_KEY", "anthropic::claude-sonnet-5-5"),
    offer("OPENAI_API_KEY", "openai_resp::gpt-6-luna"),
    offer("OPENROUTER_API_KEY", "open_router::anthropic/claude-sonnet-4-5"),
    offer("OPEN_ROUTER_API_KEY", "open_router::anthropic/claude-sonnet-4-5"),
    offer("DEEPSEEK_API_KEY", "deepseek::deepseek-flash"),
    offer("GEMINI_API_KEY", "gemini::gemini-3.8-flash"),
    offer("XAI_API_KEY", "xai::grok-4.7"),
    offer("MISTRAL_API_KEY", "mistral::mistral-large-4"),
    offer("GROQ_API_KEY", "groq::openai/gpt-oss-120b"),
    offer("TOGETHER_API_KEY", "together::openai/gpt-oss-120b"),
    offer("FIREWORKS_API_KEY", "fireworks::gpt-oss-120b"),
    offer("ZAI_API_KEY", "zai::glm-5.3-flash"),
    offer("KIMI_API_KEY", "kimi::kimi-k2.7-code"),
    offer("MINIMAX_API_KEY", "minimax::MiniMax-M3"),
    offer("QWEN_CLOUD_API_KEY", "qwen_cloud::qwen3.8-max"),
    offer("ALIYUN_API_KEY", "aliyun::qwen-plus"),
    offer("OLLAMA_API_KEY", "ollama_cloud::gpt-oss:120b"),
];

/// The provider that a name such as `openrouter` or `ollama` stands for.
pub(super) fn kind_of(provider: &str) -> Option<AdapterKind> {
    let name = provider.to_lowercase().replace('-', "_");
    match name.as_str() {
        "openrouter" => Some(AdapterKind::OpenRouter),
        "google" => Some(AdapterKind::Gemini),
        // A subscription of Z.AI, told by its namespace alone.
        "zai_coding" => Some(AdapterKind::Zai),
        // `genai_1` and its like read the process environment; `--endpoint` does the same in the open.
        _ => AdapterKind::from_lower_str(&name).filter(|kind| !matches!(kind, AdapterKind::Custom(_))),
    }
}

/// The variables that may hold the provider's key; none if it needs none.
pub(super) fn key_variables(kind: AdapterKind) -> Vec<&'static str> {
    match kind {
        // The provider's own documentation says the one, `genai` the other.
        AdapterKind::OpenRouter => vec!["OPENROUTER_API_KEY", "OPEN_ROUTER_API_KEY"],
        AdapterKind::Anthropic => vec!["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
        _ => kind.default_key_env_name().into_iter().collect(),
    }
}

/// Whether the provider may be called without a key.
pub(super) fn works_without_key(kind: AdapterKind) -> bool {
    matches!(kind, AdapterKind::Ollama | AdapterKind::Omlx)
}

/// Whether the models of a provider can call tools, where that is known: all of those that it has been serving for
/// years. What a gateway serves may be anything, and an Ollama says it of each model.
pub(super) fn calls_tools(kind: AdapterKind) -> Option<bool> {
    use AdapterKind as K;
    let all_do = matches!(
        kind,
        K::Anthropic | K::OpenAI | K::OpenAIResp | K::Gemini | K::Vertex | K::DeepSeek | K::Xai | K::Mistral
    );
    all_do.then_some(true)
}

/// Whether a provider can hold its models to a schema; `genai` writes it in the provider's way.
pub(super) fn takes_shapes(kind: AdapterKind) -> bool {
    use AdapterKind as K;
    matches!(
        kind,
        K::Anthropic
            | K::OpenAI
            | K::OpenAIResp
            | K::Gemini
            | K::Vertex
            | K::OpenRouter
            | K::Mistral
            | K::Groq
            | K::Xai
            | K::Together
            | K::Fireworks
            | K::OllamaCloud
    )
}

/// Whether a provider refuses the results of calls that come without what its model has reasoned before them.
pub(super) fn wants_thoughts(kind: AdapterKind, model: &str) -> bool {
    use AdapterKind as K;
    matches!(kind, K::Anthropic | K::OpenCodeGo) || kind == K::Vertex && model.contains("claude")
}

/// Whether a model reasons within a number of tokens that are part of its longest reply. Later ones take a word.
pub(super) fn reasons_within_budget(model: &str) -> bool {
    const NAMES: [&str; 8] =
        ["haiku-4-5", "sonnet-4-5", "sonnet-4-2", "sonnet-4-0", "opus-4-2", "opus-4-1", "opus-4-0", "claude-3-7"];
    let name = model.to_lowercase().replace('.', "-");
    NAMES.iter().any(|it| name.contains(it))
}

/// Whether calls of tools come in pieces, as in OpenAI's protocol. The others have protocols of their own.
pub(super) fn streams_calls(kind: AdapterKind) -> bool {
    use AdapterKind as K;
    !matches!(
        kind,
        K::Anthropic
            | K::Gemini
            | K::GeminiIx
            | K::Vertex
            | K::OpenAIResp
            | K::Ollama
            | K::OllamaCloud
            | K::Cohere
            | K::BedrockApi
            | K::OpenCodeGo
    )
}

/// Whether the provider serves the models of others under the names that these gave them.
pub(super) fn is_gateway(kind: AdapterKind) -> bool {
    use AdapterKind as K;
    matches!(
        kind,
        K::OpenRouter
            | K::Requesty
            | K::AtlasCloud
            | K::ApiRoute
            | K::Aihubmix
            | K::Aliyun
            | K::QwenCloud
            | K::Together
            | K::Fireworks
            | K::Groq
            | K::Nebius
            | K::GithubCopilot
            | K::Heabsy
            | K::Runcrate
            | K::CloudGpu
    )
}

/// How many tokens fit the window of a model that a provider serves: the smallest window that any model of its family
/// has been sold with, since a guess too small costs little and a guess too large costs the answer.
pub(super) fn window(model: &str) -> Option<usize> {
    const FAMILIES: &[(&str, usize)] = &[
        ("claude-", 200_000),
        ("gpt-6", 256_000),
        ("gpt-5", 256_000),
        ("gpt-4.1", 1_000_000),
        ("gpt-4o", 128_000),
        ("gpt-oss", 128_000),
        ("o3", 200_000),
        ("o4", 200_000),
        ("gemini-", 1_000_000),
        ("deepseek-", 128_000),
        ("grok-", 128_000),
        ("glm-", 128_000),
        ("kimi-", 128_000),
        ("mistral-large", 128_000),
    ];
    // What a local server loads a model with is its own affair.
    if model.starts_with("ollama::") || model.starts_with("omlx") {
        return None;
    }
    let name = model.rsplit("::").next()?.rsplit('/').next()?;
    FAMILIES.iter().find(|(family, _)| name.starts_with(family)).map(|(_, window)| *window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offer_names_a_provider_that_takes_its_key() {
        for Offer { variable, model } in OFFERS {
            let (provider, _) = model.split_once("::").unwrap();
            let kind = kind_of(provider).unwrap_or_else(|| panic!("{provider} is unknown"));
            assert!(key_variables(kind).contains(variable), "{variable} for {model}");
        }
    }

    #[test]
    fn no_variable_with_a_providers_key_is_handed_on_to_programs() {
        let offered = OFFERS.iter().map(|offer| offer.variable);
        for variable in offered.chain(["RLM_API_KEY", "GITHUB_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "VERTEX_API_KEY"]) {
            assert!(crate::exec::names_secret(variable, "value"), "{variable}");
        }
    }

    #[test]
    fn the_order_of_the_contract_comes_first() {
        let mut order: Vec<_> = OFFERS.iter().map(|it| it.variable).collect();
        order.retain(|it| *it != "OPEN_ROUTER_API_KEY");
        let contract =
            ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "DEEPSEEK_API_KEY", "GEMINI_API_KEY"];
        assert_eq!(order[..5], contract);
    }

    #[test]
    fn providers_are_known_by_more_than_one_spelling() {
        assert_eq!(kind_of("OpenRouter"), kind_of("open-router"));
        assert_eq!(kind_of("Anthropic"), Some(AdapterKind::Anthropic));
        assert_eq!(kind_of("genai_1"), None);
        assert_eq!(kind_of("nobody"), None);
    }

    #[test]
    fn windows_are_known_by_family_and_not_for_local_servers() {
        assert_eq!(window("anthropic::claude-sonnet-5-5"), Some(200_000));
        assert_eq!(window("open_router::anthropic/claude-x"), Some(200_000));
        assert_eq!(window("ollama::gpt-oss:20b"), None);
        assert_eq!(window("something-else"), None);
    }
}
