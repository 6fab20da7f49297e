//! The index of some neighbouring files.
//!
//! It knows nothing of what lies around them: files and passages are counted from its own first one. So it stays as it
//! is for as long as its files do, wherever in the text they come to lie.

use super::{role::Role, table::Table};

/// What some files hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    /// For each term the passages that have it, with a [`weighed`](super::weight::weighed) value.
    pub passages: Table,
    /// For each term the files whose paths have it.
    pub paths: Table,
    pub entries: Box<[Entry]>,
    /// For each file the number of its first passage.
    pub files: Box<[u32]>,
    /// For each term of the text one number: how many blocks have it.
    pub blocks: Table,
    /// How many blocks there are, see [`BLOCK`](super::frequencies::BLOCK).
    pub all_blocks: usize,
}

/// A passage as the index knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Counted from 0.
    pub first_line: u32,
    /// How many words it has.
    pub words: u32,
    pub lines: u8,
    /// How many terms are in the name of what it defines, as the values of its terms count them.
    pub name: u8,
    pub role: Role,
    pub shape: Shape,
}

/// What a passage consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(u8);

/// What a passage is the definition of, or a part of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that does something, or a section of a document.
    Function,
    /// A function without what it does.
    Declaration,
    Type,
    /// A constant or a variable.
    Value,
    Nothing,
}

impl Shape {
    const CODE: u8 = 1;
    const BEGINS: u8 = 2;

    pub fn new(kind: Kind, has_code: bool, begins: bool) -> Self {
        let code = if has_code { Self::CODE } else { 0 };
        let begins = if begins { Self::BEGINS } else { 0 };
        Self((kind as u8) << 2 | begins | code)
    }

    pub fn kind(self) -> Kind {
        match self.0 >> 2 {
            0 => Kind::Function,
            1 => Kind::Declaration,
            2 => Kind::Type,
            3 => Kind::Value,
            _ => Kind::Nothing,
        }
    }

    /// Whether some of it is not a comment.
    pub fn has_code(self) -> bool {
        self.0 & Self::CODE != 0
    }

    /// Whether what it defines begins here.
    pub fn begins(self) -> bool {
        self.0 & Self::BEGINS != 0
    }
}

impl Part {
    /// The file that a passage lies in.
    pub fn file_of(&self, passage: u32) -> usize {
        self.files.partition_point(|&first| first <= passage) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_keep_what_they_are_made_of() {
        for kind in [Kind::Function, Kind::Declaration, Kind::Type, Kind::Value, Kind::Nothing] {
            for (has_code, begins) in [(false, false), (true, false), (false, true), (true, true)] {
                let shape = Shape::new(kind, has_code, begins);
                assert_eq!((shape.kind(), shape.has_code(), shape.begins()), (kind, has_code, begins));
            }
        }
    }
}
