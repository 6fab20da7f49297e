//! The store in files that are as they should be, and in others.

mod kept;

use super::{
    database::{Bounds, Database},
    problem::Problem,
    *,
};
use rusqlite::Connection;
use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};
use tempfile::{TempDir, tempdir};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn key(number: usize) -> Key {
    Key::of(&number)
}

fn reply(text: &str) -> KeptReply {
    KeptReply { reply: text.to_owned(), input_tokens: 7, output_tokens: 2, cached_input_tokens: 1 }
}

fn folder(folder: &TempDir) -> Folder {
    Folder::new(folder.path().join("a/b"))
}

fn database(place: &TempDir, bounds: Bounds, now: i64) -> Result<Database, Problem> {
    Database::open(&folder(place).make().unwrap(), bounds, now)
}

fn open(place: &TempDir) -> Database {
    database(place, Bounds::default(), NOW).unwrap()
}

fn entries(database: &Database) -> u64 {
    database.summary().unwrap().tables[0].entries
}

#[tokio::test]
async fn what_one_process_keeps_another_one_finds_and_nobody_else_can_read() {
    let place = tempdir().unwrap();
    let (a, b) = (Store::new(Some(folder(&place))), Store::new(Some(folder(&place))));
    a.keep(key(1), reply("one")).await;
    assert_eq!((b.reply(key(1)).await, b.reply(key(2)).await), (Some(reply("one")), None));
    b.keep(key(1), reply("anew")).await;
    assert_eq!(a.reply(key(1)).await, Some(reply("anew")));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder(&place).path()), 0o700);
    for entry in fs::read_dir(folder(&place).path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{path:?}");
    }
    a.forget(vec![key(1)]).await;
    assert_eq!((b.reply(key(1)).await, a.take_notice(), b.take_notice()), (None, None, None));
}

#[tokio::test]
async fn a_store_that_is_off_keeps_nothing_and_says_nothing() {
    let store = Store::off();
    store.keep(key(1), reply("one")).await;
    assert_eq!((store.reply(key(1)).await, store.is_on(), store.take_notice()), (None, false, None));
    assert!(store.claim(key(1)).await.is_none());
}

#[test]
fn old_replies_are_not_served_and_go_when_the_store_is_opened() {
    let place = tempdir().unwrap();
    let mut database = open(&place);
    database.keep(key(1), &reply("old"), NOW - 90 * DAY).unwrap();
    database.keep(key(2), &reply("new"), NOW - 89 * DAY).unwrap();
    assert_eq!((database.reply(key(1), NOW), database.reply(key(2), NOW)), (Ok(None), Ok(Some(reply("new")))));
    assert_eq!(entries(&database), 2);
    drop(database);
    assert_eq!(entries(&open(&place)), 1);
}

#[test]
fn a_full_store_loses_what_was_not_used_for_longest() {
    let place = tempdir().unwrap();
    let bounds = Bounds { bytes: 1 << 20, ..Bounds::default() };
    let mut database = database(&place, bounds, NOW).unwrap();
    let text = "x".repeat(10_000);
    for number in 0..1000 {
        let now = NOW + number as i64 * 60;
        database.keep(key(number), &reply(&text), now).unwrap();
        // The first one is used all the time.
        assert!(database.reply(key(0), now).unwrap().is_some(), "{number}");
    }
    let size = fs::metadata(folder(&place).file()).unwrap().len();
    assert!(size <= bounds.bytes, "{size}");
    assert!((50..110).contains(&entries(&database)), "{}", entries(&database));
    let last = NOW + 60_000;
    assert!(database.reply(key(999), last).unwrap().is_some() && database.reply(key(500), last).unwrap().is_none());
    // One that would take the place of many is not kept.
    database.keep(key(7), &reply(&"x".repeat(100_000)), last).unwrap();
    assert_eq!(database.reply(key(7), last), Ok(None));
}

