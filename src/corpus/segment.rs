//! The files of a text, and where they lie in it.

use super::{decode::Changes, language::Language};
use std::ops::Range;

/// One file in the text. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// As it is shown; nothing if the text is not a file.
    pub path: Option<String>,
    /// The line that names the file, with its line feed; empty in a text of one file.
    pub header: Range<usize>,
    /// What is in the file. A line feed that follows to end its last line is not part of it.
    pub text: Range<usize>,
    pub language: Option<&'static Language>,
}

/// A file whose text is not exactly its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub path: Option<String>,
    pub changes: Changes,
}
