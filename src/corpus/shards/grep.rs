//! Searching a store by pattern, line by line, with the engine and the results of a search in memory.
//!
//! Each shard is searched by itself, without the lines at its two ends; those are put together with their neighbours', which
//! may go on for many shards, and searched in the order of the text.

use super::{
    super::{
        error::{GrepError, LookupError},
        grep::{GrepOptions, GrepResult, GrepRow, LineSearch, Pattern, Shown},
        path_lookup::PathFilter,
        segment::Segment,
        stop::StopFlag,
    },
    ShardError,
    count::line_feeds,
    scan,
    store::ShardStore,
};
use std::ops::ControlFlow;

/// The longest line that is put together from several shards.
const LONGEST_LINE: usize = 64 << 20;

impl ShardStore {
    /// Finds the lines that match the regular expression `pattern`, as [`grep`](super::super::grep()) does in memory.
    pub fn grep(&self, pattern: &str, options: &GrepOptions<'_>, stop: &StopFlag) -> Result<GrepResult, ShardError> {
        let pattern = Pattern::of_lines(pattern, options.ignore_case)?;
        let filter = options.path.map(|path| self.filter(path)).transpose()?;
        // One more than wanted tells whether there are more.
        let limit = options.max_results.saturating_add(1);
        let search = Search { store: self, pattern: &pattern, filter: filter.as_ref(), limit, stop };
        let mut rows = search.run()?;
        let more = rows.len() > options.max_results;
        rows.truncate(options.max_results);
        Ok(GrepResult { rows, more })
    }

    fn filter(&self, path: &str) -> Result<PathFilter, GrepError> {
        PathFilter::new(self.segments(), path).map_err(|error| match error {
            LookupError::Path(error) => GrepError::Path(error),
            LookupError::Text(error) => GrepError::Text(error),
        })
    }
}

struct Search<'a> {
    store: &'a ShardStore,
    pattern: &'a Pattern,
    filter: Option<&'a PathFilter>,
    limit: usize,
    stop: &'a StopFlag,
}

/// What was found in a shard, and the lines at its ends, of which there may be more elsewhere.
#[derive(Default)]
struct Piece {
    rows: Vec<GrepRow>,
    /// Up to and with the first line feed, or everything if there is none.
    head: Vec<u8>,
    /// What follows the last line feed.
    tail: Vec<u8>,
    line_feeds: usize,
}

/// The line that is being put together.
struct Open {
    bytes: Vec<u8>,
    /// Where it begins.
    start: usize,
    /// Whether its beginning is known; that of a shard that nobody wants is not.
    known: bool,
    /// The shard that is to come next.
    next: usize,
}

