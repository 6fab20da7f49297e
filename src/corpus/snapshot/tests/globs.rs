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
