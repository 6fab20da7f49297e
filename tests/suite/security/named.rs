//! What was not named as a store is not read as one, and what was is said to be one.

use super::place::{Place, ROW, failed};
use crate::{
    client::{Client, uri},
    terminal::{rlm, run},
};
use serde_json::{Value, json};
use std::fs;

/// A repository that says of itself that it is a store, with another text.
async fn harbour() -> Place {
    let place = Place::new();
    place.write("good/src/pier.rs", "fn may_land() -> bool { lights_are_on() }\n");
    place.ingest("good", "harbour").await;
    place.write("harbour/src/pier.rs", "fn may_land() -> bool { true } // anyone lands\n");
    place
}

const HONEST: &str = "anyone lands";
const FORGED: &str = "lights_are_on";

/// What is said to stand in `pier.rs` is what the disk has there; files of the store may be quoted as what they are.
fn check_answer(case: &str, answer: &Value) {
    let text = answer["answer"].as_str().unwrap_or_default();
    let quoted: Vec<&str> = text
        .match_indices("pier.rs:")
        .map(|(at, _)| {
            let rest = &text[at..];
            let next = ["shards/1/", "manifest.json:"].iter().filter_map(|path| rest.find(path)).min();
            &rest[..next.unwrap_or(rest.len())]
        })
        .collect();
    assert!(quoted.iter().any(|it| it.contains(HONEST)), "{case}: {answer}");
    assert!(quoted.iter().all(|it| !it.contains(FORGED)), "{case}: {answer}");
    assert_eq!(answer["context"]["store"], Value::Null, "{case}: {answer}");
}

/// Makes a place what a test is about.
type Prepare = fn(&Place);

#[tokio::test]
async fn a_repository_is_not_read_as_a_store() {
    let forms: [(&str, Prepare); 4] = [
        ("with git", |place| place.write("harbour/.git/HEAD", "ref: refs/heads/main\n")),
        ("without git", |_| {}),
        ("a file beside", |place| {
            fs::remove_dir_all(place.path("harbour/src")).expect("it is there");
            place.write("harbour/pier.rs", "fn may_land() -> bool { true } // anyone lands\n");
        }),
        ("files among the shards", |place| {
            fs::remove_dir_all(place.path("harbour/src")).expect("it is there");
            place.write("harbour/shards/src/pier.rs", "fn may_land() -> bool { true } // anyone lands\n");
        }),
    ];
    for (form, prepare) in forms {
        let place = harbour().await;
        prepare(&place);
        let whole = place.name("harbour");
        let spellings = ["harbour", "harbour/", "./harbour/.", &whole];
        for named in &spellings[..if form == "with git" { spellings.len() } else { 1 }] {
            let ran = place.rlm(&["query", "show may_land", named, "--model", "extractive", "--json"]).await;
            check_answer(&format!("{form}, {named}"), &ran.json());
            assert!(!ran.errors.contains("shard store"), "{ran:?}");
            let ran = place.rlm(&["preview", "q", named, "--model", "extractive", "--json"]).await;
            assert_eq!(ran.json()["context"]["store"], Value::Null, "{ran:?}");
            assert!(ran.json()["context"]["files"].as_u64() > Some(1), "{ran:?}");
        }
        for here in [&["."][..], &[]] {
            let mut command = rlm([&["query", "show may_land", "--model", "extractive", "--json"][..], here].concat());
            command.current_dir(place.path("harbour"));
            check_answer(&format!("{form}, {here:?}"), &run(command).await.json());
        }
        failed(&place.rlm(&["shards", "info", "harbour"]).await, "is not a shard store");
    }
}

async fn ask(client: &mut Client, scope: Value) -> Value {
    let params = json!({"query": "show may_land", "scope": scope});
    client.request("rlm/query", params).await.expect("an answer")
}