#[test]
fn a_week_of_use_stays_within_bounds() {
    let (count, bytes) =
        if std::env::var_os("RLM_TEST_FULL").is_some() { (100_000, 256 << 20) } else { (1000, 4 << 20) };
    let place = tempdir().unwrap();
    let mut database = database(&place, Bounds { bytes, ..Bounds::default() }, NOW).unwrap();
    let text = "x".repeat(5000);
    for number in 0..count {
        database.keep(key(number), &reply(&text), NOW + number as i64 * 6).unwrap();
    }
    let began = std::time::Instant::now();
    let found = (count - 500..count).filter(|&number| database.reply(key(number), NOW).unwrap().is_some()).count();
    println!("{} entries, {:?} a look", entries(&database), began.elapsed() / 500);
    assert_eq!(found, 500);
    assert!(fs::metadata(folder(&place).file()).unwrap().len() <= bytes);
}

#[test]
fn nothing_that_was_kept_stays_in_a_store_that_was_cleared() {
    let place = tempdir().unwrap();
    let store = Store::new(Some(folder(&place)));
    let mut database = open(&place);
    for number in 0..300 {
        database.keep(key(number), &reply(&"saffron ".repeat(200)), NOW).unwrap();
    }
    database.forget(&[key(1), key(2)]).unwrap();
    // Others have it open meanwhile.
    store.clear().unwrap();
    for entry in fs::read_dir(folder(&place).path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|it| it == b"saffron"), "{path:?}");
        assert!(bytes.len() < 100_000, "{path:?}: {}", bytes.len());
    }
    assert_eq!((entries(&database), database.reply(key(5), NOW)), (0, Ok(None)));
}

/// A file that is no store of this version: its name, what is said of it, and what makes it.
type Other = (&'static str, &'static str, fn(&Path));

