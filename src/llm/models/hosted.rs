//! Models that their makers and the large clouds serve, by the variables that the clients of each read.

use super::{Models, detected, gateway::Gateway, model_name::AZURE};
use crate::{
    config::Endpoint,
    llm::{
        Error, catalog,
        error_mapping::RemoteModel,
        provider::{Access, Provider, Wishes},
        secret::Secret,
        server::{Known, Protocol, ServerModel},
    },
};
use genai::adapter::AdapterKind;

/// The variable with the address of a resource at Azure.
pub(super) const AZURE_ENDPOINT: &str = "AZURE_OPENAI_ENDPOINT";

/// Where Cohere serves the protocol of OpenAI.
const COHERE: &str = "https://api.cohere.ai/compatibility/v1";

impl Models {
    pub(super) async fn of_provider(&self, kind: AdapterKind, name: &str) -> Result<Provider, Error> {
        let key = self.provider_key(kind);
        let variables = catalog::key_variables(kind);
        if let (None, Some(variable), false) = (&key, variables.first(), catalog::works_without_key(kind)) {
            return Err(Error::MissingKey { model: name.to_owned(), variable: (*variable).to_owned() });
        }
        let Gateway { base, headers, .. } = Gateway::of(kind, &self.environment);
        let (providers, memory) = (self.connections.providers()?, self.connections.memory());
        let access = Access { key, base, headers };
        let wishes = Wishes { timeouts: self.timeouts, window: self.window, effort: self.effort };
        Provider::of_kind(providers, memory, kind, name, access, wishes).await
    }

    /// A deployment at Azure, by the variables that its own clients read.
    pub(super) fn of_azure(&self, deployment: &str) -> Result<ServerModel, Error> {
        let name = format!("{AZURE}{deployment}");
        let set = |variable: &str| self.environment.get(variable);
        let missing = |variable: &str| Error::MissingKey { model: name.clone(), variable: variable.to_owned() };
        let base = set(AZURE_ENDPOINT).ok_or_else(|| {
            Error::Configuration(format!("{name} needs the address of its resource in {AZURE_ENDPOINT}"))
        })?;
        let key = set("AZURE_OPENAI_API_KEY").and_then(|key| Secret::new(&key));
        let key = key.ok_or_else(|| missing("AZURE_OPENAI_API_KEY"))?;
        let base = base.trim().trim_end_matches('/').trim_end_matches("/openai/v1").trim_end_matches("/openai");
        let address = match set("AZURE_OPENAI_API_VERSION").or_else(|| set("OPENAI_API_VERSION")) {
            Some(version) => format!("{base}/openai/deployments/{deployment}?api-version={}", version.trim()),
            None => format!("{base}/openai/v1"),
        };
        let endpoint = Endpoint::parse(&address)
            .map_err(|problem| Error::Configuration(format!("{AZURE_ENDPOINT}: {problem}")))?;
        let remote = RemoteModel::new(
            name.clone(),
            endpoint.to_string(),
            Some(("AZURE_OPENAI_API_KEY".to_owned(), key)),
            &endpoint.keys(),
        );
        let remote = remote.with_key_in("api-key");
        let window = self.window.or_else(|| catalog::window(&name));
        let known = Known { window, effort: self.effort, ..Known::default() };
        let (connections, protocol) = (&self.connections, Protocol::OpenAi);
        ServerModel::new(connections, protocol, &endpoint, deployment, remote, self.timeouts, known)
    }

    /// A model of Cohere, by the protocol of OpenAI that it serves beside its own: the one that `genai` knows has no tools.
    pub(super) fn of_cohere(&self, name: &str) -> Result<ServerModel, Error> {
        let kind = AdapterKind::Cohere;
        let key = self.provider_key(kind).ok_or_else(|| Error::MissingKey {
            model: name.to_owned(),
            variable: catalog::key_variables(kind).concat(),
        })?;
        let Gateway { base, headers, variable } = Gateway::of(kind, &self.environment);
        let base = base.unwrap_or_else(|| COHERE.to_owned());
        let endpoint = Endpoint::parse(&base).map_err(|problem| {
            Error::Configuration(format!("{}: {problem}", variable.unwrap_or("the address of Cohere")))
        })?;
        let remote = RemoteModel::new(name, endpoint.to_string(), Some(key), &endpoint.keys());
        let remote = if headers.is_empty() { remote } else { remote.with_headers(headers, &endpoint.keys()) };
        let known = Known { window: self.window, calls_tools: Some(true), effort: self.effort, ..Known::default() };
        let (connections, protocol) = (&self.connections, Protocol::OpenAi);
        ServerModel::new(connections, protocol, &endpoint, detected::bare(name), remote, self.timeouts, known)
    }
}
