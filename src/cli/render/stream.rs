//! An answer that is rendered while it is written: lines come as soon as no text behind them can change them.

use super::{EXTENSIONS, Look, block};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use std::ops::Range;

/// A block is rendered again when it has grown by one part in so many: answers may have one block of a megabyte.
const GROWTH: usize = 16;

/// What was rendered of an answer.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// Where the block begins that is being written, in bytes of the answer.
    block: usize,
    /// The lines of it that were given out.
    given: String,
    /// How much of the answer those lines say.
    cut: usize,
    /// How long the answer was when it was looked at last.
    seen: usize,
    has_lines: bool,
}

impl Stream {
    /// How much of the answer was given out, in bytes.
    pub fn cut(&self) -> usize {
        self.cut
    }

    /// Takes the answer as far as it is written, which begins as it did the last time; gives the lines that are new.
    pub fn take(&mut self, look: &Look, text: &str) -> String {
        let whole_lines = text.rfind('\n').map_or(0, |at| at + 1);
        let grown = whole_lines.saturating_sub(self.seen);
        if grown == 0 || grown * GROWTH < whole_lines - self.block.min(whole_lines) {
            return String::new();
        }
        self.seen = whole_lines;
        self.advance(look, &text[..whole_lines], false)
    }

    /// The lines of the whole answer that were not given out yet.
    pub fn finish(&mut self, look: &Look, text: &str) -> String {
        self.advance(look, text, true)
    }

    fn advance(&mut self, look: &Look, text: &str, is_end: bool) -> String {
        let mut lines = String::new();
        let (blocks, open) = top_level(&text[self.block..], is_end);
        let start = self.block;
        for range in blocks {
            let range = start + range.start..start + range.end;
            lines += &self.rest(&block(look, &text[range.clone()], true), true);
            self.begin(range.end);
        }
        if let Some(range) = open {
            self.block = start + range.start;
            let range = start + range.start..start + range.end;
            let part = self.rest(&block(look, &text[range.clone()], false), false);
            if !part.is_empty() {
                lines += &part;
                self.cut = range.end;
            }
        }
        lines
    }

    fn begin(&mut self, block: usize) {
        self.block = block;
        self.cut = block;
        self.given.clear();
    }

    /// What of these lines of the block was not given out yet.
    fn rest(&mut self, lines: &str, is_whole: bool) -> String {
        let rest = match lines.strip_prefix(self.given.as_str()) {
            Some(rest) => rest,
            // What came last has changed what there was: only the end of the block tells what it is.
            None if !is_whole => return String::new(),
            None => behind_what_is_the_same(lines, &self.given),
        };
        if rest.is_empty() {
            return String::new();
        }
        // Blocks stand apart.
        let apart = if self.given.is_empty() && self.has_lines { "\n" } else { "" };
        self.has_lines = true;
        let rest = format!("{apart}{rest}");
        lines.clone_into(&mut self.given);
        rest
    }
}

fn behind_what_is_the_same<'a>(lines: &'a str, given: &str) -> &'a str {
    let same = lines.split_inclusive('\n').zip(given.split_inclusive('\n')).take_while(|(a, b)| a == b);
    &lines[same.map(|(line, _)| line.len()).sum()..]
}

/// The blocks of a text that are whole, and the part of the one behind them that can be shown.
fn top_level(text: &str, is_end: bool) -> (Vec<Range<usize>>, Option<Range<usize>>) {
    let mut last = Kind::Nothing;
    let mut blocks: Vec<Range<usize>> = Vec::new();
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(text, EXTENSIONS).into_offset_iter() {
        let start = line_start(text, range.start);
        if depth == 0 && !matches!(event, Event::End(_)) {
            // What is no event, such as the definition of a link, goes with the block behind it.
            blocks.push(blocks.last().map_or(0, |it| it.end)..range.end);
            last = Kind::of(&event, start);
        }
        match event {
            Event::Start(Tag::Item) if depth == 1 => {
                if let Kind::List { last_item, .. } = &mut last {
                    *last_item = start;
                }
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
        depth += usize::from(matches!(event, Event::Start(_)));
    }
    let end = blocks.last().map_or(0, |it| it.end);
    if is_end && !text[end..].trim().is_empty() {
        blocks.push(end..text.len());
    }
    let ends_blank = text.lines().next_back().is_some_and(|line| line.trim().is_empty());
    if is_end || last == Kind::EndsAtBlank && ends_blank {
        return (blocks, None);
    }
    let open = blocks.pop().and_then(|block| match last {
        Kind::Code => Some(block),
        Kind::List { first_item, last_item } if last_item > first_item => Some(block.start..last_item),
        _ => None,
    });
    (blocks, open)
}

/// What can still become of a block when more is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    /// A blank line ends it.
    EndsAtBlank,
    /// Its lines stay as they are.
    Code,
    /// All its items but the last stay as they are.
    List {
        first_item: usize,
        last_item: usize,
    },
    Other,
}

impl Kind {
    fn of(event: &Event<'_>, start: usize) -> Self {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => Self::Code,
            Event::Start(Tag::List(_)) => Self::List { first_item: start, last_item: start },
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::BlockQuote(_) | Tag::Table(_)) | Event::Rule => {
                Self::EndsAtBlank
            }
            _ => Self::Other,
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}
