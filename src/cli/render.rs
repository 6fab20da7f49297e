//! An answer as a terminal shows it: its Markdown set out with styles, so that it can be read.
//!
//! A block of Markdown becomes lines. Whatever it says passes [`visible_text`](crate::text::visible_text) after it was parsed, since an entity may
//! stand for an escape sequence; the only sequences that reach the terminal are those written here. Prose is wrapped
//! between words, code is never changed.

mod blocks;
mod links;
mod prose;
mod stream;
mod table;

pub use blocks::block;
pub use links::Links;
pub use stream::Stream;

use anstyle::{AnsiColor, Effects, Style};
use pulldown_cmark::Options;

/// What the Markdown of models has beyond CommonMark.
const EXTENSIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().effects(Effects::BOLD);
const DIM: Style = Style::new().effects(Effects::DIMMED);
const HEADING: Style = BOLD.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
const CODE: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));

/// How wide prose gets: longer lines are hard to read.
const WIDEST: usize = 100;

/// The terminal as far as it matters to a text.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Columns, if the terminal tells.
    columns: Option<usize>,
    links: Links,
}

impl Look {
    pub fn new(columns: Option<usize>, links: Links) -> Self {
        Self { columns, links }
    }

    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Columns for prose behind an indentation.
    fn prose(&self, indentation: usize) -> usize {
        self.columns.map_or(usize::MAX, |columns| columns.min(WIDEST).saturating_sub(indentation).max(1))
    }
}

/// A text in a style.
fn styled(style: Style, text: &str) -> String {
    if style == PLAIN || text.is_empty() { text.to_owned() } else { format!("{style}{text}{style:#}") }
}

#[cfg(test)]
mod tests;
