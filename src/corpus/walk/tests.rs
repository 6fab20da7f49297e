//! A walk that is kept finds what a fresh one finds, whatever happens in between.

use super::*;
use crate::corpus::{error::Error, globs::Globs, stop::StopFlag};
use proptest::prelude::*;
use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

/// Something that happens to the files. Paths are relative to the root; some lie above it.
#[derive(Debug, Clone)]
enum Happening {
    Write(String, String),
    Append(String),
    Rules(String, &'static str, String),
    /// Git tracks these files of a directory, and no others.
    Track(String, Vec<String>),
    Remove(String),
    Rename(String, String),
    Directory(String),
    Link(String, String),
    Permissions(String, u32),
}

impl Happening {
    /// Many are impossible where they happen; then nothing happens.
    fn happen(&self, root: &Path) -> io::Result<()> {
        match self {
            Self::Write(path, text) => fs::write(root.join(path), text),
            Self::Append(path) => {
                let mut file = fs::OpenOptions::new().append(true).open(root.join(path))?;
                io::Write::write_all(&mut file, b"more\n")
            }
            Self::Rules(directory, name, lines) => {
                let path = root.join(directory).join(name);
                fs::create_dir_all(path.parent().unwrap_or(root))?;
                fs::write(path, lines)
            }
            Self::Track(directory, paths) => {
                let path = root.join(directory).join(".git/index");
                fs::create_dir_all(path.parent().unwrap_or(root))?;
                fs::write(path, index(paths))
            }
            Self::Remove(path) if root.join(path).is_dir() => fs::remove_dir_all(root.join(path)),
            Self::Remove(path) => fs::remove_file(root.join(path)),
            Self::Rename(from, to) => fs::rename(root.join(from), root.join(to)),
            Self::Directory(path) => fs::create_dir_all(root.join(path)),
            Self::Link(path, target) => {
                let path = root.join(path);
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
                symlink(target, path)
            }
            Self::Permissions(path, mode) => fs::set_permissions(root.join(path), fs::Permissions::from_mode(*mode)),
        }
    }
}

/// An index of git's, of version 2.
fn index(paths: &[String]) -> Vec<u8> {
    let mut index = [&b"DIRC"[..], &2_u32.to_be_bytes(), &(paths.len() as u32).to_be_bytes()].concat();
    for path in paths {
        let start = index.len();
        index.extend([0; 62]);
        index.extend(path.as_bytes());
        index.extend(vec![0; 8 - (index.len() - start) % 8]);
    }
    index.extend([0; 20]);
    index
}

fn a_path() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ab](/[ab]){0,2}(/[xy](\\.o|-z)?)?",
        2 => "[xy](\\.o|-z|\\.pem)?",
        1 => "\\.h/[xy]",
        // Shown in another form, and so in another place of the order.
        1 => "(a/)?(a\n|\u{202e}|b\\\\x41|A)(/x)?",
        // A folder with all three is a repository.
        2 => "[ab]/(HEAD|refs/x|objects/x)",
    ]
}

fn happenings() -> impl Strategy<Value = Happening> {
    let rules = "(!?/?([abxy]|\\*\\.o|\\*|a/b|\\.h)/?\n){0,3}";
    let rule_file = prop::sample::select(vec![".gitignore", ".ignore", ".rlmignore", ".git/info/exclude"]);
    let directory = prop::sample::select(vec!["..", ".", "a", "b", "a/b", ".h"]);
    prop_oneof![
        5 => (a_path(), "[a-z]{0,3}").prop_map(|(path, text)| Happening::Write(path, text)),
        2 => a_path().prop_map(Happening::Append),
        5 => (directory, rule_file, rules).prop_map(|(at, name, lines)| Happening::Rules(at.into(), name, lines)),
        2 => (prop::sample::select(vec!["..", ".", "a"]), prop::collection::vec(a_path(), 0..4), "(root/)?").prop_map(
            |(at, paths, prefix)| Happening::Track(at.into(), paths.iter().map(|path| prefix.clone() + path).collect()),
        ),
        1 => (prop::sample::select(vec!["..", "a"]), "(ignorecase=true|excludesFile=x)?").prop_map(|(at, line)| {
            Happening::Rules(at.into(), ".git/config", format!("[core]\n{line}\n"))
        }),
        3 => a_path().prop_map(Happening::Remove),
        1 => "(\\.\\./|a/)?(\\.gitignore|\\.ignore|\\.git)".prop_map(Happening::Remove),
        3 => (a_path(), a_path()).prop_map(|(from, to)| Happening::Rename(from, to)),
        4 => "[ab](/[ab]){0,2}|\\.h".prop_map(Happening::Directory),
        2 => (a_path(), "\\.\\./[ab]|[abx]|\\.\\./outside").prop_map(|(path, target)| Happening::Link(path, target)),
        1 => (a_path(), prop::sample::select(vec![0o700, 0o755, 0o644])).prop_map(|(path, mode)| {
            Happening::Permissions(path, mode)
        }),
    ]
}

