//! One cycle on its way in an editor: which checks may run, what is proposed and judged, and what the person takes of it.
//!
//! Commands come from the person alone. Those that the repository's settings name run if they were trusted word by word, as in
//! the terminal; of any others the person is asked first, by the server and not by whoever has sent the request.

use crate::{
    config::{Options, in_editor},
    corpus::StopFlag,
    dogfood::{
        checks::Check,
        cycle::{self, Approved, Cycle, Plan, Wanted},
        scratch,
        trust::{self, Named},
    },
    engine::{Agreement, Question, RunConfig, internal_failure},
    failure::{Failure, FailureKind},
    lsp::{
        client_requests,
        client_state::ClientState,
        engines::Engines,
        ext::{DogfoodParams, DogfoodResult},
        reporter::{Channels, Reporter},
        task_runs::TaskRuns,
    },
    report,
    review::{Reviewers, git::Repository},
    store::{Folder, Store},
    text::{counted, visible_path},
    trace::{TaskEnd, TaskRun},
};
use serde_json::json;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;

/// How long one check may take, and how many proposals are tried if the client does not say.
const LIMIT: Duration = Duration::from_secs(1800);
const MOST: usize = 10;

/// What the person may answer to the question whether commands may run.
const RUN: &str = "Run";

/// A cycle, or the approval of one, that was asked for.
pub struct CycleRun {
    pub id: String,
    pub params: DogfoodParams,
    /// The options of the request.
    pub options: Options,
    pub folder: PathBuf,
    pub client_state: ClientState,
    pub cancel: CancellationToken,
    pub reporter: Arc<Reporter>,
    pub channels: Channels,
    pub tasks: TaskRuns,
}

/// What came of it.
pub enum CycleOutcome {
    Judged(Box<Judged>),
    Failed(Failure),
    Cancelled,
}

/// A cycle that was judged.
pub struct Judged {
    pub result: DogfoodResult,
    pub cycle: i64,
    /// What is offered: numbers, and titles with what they claim to be.
    pub offered: Vec<(i64, String)>,
}

