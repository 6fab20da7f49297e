//! Why there was no search by pattern.

use super::{Error, PathError};

/// Why there was no search.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GrepError {
    #[error("bad pattern `{pattern}`: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error(transparent)]
    Path(PathError),
    #[error(transparent)]
    Text(Error),
    #[error(
        "the rows of the lines that match are longer than {} MiB together: ask for fewer rows, in fewer files, or by a \
         narrower pattern",
        .most >> 20
    )]
    TooMuch { most: usize },
}
