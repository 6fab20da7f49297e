//! A run through llama.cpp's own server: real templates, tokens, streaming and usage, with weights made on the spot; and
//! with those of a real model that is too small for programs.

use crate::{
    extractive::{packages, sources},
    terminal::{rlm, run},
};
use serde_json::{Value, json};
use std::{ffi::OsStr, fs, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Names the Python that has `xllamacpp`, `gguf` and `numpy`; `tests/run` sets it.
const PYTHON: &str = "RLM_TEST_LLAMA_PYTHON";

/// Starts one of the servers of `tests/llama`, with its argument; it ends with what is given back first. Nothing without
/// the Python that it needs.
async fn serve(script: &str, argument: &OsStr) -> Option<(Child, String)> {
    let Some(python) = std::env::var_os(PYTHON) else {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} is not set; `tests/run` sets it");
        eprintln!("{PYTHON} is not set: llama.cpp is not tested");
        return None;
    };
    let script = format!("{}/tests/llama/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut server = Command::new(python)
        .args([script.as_ref(), argument])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(server.stdout.take().expect("the output is piped")).lines();
    let url = lines.next_line().await.expect("the server says where it listens").expect("a line");
    Some((server, url))
}

#[tokio::test]
async fn programs_sub_calls_and_calls_of_tools_go_through_llama_cpp() {
    let folder = TempDir::new().expect("a folder can be made");
    let Some((_server, url)) = serve("serve.py", folder.path().as_os_str()).await else { return };

    let text = TempDir::new().expect("a folder can be made");
    fs::write(text.path().join("hay.txt"), "straw\n".repeat(5000)).expect("a file can be written");
    fs::write(text.path().join("stack.txt"), "straw\nthe needle is here\nstraw\n").expect("a file can be written");
    let path = text.path().to_str().expect("text");
    // The server tells that such a model is too small to write programs, which this one does all the same.
    let ask = |question, protocol| {
        rlm(["query", question, path, "--json", "--endpoint", &url, "--strategy", "rlm", "--protocol", protocol])
    };
    let ran = run(ask("What does the needle say?", "auto")).await;
    let result = ran.json();
    assert_eq!(result["answer"], "The text says it says forty-two in stack.txt:2", "{ran:?}");
    assert_eq!(result["termination"], "final");
    assert_eq!(result["citations"], json!([{"path": "stack.txt", "startLine": 2, "endLine": 2, "state": "found"}]));
    let usage = &result["usage"];
    assert_eq!((&usage["rootCalls"], &usage["subCalls"]), (&json!(2), &json!(1)));
    assert!(usage["inputTokens"].as_u64() > Some(500) && usage["outputTokens"].as_u64() > Some(20), "{usage}");

    let ran = run(ask("Where is the needle?", "tools")).await;
    let result = ran.json();
    assert_eq!(result["answer"], "A tool has found it in stack.txt:2", "{ran:?}");
    assert_eq!(result["usage"]["rootCalls"], 2, "a call of a tool, and the answer: {ran:?}");
}

/// Questions that the built-in model answers, with a file that the answer has to cite and a text in the lines cited.
const QUESTIONS: [(&str, &str, &str, &str); 3] = [
    ("ignore", "Where are the lines of an ignore file turned into patterns?", "src/gitignore.rs", "pub fn add_line("),
    (
        "ropey",
        "How are two neighbouring nodes of the tree balanced?",
        "src/tree/node_children.rs",
        "pub fn merge_distribute(",
    ),
    (
        "grep-searcher",
        "How are the lines before a match printed as context?",
        "src/searcher/core.rs",
        "fn before_context_by_line(",
    ),
];

#[tokio::test]
async fn a_model_that_is_too_small_for_programs_is_never_worse_than_none() {
    let Some((_server, url)) = serve("small.py", OsStr::new("1024")).await else { return };
    let endpoint = format!("{}/v1", url.trim_end_matches("/v1"));
    let packages = packages();
    for (name, question, file, line) in QUESTIONS {
        let (_, folder) = sources(&packages, name);
        let path = folder.to_str().expect("text");
        let ran = run(rlm(["query", question, path, "--json", "--endpoint", &endpoint])).await;
        let result = ran.json();
        assert_eq!((ran.status, &result["grounded"]), (0, &json!("cited")), "{question} {ran:?}");
        assert!(result["usage"]["calls"].as_u64() <= Some(3), "{question} {ran:?}");
        let text = fs::read_to_string(folder.join(file)).expect("the file is there");
        let number = text.lines().position(|it| it.contains(line)).expect("the line is there") as u64 + 1;
        let holds = |it: &Value| {
            let is_in = it["startLine"].as_u64() <= Some(number) && Some(number) <= it["endLine"].as_u64();
            it["path"] == file && is_in
        };
        let citations = result["citations"].as_array().expect("a list");
        assert!(citations.iter().any(holds), "{question} {ran:?}");
        assert!(citations.iter().all(|it| it["state"] != "missing"), "{question} {ran:?}");
    }
}
