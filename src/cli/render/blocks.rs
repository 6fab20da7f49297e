//! Blocks of Markdown as lines of a terminal.

use super::{BOLD, CODE, DIM, EXTENSIONS, HEADING, Look, PLAIN, prose::Prose, styled, table::Table};
use crate::text::visible_text;
use anstyle::{Effects, Style};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd, TextMergeWithOffset};
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

/// The lines of one block. Of a block that is not whole there may come more lines, before which these stay the same.
pub fn block(look: &Look, source: &str, is_whole: bool) -> String {
    // A parser takes some control characters for ends of lines.
    let source = &*visible_text(source);
    let mut page = Page::new(look, source, is_whole);
    let events = Parser::new_ext(source, EXTENSIONS).into_offset_iter();
    let mut definitions: Vec<Range<usize>> =
        events.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    definitions.sort_by_key(|span| span.start);
    let mut events = TextMergeWithOffset::new(events).peekable();
    let start = events.peek().map_or(source.len(), |(_, range)| range.start);
    // The definition of a link is no event, and nothing that was said is kept back.
    let (before, inside): (Vec<_>, Vec<_>) = definitions.into_iter().partition(|span| span.start < start);
    before.into_iter().for_each(|span| page.lines_of(&source[span]));
    events.for_each(|(event, range)| page.take(event, &range));
    page.end_prose();
    if is_whole {
        inside.into_iter().for_each(|span| page.lines_of(&source[span]));
    }
    page.lines
}

/// What blocks stand in.
struct Container {
    /// What its first line begins with, and its other lines.
    first: Option<String>,
    rest: String,
    width: usize,
    is_item: bool,
    /// Whether something stands in it.
    has_block: bool,
}

struct Page<'a> {
    look: &'a Look,
    source: &'a str,
    is_whole: bool,
    lines: String,
    containers: Vec<Container>,
    prose: Prose,
    styles: Vec<Style>,
    /// The numbers of the lists that are open.
    lists: Vec<Option<u64>>,
    /// The links that are open: where each leads.
    links: Vec<(String, usize)>,
    table: Option<Table>,
    /// What the block of code holds that is open.
    code: Option<String>,
    has_block: bool,
}

impl<'a> Page<'a> {
    fn new(look: &'a Look, source: &'a str, is_whole: bool) -> Self {
        Self {
            look,
            source,
            is_whole,
            lines: String::new(),
            containers: Vec::new(),
            prose: Prose::default(),
            styles: Vec::new(),
            lists: Vec::new(),
            links: Vec::new(),
            table: None,
            code: None,
            has_block: false,
        }
    }

