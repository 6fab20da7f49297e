//! What is read, what is left out and why, and what text it makes.

use super::*;
use expect_test::{Expect, expect};
use std::os::unix::fs::symlink;
use tempfile::TempDir;

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

/// The files of a snapshot, each on a line, and what was left out, each with its reason.
fn shown(selection: &Selection) -> String {
    let snapshot = match Snapshot::take(selection) {
        Ok(snapshot) => snapshot,
        Err(error) => return format!("error: {error}\n"),
    };
    let files = snapshot.files().iter().map(|file| format!("{}\n", file.path));
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
    Snapshot::take(selection).unwrap().context().unwrap().as_str().to_owned()
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
              - build/: ignored by `/build` in .gitignore
              - sub/.gitignore: hidden
              - sub/y.tmp: ignored by `*.tmp` in sub/.gitignore
              - x.log: ignored by `*.log` in .gitignore
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
              - c.txt: ignored by `c.txt` in .rlmignore
              - d.txt: ignored by `d.txt` in .git/info/exclude
        "#]],
    );
}

#[test]
fn ignore_files_count_without_a_repository_too() {
    let tree = Tree::new(&[(".gitignore", b"*.o\n"), ("a.c", b""), ("a.o", b"")]);
    fs::remove_dir_all(tree.path(".git")).unwrap();
    check(
        &tree.selection(),
        expect![[r#"
            a.c
              - .gitignore: hidden
              - a.o: ignored by `*.o` in .gitignore
        "#]],
    );
}

#[test]
fn secrets_and_hidden_files_stay_out_unless_they_are_named() {
    let files: &[(&str, &[u8])] = &[
        ("a.py", b""),
        ("server.pem", b""),
        (".env", b""),
        (".github/ci.yml", b""),
        ("conf/secrets.yml", b""),
        ("conf/other.yml", b""),
    ];
    let tree = Tree::new(files);
    check(
        &tree.selection(),
        expect![[r#"
            a.py
            conf/other.yml
              - .env: hidden
              - .github/: hidden
              - conf/secrets.yml: secret (an include glob can name it)
              - server.pem: secret (an include glob can name it)
        "#]],
    );
    check(
        &tree.with_globs(&["*.pem", ".env*", "*.yml"], &[]),
        expect![[r#"
            .env
            conf/other.yml
            server.pem
              - .github/: hidden
              - a.py: no include glob matches
              - conf/secrets.yml: secret (an include glob can name it)
        "#]],
    );
    check(
        &tree.with_globs(&["**", ".github/**", "conf/secrets.yml"], &[]),
        expect![[r#"
            .github/ci.yml
            a.py
            conf/other.yml
            conf/secrets.yml
              - .env: hidden
              - server.pem: secret (an include glob can name it)
        "#]],
    );
}

#[test]
fn globs_narrow_and_exclusion_wins() {
    let tree = Tree::new(&[("src/a.rs", b""), ("src/gen/b.rs", b""), ("src/c.md", b""), ("d.rs", b"")]);
    check(
        &tree.with_globs(&["src"], &["gen", "*.md"]),
        expect![[r#"
            src/a.rs
              - d.rs: no include glob matches
              - src/c.md: excluded by `*.md`
              - src/gen/: excluded by `gen`
        "#]],
    );
    check(
        &tree.with_globs(&["src/[a.rs"], &[]),
        expect![[r#"
            error: bad glob `src/[a.rs`: unclosed character class; missing ']'
        "#]],
    );
    check(
        &tree.with_globs(&[], &["!x"]),
        expect![[r#"
            error: bad glob `!x`: a leading `!` has no meaning here; use the other kind of glob
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
        roots: roots.iter().map(|&(path, label)| Root { path: tree.path(path), label: label.to_owned() }).collect(),
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
    let snapshot = Snapshot::take(&Selection { roots, ..Selection::default() }).unwrap();
    let paths: Vec<&str> = snapshot.files().iter().map(|file| file.path.as_str()).collect();
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
    check(&empty.selection(), expect!["error: nothing to read\n"]);
    let missing = Selection { roots: vec![Root::new("/no/such/place")], ..Selection::default() };
    check(&missing, expect!["error: no such file or directory: /no/such/place\n"]);

    let binary = Tree::new(&[("a", b"\0"), ("b", b"\0"), ("c", b"\0")]);
    let error = Snapshot::take(&binary.selection()).unwrap().context().unwrap_err();
    assert_eq!(error.to_string(), "nothing to read: 4 left out (3 binary, 1 hidden)");
}

#[test]
fn files_come_in_path_order_each_after_its_header() {
    let tree = Tree::new(&[("b/z.txt", b"1\n2"), ("b.txt", b""), ("a.txt", b"x\r\n"), ("b-c", b"last")]);
    assert_eq!(
        text(&tree.selection()),
        "==> a.txt <==\nx\r\n==> b-c <==\nlast\n==> b.txt <==\n==> b/z.txt <==\n1\n2\n"
    );
    let context = Snapshot::take(&tree.selection()).unwrap().context().unwrap();
    let texts: Vec<&str> = context.segments().iter().map(|segment| context.text_of(segment)).collect();
    assert_eq!(texts, ["x\r\n", "last", "", "1\n2"]);
}

#[test]
fn a_lone_file_is_exactly_its_characters() {
    let tree = Tree::new(&[("a.txt", b"no line feed"), ("logo.png", b"\x89PNG\0")]);
    let lone = Selection { roots: vec![Root::new(tree.path("a.txt"))], ..Selection::default() };
    assert_eq!(text(&lone), "no line feed");
    // Others that cannot be read do not make it a text of several files.
    let snapshot = Snapshot::take(&tree.selection()).unwrap();
    assert_eq!(snapshot.context().unwrap().as_str(), "no line feed");
    assert!(snapshot.exclusions().contains(&Exclusion { path: "logo.png".into(), reason: Reason::Binary }));
    assert_eq!(Snapshot::of_text(None, "any\0thing".into()).context().unwrap().as_str(), "any\0thing");
    assert_eq!(Snapshot::of_text(None, String::new()).context().unwrap().as_str(), "");
}

#[test]
fn what_was_converted_is_reported() {
    let tree = Tree::new(&[
        ("a-bom.txt", b"\xef\xbb\xbfa\n"),
        ("b-utf16.txt", b"\xff\xfeb\0\n\0"),
        ("c-latin.txt", b"\xe9t\xe9\n"),
        ("d.txt", b"d\n"),
    ]);
    let context = Snapshot::take(&tree.selection()).unwrap().context().unwrap();
    let changed: Vec<String> = context
        .changed()
        .iter()
        .map(|it| {
            format!(
                "{} {} {} {}",
                it.path.as_deref().unwrap(),
                it.changes.had_mark,
                it.changes.was_utf16,
                it.changes.replaced
            )
        })
        .collect();
    assert_eq!(changed, ["a-bom.txt true false 0", "b-utf16.txt true true 0", "c-latin.txt false false 2"]);
    assert!(context.as_str().ends_with("==> c-latin.txt <==\n\u{fffd}t\u{fffd}\n==> d.txt <==\nd\n"));
}

#[test]
fn large_files_flow_through_unharmed() {
    let line = "漢字 and ascii é\r\n";
    let large = line.repeat((9 << 20) / line.len());
    let tree = Tree::new(&[("a.txt", b"first"), ("b.txt", large.as_bytes()), ("c.bin", b"\0"), ("d.txt", b"last\n")]);
    let expected = format!("==> a.txt <==\nfirst\n==> b.txt <==\n{large}==> d.txt <==\nlast\n");
    assert!(text(&tree.selection()) == expected);
    // Without a final line feed and with a broken character at the end.
    tree.write("b.txt", &[large.as_bytes(), b"x\xe6\xbc"].concat());
    let expected = format!("==> a.txt <==\nfirst\n==> b.txt <==\n{large}x\u{fffd}\n==> d.txt <==\nlast\n");
    assert!(text(&tree.selection()) == expected);
}

#[test]
fn a_file_that_vanishes_or_changes_its_kind_is_left_out() {
    let tree = Tree::new(&[("a.txt", b"a"), ("b.txt", b"b"), ("c.txt", b"c"), ("d.txt", b"d")]);
    let snapshot = Snapshot::take(&tree.selection()).unwrap();
    fs::remove_file(tree.path("b.txt")).unwrap();
    fs::remove_file(tree.path("c.txt")).unwrap();
    symlink("/etc/passwd", tree.path("c.txt")).unwrap();
    fs::write(tree.path("d.txt"), "").unwrap();
    assert_eq!(snapshot.context().unwrap().as_str(), "==> a.txt <==\na\n==> d.txt <==\n");
    let unreadable: Vec<String> = snapshot
        .exclusions()
        .into_iter()
        .filter(|it| matches!(it.reason, Reason::Unreadable { .. }))
        .map(|it| it.path)
        .collect();
    assert_eq!(unreadable, ["b.txt", "c.txt"]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_unreadable_file_is_left_out_with_the_words_of_the_operating_system() {
    // Even root cannot read this one.
    let roots = vec![Root::new("/proc/self/mem"), Root::new("/proc/self/comm")];
    let snapshot = Snapshot::take(&Selection { roots, ..Selection::default() }).unwrap();
    assert!(!snapshot.context().unwrap().as_str().is_empty());
    let shown: Vec<String> = snapshot.exclusions().iter().map(|it| format!("{}: {}", it.path, it.reason)).collect();
    assert_eq!(shown, ["mem: unreadable: Input/output error (os error 5)"]);
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
              - ignored.rs: ignored by `ignored.*` in .gitignore
              - ignored.unsaved: ignored by `ignored.*` in .gitignore
              - new.pem: secret (an include glob can name it)
        "#]],
    );
    assert_eq!(text(&selection), "==> a.rs <==\nbuffer\n==> b.rs <==\nunchanged\n==> sub/unsaved.rs <==\nbuffer\n");
    let snapshot = Snapshot::take(&selection).unwrap();
    let versions: Vec<_> = snapshot.files().iter().map(|file| (file.disk_bytes, file.version)).collect();
    assert_eq!(versions, [(Some(4), Some(7)), (Some(9), None), (None, Some(1))]);

    // A file that only an editor has may also be named.
    selection.roots = vec![Root::new(tree.path("sub/unsaved.rs"))];
    assert_eq!(text(&selection), "buffer\n");
}

#[test]
fn labels_lead_paths_and_globs() {
    let tree = Tree::new(&[("src/a.rs", b""), ("src/b.rs", b"")]);
    let mut selection = tree.with_globs(&["web/src/a.rs"], &[]);
    selection.roots[0].label = "web".into();
    check(
        &selection,
        expect![[r#"
            web/src/a.rs
              - web/src/b.rs: no include glob matches
        "#]],
    );
}
