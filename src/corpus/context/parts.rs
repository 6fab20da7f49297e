//! Long texts in parts that can be looked at one after the other.

use super::ContextText;
use crate::corpus::{error::Error, segment::Segment};
use std::ops::Range;

/// A lone text of up to so many bytes is ranked as one file; a longer one in parts; and what is longer still takes more
/// memory and time to index than a question is worth.
const RANKED_WHOLE: usize = 16 << 20;
const RANKED_MOST: usize = 2 << 30;

/// About how many bytes of a long text are looked at as one.
const PART: usize = 4 << 20;

impl ContextText {
    /// What is ranked as if it were a file: the files, or the parts of a lone text that is long.
    pub(in crate::corpus) fn ranked(&self) -> Result<&[Segment], Error> {
        match self.segments.as_slice() {
            [_] if self.byte_len() > RANKED_MOST => Err(Error::TooLongToRank { bytes: self.byte_len() }),
            _ if self.in_memory().is_none() && self.byte_len() > RANKED_MOST => {
                Err(Error::TooLongToRank { bytes: self.byte_len() })
            }
            [lone] if lone.text.len() > RANKED_WHOLE => self.parts(),
            segments => Ok(segments),
        }
    }

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
