//! How many lines match, and how many of which kind.

use super::group::Group;
use crate::corpus::{
    context::ContextText,
    error::GrepError,
    grep::{self, Pattern},
    stop::StopFlag,
};
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

/// The most bytes of the compiled pattern that takes the key out of a line.
const MOST_COMPILED: usize = 1 << 20;

/// The most different keys that are told apart. Lines with further ones are counted, and have no row.
const MOST_KEYS: usize = 100_000;

/// The most bytes of a key.
const LONGEST_KEY: usize = 300;

/// Lines that match and have something in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub key: String,
    pub lines: usize,
    /// The first and the last of them: path, and line from 1.
    pub first: (Option<String>, usize),
    pub last: (Option<String>, usize),
}

/// All lines that match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: usize,
    /// The most frequent keys first.
    pub rows: Vec<Count>,
    /// Whether there are more keys than rows.
    pub more: bool,
}

/// Counts the lines that match `pattern`, in the files of `path` if that is given: for each file, or, with `by`, for each
/// text that the first group of that pattern, or all of it, matches in the line. A line that `by` does not match has an
/// empty key.
///
/// # Errors
/// A pattern is invalid, the path does not exist, the text cannot be read, or the count is stopped.
pub fn count(
    context: &ContextText,
    pattern: &str,
    by: Option<&str>,
    path: Option<&str>,
    ignore_case: bool,
    stop: &StopFlag,
) -> Result<Counts, GrepError> {
    let filter = grep::filter(context, path)?;
    let compiled = Pattern::of_lines(pattern, ignore_case)?;
    let by = by.map(|by| key_pattern(by, ignore_case)).transpose()?;
    let parts = grep::fold(
        context,
        &compiled,
        |segment| filter.as_ref().is_none_or(|filter| filter.accepts(segment)),
        stop,
        |(lines, groups): &mut (usize, FxHashMap<String, Group>), line| {
            *lines += 1;
            let key = match &by {
                None => line.segment.path.as_deref().unwrap_or_default(),
                Some(by) => by
                    .captures(line.text)
                    .map_or("", |found| found.get(1).or_else(|| found.get(0)).map_or("", |group| group.as_str())),
            };
            let key = &key[..key.floor_char_boundary(LONGEST_KEY)];
            Group::add(groups, key, line.start, MOST_KEYS);
        },
    )?;
    let (lines, groups): (Vec<usize>, Vec<_>) = parts.into_iter().unzip();
    let (groups, more) = Group::merged(groups, MOST_KEYS);
    let mut rows = Vec::with_capacity(groups.len());
    for (key, group) in groups {
        stop.check().map_err(GrepError::Text)?;
        let (first, last) = group.places(context).map_err(GrepError::Text)?;
        rows.push(Count { key, lines: group.lines, first, last });
    }
    Ok(Counts { lines: lines.into_iter().sum(), rows, more })
}

fn key_pattern(by: &str, ignore_case: bool) -> Result<Regex, GrepError> {
    let built = RegexBuilder::new(by)
        .case_insensitive(ignore_case)
        .size_limit(MOST_COMPILED)
        .dfa_size_limit(MOST_COMPILED)
        .build();
    built.map_err(|error| GrepError::Pattern {
        pattern: crate::text::cut_head(by, LONGEST_KEY).shown.to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    const LOG: &str = "05-01 ERROR a\n05-01 INFO b\n05-02 ERROR c\n05-01 ERROR d\nERROR\n";

    #[test]
    fn lines_are_counted_as_a_whole_and_by_what_they_have_in_common() {
        let context = Snapshot::of_text(Some("a.log"), LOG.to_owned()).context().unwrap();
        let count = |pattern: &str, by: Option<&str>| {
            let counts = count(&context, pattern, by, None, false, &StopFlag::default()).unwrap();
            let rows = counts.rows.iter().map(|it| format!("{}: {} ({}-{})", it.key, it.lines, it.first.1, it.last.1));
            (counts.lines, rows.collect::<Vec<_>>().join(", "))
        };
        assert_eq!(count("ERROR", None), (4, "a.log: 4 (1-5)".to_owned()));
        assert_eq!(count("ERROR", Some(r"^\S+-(\d+)")), (4, "01: 2 (1-4), 02: 1 (3-3), : 1 (5-5)".to_owned()));
        assert_eq!(count("NOTHING", None), (0, String::new()));
    }

    #[test]
    fn bad_patterns_and_paths_are_errors() {
        let context = Snapshot::of_text(Some("a.log"), LOG.to_owned()).context().unwrap();
        for (pattern, by, path) in
            [("(", None, None), ("a", Some("("), None), ("a", None, Some("b")), ("a\nb", None, None)]
        {
            assert!(
                count(&context, pattern, by, path, false, &StopFlag::default()).is_err(),
                "{pattern} {by:?} {path:?}"
            );
        }
    }
}
