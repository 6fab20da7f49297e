//! What runs did, for a collector of OpenTelemetry: spans and numbers by its conventions for generative AI, over OTLP/HTTP.
//!
//! It is off unless a person names the collector. What is sent is made of the lines of a trace, and of these only of numbers, kinds,
//! and names of models and functions: no question, path or text. A run waits for nobody: what does not fit the queue, or is not
//! taken, is counted.

mod encoding;
mod metrics;
mod provider;
mod spans;

use super::node::Trace;
use crate::{
    config::Environment,
    llm::{Recipient, Refusal},
    text::counted,
};
use encoding::{Message, Value};
use metrics::Numbers;
use spans::{Identity, MOST_OF_RUN};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// The version of the conventions.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.41.0";

/// Runs and spans that may wait to be sent.
const WAITING_RUNS: usize = 64;
const WAITING_SPANS: usize = 50_000;

/// Spans that are sent together.
const BATCH: usize = 512;

/// How long one request may take, how often it is made, and the first pause between two.
const LIMIT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);

const PROTOBUF: &str = "application/x-protobuf";

/// The word for the collector that the environment names, and the variables of the specification that name it.
const OF_ENVIRONMENT: &str = "env";
const STANDARD: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"];

/// Where this program has its own, for which nobody else asks.
const OWN: [&str; 2] = ["RLM_OTLP", "RLM_OTLP_HEADERS"];

/// Tells a collector of runs.
pub struct Exporter {
    shared: Arc<Shared>,
    /// Gone when it has ended.
    queue: Mutex<Option<mpsc::Sender<Ended>>>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

/// A run that has ended.
type Ended = (Trace, SystemTime);

struct Shared {
    recipient: Recipient,
    resource: Message,
    waiting: AtomicUsize,
    numbers: Mutex<Numbers>,
    /// Why something was not delivered, last.
    problem: Mutex<Option<String>>,
}

impl Exporter {
    /// One for the collector that a person has named, with an option or else by `RLM_OTLP`; none if nobody has. The variables of
    /// OpenTelemetry count only for the word `env`: they may be set for other programs, and a key in them is for that collector.
    ///
    /// # Errors
    /// What is wrong with the address or the headers; a sentence without them.
    pub fn named(option: Option<&str>, environment: &Environment) -> Result<Option<Arc<Self>>, String> {
        let [own, own_headers] = OWN;
        let Some(named) = option.map(str::to_owned).or_else(|| environment.get(own)) else { return Ok(None) };
        let (address, headers) = match named.trim() {
            OF_ENVIRONMENT => {
                let [address, headers] = STANDARD;
                let address = environment.get(address).ok_or_else(|| format!("{address} is not set"))?;
                (address, environment.get(headers))
            }
            address => (address.to_owned(), environment.get(own_headers)),
        };
        let recipient = Recipient::new(&address, &pairs(&headers.unwrap_or_default())?)?;
        Ok(Some(Arc::new(Self::start(recipient))))
    }

    fn start(recipient: Recipient) -> Self {
        let shared = Arc::new(Shared {
            recipient,
            resource: resource(),
            waiting: AtomicUsize::new(0),
            numbers: Mutex::new(Numbers::since(SystemTime::now())),
            problem: Mutex::default(),
        });
        let (queue, mut ended) = mpsc::channel(WAITING_RUNS);
        let working = shared.clone();
        let worker = tokio::spawn(async move {
            while let Some((trace, began)) = ended.recv().await {
                working.send(&trace, began).await;
            }
        });
        Self { shared, queue: Mutex::new(Some(queue)), worker: Mutex::new(Some(worker)) }
    }

    /// Takes a run that has ended. Does not wait.
    pub fn export(&self, trace: Trace, began: SystemTime) {
        let spans = size(&trace);
        let waiting = self.shared.waiting.fetch_add(spans, Ordering::Relaxed);
        let is_taken = waiting + spans <= WAITING_SPANS
            && lock(&self.queue).as_ref().is_some_and(|queue| queue.try_send((trace, began)).is_ok());
        if !is_taken {
            self.shared.waiting.fetch_sub(spans, Ordering::Relaxed);
            self.shared.lose(spans, "too much of other runs waits to be sent");
        }
    }

