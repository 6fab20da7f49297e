//! What is read of a repository is what `git` tracks or would track, hidden names aside.

use crate::terminal::{rlm, run};
use proptest::prelude::*;
use rlm::corpus::{Reason, StopFlag, Tree};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A folder that is the home of a person, with a repository `work/x` in it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(TempDir::new().expect("a folder can be made"));
        fs::create_dir_all(home.repository()).expect("a folder can be made");
        home.git(&["init", "-q"]);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn repository(&self) -> PathBuf {
        self.path().join("work/x")
    }

    /// Writes a file of the repository.
    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.repository().join(path);
        let _ = fs::create_dir_all(path.parent().expect("it lies in the repository"));
        let _ = fs::write(path, text);
    }

    fn git(&self, arguments: &[&str]) -> Vec<u8> {
        self.git_in(&self.repository(), arguments)
    }

    fn git_in(&self, folder: &Path, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new("git");
        command.args(["-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@t"]);
        command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null()).stderr(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.output().expect("tests/run installs git").stdout
    }

    /// What git tracks or would track of a folder, and is there.
    fn expected(&self, folder: &Path) -> BTreeSet<PathBuf> {
        let listed = self.git_in(folder, &["ls-files", "-co", "--exclude-standard", "-z"]);
        let paths = listed.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        let paths = paths.map(|path| PathBuf::from(OsStr::from_bytes(path)));
        let is_file = |path: &Path| folder.join(path).symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        paths.filter(|path| !is_hidden(path) && is_file(path)).collect()
    }

    /// The files of a folder that the program puts into a store.
    async fn ingested(&self, folder: &Path) -> BTreeSet<PathBuf> {
        let store = TempDir::new().expect("a folder can be made");
        let store = store.path().join("store").to_str().expect("text").to_owned();
        let program = |arguments: &[&str]| {
            let mut command = rlm(arguments);
            command.current_dir(folder).env("HOME", self.path()).env("GIT_CONFIG_NOSYSTEM", "1");
            run(command)
        };
        let ran = program(&["shards", "ingest", ".", &store]).await;
        assert_eq!(ran.status, 0, "{ran:?}");
        let text = program(&["shards", "slice", &store, "0"]).await.output;
        let headers = text.lines().filter_map(|line| line.strip_prefix("==> ")?.strip_suffix(" <=="));
        headers.map(PathBuf::from).collect()
    }
}

fn is_hidden(path: &Path) -> bool {
    path.iter().any(|name| name.as_bytes().starts_with(b"."))
}

/// The files of a folder as a walk finds them, without hidden ones that rules let in.
fn walked(folder: &Path) -> BTreeSet<PathBuf> {
    let mut tree = Tree::of(folder, &[], &[]).expect("no globs are bad");
    let walked = tree.refresh(&StopFlag::default()).expect("the root can be read");
    for left_out in &walked.exclusions {
        if let Reason::Ignored { file, line, .. } = &left_out.reason {
            assert!(*line > 0 && !file.is_empty(), "{left_out:?}");
        }
    }
    let found = walked.files.iter().map(|file| file.absolute.strip_prefix(folder).expect("it lies below").to_owned());
    found.filter(|path| !is_hidden(path)).collect()
}

