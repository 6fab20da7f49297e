//! The settings and the engine that queries are answered with. The engine is kept from query to query so that its
//! connections are used again.

use super::settings::ClientSettings;
use crate::{
    config::{Environment, Options, Settings},
    engine::{Engine, Failure},
    llm::{Scheduler, extractive},
    setup,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Makes engines, and keeps the last.
pub struct Engines {
    environment: Environment,
    scheduler: Mutex<Option<Wide>>,
    last: Mutex<Option<(Settings, Arc<Engine>)>>,
}

/// The scheduler, and how many calls it has open at most.
#[derive(Clone)]
struct Wide {
    concurrency: usize,
    scheduler: Arc<Scheduler>,
}

impl Engines {
    pub fn new(environment: Environment) -> Self {
        Self { environment, scheduler: Mutex::default(), last: Mutex::default() }
    }

    /// The environment, the client's settings over it as soon as they are known, and a query's own options over both.
    pub async fn settings(&self, own: Options, client: &ClientSettings) -> Result<Settings, Failure> {
        let failed = |message: String| Failure { kind: "configuration", message, hint: None };
        let client = client.options().await.map_err(|error| failed(format!("the client's settings: {error}")))?;
        let environment = Options::from_environment(&self.environment).map_err(|error| failed(error.to_string()))?;
        own.merged_over(client).merged_over(environment).resolve().map_err(|error| failed(error.to_string()))
    }

    /// The engine for these settings: the last one if it fits, else a new one.
    pub async fn engine(&self, settings: &Settings) -> Result<Arc<Engine>, Failure> {
        let scheduler = self.scheduler(settings);
        let last = lock(&self.last).clone();
        let engine = match last {
            Some((known, engine)) if setup::same_engine(&known, settings) && !is_makeshift(&known, &engine) => {
                if Arc::ptr_eq(&engine.scheduler, &scheduler) {
                    return Ok(engine);
                }
                Arc::new(Engine {
                    models: engine.models.clone(),
                    choice: engine.choice.clone(),
                    scheduler,
                    prices: engine.prices.clone(),
                    interpreter: engine.interpreter.clone(),
                })
            }
            _ => setup::engine(settings, &self.environment, scheduler).await?,
        };
        *lock(&self.last) = Some((settings.clone(), engine.clone()));
        Ok(engine)
    }

    /// The scheduler of all queries, wide enough for one with these settings. Its own bound a query keeps by itself; here
    /// only a wider one matters, and a query under way goes on with what it has.
    fn scheduler(&self, settings: &Settings) -> Arc<Scheduler> {
        let concurrency = settings.limits.concurrency;
        let mut kept = lock(&self.scheduler);
        if kept.as_ref().is_none_or(|kept| kept.concurrency < concurrency) {
            *kept = Some(Wide { concurrency, scheduler: setup::scheduler(settings) });
        }
        kept.as_ref().expect("it was put there").scheduler.clone()
    }
}

/// Whether the engine has the built-in model only because there was no other: the next query looks again.
fn is_makeshift(settings: &Settings, engine: &Engine) -> bool {
    settings.model.is_none() && engine.choice.root.name() == extractive::NAME
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn settings(model: Option<&str>, concurrency: u64) -> Settings {
        let model = model.map(str::to_owned);
        let options = Options { model, concurrency: Some(concurrency), ..Options::default() };
        options.resolve().expect("the options are right")
    }

    #[tokio::test]
    async fn the_scheduler_is_as_wide_as_the_widest_query_and_the_models_stay() {
        let engines = Engines::new(Environment::of([]));
        let mut widths = Vec::new();
        for concurrency in [2, 8, 4] {
            widths.push(engines.engine(&settings(Some("cli:cat"), concurrency)).await.expect("an engine"));
        }
        let [narrow, wide, later] = widths.try_into().ok().expect("three");
        assert!(!Arc::ptr_eq(&narrow.scheduler, &wide.scheduler) && Arc::ptr_eq(&narrow.models, &wide.models));
        assert!(Arc::ptr_eq(&wide, &later));
    }

    #[tokio::test]
    async fn the_built_in_model_gives_way_when_there_is_another() {
        let is_set = Arc::new(AtomicBool::new(false));
        let lookup = is_set.clone();
        let engines = Engines::new(Environment::new(move |name| match name {
            // Where no Ollama answers.
            "OLLAMA_HOST" => Some("127.0.0.1:9".to_owned()),
            "ANTHROPIC_API_KEY" => lookup.load(Ordering::Relaxed).then(|| "key".to_owned()),
            _ => None,
        }));
        let mut roots = Vec::new();
        for set in [false, true] {
            is_set.store(set, Ordering::Relaxed);
            let engine = engines.engine(&settings(None, 2)).await.expect("an engine");
            roots.push(engine.choice.root.name().split("::").next().map(str::to_owned));
        }
        assert_eq!(roots, [Some("extractive".to_owned()), Some("anthropic".to_owned())]);
    }
}
