//! Traces: what runs leave behind, also those that are killed, and how it is shown.

use crate::{
    client::Client,
    scripted::{Action, Asked, ScriptedServer, Setup},
    terminal::{Ran, rlm, run},
};
use rlm::trace::Reader;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// A root that looks, asks of each file, has a child read, and answers.
const PROGRAMS: [&str; 2] = [
    "print(grep('secret-[a-z]+'))\nprint(read('b.txt', 2, 3))\nprint(llm_query_batched(['one: ' + t[:9] for t in files.values()]))",
    "print(rlm_query('What is in here?'))\nFINAL('It is in a.txt:1.')",
];

const CHILD: &str = "FINAL('nothing ' + llm_query('of the child'))";

fn script(asked: &Asked) -> Action {
    if asked.messages.first().is_none_or(|(role, _)| role != "system") {
        return Action::reply("a note on secret-prompt");
    }
    let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
    let is_child = asked.messages[1].1.contains("another program wrote for you");
    let program = if is_child { CHILD } else { PROGRAMS[turn.min(1)] };
    Action::reply(format!("```repl\n{program}\n```"))
}

/// A folder of texts, a store, and a server of models.
struct World {
    texts: TempDir,
    store: TempDir,
    server: ScriptedServer,
}

impl World {
    async fn new(script: impl Fn(&Asked) -> Action + Send + Sync + 'static) -> Self {
        let [texts, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        for (name, text) in [("a.txt", "secret-word\nb\nc\n"), ("b.txt", "1\n2\n3\n4\n"), ("never.txt", "x\n")] {
            fs::write(texts.path().join(name), text).expect("it is written");
        }
        Self { texts, store, server: Setup::new().start(script).await }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", self.store.path()).env("RLM_PRICE", "scripted=1/2").current_dir(self.store.path());
        command
    }

    fn question(&self, more: &[&str]) -> Command {
        self.ask("Where is the secret-question?", more)
    }

    fn ask(&self, question: &str, more: &[&str]) -> Command {
        let (url, path) = (self.server.url(), self.texts.path().to_str().expect("text"));
        let fixed = ["query", question, path, "--json", "--strategy", "rlm", "--model", "scripted"];
        self.command(&[&fixed[..], &["--endpoint", &url], more].concat())
    }

    async fn rlm(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }

    fn trace(&self, number: u32) -> PathBuf {
        self.store.path().join(format!("traces/{number}.jsonl"))
    }

    fn text(&self, number: u32) -> String {
        fs::read_to_string(self.trace(number)).expect("there is a trace")
    }
}

/// What the page of a trace was made of.
fn data(page: &str) -> Value {
    let data = page.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>"));
    serde_json::from_str(data.expect("a block of data").0).expect("it is JSON")
}

#[tokio::test]
async fn a_run_leaves_its_tree_with_what_each_part_took_and_which_lines_were_read() {
    let world = World::new(script).await;
    let result = run(world.question(&[])).await.json();
    assert_eq!((&result["answer"], &result["trace"]), (&json!("It is in a.txt:1."), &Value::Null), "{result}");
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(world.trace(1)), mode(world.store.path().join("traces"))), (0o600, 0o700));

    let shown = world.rlm(&["trace", "show", "1"]).await;
    assert_eq!(shown.status, 0, "{shown:?}");
    let output = &shown.output;
    // Two turns of the root and one of the child, three notes, and one of the child.
    assert_eq!(result["usage"]["calls"], 7, "{result}");
    let head: Vec<&str> = output.lines().filter(|line| !line.starts_with(' ')).take(6).collect();
    assert!(head[1].ends_with("Where is the secret-question?") && head[3].ends_with("final"), "{output}");
    assert!(head[4].contains("7 calls") && head[4].contains("tokens") && head[4].contains('$'), "{output}");
    // Line 1 of one file by a pattern, 2 and 3 of another one by number.
    assert!(head[5].contains("2 of 3 files, 3 of 8 lines; what 1 program may have"), "{output}");
    let order = [
        "run 0 of scripted",
        "├─ turn 1",
        "scripted",
        "program 1: print(grep",
        "grep [\"secret-[a-z]+\"",
        "1 place",
        "read [\"b.txt\",2,3]",
        "sub-call: one: ",
        "└─ turn 2",
        "sub-call: What is in here?",
        "run 1 of scripted",
        "turn 1",
        "program 1: FINAL",
        "sub-call: of the child",
        "scripted",
    ];
    let mut rest = output.split_once("run 0").map(|(_, rest)| format!("run 0{rest}")).expect("a tree");
    for part in order {
        let (_, behind) = rest.split_once(part).unwrap_or_else(|| panic!("no {part} in the rest of {output}"));
        rest = behind.to_owned();
    }
    let sums = |line: &str| line.contains("7 calls") && line.contains("$0.");
    assert!(output.lines().any(|line| line.starts_with("run 0 of scripted") && sums(line)), "{output}");
    assert!(output.contains("rlm: it was asked for"), "why it went this way: {output}");

    let page = world.rlm(&["trace", "html", "last"]).await;
    assert_eq!((page.status, page.output.trim()), (0, "rlm-trace-1.html"), "{page:?}");
    let path = world.store.path().join("rlm-trace-1.html");
    assert_eq!(mode(path.clone()), 0o600);
    let data = data(&fs::read_to_string(path).expect("there is a page"));
    let files = json!([["a.txt", 3, 1, [[1, 1]]], ["b.txt", 4, 2, [[2, 3]]], ["never.txt", 1, 0, []]]);
    assert_eq!((&data["files"], &data["answer"]), (&files, &json!("It is in a.txt:1.")));

    // What is asked of the files is the same for another question, and is served from the store.
    run(world.ask("Where else?", &[])).await;
    let diff = world.rlm(&["trace", "diff", "1", "2"]).await;
    assert!(diff.output.contains("≠ calls       7  →  2") && diff.output.contains("≠ known       0  →  5"), "{diff:?}");
    assert!(diff.output.contains("turns, programs and sub-calls are the same"), "{diff:?}");
    let served = world.rlm(&["trace", "show"]).await.output;
    assert!(served.contains("2 calls, 5 known"), "{served}");
    // An answer that is known needs no run.
    run(world.question(&[])).await;
    let known = world.rlm(&["trace", "show"]).await.output;
    assert!(known.contains("known answer: the same was answered before") && !known.contains("turn 1"), "{known}");

    let kept = world.rlm(&["store", "show"]).await.output;
    assert!(kept.contains("traces         3, "), "{kept}");
    assert_eq!(world.rlm(&["store", "clear"]).await.status, 0);
    assert!(!world.store.path().join("traces").exists());
    let none = world.rlm(&["trace", "show"]).await;
    assert!(none.status == 1 && none.errors.contains("no trace is kept"), "{none:?}");
}

