//! The include and exclude globs of a selection, as matchers for one root.
//!
//! Include globs narrow. Besides, they let in what they spell out: a part of a glob that begins with a dot lets in the
//! hidden names it matches, and a glob without wildcards, which is a path, lets in what is ignored there.
//!
//! A glob may name a file as it is shown, with escapes for what cannot be seen.

mod given;

use super::{editor_files::is_editor_file, error::Error, secrets::looks_secret};
use crate::text::{Part, visible_parts};
use given::Given;
use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder, Glob},
};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
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
    /// What the globs were understood as.
    meant: Vec<String>,
    no_ignore: bool,
    /// Include globs that may let in a secret.
    names_secrets: Gitignore,
    /// Include globs that may let in what an editor keeps beside a file.
    names_editor_files: Gitignore,
}

impl Globs {
    /// `label` is what shown paths of the root begin with; globs may begin with it, too.
    pub fn new(root: &Path, label: &str, include: &[String], exclude: &[String]) -> Result<Self, Error> {
        let read = |globs: &[String]| -> Result<Vec<Given>, Error> {
            globs.iter().map(|glob| Given::read(root, label, glob)).collect()
        };
        let (include, exclude) = (read(include)?, read(exclude)?);
        let named = || include.iter().filter(|given| !is_universal(&given.glob));
        let everything = named().count() < include.len() || include.is_empty();
        // Built even if all is included, so that a bad glob is always told.
        let narrow = matcher(root, named())?;
        Ok(Self {
            root: root.to_owned(),
            include: (!everything).then_some(narrow),
            exclude: matcher(root, &exclude)?,
            hidden: hidden_names(root, named()),
            spelled_out: named().filter_map(|given| given.path.clone()).collect(),
            no_ignore: false,
            meant: include.iter().chain(&exclude).map(|given| given.glob.clone()).collect(),
            names_secrets: matcher(root, named().filter(|given| given.names(looks_secret)))?,
            names_editor_files: matcher(root, named().filter(|given| given.names(is_editor_file)))?,
        })
    }

    /// The same, where the rules of ignore files may count for nothing.
    pub fn with_no_ignore(self, no_ignore: bool) -> Self {
        Self { no_ignore, ..self }
    }

    /// Whether the rules of ignore files count for nothing.
    pub fn no_ignore(&self) -> bool {
        self.no_ignore
    }

    /// What the globs were understood as.
    pub fn meant(&self) -> &[String] {
        &self.meant
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

    /// Whether an include glob asks for this very copy of an editor's.
    pub fn lets_in_editor_file(&self, path: &Path) -> bool {
        self.names_editor_files.matched(path, false).is_ignore()
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
    let nowhere = Path::new("");
    let given: Vec<Given> = exclude.iter().map(|glob| Given::read(nowhere, "", glob)).collect::<Result<_, _>>()?;
    let globs = matcher(nowhere, &given)?;
    Ok(paths.into_iter().find_map(|path| original(globs.matched_path_or_any_parents(path, false))))
}

fn original(matched: Match<&Glob>) -> Option<String> {
    match matched {
        // The rule comes from the glob that it was made of.
        Match::Ignore(glob) => Some(glob.from().and_then(Path::to_str).unwrap_or(glob.original()).to_owned()),
        _ => None,
    }
}

fn is_universal(glob: &str) -> bool {
    matches!(glob, "*" | "**" | "**/*" | "/**" | "/*" | "/**/*" | "." | "./")
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
            // A glob is text; `?` stands for a byte that is not.
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

/// Matches the hidden names that globs spell out.
fn hidden_names<'a>(root: &Path, globs: impl Iterator<Item = &'a Given>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    for glob in globs {
        let glob = understood(&glob.glob);
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

fn matcher<'a>(root: &Path, globs: impl IntoIterator<Item = &'a Given>) -> Result<Gitignore, Error> {
    let mut builder = GitignoreBuilder::new(root);
    builder.allow_unclosed_class(false);
    for Given { original, glob, .. } in globs {
        // A `#` begins a comment in a file, which a glob of a selection is not.
        let escape = if glob.starts_with('#') { "\\" } else { "" };
        let line = format!("{escape}{}", understood(glob));
        builder.add_line(Some(original.into()), &line).map_err(|error| bad_glob(original, &error))?;
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
