//! What lies in the folder of a store: what belongs to one, and what does not.
//!
//! Whether something belongs to a store is decided by its name alone, since a store writes under few and unmistakable names.
//! A folder with any other name in it is somebody's folder: it is never written to, and never read as a store. One of the
//! store's own names on something else, such as a link, makes a store that is not to be trusted.

use super::super::{
    super::beneath::{self, Dir, Kind},
    layout::{MANIFEST, SHARDS},
    manifest::{self, is_shard_file},
};
use crate::text::visible_path;
use std::{
    ffi::OsStr,
    io,
    ops::ControlFlow::{self, Break, Continue},
    path::Path,
};

/// How deep something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Root,
    Shards,
    Generation(u64),
}

/// What something is to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Manifest,
    Shards,
    Generation(u64),
    Shard,
    /// A file that a writer did not finish.
    Unfinished,
    /// Has a name of the store, and is not what it should be.
    Misplaced(&'static str),
    /// Belongs to somebody else.
    Foreign,
}

/// Something in the folder.
pub(super) struct Entry<'a> {
    /// The folder that it lies in.
    pub folder: &'a Dir,
    pub level: Level,
    pub name: &'a OsStr,
    pub role: Role,
}

impl Entry<'_> {
    /// Where it lies in the store, as it is shown.
    pub fn shown(&self) -> String {
        let name = visible_path(Path::new(self.name));
        match self.level {
            Level::Root => name,
            Level::Shards => format!("{SHARDS}/{name}"),
            Level::Generation(generation) => format!("{SHARDS}/{generation}/{name}"),
        }
    }
}

/// What a look at a folder has found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Whether there is something with the name of a shard.
    pub has_shards: bool,
    /// The first thing that belongs to somebody else.
    pub foreign: Option<String>,
    /// The first thing that has a name of the store's and is not what it should be, and what it is.
    pub misplaced: Option<(String, &'static str)>,
}

impl Survey {
    /// Looks at a folder, until something shows that belongs to somebody else.
    pub fn of(root: &Dir) -> io::Result<Self> {
        let mut survey = Self::default();
        visit(root, &mut |entry| {
            let in_generation = matches!(entry.level, Level::Generation(_));
            match entry.role {
                Role::Foreign => {
                    survey.foreign = Some(entry.shown());
                    return Ok(Break(()));
                }
                Role::Misplaced(what) => {
                    survey.has_shards |= in_generation;
                    survey.misplaced.get_or_insert_with(|| (entry.shown(), what));
                }
                Role::Shard => survey.has_shards = true,
                Role::Manifest | Role::Shards | Role::Generation(_) | Role::Unfinished => {}
            }
            Ok(Continue(()))
        })?;
        Ok(survey)
    }
}

