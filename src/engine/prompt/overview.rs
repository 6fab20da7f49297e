//! What a root model is told about its text before it looks: sizes, languages, and the upper levels of the tree.
//!
//! Of a large text that is told from what the walk has found, since the text itself is read while the model thinks: then
//! sizes are bytes of files, and what turns out to be binary still counts.

use crate::{
    corpus::{ContextText, Language, Shape, Snapshot, Source},
    text::counted,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    fmt::Write,
    sync::Arc,
};

/// The most lines of the tree that are shown.
const TREE_LINES: usize = 40;

/// The most languages that are named.
const LANGUAGES: usize = 8;

/// A text, as far as it is known.
pub struct Overview<'a> {
    files: Vec<File<'a>>,
    size: Size,
    shape: Option<&'a Shape>,
}

struct File<'a> {
    path: &'a str,
    language: Option<&'static Language>,
    bytes: u64,
}

enum Size {
    Characters {
        count: usize,
        /// Of a lone file.
        lines: Option<usize>,
    },
    Bytes(u64),
}

impl<'a> Overview<'a> {
    /// Of a text that was read.
    pub fn of_text(text: &'a ContextText) -> Self {
        let named = text.segments().iter().filter_map(|segment| {
            let (path, bytes) = (segment.path.as_deref()?, segment.text.len() as u64);
            Some(File { path, language: segment.language, bytes })
        });
        let files: Vec<File<'_>> = named.collect();
        let lines = if files.len() == 1 { text.lines().line_count(text).ok() } else { None };
        Self { files, size: Size::Characters { count: text.char_len(), lines }, shape: text.shape() }
    }

    /// Of a text that is still to be read.
    pub fn of_snapshot(snapshot: &'a Snapshot) -> Self {
        let file = |source: &'a Arc<Source>| {
            Some(File { path: source.path.as_deref()?, language: source.language, bytes: source.bytes })
        };
        let files = snapshot.files().iter().filter_map(file).collect();
        Self { files, size: Size::Bytes(snapshot.bytes()), shape: None }
    }

    /// A few lines for the model.
    pub fn describe(&self) -> String {
        let size = match self.size {
            Size::Characters { count, .. } => format!("{count} characters"),
            Size::Bytes(bytes) => format!("about {bytes} bytes"),
        };
        if let Some(shape) = self.shape {
            return format!(
                "`context` is {}, {size} in all. `files` has them as texts, and what looks into the text (search, grep, peek, \
                 chunk) sees them one after the other, each after a line `==> name <==`.\n{}",
                shape.describe(),
                self.tree()
            );
        }
        match self.files.as_slice() {
            [] => format!("`context` is one text of {size}.\n"),
            [only] => match self.size {
                Size::Characters { lines: Some(lines), .. } => {
                    format!("`context` is the file {}, {size}, {}.\n", only.path, counted(lines, "line"))
                }
                _ => format!("`context` is the file {}, {size}.\n", only.path),
            },
            files => {
                let mut text = format!("`context` holds {} files, {size}.\n", files.len());
                text.push_str(&self.languages());
                text.push_str(&self.tree());
                text
            }
        }
    }

    fn languages(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for language in self.files.iter().filter_map(|file| file.language) {
            *counts.entry(language.name).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|&(name, count)| (Reverse(count), name));
        let shown: Vec<_> = counts.iter().take(LANGUAGES).map(|(name, count)| format!("{name} {count}")).collect();
        if shown.is_empty() { String::new() } else { format!("Files by language: {}.\n", shown.join(", ")) }
    }

    /// Files of the top folder and folders of the upper two levels, with what they hold.
    fn tree(&self) -> String {
        // Many files lie in few folders: the entries are gathered by slices of the paths and put in order at the end.
        let mut entries: HashMap<&str, (usize, u64)> = HashMap::new();
        for file in &self.files {
            let folders = file.path.match_indices('/').map(|(at, _)| at + 1).take(2).last();
            let entry = entries.entry(&file.path[..folders.unwrap_or(file.path.len())]).or_default();
            entry.0 += 1;
            entry.1 += file.bytes;
        }
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_unstable();
        let mut text = String::from("What is where (files, bytes):\n");
        for (path, (count, bytes)) in entries.iter().take(TREE_LINES) {
            let _ = match path.ends_with('/') {
                true => writeln!(text, "  {path} ({count}, {bytes})"),
                false => writeln!(text, "  {path} ({bytes})"),
            };
        }
        if entries.len() > TREE_LINES {
            let _ = writeln!(text, "  … and {} more", entries.len() - TREE_LINES);
        }
        text
    }
}
