//! `rlm review`: what is found without a model, how it is told, and what makes it go away.

use crate::terminal::{Ran, rlm, run};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A repository with one fault of each kind.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(TempDir::new().expect("a folder can be made"));
        repository.git(&["init", "-q", "-b", "main"]);
        let block: String = (0..40).map(|line| format!("    total_{line} = compute(value, {line})\n")).collect();
        let prose = "The parser is in src/parse/lines.rs:2, and the end of it in src/parse/lines.rs:99.\n\n\
                     See [the guide](docs/guid.md), [the same](docs/guide.md) and [a site](https://example.org/no.md).\n\n\
                     ```text\nsrc/parse/lines.rs:500\n```\n";
        for (path, text) in [
            ("README.md", prose),
            ("docs/guide.md", "# Guide\n\nBack to [the page](../README.md).\n"),
            (
                "src/parse/lines.rs",
                "// TODO: read the last line, too\npub fn open() { helper() }\n\nfn helper() {}\n\nfn forgotten() {}\n",
            ),
            ("one.py", &format!("def one(value):\n{block}")),
            ("two.py", &format!("def two(value):\n{block}")),
        ] {
            repository.write(path, text);
        }
        repository.commit("2020-02-03T10:00:00Z");
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the repository")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).expect("the file is there")
    }

    fn git(&self, arguments: &[&str]) {
        self.git_at(arguments, "2026-11-01T10:00:00Z");
    }

    fn git_at(&self, arguments: &[&str], time: &str) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]).args(arguments);
        command.current_dir(self.path()).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_AUTHOR_DATE", time).env("GIT_COMMITTER_DATE", time).env("HOME", self.path());
        assert!(command.status().expect("tests/run installs git").success(), "{arguments:?}");
    }

    fn commit(&self, time: &str) {
        self.git_at(&["add", "-A"], time);
        self.git_at(&["commit", "-q", "-m", "a change"], time);
    }

    async fn review(&self, more: &[&str]) -> Ran {
        let path = self.path().to_str().expect("the path is text");
        let mut command = rlm(["review", path].iter().chain(more));
        command.env("HOME", self.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        run(command).await
    }

    async fn json(&self, more: &[&str]) -> Value {
        let ran = self.review(&[&["--format", "json"], more].concat()).await;
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.json()
    }
}

/// What each finding is about: its rule and its place.
fn places(review: &Value) -> Vec<String> {
    let place = |it: &Value| format!("{} {}:{}", it["rule"], it["path"], it["startLine"]).replace('"', "");
    review["findings"].as_array().expect("a list").iter().map(place).collect()
}

fn ids(review: &Value) -> Vec<String> {
    let findings = review["findings"].as_array().expect("a list").iter();
    let mut ids: Vec<String> = findings.map(|it| it["id"].as_str().expect("a text").to_owned()).collect();
    ids.sort();
    ids
}

const ALL: [&str; 5] = [
    "missing-citation README.md:1",
    "dead-link README.md:3",
    "open-todo src/parse/lines.rs:1",
    "unused-definition src/parse/lines.rs:6",
    "duplicated-block two.py:2",
];

#[tokio::test]
async fn each_kind_of_fault_is_found_once_with_its_reason() {
    let repository = Repository::new();
    let review = repository.json(&[]).await;
    assert_eq!(places(&review), ALL);
    assert_eq!(
        (&review["notChecked"], &review["notShown"], &review["inBaseline"]),
        (&json!([]), &json!([]), &json!(0))
    );
    let ran = repository.review(&[]).await;
    for expected in [
        "README.md:1: warning: `src/parse/lines.rs:99` is cited, and is not there [missing-citation ",
        "    Src/parse/lines.rs has 6 lines.",
        "README.md:3: warning: The link to `docs/guid.md` leads nowhere [dead-link ",
        "src/parse/lines.rs:1: note: TODO of Ann, open since 2020-02-03: read the last line, too [open-todo ",
        "src/parse/lines.rs:6: note: The function `forgotten` is not used [unused-definition ",
        "two.py:2-41: note: 40 lines of code are the same as in one.py:2-41 [duplicated-block ",
        "How it could be wrong: ",
        "5 findings; read 5 files of ",
        "Looked for, without a model: missing-citation, dead-link, unused-definition, duplicated-block, open-todo.",
    ] {
        assert!(ran.output.contains(expected), "no {expected:?} in {}", ran.output);
    }
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
}