    /// How many spans were not delivered.
    pub fn dropped(&self) -> u64 {
        lock(&self.shared.numbers).dropped
    }

    /// Sends what waits, for no longer than `limit`, and then nothing more. Says what was not delivered.
    pub async fn end(&self, limit: Duration) -> Option<String> {
        lock(&self.queue).take();
        let worker = lock(&self.worker).take();
        if let Some(mut worker) = worker
            && timeout(limit, &mut worker).await.is_err()
        {
            worker.abort();
            let waiting = self.shared.waiting.load(Ordering::Relaxed);
            self.shared.lose(waiting, "there was no time");
        }
        let dropped = self.dropped();
        let problem = lock(&self.shared.problem).clone().unwrap_or_default();
        let to = self.shared.recipient.shown();
        (dropped > 0).then(|| format!("{} of OpenTelemetry did not get to {to}: {problem}", counted(dropped, "span")))
    }
}

impl Shared {
    async fn send(&self, trace: &Trace, began: SystemTime) {
        lock(&self.numbers).add(trace);
        let (spans, more) = spans::spans(trace, began, identity());
        if more > 0 {
            self.lose(more, "the run has too many");
        }
        let mut batches = spans.chunks(BATCH);
        while let Some(batch) = batches.next() {
            let body = self.wrapped(batch);
            let mut done = batch.len();
            if let Err(why) = self.post("traces", body).await {
                // Who does not take one takes none of those that follow.
                done += batches.by_ref().map(<[Message]>::len).sum::<usize>();
                self.lose(done, &why);
            }
            self.waiting.fetch_sub(done, Ordering::Relaxed);
        }
        let numbers = lock(&self.numbers).metrics();
        // The next numbers have these in them.
        if let Err(why) = self.post("metrics", self.wrapped(&numbers)).await {
            self.note(&why);
        }
    }

    /// What both kinds of requests have around spans or metrics.
    fn wrapped(&self, inner: &[Message]) -> Vec<u8> {
        let scope = Message::default().text(1, env!("CARGO_PKG_NAME")).text(2, env!("CARGO_PKG_VERSION"));
        let of_scope = Message::default().message(1, &scope).messages(2, inner).text(3, SCHEMA);
        let of_resource = Message::default().message(1, &self.resource).message(2, &of_scope).text(3, SCHEMA);
        Message::default().message(1, &of_resource).finish()
    }

    async fn post(&self, resource: &str, body: Vec<u8>) -> Result<(), String> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            match self.recipient.post(resource, PROTOBUF, body.clone(), LIMIT).await {
                Ok(()) => break,
                Err(Refusal { is_transient: true, .. }) if attempt < ATTEMPTS => sleep(pause).await,
                Err(Refusal { why, .. }) => return Err(why),
            }
            pause *= 2;
        }
        Ok(())
    }

    fn lose(&self, spans: usize, why: &str) {
        if spans > 0 {
            lock(&self.numbers).dropped += spans as u64;
            self.note(why);
        }
    }

    fn note(&self, why: &str) {
        tracing::warn!(collector = self.recipient.shown(), why, "not delivered");
        *lock(&self.problem) = Some(why.to_owned());
    }
}

/// How many spans a run makes.
fn size(trace: &Trace) -> usize {
    (trace.nodes.len() + 1).min(MOST_OF_RUN)
}

/// Who tells, and no more of the machine or the person.
fn resource() -> Message {
    let instance: String = random::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let attributes = [
        ("service.name", Value::from(env!("CARGO_PKG_NAME"))),
        ("service.version", Value::from(env!("CARGO_PKG_VERSION"))),
        ("service.instance.id", Value::Text(instance)),
    ];
    Message::default().attributes(1, &attributes)
}

