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
mod hosted;
mod model_name;
mod ollama;
mod warnings;

use super::{
    EXTRACTIVE, Error, Model, Timeouts, catalog,
    command::CommandModel,
    error_mapping::RemoteModel,
    extractive::Reader,
    http::{Connections, Listed, list_models, slots},
    pool::{EndpointLoad, Pool},
    secret::Secret,
    server::{Known, Protocol, ServerModel},
};
use crate::config::{Effort, Endpoint, Environment, Settings};
use futures::future::join_all;
use genai::adapter::AdapterKind;
use model_name::{AZURE, ModelName};
use ollama::Ollama;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

pub use detected::{Answer, Check, DetectedModels, KeyFound, OllamaFound};

/// The variable that holds the key of the endpoints.
pub(super) const ENDPOINT_KEY: &str = "RLM_API_KEY";
/// The variable that names the variables with keys that programs which answer as models are given.
const COMMAND_KEYS: &str = "RLM_CLI_ENV";
/// How long a list of models may take when a call depends on it.
const LIST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take where only what is known of a model depends on it: its window, its size.
const FACTS_TIMEOUT: Duration = Duration::from_secs(1);
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
    endpoints: Vec<(Endpoint, Arc<EndpointLoad>)>,
    environment: Environment,
    extractive: Arc<dyn Model>,
    /// Models that are there already, and that programs may name.
    given: Vec<Arc<dyn Model>>,
    /// The window that the person has named.
    window: Option<usize>,
    effort: Effort,
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
            given: Vec::new(),
            window: settings.window.and_then(|window| usize::try_from(window).ok()),
            effort: settings.reasoning_effort,
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

    /// The same with models that are there already, and that programs may name.
    pub fn given(self, models: Vec<Arc<dyn Model>>) -> Self {
        Self { given: models, ..self }
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
        for own in [&choice.root, &choice.worker].into_iter().chain(&self.given) {
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
            ModelName::AtEndpoint(name) => {
                let lists = self.endpoints.iter().map(|(endpoint, _)| self.list(endpoint, FACTS_TIMEOUT));
                let lists: Vec<_> = join_all(lists).await;
                self.at_endpoints(&name, &lists).await
            }
            ModelName::AtAzure(deployment) => Ok(Arc::new(self.of_azure(&deployment)?)),
            ModelName::OfProvider(AdapterKind::Ollama, name) => Ok(Arc::new(self.of_ollama(&name).await?)),
            ModelName::OfProvider(AdapterKind::Cohere, name) => Ok(Arc::new(self.of_cohere(&name)?)),
            ModelName::OfProvider(kind, name) => Ok(Arc::new(self.of_provider(kind, &name).await?)),
        }
    }

    fn command(&self, line: &str, timeout: Duration) -> Result<CommandModel, Error> {
        let lent = self.environment.get(COMMAND_KEYS).unwrap_or_default();
        let lent = lent.split(|it: char| it == ',' || it.is_whitespace()).filter(|it| !it.is_empty());
        CommandModel::new(line, lent.map(str::to_owned).collect(), timeout, self.window)
    }

    /// The model of that name at the endpoints, each of which has sent its list, or has not.
    async fn at_endpoints(&self, name: &str, lists: &[Result<Vec<Listed>, Error>]) -> Result<Arc<dyn Model>, Error> {
        let members = self.endpoints.iter().zip(lists).map(async |((endpoint, load), list)| {
            let remote = self.remote_at(endpoint, name)?;
            let known = self.known_at(endpoint, name, list.as_deref().unwrap_or_default()).await;
            let (connections, protocol) = (&self.connections, Protocol::OpenAi);
            let model = ServerModel::new(connections, protocol, endpoint, name, remote, self.timeouts, known)?;
            Ok::<_, Error>((load.clone(), Arc::new(model) as Arc<dyn Model>))
        });
        let mut members = join_all(members).await.into_iter().collect::<Result<Vec<_>, Error>>()?;
        match members.len() {
            1 => Ok(members.remove(0).1),
            _ => Ok(Arc::new(Pool::new(name.to_owned(), members))),
        }
    }

    /// What an endpoint says of the model of a name. One that says nothing is no trouble here.
    async fn known_at(&self, endpoint: &Endpoint, name: &str, list: &[Listed]) -> Known {
        // A server of llama.cpp that has one model answers with it whatever the name.
        let only = || list.first().filter(|it| list.len() == 1 && it.is_llama_cpp);
        let listed = list.iter().find(|it| it.name == name).or_else(only);
        Known {
            window: endpoint.own().window.or(self.window).or(listed.and_then(|it| it.window)),
            parameters: listed.and_then(|it| it.parameters),
            slots: match listed {
                Some(Listed { is_llama_cpp: true, .. }) => self.slots(endpoint).await,
                _ => None,
            },
            effort: self.effort,
            ..Known::default()
        }
    }

    async fn slots(&self, endpoint: &Endpoint) -> Option<usize> {
        let remote = self.remote_at(endpoint, "the server").ok()?;
        slots(&self.connections.for_endpoint(endpoint).ok()?, endpoint, &remote, FACTS_TIMEOUT).await
    }

    async fn of_ollama(&self, name: &str) -> Result<ServerModel, Error> {
        let base = Ollama::base(&self.environment)?;
        let bare = detected::bare(name);
        let connection = self.connections.for_endpoint(&base)?;
        let mut known = ollama::facts(&connection, &base, &self.environment, bare).await;
        known.window = self.window.or(known.window);
        known.effort = self.effort;
        let remote = RemoteModel::new(name, base.to_string(), None, &base.keys());
        ServerModel::new(&self.connections, Protocol::Ollama, &base, bare, remote, self.timeouts, known)
    }

    fn provider_key(&self, kind: AdapterKind) -> Option<(String, Secret)> {
        let held = |variable: &str| Some((variable.to_owned(), Secret::new(&self.environment.get(variable)?)?));
        catalog::key_variables(kind).into_iter().find_map(held)
    }

    /// What the keys in the environment open, where no endpoint is configured.
    fn offer(&self) -> Option<&'static catalog::Offer> {
        let is_set = |offer: &&catalog::Offer| self.environment.get(offer.variable).is_some();
        catalog::OFFERS.iter().filter(|_| self.endpoints.is_empty()).find(is_set)
    }

    /// The name of the model to take when none is named, and why it.
    async fn default_model(&self) -> Result<(String, String), Error> {
        if let Some((endpoint, _)) = self.endpoints.first() {
            return self.first_of_endpoints().await.map(|name| (name, format!("it is the first model at {endpoint}")));
        }
        if let Some(offer) = self.offer() {
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
        for (list, (endpoint, _)) in lists.iter().zip(&self.endpoints) {
            match list {
                Ok(list) => match list.iter().find(|listed| listed.writes) {
                    Some(Listed { name, .. }) => {
                        let model = self.at_endpoints(name, &lists).await?;
                        self.keep(name, model);
                        return Ok(name.clone());
                    }
                    None => {
                        let message = format!("{endpoint} has no model that writes text; name one with --model");
                        failure.get_or_insert(Error::Configuration(message));
                    }
                },
                Err(error) => {
                    failure.get_or_insert(error.clone());
                }
            }
        }
        Err(failure.unwrap_or_else(|| Error::Configuration("no endpoint is configured".to_owned())))
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
}

#[cfg(test)]
mod tests;