#[tokio::test]
async fn an_edit_elsewhere_changes_no_identity_and_a_remedy_ends_its_finding() {
    let repository = Repository::new();
    let before = repository.json(&[]).await;
    for path in ["README.md", "src/parse/lines.rs", "two.py"] {
        let comment = if path.ends_with(".md") {
            "A line.\n\n"
        } else if path.ends_with(".py") {
            "X = 1\n\n"
        } else {
            "pub mod x;\n\n"
        };
        repository.write(path, &format!("{comment}{}", repository.read(path)));
    }
    let moved = repository.json(&[]).await;
    assert_eq!(ids(&moved), ids(&before));
    assert_eq!(places(&moved)[1], "dead-link README.md:5");
    repository.write("docs/guid.md", "Here.\n");
    repository.write("src/parse/lines.rs", "pub fn open() { helper() }\n\nfn helper() {}\n");
    repository.write("two.py", "");
    assert_eq!(places(&repository.json(&[]).await), ["missing-citation README.md:3"]);
}

#[tokio::test]
async fn what_only_looks_like_a_fault_is_none() {
    let repository = Repository::new();
    for path in ["README.md", "two.py", "src/parse/lines.rs"] {
        fs::remove_file(repository.path().join(path)).expect("it is there");
    }
    repository.write(".gitignore", "built/\n");
    repository.write(
        "docs/page.md",
        "It listens on 127.0.0.1:8080 since 12:30, in a ratio of 3:4. See `src/x.rs:10` for an example,\n\
         https://github.com/o/r/blob/main/src/parse/lines.rs#L900, [built](../built/api.md), [out](../../other/a.md),\n\
         [site](/docs/a.md), [page](guide.html), [part](guide.md#there), [self](#here), [`x`]( {{ url }}/a.md ),\n\
         [folder](../docs/), ![](https://example.org/a.png) and [encoded](../a%20b.md).\n\n    src/parse/none.rs:10\n",
    );
    repository.write("a b.md", "Text.\n");
    repository.write("docs/guide.md", "# Guide\n");
    repository.write("CHANGELOG.md", "- moved src/parse/old.rs:10; see [old](docs/old.md)\n");
    repository.write("tests/data/readme.md", "[gone](gone.md)\n");
    repository.write("src/lib.rs", "fn used_by_macro() {}\nmacro_rules! m { () => { used_by_macro() } }\n#[no_mangle]\nfn exported() {}\n// todo: small\n");
    repository
        .write("src/names.py", "def _on_start(): pass\n\ndef run(event):\n    return globals()['_on_' + event]()\n");
    repository.commit("2026-10-01T10:00:00Z");
    let review = repository.json(&[]).await;
    assert_eq!(places(&review), Vec::<String>::new(), "{review}");
    let ran = repository.review(&[]).await;
    assert!(ran.output.starts_with("No findings; read "), "{}", ran.output);
}

#[tokio::test]
async fn only_what_has_changed_is_shown_if_that_is_asked_for() {
    let repository = Repository::new();
    assert_eq!(places(&repository.json(&["--uncommitted"]).await), Vec::<String>::new());
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.write("docs/more.md", "[gone](gone.md)\n");
    repository.commit("2026-11-02T10:00:00Z");
    let readme = repository.read("README.md");
    repository.write("README.md", &format!("{readme}\n[lost](docs/lost.md)\n"));
    fs::remove_file(repository.path().join("docs/guide.md")).expect("it is there");
    let removed = "dead-link README.md:3";
    let own = ["dead-link README.md:9", "dead-link docs/more.md:1"];
    let uncommitted = repository.json(&["--uncommitted"]).await;
    // The second link of line 3 led to what was removed.
    assert_eq!(places(&uncommitted), [removed, own[0]]);
    assert!(
        uncommitted["findings"][0]["sentence"].as_str().is_some_and(|it| it.contains("docs/guide.md")),
        "{uncommitted}"
    );
    for range in ["main", "main..", "main...", "main...HEAD", "main..work"] {
        assert_eq!(places(&repository.json(&["--diff", range]).await), [removed, own[0], own[1]], "{range}");
    }
    for (range, expected) in [
        ("none", "git knows no commit `none`"),
        ("--output=x", "git knows no commit `--output=x`"),
        ("work..main", "ends at another commit than the one that is checked out"),
    ] {
        let ran = repository.review(&[&format!("--diff={range}")]).await;
        assert!(ran.status == 1 && ran.errors.contains(expected), "{ran:?}");
    }
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.md"), "text").expect("a file can be written");
    let ran = run(rlm(["review", folder.path().to_str().expect("text"), "--uncommitted"])).await;
    assert!(ran.status == 1 && ran.errors.contains("this is no repository of git"), "{ran:?}");
}

