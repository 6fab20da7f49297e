//! Messages of a client that is broken, hostile, or of another version: whatever comes, the server answers the next one.

use crate::client::{Client, uri};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Messages that are sent. `RLM_TEST_MESSAGES` asks for another number.
const MESSAGES: usize = 4_000;

/// After how many it is looked whether the server still answers.
const LOOK: usize = 200;

/// A generator of numbers that are the same in each run (Marsaglia, *Xorshift RNGs*, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// One right message of each kind, as method, params, and whether it is a request.
fn messages(folder: &Path) -> Vec<(&'static str, Value, bool)> {
    let file = uri(&folder.join("README.md"));
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}});
    let document = json!({"uri": file, "version": 3});
    let execute = |command: &str, argument: Value| json!({"command": command, "arguments": [argument]});
    let scope = json!({"kind": "selection", "uri": file, "range": range});
    // A model that fails at once, so that no run takes long.
    let options = json!({"model": "cli:false", "strategy": "direct"});
    vec![
        (
            "rlm/query",
            json!({"query": "why?", "scope": scope, "queryId": "q", "sessionId": "s", "options": options}),
            true,
        ),
        ("rlm/preview", json!({"query": "why?", "scope": {"kind": "paths", "paths": ["README.md"]}}), true),
        ("rlm/review", json!({"scope": {"kind": "file", "uri": file}, "diff": "HEAD", "maxFindings": 3}), true),
        ("rlm/cancel", json!({"queryId": "q"}), true),
        ("rlm/status", json!({}), true),
        ("rlm/sessions", Value::Null, true),
        ("rlm/endSession", json!({"sessionId": "s", "keep": true}), true),
        ("rlm/runs", Value::Null, true),
        ("rlm/transcript", json!({"queryId": "q", "run": 1, "from": 0}), true),
        ("workspace/executeCommand", execute("rlm.review", json!({"scope": scope})), true),
        ("workspace/executeCommand", execute("rlm.dismiss", json!({"id": "abc", "reason": "x"})), true),
        ("workspace/executeCommand", execute("rlm.showFinding", json!({"id": "abc"})), true),
        ("workspace/executeCommand", execute("rlm.clearFindings", Value::Null), true),
        ("workspace/executeCommand", execute("rlm.cancel", json!({"queryId": "q"})), true),
        (
            "textDocument/codeAction",
            json!({"textDocument": document, "range": range,
                   "context": {"diagnostics": [{"range": range, "message": "m", "source": "rlm", "data": {"id": "x"}}],
                               "only": ["quickfix"], "triggerKind": 1}}),
            true,
        ),
        ("textDocument/diagnostic", json!({"textDocument": document, "previousResultId": "1"}), true),
        ("workspace/diagnostic", json!({"previousResultIds": [{"uri": file, "value": "1"}]}), true),
        (
            "textDocument/didOpen",
            json!({"textDocument": {"uri": file, "languageId": "markdown", "version": 1, "text": "[a](b.md)\n"}}),
            false,
        ),
        (
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": [{"range": range, "text": "x\n"}, {"text": "[a](b.md)\n"}]}),
            false,
        ),
        ("textDocument/didClose", json!({"textDocument": document}), false),
        (
            "workspace/didChangeConfiguration",
            json!({"settings": {"rlm": {"model": "cli:false", "maxCalls": 3}}}),
            false,
        ),
        ("$/cancelRequest", json!({"id": 7}), false),
        ("window/workDoneProgress/cancel", json!({"token": "rlm/q"}), false),
    ]
}

/// What takes the place of a part of a message.
fn odd(random: &mut Random) -> Value {
    match random.below(14) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(u64::MAX),
        3 => json!(1e300),
        4 => json!(""),
        5 => json!("x".repeat(5_000)),
        6 => json!([]),
        7 => json!({}),
        8 => json!(true),
        9 => json!("file:///../../%00/[x"),
        10 => json!("\u{0}\u{202e}\u{1f600}"),
        11 => json!({"start": {"line": u32::MAX, "character": u32::MAX}, "end": {"line": 0, "character": 0}}),
        12 => (0..60).fold(json!(1), |inner, _| json!([inner])),
        _ => json!(0.5),
    }
}

/// Changes parts of a message.
fn change(value: &mut Value, random: &mut Random) {
    let count = match &*value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    if count == 0 || random.below(4) == 0 {
        *value = odd(random);
        return;
    }
    let at = random.below(count);
    let remove = random.below(5) == 0;
    match value {
        Value::Array(items) if remove => {
            items.remove(at);
        }
        Value::Array(items) => change(&mut items[at], random),
        Value::Object(fields) => {
            let name = fields.keys().nth(at).cloned().expect("there are as many");
            match remove {
                true => {
                    fields.shift_remove(&name);
                }
                false => change(&mut fields[&name], random),
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_server_outlives_whatever_a_client_sends() {
    let count = std::env::var("RLM_TEST_MESSAGES").ok().and_then(|it| it.parse().ok()).unwrap_or(MESSAGES);
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "[a](b.md)\n").expect("a file can be written");
    let capabilities = json!({"window": {"workDoneProgress": true},
                              "textDocument": {"publishDiagnostics": {"dataSupport": true, "codeDescriptionSupport": true}}});
    let options = json!({"model": "cli:false", "strategy": "direct"});
    let mut client = Client::in_folder(folder.path(), capabilities, options).await;
    let kinds = messages(folder.path());
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for number in 1..=count {
        let (method, mut params, is_request) = kinds[random.below(kinds.len())].clone();
        for _ in 0..random.below(3) {
            change(&mut params, &mut random);
        }
        match is_request {
            true => {
                client.begin(method, params).await;
            }
            false => client.notify(method, params).await,
        }
        if number % LOOK == 0 {
            let cancelled = json!({"command": "rlm.cancel", "arguments": []});
            client.request("workspace/executeCommand", cancelled).await.expect("it still answers");
            client.forget();
        }
    }
    let settings = json!({"settings": {"rlm": {"model": "extractive"}}});
    client.notify("workspace/didChangeConfiguration", settings).await;
    let text = json!({"uri": uri(&folder.path().join("README.md")), "languageId": "markdown", "version": 9, "text": "the kettle\n"});
    client.notify("textDocument/didOpen", json!({"textDocument": text})).await;
    let scope = json!({"kind": "file", "uri": uri(&folder.path().join("README.md"))});
    let answer = client.request("rlm/query", json!({"query": "where is the kettle?", "scope": scope})).await;
    assert!(answer.expect("an answer")["answer"].as_str().is_some_and(|it| it.contains("README.md:1")));
    assert_eq!(client.shut_down().await, 0);
}
