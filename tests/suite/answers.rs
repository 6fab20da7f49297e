//! Answers that are known, what is offered of earlier ones, and what a question is expected to take.

use crate::{
    client::Client,
    scripted::{Action, Asked, ScriptedServer},
    terminal::{Ran, rlm, run},
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;
use tokio::process::Command;

/// A folder, a store, and a model whose programs look, keep a variable, and cite the first line of `a.txt`.
struct World {
    folder: TempDir,
    store: TempDir,
    server: ScriptedServer,
}

impl World {
    async fn new() -> Self {
        let [folder, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        fs::write(folder.path().join("a.txt"), "the limit is 7\nand so on\n").expect("it is written");
        let server = ScriptedServer::start(|asked: &Asked| {
            let question = asked.messages.get(1).map(|(_, text)| text.rsplit("# Question").next().unwrap_or_default());
            Action::reply(match question {
                Some(question) if question.contains("follow") => "```repl\nFINAL(str(kept))\n```",
                _ => "```repl\nkept = len(context)\nFINAL(\"It is 7 (`a.txt:1`).\")\n```",
            })
        })
        .await;
        Self { folder, store, server }
    }

    fn write(&self, text: &str) {
        fs::write(self.folder.path().join("a.txt"), text).expect("it is written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", self.store.path()).current_dir(self.folder.path());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }

    fn words<'a>(&self, question: &'a str, url: &'a str, options: &[&'a str]) -> Vec<&'a str> {
        let fixed = ["query", question, "--json", "--strategy", "rlm", "--model", "scripted", "--endpoint", url];
        [&fixed[..], options].concat()
    }

    /// Asks with these options; returns the result with the calls that came for it.
    async fn ask(&self, question: &str, options: &[&str]) -> (Value, usize) {
        let before = self.server.calls().len();
        let url = self.server.url();
        let ran = self.run(&self.words(question, &url, options)).await;
        (ran.json(), self.server.calls().len() - before)
    }
}

const QUESTION: &str = "what is the upper limit?";

#[tokio::test]
async fn the_same_question_about_the_same_text_is_answered_at_once_and_another_text_is_looked_at() {
    let world = World::new().await;
    let (first, calls) = world.ask(QUESTION, &[]).await;
    assert_eq!((calls, &first["answeredSecondsAgo"], &first["earlier"]), (1, &Value::Null, &Value::Null), "{first}");
    let (second, calls) = world.ask(QUESTION, &["--timeout", "99"]).await;
    assert_eq!(
        (calls, &second["answer"], &second["citations"]),
        (0, &first["answer"], &first["citations"]),
        "{second}"
    );
    assert!(second["answeredSecondsAgo"].is_u64() && second["usage"]["cachedCalls"] == 1, "{second}");
    assert_eq!(second["usage"]["iterations"], 0, "no program ran");
    let warnings = second["warnings"].to_string();
    assert!(warnings.contains("this is the answer of less than a minute ago"), "{warnings}");
    // Its variables are there for a follow-up all the same.
    let (follow_up, _) = world.ask("follow it up", &["--continue"]).await;
    assert_eq!((&follow_up["answer"], &follow_up["earlier"]), (&json!("25"), &Value::Null), "{follow_up}");
    // Another option may lead to another answer, and whoever wants a new one gets it.
    let (limited, _) = world.ask(QUESTION, &["--max-calls", "9"]).await;
    assert_eq!(limited["answeredSecondsAgo"], Value::Null, "{limited}");
    assert_eq!(world.ask(QUESTION, &["--refresh"]).await.1, 1);
    assert_eq!(world.ask(QUESTION, &["--no-cache"]).await.1, 1);
    for (text, state, told) in [
        ("the limit is 7\nand so forth\n", "unchanged", "the cited lines are the same"),
        ("the limit is 8\nand so on\n", "was", "cited lines have changed since, so that it says what was"),
    ] {
        world.write(text);
        let (result, calls) = world.ask(QUESTION, &["--timeout", "88"]).await;
        assert_eq!((&result["earlier"]["state"], &result["earlier"]["question"]), (&json!(state), &json!(QUESTION)));
        assert_eq!(result["answeredSecondsAgo"], Value::Null, "{result}");
        assert!(calls <= 1 && result["warnings"].to_string().contains(told), "{result}");
        // That about the text of before is no longer the latest.
        world.run(&["store", "clear"]).await;
        world.write("the limit is 7\nand so on\n");
        world.ask(QUESTION, &[]).await;
    }
}

