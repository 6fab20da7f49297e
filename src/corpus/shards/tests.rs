//! Texts in stores against the same texts in one string.

use super::*;
use crate::corpus::{GrepOptions, OpenBuffer, Root, Selection, Snapshot, StopFlag, grep};
use proptest::prelude::*;
use std::{fs, io::Cursor, path::Path};
use tempfile::TempDir;

fn stream(text: &str) -> IngestSource<'static> {
    IngestSource::Stream { path: "a.txt".into(), input: Box::new(Cursor::new(text.to_owned().into_bytes())) }
}

fn write(text: &str, folder: &Path, shard_size: usize, replace: bool) -> Result<Ingested, ShardError> {
    let options = IngestOptions { shard_size: Some(shard_size), replace };
    ingest(stream(text), folder.to_str().unwrap(), options, &StopFlag::default())
}

fn open(folder: &Path) -> Result<ShardStore, ShardError> {
    ShardStore::open(folder.to_str().unwrap(), 64)
}

fn store(text: &str, shard_size: usize) -> (TempDir, ShardStore) {
    let folder = tempfile::tempdir().unwrap();
    write(text, folder.path(), shard_size, false).unwrap();
    let store = open(folder.path()).unwrap();
    (folder, store)
}

/// The shards of a store, in order.
fn shard_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let generations = fs::read_dir(folder.join("shards")).unwrap().map(|entry| entry.unwrap().path());
    let files = generations.flat_map(|generation| fs::read_dir(generation).unwrap().map(|entry| entry.unwrap().path()));
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

const TEXT: &str = "([ab \n]|\r\n|é|漢|😀|e\u{301}|aab){0,60}";

mod others_files;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_those_of_the_string(
        text in TEXT,
        size in 1_usize..8,
        looks in prop::collection::vec((0_usize..90, 0_usize..90), 20),
    ) {
        let (_folder, store) = store(&text, size);
        let chars: Vec<char> = text.chars().collect();
        prop_assert_eq!((store.byte_len(), store.char_len()), (text.len(), chars.len()));
        prop_assert_eq!(store.line_count(), text.split_inclusive('\n').count());
        for (a, b) in looks {
            let (start, end) = (a.min(chars.len()), b.min(chars.len()));
            let expected: String = chars.get(start..end.max(start)).unwrap().iter().collect();
            prop_assert_eq!(store.slice(a..b).unwrap(), expected);
            let (start, end) = (a.min(text.len()), b.min(text.len()));
            if start <= end {
                prop_assert_eq!(store.bytes(start..end).unwrap(), &text.as_bytes()[start..end]);
            }
            let lines: String = text.split_inclusive('\n').skip(a).take(b.saturating_sub(a)).collect();
            let range = store.bytes_of_lines(a..b).unwrap();
            prop_assert_eq!(store.text(range).unwrap(), lines);
            if text.is_char_boundary(a) {
                prop_assert_eq!(store.char_of_byte(a).unwrap(), text[..a].chars().count());
                prop_assert_eq!(store.line_of_byte(a).unwrap(), text[..a].matches('\n').count());
            }
        }
        let mut all = Vec::new();
        store.write_to(0..text.len(), &mut all).unwrap().unwrap();
        prop_assert_eq!(all, text.as_bytes());
    }

    #[test]
    fn what_is_found_is_what_the_string_has(text in TEXT, size in 1_usize..8, needle in "[ab]{1,3}|é|😀a?|\r\n|b\na|(aab){2}") {
        let (_folder, store) = store(&text, size);
        let expected: Vec<_> = (0..text.len()).filter(|&at| text.as_bytes()[at..].starts_with(needle.as_bytes())).collect();
        let result = store.find(&needle, 1000).unwrap();
        for (found, &byte) in result.found.iter().zip(&expected) {
            let line = text[..byte].matches('\n').count() + 1;
            let character = text[..byte].chars().count();
            let path = Some("a.txt".to_owned());
            prop_assert_eq!(found, &Found { byte, character, path, line });
        }
        prop_assert_eq!(result.found.len(), expected.len());
        let few = store.find(&needle, 2).unwrap();
        prop_assert_eq!(few.more, expected.len() > 2);
        prop_assert_eq!(&few.found, &result.found[..result.found.len().min(2)]);
    }

    #[test]
    fn patterns_match_as_in_memory(
        files in prop::collection::vec("([ab \n]|\r\n|é|😀){0,20}", 1..5),
        size in 1_usize..24,
        pattern in prop::sample::select(&["a", "^", "$", "^a", "b$", "^$", "é.", "a +b", "[^a]$", r"\bab?\b", r"\s$"][..]),
        path in prop::option::of(prop_oneof![Just("f1"), Just("f[02]"), Just(".")]),
        max_results in prop_oneof![Just(2_usize), Just(100)],
    ) {
        let named: Vec<_> = files.iter().enumerate().map(|(at, text)| (format!("f{at}"), text.as_str())).collect();
        let snapshot = snapshot(&named);
        let context = snapshot.context().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = IngestOptions { shard_size: Some(size), replace: false };
        let location = folder.path().to_str().unwrap();
        ingest(IngestSource::Context(&context), location, options, &StopFlag::default()).unwrap();
        let store = open(folder.path()).unwrap();
        prop_assert_eq!(store.segments(), context.segments());
        let options = GrepOptions { path, max_results, ..GrepOptions::default() };
        let expected = grep(&context, pattern, &options, &StopFlag::default()).map_err(|error| error.to_string());
        let got = store.grep(pattern, &options, &StopFlag::default()).map_err(|error| error.to_string());
        prop_assert_eq!(got, expected);
        for byte in (0..=context.byte_len()).filter(|&byte| context.in_memory().unwrap().is_char_boundary(byte)) {
            prop_assert_eq!(store.position(byte).unwrap(), context.position(byte).unwrap());
        }
    }
}

