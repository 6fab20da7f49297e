//! Logs and inputs beyond the limits: what can be found is found, and what was not read is told.

use crate::{
    query::{ask, scripted},
    scripted::ScriptedServer,
    terminal::{rlm, run},
};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::Stdio,
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// Whether there is time, room and memory for gigabytes.
fn has_room() -> bool {
    std::env::var_os("RLM_TEST_FULL").is_some()
}

/// A log of at least so many bytes, whose last line alone is worth asking about.
fn log(path: &Path, bytes: usize) {
    let block = "2026-11-29 12:00:00 INFO the orchard request was served in 12 ms\n".repeat(10_000);
    let mut file = BufWriter::new(File::create(path).expect("a file can be made"));
    for _ in 0..bytes / block.len() + 1 {
        file.write_all(block.as_bytes()).expect("the disk has room");
    }
    file.write_all(b"2026-11-29 13:00:00 ERROR the quince cellar was flooded\n").expect("the disk has room");
    file.flush().expect("the disk has room");
}

/// The words that the built-in model looks for where no passage of a lone text fits.
#[tokio::test]
async fn lines_are_found_by_their_words_where_no_passage_fits() {
    const SHARED: &str = concat!(
        include_str!("../../../../src/llm/extractive/programs/shared.py"),
        include_str!("../../../../src/llm/extractive/programs/ranked.py")
    );
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("server.log");
    log(&path, 5_000_000);
    for (question, expected) in [
        // A rare word beside common ones; rare ones alone; two that are common, each for itself; none at all.
        ("when was the orchard request flooded?", "[True, True]"),
        ("quince cellar", "[True, True]"),
        ("what is the ERROR of the cellar", "[True, True]"),
        ("which 13:00:00 was flooded", "[True, True]"),
        ("zebra", "[False, True]"),
    ] {
        let program = format!(
            "asked = {{'text': {question:?}}}\n{SHARED}\nrows = by_words({question:?}, 5)\n\
             FINAL([any('quince' in row.text for row in rows[:1]), all(row.last_line <= 80001 for row in rows)])"
        );
        let programs: &'static [&'static str] = Box::leak(Box::new([&*program.leak()]));
        let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
        let ran = ask(&server, &path, &[]).await;
        assert_eq!(ran.json()["answer"], expected, "{question}: {ran:?}");
    }
}

#[tokio::test]
async fn a_log_of_gigabytes_is_searched() {
    if !has_room() {
        return;
    }
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("server.log");
    log(&path, (2 << 30) + (100 << 20));
    let path = path.to_str().expect("text");
    for (question, status, expected) in [
        ("when was the quince cellar flooded?", 0, "ERROR the quince cellar was flooded"),
        ("summary", 0, "request was served"),
        ("who calls quince_cellar?", 1, "does not occur"),
    ] {
        let ran = run(rlm(["query", question, path, "--timeout", "3000"])).await;
        assert_eq!(ran.status, status, "{ran:?}");
        assert!(ran.output.contains(expected) && !ran.output.contains("Traceback"), "{question}: {ran:?}");
        assert!(!ran.errors.contains("do not hold"), "{question}: {ran:?}");
    }
}

#[tokio::test]
async fn standard_input_that_is_too_long_is_told_and_changes_the_status() {
    if !has_room() {
        return;
    }
    for json in [false, true] {
        let mut command = rlm(["query", "where is the linnet?", "-"]);
        command.args(json.then_some("--json")).stdin(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("the input is piped");
        let write = async move {
            let block = "the linnet sings\n".repeat(60_000);
            for _ in 0..(1 << 30) / block.len() + 2 {
                // It closes its input when it has read enough.
                if input.write_all(block.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        let (output, ()) = tokio::join!(child.wait_with_output(), write);
        let output = output.expect("the program ends");
        let (shown, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(3), "{errors}");
        let told = "stdin was cut: it goes on after the first 1073741824 bytes";
        assert!(errors.contains(told), "{errors}");
        assert!(shown.contains("linnet"), "{errors}");
        assert_eq!(json, shown.contains(told), "{errors}");
    }
}
