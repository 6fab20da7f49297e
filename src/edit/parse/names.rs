//! The names of files in what stands before a change.

use super::fence::Fence;
use crate::{
    corpus::Language,
    edit::refusal::{Refusal, RefusalKind},
};

/// Lines before a change that are looked at for its file, blank ones not counted.
const MOST_LINES: usize = 4;

/// What is known of the file that a change belongs to.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Where the last change ended.
    floor: usize,
    /// The file of the last block that had no head of its own.
    last: Option<String>,
}

impl Known {
    /// A change ended here that names its file itself.
    pub fn passed(&mut self, at: usize) {
        self.floor = at;
        self.last = None;
    }

    /// A change ended here that belongs to this file.
    pub fn passed_of(&mut self, at: usize, path: &str) {
        self.floor = at;
        self.last = Some(path.to_owned());
    }

    /// The file of a change that begins here: the one that is named before it, or else the one of the change before.
    ///
    /// # Errors
    /// None is named, or several are.
    pub fn file_before(&self, lines: &[&str], at: usize) -> Result<String, Refusal> {
        match self.named_before(lines, at) {
            Mention::One(path) => Ok(path),
            Mention::None if self.last.is_some() => Ok(self.last.clone().unwrap_or_default()),
            Mention::None | Mention::Several => {
                let message = format!(
                    "the change in line {} of the reply does not say which file it belongs to: write the path of the \
                     file, and nothing else, in the line before",
                    at + 1
                );
                Err(Refusal::new(RefusalKind::Path, message))
            }
        }
    }

    /// The path that makes up the line before a fence.
    pub fn heading_before(&self, lines: &[&str], at: usize) -> Option<String> {
        let before = (self.floor..at).rev().map(|at| lines[at]).find(|line| !line.trim().is_empty())?;
        heading(before)
    }

