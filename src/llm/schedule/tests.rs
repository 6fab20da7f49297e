//! The scheduler before models that fail in every way there is. Time is simulated.

mod rate;

use super::*;
use crate::llm::{Finish, Message};
use futures::{FutureExt, future::BoxFuture, future::join_all};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

type Behaviour = Box<dyn Fn(u64, u32, usize) -> Step + Send + Sync>;

/// What the model does at one attempt.
enum Step {
    Answer,
    /// Fails after having written something.
    Break,
    Fail(Error),
    Hang,
}

/// A model that takes a second and then behaves as told by the request, the attempt and how many calls are open.
struct Puppet {
    behaviour: Behaviour,
    attempts: Mutex<Vec<u32>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    started: Mutex<Vec<Instant>>,
}

impl std::fmt::Debug for Puppet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Puppet")
    }
}

struct Closing<'a>(&'a AtomicUsize);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Puppet {
    fn new(behaviour: impl Fn(u64, u32, usize) -> Step + Send + Sync + 'static) -> Self {
        let attempts = Mutex::new(vec![0; 4096]);
        let (open, most_open, started) = Default::default();
        Self { behaviour: Box::new(behaviour), attempts, open, most_open, started }
    }

    fn calls(&self) -> u32 {
        self.attempts.lock().unwrap().iter().sum()
    }
}

impl Model for Puppet {
    fn name(&self) -> &str {
        "puppet"
    }

    fn window(&self) -> Option<usize> {
        None
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        async move {
            let number: usize = request.messages[0].content.parse().unwrap();
            let attempt = {
                let mut attempts = self.attempts.lock().unwrap();
                attempts[number] += 1;
                attempts[number]
            };
            self.started.lock().unwrap().push(Instant::now());
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            let _closing = Closing(&self.open);
            self.most_open.fetch_max(open, Ordering::SeqCst);
            match (self.behaviour)(number as u64, attempt, open) {
                Step::Fail(error) => Err(error),
                Step::Hang => std::future::pending().await,
                Step::Break => {
                    pieces(Piece::Text("half"));
                    sleep(Duration::from_secs(1)).await;
                    Err(Error::BrokenReply { model: "puppet".into(), detail: "cut".into() })
                }
                Step::Answer => {
                    sleep(Duration::from_secs(1)).await;
                    let text = format!("answer {number}");
                    pieces(Piece::Text(&text));
                    let usage = TokenUsage { input: 10, output: 1, cached_input: 0 };
                    Ok(Reply { text, calls: Vec::new(), reasoning: String::new(), finish: Finish::Complete, usage })
                }
            }
        }
        .boxed()
    }
}

fn server(status: u16) -> Error {
    Error::Server { model: "puppet".into(), status, detail: "boom".into(), retry_after: None }
}

fn limited(retry_after: Option<u64>) -> Error {
    let retry_after = retry_after.map(Duration::from_secs);
    Error::RateLimited { model: "puppet".into(), detail: "slow down".into(), retry_after }
}

/// Pays for everything, and counts.
#[derive(Default)]
struct Rich {
    attempts: AtomicU32,
    spent: Mutex<TokenUsage>,
}

impl Billing for Rich {
    fn begin(&self) {
        self.attempts.fetch_add(1, Ordering::SeqCst);
    }

    fn failed<'a>(&'a self, spent: TokenUsage, _: &Error) -> BoxFuture<'a, RetryDecision> {
        *self.spent.lock().unwrap() += spent;
        std::future::ready(RetryDecision::Again { longest_reply: None }).boxed()
    }
}

/// What became of a call, and what it took.
struct Outcome {
    result: Result<Reply, CallError>,
    attempts: u32,
    wall_time: Duration,
    /// Tokens of failed attempts.
    lost: TokenUsage,
}

/// A scheduler, a run and the calls it makes.
struct Stage {
    scheduler: Scheduler,
    permits: RunPermits,
    deadline: Option<Instant>,
    token: CancellationToken,
}

