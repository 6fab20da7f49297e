//! The manifest of a store: what it says, and what must hold for it to be believed.
//!
//! Numbers are kept in `usize`, so that on a machine where that is too small a store is refused rather than misread.

mod wire;

use super::super::{
    language::Language,
    segment::{Changed, Segment},
};
use crate::text::is_visible;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range};

/// The longest a shard may be. Whoever reads one whole keeps it in memory.
pub const LARGEST_SHARD: usize = 256 << 20;

/// The largest manifest that is read or written: room for some 600,000 shards and files. Whoever reads one has several times as
/// much in memory.
pub(super) const LARGEST_MANIFEST: usize = 64 << 20;

/// The last generation that there can be: JSON readers that know only floating point still read it right.
pub(super) const LAST_GENERATION: u64 = 1 << 53;

/// The longest path of a file that is believed.
const LONGEST_PATH: usize = 16 << 10;

/// A length in the units that people and programs count in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub bytes: usize,
    /// Unicode scalar values.
    pub characters: usize,
    pub line_feeds: usize,
}

impl Extent {
    /// What there is of a text behind its beginning `start`.
    pub(super) fn since(self, start: Self) -> Self {
        Self {
            bytes: self.bytes - start.bytes,
            characters: self.characters - start.characters,
            line_feeds: self.line_feeds - start.line_feeds,
        }
    }
}

/// The XXH3 hash of a shard, of 128 bits, in the canonical order of its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(pub u128);

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Counts the texts that were written to this place. Each has its own folder of shards.
    pub generation: u64,
    pub shard_size: usize,
    pub hashes: Vec<Hash>,
    /// The lengths of all before shard `n`; one more than there are shards.
    pub before: Vec<Extent>,
    /// Lines, where text behind the last line feed is one.
    pub lines: usize,
    pub segments: Vec<Segment>,
    /// For each segment the line feeds before its text.
    pub first_lines: Vec<usize>,
    /// For each segment the characters of its text.
    pub characters: Vec<usize>,
    pub changed: Vec<Changed>,
}

impl Manifest {
    pub fn shards(&self) -> usize {
        self.hashes.len()
    }

    pub fn total(&self) -> Extent {
        self.before.last().copied().unwrap_or_default()
    }

    /// The bytes of the whole text that lie in a shard.
    pub fn bytes_of(&self, shard: usize) -> Range<usize> {
        self.before[shard].bytes..self.before[shard + 1].bytes
    }

    /// How long a shard is.
    pub fn extent(&self, shard: usize) -> Extent {
        self.before[shard + 1].since(self.before[shard])
    }

    /// The shard in which `unit` of the text lies: the last one before which there are no more than that many. At the end
    /// of the text it is the last shard.
    pub fn shard_at(&self, offset: usize, unit: fn(&Extent) -> usize) -> usize {
        let following = self.before.partition_point(|extent| unit(extent) <= offset);
        following.saturating_sub(1).min(self.shards().saturating_sub(1))
    }

    /// Where the text of each file lies, in characters of the whole text. All that lies between files is ASCII but for the
    /// paths in header lines.
    pub fn file_characters(&self) -> impl Iterator<Item = Range<usize>> {
        let mut end = Extent::default();
        self.segments.iter().zip(&self.characters).map(move |(segment, &characters)| {
            let Segment { path, header, text, .. } = segment;
            let beyond_ascii = match header.is_empty() {
                true => 0,
                false => path.as_deref().map_or(0, |path| path.len() - path.chars().count()),
            };
            let start = end.characters + (text.start - end.bytes) - beyond_ascii;
            end = Extent { bytes: text.end, characters: start + characters, line_feeds: 0 };
            start..end.characters
        })
    }

    /// The name of a shard below the folder of shards. It is made of numbers and the hash, so that nothing that a
    /// manifest says can lead elsewhere, and two texts never mean the same name.
    pub fn name(&self, shard: usize) -> String {
        shard_name(self.generation, shard, self.hashes[shard])
    }

    /// Whether the other one describes the same text in the same shards.
    pub fn same_text(&self, other: &Self) -> bool {
        *self == Self { generation: self.generation, ..other.clone() }
    }

    pub fn to_json(&self) -> Vec<u8> {
        wire::write(self)
    }

