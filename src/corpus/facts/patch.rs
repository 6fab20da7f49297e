//! Which commit and which file a line of a patch belongs to, as `git log -p`, `git format-patch` and `git diff` write them.

use crate::corpus::{context::ContextText, error::LookupError};

/// Bytes before a line that are looked at.
const MOST: usize = 4 << 20;

/// Where a line of a patch comes from. What the text does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    pub commit: String,
    pub author: String,
    pub date: String,
    /// The first line of the message.
    pub subject: String,
    /// The file that the patch changes, and about which line of it, counted from 1.
    pub file: String,
    pub file_line: usize,
    /// The line of the text with the commit, or with the patch of the file, from 1.
    pub line: usize,
}

/// Where the line `line` of the file `path` comes from, if that file is a patch.
///
/// # Errors
/// The file does not exist or cannot be read.
pub fn revision(context: &ContextText, path: Option<&str>, line: usize) -> Result<Option<Revision>, LookupError> {
    let number = i64::try_from(line).unwrap_or(i64::MAX);
    let up_to = context.line_range(path, 1, Some(number))?;
    let start = up_to.start.max(context.floor_char(up_to.end.saturating_sub(MOST))?);
    let text = context.read(start..up_to.end)?;
    let first = context.position(start)?.map_or(1, |it| it.line);
    Ok(of_last_line(&text, first))
}

/// Where the last line of a text comes from, whose first line has the number `first`.
fn of_last_line(text: &str, first: usize) -> Option<Revision> {
    let lines: Vec<&str> = text.lines().collect();
    let is_patch =
        |line: &str| line.starts_with("diff --git ") || line.starts_with("diff -") || line.starts_with("Index: ");
    let begins = |at: &usize| is_commit(lines[*at]);
    let commit = (0..lines.len()).rev().find(begins);
    let patch =
        (commit.unwrap_or(0)..lines.len()).rev().find(|&at| is_patch(lines[at]) || lines[at].starts_with("--- "));
    let mut revision = Revision { line: first + commit.or(patch)?, ..Revision::default() };
    if let Some(at) = commit {
        head(&lines[at..], &mut revision);
    }
    if let Some(at) = patch {
        let named =
            lines[at..].iter().take(8).find_map(|line| line.strip_prefix("+++ ").filter(|it| *it != "/dev/null"));
        let removed =
            lines[at..].iter().take(8).find_map(|line| line.strip_prefix("--- ").filter(|it| *it != "/dev/null"));
        let by_head = lines[at].rsplit_once(" b/").map(|(_, path)| path).or_else(|| lines[at].strip_prefix("Index: "));
        let path = named.or(removed).map(|it| it.split('\t').next().unwrap_or(it)).or(by_head).unwrap_or_default();
        revision.file = path.strip_prefix("b/").or_else(|| path.strip_prefix("a/")).unwrap_or(path).trim().to_owned();
        revision.file_line = hunk_line(&lines[at..]);
    }
    Some(revision)
}

/// Whether a line begins a commit: `commit 1f2e…`, or the first line of a mail that `git format-patch` writes.
fn is_commit(line: &str) -> bool {
    let hash = line.strip_prefix("commit ").or_else(|| line.strip_prefix("From ")).unwrap_or_default();
    let hash = hash.split(' ').next().unwrap_or_default();
    hash.len() >= 7 && hash.bytes().all(|it| it.is_ascii_hexdigit())
}

fn head(lines: &[&str], revision: &mut Revision) {
    revision.commit = lines[0].split(' ').nth(1).unwrap_or_default().to_owned();
    for (at, line) in lines.iter().enumerate().skip(1).take(40) {
        if line.starts_with("diff ") || is_commit(line) {
            return;
        }
        let value = |name: &str| line.strip_prefix(name).map(|it| it.trim().to_owned());
        if let Some(author) = value("Author:").or_else(|| value("From:")) {
            revision.author = author;
        } else if let Some(date) = value("Date:").or_else(|| value("AuthorDate:")) {
            revision.date = date;
        } else if let Some(subject) = value("Subject:") {
            revision.subject = subject
                .split_once("] ")
                .filter(|_| subject.starts_with('['))
                .map_or(subject.clone(), |it| it.1.to_owned());
        } else if revision.subject.is_empty() && line.starts_with("    ") && at > 1 {
            revision.subject = line.trim().to_owned();
        }
    }
}

/// Which line of the changed file the last line is.
fn hunk_line(lines: &[&str]) -> usize {
    let Some(hunk) = lines.iter().rposition(|line| line.starts_with("@@ ")) else { return 0 };
    let start = lines[hunk]
        .split('+')
        .nth(1)
        .and_then(|it| it.split([',', ' ']).next())
        .and_then(|it| it.parse::<usize>().ok());
    let kept = lines[hunk + 1..].iter().filter(|line| !line.starts_with('-')).count();
    start.map_or(0, |start| start + kept.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    const LOG: &str = "commit 1f2e3d4c5b6a\nAuthor: A <a@b>\nDate:   Sat Aug 9 2025\n\n    Raise it\n\n    Why.\n\n\
        diff --git a/x/stall.py b/x/stall.py\nindex 1..2 100644\n--- a/x/stall.py\n+++ b/x/stall.py\n@@ -3,2 +3,2 @@\n one\n-PRICE = 3\n+PRICE = 9\n\
        commit aaaaaaaaaaaa\nAuthor: B <b@b>\nDate:   Sun Feb 2 2025\n\n    Begin\n\ndiff --git a/y b/y\ndeleted file mode 100644\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";

    fn of(text: &str, line: usize) -> Option<String> {
        let context = Snapshot::of_text(None, text.to_owned()).context().unwrap();
        let it = revision(&context, None, line).unwrap()?;
        Some(format!(
            "{} {} | {} | {} | {}:{} | {}",
            it.commit, it.author, it.date, it.subject, it.file, it.file_line, it.line
        ))
    }

    #[test]
    fn a_line_of_a_patch_has_its_commit_and_its_file() {
        for (line, expected) in [
            (16, "1f2e3d4c5b6a A <a@b> | Sat Aug 9 2025 | Raise it | x/stall.py:4 | 1"),
            (5, "1f2e3d4c5b6a A <a@b> | Sat Aug 9 2025 | Raise it | :0 | 1"),
            (28, "aaaaaaaaaaaa B <b@b> | Sun Feb 2 2025 | Begin | y:0 | 17"),
        ] {
            assert_eq!(of(LOG, line).as_deref(), Some(expected), "line {line}");
        }
        let mail = "From 1f2e3d4c5b6a Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nDate: Sat\nSubject: [PATCH 1/2] Raise it\n\n---\n";
        assert_eq!(of(mail, 5).as_deref(), Some("1f2e3d4c5b6a A <a@b> | Sat | Raise it | :0 | 1"));
        let diff = "--- a/x\t2025\n+++ b/x\t2026\n@@ -1 +1 @@\n-a\n+b\n";
        assert_eq!(of(diff, 5).as_deref(), Some("  |  |  | x:1 | 1"));
        assert_eq!(of("no patch\n", 1), None);
    }
}
