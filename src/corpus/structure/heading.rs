//! Lines that begin a section of a document or a table, and forms of Lisp, which look alike from afar: a level, a name,
//! and everything up to the next one of that level.

use crate::corpus::language::Style;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading<'a> {
    pub kind: &'static str,
    pub name: &'a str,
    pub level: usize,
}

/// Whether a file of this style has headings and nothing else.
pub(super) fn is_document(style: Style) -> bool {
    matches!(style, Style::Markdown | Style::Org | Style::Tables)
}

/// The heading that `line` is.
pub(super) fn of(style: Style, line: &str) -> Option<Heading<'_>> {
    match style {
        Style::Markdown => marked(line, '#').filter(|heading| heading.level <= 6),
        Style::Org => marked(line, '*'),
        Style::Tables => table(line),
        _ => None,
    }
}

fn marked(line: &str, mark: char) -> Option<Heading<'_>> {
    let rest = line.trim_start_matches(mark);
    let level = line.len() - rest.len();
    let name = rest.strip_prefix(' ')?.trim().trim_end_matches(mark).trim_end();
    (level > 0 && !name.is_empty()).then_some(Heading { kind: "heading", name, level })
}

fn table(line: &str) -> Option<Heading<'_>> {
    let rest = line.strip_prefix('[')?;
    let name = rest.trim_start_matches('[').split(']').next()?.trim();
    (!name.is_empty() && rest.contains(']')).then_some(Heading { kind: "table", name, level: 1 })
}
