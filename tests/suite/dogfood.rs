//! `rlm dogfood analyze`: what it makes points of, in which order, and what it says of the rest.

use crate::terminal::{Ran, rlm, run};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A function with a complexity of 1 + 2 + … + 8.
fn hard(name: &str) -> String {
    let mut text = format!("def {name}(value):\n    \"\"\"Finds it.\"\"\"\n");
    for depth in 1..=8 {
        text += &format!("{}if value > {depth}:\n", "    ".repeat(depth));
    }
    text + &format!("{}return value\n    return 0\n", "    ".repeat(9))
}

/// A repository with something of each kind, and a second commit that changes one file.
fn prepared() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    let bare: String = (0..4).map(|it| format!("def bare_{it}():\n    return {it}\n\n\n")).collect();
    let told: String =
        (0..9).map(|it| format!("def told_{it}():\n    \"\"\"Tells.\"\"\"\n    return {it}\n\n\n")).collect();
    for (path, text) in [
        ("README.md", "See [the guide](guide.md).\n".to_owned()),
        ("docs/guide.md", "# Guide\n".to_owned()),
        ("pyproject.toml", "[project]\nname = \"it\"\n[tool.pytest.ini_options]\n".to_owned()),
        ("Makefile", "test: all\n\techo rm\nall:\n\ttrue\n".to_owned()),
        ("package.json", "{\"scripts\": {\"test\": \"jest\", \"deploy\": \"rm -rf /\"}}\n".to_owned()),
        ("src/__init__.py", String::new()),
        ("src/followed.py", format!("{}{told}", hard("find_followed"))),
        ("src/unnamed.py", hard("find_unnamed")),
        ("src/bare.py", bare),
        (
            "tests/test_all.py",
            "from src.followed import find_followed, told_0\nfrom src.bare import bare_0\n".to_owned(),
        ),
    ] {
        write(folder.path(), path, &text);
    }
    commit(folder.path());
    write(folder.path(), "src/followed.py", &format!("{}{told}\n", hard("find_followed")));
    commit(folder.path());
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]).args(arguments).current_dir(folder);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder);
    assert!(command.status().expect("tests/run installs git").success(), "{arguments:?}");
}

fn commit(folder: &Path) {
    if !folder.join(".git").exists() {
        git(folder, &["init", "-q", "-b", "main"]);
    }
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "a change"]);
}

async fn analyze(folder: &Path, more: &[&str]) -> Ran {
    let path = folder.to_str().expect("the path is text");
    let mut command = rlm(["dogfood", "analyze", path].iter().chain(more));
    command.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    run(command).await
}

/// What each point is about: its kind, its topic and its place.
fn points(analysis: &Value) -> Vec<String> {
    let point =
        |it: &Value| format!("{} {} {}:{}", it["kind"], it["topic"], it["path"], it["startLine"]).replace('"', "");
    analysis["points"].as_array().expect("a list").iter().map(point).collect()
}

#[tokio::test]
async fn what_pays_is_ranked_and_what_was_not_looked_at_is_told() {
    let folder = prepared();
    let ran = analyze(folder.path(), &["--json"]).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    let analysis = ran.json();
    assert_eq!(
        points(&analysis),
        [
            "dead-link documentation README.md:1",
            "undocumented-items documentation src/bare.py:1",
            "hard-function structure src/followed.py:1",
            "no-test-names-it tests src/unnamed.py:1",
            "hard-function structure src/unnamed.py:1",
        ]
    );
    assert!(analysis["points"][2]["reason"].as_str().is_some_and(|it| it.contains("complexity is 36")), "{analysis}");
    assert_eq!(
        (&analysis["points"][0]["priority"], &analysis["points"][0]["advice"]),
        (&json!("high"), &json!("link to `docs/guide.md`"))
    );
    let facts = &analysis["facts"];
    assert_eq!(facts["hotFiles"], json!([{"path": "src/followed.py", "commits": 2, "lines": 58}]));
    assert_eq!((&facts["codeFiles"], &facts["namedByNoTest"]), (&json!(3), &json!(1)));
    assert_eq!((&facts["publicItems"], &facts["documentedItems"]), (&json!(15), &json!(11)));
    let checks: Vec<&str> =
        analysis["checks"].as_array().expect("a list").iter().filter_map(|it| it["command"].as_str()).collect();
    assert_eq!(checks, ["make test", "npm run test", "python3 -m pytest"]);
    let told = analysis["notLookedAt"].to_string();
    assert!(told.contains("nothing of the project was run") && told.contains("no model is configured"), "{told}");

    let few = analyze(folder.path(), &["--max-points", "2"]).await;
    for expected in [
        "1. README.md:1: high, documentation: The link to `guide.md` leads nowhere [dead-link ",
        "    What to do: link to `docs/guide.md`.\n",
        "2 points; read 10 files of ",
        "not shown: 2 more hard-function, 1 more no-test-names-it (--max-points)",
        "The project's own checks, which were not run:\n    `make test` (Makefile:1)\n",
        "Not looked at: faults that only reading shows: ",
    ] {
        assert!(few.output.contains(expected), "{expected}: {few:?}");
    }
    let blocks = analyze(folder.path(), &["--format", "blocks"]).await.output;
    assert!(blocks.starts_with("SUGGESTION: documentation: the link to `guide.md` leads nowhere\nDESCRIPTION: From "));
    assert_eq!(blocks.matches("\n---\n").count(), 4);
    let markdown = analyze(folder.path(), &["--format", "markdown"]).await.output;
    assert!(
        markdown
            .starts_with("# Where work pays\n\n1. **The link to `guide.md` leads nowhere** (high, documentation)\n")
    );
}

