//! Cutting a text into pieces that a model can read one at a time.
//!
//! A piece ends where a person would put it down: before a file, else before a definition (the outermost within reach),
//! else at an empty line, a line, or at last a character. In reach is the second half of a piece.

use super::{
    context::ContextText,
    structure::{Lines, definitions},
};
use memchr::memmem;
use std::ops::Range;

/// Larger files are cut at lines without a look at their structure.
const LARGEST_STRUCTURED: usize = 64 << 20;

/// Why there are no chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    #[error("the size of a chunk must be at least 1 character")]
    NoSize,
    #[error("the overlap ({overlap} characters) must be smaller than the size of a chunk ({size})")]
    OverlapTooLarge { size: usize, overlap: usize },
}

/// The bytes of chunks of at most `size` characters, in order. They cover the whole text. Each begins where the one
/// before it ends, or up to `overlap` characters earlier: at a line if one begins there.
pub fn chunk(context: &ContextText, size: usize, overlap: usize) -> Result<Vec<Range<usize>>, ChunkError> {
    if size == 0 {
        return Err(ChunkError::NoSize);
    }
    if overlap >= size {
        return Err(ChunkError::OverlapTooLarge { size, overlap });
    }
    let mut cutter = Cutter { context, structure: None };
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < context.byte_len() {
        let end = cutter.end(start, size, overlap);
        chunks.push(start..end);
        start = if end == context.byte_len() { end } else { cutter.start(end, overlap) };
    }
    Ok(chunks)
}

struct Cutter<'a> {
    context: &'a ContextText,
    /// The segment that was looked at last, by its number, and where its definitions begin, with their depths.
    structure: Option<(usize, Vec<(usize, usize)>)>,
}

