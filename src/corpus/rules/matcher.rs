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
    text: Box<str>,
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
    is_whitelist: bool,
    is_only_dir: bool,
    test: Test,
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
    /// A bad line yields no rule; the others hold. At most `most` rules are read, and none that is very long; whether
    /// there are more is told as well.
    pub fn new(text: &str, most: usize) -> (Self, bool) {
        let mut matcher = Self {
            text: text.into(),
            rules: Box::default(),
            names: FxHashMap::default(),
            extensions: FxHashMap::default(),
            others: Box::default(),
        };
        let (mut rules, mut others) = (Vec::new(), Vec::new());
        let mut is_cut = false;
        for line in text.lines() {
            let line = match Line::parse(line) {
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
            let bytes = |text: &str| Box::<[u8]>::from(text.as_bytes());
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
                is_whitelist: line.is_whitelist,
                is_only_dir: line.is_only_dir,
                test: line.test,
            });
        }
        (Self { rules: rules.into(), others: others.into(), ..matcher }, is_cut)
    }

    /// What it was made of.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// What the last rule that matches says about `path`, which is relative to the directory that the rules are about,
    /// with the rule as it is written.
    pub fn matched(&self, path: &[u8], is_dir: bool) -> Match<&str> {
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
        if rule.is_whitelist { Match::Whitelist(text) } else { Match::Ignore(text) }
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
mod tests {
    use super::*;
    use ignore::gitignore::GitignoreBuilder;
    use proptest::prelude::*;
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    /// Compares with the `ignore` crate.
    fn check(lines: &[String], paths: &[Vec<u8>]) -> Result<(), TestCaseError> {
        let mut builder = GitignoreBuilder::new("");
        for line in lines {
            let _ = builder.add_line(None, line);
        }
        // One range that makes no sense as one of bytes takes all other rules with it there.
        let Ok(theirs) = builder.build() else { return Ok(()) };
        let (ours, _) = Matcher::new(&lines.join("\n"), usize::MAX);
        for path in paths {
            for is_dir in [true, false] {
                let expected = theirs.matched(OsStr::from_bytes(path), is_dir).map(|glob| glob.original());
                let got = ours.matched(path, is_dir);
                let same = match (&got, &expected) {
                    (Match::None, Match::None) => true,
                    (Match::Ignore(got), Match::Ignore(expected)) => got == expected,
                    (Match::Whitelist(got), Match::Whitelist(expected)) => got == expected,
                    _ => false,
                };
                prop_assert!(same, "{lines:?} {:?}: {got:?}, not {expected:?}", String::from_utf8_lossy(path));
            }
        }
        Ok(())
    }

    fn paths() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let path = prop_oneof![
            8 => r"([ab.*\[\]{} #!-]|/[ab.]){1,8}".prop_map(String::into_bytes),
            2 => r"[ab]{1,3}(/[ab.]{1,4}){0,4}".prop_map(String::into_bytes),
            1 => r"[abé/漢]{1,6}".prop_map(String::into_bytes),
            1 => prop::collection::vec(prop_oneof![Just(b'a'), Just(b'/'), Just(0xe9), Just(0xc3)], 1..6),
        ];
        // Names in a listing are never empty.
        let is_real = |path: &[u8]| path.split(|&byte| byte == b'/').all(|name| !matches!(name, b"" | b"." | b".."));
        prop::collection::vec(path.prop_filter("a path", move |path| is_real(path)), 1..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn rules_mean_what_they_mean_to_ripgrep(
            lines in prop::collection::vec(
                prop_oneof![
                    3 => r"!?/?([ab.*?\[\]!{},\\ -]|\*\*|/|\*\.a|#){1,8}",
                    2 => r"!?/?([ab.]|\*|\?|/|\*\*/|/\*\*|\[!?[ab-]{1,3}\]|\{[ab*]?(,[ab./*]{1,3}){1,2}\}){1,5}/?",
                    1 => r"!?[ab*é漢\[\]^-]{1,6}",
                ],
                1..5,
            ),
            paths in paths(),
        ) {
            check(&lines, &paths)?;
        }
    }

    #[test]
    fn odd_globs_mean_what_they_mean_to_ripgrep() {
        let lines = [
            "**",
            "/**",
            "**/",
            "a/**",
            "a/**/",
            "**/a",
            "a/**/b",
            "**/**/b",
            "a/**/**",
            "a**",
            "**a",
            "a**b",
            "{a,**/b}",
            "{a,b/**}",
            "{**,a}/b",
            "{a/**/b,c}",
            "{}",
            "{,}",
            "{a,}",
            "{{a,b},c}b",
            "{a",
            "a}",
            "a,b",
            "[a",
            "[",
            "[]",
            "[]a]",
            "[a-]",
            "[-a]",
            "[!a]",
            "[^a]b",
            "a[/]b",
            "a[^b]b",
            "[b-a]",
            "[é]",
            r"\a",
            r"a\",
            r"\!a",
            r"\#a",
            r"a\ ",
            "a ",
            " a",
            r"\/a",
            r"a\/",
            "/",
            "//",
            "//a",
            "a[!x]*",
            "a[!x]b*",
            "[!x]*b",
            "*[!x]*",
            "a[!x]?",
            "{a/b,a}*",
            "[a/b",
            "a[/]*",
            "{a,b}/a*",
            "{a/,b}a",
            "b/[a/]*",
            "*{/a,b}",
            "a//b",
            "./a",
            "../a",
            "!",
            "!!a",
            "!/",
            "*",
            "/*",
            "*/",
            "?",
            "??",
        ];
        let names =
            ["a", "b", "ab", "a b", " a", "a ", "é", "!a", "#a", "[", "[a", "a}", "a,b", "{a", "-", "]", ".", ".a"];
        let mut paths: Vec<Vec<u8>> =
            names.iter().filter(|name| **name != ".").map(|it| it.as_bytes().to_vec()).collect();
        for (first, second) in names.iter().flat_map(|first| names.iter().map(move |second| (first, second))) {
            if ![first, second].contains(&&".") {
                paths.push(format!("{first}/{second}").into_bytes());
                paths.push(format!("b/{first}/{second}").into_bytes());
            }
        }
        for line in lines {
            check(&[line.to_owned()], &paths).unwrap();
        }
    }

    #[test]
    fn the_last_rule_that_matches_wins_and_no_more_rules_count_than_wanted() {
        let text = "*.o\n!keep.o\n\n# comment\nkeep.*\n!a\n";
        let verdict =
            |most: usize, path: &str| format!("{:?}", Matcher::new(text, most).0.matched(path.as_bytes(), false));
        assert_eq!(verdict(9, "x.o"), r#"Ignore("*.o")"#);
        assert_eq!(verdict(9, "keep.o"), r#"Ignore("keep.*")"#);
        assert_eq!(verdict(2, "keep.o"), r#"Whitelist("!keep.o")"#);
        assert_eq!(verdict(9, "a"), r#"Whitelist("!a")"#);
        let cut = |most| Matcher::new(text, most).1;
        assert_eq!([cut(3), cut(4), cut(5)], [true, false, false]);
    }

    #[test]
    fn no_glob_takes_long() {
        // An engine that tries one way after the other would not be done in a lifetime.
        let glob = "*a".repeat(500);
        let path = "a".repeat(255) + "b";
        let braces = "{a,{aa,{aaa,*}}}".repeat(60) + "c";
        let (matcher, _) = Matcher::new(&format!("{glob}\n/{braces}\n**/x/{glob}\n"), usize::MAX);
        assert_eq!(matcher.len(), 3);
        assert!(matcher.matched(path.as_bytes(), false).is_none());
    }
}