fn identity() -> Identity {
    Identity { trace: random(), first_span: u64::from_le_bytes(random()) }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // It fails on no system that has a kernel of this century; then runs are told apart by their times alone.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    bytes[0] |= 1;
    bytes
}

/// Headers as the specification writes them: `name=value,name=value`, with `%` before the numbers of what would disturb that.
fn pairs(written: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |pair: &str| {
        // Only these two mean something else to whoever decodes forms.
        let form = pair.trim().replace('+', "%2B").replace('&', "%26");
        let mut decoded = url::form_urlencoded::parse(form.as_bytes()).into_owned();
        decoded.next().filter(|(name, value)| !name.is_empty() && !value.is_empty())
    };
    let parts = written.split(',').filter(|it| !it.trim().is_empty());
    let pairs: Option<Vec<_>> =
        parts.map(pair).map(|it| it.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))).collect();
    pairs.ok_or_else(|| "the headers are not written as name=value,name=value".to_owned())
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_specification_writes_them() {
        let read = |text| pairs(text).map(|it| it.into_iter().map(|(a, b)| format!("{a}: {b}")).collect::<Vec<_>>());
        for (written, expected) in [
            ("", Ok(vec![])),
            ("api-key=abc", Ok(vec!["api-key: abc"])),
            ("a=b%20c, d=e+f%2Cg&h==,", Ok(vec!["a: b c", "d: e+f,g&h=="])),
            ("nothing", Err(())),
            ("=x", Err(())),
        ] {
            assert_eq!(
                read(written).map_err(|_| ()),
                expected.map(|it| it.iter().map(|it| (*it).to_owned()).collect())
            );
        }
    }

    #[tokio::test]
    async fn a_variable_that_is_set_for_others_sends_nothing() {
        let standard =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"), ("OTEL_EXPORTER_OTLP_HEADERS", "k=PEARKEY9")];
        let environment = Environment::of(standard);
        let named = |option| Exporter::named(option, &environment).map(|it| it.map(|it| it.shared.recipient.shown()));
        assert_eq!(named(None), Ok(None));
        assert_eq!(named(Some("env")), Ok(Some("http://127.0.0.1:9/v1".to_owned())));
        // Their headers are not for the collector of an option: with them plain HTTP would be refused.
        assert_eq!(named(Some("http://other:4318")), Ok(Some("http://other:4318/v1".to_owned())));
        let own = Environment::of([("RLM_OTLP", "http://other:4318"), ("RLM_OTLP_HEADERS", "k=PEARKEY9")]);
        let why = Exporter::named(None, &own).map(|_| ()).expect_err("others could read the key");
        assert!(why.contains("https") && !why.contains("PEARKEY9"), "{why}");
        assert_eq!(
            Exporter::named(Some("env"), &own).map(|_| ()),
            Err("OTEL_EXPORTER_OTLP_ENDPOINT is not set".to_owned())
        );
    }

    #[tokio::test]
    async fn what_cannot_wait_or_be_sent_is_counted_and_nobody_waits_for_it() {
        let recipient = Recipient::new("http://127.0.0.1:9", &[]).unwrap();
        let exporter = Exporter::start(recipient);
        for _ in 0..2 * WAITING_RUNS {
            exporter.export(Trace::default(), SystemTime::UNIX_EPOCH);
        }
        assert!(exporter.dropped() >= WAITING_RUNS as u64 - 1, "{}", exporter.dropped());
        let told = exporter.end(Duration::from_millis(1)).await.expect("nobody listens");
        assert!(told.contains("http://127.0.0.1:9/v1") && exporter.dropped() == 2 * WAITING_RUNS as u64, "{told}");
        exporter.export(Trace::default(), SystemTime::UNIX_EPOCH);
        assert_eq!(exporter.dropped(), 2 * WAITING_RUNS as u64 + 1);
    }
}
