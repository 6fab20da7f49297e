//! The walk finds the files that `ripgrep` finds, and the search the lines.

use crate::{
    extractive::{packages, sources},
    oracle::{Oracle, PATTERNS, compare_files, is_installed},
};
use proptest::prelude::*;
use rlm::corpus::{Root, Selection, Snapshot, StopFlag};
use std::{fs, os::unix::fs::symlink, path::Path};

/// Whether the test goes on. Where everything must be tested, it does.
fn is_ready() -> bool {
    let is_ready = is_installed();
    assert!(is_ready || std::env::var_os("CI").is_none(), "no `rg`; tests/run installs Debian's package ripgrep");
    if !is_ready {
        eprintln!("skipped: no `rg`; tests/run installs Debian's package ripgrep");
    }
    is_ready
}

/// A tree of files, some of which have rules.
fn a_tree() -> impl Strategy<Value = Vec<(String, String)>> {
    let directory = || prop_oneof![Just(String::new()), "([ab]|\\.h|é d)(/([abc]|\\.h)){0,2}/"];
    let name = "([xyz](\\.o|\\.rs)?|\\.k|ö\n|k\\.pem)";
    let file = (directory(), name).prop_map(|(directory, name)| (directory + &name, "text\n".to_owned()));
    let line = r"!?/?(\*|[abxyz]|\*\.o|\*\.rs|a/b|a/\*\*|\*\*/x|\.h|\[xy\]|x\*|\?|é d|\\#|#)/?( )?";
    let names = vec![".gitignore", ".ignore", ".rlmignore", ".git/info/exclude"];
    let rules = (directory(), prop::sample::select(names), prop::collection::vec(line, 0..4));
    let rules = rules.prop_map(|(directory, name, lines)| (directory + name, lines.join("\n")));
    prop::collection::vec(prop_oneof![3 => file, 1 => rules], 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn a_walk_finds_the_files_that_ripgrep_finds(tree in a_tree(), is_repository: bool) {
        if is_ready() {
            let directory = tempfile::tempdir().unwrap();
            let root = directory.path().join("root");
            fs::create_dir(&root).unwrap();
            if is_repository {
                fs::create_dir(directory.path().join(".git")).unwrap();
                fs::write(directory.path().join(".gitignore"), "/root/a/x\nz\n").unwrap();
            }
            // Whether repositories below no repository have borders differs between versions of `ripgrep`.
            let written = tree.iter().filter(|(path, _)| is_repository || !path.contains(".git/"));
            written.for_each(|(path, text)| write(&root, path, text));
            let _ = symlink("a", root.join("link"));
            compare_files(&root);
        }
    }
}

/// Writes a file, unless something else is where it, or a directory above it, should be.
fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    let _ = fs::create_dir_all(path.parent().unwrap());
    let _ = fs::write(&path, text);
    // Our own file of rules has the rank that this one has for `ripgrep`.
    if path.ends_with(".rlmignore") {
        let _ = fs::write(path.with_file_name(".rgignore"), text);
    }
}

#[test]
fn a_search_finds_the_lines_that_ripgrep_finds() {
    if !is_ready() {
        return;
    }
    // What real sources seldom have, the sources of this very program, and those of some that it is made of.
    let directory = tempfile::tempdir().unwrap();
    let odd: [(&str, &[u8]); 6] = [
        ("crlf.txt", b"one\r\n\r\nstruct A {\r\n\treturn 1;\r\n}\r\n\r\nend"),
        ("unicode.txt", "ΑΒΓ straße STRASSE É é\nпривет 漢字 €5\n\u{2028}\n".as_bytes()),
        ("no-line-feed.txt", b"}\n\nfn main() {\n}"),
        ("empty.txt", b""),
        ("line-feeds.txt", b"\n\n\n"),
        ("long.txt", &b"kmalloc 0xdeadbeef ".repeat(100_000)),
    ];
    for (name, bytes) in odd {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = packages();
    let sources = ["tokio", "rustix", "rustpython-vm"].map(|name| sources(&packages, name).1);
    let roots = [directory.path().to_owned(), own.join("src"), own.join("tests")].into_iter().chain(sources);
    for root in roots {
        let root = root.as_path();
        let selection = Selection { roots: vec![Root::new(root)], ..Selection::default() };
        let snapshot = Snapshot::take(&selection, &StopFlag::default()).unwrap();
        let context = snapshot.context().unwrap();
        let oracle = Oracle::new(root, &context, "");
        for pattern in PATTERNS.lines() {
            oracle.compare_lines(pattern);
        }
    }
}