#[tokio::test]
async fn a_finding_is_dismissed_for_good_with_a_reason() {
    let repository = Repository::new();
    let review = repository.json(&[]).await;
    let id = review["findings"][1]["id"].as_str().expect("a text");
    let ran = repository.review(&["--dismiss", &id[..10], "--reason", "made by the build"]).await;
    assert_eq!(
        (ran.status, ran.output.as_str()),
        (0, "dismissed for good: README.md:3: the link to `docs/guid.md` leads nowhere\n")
    );
    repository.write("README.md", &format!("First.\n\n{}", repository.read("README.md")));
    let after = repository.json(&[]).await;
    assert_eq!(places(&after), ["missing-citation README.md:3", ALL[2], ALL[3], ALL[4]]);
    assert_eq!(after["dismissed"][0]["reason"], "made by the build");
    assert!(repository.review(&[]).await.output.contains("; 1 dismissed."));
    // It is dismissed in whatever part of the repository is reviewed.
    let path = repository.path().join("README.md");
    let ran = run(rlm(["review", path.to_str().expect("text"), "--json"])).await;
    assert_eq!((places(&ran.json()).len(), ran.json()["dismissed"].as_array().map(Vec::len)), (0, Some(1)), "{ran:?}");
    for (more, status, expected) in [
        (&["--dismiss", &id[..10], "--reason", "again"][..], 1, "was dismissed before"),
        (&["--dismiss", "0123456789", "--reason", "x"], 1, "there is no finding `0123456789`"),
        (&["--dismiss", "12", "--reason", "x"], 2, "`12` is not the beginning of a finding's name"),
        (&["--dismiss", &id[..10]], 2, "--reason <TEXT>"),
        (&["--dismiss", &id[..10], "--reason", " "], 2, "the reason is empty"),
    ] {
        let ran = repository.review(more).await;
        assert!(ran.status == status && ran.errors.contains(expected), "{more:?} {ran:?}");
    }
    repository.write(".rlm/dismissed.json", "{}");
    let ran = repository.review(&["--dismiss", &ids(&after)[0], "--reason", "x"]).await;
    assert!(ran.status == 1 && ran.errors.contains("cannot read .rlm/dismissed.json: missing field"), "{ran:?}");
    assert_eq!(repository.read(".rlm/dismissed.json"), "{}");
}

#[tokio::test]
async fn a_baseline_leaves_out_what_was_there_and_statuses_tell_the_rest() {
    let repository = Repository::new();
    assert_eq!(repository.review(&["--fail-on", "note"]).await.status, 1);
    let baseline = TempDir::new().expect("a folder can be made");
    let file = |name: &str| baseline.path().join(name).to_str().expect("text").to_owned();
    fs::write(file("all.json"), repository.review(&["--json"]).await.output).expect("a file can be written");
    let all = file("all.json");
    repository.write("docs/other.md", "Text.\n");
    let ran = repository.review(&["--baseline", &all, "--fail-on", "note"]).await;
    assert!(
        ran.status == 0 && ran.output.contains("No findings; ") && ran.output.contains("5 in the baseline"),
        "{ran:?}"
    );
    fs::remove_file(repository.path().join("docs/guide.md")).expect("it is there");
    let new = repository.json(&["--baseline", &all]).await;
    assert_eq!(places(&new), ["dead-link README.md:3"]);
    for (more, expected) in [(&["--fail-on", "warning"][..], 1), (&["--fail-on", "note"], 1), (&[], 0)] {
        assert_eq!(repository.review(&[&["--baseline", &all], more].concat()).await.status, expected);
    }
    for (name, text, expected) in [
        ("none.json", None, "No such file"),
        ("bad.json", Some("[]"), "expected the JSON of a review"),
        ("other.json", Some("{}"), "missing field"),
    ] {
        text.into_iter().for_each(|text| fs::write(file(name), text).expect("a file can be written"));
        let ran = repository.review(&["--baseline", &file(name)]).await;
        assert!(ran.status == 1 && ran.errors.contains(expected), "{ran:?}");
    }
}

