//! Which model is taken when servers have a say in it.

use super::{
    ask, models,
    scripted::{Action, ScriptedServer, Setup, dead_url},
};
use axum::{
    Json, Router,
    routing::{get, post},
};
use rlm::llm::{DetectedModels, Finish};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

#[tokio::test]
async fn without_a_name_the_first_model_of_the_endpoint_is_taken() {
    let server = Setup::new().models(&["team/first", "second"]).start(|_| Action::reply("ok")).await;
    let choice = models(&[server.url()], None, &[]).choose().await.unwrap();
    assert_eq!((choice.root.name(), choice.worker.name()), ("team/first", "team/first"));
    assert_eq!(choice.why, format!("it is the first model at {}", server.url()));
    ask(&*choice.root, "hi").await.0.unwrap();
    assert_eq!(server.calls()[0].body["model"], "team/first");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_no_reason_to_fall_back_to_something_else() {
    let url = dead_url().await;
    let error = models(std::slice::from_ref(&url), None, &[("OPENAI_API_KEY", "k")]).choose().await.unwrap_err();
    assert_eq!(error.kind(), "unreachable");
    assert!(error.to_string().contains(&url), "{error}");
    let server = Setup::new().models(&[]).start(|_| Action::reply("ok")).await;
    let error = models(&[server.url()], None, &[]).choose().await.unwrap_err();
    assert_eq!(error.to_string(), format!("{} has no model that writes text; name one with --model", server.url()));
}

#[tokio::test]
async fn of_several_endpoints_the_first_that_answers_names_the_model() {
    let server = Setup::new().models(&["served"]).start(|_| Action::reply("ok")).await;
    let choice = models(&[dead_url().await, server.url()], None, &[]).choose().await.unwrap();
    assert_eq!(choice.root.name(), "served");
    ask(&*choice.root, "hi").await.0.unwrap();
}

#[tokio::test]
async fn a_program_may_name_another_model_of_the_endpoint() {
    let server = ScriptedServer::start(|asked| Action::reply(asked.model.clone())).await;
    let models = models(&[server.url()], Some("big"), &[]);
    let choice = models.choose().await.unwrap();
    let small = models.for_program(&choice, "small").await.unwrap();
    assert_eq!(ask(&*small, "hi").await.0.unwrap().text, "small");
    assert_eq!(ask(&*choice.root, "hi").await.0.unwrap().text, "big");
    assert!(Arc::ptr_eq(&small, &models.for_program(&choice, "small").await.unwrap()));
}

/// An Ollama of sorts: two models, a reply in two lines, whole or broken off.
async fn ollama(lines: &'static [&'static str]) -> (String, Arc<Mutex<Vec<Value>>>) {
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = asked.clone();
    let tags = || async { Json(json!({"models": [{"name": "qwen3:4b"}, {"name": "gemma3:4b"}]})) };
    let chat = move |Json(body): Json<Value>| async move {
        log.lock().unwrap().push(body);
        lines.concat()
    };
    let router = Router::new().route("/api/tags", get(tags)).route("/api/chat", post(chat));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

const HALF: &str = "{\"message\":{\"role\":\"assistant\",\"content\":\"hal\"},\"done\":false}\n";
const END: &str = "{\"message\":{\"role\":\"assistant\",\"content\":\"lo\"},\"done\":true,\"done_reason\":\"stop\",\
                   \"prompt_eval_count\":5,\"eval_count\":2}\n";

#[tokio::test]
async fn an_ollama_that_answers_is_taken_with_its_first_model_or_the_one_that_is_set() {
    let (address, asked) = ollama(&[HALF, END]).await;
    let choice = models(&[], None, &[("OLLAMA_HOST", &address)]).choose().await.unwrap();
    assert_eq!(choice.root.name(), "ollama::qwen3:4b");
    assert_eq!(choice.why, format!("Ollama answers at http://{address}"));
    let (reply, pieces) = ask(&*choice.root, "hi").await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish, pieces.len()), ("hallo", Finish::Complete, 2));
    assert_eq!((reply.usage.input, reply.usage.output), (5, 2));
    let set = [("OLLAMA_HOST", address.as_str()), ("OLLAMA_MODEL", "gemma3:4b")];
    let choice = models(&[], None, &set).choose().await.unwrap();
    ask(&*choice.root, "hi").await.0.unwrap();
    let names: Vec<Value> = asked.lock().unwrap().iter().map(|body| body["model"].clone()).collect();
    assert_eq!(names, ["qwen3:4b", "gemma3:4b"]);
}

