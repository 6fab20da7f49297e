//! What is said of a proposed change before anything of it is run: whether it touches what it must not, whether it weakens what
//! checks it, and whether it is what it claims to be.
//!
//! The judge is a part of this program and not of the tree. It goes by the texts of the files before and after, so nothing
//! that a change brings can speak to it.

pub mod claim;
pub mod figures;
pub mod kept_tests;
mod marks;
mod paths;
pub mod speed;

use super::checks::Check;
use crate::edit::{ChangedFile, new_syntax_errors};

/// Why a change is not offered, whatever its checks may say; nothing if nothing speaks against it.
pub fn objection(files: &[ChangedFile], checks: &[Check]) -> Option<String> {
    let named = files.iter().flat_map(|it| std::iter::once(&it.path).chain(&it.renamed_from));
    let mut forbidden = named.filter_map(|path| paths::objection(path, checks));
    if let Some(objection) = forbidden.next() {
        return Some(objection);
    }
    for file in files {
        let (old, new) = (file.old.as_deref().unwrap_or_default(), file.new.as_deref().unwrap_or_default());
        if let Some(error) = new_syntax_errors(&file.path, old, new).first() {
            return Some(format!("{}:{} would not be parsed any more: {}", file.path, error.line, error.what));
        }
    }
    kept_tests::objection(files).or_else(|| marks::objection(files))
}
