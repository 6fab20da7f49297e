//! Where something comes from that a model has had done.

/// A program, or a call of a tool, in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    pub run: u64,
    pub depth: usize,
    pub iteration: u64,
    /// Which one of its turn, from 1.
    pub cell: u64,
}
