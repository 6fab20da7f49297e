//! Reading a store follows no link, waits for no pipe, and believes no number.

use super::place::{Place, ROW, SHARD, failed};
use crate::{client::Client, terminal::run};
use rustix::fs::{Mode, OFlags};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::symlink, path::Path};

/// Changes a place with a store, one of whose shards has this path.
type Prepare = fn(&Place, &Path);

#[tokio::test]
async fn nothing_that_a_link_in_a_store_leads_to_is_shown() {
    const KEY: &str = "KEY-OF-THE-PEAR-SHED-0123456789";
    let forms: [(&str, Prepare); 4] = [
        ("a shard", |place, shard| {
            fs::remove_file(shard).expect("it is there");
            symlink(place.path("secret"), shard).expect("a link can be made");
        }),
        ("the folder of a generation", |place, shard| {
            let generation = shard.parent().expect("it has a folder");
            fs::rename(generation, place.path("elsewhere")).expect("it can be moved");
            fs::copy(place.path("secret"), place.path("elsewhere").join(shard.file_name().expect("a name")))
                .expect("room");
            symlink(place.path("elsewhere"), generation).expect("a link can be made");
        }),
        ("the folder of shards", |place, shard| {
            fs::rename(place.path("st/shards"), place.path("elsewhere")).expect("it can be moved");
            let moved = place.path("elsewhere/1").join(shard.file_name().expect("a name"));
            fs::copy(place.path("secret"), moved).expect("there is room");
            place.link("st/shards", "../elsewhere");
        }),
        ("the manifest", |place, _| {
            fs::rename(place.path("st/manifest.json"), place.path("manifest")).expect("it can be moved");
            place.link("st/manifest.json", "../manifest");
        }),
    ];
    for (form, prepare) in forms {
        let place = Place::new();
        place.write("secret", KEY);
        place.write("text.txt", &"t".repeat(KEY.len()));
        place.ingest("text.txt", "st").await;
        let shard = fs::read_dir(place.path("st/shards/1"))
            .expect("it is there")
            .next()
            .expect("one")
            .expect("it can be listed");
        prepare(&place, &shard.path());
        for arguments in [
            &["shards", "slice", "st", "0", "60"][..],
            &["shards", "slice", "st", "3", "9"],
            &["shards", "slice", "st", "0"],
            &["shards", "grep", "st", "PEAR"],
            &["shards", "find", "st", "PEAR"],
            &["shards", "info", "st", "--verify"],
            &["query", "PEAR", "st", "--model", "extractive"],
        ] {
            let ran = place.rlm(arguments).await;
            assert_eq!(ran.status, 1, "{form}, {arguments:?}: {ran:?}");
            assert!(!ran.output.contains("PEAR") && ran.errors.contains("is a symbolic link"), "{form}: {ran:?}");
        }
    }
}

/// Whether somebody waits for a pipe to be written to.
fn is_waited_for(pipe: &Path) -> bool {
    rustix::fs::open(pipe, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).is_ok()
}

#[tokio::test]
async fn no_pipe_is_waited_for_in_the_place_of_a_manifest() {
    let place = Place::new();
    place.write("fm/a.txt", "hello\n");
    place.pipe("fm/manifest.json");
    // Nothing else, or what else a store has.
    fs::create_dir(place.path("lone")).expect("a folder can be made");
    place.pipe("lone/manifest.json");
    place.write(&format!("half/shards/1/{SHARD}"), "x");
    place.pipe("half/manifest.json");
    for (folder, status) in [("fm", 0), (".", 0), ("lone", 1), ("half", 1)] {
        for command in [&["query", "hello", folder, "--timeout", "30"][..], &["preview", "q", folder]] {
            let ran = place.rlm(&[command, &["--model", "extractive"]].concat()).await;
            assert_eq!(ran.status, status, "{folder}: {ran:?}");
        }
    }
    for folder in ["fm", "lone", "half"] {
        for command in [&["info"][..], &["slice"], &["grep"]] {
            let ran = place
                .rlm(&[&["shards"], command, &[folder], &["0"][..usize::from(command != ["info"])]].concat())
                .await;
            assert_eq!(ran.status, 1, "{folder}: {ran:?}");
        }
    }
    let (folder, pipe) = (place.path("fm"), place.path("fm/manifest.json"));
    let options = json!({"model": "extractive", "timeout": 30});
    let mut client = Client::in_folder(&folder, json!({}), options).await;
    let scopes = [json!({"kind": "workspace"}), json!({"kind": "paths", "paths": [folder]})];
    for scope in scopes.iter().cycle().take(16) {
        let params = json!({"query": "hello", "scope": scope});
        let answer = client.request("rlm/query", params).await.expect("an answer");
        assert_eq!(answer["context"]["files"], 1, "{answer}");
    }
    assert!(!is_waited_for(&pipe));
    client.shut_down().await;
}

#[tokio::test]
async fn what_odd_manifests_claim_takes_no_memory() {
    let place = Place::new();
    place.write("text.txt", ROW);
    place.ingest("text.txt", "st").await;
    let manifest: Value =
        serde_json::from_slice(&fs::read(place.path("st/manifest.json")).expect("it is there")).expect("JSON");
    let numbers =
        [json!(-1), json!(0), json!(1_u64 << 40), json!(1_u64 << 63), json!(u64::MAX), json!(1e300), json!("9")];
    let places = ["/bytes", "/shardSize", "/generation", "/shards/0/bytes", "/files/0/text/1", "/lines"];
    let odd = places.iter().flat_map(|at| numbers.iter().map(move |number| (*at, number.clone())));
    let hashes = ["../../../../etc/passwd", "/etc/passwd", ""].map(|hash| ("/shards/0/hash", json!(hash)));
    for (number, (at, value)) in odd.chain(hashes).enumerate() {
        let mut manifest = manifest.clone();
        *manifest.pointer_mut(at).expect("it is there") = value.clone();
        fs::write(place.path("st/manifest.json"), manifest.to_string()).expect("it can be written");
        let commands = [
            &["shards", "info", "st", "--verify"][..],
            &["shards", "slice", "st", "0"],
            &["query", "q", "st", "--model", "extractive"],
        ];
        let mut command = tokio::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_rlm");
        command.args(["-c", "ulimit -d 400000; exec \"$@\"", "sh", program]).args(commands[number % commands.len()]);
        command.current_dir(place.path("")).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let ran = run(command).await;
        assert_eq!(ran.status, 1, "{at} {value}: {ran:?}");
    }
    // One that is larger than any is refused before it is read.
    let file = fs::File::create(place.path("st/manifest.json")).expect("it can be written");
    file.set_len(1 << 40).expect("it is sparse");
    failed(&place.rlm(&["shards", "info", "st"]).await, "it is larger than");
}
