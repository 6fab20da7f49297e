//! Fences of Markdown.

/// The beginning of a fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence<'r> {
    mark: char,
    length: usize,
    /// What stands behind the marks.
    pub info: &'r str,
}

impl<'r> Fence<'r> {
    pub fn opened_by(line: &'r str) -> Option<Self> {
        let rest = line.trim_start();
        let mark = rest.chars().next().filter(|it| matches!(it, '`' | '~'))?;
        let info = rest.trim_start_matches(mark);
        let length = rest.len() - info.len();
        // Code in a line of prose may begin with several marks, too.
        (length >= 3 && !(mark == '`' && info.contains('`'))).then(|| Self { mark, length, info: info.trim() })
    }

    pub fn is_closed_by(&self, line: &str) -> bool {
        Fence::opened_by(line).is_some_and(|it| it.info.is_empty() && it.mark == self.mark && it.length >= self.length)
    }

    /// Whether a Markdown text inside could hold a fence that looks like the end of this one.
    pub fn is_short(&self) -> bool {
        self.length == 3
    }

    /// The line that closes it, from the line behind its beginning on.
    pub fn end(&self, lines: &[&str], from: usize) -> Option<usize> {
        (from..lines.len()).find(|&at| self.is_closed_by(lines[at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_end_where_their_like_is() {
        let fence = Fence::opened_by("  ```rust src/a.rs").expect("it is one");
        assert_eq!(fence.info, "rust src/a.rs");
        for (line, closes) in [("```", true), ("````", true), ("``", false), ("~~~", false), ("```x", false)] {
            assert_eq!(fence.is_closed_by(line), closes, "{line}");
        }
        assert!(Fence::opened_by("```a``` is code").is_none());
        assert!(Fence::opened_by("~~~~ diff").is_some_and(|it| it.end(&["~~~", "~~~~"], 0) == Some(1)));
    }
}
