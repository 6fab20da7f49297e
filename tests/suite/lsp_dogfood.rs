//! Dogfooding in an editor: the report of an analysis as a reply and as a document, and what there is of cycles.

use crate::client::Client;
use serde_json::{Value, json};
use std::{fs, process::Command};
use tempfile::TempDir;

fn repository() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "See [the guide](missing.md).\n").expect("a file can be written");
    for arguments in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "begin"]] {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-C"];
        let status = Command::new("git").args(identity).arg(folder.path()).args(arguments).status();
        assert!(status.expect("git starts").success(), "{arguments:?}");
    }
    folder
}

#[tokio::test]
async fn reports_are_replies_and_documents() {
    let folder = repository();
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    let analysis = client.request("rlm/dogfood", json!({})).await.expect("a report");
    let markdown = analysis["markdown"].as_str().expect("a text");
    assert!(markdown.starts_with("# Where work pays\n\n1. **The link to `missing.md` leads nowhere**"), "{markdown}");
    assert_eq!(analysis["report"]["points"][0]["kind"], "dead-link");
    let history = client.request("rlm/dogfood", json!({"action": "history"})).await.expect("a report");
    assert_eq!(history["report"], json!({"proposals": []}));
    let stats = client.request("rlm/dogfood", json!({"action": "stats"})).await.expect("a report");
    assert_eq!(
        (stats["markdown"].as_str(), &stats["report"]),
        (Some("0 of 1 line (0.00 %) come from 0 commits of cycles, as git blames them."), &Value::Null)
    );
    let command = json!({"command": "rlm.dogfood", "arguments": []});
    let started = client.request("workspace/executeCommand", command).await.expect("it starts");
    assert_eq!(started, json!({"status": "started"}));
    let said = client.next("window/showMessage", |_| true).await["message"].take();
    assert!(said.as_str().is_some_and(|it| it.starts_with("RLM: # Where work pays")), "{said}");
    assert_eq!(client.shut_down().await, 0);
}
