//! The spans of a run, by the conventions for generative AI: one for each entry of its tree, below one for the whole.

use super::{
    encoding::{Message, Value},
    provider::Answering,
};
use crate::trace::node::{Kind, Node, State, Trace};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most spans of one run.
pub const MOST_OF_RUN: usize = 20_000;

/// What kinds of spans the protocol has.
const INTERNAL: u64 = 1;
const CLIENT: u64 = 3;

const FAILED: u64 = 2;

/// The error of which nobody knows a class.
pub const OTHER_ERROR: &str = "_OTHER";

/// The name that this program has as an agent.
const AGENT: &str = "rlm";

/// A number that no other run has, and what its spans are numbered by.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub trace: [u8; 16],
    pub first_span: u64,
}

impl Identity {
    /// The identity of the whole is 0, that of an entry its place and 1. None is zero.
    fn span(&self, number: u64) -> [u8; 8] {
        match self.first_span ^ number {
            0 => u64::MAX,
            span => span,
        }
        .to_be_bytes()
    }
}

/// A span before it is written.
struct Span {
    name: String,
    kind: u64,
    attributes: Vec<(&'static str, Value)>,
    error: Option<String>,
}

/// The spans of a run that began at that moment, the whole first; and how many there are more.
pub fn spans(trace: &Trace, began: SystemTime, identity: Identity) -> (Vec<Message>, usize) {
    let began = began.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let moment = |milliseconds: u64| began.saturating_add(milliseconds.saturating_mul(1_000_000));
    let written = |span: Span, number: u64, parent: Option<u64>, start: u64, end: u64| {
        let Span { name, kind, mut attributes, error } = span;
        let message = Message::default().bytes(1, &identity.trace).bytes(2, &identity.span(number));
        let message = parent.iter().fold(message, |it, parent| it.bytes(4, &identity.span(*parent)));
        let is_failed = error.is_some();
        attributes.extend(error.map(|class| ("error.type", Value::Text(class))));
        let message = message.text(5, &name).whole(6, kind).fixed(7, moment(start)).fixed(8, moment(end));
        let message = message.attributes(9, &attributes);
        if is_failed { message.message(15, &Message::default().whole(3, FAILED)) } else { message }
    };
    let mut messages = vec![written(whole(trace), 0, None, 0, trace.last)];
    for (at, node) in trace.nodes.iter().enumerate().take(MOST_OF_RUN - 1) {
        let parent = node.parent.map_or(0, |it| it as u64 + 1);
        let end = node.end.unwrap_or(trace.last).max(node.start);
        messages.push(written(of_node(node), at as u64 + 1, Some(parent), node.start, end));
    }
    let more = (trace.nodes.len() + 1).saturating_sub(messages.len());
    (messages, more)
}

/// All of a run. What its calls took has names of its own here, so that nobody who adds spans up counts it twice.
fn whole(trace: &Trace) -> Span {
    let spent = trace.spent();
    let mut attributes = vec![
        ("rlm.termination", Value::from(trace.termination.as_str())),
        ("rlm.calls", Value::Whole(spent.calls)),
        ("rlm.calls.known", Value::Whole(spent.served)),
        ("rlm.retries", Value::Whole(spent.retries)),
        ("rlm.input_tokens", Value::Whole(spent.input)),
        ("rlm.output_tokens", Value::Whole(spent.output)),
    ];
    attributes.extend(trace.run.map(|number| ("rlm.run", Value::Whole(number))));
    if spent.unpriced == 0 {
        attributes.push(("rlm.cost.usd", Value::Number(spent.cost)));
    }
    let error = (trace.termination == "failed").then(|| trace.failure_kind.clone().unwrap_or(OTHER_ERROR.to_owned()));
    Span { name: AGENT.to_owned(), kind: INTERNAL, attributes, error }
}

fn of_node(node: &Node) -> Span {
    let error = (node.state == State::Failed).then(|| node.failure.clone().unwrap_or(OTHER_ERROR.to_owned()));
    let internal = |name: String, attributes| Span { name, kind: INTERNAL, attributes, error: error.clone() };
    let operation = |name: &'static str| ("gen_ai.operation.name", Value::from(name));
    let answering = |attributes: &mut Vec<(&'static str, Value)>| {
        let Answering { provider, model } = Answering::of(&node.subject);
        attributes.push(("gen_ai.provider.name", Value::from(provider)));
        attributes.push(("gen_ai.request.model", Value::Text(model.clone())));
        model
    };
    let tool = |name: &str, kind: &'static str| {
        let attributes = vec![
            operation("execute_tool"),
            ("gen_ai.tool.name", Value::from(name)),
            ("gen_ai.tool.type", Value::from(kind)),
        ];
        internal(format!("execute_tool {name}"), attributes)
    };
    match node.kind {
        Kind::Run => {
            let mut attributes = vec![operation("invoke_agent"), ("gen_ai.agent.name", Value::from(AGENT))];
            answering(&mut attributes);
            internal(format!("invoke_agent {AGENT}"), attributes)
        }
        Kind::Turn => internal("turn".to_owned(), Vec::new()),
        Kind::SubCall => internal("sub-call".to_owned(), Vec::new()),
        Kind::Program => tool("program", "function"),
        Kind::Look => tool(&node.subject, "datastore"),
        Kind::Call if node.state == State::Served => {
            let mut attributes = Vec::new();
            answering(&mut attributes);
            internal("known reply".to_owned(), attributes)
        }
        Kind::Call => {
            let mut attributes = vec![operation("chat")];
            let model = answering(&mut attributes);
            let own = &node.own;
            if own.calls > 0 {
                attributes.push(("gen_ai.usage.input_tokens", Value::Whole(own.input)));
                attributes.push(("gen_ai.usage.output_tokens", Value::Whole(own.output)));
                attributes.push(("gen_ai.usage.cache_read.input_tokens", Value::Whole(own.cached_input)));
                attributes.push(("rlm.attempts", Value::Whole(own.retries + 1)));
            }
            if own.calls > 0 && own.unpriced == 0 {
                attributes.push(("rlm.cost.usd", Value::Number(own.cost)));
            }
            if !node.finish.is_empty() {
                attributes.push(("gen_ai.response.finish_reasons", Value::Texts(vec![node.finish.to_owned()])));
            }
            Span { name: format!("chat {model}"), kind: CLIENT, attributes, error: error.clone() }
        }
    }
}
