//! Ignore files of a stranger: any number of rules, of any form, in any number of files; and links in their place.

use crate::{
    client::Client,
    processes::{Usage, usage},
    query::file,
    terminal::rlm,
};
use serde_json::{Value, json};
use std::{
    fmt::Write,
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::Output,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::sleep;

/// Memory that reading a repository may take, in megabytes, whatever its rules are.
const MEMORY: u64 = 300;

/// How long a preview of hostile rules may take. The machines of the tests are slow, and run much at once.
const PATIENCE: Duration = Duration::from_secs(40);

/// Rules that take much room as regular expressions.
fn bomb(rules: usize) -> String {
    (0..rules).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "**/g{number}*h*i[a-z]*j{{k,l{number}}}*/m?n*");
        text
    })
}

/// A repository that reads nothing from outside, with a file `a.txt`.
fn repository() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::create_dir(folder.path().join(".git")).expect("a folder can be made");
    file(&folder, "a.txt", b"x\n");
    folder
}

/// A preview as JSON, and the most memory that it took, in megabytes.
async fn preview(folder: &Path) -> (Value, u64) {
    let mut command =
        rlm(["preview", "q", folder.to_str().expect("the path is text"), "--json", "--model", "extractive"]);
    let child = command.spawn().expect("the program starts");
    let id = child.id().expect("it runs");
    let began = Instant::now();
    let mut most = 0;
    let output = child.wait_with_output();
    tokio::pin!(output);
    let Output { stdout, stderr, status } = loop {
        tokio::select! {
            output = &mut output => break output.expect("it can be waited for"),
            () = sleep(Duration::from_millis(5)) => {
                most = usage(id).map_or(most, |Usage { most_memory, .. }| most.max(most_memory));
                assert!(began.elapsed() < PATIENCE, "it takes {:?}", began.elapsed());
            }
        }
    };
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    (serde_json::from_slice(&stdout).expect("it is JSON"), most)
}

/// What is told of the paths that are left out.
fn reason<'a>(preview: &'a Value, path: &str) -> Option<&'a str> {
    let left_out = preview["leftOut"].as_array().expect("a list");
    left_out.iter().find(|it| it["path"] == path).and_then(|it| it["reason"].as_str())
}

#[tokio::test]
async fn any_number_of_rules_takes_little_memory_and_is_told() {
    let many = |line: fn(usize) -> String| (0..200_000).fold(String::new(), |text, number| text + &line(number) + "\n");
    for (what, rules) in [
        ("globs", bomb(120_000)),
        ("names", many(|number| format!("name{number}"))),
        ("paths", many(|number| format!("/a/b{number}/*/c?"))),
        ("negated", many(|number| format!("!**/x{number}/**"))),
        ("classes", many(|number| format!("[a-z][!0-9]{number}*[x]"))),
        ("long", "a*".repeat(8 << 20)),
        ("braces", format!("{}\n", "{a,{b,{c,d}*}*}".repeat(70)).repeat(20_000)),
        ("stars", format!("{}\n", "*a".repeat(500)).repeat(10_000)),
    ] {
        let folder = repository();
        file(&folder, ".gitignore", rules.as_bytes());
        let (preview, memory) = preview(folder.path()).await;
        assert!(memory < MEMORY, "{what}: {memory} MB");
        let reason = reason(&preview, ".gitignore").unwrap_or_default();
        assert!(reason.contains("too many rules"), "{what}: {preview}");
        assert_eq!(preview["context"]["files"], 1, "{what}");
    }
}

#[tokio::test]
async fn rules_of_many_files_are_bounded_together_wherever_they_lie() {
    let folder = repository();
    for number in 0..120 {
        let place = folder.path().join(format!("sub{number}"));
        fs::create_dir(&place).expect("a folder can be made");
        for name in [".gitignore", ".ignore", ".rlmignore"] {
            fs::write(place.join(name), format!("{number}{name}\n{}", bomb(2000))).expect("a file can be written");
        }
    }
    fs::create_dir_all(folder.path().join(".git/info")).expect("a folder can be made");
    fs::write(folder.path().join(".git/info/exclude"), bomb(60_000)).expect("a file can be written");
    let (preview, memory) = preview(folder.path()).await;
    assert!(memory < MEMORY, "{memory} MB");
    let told = preview["leftOut"].to_string().matches("too many rules").count();
    assert!(told > 1, "{preview}");
    let text = preview["text"].as_str().expect("a text");
    let first = text.lines().skip_while(|line| !line.contains(" left out (")).nth(1).expect("a line");
    assert!(first.contains("too many rules"), "what is told comes first: {first}");
}

