//! `rlm dogfood cycle`: of thirteen proposals exactly the three that hold are offered, nothing of the person's repository is touched, and
//! whatever kills a cycle leaves nothing that the next one does not remove.

use crate::{
    scripted::{Action, Asked, ScriptedServer},
    terminal::{Ran, rlm, run},
};
use serde_json::{Value, json};
use std::{
    fs,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};
use tempfile::TempDir;

const CHECK: &str = "python3 -m unittest -v test_fruit";
const LINT: &str = "sh -c 'python3 tools/lint.py'";

const FRUIT: &str = "\
import time


def mean(items):
    return sum(items) / (len(items) + 1)


def heaviest(items):
    return min(items)


def total(items):
    time.sleep(0.05)
    return sum(items)


def _forgotten(items):
    return items[1:]


def names(items):
    return [str(item) for item in items]
";

const TESTS: &str = "\
import unittest

import fruit


class FruitTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(fruit.total([1, 2]), 3)

    def test_names(self):
        self.assertEqual(fruit.names([1]), ['1'])

    def test_kind(self):
        self.assertEqual(fruit.names([]), [])
";

/// A repository with three planted faults, and a store beside it.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: TempDir::new().expect("a folder can be made") };
        fs::create_dir_all(repository.path().join("tools")).expect("a folder can be made");
        for (path, text) in [
            ("fruit.py", FRUIT),
            ("test_fruit.py", TESTS),
            ("tools/lint.py", "import pathlib\nassert 'import os' not in pathlib.Path('fruit.py').read_text()\n"),
            ("pyproject.toml", "[tool.ruff]\nline-length = 100\n"),
            ("README.md", "# Fruit\n"),
        ] {
            fs::write(repository.path().join(path), text).expect("a file can be written");
        }
        fs::write(repository.folder.path().join("secret.txt"), "APPLESAUCE").expect("a file can be written");
        repository.git(&["init", "-q", "-b", "main"]);
        repository.git(&["add", "-A"]);
        repository.git(&["commit", "-q", "-m", "a beginning"]);
        // What the person has not committed, has staged, and has put aside.
        fs::write(repository.path().join("README.md"), "# Fruit\nput aside\n").expect("a file can be written");
        repository.git(&["stash", "-q"]);
        fs::write(repository.path().join("staged.txt"), "staged\n").expect("a file can be written");
        repository.git(&["add", "staged.txt"]);
        fs::write(repository.path().join("README.md"), "# Fruit\nnot committed\n").expect("a file can be written");
        repository
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]).args(arguments);
        command.current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("HOME", self.folder.path());
        let output = command.output().expect("tests/run installs git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// All that the person has: the files of the tree, the index, and what names a commit.
    fn state(&self) -> Vec<(String, Vec<u8>)> {
        let mut state = Vec::new();
        let mut folders = vec![self.path()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the folder is there") {
                let path = entry.expect("an entry").path();
                let name = path.strip_prefix(self.path()).expect("it lies below").display().to_string();
                match path.is_dir() {
                    true if name == ".git/objects" => {}
                    true => folders.push(path),
                    false => state.push((name, fs::read(&path).expect("the file can be read"))),
                }
            }
        }
        state.sort();
        state
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let path = self.path().display().to_string();
        let mut command = rlm(["dogfood"].iter().copied().chain(arguments.iter().copied()).chain([path.as_str()]));
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("RLM_STORE", self.store());
        command.env("GIT_COMMITTER_NAME", "Ann").env("GIT_COMMITTER_EMAIL", "ann@example.org");
        command
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Folders of cycles that are there.
    fn scratches(&self) -> Vec<PathBuf> {
        let entries =
            fs::read_dir(self.store().join("dogfood")).map(|it| it.flatten().collect::<Vec<_>>()).unwrap_or_default();
        entries.into_iter().map(|it| it.path()).filter(|it| it.is_dir()).collect()
    }

    async fn dogfood(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }
}

/// A block that takes the place of lines.
fn block(path: &str, old: &str, new: &str) -> String {
    format!("{path}\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n")
}

/// A test that is added.
fn test(name: &str, body: &str) -> String {
    let last = "        self.assertEqual(fruit.names([]), [])\n";
    block("test_fruit.py", last, &format!("{last}\n    def {name}(self):\n        {body}\n"))
}

