//! The project's own formatter and checks on changes that are proposed in an editor.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
    terminal::{rlm, run},
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

const TEXT: &str = "def mean(items):\n    total = sum(items)\n    return total / len(items)\n\n\n\n\n\n\n\n\n\n\n\
                    def spread(items):\n    RETURN max(items) - min(items)\n";

/// What the model writes, which has a word to be formatted.
const BLOCK: &str = "Empty lists have a mean of zero.\n\nmean.py\n<<<<<<< SEARCH\n    return total / len(items)\n=======\n\
                     \x20   RETURN total / len(items) if items else 0\n>>>>>>> REPLACE\n";

struct Project {
    folder: TempDir,
    store: TempDir,
}

impl Project {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        fs::write(folder.path().join("mean.py"), TEXT).expect("a file can be written");
        fs::write(folder.path().join("other.py"), "import mean\n").expect("a file can be written");
        fs::create_dir(folder.path().join(".rlm")).expect("a folder can be made");
        let project = Self { folder, store: TempDir::new().expect("a folder can be made") };
        fs::write(project.folder.path().join(".gitignore"), "node_modules\n").expect("a file can be written");
        fs::create_dir_all(project.folder.path().join("node_modules/left")).expect("a folder can be made");
        project.git(&["init", "-q"]);
        project.git(&["add", "."]);
        project.git(&["commit", "-q", "-m", "begin"]);
        project
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-C"];
        let status = Command::new("git").args(identity).arg(self.folder.path()).args(arguments).status();
        assert!(status.expect("git starts").success(), "{arguments:?}");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self, edits: &Value) {
        fs::write(self.path(".rlm/settings.json"), json!({"edits": edits}).to_string()).expect("a file can be written");
    }

    fn store(&self) -> String {
        self.store.path().join("store").to_str().expect("text").to_owned()
    }

    async fn trust(&self) -> String {
        let mut command = rlm(["dogfood", "trust", self.folder.path().to_str().expect("text")]);
        command.env("RLM_STORE", self.store());
        let ran = run(command).await;
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.output
    }

    async fn client(&self, server: &ScriptedServer) -> Client {
        let options = json!({"endpoint": server.url(), "model": "scripted", "noCache": true});
        let environment = [("RLM_STORE", self.store())];
        Client::with_environment(environment, self.folder.path(), json!({}), options).await
    }

    async fn edit(&self, client: &mut Client) -> Value {
        let scope = json!({"kind": "file", "uri": uri(&self.path("mean.py"))});
        let params = json!({"instruction": "Take care of empty lists.", "scope": scope});
        client.request("rlm/edit", params).await.expect("a proposal")
    }

    /// Trees that were made for checks and are still there.
    fn trees(&self) -> usize {
        let folder = Path::new(&self.store()).join("dogfood");
        let Ok(entries) = fs::read_dir(folder) else { return 0 };
        entries.flatten().filter(|it| it.file_name().to_string_lossy().starts_with("cycle-")).count()
    }
}

fn states(result: &Value) -> Vec<(&str, &str)> {
    let checks = result["checks"].as_array().expect("a list");
    checks.iter().map(|it| (it["state"].as_str().expect("a text"), it["sentence"].as_str().expect("a text"))).collect()
}

#[tokio::test]
async fn a_change_is_formatted_and_checked_by_what_the_person_trusts_and_by_nothing_else() {
    let project = Project::new();
    let server = ScriptedServer::start(|_: &Asked| Action::reply(BLOCK)).await;
    let format = json!({"py": "sh -c 'test -f {path} && sed s/RETURN/return/'"});
    project.names(
        &json!({"format": format, "checks": ["sh -c 'touch built; ls node_modules/left/ && ! grep -q wrong *.py'"]}),
    );
    let mut client = project.client(&server).await;
    let result = project.edit(&mut client).await;
    assert_eq!(result["checks"], json!([]), "nobody trusts them");
    let warned = result["warnings"].to_string();
    assert!(warned.contains("you have not trusted them") && warned.contains("touch built"), "{result}");
    assert!(result["files"][0]["hunks"][0]["newText"].as_str().is_some_and(|it| it.contains("RETURN")), "{result}");

    assert!(project.trust().await.contains("(formats changes of *.py)"));
    let result = project.edit(&mut client).await;
    let [("passed", formatted), ("passed", checked)] = states(&result)[..] else { panic!("{result}") };
    assert!(formatted.contains("has formatted the change of mean.py"), "{formatted}");
    assert!(checked.contains("passes with this change"), "{checked}");
    let [hunk] = result["files"][0]["hunks"].as_array().expect("a list").as_slice() else { panic!("{result}") };
    assert_eq!(hunk["newText"], "    return total / len(items) if items else 0\n", "and nothing far from it");

    // What is not saved is checked as it is in the editor, and what fails without the change is told as such.
    client.open(&uri(&project.path("other.py")), 1, "import wrong\n").await;
    let result = project.edit(&mut client).await;
    assert_eq!(states(&result)[1].0, "failedBefore", "{result}");
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri(&project.path("other.py"))}})).await;

    // Another word in the settings, and they are not trusted any more.
    project.names(&json!({"format": format, "checks": ["sh -c 'touch built; ! grep -q wrong  *.py'"]}));
    let result = project.edit(&mut client).await;
    assert!(states(&result).is_empty() && result["warnings"].to_string().contains("not trusted"), "{result}");
    assert_eq!(fs::read_to_string(project.path("mean.py")).expect("it is there"), TEXT);
    assert!(!project.path("built").exists(), "nothing runs in the person's own tree");
    assert_eq!(client.shut_down().await, 0);
    assert_eq!(project.trees(), 0);
}

