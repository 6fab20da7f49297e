//! The settings of a client of the language server: where they come from, and when they count.

use crate::client::Client;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// A folder with a text; the models of these tests do not read it.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n").expect("a file can be written");
    folder
}

/// Options with which every answer is `text`.
fn saying(text: &str) -> Value {
    json!({"model": format!("cli:echo {text}"), "strategy": "direct"})
}

fn text_of(result: Result<Value, Value>) -> String {
    result.expect("an answer")["answer"].as_str().expect("a text").trim().to_owned()
}

async fn ask(client: &mut Client) -> i64 {
    client.begin("rlm/query", json!({"query": "?"})).await
}

async fn answer(client: &mut Client) -> String {
    let id = ask(client).await;
    text_of(client.response(id).await)
}

/// The number of the server's next question for the configuration.
async fn asked(client: &mut Client) -> Value {
    client.message(|it| it["method"] == "workspace/configuration").await["id"].take()
}

async fn reply(client: &mut Client, id: &Value, section: Value) {
    client.send(json!({"jsonrpc": "2.0", "id": id, "result": [section]})).await;
}

async fn configure(client: &mut Client, settings: Value) {
    client.notify("workspace/didChangeConfiguration", json!({"settings": settings})).await;
}

#[tokio::test]
async fn the_last_word_has_the_request_then_the_latest_configuration() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path(), json!({}), saying("initially")).await;
    assert_eq!(answer(&mut client).await, "initially");
    for foreign in [json!({}), json!(null), json!({"python": {"model": "cli:false"}})] {
        configure(&mut client, foreign.clone()).await;
        assert_eq!(answer(&mut client).await, "initially", "after {foreign}");
    }
    configure(&mut client, json!({"rlm": {"model": "cli:echo changed"}})).await;
    assert_eq!(answer(&mut client).await, "changed");
    configure(&mut client, json!({"python": {"model": "cli:false"}})).await;
    assert_eq!(answer(&mut client).await, "changed");
    let params = json!({"query": "?", "options": {"model": "cli:echo requested"}});
    assert_eq!(text_of(client.request("rlm/query", params).await), "requested");
    configure(&mut client, json!({"rlm": {}})).await;
    let status = client.request("rlm/status", Value::Null).await.expect("a status");
    assert_eq!(status["model"], "extractive", "nothing is configured any more: {status}");
    configure(&mut client, json!({"rlm": {"maxCalls": 0}})).await;
    let error = client.request("rlm/query", json!({"query": "?"})).await.expect_err("the settings make no sense");
    assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32803), &json!("configuration")));
    assert!(error["message"].as_str().is_some_and(|it| it.contains("maxCalls")), "{error}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_query_waits_for_the_settings_of_its_place_in_the_order_and_for_no_others() {
    let folder = folder();
    let capabilities = json!({"workspace": {"configuration": true}});
    let mut client = Client::in_folder(folder.path(), capabilities, saying("initially")).await;
    let first = asked(&mut client).await;
    let behind_first = ask(&mut client).await;
    configure(&mut client, Value::Null).await;
    let second = asked(&mut client).await;
    let behind_second = ask(&mut client).await;
    configure(&mut client, json!({"rlm": saying("told")})).await;
    assert_eq!(answer(&mut client).await, "told", "it waits for no reply");

    reply(&mut client, &second, saying("second")).await;
    assert_eq!(text_of(client.response(behind_second).await), "second");
    reply(&mut client, &first, saying("first")).await;
    assert_eq!(text_of(client.response(behind_first).await), "first");
    assert_eq!(answer(&mut client).await, "told", "a late reply changes nothing that came after its question");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_query_that_waits_for_settings_can_be_cancelled() {
    let folder = folder();
    let capabilities = json!({"workspace": {"configuration": true}});
    let mut client = Client::in_folder(folder.path(), capabilities, json!({})).await;
    asked(&mut client).await;
    let id = ask(&mut client).await;
    client.notify("$/cancelRequest", json!({"id": id})).await;
    assert_eq!(client.response(id).await.expect_err("it was cancelled")["code"], -32800);
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn names_that_are_no_options_are_told_once() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path(), json!({}), json!({"maxCall": 3})).await;
    for settings in [json!({"rlm": {"maxCall": 3}}), json!({"rlm": {"zzz": 3}})] {
        configure(&mut client, settings).await;
    }
    for name in ["maxCall (did you mean maxCalls?)", "zzz"] {
        let message = client.next("window/showMessage", |_| true).await;
        assert!(message["message"].as_str().is_some_and(|it| it.ends_with(&format!(": {name}"))), "{message}");
    }
    assert_eq!(client.shut_down().await, 0);
}
