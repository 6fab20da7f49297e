//! Long texts in parts that can be looked at one after the other.

use super::ContextText;
use crate::corpus::{error::Error, segment::Segment};
use std::ops::Range;

/// About how many bytes of a long text are looked at as one.
const PART: usize = 4 << 20;

impl ContextText {
    /// The text in parts of some megabytes that end with lines, if that is possible: whole files, with the header of each, and
    /// parts of large ones, of which the first has it.
    pub(in crate::corpus) fn parts(&self) -> Result<&[Segment], Error> {
        let parts = self.parts.get_or_init(|| -> Result<Vec<Segment>, Error> {
            let mut parts = Vec::new();
            for segment in &self.segments {
                let Range { mut start, end: last } = segment.text;
                let mut header = segment.header.clone();
                loop {
                    let end = if last - start > PART { self.part_end(start + PART)?.min(last) } else { last };
                    parts.push(Segment { header, text: start..end, ..segment.clone() });
                    if end == last {
                        break;
                    }
                    (start, header) = (end, end..end);
                }
            }
            Ok(parts)
        });
        parts.as_deref().map_err(Clone::clone)
    }

    /// Where a part may end that goes on beyond `byte`: after the line, unless that is very long.
    fn part_end(&self, byte: usize) -> Result<usize, Error> {
        let end = self.next_line(byte)?;
        if end - byte <= PART { Ok(end) } else { self.floor_char(byte) }
    }
}
