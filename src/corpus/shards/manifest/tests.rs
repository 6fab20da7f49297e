//! Manifests that are believed, and such that are not.

use super::{super::count::count, *};
use crate::corpus::decode::Changes;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A manifest of two files in shards of 8 bytes.
fn sample() -> Manifest {
    let text = "==> a <==\né\n==> b.rs <==\nfn main() {}\n";
    let (mut before, mut hashes, mut start) = (vec![Extent::default()], Vec::new(), 0);
    while start < text.len() {
        let end = text.floor_char_boundary((hashes.len() + 1) * 8);
        let (extent, hash) = count(&text.as_bytes()[start..end]);
        let last = before[before.len() - 1];
        before.push(Extent {
            bytes: last.bytes + extent.bytes,
            characters: last.characters + extent.characters,
            line_feeds: last.line_feeds + extent.line_feeds,
        });
        hashes.push(hash);
        start = end;
    }
    let changes = Changes { had_mark: true, ..Changes::default() };
    Manifest {
        generation: 3,
        shard_size: 8,
        hashes,
        before,
        lines: 4,
        segments: vec![segment(Some("a".into()), 0..10, 10..13), segment(Some("b.rs".into()), 13..26, 26..39)],
        first_lines: vec![1, 3],
        characters: vec![2, 13],
        changed: vec![Changed { path: Some("a".into()), changes }],
    }
}

#[test]
fn what_is_written_is_read() {
    let manifest = sample();
    let read = Manifest::parse(&manifest.to_json()).unwrap();
    assert_eq!(read, manifest);
    assert_eq!(read.segments[1].language.map(|language| language.name), Some("rust"));
    assert_eq!(read.total(), Extent { bytes: 39, characters: 38, line_feeds: 4 });
    assert!(read.name(4).starts_with("3/00000004-") && read.name(4).ends_with(".txt"));
}

#[test]
fn offsets_lead_to_shards() {
    let manifest = sample();
    let shard = |byte| manifest.shard_at(byte, |extent| extent.bytes);
    assert_eq!([0, 7, 8, 38, 39, 99].map(shard), [0, 0, 1, 4, 4, 4]);
    assert_eq!(manifest.shard_at(11, |extent| extent.characters), 1);
}

/// What is said of a manifest with one value replaced.
fn check(pointer: &str, value: Value, expected: &Expect) {
    let mut document: Value = serde_json::from_slice(&sample().to_json()).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    expected.assert_eq(&Manifest::parse(document.to_string().as_bytes()).unwrap_err());
}

#[test]
fn what_cannot_be_is_refused() {
    check("/format", json!("zip"), &expect!["it is no manifest of shards"]);
    check("/version", json!(1), &expect!["it is of version 1, and this program reads version 2"]);
    check("/generation", json!(0), &expect!["there is no generation 0"]);
    check("/shardSize", json!(0), &expect!["shards of 0 bytes"]);
    check("/shardSize", json!(1_u64 << 40), &expect!["shards of 1099511627776 bytes"]);
    check("/shardSize", json!(16), &expect!["5 shards for 39 bytes"]);
    check("/bytes", json!(40), &expect!["it says 40 bytes and 38 characters, but its shards have 39 and 38"]);
    check("/lines", json!(9), &expect!["4 line feeds make 9 lines"]);
    check("/shards/0/lineFeeds", json!(9), &expect!["shard 0 of 8 bytes has 8 characters, 9 line feeds"]);
    check("/shards/1/bytes", json!(u64::MAX), &expect!["shard 1 is too large"]);
    check("/files", json!([]), &expect!["its files end at byte 0 of 39"]);
    check("/files/1/path", json!("a"), &expect!["file 1: its path is not in order"]);
    check("/files/1/text/1", json!(u64::MAX), &expect!["file 1: it does not follow the one before it"]);
    check("/files/1/header/0", json!(5), &expect!["file 1: it does not follow the one before it"]);
    check("/files/1/lineFeedsBefore", json!(0), &expect!["file 1: its first line is not in order"]);
    check("/files/1/characters", json!(2), &expect!["file 1: 2 characters in 13 bytes"]);
    check("/files/1/characters", json!(12), &expect!["its files make 37 characters of 38"]);
    check("/changed/0/path", json!("../x"), &expect!["no file `../x` that was changed"]);
    for wrong in ["", "{}", "[]", "null", "\u{feff}{}", "{\"format\":\"rlm-shards\",\"version\":2}"] {
        assert!(Manifest::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
    let hash = |hash: &str| {
        let mut document: Value = serde_json::from_slice(&sample().to_json()).unwrap();
        document["shards"][0]["hash"] = json!(hash);
        Manifest::parse(document.to_string().as_bytes())
    };
    for wrong in ["", "../../../../../../etc/passwd00000", "+0000000000000000000000000000000", "é"] {
        assert!(hash(wrong).is_err(), "{wrong}");
    }
}

/// All places of numbers in a document.
fn numbers(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(pointer),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| numbers(item, format!("{pointer}/{at}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| numbers(member, format!("{pointer}/{name}"), found));
        }
        _ => {}
    }
}

/// Whether what is believed can be used without going wrong.
fn use_it(manifest: &Manifest) {
    let total = manifest.total();
    for byte in [0, total.bytes / 2, total.bytes] {
        let shard = manifest.shard_at(byte, |extent| extent.bytes);
        assert!(manifest.bytes_of(shard).start <= byte);
        assert!(!manifest.name(shard).contains(".."));
    }
    assert!(manifest.segments.iter().all(|segment| segment.text.end <= total.bytes));
}

proptest! {
    #[test]
    fn a_number_that_was_changed_never_goes_wrong(
        place in any::<prop::sample::Index>(),
        number in prop_oneof![0_u64..50, any::<u64>(), Just(u64::MAX), Just(usize::MAX as u64 / 8)],
    ) {
        let mut document: Value = serde_json::from_slice(&sample().to_json()).unwrap();
        let mut places = Vec::new();
        numbers(&document, String::new(), &mut places);
        *document.pointer_mut(&places[place.index(places.len())]).unwrap() = json!(number);
        if let Ok(manifest) = Manifest::parse(document.to_string().as_bytes()) {
            use_it(&manifest);
        }
    }

    #[test]
    fn a_byte_that_was_changed_never_goes_wrong(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut json = sample().to_json();
        let place = place.index(json.len());
        json[place] = byte;
        if cut {
            json.truncate(place);
        }
        if let Ok(manifest) = Manifest::parse(&json) {
            use_it(&manifest);
        }
    }
}
