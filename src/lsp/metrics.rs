//! What the server has done, in numbers, for Prometheus: over HTTP, on this machine alone, and only if somebody has asked for it.
//!
//! Numbers say how much and how it ended. No question, path, model or text is in a label.

use crate::engine::{Termination, Usage};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fmt::Write,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};

/// The form: version 0.0.4 of Prometheus' text.
const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How long one who asks may take, and how much may be said.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REQUEST: usize = 8 << 10;

/// How many may ask at once.
const AT_ONCE: usize = 8;

/// The numbers of one server.
#[derive(Debug)]
pub struct Metrics(Mutex<Counted>);

#[derive(Debug)]
struct Counted {
    /// Questions by how they have ended.
    ended: BTreeMap<String, u64>,
    /// Reviews and changes by what they are and how they have ended.
    tasks: BTreeMap<(&'static str, &'static str), u64>,
    usage: Usage,
    /// All of these whose price is not known.
    unpriced: u64,
    cost: f64,
}

impl Default for Metrics {
    fn default() -> Self {
        let (ended, tasks, unpriced, cost) = Default::default();
        Self(Mutex::new(Counted { ended, tasks, usage: Usage::none(), unpriced, cost }))
    }
}

impl Counted {
    fn add(&mut self, usage: Usage) {
        self.usage += usage;
        self.unpriced += u64::from(usage.cost.is_none());
        self.cost += usage.cost.unwrap_or_default();
    }
}

impl Metrics {
    /// Counts a question that has ended.
    pub fn count(&self, termination: Termination, usage: Usage) {
        let mut counted = self.lock();
        let how = json!(termination).as_str().unwrap_or_default().to_owned();
        *counted.ended.entry(how).or_default() += 1;
        counted.add(usage);
    }

    /// Counts a review or a change that has ended, and for which models were called.
    pub fn count_task(&self, kind: &'static str, state: &'static str, usage: Usage) {
        let mut counted = self.lock();
        *counted.tasks.entry((kind, state)).or_default() += 1;
        counted.add(usage);
    }

    /// All numbers, where so many questions run and so many spans were not delivered, if any are sent.
    pub fn text(&self, running: usize, dropped: Option<u64>) -> String {
        let counted = self.lock();
        let Counted { ended, tasks, usage, unpriced, cost } = &*counted;
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (labels, value) in values {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let plain = |value: f64| [(String::new(), value)];
        let by = |label: &str, values: &[(&str, u64)]| -> Vec<(String, f64)> {
            values.iter().map(|(name, value)| (format!("{{{label}=\"{name}\"}}"), *value as f64)).collect()
        };
        let ended: Vec<(&str, u64)> = ended.iter().map(|(how, count)| (how.as_str(), *count)).collect();
        family("rlm_queries_total", "counter", "Questions that have ended, by how.", &by("termination", &ended));
        family(
            "rlm_queries_running",
            "gauge",
            "Questions, reviews and changes that are being worked on.",
            &plain(running as f64),
        );
        let label = |(kind, state): &(&str, &str)| format!("{{kind=\"{kind}\",state=\"{state}\"}}");
        let tasks: Vec<(String, f64)> = tasks.iter().map(|(task, count)| (label(task), *count as f64)).collect();
        let help = "Reviews and changes that have ended and for which models were called, by how.";
        family("rlm_tasks_total", "counter", help, &tasks);
        let calls = [("root", usage.root_calls), ("sub", usage.sub_calls)];
        family("rlm_model_calls_total", "counter", "Calls of models that were made, by what for.", &by("kind", &calls));
        let cached = plain(usage.cached_calls as f64);
        family(
            "rlm_cached_calls_total",
            "counter",
            "Calls that were not made, since their replies were known.",
            &cached,
        );
        family("rlm_retries_total", "counter", "Attempts beyond the first.", &plain(usage.retries as f64));
        let tokens = &usage.tokens;
        let tokens = [("input", tokens.input), ("output", tokens.output), ("cached_input", tokens.cached_input)];
        family(
            "rlm_tokens_total",
            "counter",
            "Tokens of the calls; cached_input is a part of input.",
            &by("type", &tokens),
        );
        family("rlm_cost_usd_total", "counter", "US dollars, where the price is known.", &plain(*cost));
        let unpriced = plain(*unpriced as f64);
        family(
            "rlm_unpriced_queries_total",
            "counter",
            "Questions, reviews and changes whose price is not known.",
            &unpriced,
        );
        let model = plain(usage.model_time.as_secs_f64());
        family("rlm_model_seconds_total", "counter", "Time of all calls added up.", &model);
        let wall = plain(usage.wall_time.as_secs_f64());
        family("rlm_query_seconds_total", "counter", "Time of all questions, reviews and changes added up.", &wall);
        if let Some(dropped) = dropped {
            let help = "Spans of OpenTelemetry that were not delivered.";
            family("rlm_dropped_spans_total", "counter", help, &plain(dropped as f64));
        }
        text
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers whoever asks, until it is dropped.
pub async fn serve(listener: TcpListener, text: impl Fn() -> String + Send + Sync + 'static) {
    let (places, text) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(text));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let text = text.clone();
                tokio::spawn(async move {
                    // Who asks too slowly, or has gone, gets nothing.
                    let _ = timeout(PATIENCE, answer(stream, &*text)).await;
                    drop(place);
                });
            }
            // There are no descriptors left, for now.
            Err(_) => tokio::time::sleep(PATIENCE).await,
        }
    }
}

async fn answer(mut stream: TcpStream, text: impl Fn() -> String) -> io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while !request.windows(4).any(|it| it == b"\r\n\r\n") && request.len() < LONGEST_REQUEST {
        match stream.read(&mut part).await? {
            0 => break,
            count => request.extend_from_slice(&part[..count]),
        }
    }
    let (status, body) = match request.starts_with(b"GET /metrics ") {
        true => ("200 OK", text()),
        false => ("404 Not Found", "the numbers are at /metrics\n".to_owned()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {TYPE}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_form_that_prometheus_reads() {
        let metrics = Metrics::default();
        let usage = Usage { calls: 3, root_calls: 1, sub_calls: 2, cost: Some(0.5), ..Usage::none() };
        metrics.count(Termination::Final, usage);
        metrics.count(Termination::Final, Usage { cost: None, ..usage });
        metrics.count(Termination::Timeout, Usage::none());
        metrics.count_task("review", "reviewed", Usage { calls: 1, sub_calls: 1, cost: Some(0.25), ..Usage::none() });
        let text = metrics.text(2, Some(3));
        for line in [
            "rlm_queries_total{termination=\"final\"} 2",
            "rlm_queries_total{termination=\"timeout\"} 1",
            "rlm_queries_running 2",
            "rlm_tasks_total{kind=\"review\",state=\"reviewed\"} 1",
            "rlm_model_calls_total{kind=\"sub\"} 5",
            "rlm_cost_usd_total 0.75",
            "rlm_unpriced_queries_total 1",
            "rlm_dropped_spans_total 3",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}: {text}");
        }
        // Each family has its type before its values, and each value is a number.
        let mut family = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().expect("a name");
            } else if !line.starts_with('#') {
                let (name, value) = line.rsplit_once(' ').expect("a value");
                assert!(name.starts_with(family) && value.parse::<f64>().is_ok(), "{line}");
            }
        }
    }
}
