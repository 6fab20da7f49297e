//! `rlm shards` against a folder and against an object store.

use super::{
    s3::{BUCKET, S3, SECRET, Visit},
    terminal::{Ran, rlm, run},
};
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

async fn shards(arguments: &[&str]) -> Ran {
    run(rlm([&["shards"], arguments].concat())).await
}

async fn on(server: &S3, arguments: &[&str]) -> Ran {
    run(server.rlm(&[&["shards"], arguments].concat())).await
}

fn succeeded(ran: Ran) -> Ran {
    assert_eq!(ran.status, 0, "{ran:?}");
    ran
}

fn failed(ran: &Ran, what: &str) {
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.errors.contains(what), "no `{what}` in: {}", ran.errors);
}

/// Ten thousand bytes that are all different, with characters of every length.
fn text() -> String {
    let mut text = String::new();
    for number in 0.. {
        text.push_str(&format!("line {number}: a é 漢 😀 e\u{301}\r\n"));
        if text.len() >= 10_000 {
            return text;
        }
    }
    unreachable!("there is always another number")
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_repository_in_a_folder_is_read_by_characters_lines_and_patterns() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "repository/src/main.rs", "fn main() {\n    héllo();\n}\n");
    write(folder.path(), "repository/notes.txt", "Hello\r\nthere");
    write(folder.path(), "repository/data/big.csv", &"1,2,3\n".repeat(1000));
    let (repository, store) = (folder.path().join("repository"), folder.path().join("store"));
    let (repository, store) = (repository.to_str().unwrap(), store.to_str().unwrap());
    succeeded(shards(&["ingest", repository, store, "--exclude", "data", "--shard-size", "1K"]).await);

    let info = succeeded(shards(&["info", store, "--verify", "--json"]).await).json();
    let expected = "==> notes.txt <==\nHello\r\nthere\n==> src/main.rs <==\nfn main() {\n    héllo();\n}\n";
    assert_eq!(info["bytes"], expected.len());
    assert_eq!(info["characters"], expected.chars().count());
    assert_eq!((&info["lines"], &info["files"], &info["shards"]), (&7.into(), &2.into(), &1.into()));
    assert_eq!(info["verified"]["flaws"], serde_json::json!([]));

    assert_eq!(succeeded(shards(&["slice", store, "0"]).await).output, expected);
    assert_eq!(succeeded(shards(&["slice", store, "-3", "-1"]).await).output, "\n}");
    assert_eq!(succeeded(shards(&["slice", store, "2", "3", "--lines"]).await).output, "Hello\r\nthere\n");
    let found = succeeded(shards(&["find", store, "éllo", "--json"]).await).json();
    let at = expected.find("éllo").unwrap();
    let character = expected[..at].chars().count();
    let place = serde_json::json!({"byte": at, "character": character, "path": "src/main.rs", "line": 2});
    assert_eq!(found, serde_json::json!({"found": [place], "more": false}));
    let rows = succeeded(shards(&["grep", store, "^h.*o$", "-i"]).await);
    assert_eq!(rows.output, "notes.txt:1:Hello\n");
    let rows = shards(&["grep", store, "e", "--path", "src", "--max-results", "1"]).await;
    assert_eq!((rows.status, rows.output.as_str(), rows.errors.as_str()), (1, "", "nothing was found\n"));
}

