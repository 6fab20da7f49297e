//! Models behind a real connection: what goes over the wire, what comes back when servers fail, and what the scheduler
//! makes of it. The clock is the real one here, so limits are short and no test asserts that something was fast.

#[path = "../scripted/mod.rs"]
mod scripted;

mod choice;
mod faults;
mod rules;
mod scheduling;
mod wire;

use futures::future::BoxFuture;
use rlm::{
    config::{Environment, Options},
    llm::{Error, Message, Model, Models, Piece, PieceSink, Reply, Request},
};
use scripted::ScriptedServer;
use std::sync::Arc;

/// Stands where the built-in model will stand.
#[derive(Debug)]
struct Extractive;

impl Model for Extractive {
    fn name(&self) -> &str {
        "extractive"
    }
    fn window(&self) -> Option<usize> {
        None
    }
    fn call<'a>(&'a self, _: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        unreachable!("no test here calls it")
    }
}

/// The models of a person who set these endpoints, this model and these variables.
fn models(endpoints: &[String], model: Option<&str>, variables: &[(&str, &str)]) -> Models {
    let endpoint = (!endpoints.is_empty()).then(|| endpoints.to_vec());
    let options = Options { endpoint, model: model.map(str::to_owned), ..Options::default() };
    let variables: Vec<(String, String)> = variables.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    let lookup = move |name: &str| variables.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
    Models::new(&options.resolve().unwrap(), Environment::new(lookup), Arc::new(Extractive))
}

/// The model `m` at a server.
async fn model_at(url: &str) -> Arc<dyn Model> {
    models(&[url.to_owned()], Some("m"), &[]).choose().await.unwrap().root
}

fn request(prompt: impl Into<String>) -> Request {
    Request { messages: vec![Message::user(prompt)], ..Request::default() }
}

/// The reply to a prompt, and what was streamed of it.
async fn ask(model: &dyn Model, prompt: &str) -> (Result<Reply, Error>, Vec<String>) {
    let (request, mut pieces) = (request(prompt), Vec::new());
    let reply = model
        .call(&request, &mut |piece| match piece {
            Piece::Text(text) => pieces.push(text.to_owned()),
            Piece::Unseen(_) => {}
            Piece::Restart | Piece::WasReasoning | Piece::Waits { .. } => {
                unreachable!("a model never restarts by itself")
            }
        })
        .await;
    (reply, pieces)
}

/// The only call that a server got.
fn only_call(server: &ScriptedServer) -> scripted::Record {
    let mut calls = server.calls();
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}
