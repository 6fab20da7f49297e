//! What include and exclude globs select.

use super::*;

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

#[test]
fn include_globs_let_in_only_what_they_spell_out() {
    let tree = Tree::new(&[
        (".gitignore", b"/build/\n*.gen.rs\n/vendor/*\n"),
        (".hidden.rs", b""),
        (".cargo/config.rs", b""),
        (".cargo/.deep/a.rs", b""),
        ("build/out.rs", b""),
        ("build/.gitignore", b"*.tmp\n"),
        ("build/x.tmp", b""),
        ("src/a.rs", b""),
        ("src/b.gen.rs", b""),
        ("src/.c.rs", b""),
        ("sub/.git/config", b""),
        ("vendor/d.rs", b""),
    ]);
    for include in [&["*.rs"][..], &["**/*.rs"], &["**", "*.rs"], &["src/"], &["src"], &["src/**"]] {
        let files = take(&tree.with_globs(include, &[])).unwrap().files().to_vec();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_deref().unwrap()).collect();
        assert_eq!(paths, ["src/a.rs"], "{include:?}");
    }
    check(
        &tree.with_globs(&["build", "src/b.gen.rs", ".cargo/**", "vendor", ".git/**", ".git/config", "sub/.git"], &[]),
        expect![[r#"
            .cargo/config.rs
            build/out.rs
            src/b.gen.rs
              - .cargo/.deep/: hidden
              - .gitignore: no include glob matches
              - .hidden.rs: no include glob matches
              - build/.gitignore: hidden
              - build/x.tmp: ignored by `*.tmp` in build/.gitignore:1
              - src/.c.rs: no include glob matches
              - src/a.rs: no include glob matches
              - vendor/d.rs: ignored by `/vendor/*` in .gitignore:3
        "#]],
    );
    // What is excluded is not let in, and a path that leads nowhere lets in nothing.
    check(
        &tree.with_globs(&["build/out.rs", "build/none", "vendor/d.rs", "src/.c.rs"], &["out.rs"]),
        expect![[r#"
            src/.c.rs
            vendor/d.rs
              - .cargo/: hidden
              - .gitignore: no include glob matches
              - .hidden.rs: no include glob matches
              - build/: ignored by `/build/` in .gitignore:1
              - src/a.rs: no include glob matches
              - src/b.gen.rs: no include glob matches
        "#]],
    );
}

#[test]
fn a_path_is_not_followed_through_links() {
    let tree = Tree::new(&[(".gitignore", b"/link\n"), ("a.rs", b"")]);
    let outside = Tree::new(&[("secret.rs", b"")]);
    symlink(outside.0.path(), tree.path("link")).unwrap();
    let snapshot = take(&tree.with_globs(&["**", "link", "link/secret.rs"], &[])).unwrap();
    assert_eq!(snapshot.files().len(), 1);
}

#[test]
fn a_named_file_needs_no_include_glob_but_can_be_excluded() {
    let tree = Tree::new(&[("src/gen/a.rs", b""), ("b.md", b"")]);
    let base = Some(tree.path("src"));
    let file = Root { label: "web/gen.rs".into(), base, ..Root::new(tree.path("src/gen/a.rs")) };
    let with = |exclude: &str, roots: &[&Root]| Selection {
        roots: roots.iter().copied().cloned().collect(),
        ..tree.with_globs(&["*.md"], &[exclude])
    };
    for exclude in ["none", "*.md", "src", "/a.rs", "src/gen/a.rs", "src/**"] {
        check(&with(exclude, &[&file]), expect!["web/gen.rs\n"]);
    }
    // By its name, below its base, and as it is shown.
    for exclude in ["*.rs", "gen", "gen/a.rs", "/gen/*.rs", "web/*.rs"] {
        let error = take(&with(exclude, &[&file])).unwrap_err();
        assert_eq!(error.to_string(), format!("nothing to read: left out web/gen.rs: excluded by `{exclude}`"));
        assert!(error.hint().unwrap().contains("exclude glob"));
    }
    // Beside a folder that leaves it out, too.
    let folder = Root { label: "f".into(), ..Root::new(tree.0.path()) };
    let file = Root { label: "f/src/gen/a.rs".into(), ..file };
    check(
        &with("none", &[&folder, &file]),
        expect![[r#"
            f/b.md
            f/src/gen/a.rs
        "#]],
    );
}
