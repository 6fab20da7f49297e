//! Why what a path names cannot be had.

use super::Error;
use crate::text::visible_line;

/// No file, or no single file, has the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("no file `{}` in the context{}", visible_line(.path), offer("; did you mean", .similar))]
    NotFound { path: String, similar: Vec<String> },
    #[error("`{}` names more than one file{}", visible_line(.path), offer(":", .candidates))]
    Ambiguous { path: String, candidates: Vec<String> },
}

fn offer(introduction: &str, paths: &[String]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    format!("{introduction} {}", paths.join(", "))
}

/// Why what a path names cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LookupError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error(transparent)]
    Text(#[from] Error),
}
