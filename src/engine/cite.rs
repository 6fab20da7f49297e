//! Finds the places that an answer names, and looks whether they exist and say what is quoted from them ([`quote`]).
//!
//! A citation is `path:line` or `path:first-last`; also `path#L10-L20`, which models write as well. Where the path begins
//! is told by the files that there are, since paths may hold spaces and brackets (`app/[id]/page.tsx`); what is no known
//! path goes back to white space, a quote or a bracket.

mod quote;

use super::answer::Citation;
use crate::{
    corpus::{ContextText, Segment},
    text::one_line,
};
use quote::quote_behind;
use regex::Regex;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

/// The most citations that are taken from one answer.
const LIMIT: usize = 1000;

/// The longest path that is looked for, in bytes.
const LONGEST_PATH: usize = 1024;

static LINES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?::|#L)(\d{1,9})(?:[-–]L?(\d{1,9}))?";
    Regex::new(pattern).expect("the pattern is right")
});

/// What is wrong with a citation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    NoSuchFile,
    /// The file has fewer lines, or the range is none.
    NoSuchLines {
        count: usize,
    },
    /// The lines do not say what is quoted from them; what the first of them says instead.
    Misquoted {
        quoted: String,
        line: String,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchFile => f.write_str("there is no such file"),
            Self::NoSuchLines { count } => write!(f, "there are no such lines; the file has {count}"),
            Self::Misquoted { quoted, line } => {
                write!(f, "the text quoted from there ({quoted}) is not there; the first of these lines is: {line}")
            }
        }
    }
}

/// A citation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flawed {
    pub citation: Citation,
    pub flaw: Flaw,
}

impl fmt::Display for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Citation { path, first_line, last_line, .. } = &self.citation;
        match first_line == last_line {
            true => write!(f, "{path}:{first_line}: {}", self.flaw),
            false => write!(f, "{path}:{first_line}-{last_line}: {}", self.flaw),
        }
    }
}

/// The citations of `text`, in order, each once. What does not look like a file of the context and is not one either (a
/// time of day, a ratio, a port) is no citation; what looks like one but does not exist, or does not say what is quoted
/// from it, is not verified.
pub fn citations(text: &str, context: &ContextText) -> Vec<Citation> {
    let mut found: Vec<Citation> = Vec::new();
    for (citation, _) in examined(text, context) {
        match found.iter_mut().find(|it| it.is_same_place(&citation)) {
            // One wrong quotation is enough.
            Some(known) => known.verified &= citation.verified,
            None => found.push(citation),
        }
    }
    found
}

/// The citations that do not hold, in order.
pub fn flaws(text: &str, context: &ContextText) -> Vec<Flawed> {
    let mut found: Vec<Flawed> = Vec::new();
    for (citation, flaw) in examined(text, context) {
        let Some(flaw) = flaw else { continue };
        let flawed = Flawed { citation, flaw };
        if !found.contains(&flawed) {
            found.push(flawed);
        }
    }
    found
}

/// Of an answer whose citations do not all hold and one that was to be better, the better one: the second if it has fewer
/// flaws, and is an answer at all, and no excuse or remark.
pub fn better_of(first: String, second: String, context: &ContextText) -> String {
    let (before, after) = (flaws(&first, context).len(), flaws(&second, context).len());
    let is_answer = second.len() * 2 >= first.len() && !citations(&second, context).is_empty();
    if after < before && is_answer { second } else { first }
}

/// Every citation with what is wrong with it.
fn examined(text: &str, context: &ContextText) -> Vec<(Citation, Option<Flaw>)> {
    let files = Files::of(context);
    let mut found = Vec::new();
    for lines in LINES.captures_iter(text).take(LIMIT) {
        let number = |group: usize| lines.get(group).and_then(|digits| digits.as_str().parse::<usize>().ok());
        let (Some(whole), Some(first_line)) = (lines.get(0), number(1)) else { continue };
        let last_line = number(2).unwrap_or(first_line);
        let Some((path, segment)) = files.before(&text[..whole.start()]) else { continue };
        let flaw = match segment {
            None => Some(Flaw::NoSuchFile),
            Some(segment) => flaw(text, whole.end(), context, segment, first_line, last_line),
        };
        found.push((Citation { path: path.to_owned(), first_line, last_line, verified: flaw.is_none() }, flaw));
    }
    found
}

/// What is wrong with lines of a file; what is quoted from them stands behind `end` in `text`.
fn flaw(
    text: &str,
    end: usize,
    context: &ContextText,
    segment: &Segment,
    first_line: usize,
    last_line: usize,
) -> Option<Flaw> {
    let count = line_count(context, segment);
    if !(1..=count).contains(&first_line) || !(first_line..=count).contains(&last_line) {
        return Some(Flaw::NoSuchLines { count });
    }
    let quote = quote_behind(text, end)?;
    let last = first_line + quote.reach(last_line - first_line + 1) - 1;
    let number = |line: usize| i64::try_from(line).unwrap_or(i64::MAX);
    let range = context.line_range(segment.path.as_deref(), number(first_line), Some(number(last.min(count)))).ok()?;
    // What cannot be read now cannot be compared.
    let lines = context.read(range).ok()?;
    let line = || one_line(lines.lines().next().unwrap_or_default(), 200);
    (!quote.stands_in(&lines)).then(|| Flaw::Misquoted { quoted: quote.shown(), line: line() })
}

fn line_count(context: &ContextText, segment: &Segment) -> usize {
    match segment.text.end.checked_sub(1) {
        Some(last) if !segment.text.is_empty() => {
            context.position(last).ok().flatten().map_or(0, |position| position.line)
        }
        _ => 0,
    }
}

