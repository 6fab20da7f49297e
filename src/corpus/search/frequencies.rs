//! How common the terms of a question are in a text.
//!
//! That is counted in blocks of equal size rather than in passages: whoever scans a text knows nothing of its passages. So
//! an index and a scan rank alike.

use super::key::Key;

/// Bytes of a block, about the size of a passage. Each file begins with a new one.
pub(super) const BLOCK: usize = 1 << 10;

/// How common the terms of a query are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Frequencies {
    /// In ascending order.
    pub terms: Vec<Key>,
    /// How many blocks have each term.
    pub blocks: Vec<usize>,
    /// How many paths of files have it.
    pub files: Vec<usize>,
    pub all_blocks: usize,
    pub all_files: usize,
}
