//! Pools of servers that are simulated: time is, and so is how fast they are.

use super::*;
use crate::llm::{Billing, Call, Finish, Message, RetryDecision, RetryPolicy, RunPermits, Scheduler, TokenUsage};
use futures::{FutureExt, future::join_all};
use std::sync::atomic::AtomicBool;
use tokio::{sync::Semaphore, time::sleep};
use tokio_util::sync::CancellationToken;

/// How a server works on several calls.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// On so many at once, each at full speed; the others wait. It may say so.
    Slots { slots: usize, says: bool },
    /// On all at once, each at its share of the speed.
    Shares,
}

/// Answers with its own name, or cannot be reached.
#[derive(Debug)]
struct Server {
    name: &'static str,
    /// Seconds for a call of the least work.
    seconds: f64,
    way: Way,
    slots: Semaphore,
    down: AtomicBool,
    open: AtomicUsize,
    calls: AtomicUsize,
}

impl Server {
    fn new(name: &'static str, seconds: f64, way: Way) -> Arc<Self> {
        let slots = if let Way::Slots { slots, .. } = way { slots } else { 0 };
        let (down, open, calls) = Default::default();
        Arc::new(Self { name, seconds, way, slots: Semaphore::new(slots), down, open, calls })
    }

    fn plain(name: &'static str) -> Arc<Self> {
        Self::new(name, 1.0, Way::Slots { slots: 4, says: false })
    }

    fn check(&self, broken: Error) -> Result<(), Error> {
        if self.down.load(Ordering::Relaxed) { Err(broken) } else { Ok(()) }
    }

    async fn serve(&self, request: &Request) -> Result<Reply, Error> {
        let (model, endpoint) = (self.name.to_owned(), "e".to_owned());
        self.check(Error::Unreachable { model: model.clone(), endpoint, detail: "refused".to_owned() })?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let _open = Counted::new(&self.open);
        // Tokens differ from call to call.
        let tokens = 100 + request.messages[0].content.len() as u64 % 7 * 10;
        let seconds = self.seconds * tokens as f64 / 100.0;
        let broken = || Error::BrokenReply { model: model.clone(), detail: "broken off".to_owned() };
        match self.way {
            Way::Slots { .. } => {
                let _slot = self.slots.acquire().await.expect("it is open");
                sleep(Duration::from_secs_f64(seconds)).await;
            }
            Way::Shares => {
                let mut left = seconds;
                while left > 0.0 {
                    const STEP: f64 = 0.05;
                    sleep(Duration::from_secs_f64(STEP)).await;
                    left -= STEP / self.open.load(Ordering::Relaxed) as f64;
                    self.check(broken())?;
                }
            }
        }
        self.check(broken())?;
        let usage = TokenUsage { output: tokens, ..TokenUsage::default() };
        let text = self.name.to_owned();
        Ok(Reply { text, calls: Vec::new(), reasoning: String::new(), finish: Finish::Complete, usage })
    }
}

impl Model for Server {
    fn name(&self) -> &str {
        self.name
    }
    fn window(&self) -> Option<usize> {
        Some(self.name.len())
    }
    fn slots(&self) -> Option<usize> {
        if let Way::Slots { slots, says: true } = self.way { Some(slots) } else { None }
    }
    fn call<'a>(&'a self, request: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        self.serve(request).boxed()
    }
}

fn pool(servers: &[Arc<Server>]) -> Pool {
    let member = |it: &Arc<Server>| (Arc::default(), it.clone() as Arc<dyn Model>);
    Pool::new("m".to_owned(), servers.iter().map(member).collect())
}

fn request(text: &str) -> Request {
    Request { messages: vec![Message::user(text)], ..Request::default() }
}

async fn ask(pool: &Pool, text: &str) -> Result<String, Error> {
    pool.call(&request(text), &mut |_| {}).await.map(|reply| reply.text)
}

