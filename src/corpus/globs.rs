//! The include and exclude globs of a selection, as matchers for one root.
//!
//! Include globs narrow. Besides, they let in what they spell out: a part of a glob that begins with a dot lets in the
//! hidden names it matches, and a glob without wildcards, which is a path, lets in what is ignored there.
//!
//! A glob may name a file as it is shown, with escapes for what cannot be seen.

use super::{error::Error, secrets::looks_secret};
use crate::text::{Part, name_of_visible, visible_parts};
use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder, Glob},
};
use std::{
    borrow::Cow,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

/// The globs of a selection for one root.
#[derive(Debug, Clone)]
pub(super) struct Globs {
    root: PathBuf,
    /// Nothing if everything is included.
    include: Option<Gitignore>,
    exclude: Gitignore,
    /// Include globs up to a part that begins with a dot.
    hidden: Gitignore,
    /// Include globs without wildcards, as paths below the root.
    spelled_out: Vec<PathBuf>,
    /// Include globs that may let in a secret.
    names_secrets: Gitignore,
}

impl Globs {
    /// `label` is what shown paths of the root begin with; globs may begin with it, too.
    pub fn new(root: &Path, label: &str, include: &[String], exclude: &[String]) -> Result<Self, Error> {
        let include: Vec<String> = include.iter().map(|glob| below_label(glob, label)).collect();
        let exclude: Vec<String> = exclude.iter().map(|glob| below_label(glob, label)).collect();
        let named = || include.iter().map(String::as_str).filter(|glob| !is_universal(glob));
        let everything = named().count() < include.len() || include.is_empty();
        // Built even if all is included, so that a bad glob is always told.
        let narrow = matcher(root, named())?;
        Ok(Self {
            root: root.to_owned(),
            include: (!everything).then_some(narrow),
            exclude: matcher(root, exclude.iter().map(String::as_str))?,
            hidden: hidden_names(root, named()),
            spelled_out: named().filter_map(spelled_out).collect(),
            names_secrets: matcher(root, named().filter(|glob| names_a_secret(glob)))?,
        })
    }

    /// The directory that the globs are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether include globs leave in `path` itself. A glob that matches a directory means all that is in it, so what
    /// lies in a directory that is included needs no glob of its own.
    pub fn includes(&self, path: &Path, is_dir: bool) -> bool {
        self.include.as_ref().is_none_or(|globs| globs.matched(path, is_dir).is_ignore())
    }

    /// Whether an include glob spells out the name of `path`, which is hidden.
    pub fn spells_hidden(&self, path: &Path, is_dir: bool) -> bool {
        self.hidden.matched(path, is_dir).is_ignore()
    }

    /// What include globs name without wildcards, ignored as it may be.
    pub fn spelled_out(&self) -> &[PathBuf] {
        &self.spelled_out
    }

    /// Whether an include glob asks for this very secret.
    pub fn lets_in_secret(&self, path: &Path) -> bool {
        self.names_secrets.matched(path, false).is_ignore()
    }

    /// The exclude glob that matches `path` itself.
    pub fn excluding(&self, path: &Path, is_dir: bool) -> Option<String> {
        original(self.exclude.matched(path, is_dir))
    }
}

/// The exclude glob that matches a file by one of its relative paths, or a directory on the way to it.
pub(super) fn excluding_named<'a>(
    exclude: &[String],
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Option<String>, Error> {
    let globs = matcher(Path::new(""), exclude.iter().map(String::as_str))?;
    Ok(paths.into_iter().find_map(|path| original(globs.matched_path_or_any_parents(path, false))))
}

fn original(matched: Match<&Glob>) -> Option<String> {
    match matched {
        // The rule comes from the glob that it was made of.
        Match::Ignore(glob) => Some(glob.from().and_then(Path::to_str).unwrap_or(glob.original()).to_owned()),
        _ => None,
    }
}

/// What begins with the label is a path from the root on, however few slashes are left.
fn below_label(glob: &str, label: &str) -> String {
    let rest = glob.strip_prefix(label).and_then(|rest| rest.strip_prefix('/'));
    match rest.filter(|rest| !label.is_empty() && !rest.is_empty()) {
        Some(rest) => format!("/{}", rest.trim_start_matches('/')),
        None => glob.to_owned(),
    }
}

fn is_universal(glob: &str) -> bool {
    matches!(glob, "*" | "**" | "**/*" | "/**" | "/*" | "/**/*" | "." | "./")
}

fn has_wildcard(glob: &str) -> bool {
    visible_parts(glob).any(|part| matches!(part, Part::Plain(text) if text.contains(['*', '?', '[', '{', '\\'])))
}

/// The path that a glob without wildcards is.
fn spelled_out(glob: &str) -> Option<PathBuf> {
    let path = name_of_visible(glob.trim_start_matches('/'));
    let path = Path::new(OsStr::from_bytes(&path));
    let inside = path.components().all(|component| matches!(component, Component::Normal(_)));
    (!has_wildcard(glob) && inside && !path.as_os_str().is_empty()).then(|| path.to_owned())
}

/// The glob with what its escapes stand for.
fn understood(glob: &str) -> Cow<'_, str> {
    if !glob.contains('\\') {
        return Cow::Borrowed(glob);
    }
    let mut understood = String::with_capacity(glob.len());
    for part in visible_parts(glob) {
        let character = match part {
            Part::Plain(text) => {
                understood.push_str(text);
                continue;
            }
            Part::Byte(byte) if byte.is_ascii() => char::from(byte),
            // A glob is text. What is no text is any byte.
            Part::Byte(_) => '?',
            Part::Character(character) => character,
        };
        match character {
            '?' => understood.push('?'),
            '\\' => understood.push_str("\\\\"),
            // A line feed at the end would be taken for that of the line.
            character => understood.extend(['{', character, '}']),
        }
    }
    Cow::Owned(understood)
}

