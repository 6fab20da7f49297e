//! Stores: what is not theirs stays, what nobody named is no store, and nothing in one leads out of it.

use crate::{
    client::{Client, uri},
    s3::{BUCKET, S3},
    terminal::{Ran, rlm, run},
};
use rustix::fs::{CWD, Mode, OFlags};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const ROW: &str = "The saffron ration is weighed here\n";

/// A shard's name that no text of these tests leads to.
const SHARD: &str = "00000000-0123456789abcdef0123456789abcdef.txt";

/// A folder of its own for a case.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("it is text").to_owned()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    fn link(&self, name: &str, target: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        symlink(target, path).expect("a link can be made");
    }

    fn pipe(&self, name: &str) {
        rustix::fs::mkfifoat(CWD, self.path(name), Mode::RWXU).expect("a pipe can be made");
    }

    /// Everything below a folder: files with their bytes, links with where they lead.
    pub fn tree(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path(name)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("it can be listed") {
                let path = entry.expect("it can be listed").path();
                let kind = fs::symlink_metadata(&path).expect("it is there").file_type();
                let content = if kind.is_symlink() {
                    fs::read_link(&path).expect("it is a link").into_os_string().into_encoded_bytes()
                } else if kind.is_file() {
                    fs::read(&path).expect("it can be read")
                } else {
                    Vec::new()
                };
                if kind.is_dir() {
                    folders.push(path.clone());
                }
                found.insert(path, content);
            }
        }
        found
    }

    /// Runs the program in this folder.
    pub async fn rlm(&self, arguments: &[&str]) -> Ran {
        let mut command = rlm(arguments);
        command.current_dir(self.0.path());
        run(command).await
    }

    async fn ingest(&self, source: &str, store: &str) {
        let ran = self.rlm(&["shards", "ingest", source, store]).await;
        assert_eq!(ran.status, 0, "{ran:?}");
    }
}

fn failed(ran: &Ran, what: &str) {
    assert!(ran.status == 1 && ran.errors.contains(what), "no `{what}`: {ran:?}");
}

/// Ingests into a folder that somebody else has prepared. What is theirs is there afterwards, and what was written, if
/// anything was, is the text.
async fn check_ingest(case: &str, replace: bool, prepare: impl Fn(&Place)) {
    let place = Place::new();
    place.write("src/a.txt", ROW);
    place.write("out/1988/tape.wav", "x");
    place.write(&format!("out/1/{SHARD}"), "x");
    place.write("out/letter.txt", "y");
    prepare(&place);
    let (before, outside) = (place.tree("st"), place.tree("out"));
    let arguments = ["shards", "ingest", "src", "st", "--replace"];
    let ran = place.rlm(&arguments[..arguments.len() - usize::from(!replace)]).await;
    assert_eq!(place.tree("out"), outside, "{case}: {ran:?}");
    let after = place.tree("st");
    for (path, content) in before {
        assert_eq!(after.get(&path), Some(&content), "{case}: {path:?} {ran:?}");
    }
    if ran.status == 0 {
        let text = place.rlm(&["shards", "slice", "st", "0"]).await;
        assert_eq!((text.status, text.output.as_str()), (0, ROW), "{case}: {text:?}");
    } else {
        assert!(ran.status == 1 && ran.errors.contains("st"), "{case}: {ran:?}");
    }
}

#[tokio::test]
async fn what_is_not_the_stores_stays() {
    for replace in [false, true] {
        check_ingest("years-beside", replace, |place| {
            place.write("st/shards/1988/tape.wav", "x");
            place.write("st/shards/05/list.md", "n");
        })
        .await;
        check_ingest("linked-shards", replace, |place| place.link("st/shards", "../out")).await;
        check_ingest("linked-generation", replace, |place| place.link("st/shards/1", "../../out")).await;
        check_ingest("linked-later-generation", replace, |place| place.link("st/shards/1988", "../../out/1988")).await;
        check_ingest("linked-part", replace, |place| place.link("st/manifest.json.part", "../out/letter.txt")).await;
        check_ingest("linked-manifest", replace, |place| place.link("st/manifest.json", "../out/letter.txt")).await;
        check_ingest("linked-store", replace, |place| {
            place.write("real/k.txt", "k");
            place.link("st", "real");
        })
        .await;
        // Further forms.
        check_ingest("letters-beside", replace, |place| place.write("st/letter.txt", "dear")).await;
        check_ingest("another-manifest", replace, |place| place.write("st/manifest.json", "{\"name\": \"app\"}")).await;
        check_ingest("years-of-shards", replace, |place| {
            place.write("st/shards/1/tape.wav", "x");
            place.write(&format!("st/shards/2/{SHARD}~"), "x");
        })
        .await;
        check_ingest("dangling-link", replace, |place| place.link("st/manifest.json", "../out/new.txt")).await;
        check_ingest("link-to-itself", replace, |place| place.link("st/shards", "shards")).await;
        check_ingest("pipe", replace, |place| {
            place.write("st/manifest.json", "");
            fs::remove_file(place.path("st/manifest.json")).expect("it is there");
            place.pipe("st/manifest.json");
        })
        .await;
        check_ingest("file-for-shards", replace, |place| place.write("st/shards", "a list of shards")).await;
    }
}