impl Search<'_> {
    fn run(&self) -> Result<Vec<GrepRow>, ShardError> {
        let shards = self.wanted_shards();
        let mut rows = Vec::new();
        let mut open = Open { bytes: Vec::new(), start: 0, known: true, next: 0 };
        let work = |shard, room: &mut Vec<u8>| self.search_shard(shard, room);
        scan::in_order(self.store, &shards, work, |shard, piece| {
            self.join(&mut open, shard, piece, &mut rows)?;
            Ok(if rows.len() >= self.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.close(&mut open, &mut rows)?;
        rows.truncate(self.limit);
        Ok(rows)
    }

    /// The shards in which wanted files lie, with their header lines.
    fn wanted_shards(&self) -> Vec<usize> {
        let Some(filter) = self.filter else { return (0..self.store.shards()).collect() };
        let mut shards: Vec<usize> = Vec::new();
        let wanted = self.store.segments().iter().filter(|segment| filter.accepts(segment));
        for Segment { header, text, .. } in wanted {
            let shard_of = |byte| self.store.manifest().shard_at(byte, |extent| extent.bytes);
            let first = shard_of(header.start).max(shards.last().map_or(0, |last| last + 1));
            shards.extend(first..=shard_of(text.end.saturating_sub(1).max(header.start)));
        }
        shards.retain(|&shard| shard < self.store.shards());
        shards
    }

    fn search_shard(&self, shard: usize, room: &mut Vec<u8>) -> Result<Piece, ShardError> {
        self.stop.check()?;
        room.clear();
        // Pieces do not overlap here, so that together they are the shard.
        let mut text = Vec::with_capacity(self.store.manifest().extent(shard).bytes);
        self.store.scan(shard, 0, room, &mut |_, bytes| text.extend_from_slice(bytes))?;
        let Some(first) = memchr::memchr(b'\n', &text) else { return Ok(Piece { head: text, ..Piece::default() }) };
        let last = memchr::memrchr(b'\n', &text).unwrap_or(first);
        let before = self.store.manifest().before[shard];
        let mut rows = Rows {
            search: self,
            start: before.bytes + first + 1,
            bytes: &text[first + 1..=last.max(first)],
            line: before.line_feeds + 1,
            counted: 0,
            rows: Vec::new(),
        };
        rows.search()?;
        let rows = rows.rows;
        let line_feeds = self.store.manifest().extent(shard).line_feeds;
        Ok(Piece { rows, head: text[..=first].to_vec(), tail: text[last + 1..].to_vec(), line_feeds })
    }

    /// Adds what was found in a shard, after the line that goes on in it.
    fn join(&self, open: &mut Open, shard: usize, piece: Piece, rows: &mut Vec<GrepRow>) -> Result<(), ShardError> {
        let range = self.store.manifest().bytes_of(shard);
        // Shards without any bytes may lie in between.
        if range.start != self.store.manifest().bytes_of(open.next).start {
            // What lies in between is in no wanted file, so the line was over, and the one that ends here is not wanted.
            self.close(open, rows)?;
            *open = Open { bytes: Vec::new(), start: range.start, known: false, next: shard };
        }
        open.next = shard + 1;
        if open.known {
            if open.bytes.len() + piece.head.len() > LONGEST_LINE {
                let line = self.store.line_of_byte(open.start)? + 1;
                return Err(ShardError::LongLine { line, limit: LONGEST_LINE });
            }
            open.bytes.extend_from_slice(&piece.head);
        }
        if piece.line_feeds > 0 {
            self.close(open, rows)?;
            rows.extend(piece.rows);
            *open = Open { start: range.end - piece.tail.len(), bytes: piece.tail, known: true, next: open.next };
        }
        Ok(())
    }

    /// Searches the line that was put together. If it lies across a border its number is still known without a request:
    /// it is the last line of the shard that it begins in.
    fn close(&self, open: &mut Open, rows: &mut Vec<GrepRow>) -> Result<(), ShardError> {
        let bytes = std::mem::take(&mut open.bytes);
        if !open.known || bytes.is_empty() {
            return Ok(());
        }
        let shard = self.store.manifest().shard_at(open.start, |extent| extent.bytes);
        let line = match open.start == self.store.manifest().bytes_of(shard).start {
            true => self.store.manifest().before[shard].line_feeds,
            false => self.store.manifest().before[shard + 1].line_feeds,
        };
        let mut found = Rows { search: self, start: open.start, bytes: &bytes, line, counted: 0, rows: Vec::new() };
        found.search()?;
        rows.append(&mut found.rows);
        Ok(())
    }

    /// The row of the line that begins at byte `offset` and is line `line` of the whole text, unless it is a header line or
    /// not wanted.
    fn row(&self, offset: usize, line: usize, shown: &Shown<'_>) -> Option<GrepRow> {
        let number = self.store.segment_at(offset)?;
        let segment = &self.store.segments()[number];
        if !segment.text.contains(&offset) || self.filter.is_some_and(|filter| !filter.accepts(segment)) {
            return None;
        }
        let line = self.store.line_within(number, line) + 1;
        Some(GrepRow { path: segment.path.clone(), line, text: shown.text() })
    }
}

/// Collects the rows of a part of the text.
struct Rows<'a> {
    search: &'a Search<'a>,
    /// Where the part begins.
    start: usize,
    bytes: &'a [u8],
    /// The line of the whole text that `counted` lies in.
    line: usize,
    counted: usize,
    rows: Vec<GrepRow>,
}

impl Rows<'_> {
    fn search(&mut self) -> Result<(), ShardError> {
        let (bytes, search) = (self.bytes, self.search);
        let mut lines = LineSearch::new(search.pattern);
        let searched = lines.search_block(bytes, 0, search.stop, &mut |at, shown| {
            self.line += line_feeds(&bytes[self.counted..at]);
            self.counted = at;
            self.rows.extend(search.row(self.start + at, self.line, shown));
            if self.rows.len() < search.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        Ok(searched.map(drop)?)
    }
}