#[tokio::test]
async fn what_is_killed_is_there_up_to_that_moment_and_can_be_followed_to_there() {
    let world = World::new(|asked| match asked.last().contains("one: ") {
        true => Action::hang(),
        false => script(asked),
    })
    .await;
    let mut child = world.question(&[]).spawn().expect("the program starts");
    world.server.until("the notes", |log| log.calls.len() == 4).await;
    let following = world.command(&["trace", "show", "last", "--follow"]).spawn().expect("the program starts");
    child.kill().await.expect("it can be killed");
    let followed = following.wait_with_output().await.expect("it ends with the run");
    let followed = String::from_utf8(followed.stdout).expect("text");
    let shown = world.rlm(&["trace", "show", "last"]).await.output;
    for output in [&followed, &shown] {
        assert!(output.contains("the trace ends before the run"), "{output}");
        assert!(output.contains("read [\"b.txt\",2,3]"), "{output}");
    }
    assert_eq!(shown.matches("sub-call: one: ").count(), 3, "{shown}");
    assert!(shown.contains("not ended"), "{shown}");
    assert!(world.rlm(&["runs"]).await.output.contains("stopped"));
}

#[tokio::test]
async fn without_a_store_there_is_no_trace_and_without_content_no_text() {
    let world = World::new(script).await;
    run(world.question(&["--no-cache"])).await;
    assert!(!world.store.path().join("traces").exists());
    let own = world.store.path().join("own.jsonl");
    let ran = run(world.question(&["--trace-content", "none", "--trace", own.to_str().expect("text")])).await;
    assert_eq!(ran.json()["answer"], "It is in a.txt:1.", "{ran:?}");
    for text in [world.text(1), fs::read_to_string(&own).expect("it was asked for")] {
        for word in ["secret", "It is in", "grep(", "of the child"] {
            assert!(!text.contains(word), "{word} is in {text}");
        }
        assert!(text.contains("\"content\":\"none\"") && text.contains("\"inputTokens\""), "{text}");
    }
    let shown = world.rlm(&["trace", "show", own.to_str().expect("text")]).await;
    assert!(
        shown.output.contains("left out when the trace was written") && shown.output.contains("7 calls"),
        "{shown:?}"
    );
}

