//! From the settings and the environment to models that can be called.
//!
//! A model is named as `provider::model`, by a bare name, as `cli:COMMAND`, or as `extractive`. With nothing named, the
//! first of these is taken, and the choice comes with its reason: a server that an endpoint names, a key in the
//! environment, an Ollama on this machine, the extractive model.
//!
//! Keys go to their own provider and nowhere else: the key of an endpoint comes from `RLM_API_KEY` alone, and a model
//! that a program names is looked for only where the person already sends text.

mod detected;
mod gateway;
mod model_name;
mod ollama;

use super::{
    EXTRACTIVE, Error, Model, Timeouts, catalog,
    command::CommandModel,
    error_mapping::RemoteModel,
    extractive::Reader,
    http::{Connections, Listed, list_models},
    pool::{EndpointHealth, Pool},
    provider::{Access, Provider},
    secret::Secret,
    server::{Known, Protocol, ServerModel},
};
use crate::config::{Endpoint, Environment, Settings};
use futures::future::join_all;
use gateway::Gateway;
use genai::adapter::AdapterKind;
use model_name::{AZURE, ModelName};
use ollama::Ollama;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub use detected::{Answer, Check, DetectedModels, KeyFound, OllamaFound};

/// The variable that holds the key of the endpoints.
pub(super) const ENDPOINT_KEY: &str = "RLM_API_KEY";
/// The variable that names the variables with keys that programs which answer as models are given.
const COMMAND_KEYS: &str = "RLM_CLI_ENV";
/// How long a list of models may take when a call depends on it.
const LIST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take where only the window of a model depends on it.
const WINDOW_TIMEOUT: Duration = Duration::from_secs(1);
/// How many models are kept at most.
const MOST_KEPT: usize = 256;
/// How long one call of a program may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(3600);

/// The models of a run, and why these.
#[derive(Debug, Clone)]
pub struct Choice {
    pub root: Arc<dyn Model>,
    pub worker: Arc<dyn Model>,
    /// The reason in words for a person, e.g. "ANTHROPIC_API_KEY is set".
    pub why: String,
    /// The providers that the person already sends text to.
    kinds: Vec<AdapterKind>,
}

impl Choice {
    /// Models that are there already.
    pub fn new(root: Arc<dyn Model>, worker: Arc<dyn Model>, why: String) -> Self {
        Self { root, worker, why, kinds: Vec::new() }
    }
}

/// Finds models by name.
#[derive(Debug)]
pub struct Models {
    model: Option<String>,
    worker: Option<String>,
    endpoints: Vec<(Endpoint, Arc<EndpointHealth>)>,
    environment: Environment,
    extractive: Arc<dyn Model>,
    /// The window that the person has named.
    window: Option<usize>,
    timeouts: Timeouts,
    connections: Connections,
    /// Models that were found already, so that all calls of one share its state.
    found: Mutex<HashMap<String, Arc<dyn Model>>>,
    /// Whether the warnings have been taken.
    has_warned: AtomicBool,
}

impl Models {
    /// `extractive` is the model that needs nothing and is there when nothing else is.
    pub fn new(settings: &Settings, environment: Environment, extractive: Arc<dyn Model>) -> Self {
        Self {
            model: settings.model.clone(),
            worker: settings.worker.clone(),
            endpoints: settings.endpoints.iter().map(|it| (it.clone(), Arc::default())).collect(),
            environment,
            extractive,
            window: settings.window.and_then(|window| usize::try_from(window).ok()),
            timeouts: Timeouts { first_text: settings.first_token_timeout, between: settings.silence_timeout },
            connections: Connections::default(),
            found: Mutex::default(),
            has_warned: AtomicBool::new(false),
        }
    }

    /// The same with other limits on silence.
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// What a person should know about these models before text goes to them. It is said once, so that nobody learns to
    /// look past it.
    pub fn take_warnings(&self) -> Vec<String> {
        match self.has_warned.swap(true, Ordering::Relaxed) {
            true => Vec::new(),
            false => self.warnings(),
        }
    }

