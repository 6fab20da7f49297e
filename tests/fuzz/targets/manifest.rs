//! The manifest of a store that someone else has written, and reading from the store.

use rlm::corpus::{
    GrepOptions, StopFlag,
    shards::{Extent, ShardStore},
};
use serde_json::{Value, json};
use std::{fs, path::Path};
use xxhash_rust::xxh3::xxh3_128;

/// A text no longer than this is read as a whole.
const SHORT: usize = 64 << 10;

/// The first part of the input is the manifest, the second, if there is one, the text. It is cut into the shards that
/// the manifest names, and their right hashes and the right sums are put into the manifest: all else that it says may
/// be a lie.
pub fn manifest(input: &[u8]) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut parts = super::parts(input);
    let json = parts.next().unwrap_or_default();
    let with_shards = parts.next().and_then(|text| write_shards(folder.path(), json, text));
    let json = with_shards.unwrap_or_else(|| json.to_vec());
    let open = |json: &[u8]| {
        fs::write(folder.path().join("manifest.json"), json).expect("there is room for a file");
        ShardStore::open(folder.path().to_str().expect("the path is text"), 0)
    };
    let Ok(store) = open(&json) else { return };
    check_files(&store);
    check_reading(&store);
    let written = store.manifest_json();
    let again = open(&written).expect("what was written can be read");
    assert_eq!(again.manifest_json(), written);
    let said = |store: &ShardStore| (store.extent(), store.generation(), store.shard_size(), store.line_count());
    assert_eq!(said(&again), said(&store));
    assert_eq!((again.segments(), again.changed()), (store.segments(), store.changed()));
}

/// Writes the shards that a manifest names, as far as there is text for them, and returns the manifest with their
/// hashes and the sums of what it says of them.
fn write_shards(folder: &Path, json: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(json).ok()?;
    let folder = folder.join("shards").join(document.get("generation")?.as_u64()?.to_string());
    fs::create_dir_all(&folder).ok()?;
    let shards = document.get_mut("shards")?.as_array_mut()?;
    let mut rest = text;
    for (number, shard) in shards.iter_mut().enumerate() {
        let bytes = usize::try_from(shard.get("bytes")?.as_u64()?).ok()?;
        let (own, behind) = rest.split_at(bytes.min(rest.len()));
        rest = behind;
        let hash = format!("{:032x}", xxh3_128(own));
        fs::write(folder.join(format!("{number:08}-{hash}.txt")), own).ok()?;
        *shard.get_mut("hash")? = json!(hash);
    }
    let sum = |name| shards.iter().filter_map(|shard| shard.get(name)?.as_u64()).fold(0, u64::saturating_add);
    let (bytes, characters, line_feeds) = (sum("bytes"), sum("characters"), sum("lineFeeds"));
    *document.get_mut("bytes")? = json!(bytes);
    *document.get_mut("characters")? = json!(characters);
    *document.get_mut("lines")? = json!(line_feeds.max(bytes.min(1)));
    serde_json::to_vec(&document).ok()
}

/// What the manifest says of files fits together, and places in them are found.
fn check_files(store: &ShardStore) {
    let Extent { bytes, characters, line_feeds } = store.extent();
    assert!(line_feeds <= characters && characters <= bytes && bytes <= 4 * characters);
    assert!((line_feeds..=line_feeds + 1).contains(&store.line_count()));
    let mut end = 0;
    for segment in store.segments() {
        assert!(end <= segment.header.start && segment.header.start <= segment.header.end);
        assert!(segment.header.end <= segment.text.start && segment.text.start <= segment.text.end);
        end = segment.text.end;
        let path = segment.path.as_deref().unwrap_or_default();
        assert!(path.is_empty() || store.segment_of_path(path).is_ok_and(|found| found == segment));
        if let Ok(position) = store.position(segment.text.start) {
            assert!(position.is_some_and(|position| position.line >= 1));
        }
    }
    assert!(end <= bytes);
}

/// Whatever is asked for comes, or an error does.
fn check_reading(store: &ShardStore) {
    let Extent { bytes, characters, line_feeds } = store.extent();
    for part in [0, 1, 3, 7, 8] {
        // The end and the places around it are where one goes wrong.
        let (byte, char, line) = (bytes / 8 * part, characters / 8 * part, line_feeds / 8 * part);
        for byte in [byte, (byte + 1).min(bytes), bytes.saturating_sub(part)] {
            let _ = (store.position(byte), store.char_of_byte(byte), store.line_of_byte(byte));
            let _ = store.bytes(byte..(byte + 20).min(bytes));
        }
        let _ = (store.byte_of_char(char), store.byte_of_line(line), store.bytes_of_lines(line..line + 3));
        let _ = (store.slice(char..char + 20), store.slice(char + 1..char + 2));
    }
    let _ = store.text(bytes - (bytes / 8).min(SHORT)..bytes);
    if bytes > SHORT {
        return;
    }
    let found = store.find("a", 5).map(|result| result.found.len());
    let rows = store.grep("a|^$", &GrepOptions::default(), &StopFlag::default()).map(|result| result.rows.len());
    let flaws = store.verify().map(|verified| verified.flaws.len());
    // A part whose shards were read whole was counted and compared.
    let Ok(text) = store.text(0..bytes) else { return };
    assert!(found.is_ok_and(|found| found <= 5) && rows.is_ok() && flaws.is_ok_and(|flaws| flaws == 0));
    assert_eq!((text.chars().count(), text.matches('\n').count()), (characters, line_feeds));
    for (char, (byte, _)) in text.char_indices().enumerate().step_by(text.len() / 50 + 1) {
        assert_eq!(store.byte_of_char(char).ok(), Some(byte));
        assert_eq!(store.char_of_byte(byte).ok(), Some(char));
        assert_eq!(store.line_of_byte(byte).ok(), Some(text[..byte].matches('\n').count()));
    }
}