/// Files that exist in an editor only.
fn snapshot(files: &[(String, &str)]) -> std::sync::Arc<Snapshot> {
    let directory = tempfile::tempdir().unwrap();
    let buffer = |(path, text): &(String, &str)| OpenBuffer {
        path: directory.path().join(path),
        text: (*text).into(),
        version: 0,
    };
    let selection = Selection {
        roots: vec![Root::new(directory.path())],
        open: files.iter().map(buffer).collect(),
        ..Selection::default()
    };
    Snapshot::take(&selection, &StopFlag::default()).unwrap()
}

#[test]
fn an_ingest_writes_only_what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let text = "0123456789".repeat(10);
    assert_eq!(write(&text, folder.path(), 10, false).unwrap().written, 10);
    let files = shard_files(folder.path());
    fs::remove_file(&files[3]).unwrap();
    fs::write(&files[5], "damaged!!!").unwrap();
    let unfinished = folder.path().join("shards/1/.rlm-0123456789abcdef.part");
    fs::write(&unfinished, "x").unwrap();
    // Without a manifest it is as after an interruption, and a reader removes nothing.
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    assert_eq!(open(folder.path()).unwrap_err().kind(), "halfWritten");
    assert_eq!(write(&text, folder.path(), 10, false).unwrap().written, 2);
    assert_eq!(shard_files(folder.path()), files);
    // The same text may be ingested again, which mends what is missing.
    fs::remove_file(&files[3]).unwrap();
    assert_eq!(write(&text, folder.path(), 10, false).unwrap().written, 1);
    assert!(open(folder.path()).unwrap().verify().unwrap().flaws.is_empty());
}

#[test]
fn another_text_is_refused_unless_it_may_replace() {
    let folder = tempfile::tempdir().unwrap();
    write("one text", folder.path(), 4, false).unwrap();
    let reader = open(folder.path()).unwrap();
    for (text, size) in [("one text!", 4), ("one", 4), ("another text", 4), ("one text", 5)] {
        let error = write(text, folder.path(), size, false).unwrap_err();
        assert_eq!(error.kind(), "otherText", "{text}: {error}");
        assert_eq!(open(folder.path()).unwrap().slice(0..99).unwrap(), "one text");
    }
    assert_eq!(reader.slice(0..4).unwrap(), "one ");
    write("another text", folder.path(), 5, true).unwrap();
    let store = open(folder.path()).unwrap();
    assert_eq!((store.slice(0..99).unwrap().as_str(), store.generation()), ("another text", 2));
    assert_eq!(shard_files(folder.path()).len(), 3, "the former text is gone");
    assert_eq!(reader.slice(4..8).unwrap_err().kind(), "replaced");
}

