//! What `rlm models` and `rlm doctor` print: what was found, what is configured, and whether it answers.

use super::{Choice, Models, model_name::ModelName, ollama::Ollama};
use crate::config::{Endpoint, distance};
use crate::exec;
use crate::llm::{Error, Model, catalog};
use futures::future::join_all;
use genai::adapter::AdapterKind;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long each server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The whole picture, as plain data.
#[derive(Debug)]
pub struct DetectedModels {
    /// Keys in the environment, by the names of their variables.
    pub keys: Vec<KeyFound>,
    /// The Ollama that answers, if one does.
    pub ollama: Option<OllamaFound>,
    /// What a run would use.
    pub choice: Result<Choice, Error>,
    /// Whether the root, the worker and every endpoint answer.
    pub checks: Vec<Check>,
    /// What a person should know about them.
    pub warnings: Vec<String>,
}

/// A key that is set. Its value is nobody's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFound {
    pub variable: &'static str,
    /// The model that is taken if this key decides.
    pub model: &'static str,
}

/// An Ollama that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OllamaFound {
    pub url: String,
    pub models: Vec<String>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The model's name or the endpoint's URL.
    pub what: String,
    pub result: Result<Answer, Error>,
}

/// That it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub after: Duration,
    /// What was learnt, e.g. "3 models, `qwen` among them".
    pub note: String,
}

impl Models {
    /// Looks around and asks everything that is configured for a sign of life. Nothing is generated: servers are asked
    /// for their lists of models, commands are looked for and not run. It takes about ten seconds at most.
    pub async fn describe(&self) -> DetectedModels {
        let set = |variable: &str| self.environment.get(variable).is_some();
        let offers = catalog::OFFERS.iter().filter(|offer| set(offer.variable));
        let keys = offers.map(|offer| KeyFound { variable: offer.variable, model: offer.model }).collect();
        let (ollama, choice) =
            tokio::join!(Ollama::probe(&self.environment, &self.connections, TIMEOUT), self.choose());
        let mut names = Vec::new();
        if let Ok(choice) = &choice {
            names.push(choice.root.name().to_owned());
            if choice.worker.name() != choice.root.name() {
                names.push(choice.worker.name().to_owned());
            }
        }
        let is_at_endpoint = |name: &&str| matches!(self.name(name), Ok(ModelName::AtEndpoint(_)));
        let known: Vec<&str> = names.iter().map(String::as_str).filter(is_at_endpoint).collect();
        let models = join_all(names.iter().map(|name| self.check_model(name)));
        let endpoints = join_all(self.endpoints.iter().map(|(endpoint, _)| self.check_endpoint(endpoint, &known)));
        let (models, endpoints) = tokio::join!(models, endpoints);
        let ollama = ollama.map(|it| OllamaFound { url: it.base.to_string(), models: it.models });
        let checks = models.into_iter().flatten().chain(endpoints).collect();
        DetectedModels { keys, ollama, choice, checks, warnings: self.warnings() }
    }

    /// A model that is at the endpoints is checked there.
    async fn check_model(&self, name: &str) -> Option<Check> {
        let started = Instant::now();
        let result = match self.name(name) {
            Ok(ModelName::AtEndpoint(_)) => return None,
            Ok(ModelName::Extractive) => Ok("built in".to_owned()),
            Ok(ModelName::Command(line)) => self.check_command(&line),
            Ok(ModelName::AtAzure(deployment)) => {
                self.of_azure(&deployment).map(|_| "configured; not asked".to_owned())
            }
            Ok(ModelName::OfProvider(AdapterKind::Ollama, name)) => self.check_ollama(&name).await,
            Ok(ModelName::OfProvider(kind, name)) => match self.of_provider(kind, &name).await {
                Ok(provider) => match timeout(TIMEOUT, provider.list()).await {
                    // Providers answer to other names than those that they list.
                    Ok(list) => list.map(|list| described(&list, &[bare(provider.name())])),
                    Err(_) => Err(Error::TimedOut { model: name, after: TIMEOUT }),
                },
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let result = result.map(|note| Answer { after: started.elapsed(), note });
        Some(Check { what: name.to_owned(), result })
    }

    async fn check_endpoint(&self, endpoint: &Endpoint, names: &[&str]) -> Check {
        let started = Instant::now();
        let list = self.list(endpoint, TIMEOUT).await;
        let result = list.and_then(|list| {
            let list: Vec<String> = list.into_iter().map(|it| it.name).collect();
            listed(&list, names, &endpoint.to_string())?;
            Ok(Answer { after: started.elapsed(), note: described(&list, names) })
        });
        Check { what: endpoint.to_string(), result }
    }

    async fn check_ollama(&self, name: &str) -> Result<String, Error> {
        let base = Ollama::base(&self.environment)?;
        match Ollama::probe(&self.environment, &self.connections, TIMEOUT).await {
            Some(ollama) => {
                listed(&ollama.models, &[bare(name)], &base.to_string())?;
                Ok(described(&ollama.models, &[bare(name)]))
            }
            None => {
                let detail = "no Ollama answers there".to_owned();
                Err(Error::Unreachable { model: name.to_owned(), endpoint: base.to_string(), detail })
            }
        }
    }

    fn check_command(&self, line: &str) -> Result<String, Error> {
        let model = self.command(line, TIMEOUT)?;
        let program = model.program();
        let folders = self.environment.get("PATH").unwrap_or_default();
        match exec::program_file(program, folders.as_ref()) {
            Some(place) => Ok(format!("found at {}", place.display())),
            None => {
                Err(Error::Program { model: model.name().to_owned(), detail: format!("{program} is not on the PATH") })
            }
        }
    }
}

/// The name without its provider.
pub(super) fn bare(name: &str) -> &str {
    name.split_once("::").map_or(name, |(_, bare)| bare)
}

/// How many of a server's models are named when the wanted one is not among them.
const MOST_NAMED: usize = 8;

/// # Errors
/// The server lists models, and one of those that are wanted is none of them.
fn listed(list: &[String], wanted: &[&str], server: &str) -> Result<(), Error> {
    let Some(missing) = wanted.iter().find(|name| !list.is_empty() && !has(list, name)) else { return Ok(()) };
    let mut names: Vec<&str> = list.iter().map(String::as_str).collect();
    // What was meant is among the first.
    names.sort_by_key(|name| distance(name, missing));
    let more = if names.len() > MOST_NAMED { format!(" and {} more", names.len() - MOST_NAMED) } else { String::new() };
    names.truncate(MOST_NAMED);
    let detail = format!("{server} does not list it, but {}{more}", names.join(", "));
    Err(Error::UnknownModel { model: (*missing).to_owned(), detail })
}

fn has(list: &[String], name: &str) -> bool {
    // Ollama knows a model without its tag as the latest one.
    list.iter().any(|it| it == name || it.rsplit('/').next() == Some(name) || it.strip_suffix(":latest") == Some(name))
}

fn described(list: &[String], wanted: &[&str]) -> String {
    let count = match list.len() {
        1 => "1 model".to_owned(),
        count => format!("{count} models"),
    };
    match wanted.iter().find(|name| has(list, name)) {
        Some(name) => format!("{count}, `{name}` among them"),
        None => count,
    }
}
