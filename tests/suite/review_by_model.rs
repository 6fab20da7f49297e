//! `rlm review` with models: what one says it sees, what another one refutes, and what is asked again.

use crate::{
    scripted::{Action, Asked, ScriptedServer, Setup},
    terminal::{Ran, rlm, run},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};
use tempfile::TempDir;

/// Files, each with a planted fault and two innocents that look like one.
const FILES: usize = 20;
/// Of these the reviewer sees the fault, and of these it takes an innocent for one.
const SEEN: usize = 18;
const MISTAKEN: usize = 12;

fn module(number: usize) -> String {
    let helpers: String = (0..60)
        .map(|helper| format!("def helper_{number}_{helper}(value):\n    return value * {helper} + {number}\n\n\n"))
        .collect();
    format!(
        "{helpers}def mean_{number}(items):\n    total = sum(items)\n    return total / len(items)  # planted\n\n\n\
         def guarded_{number}(items):\n    if not items:\n        return 0\n    return sum(items) / len(items)\n\n\n\
         def checked_{number}(path):\n    with open(path) as file:\n        return file.read()\n"
    )
}

fn prepared() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    for number in 0..FILES {
        fs::write(folder.path().join(format!("module_{number:02}.py")), module(number)).expect("a file can be written");
    }
    folder
}

/// A claim about the line of an excerpt that has this text.
fn claim(path: &str, excerpt: &str, text: &str, quote: &str, sentence: &str) -> Option<Value> {
    let line = excerpt.lines().find(|line| line.contains(text))?;
    let number: usize = line.split('|').next()?.trim().parse().ok()?;
    Some(json!({
        "path": path, "firstLine": number, "lastLine": number, "quote": quote, "topic": "division", "severity": "warning",
        "sentence": sentence, "reason": "an empty list has the length 0", "doubt": "callers may never pass an empty list",
    }))
}

/// The reviewer, which sees most faults and takes some innocents for faults.
fn reviewer(prompt: &str) -> Value {
    let mut findings = Vec::new();
    for part in prompt.split("==> ").skip(1) {
        let Some((path, excerpt)) = part.split_once(" <==\n") else { continue };
        let number: usize = path.trim_start_matches("module_").trim_end_matches(".py").parse().unwrap_or(FILES);
        if number < SEEN {
            let quote = "return total / len(items)";
            findings.extend(claim(path, excerpt, "# planted", quote, &format!("mean_{number} divides by zero")));
        }
        if number < MISTAKEN {
            let quote = if number == 0 { "return sum(things)" } else { "return sum(items) / len(items)" };
            let found = claim(path, excerpt, "return sum(items)", quote, &format!("guarded_{number} divides by zero"));
            findings.extend(found);
        }
    }
    json!({ "findings": findings })
}

/// The refuter, which goes by the lines that it sees, and errs once in each direction.
fn refuter(prompt: &str) -> Value {
    let is_guarded = prompt.contains("if not items");
    let errs = prompt.contains("mean_3 divides") || prompt.contains("guarded_7 divides");
    let verdict = match is_guarded != errs {
        true => "refuted",
        false if is_guarded => "open",
        false => "holds",
    };
    json!({"verdict": verdict, "why": "the lines say so"})
}

fn models(asked: &Asked) -> Action {
    let system = &asked.messages[0].1;
    let reply = if system.starts_with("You review") { reviewer(asked.last()) } else { refuter(asked.last()) };
    Action::reply(reply.to_string())
}

async fn review(server: &ScriptedServer, folder: &Path, store: &str, more: &[&str]) -> Ran {
    let (path, url) = (folder.to_str().expect("text"), server.url());
    let arguments = ["review", path, "--json", "--max-findings", "100", "--endpoint", &url];
    let mut command = rlm(arguments.iter().chain(more));
    command.env("RLM_STORE", store);
    run(command).await
}

/// The findings of models: identities, and sentences.
fn found(review: &Value) -> BTreeSet<(String, String)> {
    let findings = review["findings"].as_array().expect("a list").iter().filter(|it| it["rule"] == "model-finding");
    let text = |it: &Value, field: &str| it[field].as_str().expect("a text").to_owned();
    findings.map(|it| (text(it, "id"), text(it, "sentence"))).collect()
}

