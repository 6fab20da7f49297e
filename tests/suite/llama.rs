//! A run through llama.cpp's own server: real templates, tokens, streaming and usage, with weights made on the spot.

use crate::terminal::{rlm, run};
use serde_json::json;
use std::{fs, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// Names the Python that has `xllamacpp`, `gguf` and `numpy`; `tests/run` sets it.
const PYTHON: &str = "RLM_TEST_LLAMA_PYTHON";

#[tokio::test]
async fn programs_sub_calls_and_calls_of_tools_go_through_llama_cpp() {
    let Some(python) = std::env::var_os(PYTHON) else {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} is not set; `tests/run` sets it");
        eprintln!("{PYTHON} is not set: llama.cpp is not tested");
        return;
    };
    let folder = TempDir::new().expect("a folder can be made");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llama/serve.py");
    let mut server = Command::new(python)
        .args([script.as_ref(), folder.path().as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(server.stdout.take().expect("the output is piped")).lines();
    let url = lines.next_line().await.expect("the server says where it listens").expect("a line");

    let text = TempDir::new().expect("a folder can be made");
    fs::write(text.path().join("hay.txt"), "straw\n".repeat(5000)).expect("a file can be written");
    fs::write(text.path().join("stack.txt"), "straw\nthe needle is here\nstraw\n").expect("a file can be written");
    let path = text.path().to_str().expect("text");
    let ran = run(rlm(["query", "What does the needle say?", path, "--json", "--endpoint", &url])).await;
    let result = ran.json();
    assert_eq!(result["answer"], "The text says it says forty-two in stack.txt:2", "{ran:?}");
    assert_eq!(result["termination"], "final");
    assert_eq!(result["citations"], json!([{"path": "stack.txt", "startLine": 2, "endLine": 2, "state": "found"}]));
    let usage = &result["usage"];
    assert_eq!((&usage["rootCalls"], &usage["subCalls"]), (&json!(2), &json!(1)));
    assert!(usage["inputTokens"].as_u64() > Some(500) && usage["outputTokens"].as_u64() > Some(20), "{usage}");

    let by_tools = ["query", "Where is the needle?", path, "--json", "--endpoint", &url, "--protocol", "tools"];
    let ran = run(rlm(by_tools)).await;
    let result = ran.json();
    assert_eq!(result["answer"], "A tool has found it in stack.txt:2", "{ran:?}");
    assert_eq!(result["usage"]["rootCalls"], 2, "a call of a tool, and the answer: {ran:?}");
}
