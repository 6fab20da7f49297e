//! A store on a disk that cannot be written to: questions are answered, and it is said once that nothing is kept.
//!
//! The disks are real: each is mounted for one command in a namespace of its own, which takes no rights beyond those of the person
//! where the system lends them.

use crate::{
    client::Client,
    query::scripted,
    scripted::ScriptedServer,
    terminal::{Ran, rlm, run},
};
use serde_json::{Value, json};
use std::{fs, path::Path, process};
use tempfile::TempDir;
use tokio::process::Command;

/// How the folder in `$STORE` becomes a disk, before `"$@"` is run.
const READ_ONLY: &str = "mount --bind \"$STORE\" \"$STORE\" && mount -o remount,bind,ro \"$STORE\" && exec \"$@\"";
const NO_ROOM: &str = "mount -t tmpfs -o size=4k,nr_inodes=1 none \"$STORE\" && exec \"$@\"";
const LITTLE_ROOM: &str = "mount -t tmpfs -o size=140k none \"$STORE\" && exec \"$@\"";

const PROGRAM: &str =
    "notes = llm_query_batched([str(n) for n in range(32)])\nFINAL(f\"{len(notes)} notes, {len(notes[0])}\")";
const ANSWER: &str = "32 notes, 8000";

/// What lends a namespace for mounts, if anything does.
fn lends() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["unshare", "--user", "--map-root-user", "--mount"], &["unshare", "--mount"]];
    let works = |way: &&[&str]| {
        let mut probe = process::Command::new(way[0]);
        let mount = ["sh", "-c", "mount -t tmpfs none /mnt"];
        probe.args(&way[1..]).args(mount).output().is_ok_and(|it| it.status.success())
    };
    let way = ways.into_iter().find(works);
    assert!(way.is_some() || std::env::var_os("CI").is_none(), "nothing lends a namespace for mounts: try it as root");
    way
}

/// The program with its arguments where the store is on such a disk.
fn on_disk(way: &[&str], disk: &str, store: &Path, arguments: &[&str]) -> Command {
    let program = rlm::<&str>([]).as_std().get_program().to_owned();
    let mut command = rlm(arguments);
    let mut mounted = Command::new(way[0]);
    mounted.args(&way[1..]).args(["sh", "-c", disk, "sh"]).arg(program).args(arguments).env_clear();
    mounted.envs(command.as_std_mut().get_envs().filter_map(|(name, value)| Some((name, value?))));
    mounted.env("RLM_STORE", store).env("STORE", store).kill_on_drop(true);
    mounted.stdin(process::Stdio::null()).stdout(process::Stdio::piped()).stderr(process::Stdio::piped());
    mounted
}

struct World {
    text: TempDir,
    store: TempDir,
    server: ScriptedServer,
}

impl World {
    async fn new() -> Self {
        let [text, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        fs::write(text.path().join("a.txt"), "a text\n").expect("it is written");
        let server = ScriptedServer::start(scripted(&[PROGRAM], |_| "n".repeat(8000))).await;
        Self { text, store, server }
    }

    async fn ask(&self, way: &[&str], disk: &str, more: &[&str]) -> Ran {
        let (url, path) = (self.server.url(), self.text.path().to_str().expect("text"));
        let arguments = ["query", "What is it?", path, "--strategy", "rlm", "--endpoint", &url, "--model", "scripted"];
        run(on_disk(way, disk, self.store.path(), &[&arguments[..], more].concat())).await
    }
}

/// The warnings that are about the store or a trace.
fn told(result: &Value) -> Vec<&str> {
    let warnings = result["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
    warnings.iter().filter_map(Value::as_str).filter(|it| it.contains("store") || it.contains("trace")).collect()
}

#[tokio::test]
async fn questions_are_answered_where_the_disk_takes_nothing_and_one_sentence_says_so() {
    let Some(way) = lends() else { return };
    for (disk, why) in [(READ_ONLY, "cannot be used"), (NO_ROOM, "the disk is full"), (LITTLE_ROOM, "the disk is full")]
    {
        let world = World::new().await;
        let ran = world.ask(way, disk, &["--json"]).await;
        let result = ran.json();
        assert_eq!((ran.status, &result["answer"]), (0, &json!(ANSWER)), "{disk}: {ran:?}");
        let told = told(&result);
        assert!(told.len() == 1 && told[0].contains(why), "{disk}: {told:?}");
        let plain = world.ask(way, disk, &[]).await;
        assert_eq!((plain.status, plain.output.trim()), (0, ANSWER), "{disk}: {plain:?}");
        assert_eq!(plain.errors.matches(why).count(), 1, "{disk}: {plain:?}");
    }
}

#[tokio::test]
async fn what_was_kept_on_a_disk_that_is_read_only_by_now_harms_nothing() {
    let Some(way) = lends() else { return };
    let world = World::new().await;
    assert_eq!(world.ask(way, "exec \"$@\"", &["--json"]).await.json()["answer"], ANSWER);
    let before = tree(world.store.path());
    let ran = world.ask(way, READ_ONLY, &["--json"]).await;
    let result = ran.json();
    assert_eq!((ran.status, &result["answer"], told(&result).len()), (0, &json!(ANSWER), 1), "{ran:?}");
    for words in
        [&["runs"][..], &["store", "show"], &["store", "clear"], &["trace", "show"], &["query", "--resume", "1"]]
    {
        let ran = run(on_disk(way, READ_ONLY, world.store.path(), words)).await;
        assert!(ran.status >= 0 && !ran.errors.contains("panicked"), "{words:?}: {ran:?}");
    }
    assert_eq!(tree(world.store.path()), before);
}

/// All files below a folder, with their contents.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("it can be listed").map(|it| it.expect("it can be listed").path()) {
        match entry.is_dir() {
            true => files.extend(tree(&entry)),
            false => files.push((entry.display().to_string(), fs::read(&entry).expect("it can be read"))),
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn an_editor_is_told_once_and_its_questions_are_answered() {
    let Some(way) = lends() else { return };
    let world = World::new().await;
    let command = on_disk(way, READ_ONLY, world.store.path(), &["lsp"]);
    let mut client = Client::of_command(command, world.text.path(), json!({}), json!({})).await;
    let options = json!({"endpoint": world.server.url(), "model": "scripted", "strategy": "rlm"});
    let mut counts = Vec::new();
    for _ in 0..2 {
        let asked = json!({"query": "What is it?", "sessionId": "s", "options": options});
        let result = client.request("rlm/query", asked).await.expect("an answer");
        assert_eq!(result["answer"], ANSWER, "{result}");
        counts.push(told(&result).len());
    }
    assert_eq!(counts, [1, 0]);
    assert_eq!(client.request("rlm/runs", Value::Null).await, Ok(json!({"runs": []})));
    assert_eq!(client.shut_down().await, 0);
}
