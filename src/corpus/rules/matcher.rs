//! The rules of one file as a matcher.
//!
//! A walk asks about every file, and nearly always the answer is no. Each rule tells something about the last component
//! of what it can match: its name, its ending, its beginning, or something that it contains. Looking for these first
//! leaves few rules whose globs have to be asked, however many there are.

use super::line::{BadLine, Clue, Line, Test};
use ignore::Match;
use memchr::memmem;
use rustc_hash::FxHashMap;

/// The rules of one ignore file.
#[derive(Debug)]
pub(in crate::corpus) struct Matcher {
    text: Box<[u8]>,
    /// Whether capital and small letters of ASCII are the same.
    ignore_case: bool,
    rules: Box<[Rule]>,
    names: FxHashMap<Box<[u8]>, Numbers>,
    extensions: FxHashMap<Box<[u8]>, Numbers>,
    others: Box<[(Hint, u32)]>,
}

/// Rules in their order.
type Numbers = Vec<u32>;

#[derive(Debug)]
struct Rule {
    /// Where it stands in the text.
    start: u32,
    length: u32,
    /// Counted from 1.
    line: u32,
    is_whitelist: bool,
    is_only_dir: bool,
    test: Test,
}

/// A rule as it is written, and the number of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) struct Written<'a> {
    pub text: &'a [u8],
    pub line: u32,
}

/// What a name must have.
#[derive(Debug)]
enum Hint {
    Begins(Box<[u8]>),
    Ends(Box<[u8]>),
    Contains(Box<[u8]>),
    Nothing,
}

impl Matcher {
    /// A bad line yields no rule; the others hold. Reads at most `most` rules, and none that is very long; also
    /// says whether there are more.
    pub fn new(text: &[u8], most: usize, ignore_case: bool) -> (Self, bool) {
        let mut matcher = Self {
            text: text.into(),
            ignore_case,
            rules: Box::default(),
            names: FxHashMap::default(),
            extensions: FxHashMap::default(),
            others: Box::default(),
        };
        let (mut rules, mut others) = (Vec::new(), Vec::new());
        let mut is_cut = false;
        let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        for (line, number_of_line) in lines.zip(1..) {
            let line = match Line::parse(line, ignore_case) {
                Ok(Some(line)) => line,
                Ok(None) | Err(BadLine::Glob) => continue,
                Err(BadLine::TooLong) => {
                    is_cut = true;
                    continue;
                }
            };
            if rules.len() == most {
                is_cut = true;
                break;
            }
            let number = u32::try_from(rules.len()).expect("texts of rules are short");
            let bytes =
                |text: &[u8]| -> Box<[u8]> { if ignore_case { text.to_ascii_lowercase().into() } else { text.into() } };
            match line.clue {
                Clue::Is(name) => matcher.names.entry(bytes(name)).or_default().push(number),
                Clue::Extension(extension) => {
                    matcher.extensions.entry(bytes(extension)).or_default().push(number);
                }
                Clue::Begins(beginning) => others.push((Hint::Begins(bytes(beginning)), number)),
                Clue::Ends(ending) => others.push((Hint::Ends(bytes(ending)), number)),
                Clue::Contains(part) => others.push((Hint::Contains(bytes(part)), number)),
                Clue::Nothing => others.push((Hint::Nothing, number)),
            }
            let start = line.text.as_ptr().addr() - text.as_ptr().addr();
            rules.push(Rule {
                start: u32::try_from(start).expect("texts of rules are short"),
                length: u32::try_from(line.text.len()).expect("rules are short"),
                line: number_of_line,
                is_whitelist: line.is_whitelist,
                is_only_dir: line.is_only_dir,
                test: line.test,
            });
        }
        (Self { rules: rules.into(), others: others.into(), ..matcher }, is_cut)
    }

    pub fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    /// What it was made of.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// What the last rule that matches says about `path`, which is relative to the directory that the rules are about,
    /// with the rule as it is written.
    pub fn matched(&self, path: &[u8], is_dir: bool) -> Match<Written<'_>> {
        let small = self.ignore_case.then(|| path.to_ascii_lowercase());
        let path = small.as_deref().unwrap_or(path);
        let name = memchr::memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..]);
        let applies = |number: u32| {
            let rule = &self.rules[number as usize];
            (is_dir || !rule.is_only_dir)
                && match &rule.test {
                    Test::Clue => true,
                    Test::Name(glob) => glob.matches(name),
                    Test::Path(glob) => glob.matches(path),
                }
        };
        let last_of = |numbers: Option<&Numbers>| numbers?.iter().rev().copied().find(|&number| applies(number));
        let extension = memchr::memrchr(b'.', name).map(|dot| &name[dot + 1..]);
        let told = last_of(self.names.get(name)).max(last_of(extension.and_then(|it| self.extensions.get(it))));
        // Only a later rule is of interest.
        let mut others = self.others.iter().rev().take_while(|&&(_, number)| Some(number) > told);
        let other = others.find(|(hint, number)| hint.fits(name) && applies(*number)).map(|&(_, number)| number);
        let Some(rule) = other.or(told).map(|number| &self.rules[number as usize]) else { return Match::None };
        let text = &self.text[rule.start as usize..(rule.start + rule.length) as usize];
        let written = Written { text, line: rule.line };
        if rule.is_whitelist { Match::Whitelist(written) } else { Match::Ignore(written) }
    }
}

impl Hint {
    fn fits(&self, name: &[u8]) -> bool {
        match self {
            Self::Begins(beginning) => name.starts_with(beginning),
            Self::Ends(ending) => name.ends_with(ending),
            Self::Contains(part) => memmem::find(name, part).is_some(),
            Self::Nothing => true,
        }
    }
}

#[cfg(test)]
mod tests;