#[tokio::test]
async fn as_many_rules_as_repositories_have_all_count() {
    let folder = repository();
    let mut rules: String =
        (0..10_000).fold(String::new(), |text, number| text + &format!("/made{number}/\n*.t{number}\n"));
    rules.push_str("final.txt\n");
    file(&folder, ".gitignore", rules.as_bytes());
    file(&folder, "final.txt", b"x");
    file(&folder, "x.t9999", b"x");
    // The same file in every folder, as templates make them, counts once.
    for number in 0..100 {
        let place = folder.path().join(format!("sub{number}"));
        fs::create_dir(&place).expect("a folder can be made");
        fs::write(place.join(".gitignore"), &rules).expect("a file can be written");
        fs::write(place.join("final.txt"), "x").expect("a file can be written");
    }
    let (preview, _) = preview(folder.path()).await;
    assert_eq!(reason(&preview, "final.txt"), Some("ignored by `final.txt` in .gitignore:20001"));
    assert_eq!(reason(&preview, "x.t9999"), Some("ignored by `*.t9999` in .gitignore:20000"));
    assert_eq!(reason(&preview, "sub99/final.txt"), Some("ignored by `final.txt` in sub99/.gitignore:20001"));
    assert_eq!((&preview["context"]["files"], reason(&preview, ".gitignore")), (&json!(1), Some("hidden")));
}

#[tokio::test]
async fn a_time_out_ends_the_reading_of_rules_and_gives_their_memory_back() {
    let folder = repository();
    for number in 0..60 {
        let place = folder.path().join(format!("sub{number}"));
        fs::create_dir(&place).expect("a folder can be made");
        fs::write(place.join(".gitignore"), format!("{number}\n{}", bomb(120_000))).expect("a file can be written");
        // Each of them is compared with all rules that count for it.
        for file in 0..200 {
            fs::write(place.join(format!("m{file}n")), "x").expect("a file can be written");
        }
    }
    let mut client = Client::in_folder(folder.path(), json!({}), json!({"model": "extractive"})).await;
    let before = usage(client.id()).expect("it runs");
    for timeout in [0.2, 1.0] {
        let query = json!({"query": "what is it?", "options": {"timeout": timeout}});
        client.request("rlm/query", query).await.expect("there is a result");
    }
    sleep(Duration::from_secs(2)).await;
    let (rest, then) = (usage(client.id()).expect("it runs"), Instant::now());
    sleep(Duration::from_secs(1)).await;
    let after = usage(client.id()).expect("it runs");
    let busy = (after.processor - rest.processor).as_secs_f64() / then.elapsed().as_secs_f64();
    assert!(busy < 0.3, "{busy} processors are at work");
    assert!(after.memory < before.memory + MEMORY && after.most_memory < MEMORY, "{before:?} {after:?}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn ignore_files_that_are_links_are_not_followed_and_not_shown() {
    let folder = repository();
    let outside = TempDir::new().expect("a folder can be made");
    let place = |name: &str| folder.path().join(name);
    file(&outside, "password", b"*.md\nhunter2-*\n");
    file(&outside, "exclude", b"*.md\nhunter2-*\n");
    for name in ["e", "f", "g", "h", "w"] {
        fs::create_dir(place(name)).expect("a folder can be made");
        file(&folder, &format!("{name}/hunter2-x.md"), b"x");
    }
    let target = outside.path().join("password");
    for (name, link) in [("e", ".gitignore"), ("f", ".ignore"), ("g", ".rlmignore")] {
        symlink(&target, place(name).join(link)).expect("a link can be made");
    }
    file(&folder, "rules", b"*.md\n");
    symlink("../rules", place("h/.gitignore")).expect("a link can be made");
    // What a repository does not share: as a link, and in a folder that is one.
    symlink(&target, {
        fs::create_dir(place(".git/info")).expect("a folder can be made");
        place(".git/info/exclude")
    })
    .expect("a link can be made");
    fs::create_dir_all(place("w/.git")).expect("a folder can be made");
    symlink(outside.path(), place("w/.git/info")).expect("a link can be made");
    // The configuration of a repository may name any file.
    for (place, excludes) in [("h", target.clone()), ("c", "link".into())] {
        fs::create_dir_all(folder.path().join(place).join(".git")).expect("a folder can be made");
        let config = format!("[core]\nexcludesFile = {}\n", excludes.display());
        file(&folder, &format!("{place}/.git/config"), config.as_bytes());
    }
    symlink(&target, place("c/link")).expect("a link can be made");
    file(&folder, "c/hunter2-x.txt", b"x");
    let (preview, _) = preview(folder.path()).await;
    assert!(reason(&preview, "c/hunter2-x.txt").is_some_and(|reason| reason.contains("`…` in c/link:2")), "{preview}");
    let text = preview.to_string().replace("ignored by `…`", "");
    assert!(!text.contains("hunter2-*") && !text.contains("ignored by"), "{text}");
    assert_eq!(preview["context"]["files"], 6, "{text}");
    // A pipe in its place is not waited for.
    let odd = repository();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        odd.path().join(".gitignore"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .expect("a pipe can be made");
    assert_eq!(self::preview(odd.path()).await.0["context"]["files"], 1);
}