impl Stage {
    fn new(machine: usize, run: usize) -> Self {
        let scheduler = Scheduler::new(machine, RetryPolicy::default());
        Self { scheduler, permits: RunPermits::new(run), deadline: None, token: CancellationToken::new() }
    }

    async fn ask(&self, model: &dyn Model, number: u64, shown: &mut String) -> Outcome {
        let request = Request { messages: vec![Message::user(number.to_string())], ..Request::default() };
        let Self { permits, deadline, token, .. } = self;
        let (started, billing) = (Instant::now(), Rich::default());
        let call = Call { model, request: &request, number, permits, deadline: *deadline, token, billing: &billing };
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Unseen(_) | Piece::Waits { .. } => {}
            Piece::Restart | Piece::WasReasoning => shown.push('|'),
        };
        let result = self.scheduler.call(call, &mut sink).await;
        let (attempts, lost) = (billing.attempts.into_inner(), billing.spent.into_inner().unwrap());
        Outcome { result, attempts, wall_time: started.elapsed(), lost }
    }

    async fn batch(&self, model: &Puppet, calls: u64) -> Vec<Outcome> {
        let all = (0..calls).map(|number| async move { self.ask(model, number, &mut String::new()).await });
        join_all(all).await
    }
}

fn right(outcomes: &[Outcome]) -> usize {
    let expected = |number: usize| format!("answer {number}");
    let right = |(number, outcome): &(usize, &Outcome)| {
        outcome.result.as_ref().is_ok_and(|reply| reply.text == expected(*number))
    };
    outcomes.iter().enumerate().filter(right).count()
}

#[tokio::test(start_paused = true)]
async fn a_batch_never_has_more_open_calls_than_its_gate_and_answers_in_order() {
    let (stage, model) = (Stage::new(16, 4), Puppet::new(|_, _, _| Step::Answer));
    let started = Instant::now();
    let outcomes = stage.batch(&model, 50).await;
    assert_eq!(right(&outcomes), 50);
    assert_eq!(model.most_open.load(Ordering::SeqCst), 4);
    assert_eq!(started.elapsed().as_secs(), 13);
    assert_eq!(outcomes[49].attempts, 1);
    assert_eq!(outcomes[49].wall_time.as_secs(), 13);
}

#[tokio::test(start_paused = true)]
async fn the_cap_of_the_machine_holds_over_all_runs_and_they_share_it() {
    let (stage, model) = (Stage::new(4, 4), Puppet::new(|_, _, _| Step::Answer));
    let other = RunPermits::new(4);
    let mut order = Vec::new();
    let finished = Mutex::new(&mut order);
    let greedy = join_all((0..40).map(|number| {
        let (stage, model, finished) = (&stage, &model, &finished);
        async move {
            stage.ask(model, number, &mut String::new()).await;
            finished.lock().unwrap().push("greedy");
        }
    }));
    let modest = async {
        let request = Request { messages: vec![Message::user("100")], ..Request::default() };
        let token = CancellationToken::new();
        let call = Call {
            model: &model,
            request: &request,
            number: 0,
            permits: &other,
            deadline: None,
            token: &token,
            billing: &Rich::default(),
        };
        stage.scheduler.call(call, &mut |_| {}).await.unwrap();
        finished.lock().unwrap().push("modest");
    };
    tokio::join!(greedy, modest);
    assert_eq!(model.most_open.load(Ordering::SeqCst), 4);
    let place = order.iter().position(|it| *it == "modest").unwrap();
    assert!(place <= 8, "the modest run came {place}th");
}

#[tokio::test(start_paused = true)]
async fn calls_at_a_concurrency_of_one_go_one_after_the_other() {
    let (stage, model) = (Stage::new(1, 1), Puppet::new(|_, _, _| Step::Answer));
    assert_eq!(right(&stage.batch(&model, 5).await), 5);
    let starts = model.started.lock().unwrap().clone();
    assert!(starts.windows(2).all(|pair| (pair[1] - pair[0]).as_secs() == 1));
}