#[tokio::test]
async fn what_is_wrong_with_a_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let source = write(folder.path(), "text", &text());
    let other = write(folder.path(), "other", "another text");
    let store = folder.path().join("store");
    let name = store.to_str().unwrap();
    failed(&shards(&["info", name]).await, "there is no store");
    succeeded(shards(&["ingest", &source, name, "--shard-size", "1K"]).await);
    failed(&shards(&["ingest", &other, name]).await, "--replace");
    succeeded(shards(&["ingest", &source, name]).await);

    let mut files: Vec<_> = fs::read_dir(store.join("shards/1")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let whole = fs::read(&files[4]).unwrap();
    fs::write(&files[4], [&whole[..100], b"?", &whole[101..]].concat()).unwrap();
    for arguments in [&["info", name, "--verify"][..], &["find", name, "absent"], &["grep", name, "absent"]] {
        let ran = shards(arguments).await;
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(format!("{}{}", ran.output, ran.errors).contains("shards/1/00000004-"), "{ran:?}");
    }
    let ran = shards(&["find", name, "absent", "--json"]).await;
    assert_eq!(ran.json()["error"]["kind"], "badShard");
    fs::remove_file(store.join("manifest.json")).unwrap();
    failed(&shards(&["slice", name, "0", "5"]).await, "half-written");
    let ran = succeeded(shards(&["ingest", &source, name, "--shard-size", "1K", "--json"]).await);
    assert_eq!(ran.json()["written"], 1, "only the damaged one is written again");
    for wrong in [&["ingest", &source, name, "--shard-size", "1"][..], &["grep", name, "("]] {
        assert_eq!(shards(wrong).await.status, 2);
    }
    failed(&shards(&["info", "ftp://somewhere"]).await, "s3://bucket/prefix");
}

/// How often each shard was asked for.
fn reads(visits: &[Visit]) -> HashMap<&str, usize> {
    let mut reads = HashMap::new();
    for visit in visits.iter().filter(|visit| visit.method == "GET" && visit.object.contains("/shards/")) {
        *reads.entry(visit.object.as_str()).or_default() += 1;
    }
    reads
}