#[tokio::test]
async fn what_is_false_is_refuted_what_is_true_stays_and_nothing_is_asked_twice() {
    let folder = prepared();
    let store = TempDir::new().expect("a folder can be made");
    let store = store.path().join("store").to_str().expect("text").to_owned();
    let server = ScriptedServer::start(models).await;
    let first = review(&server, folder.path(), &store, &[]).await;
    assert_eq!(first.status, 0, "{first:?}");
    let first = first.json();
    let before = found(&first);
    let count = |beginning: &str| before.iter().filter(|(_, it)| it.starts_with(beginning)).count();
    assert_eq!((count("division: mean_"), count("division: guarded_")), (SEEN - 1, 1));
    let refuted = first["refuted"].as_array().expect("a list");
    assert_eq!(refuted.len(), MISTAKEN - 1 + 1);
    let misquoted = refuted.iter().find(|it| it["path"].is_null()).expect("one has no such words");
    assert_eq!(
        (&misquoted["sentence"], &misquoted["why"]),
        (&json!("guarded_0 divides by zero"), &json!("these lines do not say `return sum(things)`"))
    );
    let calls = server.calls().len();
    assert_eq!(first["models"]["usage"]["calls"], calls);

    let again = review(&server, folder.path(), &store, &[]).await.json();
    assert_eq!((found(&again), server.calls().len()), (before.clone(), calls));

    let path = folder.path().join("module_05.py");
    fs::write(&path, format!("import more\n\n\n{}", module(5))).expect("a file can be written");
    let edited = review(&server, folder.path(), &store, &[]).await.json();
    assert_eq!(found(&edited), before);
    let new = server.calls().split_off(calls);
    let asks = |body: &Value| body["messages"][1]["content"].as_str().is_some_and(|it| it.contains("module_05.py"));
    assert!(!new.is_empty() && new.len() <= 4, "{}", new.len());
    assert!(new.iter().all(|call| asks(&call.body)), "{new:?}");

    fs::write(&path, module(5).replace("return total / len(items)", "return total / max(1, len(items))"))
        .expect("a file can be written");
    let mended: Vec<String> =
        found(&review(&server, folder.path(), &store, &[]).await.json()).into_iter().map(|it| it.1).collect();
    assert!(
        mended.len() == before.len() - 1 && !mended.contains(&"division: mean_5 divides by zero".to_owned()),
        "{mended:?}"
    );
}

#[tokio::test]
async fn what_was_not_reviewed_is_told() {
    let folder = prepared();
    fs::create_dir(folder.path().join(".rlm")).expect("a folder can be made");
    fs::write(folder.path().join(".rlm/review.md"), "Look at divisions.\n").expect("a file can be written");
    let server = ScriptedServer::start(models).await;
    let ran = review(
        &server,
        folder.path(),
        "off",
        &["--max-calls", "3", "--concurrency", "1", "--instructions", "Be brief."],
    )
    .await;
    let review_of = ran.json();
    let told = review_of["notChecked"].to_string();
    assert!(ran.status == 3 && told.contains(" pieces: ") && told.contains("by a model: "), "{ran:?}");
    let asked = server.calls()[0].body["messages"][1]["content"].as_str().expect("a text").to_owned();
    assert!(asked.contains("Look at divisions.\n") && asked.contains("Be brief.\n"), "{asked}");
    let refusing = ScriptedServer::start(|_| Action::reply("I cannot.")).await;
    let ran = review(&refusing, folder.path(), "off", &[]).await;
    assert!(ran.status == 1 && ran.errors.contains("gave no reply of the shape that was asked for"), "{ran:?}");
}

#[tokio::test]
async fn that_a_model_is_too_small_to_judge_code_is_said() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.py"), module(0)).expect("a file can be written");
    for (name, is_said) in [("tiny-135m", true), ("large-70b", false)] {
        let server = Setup::new().models(&[name]).start(|_: &Asked| Action::reply("{\"findings\": []}")).await;
        let review = review(&server, folder.path(), "off", &["--model", name]).await.json();
        assert_eq!(review["notChecked"].to_string().contains("is too small to judge code"), is_said, "{review}");
    }
}

#[tokio::test]
async fn what_is_known_costs_nothing_when_a_review_asks_whether_it_may_begin() {
    let folder = prepared();
    let store = TempDir::new().expect("a folder can be made");
    let store = store.path().join("store").to_str().expect("text").to_owned();
    let server = ScriptedServer::start(models).await;
    let dear = async |limit: &str| {
        let url = server.url();
        let path = folder.path().to_str().expect("text");
        let mut command = rlm(["review", path, "--json", "--endpoint", &url, "--confirm-above", limit]);
        command.env("RLM_STORE", &store).env("RLM_PRICE", "scripted=100/100");
        run(command).await
    };
    let refused = dear("1").await;
    assert!(refused.status == 1 && refused.errors.contains("the review may cost about $"), "{refused:?}");
    assert_eq!(server.calls().len(), 0);
    assert_eq!(dear("1000").await.status, 0);
    assert_eq!(dear("0.001").await.status, 0, "all of it is known");
    fs::write(folder.path().join("module_05.py"), module(5).replace("# planted", "")).expect("a file can be written");
    let of_one = dear("0.001").await;
    assert!(of_one.status == 1 && of_one.errors.contains("may cost about $0."), "{of_one:?}");
}
