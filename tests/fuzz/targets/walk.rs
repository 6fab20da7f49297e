//! A folder is walked by rules.

use rlm::corpus::{Root, Selection, Snapshot, StopFlag, Workspace};
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// The most globs of a kind, and the most files, that an input may add.
const MOST: usize = 12;

/// Files that are always there.
const FILES: [&str; 6] = ["src/main.rs", "src/deep/er/a.txt", ".hidden/b.txt", "vendor/c.js", ".env", "x y/ü.md"];

/// The parts of the input are the rules of the folder, those of one inside and those of `rlm`;
/// globs to include and to exclude; paths of files; and the rules that the folder inside has later.
pub fn walk(input: &[u8]) {
    let mut parts = super::parts(input);
    let mut next = || parts.next().unwrap_or_default();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let root = folder.path().join("root");
    for name in FILES {
        create(root.join(name), b"text\n");
    }
    for name in [".gitignore", "src/.ignore", ".rlmignore"] {
        create(root.join(name), next());
    }
    let lines = |part: &[u8]| String::from_utf8_lossy(part).lines().take(MOST).map(str::to_owned).collect();
    let (include, exclude): (Vec<String>, Vec<String>) = (lines(next()), lines(next()));
    for name in String::from_utf8_lossy(next()).lines().take(MOST) {
        let is_plain = |part| matches!(part, Component::Normal(name) if name.len() < 100);
        if Path::new(name).components().all(is_plain) && name.len() < 500 {
            create(root.join(name), b"more\n");
        }
    }
    let selection = Selection { roots: vec![Root::new(&root)], include, exclude, ..Selection::default() };
    let workspace = Workspace::default();
    let Ok(snapshot) = workspace.snapshot(&selection, &StopFlag::default()) else { return };
    check(&snapshot);
    let later = next();
    if !later.is_empty() {
        create(root.join("src/.ignore"), later);
        let (known, new) =
            (workspace.snapshot(&selection, &StopFlag::default()), Snapshot::take(&selection, &StopFlag::default()));
        let shown = |snapshot: &Snapshot| (paths(snapshot), snapshot.exclusions());
        match (known, new) {
            (Ok(known), Ok(new)) => assert_eq!(shown(&known), shown(&new), "a walk sees what has changed"),
            (known, new) => assert_eq!(known.is_ok(), new.is_ok()),
        }
    }
}

/// Names that the system does not take make no file.
fn create(path: PathBuf, content: &[u8]) {
    if path.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok()) {
        let _ = fs::write(path, content);
    }
}

fn paths(snapshot: &Snapshot) -> Vec<String> {
    snapshot.files().iter().filter_map(|file| file.path.clone()).collect()
}

fn check(snapshot: &Snapshot) {
    let paths = paths(snapshot);
    assert!(paths.is_sorted());
    assert!(paths.iter().all(|path| !path.starts_with('/') && !path.starts_with(".git/")));
    let left_out = snapshot.exclusions();
    assert!(left_out.iter().all(|excluded| !paths.contains(&excluded.path)));
    if let Ok(context) = snapshot.context() {
        assert!(context.segments().len() <= paths.len());
        for segment in context.segments() {
            let header = context.read(segment.header.clone()).expect("it lies in memory");
            let path = segment.path.as_ref().expect("files have paths");
            assert!(header.is_empty() || header == format!("==> {path} <==\n"));
        }
    }
}
