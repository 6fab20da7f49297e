//! By which names the conventions know who answers, and a model's name without what nobody else is to know.

use crate::{llm::EXTRACTIVE, text::one_line};

/// Who answers, and the model's name for a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answering {
    pub provider: &'static str,
    pub model: String,
}

/// What stands before the `::` of a model's name, or how its name begins, and the provider's name in the conventions.
const PROVIDERS: [(&str, &str); 18] = [
    ("anthropic", "anthropic"),
    ("claude", "anthropic"),
    ("azure", "azure.ai.openai"),
    ("bedrock", "aws.bedrock"),
    ("cohere", "cohere"),
    ("command", "cohere"),
    ("deepseek", "deepseek"),
    ("gemini", "gcp.gemini"),
    ("vertex", "gcp.vertex_ai"),
    ("groq", "groq"),
    ("mistral", "mistral_ai"),
    ("ollama", "ollama"),
    ("openrouter", "openrouter"),
    ("open_router", "openrouter"),
    ("perplexity", "perplexity"),
    ("sonar", "perplexity"),
    ("xai", "x_ai"),
    ("grok", "x_ai"),
];

/// Whoever is not known speaks the protocol of OpenAI, and that is what the name of a provider stands for.
const OTHERS: &str = "openai";

const COMMAND: &str = "cli:";

/// Characters of a model's name.
const NAME_CHARS: usize = 120;

impl Answering {
    pub fn of(name: &str) -> Self {
        if name == EXTRACTIVE {
            return Self { provider: "rlm", model: name.to_owned() };
        }
        // A command line may hold paths.
        if name.starts_with(COMMAND) {
            return Self { provider: "cli", model: "cli".to_owned() };
        }
        let (kind, model) = name.split_once("::").unwrap_or((name, name));
        let kind = kind.to_lowercase();
        let known = PROVIDERS.iter().find(|(beginning, _)| kind.starts_with(beginning));
        // Some servers call a model by the path of its file.
        let is_path = model.starts_with(['/', '.', '~']) || model.contains('\\');
        let model = if is_path { model.rsplit(['/', '\\']).next().unwrap_or_default() } else { model };
        Self { provider: known.map_or(OTHERS, |(_, provider)| provider), model: one_line(model, NAME_CHARS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_have_the_names_of_the_conventions_and_models_no_paths() {
        for (name, provider, model) in [
            ("anthropic::claude-sonnet-5-5", "anthropic", "claude-sonnet-5-5"),
            ("claude-haiku-4-5", "anthropic", "claude-haiku-4-5"),
            ("gemini-3-pro", "gcp.gemini", "gemini-3-pro"),
            ("gpt-5.2", "openai", "gpt-5.2"),
            ("Qwen/Qwen3-Coder", "openai", "Qwen/Qwen3-Coder"),
            ("/home/ann/secret/model.gguf", "openai", "model.gguf"),
            ("cli:claude -p /home/ann", "cli", "cli"),
            ("extractive", "rlm", "extractive"),
        ] {
            assert_eq!(Answering::of(name), Answering { provider, model: model.to_owned() }, "{name}");
        }
    }
}
