//! Unified diffs, with the heads of git or without.

use super::{body, body::Bounds, fence::Fence, header, header::Header, names::Known, patch};
use crate::edit::{
    path::checked,
    proposal::{Change, FileChange, Hunk},
    refusal::{Refusal, RefusalKind},
};

/// What git writes between the names of a file and its hunks.
const EXTENDED: [&str; 9] = [
    "index ",
    "new file mode ",
    "deleted file mode ",
    "old mode ",
    "new mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "rename to ",
];

const GIT: &str = "diff --git ";

/// Whether the diff of a file begins with this line.
pub(super) fn begins(lines: &[&str], at: usize) -> bool {
    lines[at].starts_with(GIT) || names_files(lines, at)
}

/// Whether hunks begin with this line that do not name their file.
pub(super) fn begins_without_head(lines: &[&str], at: usize, fence: Option<&Fence<'_>>) -> bool {
    let is_diff = fence.is_some_and(|it| is_info(it.info));
    let next = lines.get(at + 1).is_some_and(|line| line.starts_with([' ', '+', '-']) || header::begins(line));
    (header::begins(lines[at]) && (fence.is_some() || next)) || (is_diff && lines[at].starts_with(['+', '-', ' ']))
}

/// Whether a fence says that it holds a diff.
pub(super) fn is_info(info: &str) -> bool {
    let first = info.split([' ', ':']).next().unwrap_or(info);
    ["diff", "patch", "udiff"].contains(&first)
}

/// Parses the diff of one file.
///
/// # Errors
/// It is broken, or names no file inside, or is none of texts.
pub(super) fn parse(
    lines: &[&str],
    at: usize,
    fence: Option<&Fence<'_>>,
    changes: &mut Vec<FileChange>,
) -> Result<usize, Refusal> {
    let mut head = Head::default();
    let mut next = at;
    if let Some(names) = lines[next].strip_prefix(GIT) {
        head.names(names);
        next += 1;
        while let Some(line) = lines.get(next) {
            if ["copy from ", "copy to ", "Binary files ", "GIT binary patch"].iter().any(|it| line.starts_with(it)) {
                let message =
                    format!("line {} of the reply: copies and binary files are not taken, only texts", next + 1);
                return Err(Refusal::new(RefusalKind::Unsupported, message));
            }
            if !EXTENDED.iter().any(|it| line.starts_with(it)) {
                break;
            }
            head.extended(line);
            next += 1;
        }
    }
    if next < lines.len() && names_files(lines, next) {
        head.old = Some(name(&lines[next][4..]));
        head.new = Some(name(&lines[next + 1][4..]));
        next += 2;
    }
    let (hunks, end) = hunks(lines, next, fence)?;
    changes.push(head.change(hunks, at)?);
    Ok(end)
}

/// Parses hunks whose file is named before them.
///
/// # Errors
/// They are broken, or no file is named.
pub(super) fn parse_without_head(
    lines: &[&str],
    at: usize,
    fence: Option<&Fence<'_>>,
    known: &mut Known,
    changes: &mut Vec<FileChange>,
) -> Result<usize, Refusal> {
    let path = checked(&known.file_before(lines, at)?)?;
    let (hunks, end) = hunks(lines, at, fence)?;
    known.passed_of(end, &path);
    changes.push(FileChange { path, change: Change::Edit(hunks) });
    Ok(end.max(at + 1))
}

fn names_files(lines: &[&str], at: usize) -> bool {
    lines[at].starts_with("--- ") && lines.get(at + 1).is_some_and(|line| line.starts_with("+++ "))
}

fn hunks(lines: &[&str], mut at: usize, fence: Option<&Fence<'_>>) -> Result<(Vec<Hunk>, usize), Refusal> {
    let mut hunks = Vec::new();
    let ends = |at: usize| {
        header::begins(lines[at]) || begins(lines, at) || patch::begins(lines[at]) || patch::ends(lines[at])
    };
    loop {
        let mut next = at;
        while lines.get(next).is_some_and(|line| line.trim().is_empty()) {
            next += 1;
        }
        let mut heads: Vec<Header> = Vec::new();
        while let Some(line) = lines.get(next).filter(|line| header::begins(line)) {
            heads.push(Header::of(line));
            next += 1;
        }
        let is_body =
            hunks.is_empty() && lines.get(next).is_some_and(|line| line.starts_with([' ', '+', '-']) && !ends(next));
        if heads.is_empty() && !is_body {
            return Ok((hunks, at));
        }
        let bounds = Bounds { fence, is_delimited: fence.is_some(), counts: heads.iter().find_map(|it| it.counts) };
        let (mut hunk, end) = body::read(lines, next, &bounds, ends)?;
        hunk.line = heads.iter().find_map(|it| it.line);
        hunk.anchors = heads.into_iter().filter_map(|it| it.anchor).collect();
        hunks.push(hunk);
        at = end;
    }
}

