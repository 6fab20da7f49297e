//! The settings and the engine that queries are answered with.
//!
//! The engine is kept from query to query so that its connections are used again. What sessions live on is kept longer:
//! the interpreters of all engines come from one fork server, which belongs to the server and is never replaced because
//! settings have changed or other models were found.

use crate::{
    config::{Environment, Options, Settings},
    engine::{Backend, Engine},
    failure::{Failure, FailureKind},
    llm::{Choice, Scheduler},
    lsp::settings::ClientSettings,
    setup,
    store::Store,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Makes engines, and keeps the last.
pub struct Engines {
    environment: Environment,
    /// Where the interpreters of all engines come from, or why there are none.
    backend: Result<Backend, Failure>,
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
        let backend = setup::backend(&environment);
        Self { environment, backend, scheduler: Mutex::default(), last: Mutex::default() }
    }

    /// The environment, the client's settings over it as soon as they are known, and a query's own options over both.
    pub async fn settings(&self, own: Options, client: &ClientSettings) -> Result<Settings, Failure> {
        let failed = |message: String| Failure { kind: FailureKind::Configuration, message, hint: None };
        let client = client.options().await.map_err(|error| failed(format!("the client's settings: {error}")))?;
        let environment = Options::from_environment(&self.environment).map_err(|error| failed(error.to_string()))?;
        own.merged_over(client).merged_over(environment).resolve().map_err(|error| failed(error.to_string()))
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// What outlives the server, if anything can.
    pub fn store(&self) -> Option<&Arc<Store>> {
        self.backend.as_ref().ok().map(|backend| backend.replies.store())
    }

    /// The engine for these settings: the last one if it fits, else a new one.
    pub async fn engine(&self, settings: &Settings) -> Result<Arc<Engine>, Failure> {
        let scheduler = self.scheduler(settings);
        let last = lock(&self.last).clone();
        let engine = match last {
            Some((known, engine)) if setup::same_engine(&known, settings) => {
                let choice = match is_detected(settings) {
                    true => engine.models.choose().await?,
                    false => engine.choice.clone(),
                };
                if Arc::ptr_eq(&engine.scheduler, &scheduler) && is_same(&engine.choice, &choice) {
                    return Ok(engine);
                }
                Arc::new(Engine {
                    models: engine.models.clone(),
                    choice,
                    scheduler,
                    prices: engine.prices.clone(),
                    backend: engine.backend.clone(),
                    clock: engine.clock.clone(),
                })
            }
            _ => setup::engine(settings, &self.environment, scheduler, self.backend.clone()).await?,
        };
        *lock(&self.last) = Some((settings.clone(), engine.clone()));
        Ok(engine)
    }

    /// Lets go of the engine, with its connections and keys, unless it fits what the client has set by now. Queries
    /// under way go on with what they have.
    pub async fn reconsider(&self, client: &ClientSettings) {
        let settings = self.settings(Options::default(), client).await;
        let mut last = lock(&self.last);
        let fits = |settings: &Settings| last.as_ref().is_some_and(|(known, _)| setup::same_engine(known, settings));
        if !settings.is_ok_and(|settings| fits(&settings)) {
            *last = None;
        }
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

/// Whether the model is whatever the environment and this machine offer. Each query looks again, since an Ollama may
/// have come or gone.
fn is_detected(settings: &Settings) -> bool {
    settings.model.is_none() && settings.endpoints.is_empty()
}

fn is_same(a: &Choice, b: &Choice) -> bool {
    Arc::ptr_eq(&a.root, &b.root) && Arc::ptr_eq(&a.worker, &b.worker) && a.why == b.why
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn settings(model: Option<&str>, concurrency: u64) -> Settings {
        let model = model.map(str::to_owned);
        let options = Options { model, concurrency: Some(concurrency), ..Options::default() };
        options.resolve().expect("the options are right")
    }

    /// An environment in which no Ollama answers, with a key as soon as the flag is set.
    fn environment(has_key: &Arc<AtomicBool>) -> Environment {
        let has_key = has_key.clone();
        Environment::new(move |name| match name {
            "OLLAMA_HOST" => Some("127.0.0.1:9".to_owned()),
            "ANTHROPIC_API_KEY" => has_key.load(Ordering::Relaxed).then(|| "key".to_owned()),
            _ => None,
        })
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
    async fn what_is_detected_is_looked_for_again_at_each_query() {
        let has_key = Arc::new(AtomicBool::new(false));
        let engines = Engines::new(environment(&has_key));
        let mut roots = Vec::new();
        for set in [false, true, false] {
            has_key.store(set, Ordering::Relaxed);
            let engine = engines.engine(&settings(None, 2)).await.expect("an engine");
            roots.push(engine.choice.root.name().split("::").next().map(str::to_owned));
        }
        assert_eq!(roots, ["extractive", "anthropic", "extractive"].map(|it| Some(it.to_owned())));
    }

    #[tokio::test]
    async fn nothing_detected_twice_makes_another_engine() {
        let engines = Engines::new(environment(&Arc::default()));
        let first = engines.engine(&settings(None, 2)).await.expect("an engine");
        let second = engines.engine(&settings(None, 2)).await.expect("an engine");
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[tokio::test]
    async fn every_engine_has_the_same_fork_server() {
        let has_key = Arc::new(AtomicBool::new(false));
        let engines = Engines::new(environment(&has_key));
        let mut before: Option<Arc<Engine>> = None;
        for (model, concurrency, key) in [
            (None, 2, false),
            (None, 2, true),
            (None, 4, true),
            (Some("cli:cat"), 4, true),
            (Some("cli:tac"), 9, false),
        ] {
            has_key.store(key, Ordering::Relaxed);
            let engine = engines.engine(&settings(model, concurrency)).await.expect("an engine");
            let is_shared = |it: &Arc<Engine>| Arc::ptr_eq(&it.backend.interpreters, &engine.backend.interpreters);
            assert!(before.as_ref().is_none_or(is_shared), "{model:?}");
            before = Some(engine);
        }
    }

    #[tokio::test]
    async fn an_engine_that_no_longer_fits_is_let_go() {
        let engines = Engines::new(environment(&Arc::default()));
        let mut client = ClientSettings::default();
        client.initialize(&json!({"model": "cli:cat"}));
        let engine = engines.engine(&settings(Some("cli:cat"), 16)).await.expect("an engine");
        engines.reconsider(&client).await;
        assert!(lock(&engines.last).as_ref().is_some_and(|(_, kept)| Arc::ptr_eq(kept, &engine)), "it fits");
        client.tell(&json!({"rlm": {"model": "cli:tac"}}), false);
        engines.reconsider(&client).await;
        assert!(lock(&engines.last).is_none());
    }
}
