//! The scheduler before a server that limits the rate, on machines that are quiet, busy and very busy. Time is simulated.

use super::*;
use crate::llm::schedule::retry::chance;

/// A server that takes so many calls within ten seconds and answers them at once, at the end of a way that takes its time.
#[derive(Debug)]
struct Quick {
    limit: usize,
    taken: Mutex<Vec<Instant>>,
    turned_away: AtomicU32,
    messages: AtomicUsize,
    seed: u64,
    /// How long a way takes at most, and how much longer one of three may.
    way: Duration,
    hold_up: Duration,
}

impl Quick {
    fn new(limit: usize, seed: u64, way: Duration, hold_up: Duration) -> Self {
        let (taken, turned_away, messages) = Default::default();
        Self { limit, taken, turned_away, messages, seed, way, hold_up }
    }

    /// The time that the next message is under way.
    fn next_way(&self) -> Duration {
        let number = self.messages.fetch_add(1, Ordering::SeqCst) as u64;
        let drawn = |what| chance(1 + self.seed * 100_000 + number * 10 + what, 1);
        let held_up = if drawn(1) < 0.3 { self.hold_up.mul_f64(drawn(2)) } else { Duration::ZERO };
        self.way.mul_f64(drawn(0)) + held_up
    }
}

impl Model for Quick {
    fn name(&self) -> &str {
        "quick"
    }

    fn window(&self) -> Option<usize> {
        None
    }

    fn call<'a>(&'a self, request: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        async move {
            sleep(self.next_way()).await;
            let is_taken = {
                let (mut taken, now) = (self.taken.lock().unwrap(), Instant::now());
                taken.retain(|it| now - *it < Duration::from_secs(10));
                let is_taken = taken.len() < self.limit;
                taken.extend(is_taken.then_some(now));
                is_taken
            };
            sleep(self.next_way()).await;
            if !is_taken {
                self.turned_away.fetch_add(1, Ordering::SeqCst);
                return Err(limited(None));
            }
            let text = format!("answer {}", request.messages[0].content);
            let (calls, reasoning, usage) = Default::default();
            Ok(Reply { text, calls, reasoning, finish: Finish::Complete, usage })
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn quick_replies_send_no_crowd_after_calls_that_are_turned_away_however_late_word_of_that_comes() {
    for (way, hold_up) in [(1, 0), (10, 0), (50, 0), (20, 100), (50, 300)] {
        for (concurrency, seed) in [8, 16].into_iter().flat_map(|it| (0..30).map(move |seed| (it, seed))) {
            let [way, hold_up] = [way, hold_up].map(Duration::from_millis);
            let (model, started) = (Quick::new(10, seed, way, hold_up), Instant::now());
            assert_eq!(ask_all(&Stage::new(64, concurrency), &model, 40).await, 40);
            let (turned_away, took) = (model.turned_away.into_inner(), started.elapsed().as_secs());
            let place = format!("{way:?} and {hold_up:?}, {concurrency} at once, seed {seed}");
            assert!(turned_away <= 15, "{turned_away} were turned away: {place}");
            assert!(took <= 70, "{took} s: {place}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_all_is_kept_busy() {
    let started = Instant::now();
    for seed in 0..30 {
        let model = Quick::new(usize::MAX, seed, Duration::from_millis(200), Duration::ZERO);
        assert_eq!(ask_all(&Stage::new(64, 16), &model, 64).await, 64);
    }
    // 64 calls of 200 milliseconds each, 16 at once, and the last ones alone.
    let took = started.elapsed().as_millis() / 30;
    assert!(took < 1050, "{took} ms");
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_few_children_wait_for_nothing() {
    let started = Instant::now();
    for seed in 0..30 {
        let stage = Stage::new(64, 16);
        let model = Quick::new(usize::MAX, seed, Duration::from_millis(200), Duration::ZERO);
        let child = async |number: u64| {
            assert_eq!(ask_all(&stage, &model, 1).await, 1, "{number}");
            ask_all(&stage, &model, 4).await
        };
        assert_eq!(join_all((0..4).map(child)).await, [4; 4]);
    }
    // Two calls one after the other, each with its two ways.
    let took = started.elapsed().as_millis() / 30;
    assert!(took < 700, "{took} ms");
}

/// How many of so many questions are answered.
async fn ask_all(stage: &Stage, model: &Quick, count: u64) -> usize {
    right(&join_all((0..count).map(|number| async move { stage.ask(model, number, &mut String::new()).await })).await)
}
