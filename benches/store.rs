//! How soon a kept reply is there in a store of a week: 100,000 calls were stored, more than it may keep.
//!
//! `cargo bench --bench store` keeps the replies through the store's own thread, as runs do, then looks some of them up, and
//! as many keys that are not there. The floor beside each figure is the read alone, by the same statement on a connection of
//! its own. It says how large the files are beside the bound.

#[path = "shared/spread.rs"]
mod spread;

use rlm::store::{Folder, KeptReply, Key, Store};
use rusqlite::{Connection, OptionalExtension};
use spread::Spread;
use std::{fs, path::Path, time::Instant};

/// Calls of a week.
const CALLS: usize = 100_000;

/// Looks of each kind that are timed.
const LOOKS: usize = 2_000;

/// Bytes of a reply: from a word to a long page, and of all together more than the store may have.
const SHORTEST: usize = 40;
const LONGEST: usize = 8_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure());
}

fn key(number: usize) -> Key {
    Key::of(&("a call", number))
}

/// A key as the table has it.
fn blob(key: Key) -> Vec<u8> {
    let hex = key.hex();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Numbers without an order, the same each time.
fn shuffled(number: usize) -> usize {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

async fn measure() {
    let place = tempfile::tempdir().expect("a folder can be made");
    let folder = Folder::new(place.path().join("store"));
    let store = Store::new(Some(folder.clone()));
    let began = Instant::now();
    for number in 0..CALLS {
        let length = SHORTEST + shuffled(number) % (LONGEST - SHORTEST);
        let reply = KeptReply {
            reply: "what the model said ".chars().cycle().take(length).collect(),
            input_tokens: 3_000,
            output_tokens: length as u64 / 4,
            cached_input_tokens: 0,
        };
        store.keep(key(number), reply).await;
    }
    let kept = began.elapsed();
    assert_eq!(store.take_notice(), None);
    println!(
        "{CALLS} replies kept in {:.1} s, {:.0} µs each.\n",
        kept.as_secs_f64(),
        kept.as_secs_f64() * 1e6 / CALLS as f64
    );

    // The newest third is there for certain.
    let known = |number: usize| CALLS - 1 - shuffled(number) % (CALLS / 3);
    let unknown = |number: usize| CALLS + number;
    println!(
        "| a look | median, ms | min – max, ms | 99 in 100, ms | the read alone: median, ms | ratio |\n|---|---|---|---|---|---|"
    );
    row("for a reply that is there", &store, &folder.file(), known, true).await;
    row("for one that is not", &store, &folder.file(), unknown, false).await;

    let bytes = |path: &Path| fs::metadata(path).map_or(0, |it| it.len()) as f64 / f64::from(1 << 20);
    let entries = fs::read_dir(folder.path()).expect("the folder is there");
    let size: f64 = entries.map(|entry| bytes(&entry.expect("an entry").path())).sum();
    println!("\nThe store has {:.1} MiB, with its log {size:.1} MiB.", bytes(&folder.file()));
}

async fn row(what: &str, store: &Store, file: &Path, number: impl Fn(usize) -> usize, is_there: bool) {
    let alone = Connection::open(file).expect("the file opens");
    let mut read = alone.prepare("SELECT reply FROM replies WHERE key = ?1").expect("a statement");
    let (mut times, mut floor) = (Vec::new(), Vec::new());
    for look in 0..LOOKS {
        let key = key(number(look));
        let began = Instant::now();
        assert_eq!(store.reply(key).await.is_some(), is_there);
        times.push(began.elapsed().as_secs_f64() * 1e3);
        // Another key, since the first read has brought this one's pages into the memory.
        let other = self::key(number(look + LOOKS));
        let began = Instant::now();
        let found: Option<String> = read.query_row([blob(other)], |row| row.get(0)).optional().expect("it reads");
        floor.push(began.elapsed().as_secs_f64() * 1e3);
        assert_eq!(found.is_some(), is_there);
    }
    times.sort_by(f64::total_cmp);
    let late = times[LOOKS * 99 / 100];
    let (times, floor) = (Spread::of(times), Spread::of(floor));
    println!("| {what} | {times} | {late:.3} | {:.3} | {:.1} |", floor.median, times.median / floor.median);
}