fn calls(servers: &[Arc<Server>]) -> Vec<usize> {
    servers.iter().map(|it| it.calls.load(Ordering::Relaxed)).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_spread_over_servers_of_which_nothing_is_known() {
    let servers = ["a", "b", "c"].map(Server::plain);
    let pool = pool(&servers);
    let answers = join_all((0..9).map(|_| ask(&pool, "q"))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls(&servers), [3, 3, 3]);
    assert!(pool.members.iter().all(|member| member.load.now().calls == 0));
}

#[tokio::test(start_paused = true)]
async fn a_conversation_stays_at_its_server() {
    let servers = ["a", "b", "c", "d"].map(Server::plain);
    let pool = pool(&servers);
    let mut homes = std::collections::BTreeSet::new();
    for conversation in 0..12 {
        let first = ask(&pool, &format!("conversation {conversation}")).await.unwrap();
        for turn in 0..3 {
            let mut request = request(&format!("conversation {conversation}"));
            request.messages.extend([Message::assistant("said"), Message::user(format!("turn {turn}"))]);
            request.messages.truncate(1 + 2 * turn);
            let reply = pool.call(&request, &mut |_| {}).await.unwrap();
            assert_eq!(reply.text, first, "{conversation}, {turn}");
        }
        homes.insert(first);
    }
    assert!(homes.len() > 2, "{homes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_reached_is_left_alone_for_a_while() {
    let servers = ["a", "b"].map(Server::plain);
    servers[0].down.store(true, Ordering::Relaxed);
    let pool = pool(&servers);
    for number in 0..5 {
        assert_eq!(ask(&pool, &number.to_string()).await.unwrap(), "b");
    }
    assert!(pool.members[0].load.rests_until(Instant::now()).is_some());
    servers[0].down.store(false, Ordering::Relaxed);
    sleep(REST).await;
    let answers = join_all(["c", "d", "e", "f", "g", "h", "i"].map(|text| ask(&pool, text))).await;
    assert!(answers.contains(&Ok("a".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn with_all_servers_down_every_one_is_tried_and_the_failure_names_one() {
    let servers = ["a", "b"].map(Server::plain);
    servers.iter().for_each(|it| it.down.store(true, Ordering::Relaxed));
    let pool = pool(&servers);
    for _ in 0..2 {
        assert_eq!(ask(&pool, "q").await.unwrap_err().kind(), "unreachable");
    }
    assert!(pool.members.iter().all(|member| member.load.rests_until(Instant::now()).is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_no_longer_counts() {
    let pool = pool(&[Server::plain("a")]);
    assert!(ask(&pool, "q").now_or_never().is_none());
    assert_eq!(pool.members[0].load.now(), super::endpoint_load::Load::default());
}

#[test]
fn the_window_is_the_smallest() {
    assert_eq!(pool(&[Server::plain("abc"), Server::plain("ab")]).window(), Some(2));
}

struct Free;

impl Billing for Free {
    fn begin(&self) {}
    fn failed<'a>(&'a self, _: TokenUsage, _: &Error) -> BoxFuture<'a, RetryDecision> {
        std::future::ready(RetryDecision::Again { longest_reply: None }).boxed()
    }
}

/// Makes calls as a run does; returns how long they took, in seconds.
async fn batch(pool: &Pool, count: usize, concurrency: usize) -> f64 {
    let scheduler = Scheduler::new(concurrency, RetryPolicy::default());
    let (permits, token) = (RunPermits::new(concurrency), CancellationToken::new());
    let requests: Vec<Request> = (0..count).map(|number| request(&"x".repeat(number % 97))).collect();
    let began = Instant::now();
    let call = async |number: usize| {
        let (request, permits, token) = (&requests[number], &permits, &token);
        let number = number as u64;
        let call = Call { model: pool, request, number, permits, deadline: None, token, billing: &Free };
        scheduler.call(call, &mut |_| {}).await
    };
    let replies = join_all((0..count).map(call)).await;
    assert!(replies.iter().all(Result::is_ok), "{:?}", replies.iter().find(|it| it.is_err()));
    began.elapsed().as_secs_f64()
}

/// The least time for these calls, if all servers had work until the end.
fn least(servers: &[Arc<Server>], count: usize) -> f64 {
    let rate: f64 = servers
        .iter()
        .map(|it| if let Way::Slots { slots, .. } = it.way { slots as f64 } else { 1.0 } / it.seconds)
        .sum();
    let work: f64 = (0..count).map(|number| 1.0 + (number % 97 % 7) as f64 / 10.0).sum();
    work / rate
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const SPEEDS: [f64; 4] = [1.0, 1.0, 2.0, 4.0];

fn unequal(count: usize, way: Way) -> Vec<Arc<Server>> {
    (4 - count..4).map(|at| Server::new(NAMES[at], 8.0 / SPEEDS[at], way)).collect()
}

#[tokio::test(start_paused = true)]
async fn unequal_servers_are_done_at_the_same_time() {
    let mut seen = Vec::new();
    for way in [Way::Slots { slots: 4, says: true }, Way::Slots { slots: 4, says: false }, Way::Shares] {
        for count in [1, 2, 4] {
            let servers = unequal(count, way);
            let pool = pool(&servers);
            let ratio = batch(&pool, 512, 16).await / least(&servers, 512);
            seen.push((way, count, ratio, calls(&servers)));
        }
    }
    assert!(seen.iter().all(|(_, _, ratio, _)| *ratio <= 1.05), "{seen:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_dies_in_the_middle_loses_nothing() {
    for way in [Way::Slots { slots: 4, says: true }, Way::Shares] {
        let servers = unequal(4, way);
        let pool = pool(&servers);
        let dies = async {
            sleep(Duration::from_secs(60)).await;
            servers[3].down.store(true, Ordering::Relaxed);
        };
        let (seconds, ()) = tokio::join!(batch(&pool, 512, 16), dies);
        // Half of the work was done by the one that dies.
        let best = 60.0 + 2.0 * (least(&servers, 512) - 60.0);
        assert!(seconds < 1.08 * best, "{way:?}: {seconds} where {best} is possible");
    }
}

#[tokio::test(start_paused = true)]
async fn processes_that_use_one_server_share_its_slots() {
    for way in [Way::Slots { slots: 4, says: true }, Way::Shares] {
        let servers = unequal(1, way);
        let (one, other) = (pool(&servers), pool(&servers));
        // Each opens no more calls than the server has slots, and the server's own queue is first come, first served.
        let (first, second) = tokio::join!(batch(&one, 64, 16), batch(&other, 64, 16));
        let both = 2.0 * least(&servers, 64);
        assert!(first.max(second) < 1.1 * both && first.min(second) > 0.9 * both, "{way:?}: {first} {second} {both}");
    }
}
