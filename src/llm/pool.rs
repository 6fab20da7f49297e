//! Several servers of the same model, used as one.
//!
//! A call goes to the server with the fewest open calls. A server that cannot be reached is left alone for a while,
//! and the call moves on: nothing was sent to it, so this is no second attempt. Every other failure is the caller's.

use super::{Error, Model, PieceSink, Reply, Request};
use crate::store::Key;
use futures::future::BoxFuture;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How long a server that cannot be reached is left alone.
const REST: Duration = Duration::from_secs(10);

/// A server, as all pools see it: its load is the same whichever of its models is called.
#[derive(Debug, Default)]
pub(super) struct EndpointHealth {
    open: AtomicUsize,
    rests_until: Mutex<Option<Instant>>,
}

impl EndpointHealth {
    fn rest(&self) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }

    fn rests_until(&self) -> Option<Instant> {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }
}

/// One open call, counted for as long as it lives.
struct Open<'a>(&'a EndpointHealth);

impl<'a> Open<'a> {
    fn at(health: &'a EndpointHealth) -> Self {
        health.open.fetch_add(1, Ordering::Relaxed);
        Self(health)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One model on several servers.
#[derive(Debug)]
pub(super) struct Pool {
    name: String,
    members: Vec<(Arc<EndpointHealth>, Arc<dyn Model>)>,
}

impl Pool {
    pub(super) fn new(name: String, members: Vec<(Arc<EndpointHealth>, Arc<dyn Model>)>) -> Self {
        Self { name, members }
    }

    /// The best member that is not among those `tried`: one that does not rest before one that does, then the one that
    /// wakes first, then the one with the fewest open calls, then the first.
    fn next(&self, tried: &[usize]) -> Option<usize> {
        let members = (0..self.members.len()).filter(|at| !tried.contains(at));
        members.min_by_key(|&at| {
            let health = &self.members[at].0;
            (health.rests_until(), health.open.load(Ordering::Relaxed))
        })
    }

    async fn answer(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let mut tried = Vec::new();
        let mut last = Error::Configuration(format!("no endpoint is configured for {}", self.name));
        while let Some(at) = self.next(&tried) {
            tried.push(at);
            let (health, model) = &self.members[at];
            let open = Open::at(health);
            let result = model.call(request, &mut *pieces).await;
            drop(open);
            match result {
                Err(error @ Error::Unreachable { .. }) => {
                    health.rest();
                    last = error;
                }
                other => return other,
            }
        }
        Err(last)
    }
}

impl Model for Pool {
    fn name(&self) -> &str {
        &self.name
    }

    /// The smallest window of all, since a call may go to any.
    fn window(&self) -> Option<usize> {
        self.members.iter().filter_map(|(_, model)| model.window()).min()
    }

    fn parameters(&self) -> Option<u64> {
        self.members.iter().find_map(|(_, model)| model.parameters())
    }

    /// Those of all servers, if each of them says how many it has.
    fn slots(&self) -> Option<usize> {
        self.members.iter().map(|(_, model)| model.slots()).sum()
    }

    fn takes_shapes(&self) -> bool {
        self.members.iter().any(|(_, model)| model.takes_shapes())
    }

    /// What the first says: they serve the same model.
    fn calls_tools(&self) -> Option<bool> {
        self.members.first().map_or(Some(false), |(_, model)| model.calls_tools())
    }

    /// That of all members, in whatever order they are named.
    fn reply_source(&self) -> Option<Key> {
        let mut sources = self.members.iter().map(|(_, model)| model.reply_source()).collect::<Option<Vec<_>>>()?;
        sources.sort_unstable();
        Some(Key::of(&sources))
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.answer(request, pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{Finish, Message, TokenUsage};
    use futures::{FutureExt, future::join_all};
    use tokio::time::sleep;

    /// Answers with its own name after a while, or cannot be reached.
    #[derive(Debug)]
    struct Server {
        name: &'static str,
        down: std::sync::atomic::AtomicBool,
        calls: AtomicUsize,
    }

    impl Server {
        fn new(name: &'static str, down: bool) -> Arc<Self> {
            Arc::new(Self { name, down: down.into(), calls: 0.into() })
        }
    }

    impl Model for Server {
        fn name(&self) -> &str {
            self.name
        }
        fn window(&self) -> Option<usize> {
            Some(self.name.len())
        }
        fn call<'a>(&'a self, _: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
            async {
                self.calls.fetch_add(1, Ordering::Relaxed);
                if self.down.load(Ordering::Relaxed) {
                    let (model, endpoint) = (self.name.to_owned(), "e".to_owned());
                    return Err(Error::Unreachable { model, endpoint, detail: "refused".to_owned() });
                }
                sleep(Duration::from_secs(1)).await;
                let (text, usage) = (self.name.to_owned(), TokenUsage::default());
                Ok(Reply { text, calls: Vec::new(), reasoning: String::new(), finish: Finish::Complete, usage })
            }
            .boxed()
        }
    }

    fn pool(servers: &[Arc<Server>]) -> Pool {
        let member = |it: &Arc<Server>| (Arc::default(), it.clone() as Arc<dyn Model>);
        Pool::new("m".to_owned(), servers.iter().map(member).collect())
    }

    async fn ask(pool: &Pool) -> Result<String, Error> {
        let request = Request { messages: vec![Message::user("q")], ..Request::default() };
        pool.call(&request, &mut |_| {}).await.map(|reply| reply.text)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_spread_over_the_servers_with_the_fewest_open_calls() {
        let servers = [Server::new("a", false), Server::new("b", false), Server::new("c", false)];
        let pool = pool(&servers);
        let answers = join_all((0..9).map(|_| ask(&pool))).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(servers.map(|it| it.calls.load(Ordering::Relaxed)), [3, 3, 3]);
        assert!(pool.members.iter().all(|(health, _)| health.open.load(Ordering::Relaxed) == 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_cannot_be_reached_is_left_alone_for_a_while() {
        let servers = [Server::new("a", true), Server::new("b", false)];
        let pool = pool(&servers);
        for _ in 0..5 {
            assert_eq!(ask(&pool).await.unwrap(), "b");
        }
        assert_eq!(servers[0].calls.load(Ordering::Relaxed), 1);
        servers[0].down.store(false, Ordering::Relaxed);
        sleep(REST).await;
        assert_eq!(ask(&pool).await.unwrap(), "a");
    }

    #[tokio::test(start_paused = true)]
    async fn with_all_servers_down_every_one_is_tried_and_the_failure_names_one() {
        let servers = [Server::new("a", true), Server::new("b", true)];
        let pool = pool(&servers);
        for _ in 0..2 {
            assert_eq!(ask(&pool).await.unwrap_err().kind(), "unreachable");
        }
        assert_eq!(servers.map(|it| it.calls.load(Ordering::Relaxed)), [2, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_no_longer_counts() {
        let pool = pool(&[Server::new("a", false)]);
        assert!(ask(&pool).now_or_never().is_none());
        assert_eq!(pool.members[0].0.open.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_window_is_the_smallest() {
        assert_eq!(pool(&[Server::new("abc", false), Server::new("ab", false)]).window(), Some(2));
    }
}