/// Files, some with rules, and whether each is tracked.
fn a_repository() -> impl Strategy<Value = Vec<(String, String, bool)>> {
    let directory = || prop_oneof![Just(String::new()), "[ab](/[abc]){0,2}/"];
    let file = (directory(), "[xy](\\.o|\\.rs| )?", prop::bool::weighted(0.3));
    let file = file.prop_map(|(directory, name, is_tracked)| (directory + &name, "text\n".to_owned(), is_tracked));
    let line = r"!?/?(\*|[abAxyX]|\*\.o|\*\.[a-r]s|a/b|a/\*\*|\*\*/x|\[!x\]|\[xy\]|x\*|\?|x\\ |\{x,y\}|#|\[\[:upper:\]\])/?( |\t|  )?";
    let names = vec![".gitignore", ".gitignore", ".git/info/exclude", ".git/rules"];
    let rules = (directory(), prop::sample::select(names), prop::collection::vec(line, 0..4));
    let rules = rules.prop_map(|(directory, name, lines)| match name {
        ".gitignore" => (directory + name, lines.join("\n"), false),
        name => (name.to_owned(), lines.join("\r\n"), false),
    });
    prop::collection::vec(prop_oneof![3 => file, 1 => rules], 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn a_walk_finds_the_files_of_git(files in a_repository(), ignore_case: bool, version in 2..5_u8) {
        let home = Home::new();
        home.git(&["config", "core.ignorecase", &ignore_case.to_string()]);
        home.git(&["config", "core.excludesFile", ".git/rules"]);
        for (path, text, _) in &files {
            home.write(path, text);
        }
        let tracked = files.iter().filter(|(path, _, is_tracked)| *is_tracked && home.repository().join(path).is_file());
        let add = ["add", "-f", "--"].into_iter().chain(tracked.map(|(path, ..)| path.as_str()));
        home.git(&add.collect::<Vec<_>>());
        home.git(&["update-index", "--index-version", &version.to_string()]);
        prop_assert_eq!(walked(&home.repository()), home.expected(&home.repository()));
    }
}

/// What is done to a repository whose files are `keep.txt`, `another.txt`, `a.tmp`, `sub/b.tmp` and `BUILD/c.txt`.
type Change = fn(&Home);

#[tokio::test]
async fn whatever_git_is_told_counts() {
    let cases: &[(&str, Change)] = &[
        ("nothing", |_| {}),
        ("the file of the person", |home| {
            fs::create_dir_all(home.path().join(".config/git")).unwrap();
            fs::write(home.path().join(".config/git/ignore"), "*.tmp\n").unwrap();
        }),
        ("another one", |home| {
            fs::write(home.path().join(".gitconfig"), "[core]\n\texcludesFile = ~/rules ; mine\n").unwrap();
            fs::write(home.path().join("rules"), "/sub/*.tmp\n").unwrap();
        }),
        ("one of the configuration that is included for this place", |home| {
            fs::write(home.path().join(".gitconfig"), "[includeIf \"gitdir:~/work/\"]\npath = of-work\n").unwrap();
            fs::write(home.path().join("of-work"), "[core]\nexcludesFile = ~/rules\n").unwrap();
            fs::write(home.path().join("rules"), "a.*\n").unwrap();
        }),
        ("none", |home| {
            fs::create_dir_all(home.path().join(".config/git")).unwrap();
            fs::write(home.path().join(".config/git/ignore"), "*.tmp\n").unwrap();
            home.git(&["config", "core.excludesFile", ""]);
        }),
        ("one of the repository, whose rules are about its root", |home| {
            home.git(&["config", "core.excludesFile", home.repository().join("rules").to_str().unwrap()]);
            home.write("rules", "/a.tmp\nrules\n");
        }),
        ("case that does not matter", |home| {
            home.git(&["config", "core.ignorecase", "true"]);
            home.write(".gitignore", "build/\n*.TMP\n");
        }),
        ("case that matters", |home| home.write(".gitignore", "build/\n*.TMP\n")),
        ("rules behind what is no text", |home| home.write(".gitignore", b"# caf\xe9\n*.tmp\n")),
        ("a blank behind a backslash", |home| {
            home.write("foo ", "x");
            home.write(".gitignore", "foo\\   \n");
        }),
        ("a tab", |home| home.write(".gitignore", "*.tmp\t\n")),
        ("braces", |home| home.write(".gitignore", "*.{tmp,txt}\n{a,b}.*\n")),
        ("rules behind a link", |home| {
            home.write("sub/rules", "*.tmp\n");
            symlink("rules", home.repository().join("sub/.gitignore")).unwrap();
        }),
        ("what is tracked", |home| {
            home.git(&["add", "-A"]);
            home.write(".gitignore", "/*\n");
            home.write("sub/new.tmp", "x");
        }),
        ("what is tracked in a folder that is ignored", |home| {
            home.git(&["add", "sub"]);
            home.write(".gitignore", "sub/\n");
            home.write("sub/new.tmp", "x");
            home.write("sub/deep/new.tmp", "x");
        }),
        ("what was tracked", |home| {
            home.git(&["add", "-A"]);
            home.git(&["rm", "-q", "--cached", "a.tmp"]);
            home.write(".gitignore", "*.tmp\n");
        }),
        ("an index in two parts", |home| {
            home.git(&["add", "-A"]);
            home.git(&["update-index", "--split-index"]);
            home.git(&["rm", "-q", "--cached", "a.tmp"]);
            home.write(".gitignore", "*.tmp\n");
        }),
        ("a copy of an editor that is tracked", |home| {
            home.write("notes~", "x");
            home.git(&["add", "-A"]);
        }),
    ];
    for (case, change) in cases {
        let home = Home::new();
        for path in ["keep.txt", "another.txt", "a.tmp", "sub/b.tmp", "BUILD/c.txt"] {
            home.write(path, "x\n");
        }
        change(&home);
        let folder = home.repository();
        assert_eq!(home.ingested(&folder).await, home.expected(&folder), "{case}");
    }
}

#[tokio::test]
async fn worktrees_and_submodules_have_rules_elsewhere() {
    let home = Home::new();
    home.write("a.txt", "a");
    home.write("forced.log", "a");
    home.git(&["add", "-A"]);
    home.git(&["commit", "-qm", "x"]);
    home.write(".git/info/exclude", "*.log\n");
    let worktree = home.path().join("tree");
    home.git(&["worktree", "add", "-q", worktree.to_str().unwrap()]);
    fs::write(worktree.join("other.log"), "x").unwrap();

    let outer = home.path().join("outer");
    fs::create_dir(&outer).unwrap();
    home.git_in(&outer, &["init", "-q"]);
    home.git_in(&outer, &["submodule", "add", "-q", home.repository().to_str().unwrap(), "sub"]);
    fs::write(outer.join(".git/modules/sub/info/exclude"), "private.txt\n").unwrap();
    fs::write(outer.join("sub/private.txt"), "x").unwrap();
    fs::write(outer.join("sub/public.txt"), "x").unwrap();
    let sub = outer.join("sub");
    for folder in [&worktree, &sub] {
        assert_eq!(home.ingested(folder).await, home.expected(folder), "{}", folder.display());
    }
    // In the repository around it, the submodule is read by its own rules, even where it is ignored.
    fs::write(outer.join(".git/info/exclude"), "sub\n").unwrap();
    let expected: BTreeSet<PathBuf> = home.expected(&sub).iter().map(|path| Path::new("sub").join(path)).collect();
    assert!(expected.contains(Path::new("sub/public.txt")) && !expected.contains(Path::new("sub/private.txt")));
    assert_eq!(home.ingested(&outer).await, expected);
}

#[tokio::test]
async fn what_is_left_out_is_told_with_its_rule_and_line() {
    let home = Home::new();
    home.write(".gitignore", "# first\n\n/only.txt\n");
    home.write("only.txt", "x");
    let mut command = rlm(["preview", "q", ".", "--json"]);
    command.current_dir(home.repository()).env("HOME", home.path());
    let ran = run(command).await;
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.errors.contains("only.txt: ignored by `/only.txt` in .gitignore:3"), "{ran:?}");
    // The source of a package that was unpacked is no repository.
    fs::remove_dir_all(home.repository().join(".git")).unwrap();
    assert_eq!(walked(&home.repository()), BTreeSet::from(["only.txt".into()]));
}