#[tokio::test]
async fn a_near_question_is_offered_and_never_served() {
    let world = World::new().await;
    world.ask("what calls the parser of headers?", &[]).await;
    let (result, calls) = world.ask("what does the parser of headers call?", &[]).await;
    assert_eq!((calls, &result["answeredSecondsAgo"]), (1, &Value::Null), "{result}");
    assert_eq!(result["earlier"]["state"], "similar", "{result}");
    let number = result["earlier"]["number"].to_string();
    let shown = world.run(&["store", "answer", &number]).await;
    assert!(
        shown.output.starts_with("# what calls the parser of headers?\n\n*This was the answer less than"),
        "{shown:?}"
    );
    assert!(shown.output.ends_with("It is 7 (`a.txt:1`).\n"), "{shown:?}");
    assert_eq!(world.run(&["store", "answer", "99"]).await.status, 1);
    assert_eq!(world.ask("which colour has the sky?", &[]).await.0["earlier"], Value::Null);
}

#[tokio::test]
async fn what_may_cost_much_is_asked_only_when_somebody_agrees() {
    let world = World::new().await;
    let url = world.server.url();
    let dear = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.env("RLM_PRICE", "scripted=1000/1000");
        command
    };
    let refused = run(dear(&world.words(QUESTION, &url, &[]))).await;
    assert_eq!((refused.status, refused.json()["error"]["kind"].clone()), (1, json!("notConfirmed")), "{refused:?}");
    assert!(refused.errors.contains("may cost about $") && refused.errors.contains("--confirm-above"), "{refused:?}");
    assert_eq!(world.server.calls().len(), 0);
    // Nothing is known of such questions yet, and then what they took.
    let before =
        run(dear(&["preview", QUESTION, "--strategy", "rlm", "--model", "scripted", "--endpoint", &url])).await;
    assert!(before.output.contains("expected nothing is known"), "{before:?}");
    for (question, option) in
        [("a1?", ["--confirm-above", "50"]), ("b2?", ["--max-cost", "50"]), ("c3?", ["--confirm-above", "9"])]
    {
        let ran = run(dear(&world.words(question, &url, &option))).await;
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let preview =
        run(dear(&["preview", QUESTION, "--json", "--strategy", "rlm", "--model", "scripted", "--endpoint", &url]))
            .await;
    let expected = preview.json()["expected"].clone();
    assert_eq!((&expected["questions"], &expected["calls"]["high"]), (&json!(3), &json!(1.0)), "{expected}");
    let cost = expected["costUsd"]["high"].as_f64().expect("a cost");
    assert!(cost > 1.0 && cost < 9.0 && expected["isKnown"] == false, "{expected}");
    let text = preview.json()["text"].to_string();
    assert!(text.contains("so it was with 3 such questions"), "{text}");
    // What was answered costs nothing.
    assert_eq!(run(dear(&world.words(QUESTION, &url, &["--confirm-above", "50"]))).await.status, 0);
    let again = run(dear(&world.words(QUESTION, &url, &["--confirm-above", "50", "--timeout", "77"]))).await;
    assert!(again.json()["answeredSecondsAgo"].is_u64(), "{again:?}");
    assert_eq!(run(dear(&world.words("d4?", &url, &["--confirm-above", "0.5"]))).await.status, 1);
}

#[tokio::test]
async fn an_editor_asks_its_person_and_hears_of_the_running_cost() {
    let world = World::new().await;
    let store = world.store.path().to_str().expect("text").to_owned();
    let options = json!({"endpoint": world.server.url(), "model": "scripted", "strategy": "rlm",
                         "price": {"scripted": [1000, 1000]}});
    let mut client = Client::with_environment([("RLM_STORE", store)], world.folder.path(), json!({}), options).await;
    for (chosen, is_asked) in
        [(json!({"title": "Begin"}), true), (json!({"title": "Cancel"}), false), (Value::Null, false)]
    {
        let query = format!("{QUESTION} {chosen}");
        let id = client.begin("rlm/query", json!({"query": query})).await;
        let request = client.message(|it| it["method"] == "window/showMessageRequest").await;
        assert!(request["params"]["message"].as_str().is_some_and(|it| it.contains("may cost about $")), "{request}");
        client.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": chosen})).await;
        match client.response(id).await {
            Ok(result) => assert!(is_asked && result["answer"] == "It is 7 (`a.txt:1`).", "{result}"),
            Err(error) => assert!(!is_asked && error["data"]["kind"] == "notConfirmed", "{error}"),
        }
    }
    // The same question again is known, and costs nothing.
    let query = format!("{QUESTION} {}", json!({"title": "Begin"}));
    let result = client.request("rlm/query", json!({"query": query})).await.expect("an answer");
    assert!(result["answeredSecondsAgo"].is_u64(), "{result}");
    let progress = client.next("rlm/event", |it| it["kind"] == "progress" && it["calls"] == 1).await;
    assert!(progress["costUsd"].as_f64().is_some_and(|it| it > 0.1) && progress["cachedCalls"] == 0, "{progress}");
    assert_eq!(client.shut_down().await, 0);
}