#[tokio::test]
async fn retries_and_failures_are_in_the_trace_with_their_reasons() {
    let world = World::new(|asked| match asked.last() {
        "fails" => Action::status(400).body("{\"error\": {\"message\": \"this is not to be had\"}}"),
        "works" if asked.nth == 1 => Action::status(503).body("{\"error\": {\"message\": \"busy just now\"}}"),
        _ if asked.messages[0].0 == "system" => {
            Action::reply("```repl\nFINAL(str(llm_query_batched(['fails', 'works'])))\n```")
        }
        _ => Action::reply("well"),
    })
    .await;
    run(world.question(&[])).await.json();
    let shown = world.rlm(&["trace", "show", "1", "--all"]).await.output;
    assert!(shown.contains("1 retry") && shown.contains("this is not to be had"), "{shown}");
    assert!(world.text(1).contains("busy just now"));
}

#[tokio::test]
async fn questions_of_an_editor_and_of_the_built_in_model_leave_traces_too() {
    let world = World::new(script).await;
    let environment = [("RLM_STORE", world.store.path().to_str().expect("text").to_owned())];
    let mut client = Client::with_environment(environment, world.texts.path(), json!({}), json!({})).await;
    let params = json!({"query": "Where is secret-word?", "options": {"model": "extractive"}});
    let result = client.request("rlm/query", params).await.expect("an answer");
    assert_eq!(client.shut_down().await, 0);
    let shown = world.rlm(&["trace", "show", "last"]).await.output;
    for part in ["Where is secret-word?", "turn 1", "extractive", "program 1", "a.txt"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    assert!(shown.contains("1 of 3 files"), "{shown}");
    let done: Value = serde_json::from_str(world.text(1).lines().last().expect("a line")).expect("it is JSON");
    assert_eq!(done["result"]["answer"], result["answer"]);
    let resumed = world.rlm(&["query", "--resume", "1"]).await;
    assert!(resumed.status == 2 && resumed.errors.contains("asked in an editor"), "{resumed:?}");
}

#[tokio::test]
async fn a_trace_that_is_cut_off_anywhere_shows_what_was_before() {
    let world = World::new(script).await;
    run(world.question(&[])).await;
    let text = world.text(1);
    let mut before = 0;
    // Every place in the first lines and the last ones, and some between.
    let near = |at: usize| at < 2000 || at + 2000 > text.len() || at.is_multiple_of(97);
    for end in (0..=text.len()).filter(|at| near(*at)) {
        let mut reader = Reader::default();
        reader.push(&text.as_bytes()[..end]);
        let trace = reader.finish();
        assert!(trace.damaged <= 1 && trace.nodes.len() >= before, "{end}");
        before = trace.nodes.len();
        if end.is_multiple_of(50) {
            assert!(rlm::trace::tree(&trace, false).len() <= trace.nodes.len());
            data(&rlm::trace::page(&trace));
        }
    }
    assert!(before > 15, "{before} nodes");
}