impl Cutter<'_> {
    /// Where the chunk that begins at `start` ends.
    fn end(&mut self, start: usize, size: usize, overlap: usize) -> usize {
        let (bytes, chars) = (self.context.as_bytes(), self.context.chars());
        let first = chars.char_of_byte(bytes, start);
        let limit = chars.byte_of_char(bytes, first.saturating_add(size));
        if limit >= bytes.len() {
            return bytes.len();
        }
        // The next chunk begins up to `overlap` before the end of this one and must get on.
        let least = chars.byte_of_char(bytes, first + (size / 2).max(overlap + 1));
        let reach = least..limit + 1;
        self.file_border(&reach)
            .or_else(|| self.definition_border(&reach))
            .or_else(|| self.line_border(&reach))
            .unwrap_or(limit)
    }

    /// Where the chunk after the one that ends at `end` begins.
    fn start(&self, end: usize, overlap: usize) -> usize {
        if overlap == 0 {
            return end;
        }
        let (bytes, chars) = (self.context.as_bytes(), self.context.chars());
        let start = chars.byte_of_char(bytes, chars.char_of_byte(bytes, end) - overlap);
        if start == 0 || bytes[start - 1] == b'\n' {
            return start;
        }
        match memchr::memchr(b'\n', &bytes[start..end]) {
            Some(line_end) if start + line_end + 1 < end => start + line_end + 1,
            _ => start,
        }
    }

    /// The last beginning of a file within `reach`.
    fn file_border(&self, reach: &Range<usize>) -> Option<usize> {
        let segments = self.context.segments();
        let following = segments.partition_point(|segment| segment.header.start < reach.end);
        let border = segments[..following].last()?.header.start;
        reach.contains(&border).then_some(border)
    }

    /// The last of the outermost definitions that begin within `reach`, which lies in one file.
    fn definition_border(&mut self, reach: &Range<usize>) -> Option<usize> {
        let segments = self.context.segments();
        let number = segments.partition_point(|segment| segment.header.start < reach.end).checked_sub(1)?;
        if self.structure.as_ref().is_none_or(|&(known, _)| known != number) {
            self.structure = Some((number, self.beginnings(number)));
        }
        let (_, beginnings) = self.structure.as_ref()?;
        let from = beginnings.partition_point(|&(byte, _)| byte < reach.start);
        let within = beginnings[from..].iter().take_while(|(byte, _)| reach.contains(byte));
        within.min_by_key(|&&(byte, depth)| (depth, std::cmp::Reverse(byte))).map(|&(byte, _)| byte)
    }

    fn beginnings(&self, number: usize) -> Vec<(usize, usize)> {
        let segment = &self.context.segments()[number];
        if segment.text.len() > LARGEST_STRUCTURED {
            return Vec::new();
        }
        let lines = Lines::new(self.context.text_of(segment));
        let definitions = definitions(&lines, segment.language);
        definitions.iter().map(|it| (segment.text.start + lines.bytes(&it.lines).start, it.depth)).collect()
    }

    /// The last empty line, or else the last line, that ends within `reach`.
    fn line_border(&self, reach: &Range<usize>) -> Option<usize> {
        // A border lies behind a line feed, so the byte before it is looked at.
        let from = reach.start.saturating_sub(1);
        let window = &self.context.as_bytes()[from..reach.end - 1];
        let empty = memmem::rfind(window, b"\n\n").map(|at| at + 2);
        let empty = empty.max(memmem::rfind(window, b"\n\r\n").map(|at| at + 3));
        empty.or_else(|| memchr::memrchr(b'\n', window).map(|at| at + 1)).map(|at| from + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn context(label: Option<&str>, text: &str) -> Arc<ContextText> {
        Snapshot::of_text(label, text.to_owned()).context().unwrap()
    }

    fn check(label: &str, text: &str, size: usize, overlap: usize, expected: &[&str]) {
        let context = context(Some(label), text);
        let chunks = chunk(&context, size, overlap).unwrap();
        let texts: Vec<&str> = chunks.into_iter().map(|range| &context.as_str()[range]).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn chunks_end_before_definitions_else_at_empty_lines_else_at_lines_else_at_characters() {
        check(
            "a.rs",
            "fn a() {\n    1\n}\n\n/// Doc.\nfn b() {\n\n    2\n}\n",
            30,
            0,
            &["fn a() {\n    1\n}\n\n", "/// Doc.\nfn b() {\n\n    2\n}\n"],
        );
        check("a.txt", "one\ntwo\n\nthree\nfour\n", 15, 0, &["one\ntwo\n\n", "three\nfour\n"]);
        check("a.txt", "one\r\n\r\nthree\r\nfour\r\n", 11, 0, &["one\r\n\r\n", "three\r\n", "four\r\n"]);
        check("a.txt", "aéß漢😀xyz", 3, 0, &["aéß", "漢😀x", "yz"]);
        check("a.txt", "", 3, 0, &[]);
    }

    #[test]
    fn an_overlap_begins_with_a_line_where_one_is() {
        check("a.txt", "a\nbb\nccc\ndddd\n", 9, 5, &["a\nbb\nccc\n", "ccc\ndddd\n"]);
        check("a.txt", "0123456789", 4, 1, &["0123", "3456", "6789"]);
    }

    #[test]
    fn sizes_that_make_no_sense_are_refused() {
        let context = context(None, "abc");
        assert_eq!(chunk(&context, 0, 0), Err(ChunkError::NoSize));
        assert_eq!(chunk(&context, 3, 3), Err(ChunkError::OverlapTooLarge { size: 3, overlap: 3 }));
    }

    proptest! {
        #[test]
        fn chunks_cover_everything_within_their_size(
            text in "([a-c\n ]|\r\n|é|😀|\nfn f\\(\\) \\{\n){0,200}",
            size in 1_usize..40,
            overlap in 0_usize..40,
        ) {
            prop_assume!(overlap < size);
            let context = context(Some("a.rs"), &text);
            let chunks = chunk(&context, size, overlap).unwrap();
            let mut covered = 0;
            let mut previous = 0;
            for (number, range) in chunks.iter().enumerate() {
                let chunk = &text[range.clone()];
                prop_assert!(!chunk.is_empty() && chunk.chars().count() <= size);
                prop_assert!(range.start <= covered && range.end > covered);
                prop_assert!(text[range.start..covered].chars().count() <= overlap);
                prop_assert!(number == 0 || range.start > previous);
                covered = range.end;
                previous = range.start;
            }
            prop_assert_eq!(covered, text.len());
        }
    }
}