impl CycleRun {
    /// Runs the cycle. What goes on in its own tree is no future that may move between threads, and so has a thread of its own.
    pub async fn run(self: &Arc<Self>, engines: Arc<Engines>, client: &Client) -> CycleOutcome {
        let checks = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return CycleOutcome::Cancelled,
            checks = self.checks(&engines, client) => checks,
        };
        let (repository, checks) = match checks {
            Ok(checks) => checks,
            Err(failure) => return CycleOutcome::Failed(failure),
        };
        let (run, client, runtime) = (self.clone(), client.clone(), Handle::current());
        let work = move || {
            runtime.block_on(async {
                let stop = StopFlag::default();
                let _stop = stop.raise_on_drop();
                tokio::select! {
                    biased;
                    () = run.cancel.cancelled() => CycleOutcome::Cancelled,
                    done = run.judged(&engines, &client, repository, checks, &stop) => match done {
                        Ok(judged) => CycleOutcome::Judged(Box::new(judged)),
                        Err(failure) => CycleOutcome::Failed(failure),
                    },
                }
            })
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| CycleOutcome::Failed(internal_failure(&error)))
    }

    async fn judged(
        &self,
        engines: &Engines,
        client: &Client,
        repository: Repository,
        checks: Vec<Check>,
        stop: &StopFlag,
    ) -> Result<Judged, Failure> {
        let settings = engines.settings(self.options.clone(), &self.client_state.settings).await?;
        let engine = engines.engine(&settings).await?;
        let title = format!("cycle of {}", visible_path(&self.folder));
        let task = self.tasks.begin(&engine, &settings, &title, &self.client_state, self.reporter.clone()).await;
        let store = engine.backend.replies.store();
        let say = |what: &str| task.say(what);
        let plan = self.plan(repository, checks, store, &say)?;
        let consult = async |snapshot| {
            if !engine.choice.root.satisfies_schemas() {
                task.begin_without_models(&title, "no model is configured that can write");
                return Ok(None);
            }
            let question = Question {
                text: title.clone(),
                snapshot,
                focus: None,
                config: Arc::new(RunConfig::of(&settings)?),
                limits: settings.limits.clone(),
                session: None,
            };
            let events: Arc<TaskRun> = task.clone();
            let consultation = Arc::new(engine.consult(&question, events, self.cancel.clone())?);
            let client = client.clone();
            let agreement: Agreement = Arc::new(move |what, cost| {
                let client = client.clone();
                Box::pin(async move { client_requests::confirm(&client, what, cost).await })
            });
            Ok(Some(Reviewers { consultation, agreement }))
        };
        let cycle = cycle::run(&plan, consult, stop).await?;
        task.end(TaskEnd::Done("judged", &report::cycle_text(&cycle))).await;
        Ok(told(&cycle))
    }

    /// Commits what the person takes of a cycle.
    ///
    /// # Errors
    /// It was not offered, or does not hold together.
    pub async fn approve(
        self: &Arc<Self>,
        engines: Arc<Engines>,
        client: &Client,
        cycle: i64,
        numbers: Vec<i64>,
    ) -> Result<DogfoodResult, Failure> {
        let repository = repository(&self.folder).await?;
        let (repository, checks) = match numbers.len() {
            // What was judged alone is not checked once more.
            1 => (repository, Vec::new()),
            _ => self.checks(&engines, client).await?,
        };
        let (run, runtime) = (self.clone(), Handle::current());
        let work = move || {
            let off = Arc::new(Store::off());
            let store = engines.store().unwrap_or(&off);
            let silent = |_: &str| {};
            let plan = run.plan(repository, checks, store, &silent)?;
            runtime.block_on(cycle::approve(&plan, cycle, &numbers))
        };
        let approved = tokio::task::spawn_blocking(work).await.map_err(|error| internal_failure(&error))??;
        Ok(DogfoodResult {
            markdown: committed(&approved),
            report: json!({"branch": approved.branch, "commit": approved.commit}),
        })
    }

    fn plan<'a>(
        &self,
        repository: Repository,
        checks: Vec<Check>,
        store: &'a Arc<Store>,
        say: &'a (dyn Fn(&str) + Sync),
    ) -> Result<Plan<'a>, Failure> {
        Ok(Plan {
            repository,
            checks,
            program: std::env::current_exe().map_err(|error| internal_failure(&error))?,
            home: scratch::home(store.folder().map(Folder::path)),
            limit: LIMIT,
            keeps_network: false,
            allows_weak: false,
            most: self.params.max_proposals.unwrap_or(MOST),
            instructions: self.params.instructions.clone(),
            wanted: Wanted::Patches,
            store,
            say,
        })
    }

    /// The repository, and the commands that may be run on copies of it.
    async fn checks(&self, engines: &Engines, client: &Client) -> Result<(Repository, Vec<Check>), Failure> {
        let repository = repository(&self.folder).await?;
        let (top, place) = (repository.top.clone(), repository.top.display().to_string());
        let given = self.params.checks.clone().unwrap_or_default();
        let named = match given.is_empty() {
            true => tokio::task::spawn_blocking(move || trust::named(&top))
                .await
                .map_err(|error| internal_failure(&error))??,
            false => {
                Named { checks: given.iter().map(|it| Check::parse(it)).collect::<Result<_, _>>()?, ..Named::default() }
            }
        };
        if named.checks.is_empty() {
            let message = "no checks are named that a proposal could be held against";
            let hint = "give them, such as `cargo test`, or name them in .rlm/settings.json";
            return Err(refused(message, hint));
        }
        let store = engines.store();
        if given.is_empty()
            && let Some(store) = store
            && store.trusts(place.clone(), named.digest()).await
        {
            return Ok((repository, named.checks));
        }
        let written: Vec<String> = named.checks.iter().map(|it| format!("`{}`", it.written)).collect();
        let message = format!(
            "RLM: a cycle runs {} on copies of {}, behind walls and without the network, also with code that a model has written. \
             May it?",
            written.join(", "),
            visible_path(&repository.top)
        );
        if !client_requests::agrees(client, message, RUN).await {
            return Err(refused(
                "the checks were not run, since nobody has agreed to that",
                "begin the cycle once more",
            ));
        }
        // What else the settings name was not shown, and so is not trusted.
        if given.is_empty()
            && named.edits.is_empty()
            && let Some(store) = store
        {
            store.trust(place, named.digest()).await;
        }
        Ok((repository, named.checks))
    }
}

/// The repository that a folder lies in.
///
/// # Errors
/// It lies in none.
pub async fn repository(folder: &std::path::Path) -> Result<Repository, Failure> {
    Repository::around(folder).await.ok_or_else(|| Failure {
        kind: FailureKind::Git,
        message: format!("{} is no repository of git, or there is no git", visible_path(folder)),
        hint: None,
    })
}

fn told(cycle: &Cycle) -> Judged {
    let offered =
        cycle.offered().map(|it| (i64::try_from(it.number).unwrap_or(i64::MAX), format!("{} ({})", it.title, it.kind)));
    Judged {
        offered: offered.collect(),
        cycle: cycle.number,
        result: DogfoodResult {
            markdown: in_editor(&report::cycle_markdown(cycle)),
            report: json!(report::cycle(cycle)),
        },
    }
}

/// What was committed, in words.
fn committed(Approved { branch, commit, count }: &Approved) -> String {
    format!(
        "Committed {} as {} on the branch `{branch}`. Your working tree and your other branches are as they were. Look: `git show {branch}`. \
         Take: `git merge {branch}`. Drop: `git branch -D {branch}`.",
        counted(*count, "improvement"),
        &commit[..commit.len().min(10)]
    )
}

fn refused(message: &str, hint: &str) -> Failure {
    Failure { kind: FailureKind::Configuration, message: message.to_owned(), hint: Some(hint.to_owned()) }
}
