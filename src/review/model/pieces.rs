//! The text as a model reads it: pieces that end where its structure does, each line with a number of its own piece.
//!
//! A prompt has nothing in it that an edit elsewhere changes: pieces are cut by what lies around each cut, and lines are counted
//! from where their piece begins. So a piece that did not change is asked in the same words, and its reply is known.

use crate::{
    corpus::{self, ContextText, Role, StopFlag, Unit},
    engine,
    review::finding::Place,
};
use std::{fmt::Write, ops::Range};

/// Characters of a piece. More make replies long and readers careless.
const PIECE: usize = 12_000;

/// What one call reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub excerpts: Vec<Excerpt>,
}

/// Lines of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub path: String,
    /// The number in its file of the line that the excerpt counts as the first.
    pub first_line: usize,
    pub text: String,
}

impl Excerpt {
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Lines of the excerpt, by their numbers in it, as a place of the file; nothing if it has no such lines.
    pub fn place(&self, first: usize, last: usize) -> Option<Place> {
        let is_there = 1 <= first && first <= last && last <= self.lines();
        let before = self.first_line - 1;
        is_there.then(|| Place { path: self.path.clone(), first_line: before + first, last_line: before + last })
    }

    /// All of it.
    pub fn whole(&self) -> Option<engine::Place> {
        let Place { path, first_line, last_line } = self.place(1, self.lines())?;
        Some(engine::Place { path, first_line, last_line })
    }

    /// Some lines of it, with their numbers.
    pub fn numbered(&self, range: Range<usize>) -> String {
        let lines = self.text.lines().enumerate().skip(range.start - 1).take(range.len());
        lines.fold(String::new(), |mut shown, (number, line)| {
            let _ = writeln!(shown, "{:>4} | {line}", number + 1);
            shown
        })
    }
}

impl Piece {
    /// What a model reads of it.
    pub fn shown(&self) -> String {
        let shown = |it: &Excerpt| format!("==> {} <==\n{}", it.path, it.numbered(1..it.lines() + 1));
        self.excerpts.iter().map(shown).collect::<Vec<_>>().join("\n")
    }

    /// The places that it is made of, for people.
    pub fn name(&self) -> String {
        let places = self.excerpts.iter().filter_map(|it| it.place(1, it.lines()));
        places.map(|it| it.to_string()).collect::<Vec<_>>().join(", ")
    }

    pub fn excerpt(&self, path: &str) -> Option<&Excerpt> {
        self.excerpts.iter().find(|it| it.path == path)
    }
}

/// The pieces of a text that is code or prose: what is data, generated or brought in from elsewhere is left out, and said in the
/// second number, which counts files. Blocks.
///
/// # Errors
/// The text cannot be read or cut, or it is stopped.
pub fn pieces(context: &ContextText, stop: &StopFlag) -> Result<(Vec<Piece>, usize), corpus::ChunkError> {
    let segments = context.segments();
    let mut is_read = Vec::with_capacity(segments.len());
    for segment in segments {
        stop.check()?;
        let path = segment.path.as_deref().unwrap_or_default();
        let head =
            context.read(segment.text.start..context.floor_char((segment.text.start + 2000).min(segment.text.end))?)?;
        is_read.push(segment.language.is_some() && Role::of_file(path, &head) != Role::Aside);
    }
    let left_out = is_read.iter().filter(|is_read| !**is_read).count();
    let mut pieces = Vec::new();
    let mut number = 0;
    for chunk in corpus::chunk(context, PIECE, 0, Unit::Characters, stop)? {
        let mut excerpts = Vec::new();
        while segments.get(number).is_some_and(|segment| segment.text.end <= chunk.start) {
            number += 1;
        }
        let within =
            segments.iter().zip(&is_read).skip(number).take_while(|(segment, _)| segment.text.start < chunk.end);
        for (segment, _) in within.filter(|(_, is_read)| **is_read) {
            let range = segment.text.start.max(chunk.start)..segment.text.end.min(chunk.end);
            let text = context.read(range.clone())?.into_owned();
            let (Some(path), false) = (segment.path.clone(), text.trim().is_empty()) else { continue };
            let first_line = context.position(range.start)?.map_or(1, |position| position.line);
            excerpts.push(Excerpt { path, first_line, text });
        }
        if !excerpts.is_empty() {
            pieces.push(Piece { excerpts });
        }
    }
    Ok((pieces, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use serde_json::json;

    fn of(files: serde_json::Value) -> Vec<Piece> {
        let context = Snapshot::of_value(files).unwrap().context().unwrap();
        pieces(&context, &StopFlag::default()).unwrap().0
    }

    fn functions(range: Range<usize>) -> String {
        range
            .map(|number| {
                format!("def function_{number}(value):\n    first = value + {number}\n    return first * 2\n\n")
            })
            .collect()
    }

    #[test]
    fn every_line_is_in_one_piece_under_its_own_number() {
        let text = functions(0..900);
        let pieces = of(json!({"a.py": text, "b.py": "x = 1\n", "c.json": "{}"}));
        assert!(pieces.len() > 4);
        let mut seen = vec![0; text.lines().count()];
        for excerpt in pieces.iter().flat_map(|piece| &piece.excerpts).filter(|it| it.path == "a.py") {
            for (number, line) in excerpt.text.lines().enumerate() {
                let place = excerpt.place(number + 1, number + 1).expect("it is there");
                assert_eq!(text.lines().nth(place.first_line - 1), Some(line));
                seen[place.first_line - 1] += 1;
            }
        }
        assert!(seen.iter().zip(text.lines()).all(|(count, line)| *count == 1 || line.is_empty()));
        assert!(pieces.iter().all(|piece| piece.excerpt("c.json").is_none()));
    }

    #[test]
    fn an_edit_elsewhere_leaves_pieces_as_they_are_shown() {
        let (before, after) = (functions(0..900), format!("import more\n\n\n{}", functions(0..900)));
        let shown =
            |text: &str| of(json!({"a.py": text, "b.py": "x = 1\n"})).iter().map(Piece::shown).collect::<Vec<_>>();
        let (before, after) = (shown(&before), shown(&after));
        let changed = after.iter().filter(|it| !before.contains(it)).count();
        assert!(changed <= 2, "{changed} of {}", after.len());
    }
}
