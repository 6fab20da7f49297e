//! How fast shards in a folder are written and read, against what the system does with the same bytes.
//!
//! `cargo bench --bench shards` makes a text of a gigabyte in a folder for temporary files, and lets each measurement and its
//! peer take turns: an ingest and `cp`, a search for an absent text and `memmem` over the same bytes in memory. The table shows
//! medians and their ratio. Slices have no peer; they are of 1,000 characters at random places of a store that was just
//! opened, so none is in the reader's own memory, though all are in the system's.

use rlm::corpus::{
    StopFlag,
    shards::{DEFAULT_CACHE, IngestOptions, IngestSource, ShardStore, ingest},
};
use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

const BYTES: usize = 1 << 30;
const RUNS: usize = 5;
const SLICES: usize = 20_000;
const SLICE: usize = 1_000;
const ABSENT: &str = "a needle that is not there";

fn main() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (source, copy, store) = (folder.path().join("text"), folder.path().join("copy"), folder.path().join("store"));
    let text = text();
    fs::write(&source, &text).expect("the disk has room");
    let location = store.to_str().expect("the path is text");
    // The first pass of each is for the caches.
    let (mut copies, mut ingests, mut searches, mut finds, mut slices) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..=RUNS {
        remove(&copy);
        copies
            .push(timed(|| assert!(Command::new("cp").arg(&source).arg(&copy).status().is_ok_and(|it| it.success()))));
        remove(&copy);
        remove(&store);
        ingests.push(timed(|| {
            let source = IngestSource::file(&source, "text".to_owned()).expect("it is there");
            ingest(source, location, IngestOptions::default(), &StopFlag::default()).expect("the disk has room");
        }));
        let reader = ShardStore::open(location, DEFAULT_CACHE).expect("it was written");
        searches.push(timed(|| assert_eq!(memchr::memmem::find(text.as_bytes(), ABSENT.as_bytes()), None)));
        finds.push(timed(|| assert!(reader.find(ABSENT, 1).expect("it is whole").found.is_empty())));
        let reader = ShardStore::open(location, DEFAULT_CACHE).expect("it was written");
        slices.push(timed(|| slice_at_random(&reader, &text)));
    }
    println!("| measurement | GB/s | peer | GB/s | speed against the peer |");
    println!("|---|---|---|---|---|");
    row("ingest 1 GiB to a folder", ingests, "`cp`", copies);
    row("`find` of an absent text in 1 GiB", finds, "`memmem` in memory", searches);
    let each = median(slices).as_secs_f64() * 1e6 / SLICES as f64;
    println!("| slice of {SLICE} characters, not cached | {each:.2} µs | | | |");
}

/// Lines of words in no order, all ASCII.
fn text() -> String {
    let words = ["shard", "border", "of", "a", "text", "is", "never", "inside", "characters", "manifest"];
    let mut text = String::with_capacity(BYTES + 16);
    let mut state = 1_u64;
    while text.len() < BYTES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(words[(state >> 33) as usize % words.len()]);
        text.push(if (state >> 40).is_multiple_of(9) { '\n' } else { ' ' });
    }
    text.truncate(BYTES);
    text
}

fn slice_at_random(reader: &ShardStore, text: &str) {
    let mut state = 7_u64;
    for _ in 0..SLICES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let start = (state >> 20) as usize % (BYTES - SLICE);
        let slice = reader.slice(start..start + SLICE).expect("it is whole");
        assert_eq!(slice.as_bytes()[0], text.as_bytes()[start]);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    assert!(removed.is_ok() || !path.exists(), "{} cannot be removed", path.display());
}

/// The median of all but the first.
fn median(mut times: Vec<Duration>) -> Duration {
    times.remove(0);
    times.sort();
    times[times.len() / 2]
}

fn row(what: &str, own: Vec<Duration>, peer: &str, peers: Vec<Duration>) {
    let speed = |times| BYTES as f64 / 1e9 / median(times).as_secs_f64();
    let (own, of_peer) = (speed(own), speed(peers));
    println!("| {what} | {own:.2} | {peer} | {of_peer:.2} | {:.2} |", own / of_peer);
}
