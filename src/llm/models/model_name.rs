//! What the name of a model says about where it is.

use crate::llm::{EXTRACTIVE, Error, catalog};
use genai::adapter::AdapterKind;

/// What the names of deployments at Azure begin with.
pub(super) const AZURE: &str = "azure::";

/// A model's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ModelName {
    /// Built in.
    Extractive,
    /// Behind a program; the command line.
    Command(String),
    /// At the configured endpoints, under exactly this name.
    AtEndpoint(String),
    /// At Azure; the name of the deployment.
    AtAzure(String),
    /// At a provider; the name as `genai` reads it, with the provider before `::`.
    OfProvider(AdapterKind, String),
}

impl ModelName {
    /// Reads a name. With endpoints, whatever names no provider is a model of theirs.
    ///
    /// # Errors
    /// A provider that does not exist.
    pub(super) fn parse(name: &str, has_endpoints: bool) -> Result<Self, Error> {
        if name == EXTRACTIVE {
            return Ok(Self::Extractive);
        }
        if let Some(line) = name.strip_prefix("cli:") {
            return Ok(Self::Command(line.trim().to_owned()));
        }
        if let Some(deployment) = name.strip_prefix(AZURE).filter(|it| !it.is_empty()) {
            return Ok(Self::AtAzure(deployment.to_owned()));
        }
        if let Some((provider, model)) = name.split_once("::") {
            match catalog::kind_of(provider) {
                Some(_) if model.is_empty() => {
                    return Err(Error::Configuration(format!("`{name}` names a provider and no model")));
                }
                // `genai` tells subscriptions by their namespace, so that one stays as it is.
                Some(kind) if provider == "zai_coding" => return Ok(Self::OfProvider(kind, name.to_owned())),
                Some(kind) => return Ok(Self::OfProvider(kind, format!("{}::{model}", kind.as_lower_str()))),
                None if has_endpoints => {}
                None => {
                    let message = format!("`{provider}` is no provider; known ones are {}, …", known());
                    return Err(Error::Configuration(message));
                }
            }
        }
        if has_endpoints {
            return Ok(Self::AtEndpoint(name.to_owned()));
        }
        let kind = AdapterKind::from_model(name)
            .map_err(|_| Error::Configuration(format!("`{name}` is the name of no model that is known")))?;
        Ok(Self::OfProvider(kind, format!("{}::{name}", kind.as_lower_str())))
    }

    /// The provider, if it is at one.
    pub(super) fn kind(&self) -> Option<AdapterKind> {
        match self {
            Self::OfProvider(kind, _) => Some(*kind),
            _ => None,
        }
    }
}

fn known() -> String {
    let names = ["anthropic", "openai", "open_router", "deepseek", "gemini", "ollama"];
    names.map(|it| format!("`{it}`")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_where_a_model_is() {
        use AdapterKind as K;
        let provider = |kind, name: &str| ModelName::OfProvider(kind, name.to_owned());
        let endpoint = |name: &str| ModelName::AtEndpoint(name.to_owned());
        let cases = [
            ("extractive", false, ModelName::Extractive),
            ("extractive", true, ModelName::Extractive),
            ("cli: claude -p", true, ModelName::Command("claude -p".into())),
            ("anthropic::claude-x", false, provider(K::Anthropic, "anthropic::claude-x")),
            ("Anthropic::claude-x", false, provider(K::Anthropic, "anthropic::claude-x")),
            ("azure::my-gpt", true, ModelName::AtAzure("my-gpt".into())),
            ("openrouter::a/b::c", false, provider(K::OpenRouter, "open_router::a/b::c")),
            ("zai_coding::glm-5", false, provider(K::Zai, "zai_coding::glm-5")),
            ("claude-x", false, provider(K::Anthropic, "anthropic::claude-x")),
            ("gpt-4o", false, provider(K::OpenAI, "openai::gpt-4o")),
            ("gpt-5.4-mini", false, provider(K::OpenAIResp, "openai_resp::gpt-5.4-mini")),
            ("qwen3-coder:30b", false, provider(K::Ollama, "ollama::qwen3-coder:30b")),
            ("claude-x", true, endpoint("claude-x")),
            ("team::model/a", true, endpoint("team::model/a")),
            ("ollama::qwen3", true, provider(K::Ollama, "ollama::qwen3")),
        ];
        for (name, has_endpoints, expected) in cases {
            assert_eq!(ModelName::parse(name, has_endpoints).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn a_provider_that_does_not_exist_is_told() {
        assert_eq!(
            ModelName::parse("antropic::claude", false).unwrap_err().to_string(),
            "`antropic` is no provider; known ones are `anthropic`, `openai`, `open_router`, `deepseek`, `gemini`, \
             `ollama`, …"
        );
        assert_eq!(
            ModelName::parse("anthropic::", false).unwrap_err().to_string(),
            "`anthropic::` names a provider and no model"
        );
    }
}
