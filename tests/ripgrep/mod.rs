//! `ripgrep` as the measure of what a walk finds and which lines match.

use rlm::corpus::{ContextText, Exclusion, GrepOptions, Reason, Segment, StopFlag, Tree, WalkResult, grep};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Patterns of all kinds, one a line.
pub const PATTERNS: &str = include_str!("../data/patterns.txt");

/// Whether there is a `ripgrep` to compare with.
pub fn is_installed() -> bool {
    Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// More lines are not compared at once: a pattern that matches everywhere is compared on a part of the tree.
const MOST_LINES: usize = 1_000_000;

fn output(root: &Path, part: &str, options: &[&str]) -> Vec<u8> {
    let mut command = Command::new("rg");
    command.args(["--no-config", "--color", "never"]);
    command.args(options).arg(format!("./{part}"));
    let output = command.current_dir(root).stdin(Stdio::null()).output().expect("ripgrep runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    // It has no complaints, but perhaps no results.
    assert!(output.status.code() <= Some(1), "{stderr}");
    output.stdout
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes.strip_prefix(b"./").unwrap_or(bytes)))
}

/// The files that `ripgrep` would search, relative to `root`, but for those of git itself, which nothing lets us read.
fn files(root: &Path) -> BTreeSet<PathBuf> {
    let output = output(root, "", &["--files", "--null"]);
    let paths = output.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(path_of);
    paths.filter(|path| path.iter().all(|name| name != ".git")).collect()
}

/// The same as a walk found them, with those that are left out only because they look like secrets or are an editor's.
fn files_and_others(root: &Path, walked: &WalkResult) -> BTreeSet<PathBuf> {
    let is_hidden = |path: &str| path.starts_with('.') || path.contains("/.");
    let is_other = |it: &&Exclusion| match it.reason {
        Reason::Secret => true,
        Reason::EditorFile => !is_hidden(&it.path),
        _ => false,
    };
    let others = walked.exclusions.iter().filter(is_other).map(|it| PathBuf::from(&it.path));
    let below = |path: &Path| path.strip_prefix(root).expect("it lies below").to_owned();
    walked.files.iter().map(|file| below(&file.absolute)).chain(others).collect()
}

/// Checks that a walk finds what `ripgrep` does.
pub fn compare_files(root: &Path) {
    let mut tree = Tree::of(root, &[], &[]).expect("no globs are bad");
    let walked = tree.refresh(&StopFlag::default()).expect("the root can be read");
    let (ours, theirs) = (files_and_others(root, &walked), files(root));
    let differ: Vec<&PathBuf> = ours.symmetric_difference(&theirs).take(9).collect();
    assert!(differ.is_empty(), "{} and {} files; {differ:?} …", ours.len(), theirs.len());
}

/// Paths and lines, counted from 1.
type Lines = BTreeSet<(String, usize)>;

/// Compares matching lines. Binary files are not in our text, and what is not UTF-8 is not there as it is on the disk,
/// so such files are not compared; nor is what has carriage returns with a `ripgrep` before 14, where `.` matches them.
pub struct Oracle<'a> {
    root: &'a Path,
    context: &'a ContextText,
    /// A directory to compare if there is too much of everything.
    part: &'a str,
    compared: BTreeSet<&'a str>,
}

impl<'a> Oracle<'a> {
    /// The text is that of the files of `root`.
    pub fn new(root: &'a Path, context: &'a ContextText, part: &'a str) -> Self {
        let changed: BTreeSet<&str> = context.changed().iter().filter_map(|it| it.path.as_deref()).collect();
        let is_recent = major_version() >= 14;
        let text_of = |segment: &Segment| context.read(segment.text.clone()).expect("the text can be read");
        let is_same = |segment: &&Segment| is_recent || !text_of(segment).contains('\r');
        let paths = context.segments().iter().filter(is_same).filter_map(|it| it.path.as_deref());
        Self { root, context, part, compared: paths.filter(|path| !changed.contains(path)).collect() }
    }

    /// Checks that the pattern matches the same lines, and returns how many.
    pub fn compare_lines(&self, pattern: &str) -> usize {
        let options = GrepOptions { max_results: MOST_LINES, ..GrepOptions::default() };
        let search = |options| {
            grep(self.context, pattern, &options, &StopFlag::default()).unwrap_or_else(|error| panic!("{error}"))
        };
        let (mut part, mut result) = ("", search(options.clone()));
        if result.more {
            (part, result) = (self.part, search(GrepOptions { path: Some(self.part), ..options }));
            assert!(!result.more, "`{pattern}` matches too many lines of {part}");
        }
        let rows = result.rows;
        let ours = rows.into_iter().filter_map(|row| Some((row.path?, row.line)));
        let theirs = match pattern.contains(r"\n") {
            true => lines_of_matches(self.root, part, pattern),
            false => lines(self.root, part, pattern),
        };
        let is_compared = |(path, _): &(String, usize)| self.compared.contains(path.as_str());
        let ours: Lines = ours.filter(is_compared).collect();
        let theirs: Lines = theirs.into_iter().filter(is_compared).collect();
        let differ: Vec<_> = ours.symmetric_difference(&theirs).take(9).collect();
        assert!(differ.is_empty(), "`{pattern}`: {} and {} lines; {differ:?} …", ours.len(), theirs.len());
        ours.len()
    }
}

/// The first number of `ripgrep 14.1.0`.
fn major_version() -> usize {
    let output = Command::new("rg").arg("--version").output().expect("ripgrep runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.split_whitespace().nth(1).and_then(|version| version.split('.').next()?.parse().ok());
    number.expect("ripgrep has a version")
}

fn lines(root: &Path, part: &str, pattern: &str) -> Lines {
    let output =
        output(root, part, &["--text", "--crlf", "--line-number", "--null", "--no-heading", "-M1", "-e", pattern]);
    let parse = |line: &[u8]| {
        let at = line.iter().position(|&byte| byte == 0)?;
        let rest = &line[at + 1..];
        let number = rest.split(|byte| !byte.is_ascii_digit()).next()?;
        Some((path_of(&line[..at]).to_str()?.to_owned(), std::str::from_utf8(number).ok()?.parse().ok()?))
    };
    output.split(|&byte| byte == b'\n').filter_map(parse).collect()
}

/// The lines on which matches begin that may reach over several.
fn lines_of_matches(root: &Path, part: &str, pattern: &str) -> Lines {
    let output = output(root, part, &["--text", "--crlf", "--multiline", "--json", "-e", pattern]);
    let messages = output.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let mut lines = Lines::new();
    for message in messages.filter(|message: &serde_json::Value| message["type"] == "match") {
        let data = &message["data"];
        // What is not UTF-8 has no text here, and is not compared.
        let (Some(path), Some(text)) = (data["path"]["text"].as_str(), data["lines"]["text"].as_str()) else {
            continue;
        };
        let first = data["line_number"].as_u64().expect("lines are numbered") as usize;
        for found in data["submatches"].as_array().expect("there is a list") {
            let start = found["start"].as_u64().expect("a match has a start") as usize;
            let line = first + text[..start].matches('\n').count();
            lines.insert((path.strip_prefix("./").unwrap_or(path).to_owned(), line));
        }
    }
    lines
}