fn others() -> [Other; 4] {
    [
        ("later", "is of a later version of rlm (7; this one knows 3)", |path| {
            drop(Database::open(path, Bounds::default(), NOW).unwrap());
            Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 7").unwrap();
        }),
        ("foreign", "is no store of rlm", |path| {
            Connection::open(path).unwrap().execute_batch("CREATE TABLE others (x)").unwrap();
        }),
        ("garbage", "is damaged", |path| fs::write(path, "no database at all, ".repeat(1000)).unwrap()),
        ("damaged", "is damaged", |path| {
            let mut database = Database::open(path, Bounds::default(), NOW).unwrap();
            for number in 0..200 {
                database.keep(key(number), &reply(&"x".repeat(300)), NOW).unwrap();
            }
            drop(database);
            let mut bytes = fs::read(path).unwrap();
            bytes[4096..].fill(0xa5);
            fs::write(path, bytes).unwrap();
        }),
    ]
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_done_without_and_one_sentence_says_so() {
    for (name, sentence, make) in others() {
        let place = tempdir().unwrap();
        let path = folder(&place).make().unwrap();
        make(&path);
        let before = fs::read(&path).unwrap();
        let store = Store::new(Some(folder(&place)));
        for number in 0..3 {
            store.keep(key(number), reply("one")).await;
            assert_eq!(store.reply(key(number)).await, None, "{name}");
        }
        let notice = store.take_notice().unwrap_or_default();
        assert!(notice.contains(sentence) && notice.contains("store.db"), "{name}: {notice}");
        assert_eq!(store.take_notice(), None, "{name}");
        assert!(name == "damaged" || fs::read(&path).unwrap() == before, "{name}: nothing is written to it");
        drop(store);
        let store = Store::new(Some(folder(&place)));
        match store.clear() {
            Ok(()) => store.keep(key(1), reply("one")).await,
            Err(refused) => assert!(name == "foreign" && refused.contains(sentence), "{name}: {refused}"),
        }
        assert_eq!(store.reply(key(1)).await.is_some(), name != "foreign", "{name}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_and_a_link_are_no_place_for_a_store() {
    let place = tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    let linked = place.path().join("linked");
    fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(&file, linked.join("store.db")).unwrap();
    for folder in [file.join("below"), linked] {
        let store = Store::new(Some(Folder::new(folder)));
        store.keep(key(1), reply("one")).await;
        assert_eq!(store.reply(key(1)).await, None);
        assert!(store.take_notice().is_some_and(|it| it.contains("cannot be used")));
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[tokio::test]
async fn a_disk_that_is_full_costs_what_comes_and_not_what_is_there() {
    let place = tempdir().unwrap();
    let bounded = |bytes| Store::bounded(Some(folder(&place)), Bounds { bytes, ..Bounds::default() });
    // Not even the tables have room.
    let store = bounded(8192);
    store.keep(key(1), reply("one")).await;
    assert_eq!(store.reply(key(1)).await, None);
    assert!(store.take_notice().is_some_and(|it| it.starts_with("the disk is full")));
    let store = bounded(1 << 20);
    store.keep(key(1), reply("one")).await;
    assert_eq!((store.reply(key(1)).await, store.take_notice()), (Some(reply("one")), None));
}

#[tokio::test]
async fn a_claim_keeps_others_waiting_until_it_ends() {
    let place = tempdir().unwrap();
    let (a, b) = (Store::new(Some(folder(&place))), Store::new(Some(folder(&place))));
    let claim = a.claim(key(1)).await.expect("it is free");
    assert!(b.claim(key(2)).await.is_some(), "another one is");
    let waiting = b.claim(key(1));
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), &mut waiting).await.is_err());
    drop(claim);
    assert!(waiting.await.is_some());
}

#[tokio::test]
async fn runs_are_numbered_listed_and_forgotten_after_a_while() {
    let place = tempdir().unwrap();
    let store = Store::new(Some(folder(&place)));
    let begun = BegunRun { question: "What?".to_owned(), request: "{}".to_owned() };
    let ended = EndedRun {
        state: "final".to_owned(),
        model: "m".to_owned(),
        calls: 3,
        cached_calls: 2,
        tokens: 10,
        cost: Some(0.5),
    };
    let numbers = [store.begin_run(begun.clone()).await, store.begin_run(begun.clone()).await].map(Option::unwrap);
    assert_eq!(numbers, [1, 2]);
    store.end_run(1, ended.clone()).await;
    let runs = store.kept_runs().unwrap();
    let ends: Vec<_> = runs.iter().map(|run| (run.number, run.ended.as_ref().map(|(_, ended)| ended))).collect();
    assert_eq!(ends, [(2, None), (1, Some(&ended))]);
    assert_eq!((store.kept_run(2).unwrap().map(|run| run.begun), store.kept_run(3)), (Some(begun.clone()), Ok(None)));
    let claim = store.claim_run(2).await.expect("it is free");
    assert!(store.is_run_open(2) && !store.is_run_open(1));
    drop(claim);
    assert!(!store.is_run_open(2));
    drop(store);
    let mut database = database(&place, Bounds::default(), NOW * 2).unwrap();
    assert_eq!(database.runs().unwrap().len(), 0, "they are too old");
    let last = (0..1005).map(|_| database.begin_run(&begun, NOW * 2).unwrap()).last();
    let runs = database.runs().unwrap();
    assert_eq!((runs.len(), Some(runs[0].number)), (1000, last));
}

/// In the process that is killed: keeps replies without end, and says how many by the length of a file.
const WRITER: &str = "RLM_TEST_STORE_WRITER";

#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(WRITER) else { return };
    let path = Folder::new(folder).make().unwrap();
    let mut database = Database::open(&path, Bounds::default(), NOW).unwrap();
    let mut count = File::create(path.with_extension("count")).unwrap();
    for number in 0.. {
        database.keep(key(number), &reply(&number.to_string().repeat(100)), NOW).unwrap();
        count.write_all(b".").unwrap();
    }
}

#[test]
fn a_process_that_is_killed_leaves_all_that_it_had_kept() {
    let place = tempdir().unwrap();
    let path = folder(&place).make().unwrap();
    for round in 0..5 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::writes_until_it_is_killed", "--nocapture"])
            .env(WRITER, folder(&place).path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let count = path.with_extension("count");
        let wanted = 20 + round * 17;
        let written = || fs::metadata(&count).map_or(0, |it| it.len() as usize);
        while written() < wanted && writer.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let kept = written();
        assert!(kept >= wanted);
        let mut database = open(&place);
        for number in 0..kept {
            let found = database.reply(key(number), NOW).unwrap();
            assert_eq!(found, Some(reply(&number.to_string().repeat(100))), "{number} of {kept}");
        }
        fs::remove_file(&count).unwrap();
    }
}
