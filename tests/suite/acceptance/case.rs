//! One case: what the models say, and what has to come of it.
//!
//! The root's replies follow each other by turn; then it says that it has nothing more to do. A plain call is answered
//! "got PROMPT", unless a case says otherwise. `told` is what the root reads last before a turn, counted from 1.

use super::model::Said;
use serde_json::Value;
use std::collections::HashMap;

/// What is asked about.
#[derive(Debug, Clone)]
pub enum About {
    Text(String),
    Value(String),
}

#[derive(Debug, Clone)]
pub struct Case {
    /// Of the list in `docs/acceptance.md`.
    pub number: &'static str,
    pub says: &'static str,
    pub about: About,
    pub asks: &'static str,
    pub options: Value,
    pub window: Option<usize>,
    /// The root's replies belong to calls, and not to turns.
    pub by_call: bool,
    pub root: Vec<Said>,
    pub children: Vec<Said>,
    pub worker: HashMap<String, Said>,
    pub expected: Expected,
}

/// What has to come of it; what is missing is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    pub answer: Option<String>,
    pub answer_has: Vec<String>,
    pub termination: Option<&'static str>,
    pub failure: Option<&'static str>,
    pub told: Vec<(usize, String)>,
    pub not_told: Vec<(usize, String)>,
    pub conversation: Vec<(usize, String)>,
    pub not_in_conversation: Vec<(usize, String)>,
    pub never_sent: Vec<String>,
    /// Before a turn: the id of a call, and what its result has.
    pub results: Vec<(usize, String, String)>,
    /// In this order, with other events in between; of each these fields.
    pub events: Vec<Value>,
    pub no_events: Vec<Value>,
    pub tools: Option<usize>,
    pub states: Option<Vec<&'static str>>,
    pub calls: Option<usize>,
    pub most_calls: Option<usize>,
    pub grounded: Option<&'static str>,
    pub finds_nothing: bool,
    pub warns: Vec<String>,
    pub answer_lacks: Vec<String>,
    pub most_open: Option<usize>,
    pub iterations: Option<u64>,
    pub depth: Option<usize>,
    pub lost: Option<usize>,
    pub longest_reply: Option<u32>,
}

pub fn case(number: &'static str, says: &'static str) -> Case {
    Case {
        number,
        says,
        about: About::Text("some text".to_owned()),
        asks: "What is it?",
        options: Value::Null,
        window: None,
        by_call: false,
        root: Vec::new(),
        children: Vec::new(),
        worker: HashMap::new(),
        expected: Expected::default(),
    }
}

/// Methods that set a field of what is expected, or add to one.
macro_rules! expectations {
    ($($name:ident($($argument:ident: $kind:ty),*) => |$it:ident| $set:expr;)*) => {
        $(pub fn $name(mut self, $($argument: $kind),*) -> Self {
            let $it = &mut self.expected;
            $set;
            self
        })*
    };
}

impl Case {
    pub fn context(self, text: impl Into<String>) -> Self {
        Self { about: About::Text(text.into()), ..self }
    }

    pub fn asks(self, question: &'static str) -> Self {
        Self { asks: question, ..self }
    }

    /// JSON, whose value is the context.
    pub fn value(self, json: &str) -> Self {
        Self { about: About::Value(json.to_owned()), ..self }
    }

    /// As `docs/protocol.md` has them.
    pub fn options(self, options: Value) -> Self {
        Self { options, ..self }
    }

    pub fn window(self, tokens: usize) -> Self {
        Self { window: Some(tokens), ..self }
    }

    pub fn by_call(self) -> Self {
        Self { by_call: true, ..self }
    }

    pub fn root(self, said: impl IntoIterator<Item = Said>) -> Self {
        Self { root: said.into_iter().collect(), ..self }
    }

    pub fn children(self, said: impl IntoIterator<Item = Said>) -> Self {
        Self { children: said.into_iter().collect(), ..self }
    }

    /// The reply to a plain call.
    pub fn worker(mut self, prompt: &str, said: Said) -> Self {
        self.worker.insert(prompt.to_owned(), said);
        self
    }

    expectations! {
        answer(text: &str) => |it| it.answer = Some(text.to_owned());
        answer_has(part: &str) => |it| it.answer_has.push(part.to_owned());
        ends(termination: &'static str) => |it| it.termination = Some(termination);
        fails(kind: &'static str) => |it| it.failure = Some(kind);
        told(turn: usize, text: &str) => |it| it.told.push((turn, text.to_owned()));
        not_told(turn: usize, text: &str) => |it| it.not_told.push((turn, text.to_owned()));
        conversation(turn: usize, text: &str) => |it| it.conversation.push((turn, text.to_owned()));
        not_in_conversation(turn: usize, text: &str) => |it| it.not_in_conversation.push((turn, text.to_owned()));
        never_sent(text: &str) => |it| it.never_sent.push(text.to_owned());
        result(turn: usize, id: &str, part: &str) => |it| it.results.push((turn, id.to_owned(), part.to_owned()));
        event(fields: Value) => |it| it.events.push(fields);
        no_event(fields: Value) => |it| it.no_events.push(fields);
        tools(count: usize) => |it| it.tools = Some(count);
        states(states: &[&'static str]) => |it| it.states = Some(states.to_vec());
        calls(count: usize) => |it| it.calls = Some(count);
        most_calls(count: usize) => |it| it.most_calls = Some(count);
        grounded(state: &'static str) => |it| it.grounded = Some(state);
        finds_nothing(is_so: bool) => |it| it.finds_nothing = is_so;
        warns(part: &str) => |it| it.warns.push(part.to_owned());
        answer_lacks(part: &str) => |it| it.answer_lacks.push(part.to_owned());
        most_open(count: usize) => |it| it.most_open = Some(count);
        iterations(count: u64) => |it| it.iterations = Some(count);
        depth(depth: usize) => |it| it.depth = Some(depth);
        lost(count: usize) => |it| it.lost = Some(count);
        longest_reply(tokens: u32) => |it| it.longest_reply = Some(tokens);
    }
}