    fn named_before(&self, lines: &[&str], at: usize) -> Mention {
        let before = (self.floor..at).rev().map(|at| lines[at]).filter(|line| !line.trim().is_empty());
        for line in before.take(MOST_LINES) {
            let mention = match Fence::opened_by(line) {
                Some(fence) => in_info(fence.info).map_or(Mention::None, Mention::One),
                None => mention(line),
            };
            if mention != Mention::None {
                return mention;
            }
        }
        Mention::None
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Mention {
    None,
    One(String),
    Several,
}

/// The path in the info string of a fence: `rust src/a.rs`, `rust:src/a.rs`, `rust title="src/a.rs"`, `src/a.rs`.
pub(super) fn in_info(info: &str) -> Option<String> {
    let info = info.trim().trim_start_matches('{').trim_end_matches('}');
    let tokens = info.split_whitespace().map(|token| {
        let value = token.split_once('=').map_or(token, |(_, value)| value);
        let value = value.trim_matches(['"', '\'', ',']);
        let own = |(language, path): (&str, &'_ str)| {
            language.chars().all(|it| it.is_alphanumeric() || matches!(it, '+' | '#' | '-')) && !path.starts_with("//")
        };
        value.split_once(':').filter(|&it| own(it)).map_or(value, |(_, path)| path).to_owned()
    });
    tokens.into_iter().find(|token| is_path(token))
}

/// The path that makes up a line, with what is put around it: `### src/a.rs`, `**src/a.rs**:`, ``File: `src/a.rs` ``.
pub(super) fn heading(line: &str) -> Option<String> {
    let mut rest = line.trim();
    for tag in ["path", "file", "file_path", "filename"] {
        let inner = rest.strip_prefix(&format!("<{tag}>")).and_then(|it| it.strip_suffix(&format!("</{tag}>")));
        rest = inner.map_or(rest, str::trim);
    }
    rest = rest.trim_start_matches(['#', '*', '>', '/', ';', ' ']);
    rest = rest
        .strip_prefix("- ")
        .or_else(|| rest.strip_prefix("-- "))
        .or_else(|| rest.strip_prefix("<!-- "))
        .unwrap_or(rest);
    let number = rest.trim_start_matches(|it: char| it.is_ascii_digit());
    rest = number.strip_prefix(". ").filter(|_| number.len() < rest.len()).unwrap_or(rest);
    rest = rest.trim_start_matches(['*', ' ']);
    if let Some((label, path)) = rest.split_once(':')
        && ["file", "path", "filename", "file path", "filepath", "in"]
            .contains(&label.trim_matches('*').to_lowercase().as_str())
    {
        rest = path;
    }
    let rest = rest.strip_suffix("-->").or_else(|| rest.strip_suffix("*/")).unwrap_or(rest);
    let trimmed = rest.trim_matches(['*', ' ', ':', '"', '\'']);
    if let Some(quoted) = trimmed.strip_prefix('`').and_then(|it| it.strip_suffix('`')) {
        return (!quoted.contains('`') && (is_path(quoted) || is_name(quoted))).then(|| quoted.to_owned());
    }
    (is_path(trimmed) || (trimmed == line.trim() && is_name(trimmed))).then(|| trimmed.to_owned())
}

/// Which files a line names.
fn mention(line: &str) -> Mention {
    if let Some(path) = heading(line) {
        return Mention::One(path);
    }
    let quoted = line.split('`').skip(1).step_by(2).filter(|it| is_path(it));
    let attributes = line.split('"').skip(1).step_by(2).filter(|it| is_path(it));
    let bare = line
        .split_whitespace()
        .map(|it| it.trim_matches(|it: char| !it.is_alphanumeric() && !matches!(it, '/' | '_' | '.')));
    let bare = bare.map(|it| it.trim_end_matches('.')).filter(|it| is_path(it));
    let mut found: Vec<&str> = quoted.chain(attributes).chain(bare).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => Mention::None,
        [path] => Mention::One((*path).to_owned()),
        _ => Mention::Several,
    }
}

/// Whether a text can only be a path: it has the ending of a kind of file that is known, or folders before a name with
/// some ending.
fn is_path(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    let has_ending = name
        .rsplit_once('.')
        .is_some_and(|(_, ending)| (1..=12).contains(&ending.len()) && ending.chars().all(char::is_alphanumeric));
    let is_plain = !text.is_empty()
        && !text.contains("://")
        && text
            .chars()
            .all(|it| !it.is_whitespace() && !matches!(it, '(' | ')' | '<' | '>' | '"' | '`' | ',' | '=' | ';' | '|'))
        && !text.contains("::");
    let is_known = Language::of_path(text).is_some() && (has_ending || text.contains('/'));
    is_plain && (is_known || (text.contains('/') && has_ending))
}

/// Whether a text that stands alone can be the name of a file.
fn is_name(text: &str) -> bool {
    let is_word = text.chars().all(|it| it.is_alphanumeric() || matches!(it, '.' | '_' | '-' | '/' | '+' | '@'));
    let has_spaces = text.contains(' ') && text.contains('/') && text.split('/').all(|part| part.trim() == part);
    (is_word
        && (text.contains(['.', '/']) || Language::of_path(text).is_some())
        && !text.ends_with('.')
        && !text.starts_with("..."))
        || (has_spaces
            && text.rsplit('.').next().is_some_and(|ending| Language::of_path(&format!("a.{ending}")).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_files() {
        for (line, path) in [
            ("src/a.rs", Some("src/a.rs")),
            ("  `src/a.rs`:", Some("src/a.rs")),
            ("### src/a.rs", Some("src/a.rs")),
            ("**`src/a.rs`**", Some("src/a.rs")),
            ("**File: src/a.rs**", Some("src/a.rs")),
            ("File: `src/a.rs`", Some("src/a.rs")),
            ("1. `src/a.rs`", Some("src/a.rs")),
            ("// src/a.rs", Some("src/a.rs")),
            ("# main.py", Some("main.py")),
            ("<path>src/a.rs</path>", Some("src/a.rs")),
            ("Makefile", Some("Makefile")),
            ("__init__.py", Some("__init__.py")),
            ("src/__init__.py", Some("src/__init__.py")),
            ("`my docs/read me.md`", Some("my docs/read me.md")),
            (".gitignore", Some(".gitignore")),
            ("Here is the change:", None),
            ("In `src/a.rs`, replace this:", None),
            ("Sure!", None),
            ("...", None),
        ] {
            assert_eq!(heading(line).as_deref(), path, "{line}");
        }
        for (line, expected) in [
            ("In `src/a.rs`, replace `self.items` with:", Mention::One("src/a.rs".to_owned())),
            ("Then edit src/a.rs.", Mention::One("src/a.rs".to_owned())),
            ("Move it from `src/a.rs` to `src/b.rs`:", Mention::Several),
            ("This calls `self.items` and/or `x`.", Mention::None),
            ("<file name=\"src/a.rs\">", Mention::One("src/a.rs".to_owned())),
        ] {
            assert_eq!(mention(line), expected, "{line}");
        }
        for (info, path) in [
            ("rust src/a.rs", Some("src/a.rs")),
            ("rust:src/a.rs", Some("src/a.rs")),
            ("src/a.rs", Some("src/a.rs")),
            ("python title=\"app/main.py\"", Some("app/main.py")),
            ("rust", None),
            ("c++", None),
            ("diff", None),
            ("", None),
        ] {
            assert_eq!(in_info(info).as_deref(), path, "{info}");
        }
    }
}
