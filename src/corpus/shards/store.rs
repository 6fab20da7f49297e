//! Reading a store: any part of the text, by bytes, characters or lines.
//!
//! Everything about lengths is known from the manifest. A part of the text is fetched with at most one request for each
//! shard that it touches, and those requests go out together. What is fetched:
//!
//! - of a folder, the bytes that are wanted and no more, since the system keeps what was read in memory and reads
//!   ahead;
//! - of an object store, a part of a shard when it is looked into for the first time, and the whole shard from then on,
//!   or if half of it is wanted, or if what is wanted begins where the last read ended. In that last case the next
//!   shard is sent for as well before anyone asks.
//!
//! To find a character inside a shard that is not ASCII the whole shard is needed. Shards that were fetched whole are
//! kept, within bounds, with an index of their characters and lines.

mod fetch;
mod units;

use super::{
    super::{
        context::Position,
        path_lookup,
        segment::{Changed, Segment},
        stop::StopFlag,
    },
    ShardError,
    cache::Cache,
    location::{self, NamedStore},
    manifest::{Extent, Manifest},
    place::Place,
};
use std::{
    collections::HashSet,
    io::{self, Write},
    ops::Range,
    sync::{Arc, Mutex, atomic::AtomicUsize},
};

/// The default for the bytes of shards that are kept in memory.
pub const DEFAULT_CACHE: usize = 128 << 20;

/// Bytes of a long part that are fetched before they are written out.
const WINDOW: usize = 32 << 20;

/// A store that is whole. Any number of threads may read from it at once. Offsets are bytes of the whole text unless a
/// name says otherwise.
#[derive(Debug)]
pub struct ShardStore {
    place: Place,
    manifest: Arc<Manifest>,
    cache: Arc<Cache>,
    /// Where the last read ended.
    last_end: AtomicUsize,
    /// Shards of an object store that were looked into.
    looked_into: Mutex<HashSet<usize>>,
}

impl ShardStore {
    /// Reads the manifest of the store at `location`, and nothing else. About `cache` bytes of shards are kept in
    /// memory, but at least four shards.
    pub fn open(location: &str, cache: usize) -> Result<Self, ShardError> {
        Self::of(location::open(location, &StopFlag::default())?, cache)
    }

    /// As [`Self::open`]. When the flag is raised, what is under way is given up.
    pub fn open_named(store: NamedStore, cache: usize, stop: &StopFlag) -> Result<Self, ShardError> {
        Self::of(store.place(stop)?, cache)
    }

    fn of(place: Place, cache: usize) -> Result<Self, ShardError> {
        let manifest = Arc::new(place.manifest()?);
        let (last_end, looked_into) = (AtomicUsize::new(usize::MAX), Mutex::default());
        let cache = Cache::new(cache.max(4 * manifest.shard_size));
        Ok(Self { place, manifest, cache, last_end, looked_into })
    }

    /// As people name it.
    pub fn location(&self) -> &str {
        self.place.shown()
    }

    /// The manifest as this program writes it.
    pub fn manifest_json(&self) -> Vec<u8> {
        self.manifest.to_json()
    }

    /// How long the text is.
    pub fn extent(&self) -> Extent {
        self.manifest.total()
    }

    pub fn byte_len(&self) -> usize {
        self.extent().bytes
    }

    pub fn char_len(&self) -> usize {
        self.extent().characters
    }

    /// Lines of the whole text, header lines included.
    pub fn line_count(&self) -> usize {
        self.manifest.lines
    }

    pub fn is_ascii(&self) -> bool {
        self.byte_len() == self.char_len()
    }

    pub fn shards(&self) -> usize {
        self.manifest.shards()
    }

    /// In bytes.
    pub fn shard_size(&self) -> usize {
        self.manifest.shard_size
    }

    /// How many texts were written to this place.
    pub fn generation(&self) -> u64 {
        self.manifest.generation
    }

    /// Files in the order of the text, as those of a context in memory.
    pub fn segments(&self) -> &[Segment] {
        &self.manifest.segments
    }

    /// Files whose text is not exactly their bytes.
    pub fn changed(&self) -> &[Changed] {
        &self.manifest.changed
    }

    /// The file of this path, which may be cut at its beginning if only one file ends with it.
    pub fn segment_of_path(&self, path: &str) -> Result<&Segment, super::super::PathError> {
        path_lookup::segment_of_path(self.segments(), path)
    }

    /// A part of the text. It may begin and end inside of characters.
    pub fn bytes(&self, range: Range<usize>) -> Result<Vec<u8>, ShardError> {
        self.check_range(&range)?;
        self.fetch_range(range)
    }

    /// A part of the text between two borders of characters.
    pub fn text(&self, range: Range<usize>) -> Result<String, ShardError> {
        let Range { start, end } = range;
        String::from_utf8(self.bytes(range)?).map_err(|_| ShardError::InsideCharacter { start, end })
    }

    /// Writes a part of the text of any length, with a bounded part of it in memory.
    pub fn write_to(&self, range: Range<usize>, output: &mut dyn Write) -> Result<io::Result<()>, ShardError> {
        self.check_range(&range)?;
        let mut start = range.start;
        while start < range.end {
            // Windows end with shards, so that no shard is fetched twice.
            let shard = self.manifest.shard_at(start.saturating_add(WINDOW).min(range.end - 1), |extent| extent.bytes);
            let end = self.manifest.bytes_of(shard).end.min(range.end);
            if let Err(error) = output.write_all(&self.fetch_range(start..end)?) {
                return Ok(Err(error));
            }
            start = end;
        }
        Ok(Ok(()))
    }

    /// The file and line that `byte` lies in, of a header line the first line of its file. Reads the shard that `byte`
    /// lies in.
    pub fn position(&self, byte: usize) -> Result<Option<Position<'_>>, ShardError> {
        let Some(number) = self.segment_at(byte) else { return Ok(None) };
        let segment = &self.manifest.segments[number];
        // The line feed that ends a file's last line is not part of the file, but still that line.
        let inside = byte.clamp(segment.text.start, segment.text.end);
        // A file that begins here needs no look into it.
        let line = if inside == segment.text.start { 0 } else { self.line_within(number, self.line_of_byte(inside)?) };
        Ok(Some(Position { path: segment.path.as_deref(), line: line + 1 }))
    }

    /// The line within file `number` of a line of the whole text, both counted from 0.
    pub(super) fn line_within(&self, number: usize, line: usize) -> usize {
        line.saturating_sub(self.manifest.first_lines[number])
    }

    /// The number of the segment that `byte` lies in; at the very end of the text, the last one.
    pub(super) fn segment_at(&self, byte: usize) -> Option<usize> {
        if byte > self.byte_len() {
            return None;
        }
        self.manifest.segments.partition_point(|segment| segment.header.start <= byte).checked_sub(1)
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    fn check_range(&self, range: &Range<usize>) -> Result<(), ShardError> {
        let Range { start, end } = *range;
        if start > end || end > self.byte_len() {
            return Err(ShardError::OutOfRange { start, end, len: self.byte_len() });
        }
        Ok(())
    }
}