#[tokio::test]
async fn a_store_that_is_replaced_stays_whole_where_somebody_has_put_a_file() {
    let place = Place::new();
    place.write("one.txt", ROW);
    place.write("two.txt", "another text\n");
    place.ingest("one.txt", "st").await;
    place.write("st/shards/1/tape.wav", "x");
    let before = place.tree("st");
    let ran = place.rlm(&["shards", "ingest", "two.txt", "st", "--replace"]).await;
    failed(&ran, "shards/1/tape.wav");
    failed(&ran, "name a new or an empty one");
    assert_eq!(place.tree("st"), before);
}

#[tokio::test]
async fn of_an_object_store_only_what_was_written_is_removed() {
    let server = S3::start().await;
    let place = Place::new();
    place.write("one.txt", ROW);
    place.write("two.txt", "another text\n");
    let (one, two) = (place.name("one.txt"), place.name("two.txt"));
    let store = format!("s3://{BUCKET}/own");
    let ingest = |source: &str, store: &str| {
        let command = server.rlm(&["shards", "ingest", source, store, "--replace"]);
        run(command)
    };
    assert_eq!(ingest(&one, &store).await.status, 0);
    // What an ingest that was given up has left.
    server.put(&format!("own/shards/5/{SHARD}"), b"half");
    let ran = ingest(&two, &store).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    let objects = |folder: &str| server.objects(folder).len();
    assert_eq!((objects("own/shards/1"), objects("own/shards/2"), objects("own/shards/5")), (0, 1, 1));

    for (number, foreign) in
        ["letter.txt", "shards/1/tape.wav", "shards/05/list.md", "shards/notes.md"].iter().enumerate()
    {
        let prefix = format!("mine{number}");
        server.put(&format!("{prefix}/{foreign}"), b"mine");
        let ran = ingest(&one, &format!("s3://{BUCKET}/{prefix}")).await;
        failed(&ran, foreign);
        assert!(server.objects(&format!("{prefix}/manifest.json")).is_empty());
        assert_eq!(fs::read(server.file(&format!("{prefix}/{foreign}"))).expect("it is there"), b"mine");
    }
    // A prefix is not what begins with the same letters.
    server.put("ownership/letter.txt", b"mine");
    assert_eq!(ingest(&one, &store).await.status, 0);
}

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

fn check_answer(case: &str, answer: &Value) {
    let text = answer["answer"].as_str().unwrap_or_default();
    assert!(text.contains(HONEST) && !text.contains(&format!("src/pier.rs:1`\n```\n{FORGED}")), "{case}: {answer}");
    for line in text.lines().filter(|line| line.contains(FORGED)) {
        assert!(!line.starts_with("fn may_land"), "{case}: {answer}");
    }
    assert_eq!(answer["context"]["store"], Value::Null, "{case}: {answer}");
}

#[tokio::test]
async fn a_repository_is_not_read_as_a_store() {
    let forms: [(&str, fn(&Place)); 4] = [
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
        for named in ["harbour", "harbour/", "./harbour/.", &whole] {
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
        failed(&place.rlm(&["shards", "info", "harbour"]).await, "is not a store's");
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

#[tokio::test]
async fn nothing_that_a_link_in_a_store_leads_to_is_shown() {
    const KEY: &str = "KEY-OF-THE-PEAR-SHED-0123456789";
    let forms: [(&str, fn(&Place, &Path)); 4] = [
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
    for scope in [json!({"kind": "workspace"}), json!({"kind": "paths", "paths": [folder]})].repeat(8) {
        let answer = ask(&mut client, scope).await;
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
