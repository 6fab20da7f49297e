//! The files as they would be with a proposal.

use super::{
    elision::is_elision,
    lines::Lines,
    place::{PlacedHunk, apply, place},
    proposal::{Change, FileChange, Hunk, Proposal},
    refusal::{Refusal, RefusalKind},
    unified::unified,
};
use rustc_hash::FxHashSet;
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use std::{
    fmt::Display,
    time::{Duration, Instant},
};

/// How long it is looked for where lines are in a newer text. After that it is known of fewer.
const LONGEST: Duration = Duration::from_millis(200);

/// Files of more lines are not taken for a part of themselves.
const SHORT: usize = 10;

/// A file that a proposal changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    pub path: String,
    /// Its text before; nothing for a new file.
    pub old: Option<String>,
    /// Its text afterwards; nothing for one that is removed.
    pub new: Option<String>,
    /// Its path before, if that was another one.
    pub renamed_from: Option<String>,
    /// What changes in the old text, each of which can be applied without the others.
    pub hunks: Vec<PlacedHunk>,
}

impl ChangedFile {
    /// The difference, as git writes it.
    pub fn diff(&self) -> String {
        self.diff_to(self.new.as_deref())
    }

    /// The difference that one hunk makes without the others.
    pub fn diff_of(&self, hunk: &PlacedHunk) -> String {
        match &self.old {
            Some(old) => self.diff_to(Some(&apply(old, std::slice::from_ref(hunk)))),
            None => self.diff(),
        }
    }

    fn diff_to(&self, new: Option<&str>) -> String {
        let before = self.renamed_from.as_deref().unwrap_or(&self.path);
        let old = self.old.as_deref().map(|text| (before, text));
        unified(old, new.map(|text| (self.path.as_str(), text)))
    }

    /// The hunks of these numbers in a text that may be a newer one. `change` is the one that this has come of.
    ///
    /// # Errors
    /// One of them does not fit, or all of the text was to be replaced and it is another one by now.
    pub fn placed_anew(&self, change: &Change, numbers: &[usize], now: &str) -> Result<Vec<PlacedHunk>, Refusal> {
        let Some(old) = self.old.as_deref().filter(|old| *old != now) else {
            return Ok(numbers.iter().filter_map(|&at| self.hunks.get(at)).cloned().collect());
        };
        match change {
            Change::Edit(hunks) | Change::Rename { hunks, .. } => {
                let moved = moved_lines(old, now);
                let chosen = numbers.iter().filter_map(|&at| {
                    let (hunk, placed) = hunks.get(at).zip(self.hunks.get(at))?;
                    // Where its lines are now; the number that it came with is one of the old text.
                    let same = hunk.old.iter().zip(&hunk.new).take_while(|(old, new)| old == new).count();
                    let line = moved(placed.lines.start).and_then(|line| (line + 1).checked_sub(same));
                    Some(Hunk { line, ..hunk.clone() })
                });
                place(now, &chosen.collect::<Vec<_>>())
            }
            Change::Create(_) | Change::Rewrite(_) | Change::Delete => {
                let message = "all of it was to be replaced, and it has changed since";
                Err(Refusal::new(RefusalKind::NotFound, message).of(&self.path))
            }
        }
    }
}

impl Proposal {
    /// The files as they would be. `read` has the text of a file, or nothing if there is none.
    ///
    /// # Errors
    /// A file cannot be read, is missing or is there already, or a change does not fit. Then nothing of the proposal is
    /// taken.
    pub fn changed_files<E: Display>(
        &self,
        read: impl Fn(&str) -> Result<Option<String>, E>,
    ) -> Result<Vec<ChangedFile>, Refusal> {
        let text = |path: &str| {
            read(path).map_err(|error| {
                let message = format!("cannot be read, and so not be changed: {error}");
                Refusal::new(RefusalKind::Unreadable, message).of(path)
            })
        };
        let mut changed = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let old = text(&file.path)?;
            let there = match &file.change {
                Change::Rename { to, .. } => text(to)?.is_some(),
                _ => false,
            };
            changed.push(changed_file(file, old, there).map_err(|refusal| refusal.of(&file.path))?);
        }
        let mut paths = FxHashSet::default();
        for file in &changed {
            if !paths.insert(&file.path) || file.renamed_from.as_ref().is_some_and(|from| !paths.insert(from)) {
                let message = "two changes concern this file: say once what becomes of it";
                return Err(Refusal::new(RefusalKind::Contradiction, message).of(&file.path));
            }
        }
        Ok(changed)
    }
}

