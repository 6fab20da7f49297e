//! The differences that are shown are those that git takes.

use super::random::Random;
use crate::edit::unified;
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.output().expect("git can be started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

type Side<'a> = Option<(&'a str, &'a str)>;

fn holds(old: Side<'_>, new: Side<'_>) {
    let folder = TempDir::new().expect("a folder can be made");
    if let Some((path, text)) = old {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    let diff = unified(old, new);
    let patch = folder.path().join("the.patch");
    fs::write(&patch, &diff).expect("a file can be written");
    git(folder.path(), &["apply", "--whitespace=nowarn", "the.patch"]);
    let result = new.map(|(path, text)| (fs::read_to_string(folder.path().join(path)).ok(), text.to_owned()));
    if let Some((there, text)) = result {
        assert_eq!(there.as_deref(), Some(text.as_str()), "{diff}");
    }
    if let Some((path, _)) = old.filter(|(path, _)| new.is_none_or(|it| it.0 != *path)) {
        assert!(!folder.path().join(path).exists(), "{diff}");
    }
}

#[test]
fn git_takes_what_is_shown() {
    let long: String = (0..40).map(|line| format!("line {line}\n")).collect();
    for (old, new) in [
        (Some(("a.rs", "one\ntwo\n")), Some(("a.rs", "one\nthree\n"))),
        (Some(("a.rs", "one\ntwo")), Some(("a.rs", "one\ntwo\nthree"))),
        (Some(("a.rs", "one\ntwo")), Some(("a.rs", "one\ntwo\n"))),
        (Some(("a.rs", "one\r\ntwo\r\n")), Some(("a.rs", "one\r\nthree\r\n"))),
        (Some(("a.rs", "")), Some(("a.rs", "one"))),
        (Some(("a.rs", "one\n")), Some(("a.rs", ""))),
        (None, Some(("b/new file.rs", "one\ntwo\n"))),
        (None, Some(("empty", ""))),
        (Some(("b/gone.rs", "one\n")), None),
        (Some(("old.rs", "one\ntwo\nthree\n")), Some(("b/new.rs", "one\ntwo\nfour\n"))),
        (Some(("old.rs", "one\n")), Some(("new.rs", "one\n"))),
        (Some(("a b\"c.rs", "one\n")), Some(("a b\"c.rs", "two\n"))),
        (Some(("ä b.rs", "one\n")), Some(("ä b.rs", "two\n"))),
    ] {
        holds(old, new);
    }
    for seed in 0..12 {
        let random = &mut Random::new(seed + 5);
        let mut lines: Vec<&str> = long.lines().collect();
        for _ in 0..4 {
            let at = random.below(lines.len());
            match random.below(3) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, "new"),
                _ => lines[at] = "other",
            }
        }
        let new = lines.join("\n") + if random.one_in(2) { "\n" } else { "" };
        holds(Some(("x/y.txt", &long)), Some(("x/y.txt", &new)));
    }
    assert_eq!(unified(Some(("a", "x")), Some(("a", "x"))), "");
}
