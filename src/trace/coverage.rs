//! Which lines of which files a run has read, by what it was shown.

use std::collections::BTreeMap;

/// The last line that a file may have here.
const LAST_LINE: u64 = 1 << 40;

/// What was read.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By path.
    pub files: BTreeMap<String, File>,
    /// Files of the text beyond those that the trace names.
    pub more: u64,
    /// Programs that may take text without asking for it: which lines that were is not known.
    pub programs_on_their_own: usize,
}

/// A file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct File {
    /// How many it has, if the trace says so.
    pub lines: Option<u64>,
    /// The lines that were read, both ends included. In order and apart once they are settled.
    pub read: Vec<(u64, u64)>,
}

impl File {
    pub fn lines_read(&self) -> u64 {
        self.read.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// The lines that were read, for people.
    pub fn told(&self) -> String {
        let range = |&(first, last): &(u64, u64)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        self.read.iter().map(range).collect::<Vec<_>>().join(", ")
    }
}

/// Names by which a program gets at the text without a call of the engine.
const OWN_WAYS: [&str; 4] = ["context", "files", "peek", "chunk"];

impl Coverage {
    pub fn add_file(&mut self, path: &str, lines: Option<u64>) {
        self.files.entry(path.to_owned()).or_default().lines = lines;
    }

    /// Lines of a file were shown.
    pub fn add(&mut self, path: &str, first: u64, last: u64) {
        if first > 0 && first <= last && last <= LAST_LINE {
            self.files.entry(path.to_owned()).or_default().read.push((first, last));
        }
    }

    /// Notes a program, by its code.
    pub fn add_program(&mut self, code: &str) {
        let mut words = code.split(|it: char| !it.is_alphanumeric() && it != '_');
        self.programs_on_their_own += usize::from(words.any(|word| OWN_WAYS.contains(&word)));
    }

    /// Brings the lines into order.
    pub fn settle(&mut self) {
        for file in self.files.values_mut() {
            file.read.sort_unstable();
            file.read.dedup_by(|next, last| {
                let follows = next.0 <= last.1 + 1;
                if follows {
                    last.1 = last.1.max(next.1);
                }
                follows
            });
        }
    }

    /// Files of which something was read, and all that the trace names.
    pub fn counts(&self) -> (usize, usize) {
        (self.files.values().filter(|file| !file.read.is_empty()).count(), self.files.len())
    }

    /// Lines that were read, and all of the files whose lines were counted.
    pub fn lines(&self) -> (u64, u64) {
        let read = self.files.values().map(File::lines_read).sum();
        (read, self.files.values().filter_map(|file| file.lines).fold(0, u64::saturating_add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_touch_are_one_range_and_nonsense_is_left_out() {
        let mut coverage = Coverage::default();
        coverage.add_file("a", Some(30));
        coverage.add_file("b", Some(5));
        for (first, last) in [(9, 12), (1, 3), (4, 4), (11, 20), (0, 7), (8, 2), (1, u64::MAX)] {
            coverage.add("a", first, last);
        }
        coverage.settle();
        assert_eq!(coverage.files["a"].read, [(1, 4), (9, 20)]);
        assert_eq!(coverage.files["a"].told(), "1-4, 9-20");
        assert_eq!((coverage.counts(), coverage.lines()), ((1, 2), (16, 35)));
        ["x = context[:10]", "for f in files: pass", "grep('x')", "context_size = 1"]
            .iter()
            .for_each(|code| coverage.add_program(code));
        assert_eq!(coverage.programs_on_their_own, 2);
    }
}