    /// The same, however often it was said.
    fn warnings(&self) -> Vec<String> {
        let readable = self.endpoints.iter().map(|(endpoint, _)| endpoint).filter(|it| it.is_readable_on_the_way());
        let warning = |endpoint: &Endpoint| {
            let key = match self.endpoint_key() {
                Some(_) => format!("the key in {ENDPOINT_KEY}"),
                None if !endpoint.keys().is_empty() => "the key in its address".to_owned(),
                None => return None,
            };
            Some(format!(
                "{endpoint} is called by plain HTTP: {key} and all text can be read on the way; use https, or a tunnel"
            ))
        };
        readable.filter_map(warning).collect()
    }

    /// The models of a run.
    ///
    /// # Errors
    /// A name that means nothing, a key that is missing, or an endpoint that does not say which models it has.
    pub async fn choose(&self) -> Result<Choice, Error> {
        let (named, why) = match &self.model {
            Some(name) => (name.clone(), "it is configured".to_owned()),
            None => self.default_model().await?,
        };
        let root = self.named(&named).await?;
        let worker = match &self.worker {
            Some(name) => self.named(name).await?,
            None => root.clone(),
        };
        let reads = root.name() == EXTRACTIVE && worker.name() != EXTRACTIVE;
        let worker: Arc<dyn Model> = if reads { Arc::new(Reader::new(worker)) } else { worker };
        let names = [Some(&named), self.worker.as_ref()];
        let kinds = names.into_iter().flatten().filter_map(|name| self.name(name).ok()?.kind()).collect();
        Ok(Choice { root, worker, why, kinds })
    }

    /// The model that a program of a model asks for. It may name those of the run, other models of the endpoints, and
    /// other models of the providers of the run. It may not run commands, or send text to where none goes already.
    ///
    /// # Errors
    /// The name is none of these.
    pub async fn for_program(&self, choice: &Choice, name: &str) -> Result<Arc<dyn Model>, Error> {
        for own in [&choice.root, &choice.worker] {
            if own.name() == name {
                return Ok(own.clone());
            }
        }
        let allowed = match self.name(name)? {
            ModelName::Extractive => true,
            ModelName::Command(_) => false,
            ModelName::AtEndpoint(_) => true,
            ModelName::AtAzure(_) => [&choice.root, &choice.worker].iter().any(|own| own.name().starts_with(AZURE)),
            ModelName::OfProvider(kind, _) => choice.kinds.contains(&kind),
        };
        if !allowed {
            let (root, worker) = (choice.root.name(), choice.worker.name());
            let detail = "a program may not call it";
            return Err(Error::Configuration(format!(
                "{name}: {detail}; the models of this run are {root} and {worker}"
            )));
        }
        self.named(name).await
    }

