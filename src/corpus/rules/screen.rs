//! Rules as a matcher, with a quick look at a path that tells for most that no rule matches.
//!
//! A walk asks about every file, and nearly always the answer is no. Each glob tells something about the last component
//! of what it can match: its name, its ending, its beginning, or something that it contains. Looking for these is
//! several times faster than asking the globs.

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder, Glob},
};
use memchr::memmem;
use rustc_hash::FxHashSet;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

/// The rules of one ignore file.
#[derive(Debug)]
pub(in crate::corpus) struct Matcher {
    globs: Gitignore,
    screen: Screen,
}

impl Matcher {
    /// A bad line yields no rule; the others hold.
    pub fn new<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut builder = GitignoreBuilder::new("");
        let mut screen = Screen::default();
        for line in lines {
            if builder.add_line(None, line).is_ok() {
                screen.add(line);
            }
        }
        Self { globs: builder.build().unwrap_or_else(|_| Gitignore::empty()), screen }
    }

    pub fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    /// What the last rule that matches says about `path`, which is relative to the directory that the rules are about.
    pub fn matched(&self, path: &[u8], is_dir: bool) -> Match<&Glob> {
        if !self.screen.may_match(path) {
            return Match::None;
        }
        self.globs.matched(Path::new(OsStr::from_bytes(path)), is_dir)
    }
}

/// What a name must have for any of some globs to match it.
#[derive(Debug, Default)]
struct Screen {
    names: FxHashSet<Box<[u8]>>,
    /// What follows the last dot of a name.
    extensions: FxHashSet<Box<[u8]>>,
    beginnings: Vec<Box<[u8]>>,
    endings: Vec<Box<[u8]>>,
    parts: Vec<memmem::Finder<'static>>,
    /// Some glob tells nothing.
    lets_everything_through: bool,
}

impl Screen {
    /// Takes the glob of a line of an ignore file in.
    fn add(&mut self, line: &str) {
        if line.starts_with('#') || line.trim_end().is_empty() {
            return;
        }
        let glob = line.trim_end().trim_end_matches('/');
        let glob = match glob.strip_prefix('\\') {
            // An escape at the beginning only says that the line is no comment.
            Some(escaped) if escaped.starts_with(['!', '#']) => escaped,
            _ => glob.strip_prefix('!').unwrap_or(glob),
        };
        let (directories, name) = glob.rsplit_once('/').unwrap_or(("", glob));
        let name = name.as_bytes();
        let is_special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b']' | b'}');
        let first = name.iter().position(is_special).unwrap_or(name.len());
        let ending = &name[name.iter().rposition(is_special).map_or(0, |last| last + 1)..];
        // A class may hold a slash; braces hold alternatives; escapes are rare.
        let is_hard = name.is_empty() || directories.contains(['[', '{', '\\']);
        if is_hard || name.iter().any(|byte| matches!(byte, b'{' | b'\\')) {
            self.lets_everything_through = true;
        } else if first == name.len() {
            self.names.insert(name.into());
        } else if let Some(dot) = memchr::memrchr(b'.', ending) {
            self.extensions.insert(ending[dot + 1..].into());
        } else if !ending.is_empty() {
            self.endings.push(ending.into());
        } else if first > 0 {
            self.beginnings.push(name[..first].into());
        } else {
            self.add_part(name);
        }
    }

    /// Takes in a glob that neither begins nor ends with anything certain.
    fn add_part(&mut self, name: &[u8]) {
        // What a class means ends anywhere behind it, so only what stands before the first one is looked at.
        let before_class = name.split(|&byte| byte == b'[').next().unwrap_or(name);
        let certain = before_class.split(|byte| matches!(byte, b'*' | b'?'));
        match certain.max_by_key(|part| part.len()) {
            Some(part) if !part.is_empty() => self.parts.push(memmem::Finder::new(part).into_owned()),
            _ => self.lets_everything_through = true,
        }
    }

    /// Whether a glob may match `path`; if not, none does.
    fn may_match(&self, path: &[u8]) -> bool {
        if self.lets_everything_through {
            return true;
        }
        let name = memchr::memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..]);
        let extension = memchr::memrchr(b'.', name).map(|dot| &name[dot + 1..]);
        extension.is_some_and(|extension| self.extensions.contains(extension))
            || self.names.contains(name)
            || self.beginnings.iter().any(|beginning| name.starts_with(beginning))
            || self.endings.iter().any(|ending| name.ends_with(ending))
            || self.parts.iter().any(|part| part.find(name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_screened_out_matches_no_glob(
            lines in prop::collection::vec(r"!?/?([ab.*?\[\]!{},\\ -]|\*\*|/|\*\.a|#){1,8}", 1..4),
            paths in prop::collection::vec(r"([ab.*\[\]{} #!-]|/[ab.]){1,8}", 1..8),
        ) {
            let matcher = Matcher::new(lines.iter().map(String::as_str));
            for path in &paths {
                for is_dir in [true, false] {
                    let matched = !matcher.globs.matched(Path::new(path), is_dir).is_none();
                    prop_assert!(!matched || matcher.screen.may_match(path.as_bytes()), "{lines:?} {path}");
                }
            }
        }
    }

    #[test]
    fn usual_globs_are_told_by_their_names() {
        let mut screen = Screen::default();
        for line in ["*.o", "*.tab.[ch]", "/vmlinux", "cscope.*", "*~", "*.o.*", "target/", ".*", "/a/*/generated/"] {
            screen.add(line);
        }
        for (path, may) in [
            ("a/b.o", true),
            ("a/b.c", false),
            ("x.tab.c", true),
            ("sub/vmlinux", true),
            ("vmlinux.c", false),
            ("cscope.out", true),
            ("file~", true),
            ("a.o.d", true),
            ("target", true),
            (".hidden", true),
            ("a/Makefile", false),
            ("generated", true),
        ] {
            assert_eq!(screen.may_match(path.as_bytes()), may, "{path}");
        }
    }
}
