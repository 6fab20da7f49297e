//! Reading one source piece by piece, and writing it.

use crate::corpus::{
    decode::Changes,
    exclusion::Flaw,
    source::{Begun, Reading},
    stop::StopFlag,
    storage::Draft,
};
use std::io;

/// How many bytes of a large file are read at once.
const PIECE: usize = 4 << 20;

/// Writes pieces one after the other.
pub(super) struct Sink<'a> {
    draft: &'a Draft,
    stop: &'a StopFlag,
    /// Where the next piece goes.
    pub offset: u64,
    /// Whether what was written ends with a line feed, or is nothing.
    pub ends_line: bool,
    failure: Option<io::Error>,
}

/// How a source came to its end.
pub(super) struct Streamed {
    pub reading: Reading,
    pub changes: Changes,
    /// Why what was read may not be all there is.
    pub flaw: Option<Flaw>,
}

impl<'a> Sink<'a> {
    pub fn new(draft: &'a Draft, stop: &'a StopFlag, offset: u64) -> Self {
        Self { draft, stop, offset, ends_line: true, failure: None }
    }

    pub fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.draft.write(self.offset, text).err();
        }
        self.offset += text.len() as u64;
        self.ends_line = if text.is_empty() { self.ends_line } else { text.ends_with('\n') };
    }

    pub fn stream(&mut self, begun: Begun) -> Streamed {
        stream(begun, self.stop, |text| self.write(text))
    }

    /// Where the last piece ended, and whether all could be written.
    pub fn finish(self) -> (u64, io::Result<()>) {
        (self.offset, self.failure.map_or(Ok(()), Err))
    }
}

/// Reads a source piece by piece, to its end or until it is stopped.
pub(super) fn stream(begun: Begun, stop: &StopFlag, mut take: impl FnMut(&str)) -> Streamed {
    let Begun { head: mut piece, mut rest, mut decoder } = begun;
    let mut changes = Changes::default();
    let mut broken = None;
    while !piece.is_empty() && !stop.is_raised() {
        let (text, more) = decoder.decode(&piece);
        changes += more;
        take(&text);
        drop(text);
        piece.clear();
        if let Err(error) = rest.read_piece(&mut piece, PIECE) {
            broken = Some(Flaw::Broken { read: rest.read(), error: error.to_string() });
            break;
        }
    }
    let (tail, more) = decoder.finish();
    changes += more;
    take(tail);
    Streamed { reading: rest.reading(), changes, flaw: broken.or_else(|| rest.flaw()) }
}