#[tokio::test]
async fn a_key_comes_before_an_ollama() {
    let (address, _) = ollama(&[]).await;
    let variables = [("OLLAMA_HOST", address.as_str()), ("GEMINI_API_KEY", "k")];
    let choice = models(&[], None, &variables).choose().await.unwrap();
    assert_eq!(choice.why, "GEMINI_API_KEY is set");
}

#[tokio::test]
async fn a_reply_of_ollama_that_breaks_off_is_no_reply() {
    for lines in [&[HALF][..], &[]] {
        let (address, _) = ollama(lines).await;
        let model = models(&[], Some("ollama::m"), &[("OLLAMA_HOST", &address)]).choose().await.unwrap().root;
        let error = ask(&*model, "hi").await.0.unwrap_err();
        assert_eq!(error.kind(), "brokenReply", "{error}");
    }
}

fn told(detected: &DetectedModels) -> Vec<(String, String)> {
    let told = |check: &rlm::llm::Check| {
        let result = check.result.as_ref();
        (check.what.clone(), result.map_or_else(|error| error.kind().name().to_owned(), |answer| answer.note.clone()))
    };
    detected.checks.iter().map(told).collect()
}

#[tokio::test]
async fn the_survey_asks_everything_that_is_configured_for_a_sign_of_life() {
    let server = Setup::new().models(&["a", "b"]).start(|_| Action::reply("ok")).await;
    let (url, dead) = (server.url(), dead_url().await);
    let detected = models(&[url.clone(), dead.clone()], Some("b"), &[("OLLAMA_HOST", "127.0.0.1:9")]).describe().await;
    assert_eq!(detected.choice.as_ref().unwrap().root.name(), "b");
    let expected = [(url, "2 models, `b` among them".to_owned()), (dead, "unreachable".to_owned())];
    assert_eq!(told(&detected), expected);
    assert!(server.calls().is_empty(), "detecting models calls none");
}

#[tokio::test]
async fn the_survey_notices_a_name_that_a_server_does_not_list() {
    let server = Setup::new().models(&["wren-1b", "linnet-7b"]).start(|_| Action::reply("ok")).await;
    let url = server.url();
    let no_ollama = [("OLLAMA_HOST", "127.0.0.1:9")];
    for (model, expected) in [
        ("linnet-7b", None),
        ("lintne-7b", Some("lintne-7b is not known to its server: URL does not list it, but linnet-7b, wren-1b")),
    ] {
        let detected = models(std::slice::from_ref(&url), Some(model), &no_ollama).describe().await;
        let error = detected.checks[0].result.as_ref().err().map(|error| error.to_string().replace(&url, "URL"));
        assert_eq!(error.as_deref(), expected);
    }
    let silent = Setup::new().models(&[]).start(|_| Action::reply("ok")).await;
    let detected = models(&[silent.url()], Some("any"), &no_ollama).describe().await;
    assert!(detected.checks[0].result.is_ok(), "a server may list nothing: {detected:?}");
    let (address, _) = ollama(&[]).await;
    let detected = models(&[], Some("ollama::qwen"), &[("OLLAMA_HOST", &address)]).describe().await;
    assert_eq!(told(&detected), [("ollama::qwen".to_owned(), "unknownModel".to_owned())]);
}

#[tokio::test]
async fn the_survey_lists_what_an_ollama_has() {
    let (address, _) = ollama(&[]).await;
    let detected = models(&[], None, &[("OLLAMA_HOST", &address)]).describe().await;
    assert_eq!(detected.ollama.as_ref().unwrap().models, ["qwen3:4b", "gemma3:4b"]);
    assert_eq!(told(&detected), [("ollama::qwen3:4b".to_owned(), "2 models, `qwen3:4b` among them".to_owned())]);
}

#[tokio::test]
async fn llama_cpps_server_tells_how_large_its_model_is_and_on_how_many_calls_it_works() {
    let server = || Setup::new().models(&["tiny"]).llama_cpp(135_000_000, 2).start(|_| Action::reply("ok"));
    let (one, other) = (server().await, server().await);
    // It has one model, and answers with it whatever the name.
    for name in [None, Some("tiny"), Some("another")] {
        let model = models(&[one.url()], name, &[]).choose().await.unwrap().root;
        assert_eq!((model.parameters(), model.slots()), (Some(135_000_000), Some(2)), "{name:?}");
    }
    let pool = models(&[one.url(), other.url()], None, &[]).choose().await.unwrap().root;
    assert_eq!((pool.parameters(), pool.slots()), (Some(135_000_000), Some(4)));
    let plain = ScriptedServer::start(|_| Action::reply("ok")).await;
    let pool = models(&[one.url(), plain.url()], Some("tiny"), &[]).choose().await.unwrap().root;
    assert_eq!(pool.slots(), None);
}
