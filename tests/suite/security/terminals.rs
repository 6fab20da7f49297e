//! Texts of others on a terminal: whatever bytes they have, nothing happens to the terminal but that they appear.

use crate::{
    query::file,
    scripted::{Action, ScriptedServer, Setup},
    terminal::{on_terminal, rlm, run},
};
use std::{fs, os::unix::fs::PermissionsExt, time::Duration};
use tempfile::TempDir;

/// Writes the clipboard, sets the title, clears the screen, in the short and the long form; turns letters around.
const HOSTILE: &str =
    "\u{1b}]52;c;YmFy\u{7}\u{1b}]0;pear\u{7}\u{1b}[2J\u{9b}35m\u{202e}\u{8}\u{7f}\u{90}\u{85}\u{2066}";

/// Checks that a hostile text has appeared, and has done nothing. What draws the progress is our own.
fn check(what: &str, seen: &[u8], shown: &str) {
    let text = String::from_utf8_lossy(seen);
    for bad in
        ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\u{9b}", "\u{202e}", "\u{8}", "\u{7f}", "\u{90}", "\u{85}", "\u{2066}"]
    {
        assert!(!text.contains(bad), "{what}: {bad:?} in {text:?}");
    }
    assert!(!seen.contains(&0x9b) || std::str::from_utf8(seen).is_ok(), "{what}: {seen:?}");
    assert!(text.contains(shown), "{what}: no {shown:?} in {text:?}");
}

const SHOWN: &str = r"\x1B]52;c;YmFy\x07\x1B]0;pear\x07\x1B[2J\u{9B}35m\u{202E}\x08\x7F\u{90}\u{85}\u{2066}";

/// A folder with a hostile text and a hostile name in it.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::create_dir_all(folder.path().join("d/.git")).expect("a folder can be made");
    file(&folder, "a.log", format!("{HOSTILE} the pear shed is shut\r\nand locked\r\n").as_bytes());
    file(&folder, &format!("d/{HOSTILE}.txt"), b"the pear shed is shut\n");
    file(&folder, "d/other.txt", b"an apple\n");
    file(&folder, &format!("d/{HOSTILE}.tmp"), b"x");
    file(&folder, "d/.gitignore", format!("*.tmp\n{HOSTILE}*\n!*.txt\n").as_bytes());
    folder
}