    fn take(&mut self, event: Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.say(&text),
            },
            // HTML is shown as it is written.
            Event::Html(text) => self.say(&text),
            Event::InlineHtml(text) => self.prose.push_whole(self.look, self.style(), &text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.prose.push_whole(self.look, with(self.style(), CODE), &text);
            }
            // A text is not told apart from code by what wraps it, so its own lines stay lines.
            Event::SoftBreak | Event::HardBreak if self.table.is_none() => self.prose.end_line(),
            Event::SoftBreak | Event::HardBreak => self.say(" "),
            Event::Rule => {
                self.begin_block(true);
                let width = self.look.prose(self.indentation()).min(40);
                self.line(&styled(DIM, &"─".repeat(width)));
            }
            Event::TaskListMarker(is_done) => self.say(if is_done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(name) => self.say(&format!("[^{name}]")),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin_block(true),
            Tag::Heading { .. } => {
                self.begin_block(true);
                self.styles.push(HEADING);
            }
            Tag::BlockQuote(_) => {
                self.begin_block(true);
                self.contain(None, styled(DIM, "│ "), 2, false);
            }
            Tag::CodeBlock(kind) => {
                self.begin_block(false);
                let info = if let CodeBlockKind::Fenced(info) = kind { info } else { "".into() };
                let info = visible_text(&info).into_owned();
                self.line(&styled(DIM, format!("╭─ {info}").trim_end()));
                self.code = Some(String::new());
            }
            Tag::List(number) => {
                self.begin_block(false);
                self.lists.push(number);
            }
            Tag::Item => {
                self.end_prose();
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "• ".to_owned(),
                };
                let width = marker.width();
                self.contain(Some(marker), " ".repeat(width), width, true);
            }
            Tag::Table(alignments) => {
                self.begin_block(true);
                self.table = Some(Table::new(alignments));
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.begin_row();
                }
                self.styles.push(if tag == Tag::TableHead { BOLD } else { PLAIN });
            }
            Tag::Emphasis => self.emphasise(Effects::ITALIC, range),
            Tag::Strong => self.emphasise(Effects::BOLD, range),
            Tag::Strikethrough => self.styles.push(with(self.style(), Style::new().effects(Effects::STRIKETHROUGH))),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), range.start));
                self.styles.push(with(self.style(), Style::new().effects(Effects::UNDERLINE)));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_prose(),
            TagEnd::Heading(_) => {
                self.end_prose();
                self.styles.pop();
            }
            TagEnd::BlockQuote(_) => self.leave(),
            TagEnd::Item => {
                self.end_prose();
                if self.containers.last().is_some_and(|it| !it.has_block) {
                    self.line("");
                }
                self.leave();
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.prose);
                if let Some(table) = &mut self.table {
                    table.push(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                self.styles.pop();
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let width = self.look.columns.map_or(usize::MAX, |it| it.saturating_sub(self.indentation()));
                    table.set(width).iter().for_each(|line| self.line(line));
                }
            }
            TagEnd::Emphasis | TagEnd::Strong => {
                self.styles.pop();
                let marker = if tag == TagEnd::Strong { "__" } else { "_" };
                if is_in_name(self.source, range) {
                    self.say(marker);
                }
            }
            TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                self.styles.pop();
                if let Some((url, start)) = self.links.pop()
                    && !self.source[start..range.end].contains(&format!("[{url}]"))
                    && !self.source[start..range.end].starts_with('<')
                    && !url.is_empty()
                {
                    self.say(" ");
                    self.prose.push_whole(self.look, DIM, &format!("({url})"));
                }
            }
            _ => {}
        }
    }

    /// Underscores in the name of a file, such as `src/__init__.py`, are meant as they are.
    fn emphasise(&mut self, effects: Effects, range: &Range<usize>) {
        let style = self.style();
        if is_in_name(self.source, range) {
            self.say(if effects == Effects::BOLD { "__" } else { "_" });
            self.styles.push(style);
        } else {
            self.styles.push(with(style, Style::new().effects(effects)));
        }
    }

    fn end_code(&mut self) {
        let code = self.code.take().unwrap_or_default();
        self.lines_of(&visible_text(&code));
        // What is not whole ends where it stands, if it is the block itself.
        if self.is_whole || !self.containers.is_empty() {
            self.line(&styled(DIM, "╰─"));
        }
    }

    fn say(&mut self, text: &str) {
        let style = self.style();
        self.prose.push(self.look, style, text);
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or(PLAIN)
    }

    fn indentation(&self) -> usize {
        self.containers.iter().map(|it| it.width).sum()
    }

    fn contain(&mut self, first: Option<String>, rest: String, width: usize, is_item: bool) {
        self.containers.push(Container { first, rest, width, is_item, has_block: false });
    }

    fn leave(&mut self) {
        self.end_prose();
        self.containers.pop();
    }

    /// Ends what came before. Blocks stand apart; the items of a list and what belongs to one do not, except for its
    /// paragraphs.
    fn begin_block(&mut self, is_apart_in_item: bool) {
        self.end_prose();
        let has_block = match self.containers.last() {
            Some(container) => container.has_block && (is_apart_in_item || !container.is_item),
            None => self.has_block,
        };
        if has_block {
            self.line("");
        }
    }

    fn end_prose(&mut self) {
        if self.prose.is_empty() {
            return;
        }
        let width = self.look.prose(self.indentation());
        let lines = std::mem::take(&mut self.prose).set(width);
        lines.iter().for_each(|line| self.line(line));
    }

    fn lines_of(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(line));
    }

    fn line(&mut self, text: &str) {
        let mut beginning = String::new();
        for container in &mut self.containers {
            beginning += &container.first.take().unwrap_or_else(|| container.rest.clone());
            container.has_block = true;
        }
        self.has_block = true;
        self.lines += if text.is_empty() { beginning.trim_end() } else { &beginning };
        self.lines += text;
        self.lines.push('\n');
    }
}

fn with(style: Style, more: Style) -> Style {
    let colour = more.get_fg_color().or(style.get_fg_color());
    Style::new().fg_color(colour).effects(style.get_effects() | more.get_effects())
}

/// Whether what is set between underscores is a part of a name or path.
fn is_in_name(source: &str, range: &Range<usize>) -> bool {
    let before = source[..range.start].chars().next_back();
    let mut after = source[range.end..].chars();
    let goes_on = match after.next() {
        Some('/') => true,
        Some('.') => after.next().is_some_and(char::is_alphanumeric),
        _ => false,
    };
    source[range.clone()].starts_with('_') && (goes_on || before.is_some_and(|it| "/\\.-".contains(it)))
}