#[tokio::test]
async fn what_fails_is_told_beside_the_change_which_is_proposed_all_the_same() {
    let project = Project::new();
    let wrong = BLOCK.replace("if items else 0", "if items else wrong");
    let new = "\nnew.py\n<<<<<<< SEARCH\n=======\nimport  os\n>>>>>>> REPLACE\n";
    let reply = format!("{wrong}{new}");
    let server = ScriptedServer::start(move |_: &Asked| Action::reply(&reply)).await;
    project.names(&json!({"format": {"py": "sh -c 'echo no good >&2; exit 3'"}, "checks": [
        "sh -c 'grep -n wrong *.py && echo error: it is wrong && exit 1 || exit 0'",
        "test -f new.py", "no-such-program"]}));
    project.trust().await;
    let mut client = project.client(&server).await;
    let result = project.edit(&mut client).await;
    let told = states(&result);
    let expected = [
        ("notRun", "ends with status 3: no good; mean.py stays as the model wrote it"),
        ("notRun", "ends with status 3: no good; new.py stays as the model wrote it"),
        ("passed", "`test -f new.py` passes with this change"),
        ("notRun", "no-such-program"),
        ("failed", "fails with this change, and passes without it: error: it is wrong"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((state, sentence), (wanted, says)) in told.iter().zip(expected) {
        assert!(*state == wanted && sentence.contains(says), "{state}: {sentence}");
    }
    assert!(result["checks"][4]["output"].as_str().is_some_and(|it| it.contains("mean.py:3:")), "{result}");
    assert_eq!(result["files"].as_array().map(Vec::len), Some(2));

    project.names(&json!({"timeout": 1, "checks": ["sh -c 'sleep 60'", "true"]}));
    project.trust().await;
    let result = project.edit(&mut client).await;
    let [("notRun", first), ("notRun", second)] = states(&result)[..] else { panic!("{result}") };
    assert!(first.contains("took longer than checks of a change may (1 s)"), "{first}");
    assert!(second.contains("there was no time left"), "{second}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_check_ends_with_the_change_that_is_cancelled_and_the_next_one_is_checked() {
    let project = Project::new();
    let server = ScriptedServer::start(|_: &Asked| Action::reply(BLOCK)).await;
    project.names(&json!({"timeout": 900, "checks": ["sh -c 'if grep -q slow other.py; then sleep 600; fi'"]}));
    project.trust().await;
    fs::write(project.path("other.py"), "import slow\n").expect("a file can be written");
    let mut client = project.client(&server).await;
    let scope = json!({"kind": "file", "uri": uri(&project.path("mean.py"))});
    let params = json!({"instruction": "Take care of empty lists.", "scope": scope, "queryId": "c"});
    let id = client.begin("rlm/edit", params).await;
    let runs = |it: &Value| it["message"].as_str().is_some_and(|it| it.contains("runs on the change"));
    client.next("rlm/event", |it| it["kind"] == "progress" && runs(it)).await;
    assert_eq!(client.request("rlm/cancel", json!({"queryId": "c"})).await, Ok(json!({"cancelled": true})));
    assert_eq!(client.response(id).await.expect_err("it was cancelled")["code"], -32800);
    // The tree has the cancelled change no more, and what the disk has by now.
    fs::write(project.path("other.py"), "import mean\n").expect("a file can be written");
    let result = project.edit(&mut client).await;
    assert_eq!(states(&result)[0].0, "passed", "{result}");
    assert_eq!(client.shut_down().await, 0);
    assert_eq!(project.trees(), 0);
}
