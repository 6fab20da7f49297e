//! Which lines of which files somebody was shown, for a trace.

use super::{
    detail::{Detail, FileSize, Place},
    host::function::Gives,
};
use crate::{
    corpus::{ContextText, Segment},
    store::{Key, KeyBuilder},
};
use serde_json::Value;
use std::ops::Range;

/// The most places that are told of one look.
const MOST_PLACES: usize = 10_000;

/// The most files that are told of.
const MOST_FILES: usize = 20_000;

/// The files of a larger text are not hashed.
const MOST_HASHED: usize = 32 << 20;

/// What a look has shown, by what it gave.
pub fn of_found(context: &ContextText, gives: Gives, found: &Value) -> Vec<Place> {
    match gives {
        Gives::Part | Gives::Slice => match serde_json::from_value::<(usize, usize)>(found.clone()) {
            Ok((start, end)) => of_characters(context, start..end),
            Err(_) => Vec::new(),
        },
        Gives::Rows(_) => of_rows(&found["columns"]),
        // A program that gets pieces has not seen them yet, and a map or a count is not the text.
        Gives::Pieces | Gives::Plain => Vec::new(),
    }
}

/// The places that rows name, each with its lines.
fn of_rows(columns: &Value) -> Vec<Place> {
    let column = |names: [&str; 2]| names.iter().find_map(|name| columns[*name].as_array());
    let (Some(paths), Some(first)) = (columns["path"].as_array(), column(["line", "first_line"])) else {
        return Vec::new();
    };
    let last = column(["line", "last_line"]).unwrap_or(first);
    let line = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let rows = paths.iter().zip(first).zip(last).take(MOST_PLACES);
    let places = rows.filter_map(|((path, first), last)| {
        let (path, first_line, last_line) = (path.as_str()?.to_owned(), line(first)?, line(last)?);
        Some(Place { path, first_line, last_line })
    });
    merged(places.collect())
}

/// Characters of the text. What would have to be fetched is not looked at.
pub fn of_characters(context: &ContextText, characters: Range<usize>) -> Vec<Place> {
    if context.is_in_parts() {
        return Vec::new();
    }
    let byte = |character| context.byte_of_char(character).ok();
    let Some((start, end)) = byte(characters.start).zip(byte(characters.end)) else { return Vec::new() };
    let place = |(path, lines): (&str, Range<usize>)| Place {
        path: path.to_owned(),
        first_line: lines.start,
        last_line: lines.end - 1,
    };
    context.lines_of_files(start..end).take(MOST_PLACES).map(place).collect()
}

/// The whole text.
pub fn all(context: &ContextText) -> Vec<Place> {
    of_characters(context, 0..context.char_len())
}

/// The files of the text.
pub fn files(context: &ContextText) -> Detail {
    let segments = context.segments();
    let named = segments.iter().filter_map(|it| it.path.as_deref().map(|path| (path, it)));
    let files = named.take(MOST_FILES).map(|(path, segment)| FileSize {
        path: path.to_owned(),
        lines: context.line_count_of(segment),
        hash: hash(context, segment),
    });
    Detail::Files { files: files.collect(), more: segments.len().saturating_sub(MOST_FILES) }
}

fn hash(context: &ContextText, segment: &Segment) -> Option<Key> {
    let is_small = !context.is_in_parts() && context.byte_len() <= MOST_HASHED;
    let text = is_small.then(|| context.read(segment.text.clone()).ok()).flatten()?;
    let mut builder = KeyBuilder::default();
    builder.push(text.as_bytes());
    Some(builder.key())
}

/// In order, and where lines follow each other in one place.
fn merged(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_by(|a, b| (&a.path, a.first_line).cmp(&(&b.path, b.first_line)));
    places.dedup_by(|next, last| {
        let follows = next.path == last.path && next.first_line <= last.last_line.saturating_add(1);
        if follows {
            last.last_line = last.last_line.max(next.last_line);
        }
        follows
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_that_follow_each_other_are_one_place() {
        let columns = json!({"path": ["b", "a", "a", "a"], "line": [7, 3, 1, 2], "text": ["", "", "", ""]});
        let place = |path: &str, first_line, last_line| Place { path: path.to_owned(), first_line, last_line };
        assert_eq!(of_rows(&columns), [place("a", 1, 3), place("b", 7, 7)]);
        let passages = json!({"path": ["a"], "first_line": [4], "last_line": [9], "score": [1.0]});
        assert_eq!(of_rows(&passages), [place("a", 4, 9)]);
        assert_eq!(of_rows(&json!({"path": [null], "line": [1]})), []);
        assert_eq!(of_rows(&json!({"name": ["f"], "first_line": [1]})), []);
    }
}
