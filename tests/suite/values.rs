//! Contexts that are no texts: lists, mappings and messages, from the terminal and from an editor.

use super::{
    client::Client,
    query::{ask, file, scripted, told},
    scripted::ScriptedServer,
    terminal::{rlm, run},
};
use serde_json::json;

/// The answer of a program about a JSON file.
async fn answer(content: &str, program: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "data.json", content.as_bytes());
    let server = ScriptedServer::start(scripted(Box::leak(Box::new([program])), |_| String::new())).await;
    let ran = ask(&server, &path, &["--as-json", "--max-iterations", "1"]).await;
    let told = told(&server, 1);
    format!(
        "{} | {}",
        told.lines().next().unwrap().split(" in all").next().unwrap(),
        ran.json()["answer"].as_str().unwrap()
    )
}

#[tokio::test]
async fn programs_get_the_value_that_a_file_holds() {
    for (content, program, expected) in [
        (
            r#"["one", "two é", ""]"#,
            "FINAL(f'{type(context).__name__} {context} {len(files)}')",
            "`context` is a list of 3 str, 46 characters | list ['one', 'two é', ''] 3",
        ),
        (
            r#"{"a.txt": "first", "n": 7, "deep": {"x": [1, null, true]}}"#,
            "FINAL(f'{isinstance(context, dict)} {sorted(context)} {context[\"deep\"][\"x\"]} {context[\"n\"] + 1} {files[\"a.txt\"]}')",
            "`context` is a dict of 3 values, 88 characters | True ['a.txt', 'deep', 'n'] [1, None, True] 8 first",
        ),
        (
            "{\"role\": \"user\", \"content\": \"Hi there\"}\n{\"role\": \"assistant\", \"content\": \"Hello\"}\n",
            "FINAL(f'{[m[\"role\"] for m in context]} {context[1][\"content\"]} {grep(\"there\")[0].path} {peek(0, 16)}')",
            "`context` is a list of 2 messages, dicts with `role` and `content`, 54 characters \
             | ['user', 'assistant'] Hello [0] user ==> [0] user <==",
        ),
        (
            r#"["x", ["y"]]"#,
            "context.append(1); context[0] = 2\nFINAL(str(context))",
            "`context` is a list of 2 values, 36 characters | [2, ['y'], 1]",
        ),
    ] {
        assert_eq!(answer(content, program).await, expected);
    }
}

#[tokio::test]
async fn what_is_no_json_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start(scripted(&[], |_| String::new())).await;
    let path = file(&folder, "data.json", b"{\"a\": 1}\n{\"b\": }\n");
    let ran = ask(&server, &path, &["--as-json"]).await;
    assert_eq!((ran.status, ran.json()["error"]["kind"].as_str()), (1, Some("badJson")), "{ran:?}");
    assert!(ran.errors.contains("line 2: expected value"), "{ran:?}");
    file(&folder, "more.json", b"[]");
    let ran = ask(&server, folder.path(), &["--as-json"]).await;
    assert!(ran.errors.contains("these are 2 files"), "{ran:?}");
}

#[tokio::test]
async fn an_editor_may_ask_about_a_value_and_see_before_what_a_query_costs() {
    let folder = tempfile::tempdir().unwrap();
    file(&folder, "notes.md", b"# Notes\n");
    file(&folder, ".env", b"SECRET=1\n");
    let server = ScriptedServer::start(scripted(&["FINAL(str(sorted(context)))"], |_| String::new())).await;
    let options = json!({"endpoint": [server.url()], "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let scope = json!({"kind": "value", "value": {"b": "text", "a": [1, 2]}});
    let result = client.request("rlm/query", json!({"query": "Which keys?", "scope": scope})).await.unwrap();
    assert_eq!(result["answer"], "['a', 'b']");

    let calls = server.calls().len();
    let preview = client.request("rlm/preview", json!({"query": "What is it?"})).await.unwrap();
    assert_eq!(
        (preview["context"]["files"].as_u64(), preview["strategy"].as_str()),
        (Some(1), Some("rlm")),
        "{preview}"
    );
    assert_eq!(preview["leftOut"][0]["path"], ".env");
    assert!(preview["text"].as_str().unwrap().contains("1 file, 8 bytes"), "{preview}");
    let error =
        client.request("rlm/preview", json!({"query": "?", "scope": {"kind": "paths", "paths": ["nowhere"]}})).await;
    assert_eq!(error.unwrap_err()["data"]["kind"], "noSuchPath");
    assert_eq!(server.calls().len(), calls, "no model is asked");
}

#[tokio::test]
async fn the_built_in_model_reads_values_too() {
    let folder = tempfile::tempdir().unwrap();
    let messages = r#"[{"role": "user", "content": "Which cat sleeps here?"}, {"role": "assistant", "content": "The grey cat sleeps."}]"#;
    for (content, question, expected) in [
        (messages, "where does the grey cat sleep?", "[1] assistant:1"),
        (messages, "what is this about?", "2 files"),
        (r#"["one line\nand another"]"#, "what is this about?", "2 lines and 20 characters"),
    ] {
        let path = file(&folder, "data.json", content.as_bytes());
        let ran = run(rlm(["query", question, path.to_str().unwrap(), "--as-json"])).await;
        assert!(ran.status == 0 && ran.output.contains(expected), "{expected}: {ran:?}");
    }
}
