//! The answer as its reader sees it: passages of prose with what is set apart in them, and blocks that quote.
//!
//! What is code and what is a quotation is told by a parser of CommonMark, since readers see what that makes of a text:
//! a fence may have any length, a quotation may go on lazily. HTML that quotes ([`html`]) is looked at as well.

mod html;

use crate::corpus::StopFlag;
use html::Tags;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Events between two looks at the stop flag.
const EVENTS: usize = 4096;

/// A part of the answer. Ranges are bytes of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    Passage(Passage),
    Block(Block),
}

/// A paragraph, a heading, the text of a list's item, or a row of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passage {
    pub range: Range<usize>,
    /// What is set as code, or quoted by HTML, in order.
    pub spans: Vec<Span>,
    pub is_heading: bool,
}

/// Inline code.
#[derive(Debug, PartialEq, Eq)]
pub struct Span {
    /// With what sets it apart.
    pub range: Range<usize>,
    pub text: String,
}

/// A block of code or a block quotation.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// What stands behind an opening fence; empty if nothing can.
    pub info: Range<usize>,
    pub text: String,
    /// Whether it is a quotation and no code: its marks are none of the text's.
    pub is_prose: bool,
}

/// The parts of an answer, in order; as many as there are before `stop` is raised.
pub fn items(text: &str, stop: &StopFlag) -> Vec<Item> {
    let mut page = Page { text, ..Page::default() };
    for (number, (event, range)) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter().enumerate() {
        if number % EVENTS == 0 && stop.is_raised() {
            break;
        }
        page.take(event, range);
    }
    page.end_passage();
    if let Some(start) = page.tags.open() {
        page.push_quoted(start..text.len());
    }
    page.items
}

/// Whether a passage has words: a remark of HTML or an entity for a blank has none.
pub fn has_words(text: &str) -> bool {
    let text = text.trim();
    let is_remark = text.starts_with("<!--") && text.ends_with("-->");
    !is_remark && html::plain(text).contains(char::is_alphanumeric)
}

#[derive(Default)]
struct Page<'a> {
    text: &'a str,
    items: Vec<Item>,
    passage: Option<Passage>,
    /// In how many block quotations we are.
    depth: usize,
    /// The block of code under way.
    code: Option<(Range<usize>, String)>,
    /// In a row of a table, whose cells are one passage.
    is_row: bool,
    is_heading: bool,
    /// Of HTML between blocks.
    tags: Tags,
    /// Of HTML in the passage under way, and the spans before the open one.
    inline: Tags,
    before: usize,
}

impl Page<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::BlockQuote(_)) => {
                self.end_passage();
                if self.depth == 0 {
                    let text = unmarked(&self.text[range.clone()]);
                    self.push_block(Block { info: range.start..range.start, text, is_prose: true });
                }
                self.depth += 1;
            }
            Event::End(TagEnd::BlockQuote(_)) => self.depth -= 1,
            _ if self.depth > 0 => {}
            Event::Start(Tag::CodeBlock(kind)) => {
                self.end_passage();
                let length = self.text[range.clone()].find('\n').unwrap_or(range.len());
                let info = if kind.is_fenced() { range.start..range.start + length } else { range.start..range.start };
                self.code = Some((info, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((info, text)) = self.code.take() {
                    self.push_block(Block { info, text, is_prose: false });
                }
            }
            Event::Text(text) if self.code.is_some() => {
                if let Some((_, code)) = &mut self.code {
                    code.push_str(&text);
                }
            }
            Event::Html(_) => self.html(range),
            Event::Code(text) => {
                let text = text.into_string();
                self.extend(range.clone()).spans.push(Span { range, text });
            }
            Event::InlineHtml(_) => self.inline_html(range),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                self.end_passage();
                self.is_row = true;
                self.extend(range);
            }
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                self.is_row = false;
                self.end_passage();
            }
            Event::Start(Tag::TableCell) | Event::End(TagEnd::TableCell) => {}
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::Strong)
            | Event::Text(_)
            | Event::SoftBreak
            | Event::HardBreak => {
                self.extend(range);
            }
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::Emphasis | TagEnd::Strong) => {}
            Event::Start(tag) => {
                self.end_passage();
                self.is_heading = matches!(tag, Tag::Heading { .. });
            }
            _ => {
                self.end_passage();
                self.is_heading = false;
            }
        }
    }

    /// The passage under way, which reaches over `range`.
    fn extend(&mut self, range: Range<usize>) -> &mut Passage {
        let is_heading = self.is_heading;
        let new = || Passage { range: range.clone(), spans: Vec::new(), is_heading };
        let passage = self.passage.get_or_insert_with(new);
        passage.range.end = passage.range.end.max(range.end);
        passage
    }

    fn end_passage(&mut self) {
        self.inline = Tags::default();
        if let Some(passage) = self.passage.take().filter(|_| !self.is_row && self.tags.open().is_none()) {
            self.items.push(Item::Passage(passage));
        }
    }

    fn push_block(&mut self, block: Block) {
        if self.tags.open().is_none() {
            self.items.push(Item::Block(block));
        }
    }

    fn push_quoted(&mut self, range: Range<usize>) {
        let text = html::plain(&self.text[range.clone()]);
        self.items.push(Item::Block(Block { info: range.start..range.start, text, is_prose: true }));
    }

    /// A tag inside of a passage.
    fn inline_html(&mut self, range: Range<usize>) {
        let spans = self.extend(range.clone()).spans.len();
        let was_open = self.inline.open().is_some();
        for quoted in self.inline.find(self.text, range, true) {
            let text = html::plain(&self.text[quoted.inner.clone()]);
            let before = self.before;
            if let Some(passage) = &mut self.passage {
                passage.spans.truncate(before);
                passage.spans.push(Span { range: quoted.outer, text });
            }
        }
        if !was_open {
            self.before = spans;
        }
    }

    /// A piece of HTML that stands by itself.
    fn html(&mut self, range: Range<usize>) {
        let mut is_inside = self.tags.open().is_some();
        let mut rest = range.start;
        for quoted in self.tags.find(self.text, range.clone(), false) {
            if !is_inside {
                self.html_passage(rest..quoted.outer.start);
                self.items.extend(self.passage.take().map(Item::Passage));
            }
            is_inside = false;
            rest = quoted.outer.end;
            self.push_quoted(quoted.inner);
        }
        if is_inside {
            return;
        }
        let open = self.tags.open_tag();
        self.html_passage(rest..open.unwrap_or(range.end));
        if open.is_some() {
            self.items.extend(self.passage.take().map(Item::Passage));
        }
    }

    /// Text between tags that quote no block, with inline code in it.
    fn html_passage(&mut self, range: Range<usize>) {
        if self.text[range.clone()].trim().is_empty() {
            return;
        }
        let spans = Tags::default().find(self.text, range.clone(), true);
        let text = self.text;
        let spans = spans.into_iter().map(|it| Span { range: it.outer, text: html::plain(&text[it.inner]) });
        let spans: Vec<Span> = spans.collect();
        self.extend(range).spans.extend(spans);
    }
}

/// The lines of a block quotation without their marks and without fences.
fn unmarked(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start_matches([' ', '\t', '>']));
    let prose = lines.filter(|line| !line.starts_with("```") && !line.starts_with("~~~"));
    prose.fold(String::new(), |mut text, line| {
        text.push_str(line);
        text.push('\n');
        text
    })
}
