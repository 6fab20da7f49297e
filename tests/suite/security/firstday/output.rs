//! Output that nobody takes: a full disk is an error of every command, and a reader that has gone away is none.

use crate::terminal::{Ran, rlm, run};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Stdio,
};
use tempfile::TempDir;

/// A text, a store of it, and the arguments of every command that prints.
fn commands(folder: &Path) -> Vec<Vec<String>> {
    let text = folder.join("a.txt").display().to_string();
    let store = folder.join("store").display().to_string();
    let other = folder.join("other").display().to_string();
    let query = ["query", "saffron ration", &text, "--model", "extractive"];
    let with = |arguments: &[&str], more: &[&str]| -> Vec<String> {
        arguments.iter().chain(more).map(|it| (*it).to_owned()).collect()
    };
    vec![
        with(&query, &[]),
        with(&query, &["--json"]),
        with(&query, &["--quiet"]),
        with(&["preview", "q", &text], &[]),
        with(&["preview", "q", &text], &["--json"]),
        with(&["models"], &[]),
        with(&["doctor"], &[]),
        with(&["completions", "bash"], &[]),
        with(&["man"], &[]),
        with(&["shards", "info", &store], &[]),
        with(&["shards", "info", &store], &["--json", "--verify"]),
        with(&["shards", "slice", &store, "0"], &[]),
        with(&["shards", "find", &store, "saffron"], &[]),
        with(&["shards", "find", &store, "saffron"], &["--json"]),
        with(&["shards", "grep", &store, "saffron"], &[]),
        with(&["shards", "grep", &store, "saffron"], &["--json"]),
        with(&["shards", "ingest", &text, &other, "--json"], &[]),
        with(&["shards", "info", "/no/such/store", "--json"], &[]),
        with(&["--help"], &[]),
        with(&["--version"], &[]),
        with(&["query", "--help"], &[]),
        with(&["shards", "grep", "-h"], &[]),
    ]
}

async fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    let text = folder.path().join("a.txt");
    fs::write(&text, "The saffron ration is weighed here\n".repeat(10_000)).expect("a file can be written");
    let store = folder.path().join("store");
    let ran = run(rlm(["shards", "ingest", text.to_str().expect("text"), store.to_str().expect("text")])).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    folder
}

async fn run_into(arguments: &[String], output: Stdio) -> Ran {
    let mut command = rlm(arguments);
    command.stdout(output);
    run(command).await
}

#[tokio::test]
async fn a_full_disk_is_an_error_of_every_command() {
    let folder = folder().await;
    for arguments in commands(folder.path()) {
        let full = File::options().write(true).open("/dev/full").expect("it is there");
        let ran = run_into(&arguments, full.into()).await;
        assert_eq!(ran.status, 1, "{arguments:?}: {ran:?}");
        assert!(ran.errors.contains("No space left on device"), "{arguments:?}: {ran:?}");
        assert_eq!(ran.errors.matches("No space left").count(), 1, "it is said once: {ran:?}");
        assert!(!ran.errors.contains("panicked"), "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_language_server_that_nobody_hears_ends_and_says_why() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
    let (reader, gone) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let full = File::options().write(true).open("/dev/full").expect("it is there");
    for (output, reason) in [(Stdio::from(full), "rlm: cannot write the output: No space left"), (gone.into(), "")] {
        // The client does not leave: its end of the input stays open.
        let (input, mut client) = std::io::pipe().expect("a pipe can be made");
        write!(client, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("there is room");
        let mut command = rlm(["lsp"]);
        command.stdin(input).stdout(output);
        let ran = run(command).await;
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.errors.starts_with(reason) && ran.errors.lines().count() <= 1, "{ran:?}");
        assert_eq!(ran.errors.is_empty(), reason.is_empty(), "{ran:?}");
    }
}

#[tokio::test]
async fn a_reader_that_has_gone_away_is_no_error_and_makes_no_noise() {
    let folder = folder().await;
    for arguments in commands(folder.path()) {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let ran = run_into(&arguments, writer.into()).await;
        let silent = run_into(&arguments, Stdio::piped()).await;
        assert_eq!(ran.status, silent.status, "{arguments:?}: {ran:?}");
        assert!(!["panicked", "pipe", "write"].iter().any(|it| ran.errors.contains(it)), "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_trace_that_cannot_be_written_is_an_error() {
    let folder = TempDir::new().expect("a folder can be made");
    let text = folder.path().join("a.txt");
    fs::write(&text, "the saffron ration is five\n").expect("a file can be written");
    let arguments = ["query", "saffron ration", text.to_str().expect("text"), "--model", "extractive"];
    // What is no file is refused before anything is asked.
    let ran = run(rlm(arguments.iter().chain(&["--trace", "/dev/full"]))).await;
    assert_eq!((ran.status, ran.output.as_str()), (2, ""), "{ran:?}");
    assert!(ran.errors.contains("cannot write the trace /dev/full"), "{ran:?}");
    // A disk that is full in the middle costs the trace and not the answer.
    let trace = folder.path().join("trace.jsonl");
    for more in
        [["--trace", trace.to_str().expect("text")].as_slice(), &["--json", "--trace", trace.to_str().expect("text")]]
    {
        let mut command = tokio::process::Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rlm")]);
        command.args(arguments).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = run(command).await;
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.errors.contains("trace.jsonl is not whole"), "{ran:?}");
        assert!(ran.output.contains("a.txt:1"), "{ran:?}");
    }
}

#[tokio::test]
async fn nobody_has_to_take_what_goes_to_standard_error() {
    let folder = folder().await;
    let text = folder.path().join("a.txt");
    let arguments = ["query", "saffron ration", text.to_str().expect("text"), "--model", "extractive", "--verbose"];
    for is_full in [true, false] {
        let mut command = rlm(arguments);
        command.env("RLM_LOG", "trace");
        command.stderr(match is_full {
            true => Stdio::from(File::options().write(true).open("/dev/full").expect("it is there")),
            false => Stdio::from(std::io::pipe().expect("a pipe can be made").1),
        });
        let ran = run(command).await;
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.output.contains("a.txt:"), "{ran:?}");
    }
}
