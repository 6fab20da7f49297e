//! The numbers of a process by the conventions for generative AI: how long calls took, and how many tokens; and what runs came to.

use super::{
    encoding::{Message, Value},
    provider::Answering,
    spans::OTHER_ERROR,
};
use crate::trace::node::{Kind, State, Trace};
use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

/// The bounds of buckets that the conventions recommend: of tokens, and of seconds.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
const SECONDS: [f64; 14] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Models that are told apart. A program may call any, and each makes series of its own.
const MOST_MODELS: usize = 50;

/// All values since the process began, and not since they were told last.
const CUMULATIVE: u64 = 2;

/// The numbers since the process began.
#[derive(Debug)]
pub struct Numbers {
    since: SystemTime,
    models: BTreeMap<Answering, OfModel>,
    /// Runs by how they have ended.
    runs: BTreeMap<String, u64>,
    known: u64,
    retries: u64,
    cost: f64,
    /// Spans that were not delivered.
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct OfModel {
    input: Histogram,
    output: Histogram,
    /// By the class of the error, which is empty if there is none.
    durations: BTreeMap<String, Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; TOKENS.len() + 1],
    sum: f64,
}

impl Histogram {
    fn add(&mut self, value: f64, bounds: &[f64]) {
        let bucket = bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket] += 1;
        self.sum += value;
    }
}

impl Numbers {
    pub fn since(since: SystemTime) -> Self {
        let (models, runs, known, retries, cost, dropped) = Default::default();
        Self { since, models, runs, known, retries, cost, dropped }
    }

    /// Adds a run that has ended.
    pub fn add(&mut self, trace: &Trace) {
        let spent = trace.spent();
        *self.runs.entry(trace.termination.clone()).or_default() += 1;
        self.known += spent.served;
        self.retries += spent.retries;
        self.cost += spent.cost;
        for node in trace.nodes.iter().filter(|node| node.kind == Kind::Call && node.own.calls > 0) {
            let mut answering = Answering::of(&node.subject);
            if self.models.len() >= MOST_MODELS && !self.models.contains_key(&answering) {
                "others".clone_into(&mut answering.model);
            }
            let model = self.models.entry(answering).or_default();
            model.input.add(node.own.input as f64, &TOKENS);
            model.output.add(node.own.output as f64, &TOKENS);
            let class = match node.state {
                State::Failed => node.failure.clone().unwrap_or(OTHER_ERROR.to_owned()),
                _ => String::new(),
            };
            model.durations.entry(class).or_default().add(node.seconds, &SECONDS);
        }
    }

    /// All of them as they are now.
    pub fn metrics(&self) -> Vec<Message> {
        let nanoseconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let times = (nanoseconds(self.since), nanoseconds(SystemTime::now()));
        let named = |answering: &Answering| {
            vec![
                ("gen_ai.operation.name", Value::from("chat")),
                ("gen_ai.provider.name", Value::from(answering.provider)),
                ("gen_ai.request.model", Value::Text(answering.model.clone())),
            ]
        };
        let (mut tokens, mut durations) = (Vec::new(), Vec::new());
        for (answering, model) in &self.models {
            for (kind, histogram) in [("input", &model.input), ("output", &model.output)] {
                let mut attributes = named(answering);
                attributes.push(("gen_ai.token.type", Value::from(kind)));
                tokens.push(point(histogram, &TOKENS, times, &attributes));
            }
            for (class, histogram) in &model.durations {
                let mut attributes = named(answering);
                if !class.is_empty() {
                    attributes.push(("error.type", Value::Text(class.clone())));
                }
                durations.push(point(histogram, &SECONDS, times, &attributes));
            }
        }
        let histogram = |name: &str, unit: &str, help: &str, points: &[Message]| {
            let data = Message::default().messages(1, points).whole(2, CUMULATIVE);
            head(name, unit, help).message(9, &data)
        };
        let runs = self
            .runs
            .iter()
            .map(|(how, count)| number(times, &[("rlm.termination", Value::Text(how.clone()))]).fixed(6, *count));
        let plain = |count: u64| [number(times, &[]).fixed(6, count)];
        vec![
            histogram("gen_ai.client.token.usage", "{token}", "Tokens of calls of models.", &tokens),
            histogram("gen_ai.client.operation.duration", "s", "How long models were at work on calls.", &durations),
            sum("rlm.runs", "{run}", "Runs that have ended, by how.", &runs.collect::<Vec<_>>()),
            sum(
                "rlm.calls.known",
                "{call}",
                "Calls that were not made, since their replies were known.",
                &plain(self.known),
            ),
            sum("rlm.retries", "{attempt}", "Attempts beyond the first.", &plain(self.retries)),
            sum(
                "rlm.cost",
                "{USD}",
                "US dollars, where the price is known.",
                &[number(times, &[]).number(4, self.cost)],
            ),
            sum("rlm.spans.dropped", "{span}", "Spans that could not be delivered.", &plain(self.dropped)),
        ]
    }
}

fn head(name: &str, unit: &str, help: &str) -> Message {
    Message::default().text(1, name).text(2, help).text(3, unit)
}

fn sum(name: &str, unit: &str, help: &str, points: &[Message]) -> Message {
    const ONLY_GROWS: u64 = 1;
    let data = Message::default().messages(1, points).whole(2, CUMULATIVE).whole(3, ONLY_GROWS);
    head(name, unit, help).message(7, &data)
}

/// A point without its number.
fn number((since, now): (u64, u64), attributes: &[(&'static str, Value)]) -> Message {
    Message::default().fixed(2, since).fixed(3, now).attributes(7, attributes)
}

fn point(
    Histogram { buckets, sum }: &Histogram,
    bounds: &[f64],
    (since, now): (u64, u64),
    attributes: &[(&'static str, Value)],
) -> Message {
    let message = Message::default().fixed(2, since).fixed(3, now).fixed(4, buckets.iter().sum()).number(5, *sum);
    let message = message.packed(6, buckets.iter().copied()).packed(7, bounds.iter().map(|it| it.to_bits()));
    message.attributes(9, attributes)
}