fn proposal(title: &str, kind: &str, patch: &str) -> Value {
    let command = if kind == "speed-up" { CHECK } else { "" };
    json!({"title": title, "kind": kind, "why": "it is so", "figure": "none", "command": command, "patch": patch})
}

/// Thirteen proposals, and what is said of each: of those that hold nothing.
fn proposals(outside: &Path) -> Vec<(Value, &'static str)> {
    let mean = block("fruit.py", "    return sum(items) / (len(items) + 1)\n", "    return sum(items) / len(items)\n");
    let heaviest = block("fruit.py", "    return min(items)\n", "    return max(items)\n");
    let reads = format!("    return open({:?}).read()\n", outside.display().to_string());
    vec![
        (
            proposal(
                "mean counts one too many",
                "bug-fix",
                &(mean.clone() + &test("test_mean", "self.assertEqual(fruit.mean([2, 4]), 3)")),
            ),
            "",
        ),
        (
            proposal(
                "heaviest is the lightest",
                "bug-fix",
                &(heaviest + &test("test_heaviest", "self.assertEqual(fruit.heaviest([1, 2]), 2)")),
            ),
            "",
        ),
        (
            proposal(
                "nothing uses it",
                "dead-code",
                &block("fruit.py", "def _forgotten(items):\n    return items[1:]\n\n\n", ""),
            ),
            "",
        ),
        (
            proposal(
                "names are longer",
                "dead-code",
                &block("fruit.py", "def names(items):\n    return [str(item) for item in items]\n", ""),
            ),
            "passed before and fails",
        ),
        (
            proposal(
                "it fits nowhere",
                "bug-fix",
                &block("fruit.py", "    return nothing_like_this\n", "    return 1\n"),
            ),
            "it does not apply: ",
        ),
        (
            proposal(
                "it does nothing",
                "refactoring",
                &block("fruit.py", "    return min(items)\n", "    return min(items)\n"),
            ),
            "it does not apply: ",
        ),
        (
            proposal(
                "a test less",
                "bug-fix",
                &(mean.clone()
                    + &block(
                        "test_fruit.py",
                        "    def test_names(self):\n        self.assertEqual(fruit.names([1]), ['1'])\n\n",
                        "",
                    )),
            ),
            "existing tests stay as they are",
        ),
        (
            proposal(
                "a weaker test",
                "bug-fix",
                &(mean
                    + &block(
                        "test_fruit.py",
                        "        self.assertEqual(fruit.total([1, 2]), 3)\n",
                        "        self.assertTrue(fruit.total([1, 2]))\n",
                    )),
            ),
            "existing tests stay as they are",
        ),
        (
            proposal(
                "longer lines",
                "refactoring",
                &block("pyproject.toml", "line-length = 100\n", "line-length = 1000\n"),
            ),
            "it decides how the project is built, checked or locked",
        ),
        (
            proposal(
                "it is said to be faster",
                "speed-up",
                &block("fruit.py", "    time.sleep(0.05)\n", "    time.sleep(0.04)\n    time.sleep(0.01)\n"),
            ),
            "it claims a speed-up that was not measured",
        ),
        (
            proposal(
                "it reads elsewhere",
                "speed-up",
                &block("fruit.py", "    return [str(item) for item in items]\n", &reads),
            ),
            "passed before and fails",
        ),
        (proposal("it writes to git", "bug-fix", &block(".git/config", "", "[core]\n")), "path"),
        (
            proposal(
                "it never ends",
                "speed-up",
                &block("fruit.py", "    time.sleep(0.05)\n", "    while True:\n        pass\n"),
            ),
            "does not end within",
        ),
    ]
}

fn model(outside: &Path) -> impl Fn(&Asked) -> Action + Clone + Send + Sync + 'static {
    let all: Vec<Value> = proposals(outside).into_iter().map(|(proposal, _)| proposal).collect();
    move |asked: &Asked| {
        let is_asked = asked.last().contains("==> fruit.py <==");
        Action::reply(json!({"proposals": if is_asked { &all[..] } else { &[] }}).to_string())
    }
}

