//! Quotations that a model makes up, or that a repository asks it for, through the real program.

use crate::{
    query::{ask, file, scripted, told},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SOURCE: &[u8] = b"fn boat() {\n    hoist(3)\n}\n";

/// The states of the citations of a result.
fn states(result: &Value) -> Vec<&str> {
    result["citations"].as_array().expect("a list").iter().filter_map(|it| it["state"].as_str()).collect()
}

#[tokio::test]
async fn made_up_quotations_are_missing_in_forms_that_readers_take_for_quotations() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "a.rs", SOURCE);
    for form in [
        "a.rs:2\n\n~~~\nQ\n~~~",
        "a.rs:2:\n\n    Q",
        "as a.rs:2 (`Q`) has it",
        "a.rs:2:\n`Q`",
        "a.rs:2 does `Q`.",
        "a.rs:2 says 'Q'.",
        "`Q` (a.rs:2)",
        "a.rs:2:\n\nNote:\n\n```\nQ\n```",
        "a.rs:2:\n\n<pre>Q</pre>",
    ] {
        for (quoted, state, calls) in [("hoist(3)", "quoted", 1), ("sink(7)", "missing", 2)] {
            let answer = form.replace('Q', quoted);
            let reply = answer.clone();
            let server = ScriptedServer::start(move |_: &Asked| Action::reply(reply.clone())).await;
            let ran = ask(&server, &path, &["--strategy", "direct"]).await;
            let result = ran.json();
            assert_eq!((states(&result), server.log().calls.len()), (vec![state], calls), "{answer}: {ran:?}");
            assert_eq!(ran.errors.contains("missing"), state == "missing", "{answer}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn the_states_are_told_apart_and_the_model_is_told_why_a_place_is_missing() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "a.rs", SOURCE);
    let programs: &[&str] = &["FINAL('a.rs:2: `hoist(3)`, and a.rs:1-3.\\n\\na.rs:1 = `let x = 7;`')"];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &path, &[]).await;
    assert_eq!(states(&ran.json()), ["quoted", "found", "missing"], "{ran:?}");
    let why = "a.rs:1: the text quoted from there (let x = 7;) is not there; the first of these lines is: fn boat() {";
    assert!(told(&server, 2).contains(why), "{}", told(&server, 2));
    for said in ["1 quoted", "1 found", "1 missing", "a.rs:1"] {
        assert!(ran.errors.contains(said), "no {said:?} in {}", ran.errors);
    }
}

#[tokio::test]
async fn a_text_that_names_places_makes_no_citations() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "log.txt", b"gone.txt:99: no boat\nlog.txt:77: no pier\n");
    let reply = "log.txt:1-2:\n\n```\ngone.txt:99: no boat\nlog.txt:77: no pier\n```\n\nThe first says `gone.txt:99: no boat`.\n\n\
                 > and log.txt:55";
    let server = ScriptedServer::start(move |_: &Asked| Action::reply(reply)).await;
    let ran = ask(&server, &path, &["--strategy", "direct"]).await;
    let result = ran.json();
    assert_eq!((states(&result), server.log().calls.len()), (vec!["quoted"], 1), "{ran:?}");
    assert_eq!(result["citations"][0]["endLine"], json!(2), "{ran:?}");
}

#[tokio::test]
async fn an_answer_that_is_made_to_take_long_is_looked_up_in_time() {
    let folder = TempDir::new().expect("a folder can be made");
    let line = "a.txt:1 is a boat ".repeat(200);
    let path = file(&folder, "a.txt", format!("{line}\n").repeat(20).as_bytes());
    // None repeats itself, since what does is cut off.
    let numbered = |part: &dyn Fn(usize) -> String| (0..20_000).map(part).collect::<String>();
    for reply in [
        numbered(&|n| format!("a.txt:{} `sink({n})` ", n % 30)),
        numbered(&|n| format!("{}{n} ", "`".repeat(n % 50 + 1))),
    ] {
        let start = Instant::now();
        let beginning: String = reply.chars().take(40).collect();
        let server = ScriptedServer::start(move |_: &Asked| Action::reply(reply.clone())).await;
        let ran = ask(&server, &path, &["--strategy", "direct"]).await;
        assert_eq!(ran.status, 0, "{beginning}: {}", ran.errors);
        // What is not linear takes many minutes.
        assert!(start.elapsed() < Duration::from_secs(60), "{beginning}: {:?}", start.elapsed());
    }
}