/// A glob lets in a secret only if it was clearly meant to: it is a plain path, or it reads like a secret's name.
fn names_a_secret(glob: &str) -> bool {
    !has_wildcard(glob) || looks_secret(Path::new(OsStr::from_bytes(&name_of_visible(glob.trim_start_matches('/')))))
}

/// Matches the hidden names that globs spell out.
fn hidden_names<'a>(root: &Path, globs: impl Iterator<Item = &'a str>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    for glob in globs {
        let glob = understood(glob);
        // A glob with a slash before its end begins at the root, and so does its part.
        let anchor = if glob.trim_end_matches('/').contains('/') && !glob.starts_with('/') { "/" } else { "" };
        let ends = glob.match_indices('/').map(|(at, _)| at).chain([glob.len()]);
        for part in ends.map(|end| &glob[..end]) {
            let name = part.rsplit('/').next().unwrap_or(part);
            if name.starts_with('.') && !matches!(name, "." | "..") {
                // A part that is no glob, since it ends inside of braces, spells nothing out.
                let _ = builder.add_line(None, &format!("{anchor}{part}"));
            }
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn matcher<'a>(root: &Path, globs: impl Iterator<Item = &'a str>) -> Result<Gitignore, Error> {
    let mut builder = GitignoreBuilder::new(root);
    builder.allow_unclosed_class(false);
    for glob in globs {
        if glob.starts_with('!') {
            let reason = "a leading `!` has no meaning here; use the other kind of glob".into();
            return Err(Error::BadGlob { glob: glob.to_owned(), reason });
        }
        // A `#` begins a comment in a file, which a glob of a selection is not.
        let escape = if glob.starts_with('#') { "\\" } else { "" };
        let line = format!("{escape}{}", understood(glob));
        builder.add_line(Some(glob.into()), &line).map_err(|error| bad_glob(glob, &error))?;
    }
    builder.build().map_err(|error| bad_glob("", &error))
}

fn bad_glob(glob: &str, error: &ignore::Error) -> Error {
    let reason = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    };
    Error::BadGlob { glob: glob.to_owned(), reason }
}