#[tokio::test]
async fn only_what_holds_is_offered_and_only_what_is_approved_is_written() {
    let repository = Repository::new();
    let outside = repository.folder.path().join("secret.txt");
    let server = ScriptedServer::start(model(&outside)).await;
    let before = repository.state();
    let url = server.url();
    let arguments =
        ["cycle", "--json", "--check", CHECK, "--check", LINT, "--check-timeout", "10", "--max-proposals", "20"];
    let ran = repository.dogfood(&[&arguments[..], &["--endpoint", &url]].concat()).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    let cycle = ran.json();
    let found = cycle["proposals"].as_array().expect("a list");
    let expected = proposals(&outside);
    for (proposal, why) in &expected {
        let title = proposal["title"].as_str().expect("a text");
        let judged = found.iter().find(|it| it["title"] == title).unwrap_or_else(|| panic!("{title}: {cycle:#}"));
        let (state, told) = (judged["state"].as_str(), judged["why"].as_str().expect("a text"));
        assert_eq!(state, Some(if why.is_empty() { "offered" } else { "rejected" }), "{title}: {judged:#}");
        assert!(told.contains(why), "{title}: {told}");
        assert!(!ran.output.contains("APPLESAUCE"));
    }
    assert_eq!(found.len(), expected.len());
    let proof = |number: usize| found[number]["proof"].to_string();
    assert!(proof(0).contains("test_mean") && proof(0).contains("on the old code"), "{}", proof(0));
    assert!(proof(2).contains("no file has the name `_forgotten` any more"), "{}", proof(2));
    assert_eq!(cycle["checks"][0]["tests"], 3);
    let mut show = rlm(["trace", "show", "last"]);
    let shown = run({
        show.env("RLM_STORE", repository.store());
        show
    })
    .await
    .output;
    for part in ["cycle of ", "judged", "sub-call: propose patches of fruit.py", "proposal 4 is rejected: "] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    assert_eq!(repository.state(), before);
    assert_eq!(repository.scratches(), Vec::<PathBuf>::new());

    // What was rejected is not tried again.
    let again = repository.dogfood(&[&arguments[..], &["--endpoint", &url]].concat()).await.json();
    let titles: Vec<&str> =
        again["proposals"].as_array().expect("a list").iter().filter_map(|it| it["title"].as_str()).collect();
    assert_eq!(
        (again["cycle"].as_i64(), titles),
        (Some(2), vec!["mean counts one too many", "heaviest is the lightest", "nothing uses it"])
    );

    let approve = ["cycle", "--check", CHECK, "--approve", "1,3"];
    let ran = repository.dogfood(&approve).await;
    assert!(ran.status == 0 && ran.output.contains("on the branch dogfood/cycle-2"), "{ran:?}");
    let left: Vec<_> =
        repository.state().into_iter().filter(|(name, _)| name != ".git/refs/heads/dogfood/cycle-2").collect();
    assert_eq!(left, before);
    let message = repository.git(&["log", "-1", "--format=%s%n%an%n%cn%n%b", "dogfood/cycle-2"]);
    assert!(
        message
            .starts_with("dogfood: cycle 2 - 2 improvements\nrlm dogfood\nAnn\n- mean counts one too many (bug-fix)\n"),
        "{message}"
    );
    let diff = repository.git(&["diff", "--stat", "main", "dogfood/cycle-2"]);
    assert!(diff.contains("fruit.py") && diff.contains("test_fruit.py") && diff.contains("2 files changed"), "{diff}");
    assert!(!repository.git(&["show", "dogfood/cycle-2:fruit.py"]).contains("_forgotten"));

    let history = repository.dogfood(&["history", "--json"]).await.json();
    let states: Vec<String> = history["proposals"]
        .as_array()
        .expect("a list")
        .iter()
        .take(3)
        .map(|it| format!("{} {} {}", it["cycle"], it["state"], it["fate"]))
        .collect();
    assert_eq!(
        states,
        [
            "2 \"accepted\" \"not merged; it is on dogfood/cycle-2\"",
            "2 \"offered\" null",
            "2 \"accepted\" \"not merged; it is on dogfood/cycle-2\"",
        ]
    );
    assert!(repository.dogfood(&["stats"]).await.output.starts_with("0 of "));
    repository.git(&["stash", "-q"]);
    repository.git(&["merge", "-q", "dogfood/cycle-2"]);
    assert!(repository.dogfood(&["history"]).await.output.contains("merged; 4 of 4 lines are still there"));
    assert!(repository.dogfood(&["stats"]).await.output.contains("come from 1 commit of cycles"));
}

