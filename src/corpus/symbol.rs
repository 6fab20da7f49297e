//! A name that a file defines, and where.

/// The most characters of a name or a signature that are kept.
pub(super) const LONGEST_SIGNATURE: usize = 300;

/// A definition, a section or a table of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// `function`, `method`, `struct`, `class`, `heading` and the like.
    pub kind: &'static str,
    /// Counted from 1.
    pub first_line: usize,
    /// Included.
    pub last_line: usize,
    /// How many symbols it lies in.
    pub depth: usize,
    /// Its first line, trimmed.
    pub signature: String,
}