#[tokio::test]
async fn few_are_shown_of_each_rule_and_the_others_are_counted() {
    let repository = Repository::new();
    let links: String = (0..30).map(|number| format!("[{number}](docs/gone-{number}.md)\n")).collect();
    repository.write("docs/many.md", &links);
    let review = repository.json(&[]).await;
    let found = places(&review);
    assert_eq!(found.len(), 10);
    assert!(ALL.iter().all(|it| found.contains(&(*it).to_owned()) || it.starts_with("dead-link")), "{found:?}");
    assert_eq!(review["notShown"], json!([{"rule": "dead-link", "count": 25}]));
    assert_eq!(places(&repository.json(&["--max-findings", "100"]).await).len(), 35);
    assert!(repository.review(&[]).await.output.contains("not shown: 25 more dead-link (--max-findings)"));
}

#[tokio::test]
async fn sarif_satisfies_the_published_schema_and_declares_every_rule() {
    let repository = Repository::new();
    // One of its patterns is no regular expression as the standard has them: a bracket closes nothing.
    let schema = include_str!("../data/sarif-2.1.0.schema.json").replace("{2}]?$", "{2}$");
    let schema =
        jsonschema::validator_for(&serde_json::from_str(&schema).expect("it is JSON")).expect("it is a schema");
    let id = repository.json(&[]).await["findings"][2]["id"].as_str().expect("a text").to_owned();
    assert_eq!(repository.review(&["--dismiss", &id, "--reason", "known"]).await.status, 0);
    let baseline = TempDir::new().expect("a folder can be made");
    let baseline = baseline.path().join("b.json").to_str().expect("text").to_owned();
    fs::write(&baseline, repository.review(&["--json", "--max-findings", "1"]).await.output)
        .expect("a file can be written");
    repository.write("docs/a b.md", "[the guide](guid.md) and [moved](one.py)\n");
    let empty = Repository::new();
    fs::remove_dir_all(empty.path().join("src")).expect("it is there");
    for (ran, results) in [
        (repository.review(&["--format", "sarif"]).await, 7),
        (repository.review(&["--sarif", "--baseline", &baseline]).await, 7),
        (empty.review(&["--sarif", "--uncommitted"]).await, 0),
    ] {
        let log = ran.json();
        let errors: Vec<String> = schema.iter_errors(&log).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("a list");
        assert_eq!(rules.len(), 6);
        let found = log["runs"][0]["results"].as_array().expect("a list");
        assert_eq!(found.len(), results, "{log}");
        for result in found {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small")];
            assert_eq!(rule["id"], result["ruleId"]);
            assert_eq!(result["partialFingerprints"]["rlm/v1"].as_str().map(str::len), Some(32));
        }
    }
    let log = repository.review(&["--sarif", "--baseline", &baseline]).await.json();
    let results = log["runs"][0]["results"].as_array().expect("a list");
    let with = |name: &str, value: &str| results.iter().filter(|it| it[name] == value).count();
    assert_eq!((with("baselineState", "new"), with("baselineState", "unchanged")), (5, 2));
    let suppressed: Vec<&Value> = results.iter().filter(|it| !it["suppressions"].is_null()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["justification"], "known");
    let moved = results.iter().find(|it| !it["fixes"].is_null()).expect("a link has a fix");
    assert_eq!(moved["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "docs/a%20b.md");
    let inserted = &moved["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"];
    assert_eq!(inserted, "[the guide](guid.md) and [moved](../one.py)");
}

#[tokio::test]
async fn rdjson_has_what_reviewdog_reads() {
    let repository = Repository::new();
    let found = repository.review(&["--format", "rdjson"]).await.json();
    assert_eq!(found["source"]["name"], "rlm");
    let first = &found["diagnostics"][0];
    assert_eq!((&first["severity"], &first["code"]["value"]), (&json!("WARNING"), &json!("missing-citation")));
    assert_eq!(first["location"], json!({"path": "README.md", "range": {"start": {"line": 1}, "end": {"line": 1}}}));
    assert_eq!(found["diagnostics"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn a_part_of_a_repository_is_not_taken_for_all_of_it() {
    let repository = Repository::new();
    let src = repository.path().join("src");
    let ran = run(rlm(["review", src.to_str().expect("text"), "--json"])).await;
    assert_eq!(places(&ran.json()), ["open-todo parse/lines.rs:1"]);
    let not_checked = ran.json()["notChecked"][0].as_str().expect("a text").to_owned();
    assert!(not_checked.starts_with("cited places and unused definitions: only a part"), "{not_checked}");
    let narrowed = repository.json(&["--exclude", "docs"]).await;
    assert_eq!(places(&narrowed), [ALL[1], ALL[2], ALL[4]]);
    let mut command = rlm(["review", "-"]);
    command.stdin(fs::File::open(repository.path().join("README.md")).expect("it is there"));
    let ran = run(command).await;
    assert!(ran.status == 0 && ran.output.starts_with("No findings; read 1 file"), "{ran:?}");
}

#[tokio::test]
async fn links_of_a_published_package_are_not_looked_up() {
    let folder = TempDir::new().expect("a folder can be made");
    for (name, text) in [("README.md", "[gone](docs/gone.md)\n"), ("package.json", "{}\n")] {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    let ran = run(rlm(["review", folder.path().to_str().expect("text")])).await;
    assert!(
        ran.output.starts_with("No findings; ") && ran.output.contains("Not looked at: links: a package"),
        "{ran:?}"
    );
    fs::remove_file(folder.path().join("package.json")).expect("it is there");
    let ran = run(rlm(["review", folder.path().to_str().expect("text"), "--json"])).await;
    assert_eq!(places(&ran.json()), ["dead-link README.md:1"]);
}

#[tokio::test]
async fn a_repository_starts_no_program_of_its_own() {
    let repository = Repository::new();
    let witness = TempDir::new().expect("a folder can be made");
    let (program, ran) = (witness.path().join("program"), witness.path().join("ran"));
    fs::write(&program, format!("#!/bin/sh\ntouch {}\ncat\n", ran.display())).expect("a file can be written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let program = program.to_str().expect("text");
    for name in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.askPass",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "credential.helper",
        "uploadpack.packObjectsHook",
    ] {
        repository.git(&["config", name, program]);
    }
    repository.write(".git/info/attributes", "* filter=x diff=x\n");
    repository.write(".gitattributes", "* filter=x diff=x\n");
    repository.write("README.md", &repository.read("README.md").replace("the guide", "the Guide"));
    for more in [&[][..], &["--uncommitted"], &["--diff", "main"]] {
        let review = repository.review(more).await;
        assert_eq!(review.status, 0, "{review:?}");
        assert!(review.output.contains("dead-link"), "{review:?}");
    }
    assert!(!ran.exists(), "a program that the repository names was started");
    // Git itself starts it.
    let mut command = Command::new("git");
    command
        .args(["status"])
        .current_dir(repository.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().expect("git starts");
    assert!(ran.exists(), "the witness does not see programs");
}

#[tokio::test]
async fn names_that_cannot_be_seen_are_shown_and_found() {
    let repository = Repository::new();
    let path: PathBuf = repository.path().join("a\u{1b}[2J.md");
    fs::write(&path, "[gone](docs/gone\u{202e}.md)\n").expect("a file can be written");
    let ran = repository.review(&["--max-findings", "100"]).await;
    assert!(ran.output.contains(r"a\x1B[2J.md:1: warning: "), "{}", ran.output);
    assert!(!ran.output.contains('\u{1b}'), "{}", ran.output);
    let review = repository.json(&["--uncommitted"]).await;
    assert_eq!(places(&review), [r"dead-link a\\x1B[2J.md:1"]);
}
