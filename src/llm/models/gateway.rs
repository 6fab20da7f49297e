//! Where a provider's models are called if not at the provider itself: by the variables that its own clients read.

use crate::config::Environment;
use genai::adapter::AdapterKind;

/// Another place for a provider's models.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Gateway {
    /// The base URL, as `genai` wants it: with the version, and a slash at the end.
    pub(super) base: Option<String>,
    /// The variable that it comes from.
    pub(super) variable: Option<&'static str>,
    pub(super) headers: Vec<(String, String)>,
}

/// A variable with a base URL, and what is missing at the end of what people put into it.
type Base = (&'static str, &'static str);

fn bases(kind: AdapterKind) -> &'static [Base] {
    use AdapterKind as K;
    match kind {
        K::Anthropic => &[("ANTHROPIC_BASE_URL", "v1")],
        K::OpenAI | K::OpenAIResp => &[("OPENAI_BASE_URL", ""), ("OPENAI_API_BASE", "")],
        K::Gemini | K::GeminiIx => &[("GOOGLE_GEMINI_BASE_URL", "v1beta"), ("GEMINI_BASE_URL", "v1beta")],
        K::Vertex => &[("GOOGLE_VERTEX_BASE_URL", ""), ("ANTHROPIC_VERTEX_BASE_URL", "")],
        K::BedrockApi => &[("ANTHROPIC_BEDROCK_BASE_URL", ""), ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "")],
        K::Cohere => &[("CO_API_URL", "compatibility/v1"), ("COHERE_BASE_URL", "compatibility/v1")],
        K::OpenRouter => &[("OPENROUTER_BASE_URL", "")],
        K::DeepSeek => &[("DEEPSEEK_BASE_URL", "v1")],
        K::Mistral => &[("MISTRAL_BASE_URL", "v1")],
        K::Groq => &[("GROQ_BASE_URL", "openai/v1")],
        K::Xai => &[("XAI_BASE_URL", "v1")],
        K::Together => &[("TOGETHER_BASE_URL", "v1")],
        K::Fireworks => &[("FIREWORKS_BASE_URL", "")],
        K::OllamaCloud => &[("OLLAMA_CLOUD_BASE_URL", "")],
        _ => &[],
    }
}

/// Variables that become headers of a provider.
fn headers(kind: AdapterKind) -> &'static [(&'static str, &'static str)] {
    use AdapterKind as K;
    match kind {
        K::OpenAI | K::OpenAIResp => &[
            ("OPENAI_ORG_ID", "openai-organization"),
            ("OPENAI_ORGANIZATION", "openai-organization"),
            ("OPENAI_PROJECT_ID", "openai-project"),
        ],
        _ => &[],
    }
}

impl Gateway {
    pub(super) fn of(kind: AdapterKind, environment: &Environment) -> Self {
        let set = |(variable, path): &Base| Some((*variable, whole(&environment.get(variable)?, path)));
        let (variable, base) = bases(kind).iter().find_map(set).unzip();
        let named = headers(kind).iter().filter_map(|(variable, name)| {
            let value = environment.get(variable)?;
            Some(((*name).to_owned(), value))
        });
        let mut headers: Vec<(String, String)> = named.collect();
        headers.dedup_by(|a, b| a.0 == b.0);
        if kind == AdapterKind::Anthropic
            && let Some(token) = environment.get("ANTHROPIC_AUTH_TOKEN")
        {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        let custom = format!("{}_CUSTOM_HEADERS", kind.as_lower_str().to_uppercase());
        let lines = environment.get(&custom).unwrap_or_default();
        let pairs = lines.lines().filter_map(|line| line.split_once(':'));
        headers.extend(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        Self { base, variable, headers }
    }
}

/// A base with the path that clients add to it, unless it is there, and with a slash at the end.
fn whole(base: &str, path: &str) -> String {
    let (base, query) = base.trim().split_once('?').unwrap_or((base.trim(), ""));
    let mut whole = base.trim_end_matches('/').to_owned();
    if !path.is_empty() && !whole.ends_with(&format!("/{path}")) {
        whole = format!("{whole}/{path}");
    }
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{whole}/{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_read_as_each_providers_clients_read_them() {
        use AdapterKind as K;
        for (kind, variable, value, expected) in [
            (K::Anthropic, "ANTHROPIC_BASE_URL", "http://gate:1", "http://gate:1/v1/"),
            (K::Anthropic, "ANTHROPIC_BASE_URL", "http://gate:1/anthropic/v1/", "http://gate:1/anthropic/v1/"),
            (K::OpenAI, "OPENAI_BASE_URL", "http://gate/v1", "http://gate/v1/"),
            (K::OpenAIResp, "OPENAI_BASE_URL", "http://gate/v1?a=b", "http://gate/v1/?a=b"),
            (K::Gemini, "GOOGLE_GEMINI_BASE_URL", "http://gate/", "http://gate/v1beta/"),
            (K::BedrockApi, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://gate", "http://gate/"),
        ] {
            let gateway = Gateway::of(kind, &Environment::of([(variable, value)]));
            assert_eq!(gateway.base.as_deref(), Some(expected), "{variable}={value}");
        }
        assert_eq!(Gateway::of(K::Xai, &Environment::of([("OPENAI_BASE_URL", "http://gate")])), Gateway::default());
    }

    #[test]
    fn headers_come_from_variables() {
        let environment = Environment::of([
            ("ANTHROPIC_CUSTOM_HEADERS", "x-portkey-api-key: abc\nx-b:c: d"),
            ("ANTHROPIC_AUTH_TOKEN", "tok"),
            ("OPENAI_ORG_ID", "org"),
        ]);
        let headers = |kind| {
            let headers = Gateway::of(kind, &environment).headers.into_iter();
            headers.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        let expected = ["authorization=Bearer tok", "x-portkey-api-key=abc", "x-b=c: d"];
        assert_eq!(headers(AdapterKind::Anthropic), expected);
        assert_eq!(headers(AdapterKind::OpenAI), ["openai-organization=org"]);
    }
}