#[tokio::test]
async fn reports_of_the_projects_own_tools_are_facts_and_points() {
    let folder = prepared();
    // Of the hard function no line was run but its first one, and of the other one some were.
    let lines = |file: &str, run: &str| {
        let hits = (4..=12).map(|line| format!("DA:{line},{}\n", u8::from(run.contains(&format!(" {line} ")))));
        format!("SF:/home/ann/it/{file}\nDA:1,1\nDA:3,0\n{}end_of_record\n", hits.collect::<String>())
    };
    write(folder.path(), "lcov.info", &(lines("src/unnamed.py", "") + &lines("src/followed.py", " 4 5 ")));
    let tests = "<testsuite><testcase classname=\"t\" name=\"quick\" time=\"0.5\"/><testcase name=\"slow\" time=\"9\"/></testsuite>";
    write(folder.path(), "junit.xml", tests);
    let analysis = analyze(folder.path(), &["--json"]).await.json();
    let found = points(&analysis);
    assert!(found.contains(&"uncovered-function tests src/unnamed.py:1".to_owned()), "{found:?}");
    assert!(!found.iter().any(|it| it.starts_with("no-test-names-it")), "it is measured: {found:?}");
    assert!(!found.iter().any(|it| it.starts_with("uncovered-function tests src/followed.py")), "{found:?}");
    let facts = &analysis["facts"];
    assert_eq!(facts["coverage"], json!({"report": "lcov.info", "lines": 22, "coveredLines": 4}));
    assert_eq!((&facts["tests"]["tests"], &facts["tests"]["slowest"][0]["name"]), (&json!(2), &json!("slow")));
    assert!(!analysis["notLookedAt"].to_string().contains("what tests cover"), "{}", analysis["notLookedAt"]);

    // Of what has changed since nothing is believed.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let file = fs::File::options().write(true).open(folder.path().join("src/unnamed.py")).expect("it is there");
    file.set_modified(later).expect("its time can be set");
    let analysis = analyze(folder.path(), &["--json"]).await.json();
    assert!(points(&analysis).contains(&"no-test-names-it tests src/unnamed.py:1".to_owned()), "{analysis}");
    let told = analysis["notLookedAt"].to_string();
    assert!(told.contains("what tests cover of 1 file: changed since lcov.info was written"), "{told}");
}

#[tokio::test]
async fn a_folder_without_history_and_without_tests_is_analysed_as_far_as_that_goes() {
    let folder = TempDir::new().expect("a folder can be made");
    write(folder.path(), "a.py", &hard("find_it"));
    let analysis = analyze(folder.path(), &["--json"]).await.json();
    assert_eq!(points(&analysis), ["hard-function structure a.py:1"]);
    let told = analysis["notLookedAt"].to_string();
    for expected in ["this is no repository of git", "no tests were found"] {
        assert!(told.contains(expected), "{told}");
    }
    assert_eq!((&analysis["facts"]["hotFiles"], &analysis["commit"]), (&json!([]), &Value::Null));
}
