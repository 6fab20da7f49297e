//! An option that was removed from an editor's settings is gone at once, with the endpoint that it named.

use crate::{
    client::Client,
    scripted::{Action, ScriptedServer},
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// A way in which a client gives its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Push,
    Pull,
}

/// Asks after each of these configurations. The initial options name an endpoint; `true` says that it is asked still.
async fn check(way: Way, configurations: &[(Value, bool)]) {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n\nThe kettle boils.\n").expect("a file can be written");
    let server = ScriptedServer::start(|_| Action::reply("by the server")).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "direct", "maxCalls": 5});
    let capabilities = json!({"workspace": {"configuration": way == Way::Pull}});
    let mut client = Client::in_folder(folder.path(), capabilities, options).await;
    if way == Way::Pull {
        // As clients do that have nothing to say: the initial options are all there is.
        reply(&mut client, Value::Null).await;
    }
    assert!(asks_server(&mut client, &server).await, "the initial options count");
    for (configuration, expected) in configurations {
        match way {
            Way::Push => client.notify("workspace/didChangeConfiguration", json!({"settings": configuration})).await,
            Way::Pull => {
                client.notify("workspace/didChangeConfiguration", json!({"settings": null})).await;
                reply(&mut client, configuration.clone()).await;
            }
        }
        assert_eq!(asks_server(&mut client, &server).await, *expected, "{way:?} {configuration} of {configurations:?}");
    }
    assert_eq!(client.shut_down().await, 0);
}

async fn reply(client: &mut Client, section: Value) {
    let id = client.message(|it| it["method"] == "workspace/configuration").await["id"].take();
    client.send(json!({"jsonrpc": "2.0", "id": id, "result": [section]})).await;
}

/// Whether the text of a question goes to the server.
async fn asks_server(client: &mut Client, server: &ScriptedServer) -> bool {
    let before = server.calls().len();
    let result = client.request("rlm/query", json!({"query": "where is the kettle?"})).await.expect("an answer");
    let is_asked = server.calls().len() > before;
    assert_eq!(result["model"] == "scripted", is_asked, "{result}");
    is_asked
}

#[tokio::test]
async fn the_first_configuration_takes_the_place_of_the_initial_options() {
    for configuration in [
        json!({"rlm": {"maxCalls": 6}}),
        json!({"maxCalls": 6}),
        json!({"rlm": {}}),
        json!({"rlm": null}),
        json!({"rlm": {"endpoint": null, "model": null}}),
        json!({"rlm": {"maxCalls": 6}, "python": {}}),
    ] {
        check(Way::Push, &[(configuration, false)]).await;
    }
    for section in [json!({"maxCalls": 6}), json!({}), json!({"rlm": {"maxCalls": 6}}), json!({"endpoint": null})] {
        check(Way::Pull, &[(section, false)]).await;
    }
}

#[tokio::test]
async fn what_says_nothing_of_this_server_leaves_the_initial_options() {
    let nothing = [json!({}), json!(null), json!({"python": {"model": "x"}})];
    check(Way::Push, &nothing.map(|it| (it, true))).await;
    check(Way::Pull, &[(json!(null), true)]).await;
}

#[tokio::test]
async fn a_section_that_was_there_and_is_removed_is_gone() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n\nThe kettle boils.\n").expect("a file can be written");
    for way in [Way::Push, Way::Pull] {
        for removed in
            [json!({}), json!(null), json!({"rlm": null}), json!({"rlm": {}}), json!({"rlm": {"maxCalls": 3}})]
        {
            let server = ScriptedServer::start(|_| Action::reply("by the server")).await;
            let capabilities = json!({"workspace": {"configuration": way == Way::Pull}});
            let mut client = Client::in_folder(folder.path(), capabilities, Value::Null).await;
            let own = json!({"endpoint": server.url(), "model": "scripted", "strategy": "direct"});
            if way == Way::Pull {
                reply(&mut client, own.clone()).await;
            } else {
                client.notify("workspace/didChangeConfiguration", json!({"settings": {"rlm": own}})).await;
            }
            assert!(asks_server(&mut client, &server).await);
            let settings = if way == Way::Pull { Value::Null } else { removed.clone() };
            client.notify("workspace/didChangeConfiguration", json!({"settings": settings})).await;
            if way == Way::Pull {
                reply(&mut client, removed.clone()).await;
            }
            assert!(!asks_server(&mut client, &server).await, "{way:?} {removed}");
            assert_eq!(client.shut_down().await, 0);
        }
    }
}

#[tokio::test]
async fn the_settings_of_another_server_alone_change_nothing() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n\nThe kettle boils.\n").expect("a file can be written");
    let server = ScriptedServer::start(|_| Action::reply("by the server")).await;
    let own = json!({"endpoint": server.url(), "model": "scripted", "strategy": "direct"});
    let mut client = Client::in_folder(folder.path(), json!({}), Value::Null).await;
    for (settings, expected) in [
        (json!({"rlm": own}), true),
        (json!({"python": {"x": 1}}), true),
        // The whole configuration, of which the section is gone.
        (json!({"rlm": own, "python": {"x": 1}}), true),
        (json!({"python": {"x": 1}}), false),
    ] {
        client.notify("workspace/didChangeConfiguration", json!({"settings": settings})).await;
        assert_eq!(asks_server(&mut client, &server).await, expected, "{settings}");
    }
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_follow_up_does_not_go_to_an_endpoint_that_was_removed() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n\nThe kettle boils.\n").expect("a file can be written");
    let server = ScriptedServer::start(|_| Action::reply("```repl\nFINAL('by the server')\n```")).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let params = json!({"query": "where is the kettle?", "sessionId": "s"});
    client.request("rlm/query", params.clone()).await.expect("an answer");
    client.notify("workspace/didChangeConfiguration", json!({"settings": {"rlm": {}}})).await;
    let status = client.request("rlm/status", Value::Null).await.expect("a status");
    assert_eq!(status["model"], "extractive", "{status}");
    let result = client.request("rlm/query", params).await.expect("an answer");
    assert_eq!((&result["model"], server.calls().len()), (&json!("extractive"), 1), "{result}");
    assert_eq!(client.shut_down().await, 0);
}