#[tokio::test]
async fn a_text_in_an_object_store_takes_one_request_for_each_shard() {
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let text = text();
    let source = write(folder.path(), "text", &text);
    let store = &format!("s3://{BUCKET}/some/prefix");
    succeeded(on(&server, &["ingest", &source, store, "--shard-size", "1K"]).await);
    assert_eq!(server.objects("some/prefix/shards/1").len(), text.len().div_ceil(1024));

    let chars: Vec<char> = text.chars().collect();
    let slice = |start: usize, end: usize| chars[start..end].iter().collect::<String>();
    server.visits();
    let ran = succeeded(on(&server, &["slice", store, "10", "3000"]).await);
    assert_eq!(ran.output, slice(10, 3000));
    let touched = slice(0, 3000).len().div_ceil(1024);
    let visits = server.visits();
    assert_eq!(reads(&visits).len(), touched, "{visits:?}");
    assert!(reads(&visits).values().all(|&count| count == 1), "{visits:?}");

    let ran = succeeded(on(&server, &["slice", store, "0"]).await);
    assert_eq!(ran.output, text);
    let visits = server.visits();
    assert!(reads(&visits).values().all(|&count| count == 1), "{visits:?}");
    succeeded(on(&server, &["info", store]).await);
    assert!(reads(&server.visits()).is_empty(), "lengths need the manifest only");

    let border = text.floor_char_boundary(5 * 1024);
    let needle = &text[text.floor_char_boundary(border - 20)..text.floor_char_boundary(border + 20)];
    let found = succeeded(on(&server, &["find", store, needle, "--json"]).await).json();
    assert_eq!(found["found"][0]["byte"], text.find(needle).unwrap());
    let visits = server.visits();
    assert!(reads(&visits).values().all(|&count| count == 1), "{visits:?}");
    let rows = succeeded(on(&server, &["grep", store, "^line 1[0-9]: .*😀", "--json"]).await).json();
    assert_eq!(rows["rows"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_part_of_an_ascii_text_is_a_request_for_that_part() {
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..1000).map(|number| format!("{number:07}\n")).collect();
    let source = write(folder.path(), "text", &text);
    let store = &format!("s3://{BUCKET}/ascii");
    succeeded(on(&server, &["ingest", &source, store, "--shard-size", "2K"]).await);
    server.visits();
    let ran = succeeded(on(&server, &["slice", store, "2000", "2100"]).await);
    assert_eq!(ran.output, text[2000..2100]);
    let visits = server.visits();
    let ranges: HashSet<_> = visits.iter().filter_map(|visit| visit.range.as_deref()).collect();
    assert_eq!(ranges, HashSet::from(["bytes=2000-2047", "bytes=0-51"]), "{visits:?}");
}

#[tokio::test]
async fn an_interrupted_ingest_goes_on_where_it_ended() {
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let text = text();
    let source = write(folder.path(), "text", &text);
    let store = &format!("s3://{BUCKET}/half");
    server.take_only(3);
    let ran = on(&server, &["ingest", &source, store, "--shard-size", "1K"]).await;
    failed(&ran, "AccessDenied: No more.");
    let written = server.objects("half/shards/1").len();
    assert_eq!(written, 3);
    failed(&on(&server, &["slice", store, "0", "5"]).await, "half-written");
    failed(&on(&server, &["info", store]).await, "it goes on where the last one ended");

    server.take_only(usize::MAX);
    let ran = succeeded(on(&server, &["ingest", &source, store, "--shard-size", "1K", "--json"]).await);
    assert_eq!(ran.json()["written"], text.len().div_ceil(1024) - written);
    assert_eq!(succeeded(on(&server, &["slice", store, "0"]).await).output, text);
}

#[tokio::test]
async fn a_damaged_object_is_named() {
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let source = write(folder.path(), "text", &text());
    let store = &format!("s3://{BUCKET}/damaged");
    succeeded(on(&server, &["ingest", &source, store, "--shard-size", "1K"]).await);
    let object = &server.objects("damaged/shards/1")[2];
    let mut bytes = fs::read(object).unwrap();
    bytes[500] ^= 1;
    fs::write(object, &bytes).unwrap();
    let ran = on(&server, &["find", store, "absent"]).await;
    failed(&ran, "shards/1/00000002-");
    failed(&ran, "is damaged");
    let ran = on(&server, &["info", store, "--verify"]).await;
    assert!(ran.status == 1 && ran.output.contains("1 of them not as written"), "{ran:?}");
    fs::remove_file(object).unwrap();
    failed(&on(&server, &["slice", store, "0"]).await, "is missing");
    // A replacement is another generation, and the former one goes.
    succeeded(on(&server, &["ingest", &source, store, "--replace"]).await);
    succeeded(on(&server, &["info", store, "--verify"]).await);
    assert!(server.objects("damaged/shards/1").is_empty());
}

#[tokio::test]
async fn ingests_at_the_same_time_leave_one_whole_text() {
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let one = write(folder.path(), "one", &text());
    let other = write(folder.path(), "other", &text().replace("line", "LINE"));
    let store = &format!("s3://{BUCKET}/both");
    let ingest = |source: &str| {
        let arguments = ["ingest", source, store, "--shard-size", "1K"].map(str::to_owned);
        let server = &server;
        async move { on(server, &arguments.each_ref().map(String::as_str)).await }
    };
    let (a, b, c) = tokio::join!(ingest(&one), ingest(&other), ingest(&other));
    let all = [a, b, c];
    assert!(all.iter().any(|ran| ran.status == 0), "{all:?}");
    for ran in all.iter().filter(|ran| ran.status != 0) {
        assert!(ran.errors.contains("another ingest") || ran.errors.contains("another text"), "{ran:?}");
    }
    succeeded(on(&server, &["info", store, "--verify"]).await);
}

#[tokio::test]
async fn refusals_of_an_object_store_are_told_in_a_line() {
    let server = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let source = write(folder.path(), "text", "text");
    let store = &format!("s3://{BUCKET}/x");
    for arguments in [&["shards", "info", store][..], &["shards", "ingest", &source, store]] {
        let mut wrong = server.rlm(arguments);
        wrong.env("AWS_SECRET_ACCESS_KEY", "not-the-secret");
        let ran = run(wrong).await;
        failed(&ran, "refused the credentials");
        failed(&ran, "AWS_SECRET_ACCESS_KEY");
        assert!(!ran.errors.contains("not-the-secret") && !ran.errors.contains(SECRET), "{ran:?}");

        let absent = arguments.iter().map(|it| it.replace(BUCKET, "absent-bucket")).collect::<Vec<_>>();
        let ran = run(server.rlm(&absent.iter().map(String::as_str).collect::<Vec<_>>())).await;
        failed(&ran, "there is no bucket `absent-bucket`");

        let mut down = server.rlm(arguments);
        down.env("AWS_ENDPOINT", "http://127.0.0.1:9");
        failed(&run(down).await, "does not answer");
    }
}