/// Visits everything in the folder of a store: first all that lies at the top, then what is below.
pub(super) fn visit(root: &Dir, visitor: &mut Visitor<'_>) -> io::Result<()> {
    let mut has_shards = false;
    let top = visit_folder(root, Level::Root, &mut |entry| {
        has_shards |= entry.role == Role::Shards;
        visitor(entry)
    })?;
    if top.is_break() || !has_shards {
        return Ok(());
    }
    let Some(shards) = open_if_there(root, SHARDS)? else { return Ok(()) };
    let mut generations = Vec::new();
    let middle = visit_folder(&shards, Level::Shards, &mut |entry| {
        if let Role::Generation(generation) = entry.role {
            generations.push(generation);
        }
        visitor(entry)
    })?;
    if middle.is_break() {
        return Ok(());
    }
    for generation in generations {
        let Some(folder) = open_if_there(&shards, &generation.to_string())? else { continue };
        if visit_folder(&folder, Level::Generation(generation), visitor)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// A writer may have removed a former generation since it was listed.
fn open_if_there(folder: &Dir, name: &str) -> io::Result<Option<Dir>> {
    match folder.open_folder(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Takes one entry after the other, until it has enough.
type Visitor<'v> = dyn FnMut(&Entry<'_>) -> io::Result<ControlFlow<()>> + 'v;

fn visit_folder(folder: &Dir, level: Level, visitor: &mut Visitor<'_>) -> io::Result<ControlFlow<()>> {
    for entry in folder.entries()? {
        let (name, kind) = entry?;
        let entry = Entry { folder, level, name: &name, role: role(level, &name, kind) };
        if visitor(&entry)?.is_break() {
            return Ok(Break(()));
        }
    }
    Ok(Continue(()))
}

fn role(level: Level, name: &OsStr, kind: Kind) -> Role {
    let Some(name) = name.to_str() else { return Role::Foreign };
    let (role, expected) = match level {
        Level::Root if name == MANIFEST => (Role::Manifest, Kind::File),
        Level::Root if name == SHARDS => (Role::Shards, Kind::Folder),
        Level::Shards => match manifest::generation(name) {
            Some(generation) => (Role::Generation(generation), Kind::Folder),
            None => return Role::Foreign,
        },
        Level::Generation(_) if is_shard_file(name) => (Role::Shard, Kind::File),
        Level::Root | Level::Generation(_) if beneath::is_temporary(name) => (Role::Unfinished, Kind::File),
        Level::Root | Level::Generation(_) => return Role::Foreign,
    };
    if kind == expected { role } else { Role::Misplaced(kind.name()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    const SHARD: &str = "shards/1/00000000-0123456789abcdef0123456789abcdef.txt";

    /// Surveys a folder with these files; a path that ends with a slash is a folder, one with an arrow a link.
    fn check(paths: &[&str], has_shards: bool, foreign: Option<&str>, misplaced: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let (path, target) = path.split_once(" -> ").map_or((*path, None), |(path, target)| (path, Some(target)));
            let full = folder.path().join(path);
            fs::create_dir_all(if path.ends_with('/') { &full } else { full.parent().unwrap() }).unwrap();
            match target {
                Some(target) => symlink(target, full).unwrap(),
                None if path.ends_with('/') => {}
                None => fs::write(full, "x").unwrap(),
            }
        }
        let survey = Survey::of(&Dir::open(folder.path()).unwrap()).unwrap();
        assert_eq!(survey.foreign.as_deref(), foreign, "{paths:?}");
        assert_eq!(survey.misplaced.as_ref().map(|(path, _)| path.as_str()), misplaced, "{paths:?}");
        if foreign.is_none() {
            assert_eq!(survey.has_shards, has_shards, "{paths:?}");
        }
    }

    #[test]
    fn what_belongs_to_a_store_is_told_from_what_does_not() {
        check(&[], false, None, None);
        check(&["manifest.json"], false, None, None);
        check(&["manifest.json", SHARD], true, None, None);
        check(&["manifest.json", "shards/7/", ".rlm-0123456789abcdef.part"], false, None, None);
        check(&["shards/1/.rlm-0123456789abcdef.part", SHARD], true, None, None);
        for foreign in [
            "letter.txt",
            ".git/HEAD",
            "manifest.json.part",
            "shards/notes.md",
            "shards/05/",
            "shards/0/",
            "shards/+1/",
            "shards/99999999999999999999/",
            "shards/src/main.rs",
            "shards/.rlm-0123456789abcdef.part",
            "shards/1988/tape.wav",
            "shards/1/0-0123456789abcdef0123456789abcdef.txt",
            "shards/1/00000000-0123456789ABCDEF0123456789ABCDEF.txt",
            "shards/1/00000000-0123456789abcdef.txt",
            "shards/1/00000000-0123456789abcdef0123456789abcdef.txt.bak",
            "shards/1/sub/",
        ] {
            let named = foreign.trim_end_matches('/');
            let named = named.strip_suffix("/HEAD").or(named.strip_suffix("/main.rs")).unwrap_or(named);
            check(&["manifest.json", SHARD, foreign], true, Some(named), None);
        }
    }

    #[test]
    fn names_of_a_store_on_something_else_are_noticed() {
        let link = format!("{SHARD} -> ../../letter");
        check(&[&link], true, None, Some(SHARD));
        check(&["manifest.json -> letter", SHARD], true, None, Some("manifest.json"));
        check(&["manifest.json", "shards -> elsewhere"], false, None, Some("shards"));
        check(&["shards/1 -> ../elsewhere", "manifest.json"], false, None, Some("shards/1"));
        check(&["manifest.json/", SHARD], true, None, Some("manifest.json"));
        check(&["shards"], false, None, Some("shards"));
        check(&[".rlm-0123456789abcdef.part -> letter"], false, None, Some(".rlm-0123456789abcdef.part"));
    }
}