/// The files that citations may mean.
struct Files<'a> {
    by_name: HashMap<&'a str, Vec<(&'a str, &'a Segment)>>,
    endings: HashSet<&'a str>,
}

impl<'a> Files<'a> {
    fn of(context: &'a ContextText) -> Self {
        let mut files = Self { by_name: HashMap::new(), endings: HashSet::new() };
        for segment in context.segments() {
            let Some(path) = segment.path.as_deref() else { continue };
            files.by_name.entry(name(path)).or_default().push((path, segment));
            files.endings.extend(ending(path));
        }
        files
    }

    /// The path at the end of `text`, and its file if there is one. The longest path of a file that stands there is meant;
    /// else what a file's path ends with; else, if it looks like a file, what stands there up to a blank or a bracket.
    fn before<'t>(&self, text: &'t str) -> Option<(&'t str, Option<&'a Segment>)>
    where
        'a: 't,
    {
        let line = &text[text.rfind('\n').map_or(0, |end| end + 1)..];
        let line = &line[line.ceil_char_boundary(line.len().saturating_sub(LONGEST_PATH))..];
        let starts = line.char_indices().filter(|&(_, it)| is_border(it)).map(|(at, it)| at + it.len_utf8());
        let candidates = std::iter::once(0).chain(starts).map(|start| line[start..].trim_start_matches("./"));
        let mut nearest = "";
        for candidate in candidates.filter(|it| !it.is_empty()) {
            if let Some((path, segment)) = self.exact(candidate) {
                return Some((path, Some(segment)));
            }
            nearest = candidate;
        }
        if let Some((path, segment)) = self.partial(nearest) {
            return Some((path, Some(segment)));
        }
        let looks_like_a_file = ending(nearest).is_some_and(|ending| self.endings.contains(ending));
        looks_like_a_file.then_some((nearest, None))
    }

    fn exact(&self, path: &str) -> Option<(&'a str, &'a Segment)> {
        self.by_name.get(name(path))?.iter().find(|(known, _)| *known == path).copied()
    }

    /// The only file whose path ends with these components.
    fn partial(&self, path: &str) -> Option<(&'a str, &'a Segment)> {
        let ends = |known: &str| known.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'));
        let mut found = self.by_name.get(name(path))?.iter().filter(|(known, _)| ends(known));
        found.next().filter(|_| found.next().is_none()).copied()
    }
}

/// Whether a path that is not known begins after this character.
fn is_border(it: char) -> bool {
    it.is_whitespace() || "`'\"<>()[]{}|*,;:#".contains(it)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn ending(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag};

    fn check(text: &str, expected: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        let files = [
            "src/a.rs",
            "src/b.rs",
            "lib/b.rs",
            "app/[id]/page.tsx",
            "app/(auth)/page.tsx",
            "my docs/notes.md",
            "Makefile",
        ];
        let open = files.map(|path| OpenBuffer {
            path: directory.path().join(path),
            text: "one\ntwo\nthree\n".into(),
            version: 0,
        });
        let roots = vec![Root::new(directory.path())];
        let selection = Selection { roots, open: open.into(), ..Selection::default() };
        let context = Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap();
        let shown: Vec<String> = citations(text, &context)
            .iter()
            .map(|it| format!("{}:{}-{}{}", it.path, it.first_line, it.last_line, if it.verified { "" } else { " ?" }))
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn places_are_found_however_they_are_written() {
        check("see src/a.rs:2, `src/a.rs:1-3` and (./src/a.rs:3).", &["src/a.rs:2-2", "src/a.rs:1-3", "src/a.rs:3-3"]);
        check("[it](src/a.rs#L1-L2) Makefile:1", &["src/a.rs:1-2", "Makefile:1-1"]);
        check("src/a.rs:2 and src/a.rs:2 again", &["src/a.rs:2-2"]);
        check("a.rs:1–2", &["src/a.rs:1-2"]);
    }

    #[test]
    fn paths_may_hold_brackets_and_spaces() {
        check(
            "`app/[id]/page.tsx:2` app/(auth)/page.tsx:3\nthe file my docs/notes.md:1",
            &["app/[id]/page.tsx:2-2", "app/(auth)/page.tsx:3-3", "my docs/notes.md:1-1"],
        );
    }

    #[test]
    fn what_is_quoted_must_stand_there() {
        check("src/a.rs:2: `two` src/b.rs:2", &["src/a.rs:2-2", "src/b.rs:2-2"]);
        check("src/a.rs:2: `three`", &["src/a.rs:2-2 ?"]);
        check("src/a.rs:2\n```\ntwo\nthree\n```", &["src/a.rs:2-2"]);
        check("src/a.rs:2\n```\nthree\nfour\n```", &["src/a.rs:2-2 ?"]);
        check("src/a.rs:2 and src/a.rs:2: `four`", &["src/a.rs:2-2 ?"]);
    }

    #[test]
    fn what_does_not_exist_is_not_verified_and_what_is_no_file_is_no_citation() {
        check("src/a.rs:4 src/a.rs:0 src/a.rs:3-2", &["src/a.rs:4-4 ?", "src/a.rs:0-0 ?", "src/a.rs:3-2 ?"]);
        check("src/gone.rs:1 b.rs:1", &["src/gone.rs:1-1 ?", "b.rs:1-1 ?"]);
        check("at 12:30, 3:1, http://localhost:8000 and x.unknown:5", &[]);
    }
}
