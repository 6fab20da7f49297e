//! One line of an ignore file.

use super::glob::{BadGlob, Glob};

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

/// A rule, and what it says about the paths that it matches.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The rule as it is written.
    pub text: &'a [u8],
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
    Is(&'a [u8]),
    /// This follows its last dot.
    Extension(&'a [u8]),
    Begins(&'a [u8]),
    Ends(&'a [u8]),
    Contains(&'a [u8]),
    Nothing,
}

impl<'a> Line<'a> {
    /// Nothing if the line is empty or a comment. With `ignore_case` the caller has made the capital letters of paths
    /// small.
    pub fn parse(line: &'a [u8], ignore_case: bool) -> Result<Option<Self>, BadLine> {
        let text = without_blanks(line.split(|&byte| byte == 0).next().unwrap_or(line));
        if text.starts_with(b"#") || text.is_empty() {
            return Ok(None);
        }
        if text.len() > LONGEST {
            return Err(BadLine::TooLong);
        }
        let (rest, is_whitelist) = text.strip_prefix(b"!").map_or((text, false), |rest| (rest, true));
        let (rest, is_only_dir) = rest.strip_suffix(b"/").map_or((rest, false), |rest| (rest, true));
        let is_anywhere = !rest.contains(&b'/');
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        if rest.is_empty() {
            return Ok(None);
        }
        let clue = Clue::of(rest);
        let test = match is_anywhere {
            true if clue.is_all_of(rest) => Test::Clue,
            true => Test::Name(Glob::new(rest, ignore_case)?),
            false => Test::Path(Glob::new(rest, ignore_case)?),
        };
        Ok(Some(Self { text, is_whitelist, is_only_dir, test, clue }))
    }
}

/// A line without the blanks at its end, unless a backslash stands before them. Tabs are not blanks.
fn without_blanks(line: &[u8]) -> &[u8] {
    let (mut end, mut at) = (0, 0);
    while let Some(&byte) = line.get(at) {
        at += if byte == b'\\' { 2 } else { 1 };
        if byte != b' ' {
            end = at.min(line.len());
        }
    }
    &line[..end]
}

impl<'a> Clue<'a> {
    fn of(glob: &'a [u8]) -> Self {
        let Some(name) = last_component(glob) else { return Self::Nothing };
        let is_special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b']');
        let Some(first) = name.iter().position(is_special) else { return Self::Is(name) };
        let ending = &name[name.iter().rposition(is_special).map_or(0, |last| last + 1)..];
        if let Some(dot) = memchr::memrchr(b'.', ending) {
            Self::Extension(&ending[dot + 1..])
        } else if !ending.is_empty() {
            Self::Ends(ending)
        } else if first > 0 {
            Self::Begins(&name[..first])
        } else {
            // What a class means ends anywhere behind it, so only what stands before the first one is looked at.
            let certain = name.split(|&byte| byte == b'[').next().unwrap_or(name);
            match certain.split(|byte| matches!(byte, b'*' | b'?')).max_by_key(|part| part.len()) {
                Some(part) if !part.is_empty() => Self::Contains(part),
                _ => Self::Nothing,
            }
        }
    }

    /// Whether the clue of a name says all that its glob does.
    fn is_all_of(self, glob: &[u8]) -> bool {
        match self {
            Self::Is(name) => name == glob,
            Self::Extension(extension) => glob.strip_prefix(b"*.") == Some(extension),
            Self::Begins(beginning) => glob.strip_suffix(b"*") == Some(beginning),
            Self::Ends(ending) => glob.strip_prefix(b"*") == Some(ending),
            Self::Contains(_) | Self::Nothing => false,
        }
    }
}

/// What stands behind the last slash, if that is sure: escapes and named classes are rare, and two stars behind something
/// else may reach over slashes.
fn last_component(glob: &[u8]) -> Option<&[u8]> {
    let slash = last_slash(glob)?;
    let (before, name) = slash.map_or((&glob[..0], glob), |slash| (&glob[..slash], &glob[slash + 1..]));
    let is_deep = |component: &[u8]| component.ends_with(b"**") && component.iter().any(|&byte| byte != b'*');
    let last_before = before.rsplit(|&byte| byte == b'/').next().unwrap_or(before);
    let is_sure = !is_deep(last_before) && !name.ends_with(b"**");
    (is_sure && !name.is_empty()).then_some(name)
}

/// The last slash that is not in a class, if there is one, and if that is sure.
fn last_slash(glob: &[u8]) -> Option<Option<usize>> {
    let (mut at, mut slash) = (0, None);
    while let Some(&byte) = glob.get(at) {
        match byte {
            b'\\' => return None,
            b'/' => slash = Some(at),
            b'[' => {
                let negated = usize::from(matches!(glob.get(at + 1), Some(b'!' | b'^')));
                // The first bracket closes nothing.
                let inside = at + negated + 2;
                let end = inside + memchr::memchr(b']', glob.get(inside..)?)?;
                if glob[at + 1..end].windows(2).any(|pair| pair == b"[:") {
                    return None;
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    Some(slash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_rules_are_told_by_names() {
        let check = |line: &str, clue: Clue<'_>, is_all: bool| {
            let parsed = Line::parse(line.as_bytes(), false).unwrap().unwrap();
            assert_eq!((parsed.clue, matches!(parsed.test, Test::Clue)), (clue, is_all), "{line}");
        };
        for (line, clue, is_all) in [
            ("*.o", Clue::Extension(b"o"), true),
            ("*.tab.[ch]", Clue::Contains(b".tab."), false),
            ("/vmlinux", Clue::Is(b"vmlinux"), false),
            ("!target/", Clue::Is(b"target"), true),
            ("cscope.*", Clue::Begins(b"cscope."), true),
            ("*~", Clue::Ends(b"~"), true),
            ("*.o.*", Clue::Contains(b".o."), false),
            ("*.tar.gz", Clue::Extension(b"gz"), false),
            ("/a/*/generated/", Clue::Is(b"generated"), false),
            ("{a,b}", Clue::Is(b"{a,b}"), true),
            (r"\#a", Clue::Nothing, false),
            ("**/g*h[a-z]*j/m?n*", Clue::Begins(b"m"), false),
            ("[[:alpha:]/x]", Clue::Nothing, false),
            ("a[]/]b/c", Clue::Is(b"c"), false),
            ("a[!b]*", Clue::Begins(b"a"), false),
            ("a/[b/]c", Clue::Ends(b"c"), false),
            ("x/a**", Clue::Nothing, false),
            ("x/a**/b", Clue::Nothing, false),
            ("x/**/b", Clue::Is(b"b"), false),
            ("a**//", Clue::Nothing, false),
            ("**", Clue::Nothing, false),
        ] {
            check(line, clue, is_all);
        }
        assert_eq!(Line::parse(&[b'x'; LONGEST + 1], false).unwrap_err(), BadLine::TooLong);
        assert_eq!(Line::parse(b"[a", false).unwrap_err(), BadLine::Glob);
        assert!(
            ["", "# a", "   ", "/", "!", "!/"].iter().all(|it| Line::parse(it.as_bytes(), false).unwrap().is_none())
        );
    }

    #[test]
    fn blanks_at_the_end_count_only_behind_a_backslash() {
        for (line, rule) in [
            ("a   ", "a"),
            (r"foo\   ", r"foo\ "),
            (r"foo\ \ ", r"foo\ \ "),
            (r"a\\  ", r"a\\"),
            ("a b ", "a b"),
            ("a\t ", "a\t"),
            ("a\t", "a\t"),
            (r"a\", r"a\"),
        ] {
            assert_eq!(without_blanks(line.as_bytes()), rule.as_bytes(), "{line:?}");
        }
    }
}
