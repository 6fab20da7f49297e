//! The lines of one file.

use std::ops::Range;

/// Where each line of a text begins. Lines are counted from 0 and include their line feeds.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// One for each line, and the end of the text.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        if text.ends_with('\n') || text.is_empty() {
            starts.pop();
        }
        starts.push(text.len());
        Self { text, starts }
    }

    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// One line with its line feed.
    pub fn line(&self, number: usize) -> &'a str {
        &self.text[self.starts[number]..self.starts[number + 1]]
    }

    /// The bytes of several lines.
    pub fn bytes(&self, lines: &Range<usize>) -> Range<usize> {
        self.starts[lines.start]..self.starts[lines.end]
    }

    /// Several lines.
    pub fn slice(&self, lines: &Range<usize>) -> &'a str {
        &self.text[self.bytes(lines)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_standard_library() {
        for text in ["", "a", "a\n", "\n", "a\n\nb", "a\r\nb\n"] {
            let lines = Lines::new(text);
            let all: Vec<&str> = (0..lines.count()).map(|number| lines.line(number)).collect();
            assert_eq!(all, text.split_inclusive('\n').collect::<Vec<_>>(), "{text:?}");
            assert_eq!(lines.slice(&(0..lines.count())), text);
        }
    }
}