    /// Reads a manifest. The error says what is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let manifest = wire::read(json)?;
        manifest.check_shards()?;
        manifest.check_files()?;
        Ok(manifest)
    }

    /// Shard `n` begins at the last border of a character at or before `n` times the size.
    fn check_shards(&self) -> Result<(), String> {
        if !(1..=LARGEST_SHARD).contains(&self.shard_size) {
            return Err(format!("shards of {} bytes", self.shard_size));
        }
        if !(1..=LAST_GENERATION).contains(&self.generation) {
            return Err(format!("there is no generation {}", self.generation));
        }
        let total = self.total();
        if self.shards() != total.bytes.div_ceil(self.shard_size) {
            return Err(format!("{} shards for {} bytes", self.shards(), total.bytes));
        }
        for shard in 0..self.shards() {
            let start = self.before[shard].bytes;
            let border = shard * self.shard_size;
            if start > border || border - start > 3 {
                return Err(format!("shard {shard} begins at byte {start}"));
            }
            let Extent { bytes, characters, line_feeds } = self.extent(shard);
            if characters > bytes || bytes > 4 * characters || line_feeds > characters {
                return Err(format!(
                    "shard {shard} of {bytes} bytes has {characters} characters, {line_feeds} line feeds"
                ));
            }
        }
        let lines = match total {
            Extent { bytes: 0, .. } => 0..=0,
            Extent { line_feeds: 0, .. } => 1..=1,
            Extent { line_feeds, .. } => line_feeds..=line_feeds + 1,
        };
        if !lines.contains(&self.lines) {
            return Err(format!("{} line feeds make {} lines", total.line_feeds, self.lines));
        }
        Ok(())
    }

    /// Files follow each other without a gap but for a line feed, in the order of their paths.
    fn check_files(&self) -> Result<(), String> {
        let total = self.total();
        let alone = self.segments.len() == 1;
        let mut end = 0;
        let mut line = 0;
        let mut last_path: Option<&str> = None;
        let places = self.segments.iter().zip(&self.first_lines).zip(&self.characters);
        for (at, ((segment, &first_line), &characters)) in places.enumerate() {
            let Segment { path, header, text, .. } = segment;
            let path = path.as_deref().unwrap_or_default();
            let wrong = |what: &str| Err(format!("file {at}: {what}"));
            if path.len() > LONGEST_PATH {
                return wrong("its path is too long");
            }
            if !is_visible(path) {
                return wrong("its path has characters that cannot be seen");
            }
            if last_path.is_some_and(|last| last >= path) {
                return wrong("its path is not in order");
            }
            let header_len = if alone && header.end == 0 { 0 } else { path.len() + "==>  <==\n".len() };
            let gap = usize::from(at > 0);
            let inside = text.end <= total.bytes && header.end == text.start && text.start <= text.end;
            if !inside
                || !(end..=end + gap).contains(&header.start)
                || header.end - header.start.min(header.end) != header_len
            {
                return wrong("it does not follow the one before it");
            }
            if first_line < line || first_line > total.line_feeds || first_line > text.start {
                return wrong("its first line is not in order");
            }
            if characters > text.len() || text.len() > 4 * characters {
                return Err(format!("file {at}: {characters} characters in {} bytes", text.len()));
            }
            (end, line, last_path) = (text.end, first_line, Some(path));
        }
        if self.segments.is_empty() || end > total.bytes || total.bytes - end > 1 {
            return Err(format!("its files end at byte {end} of {}", total.bytes));
        }
        let characters = self.file_characters().last().map_or(0, |chars| chars.end) + total.bytes - end;
        if characters != total.characters {
            return Err(format!("its files make {characters} characters of {}", total.characters));
        }
        let known = |path: &Option<String>| self.segments.binary_search_by(|segment| segment.path.cmp(path)).is_ok();
        match self.changed.iter().find(|changed| !known(&changed.path)) {
            Some(changed) => Err(format!("no file `{}` that was changed", changed.path.as_deref().unwrap_or_default())),
            None => Ok(()),
        }
    }
}

/// The segment of a file with its language, which follows from the path.
pub(super) fn segment(path: Option<String>, header: Range<usize>, text: Range<usize>) -> Segment {
    let language = path.as_deref().and_then(Language::of_path);
    Segment { path, header, text, language }
}

pub(super) fn shard_name(generation: u64, shard: usize, hash: Hash) -> String {
    format!("{generation}/{shard:08}-{hash}.txt")
}

/// The generation that a folder of shards is named by, if it is: spelled as [`shard_name`] spells it and no other way.
pub(super) fn generation(name: &str) -> Option<u64> {
    let generation: u64 = name.parse().ok()?;
    ((1..=LAST_GENERATION).contains(&generation) && generation.to_string() == name).then_some(generation)
}

/// Whether the last part of a name is one that [`shard_name`] makes.
pub(super) fn is_shard_file(name: &str) -> bool {
    let parts = name.strip_suffix(".txt").and_then(|name| name.split_once('-'));
    parts.is_some_and(|(number, hash)| {
        number.parse().is_ok_and(|it: usize| format!("{it:08}") == number) && Hash::parse(hash).is_some()
    })
}

/// The generation and the last part of a name that [`shard_name`] makes; nothing for any other.
pub(super) fn generation_and_file(name: &str) -> Option<(u64, &str)> {
    let (folder, file) = name.split_once('/')?;
    Some((generation(folder)?, file)).filter(|_| is_shard_file(file))
}

/// Whether a text is the manifest of a store, be it damaged or of another version, and not something of somebody else's.
pub(super) fn is_of_a_store(json: &[u8]) -> bool {
    is_announced(json) || wire::is_of_a_store(json)
}

/// Whether a text is JSON of whatever kind.
pub(super) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether a text begins as manifests do, which say first what they are.
pub(super) fn is_announced(head: &[u8]) -> bool {
    let mut written = head.iter().filter(|byte| !byte.is_ascii_whitespace());
    wire::BEGINNING.iter().all(|byte| written.next() == Some(byte))
}

impl Hash {
    /// Reads what [`Display`](fmt::Display) writes.
    fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hash({self})")
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a hash has 32 digits, 0 to 9 and a to f"))
    }
}

#[cfg(test)]
mod tests;