/// A program that answers with a text, or complains with it.
fn program(folder: &TempDir, name: &str, script: &str) -> String {
    let path = file(folder, name, format!("#!/bin/sh\ncat >/dev/null\n{script}\n").as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it may be run");
    format!("cli:{}", path.display())
}

#[tokio::test]
async fn answers_quotations_and_names_do_nothing_to_a_terminal() {
    let folder = folder();
    file(&folder, "said", format!("pear {HOSTILE}").as_bytes());
    let path = |name: &str| folder.path().join(name).to_str().expect("the path is text").to_owned();
    let says = program(&folder, "says.sh", &format!("cat '{}'", path("said")));
    let fails = program(&folder, "fails.sh", &format!("cat '{}' >&2; exit 3", path("said")));
    let (log, d, text) = (path("a.log"), path("d"), path(&format!("d/{HOSTILE}.txt")));
    let missing = format!("{HOSTILE}-missing");
    for (what, arguments, shown) in [
        ("answer", vec!["query", "q", &log, "--model", &says, "--strategy", "direct"], SHOWN),
        (
            "json",
            vec!["query", "q", &log, "--model", &says, "--strategy", "direct", "--json"],
            r"\u009b35m\u202e\b\u007f",
        ),
        ("complaint", vec!["query", "q", &log, "--model", &fails, "--strategy", "direct"], r"\x1B]52;c;YmFy\x07"),
        ("quoted", vec!["query", "pear shed", &log, "--model", "extractive"], SHOWN),
        ("verbose", vec!["query", "pear shed", &log, "--model", "extractive", "--verbose"], SHOWN),
        ("name", vec!["query", "pear shed", &d, "--model", "extractive"], SHOWN),
        ("named", vec!["query", "pear shed", &text, "--model", "extractive"], SHOWN),
        ("left out", vec!["preview", "q", &d, "--model", "extractive"], SHOWN),
        ("left out in JSON", vec!["preview", "q", &d, "--model", "extractive", "--json"], r"\\x1B]52;c;YmFy"),
        ("missing", vec!["query", "q", &missing, "--model", "extractive"], SHOWN),
        // What clap says of arguments has lost its escape sequences already.
        ("option", vec!["query", "q", &log, &format!("--{HOSTILE}")], r"\u{9B}35m\u{202E}"),
        ("value", vec!["query", "q", &log, "--strategy", HOSTILE], r"\u{9B}35m\u{202E}"),
        ("escapes alone", vec!["query", "q", &log, "--\u{1b}]52;c;YmFy\u{7}\u{1b}[2J"], "unexpected argument"),
        ("glob", vec!["query", "q", &d, "--include", &format!("[{HOSTILE}")], SHOWN),
        ("schema", vec!["query", "q", &d, "--schema", &missing], SHOWN),
        ("trace", vec!["query", "q", &d, "--trace", &format!("/no/such/{HOSTILE}")], SHOWN),
        ("models", vec!["models", "--model", &format!("{HOSTILE}::x")], r"\x1B]52;c;YmFy"),
    ] {
        check(what, &on_terminal(arguments, &[]).await.stdout, shown);
    }
}

#[tokio::test]
async fn stores_do_nothing_to_a_terminal_and_a_pipe_gets_their_text_as_it_is() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("the path is text").to_owned();
    for (source, store) in [("a.log", "st"), ("d", "names")] {
        let ran = run(rlm(["shards", "ingest", &path(source), &path(store)])).await;
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let hostile = format!("{HOSTILE}-none");
    for (what, arguments, shown) in [
        ("slice", vec!["shards", "slice", &path("st"), "0"], SHOWN),
        ("grep", vec!["shards", "grep", &path("st"), "pear"], SHOWN),
        ("names", vec!["shards", "grep", &path("names"), "pear"], SHOWN),
        ("find", vec!["shards", "find", &path("names"), "pear"], SHOWN),
        ("header", vec!["shards", "slice", &path("names"), "0", "60"], r"\x1B]52;c;YmFy"),
        ("path", vec!["shards", "grep", &path("names"), "pear", "--path", &hostile], SHOWN),
        ("no store", vec!["shards", "info", &path(&hostile)], SHOWN),
    ] {
        check(what, &on_terminal(arguments, &[]).await.stdout, shown);
    }
    // The ends of lines are no escape sequences.
    let seen = on_terminal(["shards", "slice", &path("st"), "0"], &[]).await.stdout;
    assert!(!String::from_utf8_lossy(&seen).contains(r"\x0D"), "{seen:?}");
    let output = rlm(["shards", "slice", &path("st"), "0"]).output().await.expect("it runs");
    assert_eq!(output.stdout, fs::read(path("a.log")).expect("the file is there"));
    let said = format!("pear {HOSTILE}");
    file(&folder, "said", said.as_bytes());
    let says = program(&folder, "says.sh", &format!("cat '{}'", path("said")));
    let ran = run(rlm(["query", "q", &path("a.log"), "--model", &says, "--strategy", "direct", "--quiet"])).await;
    assert_eq!(ran.output, said + "\n");
}

#[tokio::test]
async fn a_streamed_answer_does_nothing_to_a_terminal_wherever_it_is_cut() {
    let folder = folder();
    let path = folder.path().join("a.log").to_str().expect("the path is text").to_owned();
    let text = format!("one\r\ntwo {HOSTILE} three\rfour\r\n");
    for part in [1, 2, 3, 7] {
        let said = text.clone();
        let script = move |_: &_| Action::reply(said.clone()).in_parts(part, Duration::from_millis(2));
        let server = ScriptedServer::start(script).await;
        let url = server.url();
        let arguments = ["query", "q", &path, "--endpoint", &url, "--model", "scripted", "--strategy", "direct"];
        let seen = on_terminal(arguments, &[]).await.stdout;
        check("stream", &seen, SHOWN);
        let seen = String::from_utf8(seen).expect("it is text");
        // The terminal itself makes a carriage return and a line feed of a line feed.
        assert!(seen.contains("one\r") && seen.contains(r" three\x0Dfour"), "{seen:?}");
        assert!(!seen.contains(r"one\x0D") && !seen.contains(r"four\x0D"), "{seen:?}");
    }
}

#[tokio::test]
async fn errors_of_servers_and_logs_do_nothing_to_a_terminal() {
    let folder = folder();
    let path = folder.path().join("a.log").to_str().expect("the path is text").to_owned();
    let server = Setup::new().models(&[HOSTILE, "scripted"]).start(|_| Action::status(400).body(HOSTILE)).await;
    let url = server.url();
    for arguments in [
        vec!["query", "q", &path, "--endpoint", &url, "--model", "scripted", "--strategy", "direct"],
        vec!["query", "q", &path, "--endpoint", &url, "--model", "nowhere"],
        vec!["models", "--endpoint", &url],
        vec!["doctor", "--endpoint", &url],
    ] {
        let seen = on_terminal(&arguments, &[("RLM_LOG", "trace")]).await.stdout;
        check(&arguments.join(" "), &seen, "");
    }
}

#[tokio::test]
async fn our_own_progress_is_still_drawn() {
    let folder = folder();
    let path = folder.path().join("a.log").to_str().expect("the path is text").to_owned();
    let server = ScriptedServer::start(|_| Action::reply("so").after(Duration::from_millis(700))).await;
    let url = server.url();
    let arguments = ["query", "q", &path, "--endpoint", &url, "--model", "scripted", "--strategy", "direct"];
    let seen = String::from_utf8(on_terminal(arguments, &[]).await.stdout).expect("it is text");
    assert!(seen.contains("\u{1b}[36m") && seen.contains("1 file,") && seen.contains("so"), "{seen:?}");
}