#[tokio::test]
async fn commands_come_from_the_person_and_never_from_a_repository() {
    let repository = Repository::new();
    let ran = repository.dogfood(&["cycle"]).await;
    assert!(ran.status == 1 && ran.errors.contains("no checks are named"), "{ran:?}");
    fs::create_dir(repository.path().join(".rlm")).expect("a folder can be made");
    let settings = repository.path().join(".rlm/settings.json");
    let write = |checks: &Value| {
        fs::write(&settings, json!({"dogfood": {"checks": checks}}).to_string()).expect("a file can be written");
    };
    write(&json!(["sh -c 'touch run'"]));
    let ran = repository.dogfood(&["cycle"]).await;
    assert!(
        ran.status == 1 && ran.errors.contains("that you have not trusted") && ran.errors.contains("touch run"),
        "{ran:?}"
    );
    write(&json!([CHECK]));
    assert!(repository.dogfood(&["trust"]).await.output.contains(CHECK));
    let ran = repository.dogfood(&["cycle"]).await;
    assert!(ran.status == 0 && ran.output.contains("no model is configured that can write patches"), "{ran:?}");
    assert!(ran.output.contains("fruit.py:17: the function `_forgotten` is not used"), "{ran:?}");
    write(&json!([CHECK, "true"]));
    let ran = repository.dogfood(&["cycle"]).await;
    assert!(ran.status == 1 && ran.errors.contains("that you have not trusted"), "{ran:?}");
}

#[tokio::test]
async fn what_cannot_be_done_is_no_success() {
    let repository = Repository::new();
    let ran = repository.dogfood(&["tests", "--check", CHECK]).await;
    assert!(ran.status == 0 && ran.output.contains("no model is configured that can write tests"), "{ran:?}");
    assert!(ran.output.contains("Faults that no test noticed, as the commit is:\n    fruit.py: `"), "{ran:?}");
    let ran = repository.dogfood(&["cycle", "--check", "false"]).await;
    assert!(
        ran.status == 1 && ran.errors.contains("no check passes") && ran.errors.contains("it fails without a word")
    );
}

/// Whether any process of a cycle is left.
fn is_marked(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").expect("there are processes").flatten();
    let wanted = format!("RLM_DOGFOOD={}", folder.display());
    let environment = |it: fs::DirEntry| fs::read(it.path().join("environ")).unwrap_or_default();
    processes.map(environment).any(|it| it.windows(wanted.len()).any(|part| part == wanted.as_bytes()))
}

/// How often a cycle is killed.
const KILLS: u32 = 10;

/// A part of one, as chance has it.
fn part() -> f64 {
    RandomState::new().hash_one(KILLS) as f64 / u64::MAX as f64
}

#[tokio::test]
async fn what_leaves_its_group_ends_with_its_check() {
    let repository = Repository::new();
    let check = "sh -c 'setsid sleep 3600 & exit 0'";
    let ran = repository.dogfood(&["cycle", "--json", "--check", check, "--check-timeout", "600"]).await;
    assert_eq!((ran.status, &ran.json()["checks"][0]["passes"]), (0, &json!(true)));
    assert!(!is_marked(&repository.store().join("dogfood")), "a process is left");
}

#[tokio::test]
async fn a_cycle_that_is_killed_at_any_moment_leaves_nothing_behind() {
    let repository = Repository::new();
    let outside = repository.folder.path().join("secret.txt");
    let server = ScriptedServer::start(model(&outside)).await;
    let before = repository.state();
    let url = server.url();
    let arguments = ["cycle", "--json", "--check", CHECK, "--check-timeout", "10", "--endpoint", &url];
    let began = Instant::now();
    assert_eq!(repository.dogfood(&arguments).await.status, 0);
    let takes = began.elapsed();
    let mut killed = 0;
    for moment in 0..KILLS {
        let mut child = repository.command(&arguments).spawn().expect("the program starts");
        // Each in another part: while the tree is made, while checks run, while models are asked, while proposals are tried.
        tokio::time::sleep(takes.mul_f64((f64::from(moment) + part()) / f64::from(KILLS))).await;
        child.start_kill().expect("it can be killed");
        killed += u32::from(child.wait().await.expect("it ends").code().is_none());
    }
    assert!(killed >= KILLS / 3, "only {killed} were killed before they had ended");
    let ran = repository.dogfood(&["cycle", "--json", "--check", "true"]).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!((repository.scratches(), repository.state()), (Vec::<PathBuf>::new(), before));
    assert!(!is_marked(&repository.store().join("dogfood")), "a process is left");
}

