//! The scheduler before real connections: the faults that peers were measured with, cancelling, bounds.

use super::{
    model_at, models, request,
    scripted::{Action, Asked, ScriptedServer, Setup, dead_url},
};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use rlm::llm::{
    Billing, Call, CallError, Error, Model, Piece, Reply, RetryDecision, RetryPolicy, RunPermits, Scheduler, Timeouts,
    TokenUsage,
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Pays for everything, and counts.
#[derive(Default)]
struct Rich {
    attempts: AtomicU32,
}

impl Billing for Rich {
    fn begin(&self) {
        self.attempts.fetch_add(1, Ordering::SeqCst);
    }

    fn failed<'a>(&'a self, _: TokenUsage, _: &Error) -> BoxFuture<'a, RetryDecision> {
        std::future::ready(RetryDecision::Again { longest_reply: None }).boxed()
    }
}

/// What became of a call, and how often it was tried.
struct Outcome {
    result: Result<Reply, CallError>,
    attempts: u32,
}

/// A run of many calls, each with its number as the prompt.
struct Run {
    scheduler: Scheduler,
    permits: RunPermits,
    token: CancellationToken,
}

impl Run {
    fn new(concurrency: usize) -> Self {
        // Waiting is simulated elsewhere; here it only costs time.
        let policy = RetryPolicy { first_pause: Duration::from_millis(20), ..RetryPolicy::default() };
        let (scheduler, permits) = (Scheduler::new(64, policy), RunPermits::new(concurrency));
        Self { scheduler, permits, token: CancellationToken::new() }
    }

    async fn call(&self, model: &dyn Model, number: u64) -> (Outcome, String) {
        let request = request(format!("question {number}"));
        let (Self { permits, token, .. }, billing) = (self, Rich::default());
        let call = Call { model, request: &request, number, permits, deadline: None, token, billing: &billing };
        let mut shown = String::new();
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Unseen(_) => {}
            Piece::Restart | Piece::WasReasoning => shown.clear(),
            Piece::Waits { .. } => {}
        };
        let result = self.scheduler.call(call, &mut sink).await;
        (Outcome { result, attempts: billing.attempts.into_inner() }, shown)
    }

    async fn calls(&self, model: &dyn Model, count: u64) -> Vec<(Outcome, String)> {
        join_all((0..count).map(|number| self.call(model, number))).await
    }
}

fn echo(asked: &Asked) -> Action {
    Action::reply(format!("to {}", asked.last())).in_parts(6, Duration::ZERO)
}

/// How many calls got their own answer, in the reply and on the way.
fn right(outcomes: &[(Outcome, String)]) -> usize {
    let expected = |number: usize| format!("to question {number}");
    let own = |(number, (outcome, shown)): &(usize, &(Outcome, String))| {
        *shown == expected(*number) && outcome.result.as_ref().is_ok_and(|it| it.text == *shown)
    };
    outcomes.iter().enumerate().filter(own).count()
}

/// Of 64 questions, these 17 are unlucky.
fn is_unlucky(asked: &Asked) -> bool {
    let number: u64 = asked.last().trim_start_matches("question ").parse().unwrap();
    number.is_multiple_of(4) || number == 63
}

#[tokio::test]
async fn no_call_is_lost_to_a_fault_in_passing() {
    let faults = [
        ("429", Action::status(429)),
        ("429 with a pause", Action::status(429).header("retry-after-ms", "30")),
        ("500", Action::status(500)),
        ("disconnect", Action::disconnect()),
        ("cut", Action::reply("to ques").cut()),
        ("without its end", Action::reply("to ques").unmarked()),
        ("broken body", Action::garbage("data: {\"choices\"\n\n")),
        ("no stream", Action::garbage("{}")),
        ("error in the stream", Action::reply("to ques").then_error()),
        ("empty", Action::reply("")),
        ("hang", Action::hang()),
        ("stall", Action::reply("to ques").stall()),
    ];
    let trials = faults.map(|(name, fault)| async move {
        let script = move |asked: &Asked| if asked.nth == 1 && is_unlucky(asked) { fault.clone() } else { echo(asked) };
        let server = Setup::new().latency(Duration::from_millis(20)).start(script).await;
        // Long enough for a busy machine, short enough to wait for.
        let limits = Timeouts { first_text: Duration::from_millis(1500), between: Duration::from_millis(1000) };
        let models = models(&[server.url()], Some("m"), &[]).with_timeouts(limits);
        let outcomes = Run::new(16).calls(&*models.named("m").await.unwrap(), 64).await;
        assert_eq!(right(&outcomes), 64, "{name}");
        assert_eq!(server.calls().len(), 64 + 17, "{name}");
        assert!(server.log().most_open <= 16, "{name}");
    });
    join_all(trials).await;
}

