//! Calls with comments on them, which say something of what they call.
//!
//! The comment above a call often tells in plain words what the called function is for, where the function itself has
//! none, as the text of a link tells what lies behind it (Brin and Page, *The Anatomy of a Large-Scale Hypertextual Web
//! Search Engine*, 1998, section 2.2).

use std::ops::Range;

/// Lines of a comment that are looked at, the nearest to the call.
const COMMENT_LINES: usize = 5;

/// Lines of a statement that are looked at after the comment.
const STATEMENT_LINES: usize = 4;

/// Finds the commented calls of a file, line by line.
#[derive(Debug, Default)]
pub(super) struct CallScan {
    comment: Range<usize>,
    /// Lines that the statement after the comment may still have; 0 if there is no comment.
    left: usize,
}

impl CallScan {
    /// Takes the next line. Returns the lines of the comment that is about it, if it is not a comment itself.
    pub fn take(&mut self, number: usize, line: &str, is_comment: bool) -> Option<Range<usize>> {
        if is_comment {
            let goes_on = self.left == STATEMENT_LINES && self.comment.end == number;
            let start = if goes_on { self.comment.start } else { number };
            self.comment = start.max((number + 1).saturating_sub(COMMENT_LINES))..number + 1;
            self.left = STATEMENT_LINES;
            return None;
        }
        let text = line.trim_ascii();
        let comment = (self.left > 0 && !text.is_empty()).then(|| self.comment.clone());
        let ends = text.is_empty() || text.ends_with([';', '{', '}']);
        self.left = if ends { 0 } else { self.left.saturating_sub(1) };
        comment
    }
}

/// The names before opening parentheses.
pub(super) fn called(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices('(').filter_map(|(end, _)| {
        let before = &line[..end];
        let name = &before[before.trim_end_matches(|it: char| it.is_alphanumeric() || it == '_').len()..];
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_calls_are_found() {
        let names = |line| called(line).collect::<Vec<_>>();
        assert_eq!(names("if a && self.skip_large(b, max(c)) { (x) }"), ["skip_large", "max"]);
        assert!(names("no call").is_empty());
    }

    #[test]
    fn a_comment_is_about_the_statement_that_follows_it() {
        let mut scan = CallScan::default();
        let text = "// One\n// two.\nlet a =\n    f();\ng();\n// Three.\n\nh();";
        let comments: Vec<Option<Range<usize>>> =
            text.lines().enumerate().map(|(at, line)| scan.take(at, line, line.starts_with("//"))).collect();
        assert_eq!(comments, [None, None, Some(0..2), Some(0..2), None, None, None, None]);
    }
}
