//! Homes and repositories with configuration of all kinds.

use super::*;
use std::fs;

/// A home with files, and what holds in a repository in it.
fn config_of(files: &[(&str, &str)], repository: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap();
    for (path, text) in files {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let own = home.join(repository);
    fs::create_dir_all(&own).unwrap();
    let own = fs::File::open(own).unwrap();
    let files = [".config/git/config", ".gitconfig"].map(|name| home.join(name)).into();
    let place = Home { home: Some(home.clone()), files, default_excludes: None };
    let mut config = place.config(Some(own.as_fd()), Some(own.as_fd()));
    // So that it can be compared.
    let shown = |path: PathBuf| path.strip_prefix(&home).map(|path| Path::new("~").join(path)).unwrap_or(path);
    config.excludes_file = config.excludes_file.map(shown);
    config
}

#[test]
fn the_file_of_excludes_is_found_wherever_it_is_configured() {
    let own = "work/x/.git";
    for (files, expected) in [
        (&[][..], None),
        (&[(".gitconfig", "[core]\nexcludesfile = ~/a\n")][..], Some("~/a")),
        (&[(".config/git/config", "[core]\nexcludesfile = /a\n")], Some("/a")),
        (
            &[(".config/git/config", "[core]\nexcludesfile = /a\n"), (".gitconfig", "[core]\nexcludesfile = /b\n")],
            Some("/b"),
        ),
        (
            &[(".gitconfig", "[core]\nexcludesfile = /a\n"), ("work/x/.git/config", "[core]\nexcludesfile = b\n")],
            Some("b"),
        ),
        (&[(".gitconfig", "[include]\npath = more/c\n"), ("more/c", "[core]\nexcludesfile = /i\n")], Some("/i")),
        (
            &[
                (".gitconfig", "[include]\npath = ~/c\n[core]\nexcludesfile = /later\n"),
                ("c", "[core]\nexcludesfile = /i\n"),
            ],
            Some("/later"),
        ),
        (
            &[(".gitconfig", "[includeIf \"gitdir:~/work/\"]\npath = c\n"), ("c", "[core]\nexcludesfile = /i\n")],
            Some("/i"),
        ),
        (
            &[(".gitconfig", "[includeIf \"gitdir:x/.git\"]\npath = c\n"), ("c", "[core]\nexcludesfile = /i\n")],
            Some("/i"),
        ),
        (
            &[(".gitconfig", "[includeIf \"gitdir/i:WORK/\"]\npath = c\n"), ("c", "[core]\nexcludesfile = /i\n")],
            Some("/i"),
        ),
        (&[(".gitconfig", "[includeIf \"gitdir:~/play/\"]\npath = c\n"), ("c", "[core]\nexcludesfile = /i\n")], None),
        (&[(".gitconfig", "[includeIf \"onbranch:x\"]\npath = c\n"), ("c", "[core]\nexcludesfile = /i\n")], None),
        // Files that include each other come to an end.
        (&[(".gitconfig", "[include]\npath = .gitconfig\n[core]\nexcludesfile = /a\n")], Some("/a")),
        (&[(".gitconfig", "[core]\nexcludesfile = ~other/a\n")], None),
        (
            &[
                ("work/x/.git/config", "[extensions]\nworktreeConfig\n[core]\nexcludesfile = /a\n"),
                ("work/x/.git/config.worktree", "[core]\nexcludesfile = /w\n"),
            ],
            Some("/w"),
        ),
    ] {
        assert_eq!(config_of(files, own).excludes_file.as_deref(), expected.map(Path::new), "{files:?}");
    }
}

#[test]
fn a_repository_says_itself_how_it_is_made() {
    let files = [
        (".gitconfig", "[core]\nignorecase = true\n[extensions]\nobjectformat = sha256\n"),
        ("x/.git/config", "[core]\nignorecase = false\n"),
    ];
    assert_eq!(config_of(&files, "x/.git"), Config::default());
    let config = config_of(&files, "y/.git");
    assert_eq!((config.ignore_case, config.is_sha256), (true, false));
    let config = config_of(&[("x/.git/config", "[extensions]\nobjectFormat = SHA256\n")], "x/.git");
    assert!(config.is_sha256);
}