    /// The model of that name.
    ///
    /// # Errors
    /// The name means nothing, or the key for it is missing.
    pub async fn named(&self, name: &str) -> Result<Arc<dyn Model>, Error> {
        if let Some(model) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(model.clone());
        }
        let model = self.make(self.name(name)?).await?;
        Ok(self.keep(name, model))
    }

    /// Of two that were found at the same time, the first is kept, since it may be in use. Programs may make names up,
    /// so there is an end to keeping.
    fn keep(&self, name: &str, model: Arc<dyn Model>) -> Arc<dyn Model> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match found.get(name) {
            Some(earlier) => earlier.clone(),
            None if found.len() >= MOST_KEPT => model,
            None => found.entry(name.to_owned()).or_insert(model).clone(),
        }
    }

    fn name(&self, name: &str) -> Result<ModelName, Error> {
        ModelName::parse(name, !self.endpoints.is_empty())
    }

    async fn make(&self, name: ModelName) -> Result<Arc<dyn Model>, Error> {
        match name {
            ModelName::Extractive => Ok(self.extractive.clone()),
            ModelName::Command(line) => Ok(Arc::new(self.command(&line, COMMAND_TIMEOUT)?)),
            ModelName::AtEndpoint(name) => self.at_endpoints(&name, self.listed_window(&name).await),
            ModelName::AtAzure(deployment) => Ok(Arc::new(self.of_azure(&deployment)?)),
            ModelName::OfProvider(AdapterKind::Ollama, name) => Ok(Arc::new(self.of_ollama(&name).await?)),
            ModelName::OfProvider(kind, name) => Ok(Arc::new(self.of_provider(kind, &name).await?)),
        }
    }

    fn command(&self, line: &str, timeout: Duration) -> Result<CommandModel, Error> {
        let lent = self.environment.get(COMMAND_KEYS).unwrap_or_default();
        let lent = lent.split(|it: char| it == ',' || it.is_whitespace()).filter(|it| !it.is_empty());
        CommandModel::new(line, lent.map(str::to_owned).collect(), timeout, self.window)
    }

    fn at_endpoints(&self, name: &str, window: Option<usize>) -> Result<Arc<dyn Model>, Error> {
        let member = |(endpoint, health): &(Endpoint, Arc<EndpointHealth>)| {
            let remote = self.remote_at(endpoint, name)?;
            let known = Known { window: endpoint.own().window.or(self.window).or(window), ..Known::default() };
            let (connections, protocol) = (&self.connections, Protocol::OpenAi);
            let model = ServerModel::new(connections, protocol, endpoint, name, remote, self.timeouts, known)?;
            Ok((health.clone(), Arc::new(model) as Arc<dyn Model>))
        };
        let mut members = self.endpoints.iter().map(member).collect::<Result<Vec<_>, Error>>()?;
        match members.len() {
            1 => Ok(members.remove(0).1),
            _ => Ok(Arc::new(Pool::new(name.to_owned(), members))),
        }
    }

    async fn of_ollama(&self, name: &str) -> Result<ServerModel, Error> {
        let base = Ollama::base(&self.environment)?;
        let bare = detected::bare(name);
        let connection = self.connections.for_endpoint(&base)?;
        let mut known = ollama::facts(&connection, &base, &self.environment, bare).await;
        known.window = self.window.or(known.window);
        let remote = RemoteModel::new(name, base.to_string(), None, &base.keys());
        ServerModel::new(&self.connections, Protocol::Ollama, &base, bare, remote, self.timeouts, known)
    }

    async fn of_provider(&self, kind: AdapterKind, name: &str) -> Result<Provider, Error> {
        let key = self.provider_key(kind);
        let variables = catalog::key_variables(kind);
        if let (None, Some(variable), false) = (&key, variables.first(), catalog::works_without_key(kind)) {
            return Err(Error::MissingKey { model: name.to_owned(), variable: (*variable).to_owned() });
        }
        let Gateway { base, headers } = Gateway::of(kind, &self.environment);
        let (providers, memory) = (self.connections.providers()?, self.connections.memory());
        let access = Access { key, base, headers };
        Provider::of_kind(providers, memory, kind, name, access, self.timeouts, self.window).await
    }

    /// A deployment at Azure, by the variables that its own clients read.
    fn of_azure(&self, deployment: &str) -> Result<ServerModel, Error> {
        let name = format!("{AZURE}{deployment}");
        let set = |variable: &str| self.environment.get(variable);
        let missing = |variable: &str| Error::MissingKey { model: name.clone(), variable: variable.to_owned() };
        let base = set("AZURE_OPENAI_ENDPOINT").ok_or_else(|| {
            Error::Configuration(format!("{name} needs the address of its resource in AZURE_OPENAI_ENDPOINT"))
        })?;
        let key = set("AZURE_OPENAI_API_KEY").and_then(|key| Secret::new(&key));
        let key = key.ok_or_else(|| missing("AZURE_OPENAI_API_KEY"))?;
        let base = base.trim().trim_end_matches('/').trim_end_matches("/openai/v1").trim_end_matches("/openai");
        let address = match set("AZURE_OPENAI_API_VERSION").or_else(|| set("OPENAI_API_VERSION")) {
            Some(version) => format!("{base}/openai/deployments/{deployment}?api-version={}", version.trim()),
            None => format!("{base}/openai/v1"),
        };
        let endpoint = Endpoint::parse(&address)
            .map_err(|problem| Error::Configuration(format!("AZURE_OPENAI_ENDPOINT: {problem}")))?;
        let remote = RemoteModel::new(
            name.clone(),
            endpoint.to_string(),
            Some(("AZURE_OPENAI_API_KEY".to_owned(), key)),
            &endpoint.keys(),
        );
        let remote = remote.with_key_in("api-key");
        let known = Known { window: self.window.or_else(|| catalog::window(&name)), ..Known::default() };
        let (connections, protocol) = (&self.connections, Protocol::OpenAi);
        ServerModel::new(connections, protocol, &endpoint, deployment, remote, self.timeouts, known)
    }

    fn provider_key(&self, kind: AdapterKind) -> Option<(String, Secret)> {
        let held = |variable: &str| Some((variable.to_owned(), Secret::new(&self.environment.get(variable)?)?));
        catalog::key_variables(kind).into_iter().find_map(held)
    }

    /// The name of the model to take when none is named, and why it.
    async fn default_model(&self) -> Result<(String, String), Error> {
        if let Some((endpoint, _)) = self.endpoints.first() {
            return self.first_of_endpoints().await.map(|name| (name, format!("it is the first model at {endpoint}")));
        }
        let offer = catalog::OFFERS.iter().find(|offer| self.environment.get(offer.variable).is_some());
        if let Some(offer) = offer {
            return Ok((offer.model.to_owned(), format!("{} is set", offer.variable)));
        }
        if let Some(ollama) = Ollama::probe(&self.environment, &self.connections, ollama::TIMEOUT).await
            && let Some(model) = ollama.model(&self.environment)
        {
            return Ok((format!("ollama::{model}"), format!("Ollama answers at {}", ollama.base)));
        }
        Ok((EXTRACTIVE.to_owned(), "nothing is configured".to_owned()))
    }

    /// The first model of the first endpoint, in the order of the settings, that says what it has.
    async fn first_of_endpoints(&self) -> Result<String, Error> {
        let lists = join_all(self.endpoints.iter().map(|(endpoint, _)| self.list(endpoint, LIST_TIMEOUT))).await;
        let mut failure = None;
        for (list, (endpoint, _)) in lists.into_iter().zip(&self.endpoints) {
            match list {
                Ok(list) if list.iter().any(|listed| listed.writes) => {
                    let writing = list.into_iter().find(|listed| listed.writes);
                    let Some(Listed { name, window, .. }) = writing else { continue };
                    let model = self.at_endpoints(&name, window)?;
                    self.keep(&name, model);
                    return Ok(name);
                }
                Ok(_) => {
                    let message = format!("{endpoint} has no model that writes text; name one with --model");
                    failure.get_or_insert(Error::Configuration(message));
                }
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        Err(failure.unwrap_or_else(|| Error::Configuration("no endpoint is configured".to_owned())))
    }

    /// The smallest window that an endpoint tells for the model of this name. Servers that tell none are no trouble
    /// here.
    async fn listed_window(&self, name: &str) -> Option<usize> {
        let lists = self.endpoints.iter().map(|(endpoint, _)| self.list(endpoint, WINDOW_TIMEOUT));
        let lists = join_all(lists).await.into_iter().flatten();
        lists.flatten().filter(|listed| listed.name == name).filter_map(|listed| listed.window).min()
    }

    async fn list(&self, endpoint: &Endpoint, timeout: Duration) -> Result<Vec<Listed>, Error> {
        let remote = self.remote_at(endpoint, "the list of models")?;
        list_models(&self.connections.for_endpoint(endpoint)?, endpoint, &remote, timeout).await
    }

    fn remote_at(&self, endpoint: &Endpoint, model: &str) -> Result<RemoteModel, Error> {
        let variable = endpoint.own().key_variable.as_deref().unwrap_or(ENDPOINT_KEY);
        let key = self.environment.get(variable).and_then(|key| Secret::new(&key));
        let remote =
            RemoteModel::new(model, endpoint.to_string(), key.map(|key| (variable.to_owned(), key)), &endpoint.keys());
        let headers = endpoint.own().headers(&self.environment).map_err(|variable| {
            Error::Configuration(format!("a header for {endpoint} needs {variable}, which is not set"))
        })?;
        Ok(if headers.is_empty() { remote } else { remote.with_headers(headers, &endpoint.keys()) })
    }

    fn endpoint_key(&self) -> Option<Secret> {
        self.environment.get(ENDPOINT_KEY).and_then(|key| Secret::new(&key))
    }
}

#[cfg(test)]
mod tests;
