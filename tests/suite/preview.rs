//! `rlm preview`: what a question would read and send, and why something stays out. No model hears of it.

use crate::{
    query::file,
    scripted::{Action, ScriptedServer},
    terminal::{rlm, run},
};
use tempfile::TempDir;

#[tokio::test]
async fn a_preview_names_what_stays_out_and_calls_no_model() {
    let folder = TempDir::new().expect("a folder can be made");
    let text = "some words of a text\n".repeat(5000);
    for (name, bytes) in
        [("a.txt", text.as_bytes()), (".rlmignore", b"*.log\n"), ("x.log", b"x"), ("zero", b"a\0b"), ("id_rsa", b"key")]
    {
        file(&folder, name, bytes);
    }
    let server = ScriptedServer::start(|_| Action::reply("never")).await;
    let (path, url) = (folder.path().to_str().expect("text"), server.url());
    let arguments = ["preview", "what?", path, "--endpoint", &url, "--model", "scripted"];

    let mut command = rlm(arguments);
    command.env("RLM_PRICE", "scripted=2/10");
    let ran = run(command).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    for expected in [
        "model    scripted",
        "context  1 file, 105,000 bytes (105,000 characters)",
        "a first prompt without the text",
        "at most  1,000 calls",
        "x.log: ignored by `*.log` in .rlmignore",
        "zero: binary",
        "id_rsa: secret",
        "4 left out",
    ] {
        assert!(ran.output.contains(expected), "no {expected:?} in {}", ran.output);
    }

    let mut command = rlm(arguments.iter().chain(&["--json", "--strategy", "direct"]));
    command.env("RLM_PRICE", "scripted=2/10");
    let preview = run(command).await.json();
    assert_eq!(preview["strategy"], "direct");
    assert_eq!(preview["context"]["characters"], 105_000);
    let number = |name: &str| preview[name].as_f64().expect("a number");
    // Five words and a line feed a line, and a number before each line of a direct prompt.
    assert!((20_000.0..35_000.0).contains(&number("contextTokens")), "{preview}");
    assert!(number("firstPromptTokens") > number("contextTokens"), "{preview}");
    assert!((number("firstPromptCostUsd") - number("firstPromptTokens") * 2e-6).abs() < 1e-9, "{preview}");
    let left_out = preview["leftOut"].as_array().expect("a list");
    assert!(left_out.iter().any(|it| it["path"] == "zero" && it["reason"] == "binary"), "{preview}");

    assert!(server.calls().iter().all(|call| call.body["messages"].is_null()), "no model is called");
}

#[tokio::test]
async fn a_preview_of_nothing_says_so() {
    let ran = run(rlm(["preview", "what?", "/no/such/place", "--model", "extractive"])).await;
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.errors.contains("no such file or directory: /no/such/place"), "{ran:?}");
}