#[tokio::test]
async fn calls_that_always_fail_fail_alone() {
    let bad = ["question 0", "question 31", "question 63"];
    let script = move |asked: &Asked| if bad.contains(&asked.last()) { Action::status(503) } else { echo(asked) };
    let server = ScriptedServer::start(script).await;
    let outcomes = Run::new(16).calls(&*model_at(&server.url()).await, 64).await;
    assert_eq!(right(&outcomes), 61);
    for at in [0, 31, 63] {
        let Outcome { result, attempts } = &outcomes[at].0;
        assert!(matches!(result, Err(CallError::Model(Error::Server { status: 503, .. }))), "{result:?}");
        assert_eq!(*attempts, 8);
    }
}

#[tokio::test]
async fn a_server_that_admits_eight_loses_no_call() {
    let script =
        |asked: &Asked| if asked.open > 8 { Action::status(429) } else { echo(asked).after(Duration::from_millis(20)) };
    let server = ScriptedServer::start(script).await;
    let outcomes = Run::new(16).calls(&*model_at(&server.url()).await, 64).await;
    assert_eq!(right(&outcomes), 64);
}

#[tokio::test]
async fn what_cannot_succeed_is_asked_once() {
    let server = ScriptedServer::start(|_| Action::status(401)).await;
    let outcomes = Run::new(4).calls(&*model_at(&server.url()).await, 8).await;
    assert!(outcomes.iter().all(|(it, _)| it.attempts == 1));
    assert_eq!(server.calls().len(), 8);
}

#[tokio::test]
async fn a_batch_of_fifty_never_has_more_than_four_calls_open() {
    let server = Setup::new().latency(Duration::from_millis(50)).start(echo).await;
    let outcomes = Run::new(4).calls(&*model_at(&server.url()).await, 50).await;
    assert_eq!((right(&outcomes), server.log().most_open), (50, 4));
}

#[tokio::test]
async fn sixty_four_calls_are_open_at_once() {
    let server = Setup::new().latency(Duration::from_secs(60)).start(echo).await;
    let (run, model) = (Run::new(64), model_at(&server.url()).await);
    let cancel = async {
        server.until("64 open calls", |log| log.open == 64).await;
        run.token.cancel();
    };
    tokio::join!(run.calls(&*model, 80), cancel);
    assert_eq!(server.log().most_open, 64);
}

#[tokio::test]
async fn cancelling_closes_what_is_open_and_starts_nothing_more() {
    let server = Setup::new().latency(Duration::from_secs(60)).start(echo).await;
    let (run, model) = (Run::new(16), model_at(&server.url()).await);
    let cancel = async {
        server.until("16 open calls", |log| log.open == 16).await;
        run.token.cancel();
    };
    let started = Instant::now();
    let (outcomes, ()) = tokio::join!(run.calls(&*model, 50), cancel);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(outcomes.iter().all(|(it, _)| it.result == Err(CallError::Cancelled)));
    server.until("all connections to close", |log| log.open == 0 && log.closed_early() == 16).await;
    assert_eq!(server.calls().len(), 16);
}

#[tokio::test]
async fn a_pool_spreads_calls_and_goes_around_a_server_that_is_down() {
    let first = Setup::new().latency(Duration::from_millis(10)).start(echo).await;
    let second = Setup::new().latency(Duration::from_millis(10)).start(echo).await;
    let urls = [dead_url().await, first.url(), second.url()];
    let model = models(&urls, Some("m"), &[]).choose().await.unwrap().root;
    let outcomes = Run::new(8).calls(&*model, 64).await;
    assert_eq!(right(&outcomes), 64);
    assert!(outcomes.iter().all(|(it, _)| it.attempts == 1));
    let shares = [first.calls().len(), second.calls().len()];
    assert_eq!(shares[0] + shares[1], 64);
    assert!(shares[0] >= 24 && shares[1] >= 24, "{shares:?}");
}

#[tokio::test]
async fn no_more_calls_go_out_than_a_server_works_on() {
    let setup = Setup::new().llama_cpp(8_000_000_000, 3).latency(Duration::from_millis(20));
    let server = setup.start(echo).await;
    let outcomes = Run::new(16).calls(&*model_at(&server.url()).await, 20).await;
    assert_eq!((right(&outcomes), server.log().most_open), (20, 3));
}