/// What the head of a file's diff says.
#[derive(Debug, Default)]
struct Head {
    /// Behind `---` and `+++`, or in git's first line; inside, nothing stands for no file.
    old: Option<Option<String>>,
    new: Option<Option<String>>,
    renamed: (Option<String>, Option<String>),
    is_new: bool,
    is_deleted: bool,
    has_mode: bool,
}

impl Head {
    /// Git's first line: `a/x b/y`.
    fn names(&mut self, text: &str) {
        let halves = text.match_indices(" b/").map(|(at, _)| (&text[..at], &text[at + 1..]));
        let mut halves = halves.filter(|(old, _)| old.starts_with("a/")).peekable();
        let first = halves.peek().copied();
        let same = halves.find(|(old, new)| old[2..] == new[2..]);
        let quoted = || text.split_once("\" \"");
        if let Some((old, new)) = same.or(first).or_else(quoted).or_else(|| text.split_once(' ')) {
            (self.old, self.new) = (Some(name(old)), Some(name(new)));
        }
    }

    fn extended(&mut self, line: &str) {
        if let Some(from) = line.strip_prefix("rename from ") {
            self.renamed.0 = name(from);
        } else if let Some(to) = line.strip_prefix("rename to ") {
            self.renamed.1 = name(to);
        }
        self.is_new |= line.starts_with("new file");
        self.is_deleted |= line.starts_with("deleted file");
        self.has_mode |= line.starts_with("old mode") || line.starts_with("new mode");
    }

    fn change(self, hunks: Vec<Hunk>, at: usize) -> Result<FileChange, Refusal> {
        let refuse = |kind: RefusalKind, why: &str| {
            Err(Refusal::new(kind, format!("the diff that begins in line {} of the reply {why}", at + 1)))
        };
        if let (Some(from), Some(to)) = &self.renamed {
            let change = Change::Rename { to: checked(to)?, hunks };
            return Ok(FileChange { path: checked(from)?, change });
        }
        let old = self.old.flatten().filter(|_| !self.is_new);
        let new = self.new.flatten().filter(|_| !self.is_deleted);
        match (old, new) {
            (None, None) => refuse(RefusalKind::Path, "names no file"),
            (None, Some(new)) => {
                if hunks.iter().any(|it| it.old.iter().any(|line| !line.trim().is_empty())) {
                    return refuse(RefusalKind::Contradiction, "makes a new file and has lines of an old one");
                }
                let mut text: String =
                    hunks.iter().flat_map(|it| &it.new).flat_map(|line| [line.as_str(), "\n"]).collect();
                if hunks.last().is_some_and(|it| it.last_newline == Some(false)) {
                    text.pop();
                }
                let path = checked(new.strip_prefix("b/").unwrap_or(&new))?;
                Ok(FileChange { path, change: Change::Create(text) })
            }
            (Some(old), None) => {
                if hunks.iter().any(|it| it.new.iter().any(|line| !line.trim().is_empty())) {
                    return refuse(RefusalKind::Contradiction, "removes a file and leaves lines of it");
                }
                let path = checked(old.strip_prefix("a/").unwrap_or(&old))?;
                Ok(FileChange { path, change: Change::Delete })
            }
            (Some(old), Some(new)) => {
                let Some(path) = one_name(&old, &new) else {
                    let why = "names two files: for a file under a new name write `rename from` and `rename to`";
                    return refuse(RefusalKind::Contradiction, why);
                };
                match hunks.is_empty() {
                    true if self.has_mode => refuse(RefusalKind::Unsupported, "changes a mode, which is not taken"),
                    true => refuse(RefusalKind::Malformed, "has no lines that change"),
                    false => Ok(FileChange { path: checked(&path)?, change: Change::Edit(hunks) }),
                }
            }
        }
    }
}

/// The one file that both names mean, without what diffs put before them.
fn one_name(old: &str, new: &str) -> Option<String> {
    let inner =
        |path: &str| path.split_once('/').filter(|(first, _)| first.len() == 1).map(|(_, rest)| rest.to_owned());
    if old == new {
        return Some(new.to_owned());
    }
    if let (Some(inner_old), Some(inner_new)) = (inner(old), inner(new))
        && inner_old == inner_new
    {
        return Some(inner_new);
    }
    if old.strip_prefix("a/") == Some(new)
        || [".orig", ".old", ".bak"].iter().any(|it| old.strip_suffix(it) == Some(new))
    {
        return Some(new.to_owned());
    }
    (new.strip_prefix("b/") == Some(old)).then(|| old.to_owned())
}

/// A name as diffs write it; nothing for no file.
fn name(text: &str) -> Option<String> {
    let text = text.split('\t').next().unwrap_or(text).trim();
    let name = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"').unwrap_or(quoted)),
        None => text.strip_suffix('"').map_or_else(|| text.to_owned(), unquoted),
    };
    (name != "/dev/null").then_some(name)
}

/// A name without the escapes that git gives to unusual bytes.
fn unquoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (*first, behind) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = &behind[3..];
            }
            (b'\\', [escaped, ..]) => {
                bytes.push(match escaped {
                    b't' => b'\t',
                    b'n' => b'\n',
                    other => *other,
                });
                rest = &behind[1..];
            }
            (other, _) => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
