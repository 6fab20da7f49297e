//! Searching by pattern, on the engine of `ripgrep`, line by line.
//!
//! The text is searched in parts of many files at once, in parallel, since most parts of a text have no match; only
//! where a line matches it is looked up which file it is in. Header lines are not in any file and never match.
//!
//! A pattern that spells a line feed (`foo\nbar`) is searched as `ripgrep --multiline` does, each file for itself, since
//! no match reaches from one file into the next. As there, nothing else makes a pattern reach beyond a line: `\s` and
//! `[^x]` match a line feed only in a pattern that spells one.

mod parts;
mod rows;

use super::{
    assemble::Segment,
    context::ContextText,
    lookup::{LookupError, PathError, PathFilter},
};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use parts::parts;
use rows::Search;
pub(super) use rows::{searcher, shown_line};

/// The most bytes of a file that is read in place which are searched in one piece.
const TOGETHER: usize = 256 << 20;

/// What to search, and how.
#[derive(Debug, Clone)]
pub struct GrepOptions<'a> {
    /// A file, a directory or a glob; everything if absent.
    pub path: Option<&'a str>,
    pub ignore_case: bool,
    /// The most rows to return.
    pub max_results: usize,
}

impl Default for GrepOptions<'_> {
    fn default() -> Self {
        Self { path: None, ignore_case: false, max_results: 50 }
    }
}

/// A line that matches, or the first line of a match that reaches over several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrepRow {
    /// Nothing in a text that is no file.
    pub path: Option<String>,
    /// Counted from 1.
    pub line: usize,
    /// The line without its end; of a very long one the part around the match.
    pub text: String,
}

/// The first matching lines, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrepResult {
    pub rows: Vec<GrepRow>,
    /// Whether further lines match.
    pub more: bool,
}

/// Why there was no search.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GrepError {
    #[error("bad pattern `{pattern}`: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error(transparent)]
    Path(PathError),
    #[error(transparent)]
    Text(super::Error),
    #[error(
        "a pattern with a line feed is searched in each file as a whole, and {path} has {bytes} bytes, of which at most \
         {TOGETHER} fit; search for one line of it, or use `re` on a slice"
    )]
    TooLong { path: String, bytes: usize },
}

/// Finds the lines that match the regular expression `pattern`, in the syntax of the crate `regex`. `^` and `$` stand for
/// the beginning and the end of a line, which may end with a carriage return and a line feed. So do `\A` and `\z`, unless
/// the pattern spells a line feed: then they stand for those of a file.
pub fn grep(context: &ContextText, pattern: &str, options: &GrepOptions<'_>) -> Result<GrepResult, GrepError> {
    let pattern = Pattern::new(pattern, options.ignore_case)?;
    let filter = match options.path {
        None => None,
        Some(path) => {
            let filter = PathFilter::new(context.segments(), path).map_err(|error| match error {
                LookupError::Path(error) => GrepError::Path(error),
                LookupError::Text(error) => GrepError::Text(error),
            })?;
            Some(filter)
        }
    };
    let wanted = |segment: &Segment| filter.as_ref().is_none_or(|filter| filter.accepts(segment));
    // One more than wanted tells whether there are more.
    let limit = options.max_results.saturating_add(1);
    let parts = parts(context, wanted, pattern.scope)?;
    let mut rows = Search::new(context, &pattern, parts, limit).run().map_err(GrepError::Text)?;
    let more = rows.len() > options.max_results;
    rows.truncate(options.max_results);
    Ok(GrepResult { rows, more })
}

/// A pattern, ready to be searched.
struct Pattern {
    matcher: RegexMatcher,
    scope: Scope,
}

/// What is searched in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Any number of whole lines.
    Lines,
    /// One file after the other, since matches may reach over several lines.
    Files,
}

impl Pattern {
    fn new(pattern: &str, ignore_case: bool) -> Result<Self, GrepError> {
        let mut builder = RegexMatcherBuilder::new();
        builder.case_insensitive(ignore_case).multi_line(true).crlf(true);
        let built = match builder.line_terminator(Some(b'\n')).build(pattern) {
            Err(error) if matches!(error.kind(), grep_regex::ErrorKind::NotAllowed(_)) => {
                builder.line_terminator(None).build(pattern).map(|matcher| (matcher, Scope::Files))
            }
            built => built.map(|matcher| (matcher, Scope::Lines)),
        };
        let (matcher, scope) =
            built.map_err(|error| GrepError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() })?;
        Ok(Self { matcher, scope })
    }
}

/// The matcher of a pattern that is searched line by line, wherever the lines lie.
pub(super) fn line_matcher(pattern: &str, ignore_case: bool) -> Result<RegexMatcher, GrepError> {
    match Pattern::new(pattern, ignore_case)? {
        Pattern { matcher, scope: Scope::Lines } => Ok(matcher),
        Pattern { scope: Scope::Files, .. } => {
            let reason = "the lines of a store are searched one by one, so it cannot contain a line feed".to_owned();
            Err(GrepError::Pattern { pattern: pattern.to_owned(), reason })
        }
    }
}

#[cfg(test)]
mod tests;