fn check(globs: &[&str], happenings: &[Vec<Happening>]) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().unwrap();
    // All links lead to places in here, since things happen to what lies behind them, too.
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::create_dir(directory.path().join("outside")).unwrap();
    fs::create_dir_all(directory.path().join(".git/info")).unwrap();
    let include: Vec<String> = globs.iter().map(|&glob| glob.to_owned()).collect();
    let globs = Globs::new(&root, "", &include, &["y-z".to_owned()]).unwrap();
    let stop = StopFlag::default();
    let mut kept = Tree::new(globs.clone());
    for several in happenings {
        for happening in several {
            let _ = happening.happen(&root);
        }
        let fresh = Tree::new(globs.clone()).refresh(&stop).unwrap();
        prop_assert_eq!(kept.refresh(&stop).unwrap(), fresh.clone());
        let paths: Vec<&str> = fresh.files.iter().map(|file| file.relative.as_str()).collect();
        prop_assert!(paths.is_sorted(), "{paths:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_kept_walk_is_a_fresh_one(all in prop::collection::vec(prop::collection::vec(happenings(), 1..4), 1..16)) {
        check(&[], &all)?;
    }

    #[test]
    fn a_kept_walk_with_globs_is_a_fresh_one(
        all in prop::collection::vec(prop::collection::vec(happenings(), 1..4), 1..16),
    ) {
        check(&["a", "*.o", "b/x", ".h/**"], &all)?;
    }
}

#[test]
fn only_what_has_changed_is_found_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("sub")).unwrap();
    for name in ["a", "b", "sub/c"] {
        fs::write(path(name), name).unwrap();
    }
    let stop = StopFlag::default();
    let mut tree = Tree::of(directory.path(), &[], &[]).unwrap();
    let before = tree.refresh(&stop).unwrap().files.clone();
    // Directories are listed again as long as their times are not past, but an equal file has an equal fingerprint.
    fs::write(path("b"), "longer").unwrap();
    let after = tree.refresh(&stop).unwrap().files.clone();
    let same: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before == after).collect();
    assert_eq!(same, [true, false, true]);
    assert_eq!(after[1].fingerprint.bytes, 6);
}

#[test]
fn a_stopped_walk_leaves_what_was_known() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "").unwrap();
    let mut tree = Tree::of(directory.path(), &[], &[]).unwrap();
    let stop = StopFlag::default();
    stop.raise();
    assert!(matches!(tree.refresh(&stop), Err(Error::Stopped)));
    let stop = StopFlag::default();
    assert_eq!(tree.refresh(&stop).unwrap().files.len(), 1);
    fs::write(directory.path().join("b"), "").unwrap();
    let stopped = StopFlag::default();
    stopped.raise();
    assert!(matches!(tree.refresh(&stopped), Err(Error::Stopped)));
    assert_eq!(tree.refresh(&stop).unwrap().files.len(), 2);
    fs::remove_dir_all(directory.path()).unwrap();
    assert!(matches!(tree.refresh(&stop), Err(Error::Unreadable { .. })));
}
