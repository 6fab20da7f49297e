//! What is read, what is left out and why, and what text it makes.

use super::*;
use crate::corpus::{OpenBuffer, Reason, Root, Selection, fingerprint, globs::Globs, walk};
use expect_test::{Expect, expect};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

mod globs;
mod reading;
mod reuse;

/// A directory with files, which is gone when the test is over.
struct Tree(TempDir);

impl Tree {
    /// The directory lies in a hidden one and has a repository of its own, so that no rules from outside get in.
    fn new(files: &[(&str, &[u8])]) -> Self {
        let tree = Self(TempDir::with_prefix(".tree").unwrap());
        tree.write(".git/HEAD", b"");
        for (path, bytes) in files {
            tree.write(path, bytes);
        }
        tree
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn selection(&self) -> Selection {
        Selection { roots: vec![Root::new(self.0.path())], ..Selection::default() }
    }

    fn with_globs(&self, include: &[&str], exclude: &[&str]) -> Selection {
        let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
        Selection { include: owned(include), exclude: owned(exclude), ..self.selection() }
    }
}

fn take(selection: &Selection) -> Result<Arc<Snapshot>, Error> {
    Snapshot::take(selection, &StopFlag::default())
}

/// The files of a snapshot, each on a line, and what was left out, each with its reason.
fn shown(selection: &Selection) -> String {
    let snapshot = match take(selection) {
        Ok(snapshot) => snapshot,
        Err(error) => return format!("error: {error}\n"),
    };
    let files = snapshot.files().iter().map(|file| format!("{}\n", file.path.as_deref().unwrap()));
    let exclusions = snapshot.exclusions();
    let left_out = exclusions
        .iter()
        .filter(|it| !it.path.ends_with(".git/"))
        .map(|it| format!("  - {}: {}\n", it.path, it.reason));
    files.chain(left_out).collect()
}

fn check(selection: &Selection, expected: Expect) {
    expected.assert_eq(&shown(selection));
}

fn text(selection: &Selection) -> String {
    take(selection).unwrap().context().unwrap().in_memory().unwrap().to_owned()
}

#[test]
fn ignore_files_are_honoured_nested_and_negated() {
    let tree = Tree::new(&[
        (".gitignore", b"*.log\n/build\n!keep.log\n"),
        ("a.rs", b"a"),
        ("x.log", b""),
        ("keep.log", b""),
        ("build/out.o", b""),
        ("sub/.gitignore", b"*.tmp\n!important.log\n"),
        ("sub/build/kept.rs", b""),
        ("sub/y.tmp", b""),
        ("sub/important.log", b""),
        ("other/y.tmp", b""),
    ]);
    check(
        &tree.selection(),
        expect![[r#"
            a.rs
            keep.log
            other/y.tmp
            sub/build/kept.rs
            sub/important.log
              - .gitignore: hidden
              - build/: ignored by `/build` in .gitignore:2
              - sub/.gitignore: hidden
              - sub/y.tmp: ignored by `*.tmp` in sub/.gitignore:1
              - x.log: ignored by `*.log` in .gitignore:1
        "#]],
    );
}

#[test]
fn our_own_ignore_file_wins_over_the_others() {
    let tree = Tree::new(&[
        (".gitignore", b"a.txt\n"),
        (".ignore", b"b.txt\n!a.txt\n"),
        (".rlmignore", b"c.txt\n!b.txt\n"),
        (".git/info/exclude", b"d.txt\n"),
        ("a.txt", b""),
        ("b.txt", b""),
        ("c.txt", b""),
        ("d.txt", b""),
    ]);
    check(
        &tree.with_globs(&[], &[".*ignore"]),
        expect![[r#"
            a.txt
            b.txt
              - .gitignore: excluded by `.*ignore`
              - .ignore: excluded by `.*ignore`
              - .rlmignore: excluded by `.*ignore`
              - c.txt: ignored by `c.txt` in .rlmignore:1
              - d.txt: ignored by `d.txt` in .git/info/exclude:1
        "#]],
    );
}

#[test]
fn rules_of_git_count_in_a_repository_only() {
    let tree = Tree::new(&[
        (".gitignore", b"/*\n"),
        (".ignore", b"\n*.o\n"),
        ("a.c", b""),
        ("a.o", b""),
        ("below/.git/HEAD", b""),
        ("below/.gitignore", b"*.c\n"),
        ("below/b.c", b""),
        ("below/b.h", b""),
    ]);
    fs::remove_dir_all(tree.path(".git")).unwrap();
    check(
        &tree.selection(),
        expect![[r#"
            a.c
            below/b.h
              - .gitignore: hidden
              - .ignore: hidden
              - a.o: ignored by `*.o` in .ignore:2
              - below/.gitignore: hidden
              - below/b.c: ignored by `*.c` in below/.gitignore:1
        "#]],
    );
}

#[test]
fn without_ignore_files_hidden_names_and_secrets_still_stay_out() {
    let tree = Tree::new(&[
        (".gitignore", b"*.o\n"),
        (".rlmignore", b"sub\n"),
        (".git/info/exclude", b"a.c\n"),
        ("a.c", b""),
        ("a.o", b""),
        ("keep.c", b""),
        ("sub/.ignore", b"*\n"),
        ("sub/b.c", b""),
        ("server.pem", b""),
    ]);
    let ignored = shown(&tree.selection());
    assert!(ignored.contains("sub/: ignored by `sub` in .rlmignore:1"), "{ignored}");
    check(
        &Selection { no_ignore: true, ..tree.selection() },
        expect![[r#"
            a.c
            a.o
            keep.c
            sub/b.c
              - .gitignore: hidden
              - .rlmignore: hidden
              - server.pem: secret (an include glob can name it)
              - sub/.ignore: hidden
        "#]],
    );
}

#[test]
fn symbolic_links_are_not_followed() {
    let tree = Tree::new(&[("a/b.txt", b"b")]);
    let outside = Tree::new(&[("secret.txt", b"")]);
    symlink("b.txt", tree.path("a/inside")).unwrap();
    symlink(outside.0.path(), tree.path("outside")).unwrap();
    symlink("nowhere", tree.path("broken")).unwrap();
    let shown = shown(&tree.selection()).replace(&outside.0.path().display().to_string(), "OUTSIDE");
    expect![[r#"
        a/b.txt
          - a/inside: symbolic link to b.txt
          - broken: symbolic link to nowhere
          - outside: symbolic link out of the root, to OUTSIDE
    "#]]
    .assert_eq(&shown);
}

#[test]
fn what_a_person_names_is_read_whatever_it_is() {
    let tree = Tree::new(&[
        (".gitignore", b"/vendor\n"),
        (".env", b"KEY=1\n"),
        ("vendor/a.c", b"x"),
        (".config/b.toml", b"y"),
        ("main.c", b"z"),
    ]);
    let selection = |roots: &[(&str, &str)]| Selection {
        roots: roots
            .iter()
            .map(|&(path, label)| Root { label: label.to_owned(), ..Root::new(tree.path(path)) })
            .collect(),
        ..Selection::default()
    };
    check(
        &selection(&[(".env", ".env"), ("vendor", "vendor"), (".config", "conf")]),
        expect![[r#"
            .env
            conf/b.toml
            vendor/a.c
        "#]],
    );
    // A file that lies in two roots is read once.
    check(
        &selection(&[("vendor/a.c", "vendor/a.c"), ("vendor", "v")]),
        expect![[r#"
            vendor/a.c
        "#]],
    );
    // Two files are never shown by one name.
    let twins = Tree::new(&[("main.c", b"")]);
    let roots = vec![Root::new(tree.0.path()), Root::new(twins.0.path())];
    let snapshot = take(&Selection { roots, ..Selection::default() }).unwrap();
    let paths: Vec<&str> = snapshot.files().iter().map(|file| file.path.as_deref().unwrap()).collect();
    assert_eq!(paths, [twins.path("main.c").to_str().unwrap(), "main.c"]);
}

#[test]
fn nothing_to_read_is_an_error_that_says_why() {
    let tree = Tree::new(&[(".a", b""), ("b.pem", b""), ("c.pem", b"")]);
    fs::remove_dir_all(tree.path(".git")).unwrap();
    check(
        &tree.selection(),
        expect![[r#"
            error: nothing to read: left out .a: hidden; b.pem: secret (an include glob can name it); c.pem: secret (an include glob can name it)
        "#]],
    );
    let empty = Tree::new(&[]);
    fs::remove_dir_all(empty.path(".git")).unwrap();
    check(&empty.selection(), expect!["error: nothing to read: there are no files\n"]);
    let missing = Selection { roots: vec![Root::new("/no/such/place")], ..Selection::default() };
    check(&missing, expect!["error: no such file or directory: /no/such/place\n"]);

    let binary = Tree::new(&[("a", b"\0"), ("b", b"\0"), ("c", b"\0")]);
    let error = take(&binary.selection()).unwrap().context().unwrap_err();
    assert_eq!(error.to_string(), "nothing to read: 4 left out (3 binary, 1 hidden)");
}

#[test]
fn open_buffers_win_over_the_disk() {
    let tree = Tree::new(&[
        (".gitignore", b"ignored.*\n"),
        ("a.rs", b"disk"),
        ("b.rs", b"unchanged"),
        ("ignored.rs", b"disk"),
        (".env", b"disk"),
    ]);
    let open = |path: &str, version| OpenBuffer { path: tree.path(path), text: "buffer\n".into(), version };
    let outside = Tree::new(&[]);
    let mut selection = tree.selection();
    selection.open = vec![
        open("a.rs", 7),
        open("sub/unsaved.rs", 1),
        open("ignored.rs", 1),
        open("ignored.unsaved", 1),
        open(".env", 1),
        open("new.pem", 1),
        OpenBuffer { path: outside.path("x.rs"), text: "outside".into(), version: 1 },
    ];
    check(
        &selection,
        expect![[r#"
            a.rs
            b.rs
            sub/unsaved.rs
              - .env: hidden
              - .gitignore: hidden
              - ignored.rs: ignored by `ignored.*` in .gitignore:1
              - ignored.unsaved: ignored by `ignored.*` in .gitignore:1
              - new.pem: secret (an include glob can name it)
        "#]],
    );
    assert_eq!(text(&selection), "==> a.rs <==\nbuffer\n==> b.rs <==\nunchanged\n==> sub/unsaved.rs <==\nbuffer\n");
    let snapshot = take(&selection).unwrap();
    let versions: Vec<_> = snapshot.files().iter().map(|file| (file.disk_bytes(), file.version())).collect();
    assert_eq!(versions, [(Some(4), Some(7)), (Some(9), None), (None, Some(1))]);

    // A file that only an editor has may also be named.
    selection.roots = vec![Root::new(tree.path("sub/unsaved.rs"))];
    assert_eq!(text(&selection), "buffer\n");
}

#[test]
fn names_that_differ_only_in_what_cannot_be_seen_are_shown_apart() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let tree = Tree::new(&[("a\\xFF", b"escaped")]);
    for byte in [0xfe, 0xff] {
        fs::write(tree.path("").join(OsStr::from_bytes(&[b'a', byte])), [byte - 0xfe + b'0']).unwrap();
    }
    let snapshot = take(&tree.selection()).unwrap();
    let context = snapshot.context().unwrap();
    let found = snapshot.files().iter().map(|file| {
        let path = file.path.as_deref().unwrap();
        let segment = context.segment_of_path(path).unwrap();
        assert_eq!(context.text_in_memory(segment).as_bytes(), fs::read(file.absolute().unwrap()).unwrap());
        path
    });
    assert_eq!(found.collect::<Vec<_>>(), [r"a\x5CxFF", r"a\xFE", r"a\xFF"]);
}