#[tokio::test]
async fn an_editors_folders_are_not_read_as_stores() {
    let place = harbour().await;
    place.ingest("good", "own").await;
    place.write("other/b.txt", "something else\n");
    let options = json!({"model": "extractive"});
    let folder = place.path("harbour");
    let mut client = Client::in_folder(&folder, json!({}), options.clone()).await;
    for scope in [
        json!({"kind": "workspace"}),
        json!({"kind": "folder", "uri": uri(&folder)}),
        json!({"kind": "paths", "paths": [folder]}),
        json!({"kind": "paths", "paths": ["."]}),
    ] {
        let answer = ask(&mut client, scope.clone()).await;
        check_answer(&scope.to_string(), &answer);
    }
    // Outside of the folder a store can be named; so it was, and the answer says so.
    let own = place.path("own");
    let answer = ask(&mut client, json!({"kind": "paths", "paths": [own]})).await;
    assert_eq!(answer["context"]["store"], json!(own), "{answer}");
    assert!(answer["answer"].as_str().is_some_and(|it| it.contains(FORGED)), "{answer}");
    let params = json!({"query": "q", "scope": {"kind": "paths", "paths": [own]}});
    let preview = client.request("rlm/preview", params).await.expect("a preview");
    assert!(preview["text"].as_str().is_some_and(|it| it.contains("from the shard store")), "{preview}");
    let folders = json!({"event": {"added": [{"uri": uri(&place.path("other")), "name": "other"}], "removed": []}});
    client.notify("workspace/didChangeWorkspaceFolders", folders).await;
    let answer = ask(&mut client, json!({"kind": "workspace"})).await;
    assert!(answer["answer"].as_str().is_some_and(|it| it.contains(HONEST)), "{answer}");
    client.shut_down().await;

    // A folder that is open in an editor is one, whatever lies there, and however it is named.
    let mut client = Client::in_folder(&own, json!({}), options).await;
    place.link("linked", "own");
    for scope in [
        json!({"kind": "workspace"}),
        json!({"kind": "folder", "uri": uri(&own)}),
        json!({"kind": "paths", "paths": [own]}),
        json!({"kind": "paths", "paths": ["."]}),
        json!({"kind": "paths", "paths": [place.path("linked")]}),
    ] {
        let answer = ask(&mut client, scope.clone()).await;
        assert_eq!(answer["context"]["store"], Value::Null, "{scope}: {answer}");
    }
    client.shut_down().await;
}

#[tokio::test]
async fn a_store_that_was_named_is_read_and_said_to_be_one() {
    let place = Place::new();
    place.write("src.txt", ROW);
    place.ingest("src.txt", "own").await;
    place.link("linked", "own");
    let question = "where is the saffron ration weighed?";
    for named in ["own", "linked", &format!("file://{}", place.name("own"))] {
        let query = ["query", question, named, "--model", "extractive", "--trace", "t.jsonl"];
        let ran = place.rlm(&query).await;
        assert!(ran.status == 0 && ran.output.contains(ROW.trim()), "{ran:?}");
        assert!(ran.errors.contains("the text is that of the shard store"), "{ran:?}");
        let trace = fs::read_to_string(place.path("t.jsonl")).expect("it was written");
        let started: Value = trace
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
            .find(|event| event["kind"] == "started")
            .expect("it began");
        assert!(started["context"]["store"].as_str().is_some_and(|it| named.ends_with(it) || it == named), "{started}");
        let quiet = place.rlm(&[&query[..5], &["--json", "--quiet"]].concat()).await;
        assert!(quiet.errors.is_empty() && quiet.json()["context"]["store"].is_string(), "{quiet:?}");
        let preview = place.rlm(&["preview", question, named, "--model", "extractive"]).await;
        assert!(preview.output.contains("from the shard store"), "{preview:?}");
    }
    for here in [&["."][..], &[]] {
        let mut command = rlm([&["preview", "q", "--model", "extractive", "--json"][..], here].concat());
        command.current_dir(place.path("own"));
        assert_eq!(run(command).await.json()["context"]["store"], Value::Null);
    }
    // What is broken is told, and not read as something else.
    fs::write(place.path("own/manifest.json"), "{\"format\":\"rlm-shards\",\"version\":2,").expect("it can be written");
    for command in ["query", "preview"] {
        failed(&place.rlm(&[command, question, "own", "--model", "extractive"]).await, "cannot be used");
    }
    fs::remove_file(place.path("own/manifest.json")).expect("it is there");
    failed(&place.rlm(&["query", question, "own", "--model", "extractive"]).await, "half-written");
    place.link("own/manifest.json", "../src.txt");
    failed(&place.rlm(&["query", question, "own", "--model", "extractive"]).await, "manifest.json is a symbolic link");
}
