//! A model in this process that says what a case tells it to, and remembers what it was asked.

use super::case::Case;
use futures::{FutureExt, future::BoxFuture};
use rlm::llm::{Error, Finish, Model, Piece, PieceSink, Reply, Request, Role, TokenUsage, ToolCall};
use serde_json::Value;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// What a model says to one request.
#[derive(Debug, Clone)]
pub enum Said {
    Reply {
        text: String,
        reasoning: String,
        calls: Vec<ToolCall>,
        finish: Finish,
    },
    /// The provider refuses the request.
    Refused,
    /// No reply ever comes.
    Nothing,
}

pub fn says(text: impl Into<String>) -> Said {
    Said::Reply { text: text.into(), reasoning: String::new(), calls: Vec::new(), finish: Finish::Complete }
}

/// The text many times, with a number behind each.
pub fn numbered(text: &str, count: usize) -> String {
    (0..count).map(|number| format!("{text}{number} ")).collect()
}

/// A reply that is one program.
pub fn program(code: &str) -> Said {
    says(format!("```repl\n{code}\n```"))
}

/// Reasoning without an answer.
pub fn reasons(reasoning: impl Into<String>) -> Said {
    let reasoning = reasoning.into();
    Said::Reply { text: String::new(), reasoning, calls: Vec::new(), finish: Finish::Complete }
}

/// A message that calls tools.
pub fn calls(said: &str, made: impl IntoIterator<Item = ToolCall>) -> Said {
    let calls = made.into_iter().collect();
    Said::Reply { text: said.to_owned(), reasoning: String::new(), calls, finish: Finish::Complete }
}

pub fn call(id: &str, name: &str, arguments: Value) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments, signatures: None }
}

/// A call whose arguments are no JSON.
pub fn call_raw(id: &str, name: &str, arguments: &str) -> ToolCall {
    call(id, name, Value::from(arguments))
}

pub fn refused() -> Said {
    Said::Refused
}

pub fn hangs() -> Said {
    Said::Nothing
}

impl Said {
    /// What follows the reasoning.
    pub fn then(self, said: &str) -> Self {
        match self {
            Self::Reply { reasoning, calls, finish, .. } => {
                Self::Reply { text: said.to_owned(), reasoning, calls, finish }
            }
            other => other,
        }
    }

    /// The limit on tokens cuts it off.
    pub fn cut(self) -> Self {
        match self {
            Self::Reply { text, reasoning, calls, .. } => {
                Self::Reply { text, reasoning, calls, finish: Finish::Length }
            }
            other => other,
        }
    }
}

/// A model that says the same over and over, and is stopped.
pub fn loops(text: &str) -> Said {
    Said::Reply { text: text.repeat(200), reasoning: String::new(), calls: Vec::new(), finish: Finish::Looping }
}

/// All requests, in the order in which they came, and how many were open at once.
#[derive(Debug, Default)]
pub struct Log {
    pub requests: Mutex<Vec<Request>>,
    open: AtomicUsize,
    pub most_open: AtomicUsize,
}

/// The models of a case: root, children and worker are one.
#[derive(Debug)]
pub struct Scripted {
    pub case: Case,
    pub log: Arc<Log>,
}

/// Whether these are the messages of a turn, and of whose.
pub fn is_turn_of_root(request: &Request) -> bool {
    is_turn(request) && !is_child(&request.messages[1].content)
}

fn is_turn(request: &Request) -> bool {
    request.messages[0].role == Role::System
}

/// Whether this is what a child is asked: the prompt of a program, or what a tool asks (marked so by the cases).
fn is_child(opening: &str) -> bool {
    ["another program wrote for you", "FOR THE CHILD"].iter().any(|mark| opening.contains(mark))
}

impl Scripted {
    fn said(&self, request: &Request, number: usize) -> Said {
        if !is_turn(request) {
            let prompt = &request.messages.last().expect("there is a prompt").content;
            return self.case.worker.get(prompt).cloned().unwrap_or_else(|| says(format!("got {prompt}")));
        }
        let replies = if is_child(&request.messages[1].content) { &self.case.children } else { &self.case.root };
        let turn = match self.case.by_call {
            true => number,
            false => request.messages.iter().filter(|message| message.role == Role::Assistant).count(),
        };
        replies.get(turn).cloned().unwrap_or_else(|| says("I have nothing more to do."))
    }
}

/// A call that is open.
struct Open<'a>(&'a Log);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Model for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn window(&self) -> Option<usize> {
        self.case.window
    }

    fn calls_tools(&self) -> Option<bool> {
        None
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        async move {
            let number = {
                let mut requests = self.log.requests.lock().expect("nobody panics with it");
                requests.push(request.clone());
                requests.len() - 1
            };
            let open = self.log.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.log.most_open.fetch_max(open, Ordering::SeqCst);
            let _open = Open(&self.log);
            // Others get to begin theirs.
            tokio::task::yield_now().await;
            match self.said(request, number) {
                Said::Nothing => std::future::pending().await,
                Said::Refused => {
                    Err(Error::Rejected { model: "scripted".to_owned(), detail: "the case says so".to_owned() })
                }
                Said::Reply { text, reasoning, calls, finish } => {
                    let usage = TokenUsage::estimated(request, text.len() + reasoning.len());
                    if text.trim().is_empty() && calls.is_empty() {
                        return Err(Error::EmptyReply { model: "scripted".to_owned(), finish, usage, reasoning });
                    }
                    for line in text.split_inclusive('\n') {
                        pieces(Piece::Text(line));
                    }
                    Ok(Reply { text, calls, reasoning, finish, usage })
                }
            }
        }
        .boxed()
    }
}
