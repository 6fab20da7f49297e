//! What happens while a model still writes: programs run, the answer can be seen, and connections break.

use super::{
    query::{ask, file},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::Value;
use std::{fs, time::Duration};

fn is_plain(asked: &Asked) -> bool {
    asked.messages[0].0 != "system"
}

fn turn(asked: &Asked) -> usize {
    asked.messages.iter().filter(|(role, _)| role == "assistant").count()
}

#[tokio::test]
async fn a_program_runs_as_soon_as_its_fence_is_closed_and_the_answer_does_not_wait_for_the_rest() {
    let server = ScriptedServer::start(|asked| match is_plain(asked) {
        true => Action::reply("seven"),
        // The reply never ends.
        false => Action::reply("```repl\nFINAL(llm_query('x'))\n```\nand then I would say that").stall(),
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let result = ask(&server, &file(&folder, "a.txt", b"text"), &[]).await.json();
    assert_eq!((&result["answer"], &result["termination"]), (&"seven".into(), &"final".into()), "{result}");
    server.until("the rest to be given up", |log| log.closed_early() == 1 && log.open == 0).await;
    assert!(result["usage"]["outputTokens"].as_u64() > Some(10), "what was written is counted: {result}");
}

#[tokio::test]
async fn a_program_does_not_run_twice_when_its_reply_breaks_off() {
    let server = ScriptedServer::start(|asked| {
        let program = "```repl\nx = llm_query('once')\n```\nand then";
        match (is_plain(asked), turn(asked), asked.nth) {
            (true, ..) => Action::reply("got it"),
            // Whether the program has begun when the connection breaks is a matter of chance.
            (_, 0, 1) => Action::reply(program).in_parts(30, Duration::from_millis(150)).cut(),
            (_, 0, _) => Action::reply(program),
            _ => Action::reply("```repl\nFINAL(x)\n```"),
        }
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let result = ask(&server, &file(&folder, "a.txt", b"text"), &[]).await.json();
    assert_eq!(result["answer"], "got it", "{result}");
    let plain = server.calls().iter().filter(|call| call.body["messages"][0]["role"] == "user").count();
    assert_eq!(plain, 1, "{result}");
}

/// The events of a run, from its trace.
fn events(trace: &str) -> Vec<Value> {
    trace.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[tokio::test]
async fn the_text_of_an_answer_streams_while_its_program_is_written() {
    let server = ScriptedServer::start(|asked| match turn(asked) {
        0 => Action::reply("```repl\nFINAL(undefined + \"no\")\n```").in_parts(4, Duration::ZERO),
        _ => Action::reply("```repl\nFINAL(\"\"\"# Yes\n\nIt is **so**.\"\"\")\n```").in_parts(4, Duration::ZERO),
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let trace = folder.path().join("trace.jsonl");
    let path = file(&folder, "a.txt", b"text");
    let result = ask(&server, &path, &["--trace", trace.to_str().expect("a text")]).await.json();
    assert_eq!(result["answer"], "# Yes\n\nIt is **so**.", "{result}");
    let events = events(&fs::read_to_string(trace).expect("the trace was written"));
    let before_the_turn = events.iter().take_while(|it| it["kind"] != "turn" || it["iteration"] == 1);
    let shown: String =
        before_the_turn.filter(|it| it["kind"] == "delta").filter_map(|it| it["text"].as_str()).collect();
    assert_eq!(shown, "# Yes\n\nIt is **so**.", "the whole text was there before the program that holds it had run");
    // Whoever follows the deltas has the answer at the end.
    let followed = events.iter().filter(|it| it["kind"] == "delta").fold(String::new(), |text, delta| {
        let piece = delta["text"].as_str().unwrap_or_default();
        if delta["reset"] == true { piece.to_owned() } else { text + piece }
    });
    assert_eq!(followed, "# Yes\n\nIt is **so**.");
}
