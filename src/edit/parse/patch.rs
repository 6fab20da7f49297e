//! Patches in the form that OpenAI's models are trained on: `*** Begin Patch`, `*** Update File: path`, `@@ function`.

use super::{body, body::Bounds, fence::Fence, header, header::Header};
use crate::edit::{
    path::checked,
    proposal::{Change, FileChange, Hunk},
    refusal::{Refusal, RefusalKind},
};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

/// What is to become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Update,
    Add,
    Delete,
}

/// Whether a patch, or the part of a file, begins with this line.
pub(super) fn begins(line: &str) -> bool {
    line.trim() == BEGIN || file(line).is_some()
}

/// Whether a patch ends with this line, or the last hunk of a file.
pub(super) fn ends(line: &str) -> bool {
    matches!(line.trim(), END | "*** End of File")
}

/// Whether a line would end a patch, where there is none.
pub(super) fn is_stray(line: &str) -> bool {
    line.trim() == END
}

/// Parses a patch, and says behind which line it ends.
///
/// # Errors
/// It is broken or does not end, or a path leads elsewhere.
pub(super) fn parse(
    lines: &[&str],
    begin: usize,
    fence: Option<&Fence<'_>>,
    changes: &mut Vec<FileChange>,
) -> Result<usize, Refusal> {
    let mut at = begin;
    let is_framed = lines[begin].trim() == BEGIN;
    let closes = |at: usize| fence.is_some_and(|it| lines[at].starts_with(['`', '~']) && it.is_closed_by(lines[at]));
    while at < lines.len() && !closes(at) {
        let line = lines[at].trim();
        if line == END {
            return Ok(at + 1);
        }
        if let Some((verb, path)) = file(line) {
            let path = checked(path)?;
            let part = Part { lines, fence, is_framed };
            let (change, end) = part.parse(verb, at + 1)?;
            changes.push(FileChange { path, change });
            at = end;
        } else if line.is_empty() || line == BEGIN || ends(line) {
            at += 1;
        } else if is_framed {
            let message =
                format!("line {} of the reply is no line of a patch: `*** Update File: path` is expected", at + 1);
            return Err(Refusal::new(RefusalKind::Malformed, message));
        } else {
            return Ok(at);
        }
    }
    if is_framed && at == lines.len() {
        let message =
            format!("the patch that begins in line {} of the reply does not end: it needs a line `{END}`", begin + 1);
        return Err(Refusal::new(RefusalKind::Malformed, message));
    }
    Ok(at)
}

fn file(line: &str) -> Option<(Verb, &str)> {
    let rest = line.trim().strip_prefix("*** ")?;
    let verbs = [("Update File:", Verb::Update), ("Add File:", Verb::Add), ("Delete File:", Verb::Delete)];
    verbs.into_iter().find_map(|(word, verb)| rest.strip_prefix(word).map(|path| (verb, path.trim())))
}

/// The part of one file.
struct Part<'p, 'r> {
    lines: &'p [&'r str],
    fence: Option<&'p Fence<'r>>,
    is_framed: bool,
}

impl Part<'_, '_> {
    fn parse(&self, verb: Verb, at: usize) -> Result<(Change, usize), Refusal> {
        match verb {
            Verb::Delete => Ok((Change::Delete, at)),
            Verb::Add => self.added(at),
            Verb::Update => {
                let to = self.lines.get(at).and_then(|line| line.trim().strip_prefix("*** Move to:"));
                let (hunks, end) = self.hunks(at + usize::from(to.is_some()))?;
                match to {
                    Some(to) => Ok((Change::Rename { to: checked(to)?, hunks }, end)),
                    None if hunks.is_empty() => {
                        let message = format!("line {at} of the reply updates a file and has no lines that change");
                        Err(Refusal::new(RefusalKind::Malformed, message))
                    }
                    None => Ok((Change::Edit(hunks), end)),
                }
            }
        }
    }

    fn is_over(&self, at: usize) -> bool {
        let line = self.lines[at];
        begins(line) || ends(line) || line.trim() == END
    }

    fn hunks(&self, mut at: usize) -> Result<(Vec<Hunk>, usize), Refusal> {
        let mut hunks = Vec::new();
        loop {
            while self.lines.get(at).is_some_and(|line| line.is_empty() || line.trim() == "*** End of File") {
                at += 1;
            }
            let mut heads: Vec<Header> = Vec::new();
            while let Some(line) = self.lines.get(at).filter(|line| header::begins(line)) {
                heads.push(Header::of(line));
                at += 1;
            }
            let is_closed = |at: usize| self.fence.is_some_and(|it| it.is_closed_by(self.lines[at]));
            if at >= self.lines.len() || self.is_over(at) || is_closed(at) || (heads.is_empty() && !hunks.is_empty()) {
                return Ok((hunks, at));
            }
            let is_delimited = self.is_framed || self.fence.is_some();
            let bounds = Bounds { fence: self.fence, is_delimited, counts: heads.iter().find_map(|it| it.counts) };
            let over = |at: usize| self.is_over(at) || header::begins(self.lines[at]);
            let (mut hunk, end) = body::read(self.lines, at, &bounds, over)?;
            hunk.line = heads.iter().find_map(|it| it.line);
            hunk.anchors = heads.into_iter().filter_map(|it| it.anchor).collect();
            // A hunk without any line leads no further.
            if end == at {
                return Ok((hunks, at));
            }
            hunks.push(hunk);
            at = end;
        }
    }

    /// The text of a new file: each line begins with a plus, or none does.
    fn added(&self, begin: usize) -> Result<(Change, usize), Refusal> {
        let is_closed = |at: usize| {
            self.fence.is_some_and(|it| self.lines[at].starts_with(['`', '~']) && it.is_closed_by(self.lines[at]))
        };
        let end = (begin..self.lines.len()).find(|&at| self.is_over(at) || is_closed(at)).unwrap_or(self.lines.len());
        let mut body = &self.lines[begin..end];
        while let Some((last, before)) = body.split_last()
            && last.trim().is_empty()
        {
            body = before;
        }
        let solid = || body.iter().filter(|line| !line.trim().is_empty());
        let has_plus = solid().all(|line| line.starts_with('+'));
        if !has_plus && (!self.is_framed || solid().any(|line| line.starts_with('+'))) {
            let message =
                format!("the new file in line {begin} of the reply has lines with and without `+` before them");
            return Err(Refusal::new(RefusalKind::Malformed, message));
        }
        let text = |line: &&str| line.strip_prefix('+').filter(|_| has_plus).unwrap_or(line).to_owned() + "\n";
        Ok((Change::Create(body.iter().map(text).collect()), end))
    }
}
