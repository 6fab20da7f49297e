//! Dogfooding in an editor: the report of an analysis as a reply and as a document, and what there is of cycles.

use crate::{
    client::Client,
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};
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

const FRUIT: &str = "def mean(items):\n    return sum(items) / (len(items) + 1)\n\n\n\
                     def _forgotten(items):\n    return items[1:]\n";

const TESTS: &str = "import unittest\n\nimport fruit\n\n\nclass FruitTest(unittest.TestCase):\n    def test_kind(self):\n        \
                     self.assertEqual(fruit.mean([]), 0)\n";

/// A repository with a fault, and a model that mends it and proves that it does.
async fn faulty() -> (TempDir, TempDir, ScriptedServer) {
    let [folder, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
    fs::create_dir(folder.path().join(".rlm")).expect("a folder can be made");
    for (path, text) in [
        ("fruit.py", FRUIT),
        ("test_fruit.py", TESTS),
        (".rlm/settings.json", "{\"dogfood\": {\"checks\": [\"python3 -m unittest -v test_fruit\"]}}"),
    ] {
        fs::write(folder.path().join(path), text).expect("a file can be written");
    }
    git(folder.path(), &["init", "-q", "-b", "main"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "begin"]);
    let patch = "fruit.py\n<<<<<<< SEARCH\n    return sum(items) / (len(items) + 1)\n=======\n    return sum(items) / (len(items) or 1)\n\
                 >>>>>>> REPLACE\ntest_fruit.py\n<<<<<<< SEARCH\n        self.assertEqual(fruit.mean([]), 0)\n=======\n        \
                 self.assertEqual(fruit.mean([]), 0)\n\n    def test_mean(self):\n        self.assertEqual(fruit.mean([2, 4]), 3)\n>>>>>>> REPLACE\n";
    let proposal = json!({"title": "mean counts one too many", "kind": "bug-fix", "why": "it does", "figure": "none",
        "command": "", "patch": patch});
    let server = ScriptedServer::start(move |asked: &Asked| {
        let is_asked = asked.last().contains("==> fruit.py <==");
        let proposals = if is_asked { vec![proposal.clone()] } else { Vec::new() };
        Action::reply(json!({"proposals": proposals}).to_string())
    })
    .await;
    (folder, store, server)
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-C"];
    let output = Command::new("git").args(identity).arg(folder).args(arguments).output().expect("git starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Answers the next question of the server; returns what was asked.
async fn answered(client: &mut Client, title: Option<&str>) -> String {
    let asked = client.message(|it| it["method"] == "window/showMessageRequest").await;
    let result = title.map_or(Value::Null, |title| json!({"title": title}));
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": result})).await;
    asked["params"]["message"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_cycle_runs_after_a_yes_and_commits_what_is_taken() {
    let (folder, store, server) = faulty().await;
    let environment = [
        ("RLM_STORE", store.path().display().to_string()),
        ("HOME", store.path().display().to_string()),
        ("GIT_COMMITTER_NAME", "Ann".to_owned()),
        ("GIT_COMMITTER_EMAIL", "ann@example.org".to_owned()),
    ];
    let options = json!({"endpoint": server.url(), "model": "scripted"});
    let mut client = Client::with_environment(environment, folder.path(), json!({}), options).await;
    let before = git(folder.path(), &["for-each-ref"]);

    // Whoever closes the message has said no, and nothing runs.
    let id = client.begin("rlm/dogfood", json!({"action": "cycle"})).await;
    let asked = answered(&mut client, None).await;
    assert!(asked.contains("`python3 -m unittest -v test_fruit`") && asked.contains("May it?"), "{asked}");
    let refused = client.response(id).await.expect_err("nobody has agreed");
    assert!(refused["message"].as_str().is_some_and(|it| it.contains("nobody has agreed")), "{refused}");
    assert_eq!(server.calls().len(), 0);

    let id = client.begin("rlm/dogfood", json!({"action": "cycle", "queryId": "c"})).await;
    answered(&mut client, Some("Run")).await;
    let done = client.response(id).await.expect("a report");
    let (markdown, report) = (done["markdown"].as_str().expect("a text"), &done["report"]);
    for part in [
        "# Cycle 1\n",
        "## 1. Mean counts one too many (bug-fix)",
        "- Proof: ",
        "test_mean",
        "```diff\n",
        "+    return sum",
    ] {
        assert!(markdown.contains(part), "no {part} in {markdown}");
    }
    assert_eq!((&report["cycle"], &report["proposals"][0]["state"]), (&json!(1), &json!("offered")), "{report:#}");
    assert_eq!(git(folder.path(), &["for-each-ref"]), before, "nothing was written");
    let transcript = client.request("rlm/transcript", json!({"queryId": "c"})).await.expect("a transcript");
    assert!(transcript["text"].as_str().is_some_and(|it| it.contains("proposal 1 is offered")), "{transcript}");

    // What was agreed to is trusted from then on, and the command asks what is to be taken.
    let command = json!({"command": "rlm.dogfood", "arguments": [{"action": "cycle"}]});
    let started = client.request("workspace/executeCommand", command).await.expect("it starts");
    assert_eq!(started["status"], "started");
    let asked = answered(&mut client, None).await;
    assert!(asked.contains("take proposal 1, mean counts one too many (bug-fix)?"), "{asked}");
    assert_eq!(git(folder.path(), &["branch", "--list", "dogfood/*"]), "", "nothing is taken by itself");

    let refused = client.request("rlm/dogfood", json!({"action": "approve", "cycle": 1, "approve": [7]})).await;
    assert!(refused.is_err_and(|it| it["message"].as_str().is_some_and(|it| it.contains("was not offered"))));
    let params = json!({"action": "approve", "cycle": 1, "approve": [1]});
    let approved = client.request("rlm/dogfood", params).await.expect("it is committed");
    assert_eq!(approved["report"]["branch"], "dogfood/cycle-1", "{approved}");
    assert!(git(folder.path(), &["show", "dogfood/cycle-1:fruit.py"]).contains("or 1"));
    assert_eq!(git(folder.path(), &["status", "--porcelain"]), "");
    assert_eq!(client.shut_down().await, 0);
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
