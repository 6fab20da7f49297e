//! The JSON of a manifest, as `docs/shards.md` describes it.

use super::{
    super::super::{decode::Changes, segment::Changed},
    Extent, Hash, Manifest, segment,
};
use serde::{Deserialize, Serialize};

/// What a manifest says it is.
const FORMAT: &str = "rlm-shards";

/// How a manifest begins, without white space.
pub(super) const BEGINNING: &[u8] = br#"{"format":"rlm-shards""#;

/// The version of the format that is written, and the only one that is read.
const VERSION: u64 = 2;

/// As much as every version has.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    format: String,
    version: u64,
    generation: u64,
    shard_size: usize,
    bytes: usize,
    characters: usize,
    lines: usize,
    files: Vec<File>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changed: Vec<ChangedFile>,
    shards: Vec<Shard>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shard {
    bytes: usize,
    characters: usize,
    line_feeds: usize,
    hash: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    path: Option<String>,
    header: (usize, usize),
    text: (usize, usize),
    line_feeds_before: usize,
    characters: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangedFile {
    path: Option<String>,
    #[serde(default)]
    was_utf16: bool,
    #[serde(default)]
    had_mark: bool,
    #[serde(default)]
    replaced: usize,
}

pub(super) fn write(manifest: &Manifest) -> Vec<u8> {
    let total = manifest.total();
    let counts = manifest.first_lines.iter().zip(&manifest.characters);
    let files = manifest.segments.iter().zip(counts).map(|(segment, (&line_feeds_before, &characters))| File {
        path: segment.path.clone(),
        header: (segment.header.start, segment.header.end),
        text: (segment.text.start, segment.text.end),
        line_feeds_before,
        characters,
    });
    let changed = manifest.changed.iter().map(|Changed { path, changes }| ChangedFile {
        path: path.clone(),
        was_utf16: changes.was_utf16,
        had_mark: changes.had_mark,
        replaced: changes.replaced,
    });
    let shards = (0..manifest.shards()).map(|shard| {
        let Extent { bytes, characters, line_feeds } = manifest.extent(shard);
        Shard { bytes, characters, line_feeds, hash: manifest.hashes[shard] }
    });
    let document = Document {
        format: FORMAT.to_owned(),
        version: VERSION,
        generation: manifest.generation,
        shard_size: manifest.shard_size,
        bytes: total.bytes,
        characters: total.characters,
        lines: manifest.lines,
        files: files.collect(),
        changed: changed.collect(),
        shards: shards.collect(),
    };
    serde_json::to_vec(&document).expect("numbers and texts are JSON")
}

/// Whether this is a document that says that it is a manifest of shards.
pub(super) fn is_of_a_store(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    serde_json::from_slice(json).is_ok_and(|it: Format| it.format == FORMAT)
}

/// Reads the document, and adds up what it says of its shards.
pub(super) fn read(json: &[u8]) -> Result<Manifest, String> {
    if json.trim_ascii().is_empty() {
        return Err("it is empty".to_owned());
    }
    let no_manifest = |error: serde_json::Error| format!("it is no manifest of shards ({error})");
    let head: Head = serde_json::from_slice(json).map_err(no_manifest)?;
    if head.format != FORMAT {
        return Err("it is no manifest of shards".to_owned());
    }
    if head.version != VERSION {
        return Err(format!("it is of version {}, and this program reads version {VERSION}", head.version));
    }
    let document: Document = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let mut before = Vec::with_capacity(document.shards.len() + 1);
    let mut total = Extent::default();
    before.push(total);
    for (number, shard) in document.shards.iter().enumerate() {
        let too_large = || format!("shard {number} is too large");
        total = Extent {
            bytes: total.bytes.checked_add(shard.bytes).ok_or_else(too_large)?,
            characters: total.characters.checked_add(shard.characters).ok_or_else(too_large)?,
            line_feeds: total.line_feeds.checked_add(shard.line_feeds).ok_or_else(too_large)?,
        };
        before.push(total);
    }
    if (total.bytes, total.characters) != (document.bytes, document.characters) {
        let (bytes, characters) = (document.bytes, document.characters);
        let Extent { bytes: in_shards, characters: characters_in_shards, .. } = total;
        return Err(format!(
            "it says {bytes} bytes and {characters} characters, but its shards have {in_shards} and {characters_in_shards}"
        ));
    }
    if document.bytes > usize::MAX / 8 {
        return Err(format!("it says {} bytes", document.bytes));
    }
    let mut segments = Vec::with_capacity(document.files.len());
    let mut first_lines = Vec::with_capacity(document.files.len());
    let mut characters = Vec::with_capacity(document.files.len());
    for file in document.files {
        segments.push(segment(file.path, file.header.0..file.header.1, file.text.0..file.text.1));
        first_lines.push(file.line_feeds_before);
        characters.push(file.characters);
    }
    let changed = document.changed.into_iter().map(|ChangedFile { path, was_utf16, had_mark, replaced }| Changed {
        path,
        changes: Changes { was_utf16, had_mark, replaced },
    });
    Ok(Manifest {
        generation: document.generation,
        shard_size: document.shard_size,
        hashes: document.shards.iter().map(|shard| shard.hash).collect(),
        before,
        lines: document.lines,
        segments,
        first_lines,
        characters,
        changed: changed.collect(),
    })
}
