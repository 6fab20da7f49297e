//! One line of an ignore file.

use super::glob::{BadGlob, Glob};
use std::borrow::Cow;

/// A longer rule does not count. Names have at most 255 bytes.
const LONGEST: usize = 1 << 10;

/// Why there is no rule on a line that should have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadLine {
    Glob,
    TooLong,
}

impl From<BadGlob> for BadLine {
    fn from(BadGlob: BadGlob) -> Self {
        Self::Glob
    }
}

/// A rule, and what can be told of the paths that it matches.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The rule as it is written.
    pub text: &'a str,
    pub is_whitelist: bool,
    pub is_only_dir: bool,
    pub test: Test,
    pub clue: Clue<'a>,
}

/// How a path is compared with a rule.
#[derive(Debug)]
pub(super) enum Test {
    /// The clue says it all.
    Clue,
    /// The glob of the last component.
    Name(Glob),
    /// The glob of the whole path.
    Path(Glob),
}

/// What the last component of a path must have to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clue<'a> {
    /// It is this.
    Is(&'a str),
    /// This follows its last dot.
    Extension(&'a str),
    Begins(&'a str),
    Ends(&'a str),
    Contains(&'a str),
    Nothing,
}

impl<'a> Line<'a> {
    /// Nothing if there is no rule on the line: it is empty, or a comment.
    pub fn parse(line: &'a str) -> Result<Option<Self>, BadLine> {
        let text = if line.ends_with("\\ ") { line } else { line.trim_end() };
        if text.starts_with('#') || text.is_empty() {
            return Ok(None);
        }
        if text.len() > LONGEST {
            return Err(BadLine::TooLong);
        }
        let (mut rest, mut is_whitelist, mut is_anchored) = (text, false, false);
        match text.strip_prefix('\\') {
            // An escape at the beginning only says that the line is no comment and takes nothing back.
            Some(escaped) if escaped.starts_with(['!', '#']) => rest = escaped,
            _ => {
                if let Some(negated) = rest.strip_prefix('!') {
                    (rest, is_whitelist) = (negated, true);
                }
                if let Some(anchored) = rest.strip_prefix('/') {
                    (rest, is_anchored) = (anchored, true);
                }
            }
        }
        let mut clue = Clue::of(text);
        let mut is_only_dir = false;
        if let Some(directory) = rest.strip_suffix('/') {
            is_only_dir = true;
            rest = directory.strip_suffix('\\').unwrap_or(directory);
        }
        let is_anywhere = !is_anchored && !rest.contains('/') && rest != "**";
        let test = if is_anywhere && clue.is_all_of(rest) { Test::Clue } else { Test::of(rest, is_anywhere)? };
        if let Test::Path(glob) = &test
            && glob.has_wide_class()
            && matches!(clue, Clue::Begins(_) | Clue::Contains(_))
        {
            // What stands before the class may lie in another component.
            clue = Clue::Nothing;
        }
        Ok(Some(Self { text, is_whitelist, is_only_dir, test, clue }))
    }
}

impl Test {
    fn of(glob: &str, is_anywhere: bool) -> Result<Self, BadGlob> {
        if is_anywhere {
            let name = Glob::new(glob)?;
            // A class that may be a slash reaches beyond a name, and nothing at all means everything.
            return Ok(match name.has_wide_class() || glob.is_empty() {
                true => Self::Path(Glob::new(&format!("**/{glob}"))?),
                false => Self::Name(name),
            });
        }
        // It matches all that is in a directory, but not the directory itself.
        let glob = if glob.ends_with("/**") { Cow::Owned(format!("{glob}/*")) } else { Cow::Borrowed(glob) };
        Glob::new(&glob).map(Self::Path)
    }
}

impl<'a> Clue<'a> {
    fn of(line: &'a str) -> Self {
        let glob = line.trim_end().trim_end_matches('/');
        let glob = match glob.strip_prefix('\\') {
            Some(escaped) if escaped.starts_with(['!', '#']) => escaped,
            _ => glob.strip_prefix('!').unwrap_or(glob),
        };
        // Braces hold alternatives; escapes are rare.
        let Some(name) = last_component(glob).filter(|name| !name.is_empty() && !name.contains(['{', '\\'])) else {
            return Self::Nothing;
        };
        let is_special = |letter: char| matches!(letter, '*' | '?' | '[' | ']' | '}');
        let Some(first) = name.find(is_special) else { return Self::Is(name) };
        let ending = &name[name.rfind(is_special).map_or(0, |last| last + 1)..];
        if let Some((_, extension)) = ending.rsplit_once('.') {
            Self::Extension(extension)
        } else if !ending.is_empty() {
            Self::Ends(ending)
        } else if first > 0 {
            Self::Begins(&name[..first])
        } else {
            // What a class means ends anywhere behind it, so only what stands before the first one is looked at.
            let certain = name.split('[').next().unwrap_or(name).split(['*', '?']);
            match certain.max_by_key(|part| part.len()) {
                Some(part) if !part.is_empty() => Self::Contains(part),
                _ => Self::Nothing,
            }
        }
    }

    /// Whether the clue of a name says all that its glob does.
    fn is_all_of(self, glob: &str) -> bool {
        match self {
            Self::Is(name) => name == glob,
            Self::Extension(extension) => glob.strip_prefix("*.") == Some(extension),
            Self::Begins(beginning) => glob.strip_suffix('*') == Some(beginning),
            Self::Ends(ending) => glob.strip_prefix('*') == Some(ending),
            Self::Contains(_) | Self::Nothing => false,
        }
    }
}

/// What stands behind the last slash that is no part of an alternative or of a class; nothing if only those have
/// slashes.
fn last_component(glob: &str) -> Option<&str> {
    let bytes = glob.as_bytes();
    let (mut at, mut depth, mut start, mut has_inner) = (0, 0_usize, 0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'[' => {
                let negated = usize::from(matches!(bytes.get(at + 1), Some(b'!' | b'^')));
                // The first bracket closes nothing.
                let inside = at + negated + 2;
                if let Some(length) = bytes.get(inside..).and_then(|rest| memchr::memchr(b']', rest)) {
                    at = inside + length;
                }
            }
            b'/' if depth == 0 => (start, has_inner) = (at + 1, false),
            b'/' => has_inner = true,
            _ => {}
        }
        at += 1;
    }
    (depth == 0 && !has_inner).then(|| &glob[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_rules_are_told_by_names() {
        for (line, clue, is_all) in [
            ("*.o", Clue::Extension("o"), true),
            ("*.tab.[ch]", Clue::Contains(".tab."), false),
            ("/vmlinux", Clue::Is("vmlinux"), false),
            ("!target/", Clue::Is("target"), true),
            ("cscope.*", Clue::Begins("cscope."), true),
            ("*~", Clue::Ends("~"), true),
            ("*.o.*", Clue::Contains(".o."), false),
            ("*.tar.gz", Clue::Extension("gz"), false),
            ("/a/*/generated/", Clue::Is("generated"), false),
            (r"\#a", Clue::Is("#a"), true),
            ("a[b]{c,d}", Clue::Nothing, false),
            ("**/g*h[a-z]*j{k,l/m}*/m?n*", Clue::Begins("m"), false),
            ("a[!b]*", Clue::Nothing, false),
            ("a/[b/]c", Clue::Ends("c"), false),
            ("x{a/b,c}", Clue::Nothing, false),
            ("[/", Clue::Nothing, false),
            ("**", Clue::Nothing, false),
        ] {
            let parsed = Line::parse(line).unwrap().unwrap();
            assert_eq!((parsed.clue, matches!(parsed.test, Test::Clue)), (clue, is_all), "{line}");
        }
        assert_eq!(Line::parse(&"x".repeat(LONGEST + 1)).unwrap_err(), BadLine::TooLong);
        assert_eq!(Line::parse("{a").unwrap_err(), BadLine::Glob);
        assert!(["", "# a", "   "].iter().all(|line| Line::parse(line).unwrap().is_none()));
    }
}