/// Where each line of a text is in a newer one, if it is there.
fn moved_lines(old: &str, now: &str) -> impl Fn(usize) -> Option<usize> {
    let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let deadline = Instant::now().checked_add(LONGEST);
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &lines(old), &lines(now), deadline);
    move |line| {
        ops.iter().find_map(|op| match op.as_tag_tuple() {
            (DiffTag::Equal, before, after) if before.contains(&line) => Some(after.start + line - before.start),
            _ => None,
        })
    }
}

/// `there`: whether there is a file where this one is to go.
fn changed_file(file: &FileChange, old: Option<String>, there: bool) -> Result<ChangedFile, Refusal> {
    let missing = || {
        Refusal::new(
            RefusalKind::NoFile,
            "there is no such file: name one that there is, from the root of the repository",
        )
    };
    let result = |path: &str, old: Option<String>, new: Option<String>, hunks| ChangedFile {
        path: path.to_owned(),
        renamed_from: (path != file.path).then(|| file.path.clone()),
        old,
        new,
        hunks,
    };
    match (&file.change, old) {
        (Change::Edit(hunks), Some(old)) => {
            let (new, placed) = edited(&old, hunks)?;
            Ok(result(&file.path, Some(old), Some(new), placed))
        }
        (Change::Rename { .. }, Some(_)) if there => Err(Refusal::new(
            RefusalKind::FileExists,
            "there is a file already where it is to go: name a path that is free",
        )),
        (Change::Rename { to, hunks }, Some(old)) => {
            let (new, placed) = match hunks.is_empty() {
                true => (old.clone(), Vec::new()),
                false => edited(&old, hunks)?,
            };
            Ok(result(to, Some(old), Some(new), placed))
        }
        (Change::Delete, Some(old)) => Ok(result(&file.path, Some(old), None, Vec::new())),
        (Change::Edit(_) | Change::Rename { .. } | Change::Delete, None) => Err(missing()),
        (Change::Create(_), Some(old)) if !old.trim().is_empty() => {
            let message = "there is such a file already: change it by blocks that have its lines";
            Err(Refusal::new(RefusalKind::FileExists, message))
        }
        (Change::Create(text) | Change::Rewrite(text), old) => {
            let new = rewritten(&file.path, old.as_deref(), text)?;
            let hunks = old.as_deref().map(|old| whole(old, &new)).into_iter().collect();
            Ok(result(&file.path, old, Some(new), hunks))
        }
    }
}

fn edited(old: &str, hunks: &[Hunk]) -> Result<(String, Vec<PlacedHunk>), Refusal> {
    let placed = place(old, hunks)?;
    Ok((apply(old, &placed), placed))
}

/// All lines replaced.
fn whole(old: &str, new: &str) -> PlacedHunk {
    let lines = 0..old.split_inclusive('\n').count();
    PlacedHunk { lines, new: new.to_owned(), slips: Vec::new() }
}

/// A whole text, with the line ends of the one that was there.
///
/// # Errors
/// It is the same text, or only a part of it.
fn rewritten(path: &str, old: Option<&str>, text: &str) -> Result<String, Refusal> {
    let before: FxHashSet<&str> = old.into_iter().flat_map(str::lines).map(str::trim).collect();
    // Three dots are a body of their own in Python.
    let is_stub =
        |line: &str| line.trim() == "..." && (path.ends_with(".py") || path.ends_with(".pyi")) && old.is_none();
    let elided = text.lines().find(|line| is_elision(line) && !before.contains(line.trim()) && !is_stub(line));
    if let Some(line) = elided {
        let line = crate::text::one_line(line, 100);
        let message =
            format!("`{line}` stands for lines that are left out: write the file in full, or only blocks that change");
        return Err(Refusal::new(RefusalKind::Elided, message));
    }
    let Some(old) = old else { return Ok(text.to_owned()) };
    let after: FxHashSet<&str> = text.lines().map(str::trim).collect();
    let (kept, count) = (before.intersection(&after).count(), before.len());
    if count > SHORT && kept * 2 < count {
        let message = "the text given for it has less than half of its lines, so that it seems to be a part of it: \
                       write blocks to search for and replace";
        return Err(Refusal::new(RefusalKind::Elided, message));
    }
    let lines = Lines::new(old);
    let eol = lines.end_near(0);
    let mut new: String = text.lines().flat_map(|line| [line, eol]).collect();
    if !old.trim().is_empty() && !old.ends_with('\n') {
        new.truncate(new.len() - eol.len());
    }
    let new = format!("{}{new}", lines.mark);
    match new == old {
        true => Err(Refusal::new(RefusalKind::NoChange, "the text given for it is the one that it has. Leave it out")),
        false => Ok(new),
    }
}
