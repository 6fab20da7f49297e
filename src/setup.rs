//! From options to an engine: what the terminal and the language server set up in the same way.

mod signals;

pub use signals::{EndSignals, cancel_on_interrupt, end_on_signal};

use crate::{
    config::{Environment, Options, Settings, SettingsError},
    engine::{Backend, Engine, Places},
    failure::{Failure, FailureKind},
    llm::{Models, Replies, RetryPolicy, Scheduler, extractive::Extractive},
    repl::{Budget, ForkServer, Sandbox},
    store::{Folder, Store},
};
use std::{ops::RangeInclusive, path::PathBuf, sync::Arc};

/// Bytes that one interpreter may use beside the context and itself.
const INTERPRETER_MEMORY: u64 = 1 << 30;

/// Mebibytes that all of them may be allowed to use together.
const MEMORY: RangeInclusive<u64> = 128..=1 << 20;

/// The environment of this process.
pub fn environment() -> Environment {
    Environment::of_process()
}

/// The settings that `options` and the environment make together.
pub fn settings(options: Options) -> Result<Settings, SettingsError> {
    options.merged_over(Options::from_environment(&environment())?).resolve()
}

/// The models that the settings and the environment name.
pub fn models(settings: &Settings, environment: &Environment) -> Models {
    Models::new(settings, environment.clone(), Arc::new(Extractive))
}

/// The scheduler of all questions of this process.
pub fn scheduler(settings: &Settings) -> Arc<Scheduler> {
    Arc::new(Scheduler::new(settings.limits.concurrency, RetryPolicy::default()))
}

/// Finds the models and puts an engine together, whose programs run on `backend`.
pub async fn engine(
    settings: &Settings,
    environment: &Environment,
    scheduler: Arc<Scheduler>,
    backend: Result<Backend, Failure>,
) -> Result<Arc<Engine>, Failure> {
    let backend = backend?;
    let models = models(settings, environment);
    Ok(Arc::new(Engine {
        choice: models.choose().await?,
        models: Arc::new(models),
        scheduler,
        prices: Arc::new(settings.prices.clone()),
        backend,
        clock: Arc::default(),
    }))
}

/// Whether two settings lead to the same engine.
pub fn same_engine(a: &Settings, b: &Settings) -> bool {
    a.model == b.model && a.worker == b.worker && a.endpoints == b.endpoints && a.prices == b.prices
}

/// What all questions share. A process needs it once: all engines have the same.
pub fn backend(environment: &Environment) -> Result<Backend, Failure> {
    let replies = Arc::new(Replies::new(Store::new(Folder::of(environment))));
    Ok(Backend { interpreters: Arc::new(sandbox(environment)?), places: Places::default(), replies })
}

/// Where sandboxed interpreters are started from.
pub fn sandbox(environment: &Environment) -> Result<Sandbox, Failure> {
    Ok(Sandbox {
        fork_server: Arc::new(ForkServer::with_budget(own_program(environment)?, memory(environment)?)),
        memory_limit: INTERPRETER_MEMORY,
        allow_weaker_sandbox: environment.get("RLM_ALLOW_WEAK_SANDBOX").is_some_and(|value| value == "1"),
    })
}

/// The memory that all interpreters may have together.
fn memory(environment: &Environment) -> Result<Arc<Budget>, Failure> {
    let Some(text) = environment.get("RLM_MEMORY") else { return Ok(Budget::of_machine()) };
    let mebibytes = text.trim().parse::<u64>().ok().filter(|mebibytes| MEMORY.contains(mebibytes));
    mebibytes.map(|mebibytes| Budget::new(mebibytes << 20)).ok_or_else(|| Failure {
        kind: FailureKind::Configuration,
        message: format!(
            "RLM_MEMORY: expected a whole number of MiB from {} to {}, got {text:?}",
            MEMORY.start(),
            MEMORY.end()
        ),
        hint: None,
    })
}

/// The program whose workers are the interpreters: this one, unless another program uses this crate as a library and says
/// where `rlm` is.
fn own_program(environment: &Environment) -> Result<PathBuf, Failure> {
    if let Some(program) = environment.get("RLM_PROGRAM") {
        return Ok(program.into());
    }
    // On Linux this stays the program that runs, even if its file has been replaced by a newer one.
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().map_err(|error| Failure {
        kind: FailureKind::Internal,
        message: format!("cannot find the program's own file: {error}"),
        hint: Some("set RLM_PROGRAM to the path of rlm".to_owned()),
    })
}
