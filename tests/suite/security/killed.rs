//! An ingest that is killed at any moment leaves the former text or the new one, and everything of a person's.

use super::place::Place;
use crate::terminal::rlm;
use std::{
    fs,
    hash::{BuildHasher, RandomState},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::io::AsyncWriteExt;

/// Enough shards that an ingest takes a while: the first text in capital letters, and the second one in small ones.
fn texts() -> [String; 2] {
    let text: String = (0..20_000).map(|number| format!("LINE {number:07} OF A TEXT THAT IS REPLACED\n")).collect();
    [text.to_lowercase(), text]
}

const ROUNDS: usize = 20;

/// A part of `whole`, as chance has it.
fn part_of(whole: Duration) -> Duration {
    let random = RandomState::new().hash_one(ROUNDS) % 1000;
    whole.mul_f64(random as f64 / 1000.0)
}

#[tokio::test]
async fn an_ingest_that_is_killed_leaves_a_whole_text_and_everything_of_others() {
    let place = Place::new();
    let texts = texts();
    place.write("0.txt", &texts[0]);
    place.write("1.txt", &texts[1]);
    place.write("mine/letter.txt", "dear");
    // One person's folder looks much like a store.
    for (path, content) in [
        ("years/shards/1/photo.jpg", "x"),
        ("years/shards/1988/tape.wav", "y"),
        ("years/shards/05/list.md", "z"),
        ("years/manifest.json", "{\"name\": \"years\"}"),
    ] {
        place.write(path, content);
    }
    std::os::unix::fs::symlink("../mine", place.path("years/shards/7")).expect("a link can be made");
    let of_others = [place.tree("mine"), place.tree("years")];
    let arguments = |source: &str, store: &str| {
        ["shards", "ingest", source, store, "--replace", "--shard-size", "1K"].map(str::to_owned)
    };
    let began = Instant::now();
    for source in ["1.txt", "0.txt"] {
        let ran = place.rlm(&arguments(source, "st").each_ref().map(String::as_str)).await;
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let takes = began.elapsed() / 2;

    let mut killed = 0;
    for round in 0..ROUNDS {
        let (text, store) = (&texts[round % 2], if round % 5 == 4 { "years" } else { "st" });
        // Some of the time the text comes through a pipe, and stops in the middle: then it is sure to be killed there.
        let is_fed = round % 4 == 3;
        let source = if is_fed { "-".to_owned() } else { format!("{}.txt", round % 2) };
        let mut command = rlm(arguments(&source, store));
        command.current_dir(place.path("")).stdin(if is_fed { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().expect("the program starts");
        if let Some(mut input) = child.stdin.take() {
            // A program that has refused already reads nothing.
            let _ = input.write_all(&text.as_bytes()[..text.len() * (round + 1) / (ROUNDS + 1)]).await;
            child.start_kill().expect("it can be killed");
            drop(child.wait().await);
            drop(input);
        } else {
            tokio::time::sleep(part_of(takes)).await;
            child.start_kill().expect("it can be killed");
        }
        let status = child.wait().await.expect("it ends");
        killed += usize::from(status.code().is_none());

        assert_eq!([place.tree("mine"), place.tree("years")], of_others, "round {round}");
        let read = place.rlm(&["shards", "slice", "st", "0"]).await;
        assert_eq!(read.status, 0, "round {round}: {}", read.errors);
        assert!(texts.contains(&read.output), "round {round}: {} bytes of neither text", read.output.len());
    }
    assert!(killed >= ROUNDS / 5, "only {killed} were killed before they had ended");

    // What the killed ones have left is gone with the next.
    let ran = place.rlm(&arguments("1.txt", "st").each_ref().map(String::as_str)).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    let files = place.tree("st").into_keys().filter(|path| path.is_file()).count();
    assert_eq!(files, 1 + texts[1].len().div_ceil(1024));
    assert_eq!(fs::read_dir(place.path("st/shards")).expect("it is there").count(), 1);
}
