//! Writing a store leaves alone what is not the store's.

use super::place::{Place, ROW, SHARD, failed};
use crate::{
    s3::{BUCKET, S3},
    terminal::run,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

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

#[tokio::test]
async fn a_folder_that_becomes_a_link_while_it_is_written_to_leads_nowhere() {
    let place = Place::new();
    let text: String = (0..20_000).map(|number| format!("line {number} of a text that is long\n")).collect();
    place.write("0.txt", &text);
    place.write("1.txt", &text.to_uppercase());
    place.write("out/letter.txt", "dear");
    for generation in 1..=20 {
        place.write(&format!("out/{generation}/{SHARD}"), "mine");
    }
    let arguments = |round: usize| {
        ["shards", "ingest", ["0.txt", "1.txt"][round % 2], "st", "--replace", "--shard-size", "1K"].map(str::to_owned)
    };
    let ran = place.rlm(&arguments(1).each_ref().map(String::as_str)).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    place.link("hold/link", "../out");
    let outside = place.tree("out");

    let (shards, link) = (place.path("st/shards"), place.path("hold/link"));
    let is_over = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            while !is_over.load(Ordering::Relaxed) {
                // Fails while one of them is not there.
                let _ = renameat_with(CWD, &shards, CWD, &link, RenameFlags::EXCHANGE);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    for round in 0..10 {
        place.rlm(&arguments(round).each_ref().map(String::as_str)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    swapping.join().expect("swapping does not panic");
    assert_eq!(place.tree("out"), outside);
}