#[test]
fn what_happens_to_a_shard_is_noticed() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm, bool); 5] = [
        ("is missing", |path| fs::remove_file(path).unwrap(), true),
        ("has 3 bytes instead of 8", |path| fs::write(path, "abc").unwrap(), true),
        ("has 12 bytes instead of 8", |path| fs::write(path, "abcdefghijkl").unwrap(), true),
        ("is damaged", |path| fs::write(path, "ABCDEFGH").unwrap(), false),
        ("is damaged", |path| fs::write(path, "éééé").unwrap(), true),
    ];
    for (what, harm, seen_in_a_part) in harms {
        let folder = tempfile::tempdir().unwrap();
        write(&"abcdefgh".repeat(4), folder.path(), 8, false).unwrap();
        harm(&shard_files(folder.path())[2]);
        let store = open(folder.path()).unwrap();
        let check = |error: ShardError| {
            let text = error.to_string();
            assert!(text.contains("shards/1/00000002-") && text.contains(what), "{text}");
            assert!(error.hint().is_some());
        };
        check(store.slice(10..30).unwrap_err());
        check(store.find("absent", 1).unwrap_err());
        check(store.grep("absent", &GrepOptions::default(), &StopFlag::default()).unwrap_err());
        assert_eq!(store.slice(18..20).is_err(), seen_in_a_part, "{what}");
        assert_eq!(store.slice(1..12).unwrap(), "bcdefghabcd");
        let verified = store.verify().unwrap();
        assert_eq!(verified.flaws.iter().map(|flaw| flaw.shard).collect::<Vec<_>>(), [2]);
    }
}

#[test]
fn a_shard_that_changes_while_it_is_open_is_noticed() {
    let (folder, store) = store(&"abcdefgh".repeat(4), 8);
    assert_eq!(store.slice(1..3).unwrap(), "bc");
    let path = &shard_files(folder.path())[0];
    fs::write(path, "ABCDEFGH").unwrap();
    fs::File::open(path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    assert!(store.slice(1..3).unwrap_err().to_string().contains("was changed"));
}

#[test]
fn only_one_ingest_at_a_time_writes_to_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let place = location::make(folder.path().to_str().unwrap(), &StopFlag::default()).unwrap();
    let inventory = place.begin().unwrap();
    assert_eq!(write("text", folder.path(), 4, false).unwrap_err().kind(), "busy");
    drop(inventory);
    write("text", folder.path(), 4, false).unwrap();
}

#[test]
fn places_without_a_store_are_told_from_broken_ones() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |path: &Path| open(path).unwrap_err().kind();
    assert_eq!(kind(&folder.path().join("absent")), "noStore");
    assert_eq!(kind(folder.path()), "noStore");
    fs::write(folder.path().join("manifest.json"), "{\"format\": \"rlm-shards\", \"version\": 7}").unwrap();
    assert_eq!(kind(folder.path()), "badManifest");
    assert_eq!(write("text", folder.path(), 4, false).unwrap_err().kind(), "badManifest");
    fs::write(folder.path().join("manifest.json"), "{\"name\": \"an app\"}").unwrap();
    assert_eq!(kind(folder.path()), "otherFiles");
    for location in ["", "ftp://a/b", "s3://", "s3://user:secret@bucket/x", "s3://bucket/x?y=z"] {
        let error = ShardStore::open(location, 0).unwrap_err();
        assert_eq!(error.kind(), "badLocation", "{location}");
    }
}

#[test]
fn an_empty_text_is_a_text() {
    let (_folder, store) = store("", 4);
    assert_eq!((store.byte_len(), store.line_count(), store.shards()), (0, 0, 0));
    assert_eq!(store.slice(0..9).unwrap(), "");
    assert!(store.find("a", 9).unwrap().found.is_empty());
    assert!(store.grep("^", &GrepOptions::default(), &StopFlag::default()).unwrap().rows.is_empty());
    assert!(store.bytes(0..1).is_err());
}

#[test]
fn a_shard_that_is_too_small_for_a_character_hides_nothing() {
    let context = snapshot(&[("f0".to_owned(), "😀")]).context().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = IngestOptions { shard_size: Some(1), replace: false };
    ingest(IngestSource::Context(&context), folder.path().to_str().unwrap(), options, &StopFlag::default()).unwrap();
    let store = open(folder.path()).unwrap();
    for path in [None, Some("f0"), Some("f[02]")] {
        let options = GrepOptions { path, ..GrepOptions::default() };
        assert_eq!(store.grep("[^a]$", &options, &StopFlag::default()).unwrap().rows.len(), 1, "{path:?}");
    }
}