/// The table of faults that peers were measured with: 64 calls, of which 17 fail once.
#[tokio::test(start_paused = true)]
async fn no_call_is_lost_to_a_fault_in_passing() {
    type Fault = fn() -> Step;
    let faults: [(&str, Fault); 6] = [
        ("429", || Step::Fail(limited(None))),
        ("429 with Retry-After", || Step::Fail(limited(Some(2)))),
        ("500", || Step::Fail(server(500))),
        ("disconnect", || Step::Break),
        ("timeout", || Step::Fail(Error::TimedOut { model: "puppet".into(), after: Duration::from_secs(120) })),
        ("empty reply", || {
            Step::Fail(Error::EmptyReply {
                model: "puppet".into(),
                finish: Finish::Complete,
                usage: TokenUsage { input: 10, output: 0, cached_input: 0 },
                reasoning: String::new(),
            })
        }),
    ];
    for (name, fault) in faults {
        let stage = Stage::new(16, 16);
        let model = Puppet::new(move |number, attempt, _| match attempt {
            1 if number % 4 == 0 || number == 63 => fault(),
            _ => Step::Answer,
        });
        let started = Instant::now();
        let outcomes = stage.batch(&model, 64).await;
        assert_eq!(right(&outcomes), 64, "{name}");
        assert_eq!(model.calls(), 64 + 17, "{name}");
        assert_eq!(outcomes.iter().map(|it| it.attempts).sum::<u32>(), 64 + 17, "{name}");
        // Those that are told to wait wait by themselves, for two seconds each.
        let longest = Duration::from_secs(if name == "429 with Retry-After" { 9 + 2 } else { 9 });
        assert!(started.elapsed() < longest, "{name}: {:?}", started.elapsed());
        if name == "empty reply" {
            assert_eq!(outcomes[0].lost.input, 10);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_always_fail_fail_alone_in_the_end() {
    let stage = Stage::new(16, 16);
    let model = Puppet::new(|number, _, _| if number < 3 { Step::Fail(server(500)) } else { Step::Answer });
    let outcomes = stage.batch(&model, 64).await;
    assert_eq!(right(&outcomes), 61);
    for outcome in &outcomes[..3] {
        assert_eq!(outcome.result, Err(CallError::Model(server(500))));
        assert_eq!(outcome.attempts, 8);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_admits_eight_is_learnt_and_no_call_is_lost() {
    let stage = Stage::new(16, 16);
    let model = Puppet::new(|_, _, open| if open > 8 { Step::Fail(limited(None)) } else { Step::Answer });
    let started = Instant::now();
    let outcomes = stage.batch(&model, 256).await;
    assert_eq!(right(&outcomes), 256);
    // The first wave teaches it; later it asks for more now and then.
    assert!(model.calls() < 256 + 8 + 16, "{} calls", model.calls());
    assert!(started.elapsed() < Duration::from_secs(256 / 8 + 4), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_ten_calls_in_ten_seconds_turns_few_away() {
    let stage = Stage::new(16, 16);
    let taken = Mutex::new(Vec::<Instant>::new());
    let model = Puppet::new(move |_, _, _| {
        let (mut taken, now) = (taken.lock().unwrap(), Instant::now());
        taken.retain(|it| now - *it < Duration::from_secs(10));
        if taken.len() >= 10 {
            return Step::Fail(limited(None));
        }
        taken.push(now);
        Step::Answer
    });
    let started = Instant::now();
    let outcomes = stage.batch(&model, 40).await;
    assert_eq!(right(&outcomes), 40);
    assert!(model.calls() <= 40 + 15, "{} calls", model.calls());
    assert!(started.elapsed() < Duration::from_secs(90), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_succeed_is_not_tried_again() {
    let (stage, model) = (Stage::new(4, 4), Puppet::new(|_, _, _| Step::Fail(Error::Configuration("no".into()))));
    let outcome = stage.ask(&model, 0, &mut String::new()).await;
    assert_eq!((outcome.attempts, outcome.wall_time), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn text_that_had_streamed_is_taken_back_before_the_next_attempt() {
    let model = Puppet::new(|_, attempt, _| if attempt < 3 { Step::Break } else { Step::Answer });
    let mut shown = String::new();
    Stage::new(1, 1).ask(&model, 0, &mut shown).await;
    assert_eq!(shown, "half|half|answer 0");
    let model = Puppet::new(|_, attempt, _| if attempt < 3 { Step::Fail(server(503)) } else { Step::Answer });
    shown.clear();
    Stage::new(1, 1).ask(&model, 0, &mut shown).await.result.unwrap();
    assert_eq!(shown, "answer 0");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_but_never_beyond_the_deadline() {
    let model = || Puppet::new(|_, attempt, _| if attempt == 1 { Step::Fail(limited(Some(2))) } else { Step::Answer });
    let mut stage = Stage::new(1, 1);
    stage.deadline = Some(Instant::now() + Duration::from_secs(10));
    let outcome = stage.ask(&model(), 0, &mut String::new()).await;
    assert!(outcome.result.is_ok());
    assert!(outcome.wall_time >= Duration::from_secs(3), "{:?}", outcome.wall_time);
    stage.deadline = Some(Instant::now() + Duration::from_secs(2));
    let outcome = stage.ask(&model(), 0, &mut String::new()).await;
    assert_eq!(outcome.result, Err(CallError::Model(limited(Some(2)))));
    assert_eq!(outcome.wall_time, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_with_the_deadline_and_frees_its_places() {
    let mut stage = Stage::new(1, 1);
    stage.deadline = Some(Instant::now() + Duration::from_secs(5));
    let model = Puppet::new(|number, _, _| if number == 0 { Step::Hang } else { Step::Answer });
    let outcomes = stage.batch(&model, 2).await;
    assert_eq!(outcomes[0].result, Err(CallError::OutOfTime));
    assert_eq!((&outcomes[1].result, outcomes[1].attempts), (&Err(CallError::OutOfTime), 0));
    stage.deadline = None;
    assert!(stage.ask(&model, 2, &mut String::new()).await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn cancelling_drops_open_calls_and_starts_nothing_more() {
    let (stage, model) = (Stage::new(16, 4), Puppet::new(|_, _, _| Step::Answer));
    let cancel = async {
        sleep(Duration::from_millis(2500)).await;
        stage.token.cancel();
    };
    let (outcomes, ()) = tokio::join!(stage.batch(&model, 50), cancel);
    assert_eq!(right(&outcomes[..8]), 8);
    assert!(outcomes[8..].iter().all(|it| it.result == Err(CallError::Cancelled)));
    assert_eq!((model.calls(), model.open.load(Ordering::SeqCst)), (12, 0));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(model.calls(), 12);
    let late = stage.ask(&model, 60, &mut String::new()).await;
    assert_eq!((late.result, model.calls()), (Err(CallError::Cancelled), 12));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_pause_between_attempts() {
    let (stage, model) = (Stage::new(1, 1), Puppet::new(|_, _, _| Step::Fail(limited(Some(60)))));
    let cancel = async {
        sleep(Duration::from_secs(1)).await;
        stage.token.cancel();
    };
    let mut shown = String::new();
    let (outcome, ()) = tokio::join!(stage.ask(&model, 0, &mut shown), cancel);
    assert_eq!((outcome.result, outcome.wall_time.as_secs()), (Err(CallError::Cancelled), 1));
}

#[tokio::test(start_paused = true)]
async fn calls_behind_one_that_was_told_to_wait_wait_as_well() {
    let stage = Stage::new(1, 1);
    let model = Puppet::new(|number, attempt, _| match (number, attempt) {
        (0, 1) => Step::Fail(limited(Some(30))),
        _ => Step::Answer,
    });
    let started = Instant::now();
    let other = async {
        let outcome = stage.ask(&model, 1, &mut String::new()).await;
        (outcome.result.is_ok(), started.elapsed().as_secs())
    };
    let mut shown = String::new();
    let (paused, other) = tokio::join!(stage.ask(&model, 0, &mut shown), other);
    assert!(paused.result.is_ok());
    // The server has told all of them.
    assert!(other.0 && other.1 >= 30, "{other:?}");
}
