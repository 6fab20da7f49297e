//! Questions about texts in shard stores: programs see what they would see of the text itself, and fetch what they look
//! at.

use super::{
    query::{ask, scripted, told},
    s3::{BUCKET, S3},
    scripted::ScriptedServer,
    terminal::{rlm, run},
};
use std::{collections::HashSet, fs, path::Path};
use tempfile::TempDir;

const PAGE: usize = 1 << 20;

fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn ingest(source: &str, store: &str, shard_size: &str) {
    let ran = run(rlm(["shards", "ingest", source, store, "--shard-size", shard_size])).await;
    assert_eq!(ran.status, 0, "{ran:?}");
}

/// Four million characters and more of every length, with lines that can be told apart.
fn long_text() -> String {
    let mut text = String::new();
    for number in 0..150_000 {
        text.push_str(&format!("line {number}: a é 漢 😀 e\u{301}\r\n"));
    }
    text
}

#[tokio::test]
async fn programs_see_a_store_as_they_see_the_repository_itself() {
    const PROGRAM: &str = r#"
import re, hashlib
show = lambda *values: print(*[repr(value) for value in values])
show(len(context), len(files), list(files), hashlib.sha256(context.encode()).hexdigest())
show([context[at:at + 30] for at in range(0, len(context), len(context) // 50)])
show(context[-40:], context.count("é"), context.rfind("fn other"), "nowhere" in context, context.find("line 99999"))
show([(m.start(), m.group()) for m in re.finditer(r"line \d*7777:", context)], len(re.findall(r"(?m)^line", context)))
show(len(context.splitlines()), context.upper().count("LINE 77777"), len(context.split("漢")))
for path in files:
    show(path, len(files[path]), files[path][:20], files[path][-20:])
show(grep("fn (one|other)"), grep("777: a", path="long.txt", max_results=3))
show(search("other function", k=2), peek_lines(3, 6), read("src/b.rs", 2, 3), outline("src/b.rs"), repo_map(200))
show([len(piece) for piece in chunk(3_000_000)][:1] and "".join(chunk(3_000_000)) == context)
"#;
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "repository/long.txt", &long_text());
    write(&folder, "repository/src/ä.rs", "fn one() {\n    other()\n}\n");
    write(&folder, "repository/src/b.rs", "// é\nfn other() -> u8 {\n    1\n}\n\nstruct Other;");
    let (repository, store) = (folder.path().join("repository"), folder.path().join("store"));
    ingest(repository.to_str().unwrap(), store.to_str().unwrap(), "1M").await;
    let mut seen = Vec::new();
    for place in [&repository, &store] {
        let server = ScriptedServer::start(scripted(&[PROGRAM, "FINAL('done')"], |_| String::new())).await;
        let ran = ask(&server, place, &["--cell-timeout", "60"]).await;
        let answer = ran.json();
        assert_eq!(
            (answer["answer"].as_str(), answer["context"]["files"].as_u64()),
            (Some("done"), Some(3)),
            "{ran:?}"
        );
        // What is left of time is not the same.
        seen.push(told(&server, 2).split("\nLeft:").next().unwrap().to_owned());
    }
    assert!(seen[0].contains("fn other") && !seen[0].contains("Error"), "{}", seen[0]);
    for (of_repository, of_store) in seen[0].lines().zip(seen[1].lines()) {
        assert_eq!(of_repository, of_store);
    }
    assert_eq!(seen[0].len(), seen[1].len());
}

#[tokio::test]
async fn of_a_store_only_what_is_looked_at_is_fetched() {
    const PROGRAMS: &[&str] = &[
        "print(len(context), context[2_000_000:2_000_020], context[10:30])",
        "try:\n    while True: context[0]\nexcept BaseException:\n    while True: pass",
        "FINAL(context[2_000_000:2_000_020] + '|' + context[3_000_000:3_000_010])",
    ];
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let text = long_text().repeat(3);
    let source = write(&folder, "text.txt", &text);
    let store = format!("s3://{BUCKET}/long");
    let ran = run(server.rlm(&["shards", "ingest", &source, &store, "--shard-size", "256K"])).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    server.visits();

    let model = ScriptedServer::start(scripted(PROGRAMS, |_| String::new())).await;
    let url = model.url();
    let arguments =
        ["query", "What?", &store, "--json", "--strategy", "rlm", "--endpoint", &url, "--model", "scripted"];
    let ran = run(server.rlm(&[&arguments[..], &["--cell-timeout", "0.5"]].concat())).await;
    let slice = |start: usize, end: usize| text.chars().skip(start).take(end - start).collect::<String>();
    let expected = format!("{}|{}", slice(2_000_000, 2_000_020), slice(3_000_000, 3_000_010));
    assert_eq!(ran.json()["answer"], expected, "{ran:?}");
    assert!(told(&model, 2).contains(&slice(10, 30)));
    assert!(told(&model, 3).contains("ran longer than 0.5 s"), "{}", told(&model, 3));
    let shards: HashSet<String> =
        server.visits().into_iter().map(|visit| visit.object).filter(|object| object.contains("/shards/")).collect();
    // Of three places, and of the beginning, the shards of the page that each lies in.
    let (most, all) = (4 * (PAGE / (256 << 10) + 1), text.len().div_ceil(256 << 10));
    assert!(!shards.is_empty() && shards.len() <= most && most < all, "{} of {all}", shards.len());
}

fn damage(store: &Path, shard: usize) {
    let mut shards: Vec<_> = fs::read_dir(store.join("shards/1")).unwrap().map(|entry| entry.unwrap().path()).collect();
    shards.sort();
    let mut bytes = fs::read(&shards[shard]).unwrap();
    bytes[5] ^= 1;
    fs::write(&shards[shard], bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_shard_ends_a_run_that_looks_at_it_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let source = write(&folder, "text.txt", &long_text());
    let store = folder.path().join("store");
    ingest(&source, store.to_str().unwrap(), "1M").await;
    damage(&store, 2);
    let server = ScriptedServer::start(scripted(&["FINAL(context[:4])"], |_| String::new())).await;
    let ran = ask(&server, &store, &[]).await;
    assert_eq!(ran.json()["answer"], "line", "{ran:?}");
    for program in ["FINAL(str(context.count('nowhere')))", "FINAL(str(grep('nowhere')))"] {
        let programs = Box::leak(Box::new([program]));
        let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
        let ran = ask(&server, &store, &[]).await;
        assert_eq!(ran.status, 1, "{ran:?}");
        assert_eq!(ran.json()["error"]["kind"], "badShard", "{ran:?}");
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains("shards/1/00000002-"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_asked_about_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let source = write(&folder, "text.txt", "some text\n");
    let store = folder.path().join("store");
    let name = store.to_str().unwrap();
    ingest(&source, name, "1K").await;
    let server = ScriptedServer::start(scripted(&[], |_| String::new())).await;
    for more in [&["--include", "*.rs"][..], &[source.as_str()]] {
        let ran = ask(&server, &store, more).await;
        assert_eq!((ran.status, ran.json()["error"]["kind"].as_str()), (1, Some("storeNotAlone")), "{ran:?}");
    }
    fs::remove_file(store.join("manifest.json")).unwrap();
    let ran = ask(&server, &store, &[]).await;
    assert_eq!((ran.status, ran.json()["error"]["kind"].as_str()), (1, Some("halfWritten")), "{ran:?}");
    assert!(server.calls().is_empty(), "no model is asked");
}
