//! The places that a text names.
//!
//! A place is `path:line` or `path:first-last`; also `path#L10-L20`, which models write as well. Where the path begins
//! is told by the files that there are, since paths may hold spaces and brackets (`app/[id]/page.tsx`); what is no known
//! path goes back to white space, a quote or a bracket.

use crate::corpus::{ContextText, Segment};
use regex::Regex;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{ops::Range, sync::LazyLock};

/// The longest path that is looked for, in bytes.
const LONGEST_PATH: usize = 1024;

static LINES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?::|#L)(\d{1,9})(?:[-–]L?(\d{1,9}))?";
    Regex::new(pattern).expect("the pattern is right")
});

/// A place that a text names.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// Where it is named.
    pub range: Range<usize>,
    /// Where the lines begin to be named, behind the path.
    pub lines: usize,
    /// Of the file, or as it is written if there is no such file.
    pub path: String,
    pub segment: Option<&'a Segment>,
    /// 1-based.
    pub first_line: usize,
    /// Inclusive.
    pub last_line: usize,
}

/// The files that places may mean.
pub struct Files<'a> {
    segments: &'a [Segment],
    /// For each name the last file that has it, and for each file the one before it that has the same name: a large tree has
    /// many names, and a list for each would take longer to make than all that is asked of them.
    last_of_name: FxHashMap<&'a str, usize>,
    before: Vec<Option<usize>>,
    endings: FxHashSet<&'a str>,
    /// The length of the longest name, and the bytes that names end with: most of what is not a name is told by these.
    longest_name: usize,
    last_bytes: [bool; 256],
}

impl<'a> Files<'a> {
    pub fn of(context: &'a ContextText) -> Self {
        let mut files = Self {
            segments: context.segments(),
            last_of_name: FxHashMap::default(),
            before: Vec::with_capacity(context.segments().len()),
            endings: FxHashSet::default(),
            longest_name: 0,
            last_bytes: [false; 256],
        };
        for (number, segment) in context.segments().iter().enumerate() {
            let path = segment.path.as_deref();
            files.before.push(path.and_then(|path| files.last_of_name.insert(name(path), number)));
            let Some(path) = path else { continue };
            files.endings.extend(ending(path));
            files.longest_name = files.longest_name.max(name(path).len());
            path.bytes().next_back().into_iter().for_each(|byte| files.last_bytes[usize::from(byte)] = true);
        }
        files
    }

    /// The places that a part of `text` names, in order. What does not look like a file and is not one either (a time of
    /// day, a ratio, a port) is none.
    pub fn places<'t>(&'t self, text: &'t str, range: Range<usize>) -> impl Iterator<Item = Place<'a>> {
        let part = &text[range.clone()];
        LINES.captures_iter(part).filter_map(move |lines| {
            let number = |group: usize| lines.get(group).and_then(|digits| digits.as_str().parse::<usize>().ok());
            let (whole, first_line) = (lines.get(0)?, number(1)?);
            let before = part[..whole.start()].trim_end_matches(['`', '*']);
            let (length, path, segment) = self.before(before)?;
            let lines = range.start + before.len();
            let range = lines - length..range.start + whole.end();
            Some(Place { range, lines, path, segment, first_line, last_line: number(2).unwrap_or(first_line) })
        })
    }

    /// The path at the end of `text`: its length there, and its file if there is one. The longest path of a file that
    /// stands there is meant; else what a file's path ends with; else, if it looks like a file, what stands there up to a
    /// blank or a bracket.
    fn before(&self, text: &str) -> Option<(usize, String, Option<&'a Segment>)> {
        let line = &text[text.ceil_char_boundary(text.len().saturating_sub(LONGEST_PATH))..];
        let line = &line[line.rfind('\n').map_or(0, |end| end + 1)..];
        let known = |(path, segment): (&str, &'a Segment), length| (length, path.to_owned(), Some(segment));
        if let Some(found) = self.exact(line) {
            return Some(known(found, found.0.len()));
        }
        let start = line.char_indices().rfind(|&(_, it)| is_border(it)).map_or(0, |(at, it)| at + it.len_utf8());
        let nearest = line[start..].trim_start_matches("./");
        if let Some(found) = self.partial(nearest) {
            return Some(known(found, nearest.len()));
        }
        let is_address = nearest.starts_with("//");
        let looks_like_a_file = ending(nearest).is_some_and(|ending| self.endings.contains(ending));
        (looks_like_a_file && !is_address).then(|| (nearest.len(), nearest.to_owned(), None))
    }

    /// The file with the longest path that a line ends with.
    fn exact(&self, line: &str) -> Option<(&'a str, &'a Segment)> {
        if !line.bytes().next_back().is_some_and(|byte| self.last_bytes[usize::from(byte)]) {
            return None;
        }
        let begins = |path: &str| {
            let before = line[..line.len() - path.len()].trim_end_matches("./");
            before.chars().next_back().is_none_or(is_border)
        };
        let folder = line.rfind('/').map_or(0, |at| at + 1);
        let folder = folder.max(line.floor_char_boundary(line.len().saturating_sub(self.longest_name + 1)));
        // The name of a file in a folder is told by the last slash; one in no folder may begin at any border.
        let starts = line[folder..].char_indices().filter(|&(_, it)| is_border(it)).map(|(at, it)| at + it.len_utf8());
        let names = std::iter::once(0).chain(starts).map(|start| &line[folder + start..]);
        let files = names.flat_map(|name| self.named(name));
        let found = files.filter(|(path, _)| line.ends_with(path) && begins(path));
        found.max_by_key(|(path, _)| path.len())
    }

    /// The only file whose path ends with these components.
    fn partial(&self, path: &str) -> Option<(&'a str, &'a Segment)> {
        let ends = |known: &str| known.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'));
        let mut found = self.named(name(path)).filter(|(known, _)| ends(known));
        found.next().filter(|_| found.next().is_none())
    }

    /// The files of this name, with their paths.
    fn named(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a Segment)> {
        let numbers = std::iter::successors(self.last_of_name.get(name).copied(), |number| self.before[*number]);
        numbers.filter_map(|number| Some((self.segments[number].path.as_deref()?, &self.segments[number])))
    }
}

/// Whether a path that is not known begins after this character.
fn is_border(it: char) -> bool {
    it.is_whitespace() || "`'\"<>()[]{}|*,;:#“”‘’„«»=".contains(it)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn ending(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, ending)| ending)
}