#[tokio::test]
async fn packages_that_git_ignores_are_lent_to_checks_and_never_written_to() {
    let repository = Repository::new();
    let package = repository.path().join("node_modules/left");
    fs::create_dir_all(&package).expect("a folder can be made");
    fs::write(package.join("value"), "there\n").expect("a file can be written");
    fs::write(repository.path().join(".git/info/exclude"), "node_modules/\n").expect("a file can be written");
    let before = repository.state();
    let check = "sh -c 'grep -q there node_modules/left/value && ! touch node_modules/left/new && ! rm -f node_modules/left/value && \
                 ! sh -c \"echo x > node_modules/left/value\" && mkdir node_modules/.cache'";
    let ran = repository.dogfood(&["cycle", "--json", "--check", check]).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    let cycle = ran.json();
    assert_eq!(cycle["checks"][0]["passes"], true, "{cycle:#}");
    assert!(cycle["notes"].to_string().contains("what git ignores in node_modules"), "{cycle:#}");
    assert_eq!(repository.state(), before);
}

const GRADE: &str = "def grade(points):\n    if points >= 50:\n        return 'pass'\n    return 'fail'\n";

const GRADE_TESTS: &str = "import unittest\n\nimport grade\n\n\nclass GradeTest(unittest.TestCase):\n    def test_far(self):\n        \
                           self.assertEqual([grade.grade(80), grade.grade(10)], ['pass', 'fail'])\n";

#[tokio::test]
async fn a_test_is_offered_only_if_it_notices_what_no_other_one_does() {
    let repository = Repository::new();
    for (path, text) in [("grade.py", GRADE), ("test_grade.py", GRADE_TESTS)] {
        fs::write(repository.path().join(path), text).expect("a file can be written");
    }
    repository.git(&["rm", "-q", "--cached", "fruit.py", "test_fruit.py", "staged.txt"]);
    repository.git(&["add", "grade.py", "test_grade.py"]);
    repository.git(&["commit", "-q", "-m", "grades"]);
    let test = |name: &str, body: &str| {
        format!(
            "{name}.py\n<<<<<<< SEARCH\n=======\nimport unittest\n\nimport grade\n\n\nclass More(unittest.TestCase):\n    def {name}(self):\n        {body}\n>>>>>>> REPLACE\n"
        )
    };
    let edge = "self.assertEqual(grade.grade(50), 'pass')";
    let flaky = "self.assertEqual(__import__('random').random() < 0.3, grade.grade(50) == 'pass')";
    let code = block("grade.py", "    return 'fail'\n", "    return 'failed'\n");
    let cases = [
        ("far away again", test("test_again", "self.assertEqual(grade.grade(90), 'pass')"), Some("they notice none")),
        ("by chance", test("test_chance", flaky), Some("")),
        ("at the edge", test("test_edge", edge), None),
        (
            "at the same edge",
            test("test_same", &format!("{edge}  # again")),
            Some("no fault that was put into grade.py is unnoticed"),
        ),
        ("not a test", code, Some("changes the code of grade.py")),
    ];
    let proposals: Vec<Value> = cases.iter().map(|(title, patch, _)| proposal(title, "test", patch)).collect();
    let server = ScriptedServer::start(move |asked: &Asked| {
        let is_asked = asked.last().contains("==> grade.py <==");
        Action::reply(json!({"proposals": if is_asked { &proposals[..] } else { &[] }}).to_string())
    })
    .await;
    let before = repository.state();
    let check = "python3 -m unittest -v";
    let arguments = ["tests", "--json", "--check", check, "--endpoint", &server.url()];
    let ran = repository.dogfood(&arguments).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    let cycle = ran.json();
    for (title, _, why) in cases {
        let judged = cycle["proposals"].as_array().expect("a list").iter().find(|it| it["title"] == title);
        let judged = judged.unwrap_or_else(|| panic!("{title}: {cycle:#}"));
        assert_eq!(judged["state"], if why.is_some() { "rejected" } else { "offered" }, "{judged:#}");
        assert!(judged["why"].as_str().is_some_and(|it| it.contains(why.unwrap_or_default())), "{judged:#}");
    }
    let proof = cycle["proposals"][2]["proof"].to_string();
    assert!(
        proof.contains("they pass 10 times in a row") && proof.contains("they notice 2 of 2 faults of grade.py"),
        "{proof}"
    );
    assert_eq!((repository.state(), repository.scratches()), (before, Vec::<PathBuf>::new()));
}
