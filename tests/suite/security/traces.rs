//! Traces are private, and are written over nothing but traces.

use super::place::{Place, ROW};
use crate::terminal::run;
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};

#[tokio::test]
async fn a_trace_is_private_and_follows_no_link() {
    let place = Place::new();
    place.write("src/a.txt", ROW);
    place.write("letter.txt", "dear\n");
    place.link("link.jsonl", "letter.txt");
    place.link("dangling.jsonl", "new.txt");
    fs::hard_link(place.path("letter.txt"), place.path("twin.jsonl")).expect("a link can be made");
    place.pipe("pipe.jsonl");
    for name in ["link.jsonl", "dangling.jsonl", "twin.jsonl", "pipe.jsonl", "letter.txt", "src"] {
        let ran = place.rlm(&["query", "saffron", "src", "--model", "extractive", "--trace", name]).await;
        assert!(ran.status == 2 && ran.errors.contains(&format!("cannot write the trace {name}")), "{name}: {ran:?}");
    }
    assert_eq!(fs::read_to_string(place.path("letter.txt")).expect("it is there"), "dear\n");
    assert!(!place.path("new.txt").exists());
    let program = env!("CARGO_BIN_EXE_rlm");
    for mask in ["000", "022", "000"] {
        let mut command = tokio::process::Command::new("sh");
        command.args(["-c", &format!("umask {mask}; exec \"$@\""), "sh", program, "query", "saffron", "src"]);
        command.args(["--model", "extractive", "--trace", "t.jsonl"]).current_dir(place.path(""));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let ran = run(command).await;
        assert_eq!(ran.status, 0, "{ran:?}");
        let mode = fs::metadata(place.path("t.jsonl")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let trace = fs::read_to_string(place.path("t.jsonl")).expect("it is text");
        assert!(trace.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && trace.contains("\"done\""));
        // As if an older version had written it.
        fs::set_permissions(place.path("t.jsonl"), fs::Permissions::from_mode(0o644)).expect("it is ours");
    }
}
