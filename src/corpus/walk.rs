//! The files below a directory, and what was left out on the way.
//!
//! The walk sees the files that `ripgrep` sees, and those that git tracks although a rule of its own ignores them. It is not the walk of the `ignore` crate, which tells neither sizes nor
//! why it passes over something; only the globs are that crate's. Each entry of a directory is decided once, with its
//! reason, and what was found is kept, so that the next walk has to look only for what has changed.

mod base;
mod decide;
mod directory;
mod entries;
mod tree;
mod work_queue;

use super::{exclusion::Exclusion, fingerprint::Fingerprint};
pub(super) use base::Base;
pub(super) use decide::reason_against;
use std::{path::PathBuf, sync::Arc};
pub use tree::Tree;

/// What a walk brings along. Paths of exclusions are relative to the root, with slashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WalkResult {
    /// In the order of the paths that are shown, byte by byte.
    pub files: Vec<Arc<FileEntry>>,
    pub exclusions: Vec<Exclusion>,
}

/// A file below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Relative to the root, as it is shown.
    pub relative: String,
    pub absolute: PathBuf,
    /// As the walk found it; with its size.
    pub fingerprint: Fingerprint,
}

#[cfg(test)]
mod tests;
