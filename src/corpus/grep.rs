//! Searching by pattern, on the engine of `ripgrep`, line by line.
//!
//! The text is searched in parts of many files at once, in parallel, since most parts of a text have no match; only
//! where a line matches it is looked up which file it is in. Header lines are not in any file and never match.
//!
//! A pattern that spells a line feed (`foo\nbar`) is searched as `ripgrep --multiline` does, each file for itself, since
//! no match reaches from one file into the next. As there, nothing else makes a pattern reach beyond a line: `\s` and
//! `[^x]` match a line feed only in a pattern that spells one.
//!
//! Patterns come from programs. What one may take is bounded, and a search looks at its flag all the time: so much is
//! searched at once as takes a fraction of a second whatever the pattern is ([`pattern`]), and what is longer by steps
//! ([`automaton`]).

mod automaton;
mod fold;
mod lines;
mod parts;
mod pattern;
mod rows;
mod shown;
mod threads;
mod window;

use super::{
    context::ContextText,
    error::{GrepError, LookupError},
    path_lookup::PathFilter,
    segment::Segment,
    stop::StopFlag,
};
pub(super) use fold::fold;
pub(super) use lines::{LineSearch, Shown};
use parts::parts;
pub(super) use pattern::Pattern;
use rows::Search;

/// About how many bytes one thread searches at a time.
const PART: usize = 4 << 20;

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
    /// Nothing if the text is not a file.
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

/// Finds the lines that match the regular expression `pattern`, in the syntax of the crate `regex`. `^` and `$` stand for
/// the beginning and the end of a line, which may end with a carriage return and a line feed. So do `\A` and `\z`, unless
/// the pattern spells a line feed: then they stand for those of a file.
///
/// # Errors
/// The pattern is invalid or takes too much memory, the path does not exist, the text cannot be read, the rows together
/// are too long, or the search is stopped, which takes a fraction of a second.
pub fn grep(
    context: &ContextText,
    pattern: &str,
    options: &GrepOptions<'_>,
    stop: &StopFlag,
) -> Result<GrepResult, GrepError> {
    let pattern = Pattern::new(pattern, options.ignore_case)?;
    let filter = filter(context, options.path)?;
    let wanted = |segment: &Segment| filter.as_ref().is_none_or(|filter| filter.accepts(segment));
    // One more than wanted tells whether there are more.
    let limit = options.max_results.saturating_add(1);
    let parts = parts(context, wanted, pattern.scope).map_err(GrepError::Text)?;
    let mut rows = Search::new(context, &pattern, parts, limit, stop).run()?;
    let more = rows.len() > options.max_results;
    rows.truncate(options.max_results);
    Ok(GrepResult { rows, more })
}

/// Which files are searched; all of them if nothing is returned.
pub(super) fn filter(context: &ContextText, path: Option<&str>) -> Result<Option<PathFilter>, GrepError> {
    let filter = path.map(|path| PathFilter::new(context.segments(), path)).transpose();
    filter.map_err(|error| match error {
        LookupError::Path(error) => GrepError::Path(error),
        LookupError::Text(error) => GrepError::Text(error),
    })
}

#[cfg(test)]
mod tests;
