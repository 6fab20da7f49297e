//! What checks need and git does not keep, such as `node_modules`: lent to a tree by links.
//!
//! The person's folders are not copied, which may take gigabytes for each proposal, and not linked file by file as hard links, through which
//! a check could write to them. A link of the file system leads to the folder where it lies, and the walls let a check read there
//! and not write. So nothing is lent where there are no walls.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Component, Path, PathBuf},
};

/// Folders that hold what others have made, and that tools read and do not build in.
const NAMES: [&str; 6] = ["node_modules", ".venv", "venv", "vendor", "deps", "bower_components"];

/// The one whose entries are linked one by one: a package of the project's own among them is a link to the tree of the person, and
/// is to be one to the tree that is checked; and tools keep caches beside the others.
const OF_NODE: &str = "node_modules";

/// What of that folder is lent although its name begins with a dot, which is how caches are called.
const OF_NODE_HIDDEN: [&str; 3] = [".bin", ".pnpm", ".package-lock.json"];

/// The most folders, how deep they may lie, and the most entries of one that are linked.
const MOST: usize = 50;
const DEEPEST: usize = 5;
const MOST_ENTRIES: usize = 50_000;

/// The folders among what git ignores that are lent, from the root on. `ignored` are lines of `git ls-files --directory`.
pub fn wanted(ignored: &str) -> Vec<String> {
    let folders = ignored.split('\0').filter_map(|it| it.strip_suffix('/'));
    let is_wanted = |it: &&str| {
        let parts: Vec<&str> = it.split('/').collect();
        parts.len() <= DEEPEST
            && parts.last().is_some_and(|name| NAMES.contains(name))
            && parts.iter().all(|part| !matches!(*part, "" | "." | ".." | ".git"))
    };
    folders.filter(is_wanted).take(MOST).map(str::to_owned).collect()
}

/// Links these folders of a repository into a tree. Returns those that a check has to be allowed to read. What is a link itself, or
/// has no place in the tree, is left out. Blocks.
///
/// # Errors
/// A link cannot be made.
pub fn lend(top: &Path, tree: &Path, folders: &[String]) -> io::Result<Vec<PathBuf>> {
    let mut lent = Vec::new();
    for folder in folders {
        let (source, target) = (top.join(folder), tree.join(folder));
        let is_own = source.canonicalize().is_ok_and(|it| it.starts_with(top) && it.ends_with(folder));
        let has_place = target.parent().is_some_and(Path::is_dir) && target.symlink_metadata().is_err();
        if !is_own || !has_place {
            continue;
        }
        match folder.rsplit('/').next() {
            Some(OF_NODE) => link_packages(&source, &target)?,
            _ => symlink(&source, &target)?,
        }
        lent.push(source);
    }
    Ok(lent)
}

/// Makes a folder with a link for each package of another one; packages of one owner (`@owner/name`) lie one level deeper.
fn link_packages(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir(target)?;
    for entry in fs::read_dir(source)?.take(MOST_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('.') && !OF_NODE_HIDDEN.contains(&&*text) {
            continue;
        }
        let (from, to) = (entry.path(), target.join(&name));
        match entry.file_type()? {
            kind if kind.is_dir() && text.starts_with('@') => link_packages(&from, &to)?,
            kind if kind.is_symlink() => {
                let leads = fs::read_link(&from)?;
                // A package of the project's own, by where it lies from here.
                let is_upwards = leads.components().next() == Some(Component::ParentDir);
                symlink(if is_upwards { &leads } else { &from }, &to)?;
            }
            _ => symlink(&from, &to)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_what_others_have_made_are_lent() {
        let ignored =
            "node_modules/\0packages/a/node_modules/\0target/\0.env\0.venv/\0a/b/c/d/e/vendor/\0../venv/\0build/\0";
        assert_eq!(wanted(ignored), ["node_modules", "packages/a/node_modules", ".venv"]);
    }

    #[test]
    fn packages_are_linked_and_those_of_the_project_lead_to_its_tree() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let (top, tree) = (base.join("top"), base.join("tree"));
        for path in
            ["node_modules/left/lib", "node_modules/@ann/pad", "node_modules/.cache", "packages/own", ".venv/bin"]
        {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        symlink("../packages/own", top.join("node_modules/own")).unwrap();
        fs::create_dir_all(base.join("outside")).unwrap();
        symlink(base.join("outside"), top.join("vendor")).unwrap();
        fs::create_dir_all(tree.join("packages/own")).unwrap();
        let folders = ["node_modules", ".venv", "vendor", "packages/none/node_modules"].map(str::to_owned);
        let lent = lend(&top, &tree, &folders).unwrap();
        assert_eq!(lent, [top.join("node_modules"), top.join(".venv")]);
        let leads = |path: &str| tree.join(path).canonicalize().ok();
        assert_eq!(leads("node_modules/left/lib"), Some(top.join("node_modules/left/lib")));
        assert_eq!(leads("node_modules/@ann/pad"), Some(top.join("node_modules/@ann/pad")));
        assert_eq!(leads("node_modules/own"), Some(tree.join("packages/own")));
        assert_eq!(leads(".venv/bin"), Some(top.join(".venv/bin")));
        assert_eq!((leads("node_modules/.cache"), leads("vendor")), (None, None));
        // What a tool keeps there lies in the tree.
        fs::create_dir(tree.join("node_modules/.cache")).unwrap();
        assert_eq!(fs::read_dir(top.join("node_modules/.cache")).unwrap().count(), 0);
    }
}
