//! What rules mean is what they mean to git, which is asked about many files of rules at once.

use super::*;
use proptest::prelude::*;
use std::{
    ffi::OsStr,
    fs,
    io::{Read, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Stdio},
};

/// A file of rules, and paths to ask about.
type Case = (Vec<u8>, Vec<Vec<u8>>);

/// The rule that decides about a path, with the number of its line; a rule about a directory decides about all in it.
type Decision = Option<(u32, Vec<u8>)>;

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(root).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", root).env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// What git says about all paths of all cases. Nothing if there is no git.
fn ask_git(cases: &[Case], ignore_case: bool) -> Option<Vec<Vec<Decision>>> {
    let folder = tempfile::tempdir().unwrap();
    let started = git(folder.path()).args(["init", "-q"]).status();
    assert!(started.is_ok() || std::env::var_os("CI").is_none(), "tests/run installs git");
    started.ok().filter(std::process::ExitStatus::success)?;
    git(folder.path()).args(["config", "core.ignorecase", &ignore_case.to_string()]).status().unwrap();
    let mut asked = Vec::new();
    for (number, (rules, paths)) in cases.iter().enumerate() {
        fs::create_dir(folder.path().join(number.to_string())).unwrap();
        fs::write(folder.path().join(format!("{number}/.gitignore")), rules).unwrap();
        for path in paths {
            asked.extend_from_slice(format!("{number}/").as_bytes());
            asked.extend_from_slice(path);
            asked.push(0);
        }
    }
    let mut command = git(folder.path());
    command.args(["check-ignore", "--no-index", "-z", "-v", "-n", "--stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&asked));
    let mut told = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut told).unwrap();
    writer.join().unwrap().unwrap();
    child.wait().unwrap();
    let mut fields = told.split(|&byte| byte == 0);
    let mut decision = || {
        let [_, line, rule, _] = [(); 4].map(|()| fields.next().expect("four fields a path"));
        let line = std::str::from_utf8(line).unwrap().parse().ok()?;
        Some((line, rule.to_vec()))
    };
    Some(cases.iter().map(|(_, paths)| paths.iter().map(|_| decision()).collect()).collect())
}

fn decide(matcher: &Matcher, path: &[u8]) -> Decision {
    let ends = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/').map(|(at, _)| at);
    for end in ends {
        if let Match::Ignore(rule) = matcher.matched(&path[..end], true) {
            return Some((rule.line, rule.text.to_vec()));
        }
    }
    match matcher.matched(path, false) {
        Match::None => None,
        Match::Ignore(rule) | Match::Whitelist(rule) => Some((rule.line, rule.text.to_vec())),
    }
}

fn compare(cases: &[Case], ignore_case: bool) -> Result<(), TestCaseError> {
    let Some(all) = ask_git(cases, ignore_case) else { return Ok(()) };
    for ((rules, paths), expected) in cases.iter().zip(all) {
        let (matcher, _) = Matcher::new(rules, usize::MAX, ignore_case);
        for (path, expected) in paths.iter().zip(expected) {
            let got = decide(&matcher, path);
            let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
            let text = |it: &Decision| it.as_ref().map(|(line, rule)| format!("{line}: {}", shown(rule)));
            prop_assert!(
                got == expected,
                "\"{}\" of \"{}\": {:?}, and git says {:?}",
                shown(path),
                shown(rules),
                text(&got),
                text(&expected)
            );
        }
    }
    Ok(())
}

fn a_path() -> impl Strategy<Value = Vec<u8>> {
    let path = prop_oneof![
        8 => r"([abA.*\[\]{} #!\\-]|/[ab.]){1,8}".prop_map(String::into_bytes),
        3 => r"[abA]{1,3}(/[ab.]{1,4}){0,4}".prop_map(String::into_bytes),
        1 => r"[aé/漢\t1_]{1,6}".prop_map(String::into_bytes),
        1 => prop::collection::vec(prop_oneof![Just(b'a'), Just(b'/'), Just(0xe9), Just(0xc3)], 1..6),
    ];
    // Names in a listing are never empty.
    path.prop_filter("a path", |path| path.split(|&byte| byte == b'/').all(|name| !matches!(name, b"" | b"." | b"..")))
}

fn a_case() -> impl Strategy<Value = Case> {
    let line = prop_oneof![
        3 => r"!?/?([abA.*?\[\]!{},\\ -]|\*\*|/|\*\.a|#){1,8}".prop_map(String::into_bytes),
        3 => r"!?/?([abA.]|\*|\?|/|\*\*/|/\*\*|\[!?[abA-]{1,3}\]|\[[!^]?\[:(alpha|upper|lower|digit|punct|x):\]_?\]){1,5}/?"
            .prop_map(String::into_bytes),
        1 => r"!?[ab*é漢\[\]^-]{1,6}".prop_map(String::into_bytes),
        1 => r"[ab]\\?( |\t|\\ |\r){1,4}".prop_map(String::into_bytes),
        1 => prop::collection::vec(prop_oneof![Just(b'a'), Just(b'*'), Just(b'?'), Just(0xe9), Just(0xc3), Just(0)], 1..5),
    ];
    let ends = prop::sample::select(vec![&b"\n"[..], b"\n", b"\r\n", b"\n\n", b"\n# caf\xe9\n"]);
    let rules = prop::collection::vec((line, ends), 1..5);
    let rules =
        rules.prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line.as_slice(), end].concat()).collect());
    (rules, prop::collection::vec(a_path(), 1..10))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(6) })]

    #[test]
    fn rules_mean_what_they_mean_to_git(cases in prop::collection::vec(a_case(), 400), ignore_case: bool) {
        compare(&cases, ignore_case)?;
    }
}

#[test]
fn odd_globs_mean_what_they_mean_to_git() {
    let lines = include_str!("odd-rules.txt").lines();
    let names = [
        "a", "b", "ab", "a b", " a", "a ", "é", "!a", "#a", "[", "[a", "a}", "a,b", "{a", "-", "]", "\\", ".", ".a",
        "B", "a\t", "{a,b}",
    ];
    let mut paths: Vec<Vec<u8>> = names.iter().filter(|name| **name != ".").map(|it| it.as_bytes().to_vec()).collect();
    for (first, second) in names.iter().flat_map(|first| names.iter().map(move |second| (first, second))) {
        if ![first, second].contains(&&".") {
            paths.push(format!("{first}/{second}").into_bytes());
            paths.push(format!("b/{first}/{second}").into_bytes());
        }
    }
    let cases: Vec<Case> = lines.map(|line| (line.as_bytes().to_vec(), paths.clone())).collect();
    for ignore_case in [false, true] {
        compare(&cases, ignore_case).unwrap();
    }
}

#[test]
fn the_last_rule_that_matches_wins_and_no_more_rules_count_than_wanted() {
    let text = b"*.o\n!keep.o\n\n# comment\nkeep.*\n!a\n";
    let verdict = |most: usize, path: &str| match Matcher::new(text, most, false).0.matched(path.as_bytes(), false) {
        Match::None => "none".to_owned(),
        Match::Ignore(rule) => format!("{} {}", rule.line, rule.text.escape_ascii()),
        Match::Whitelist(rule) => format!("{} {} lets in", rule.line, rule.text.escape_ascii()),
    };
    assert_eq!(verdict(9, "x.o"), "1 *.o");
    assert_eq!(verdict(9, "keep.o"), "5 keep.*");
    assert_eq!(verdict(2, "keep.o"), "2 !keep.o lets in");
    assert_eq!(verdict(9, "a"), "6 !a lets in");
    let cut = |most| Matcher::new(text, most, false).1;
    assert_eq!([cut(3), cut(4), cut(5)], [true, false, false]);
}

#[test]
fn no_glob_takes_long() {
    // An engine that tries one way after the other would not be done in a lifetime.
    let glob = "*a".repeat(500);
    let path = "a".repeat(255) + "b";
    let deep = "**/a/".repeat(200);
    let (matcher, _) = Matcher::new(format!("{glob}\n**/x/{glob}\n{deep}c\n").as_bytes(), usize::MAX, false);
    assert_eq!(matcher.len(), 3);
    assert!(matcher.matched(path.as_bytes(), false).is_none());
    assert!(matcher.matched("a/".repeat(2000).as_bytes(), false).is_none());
    let name = Path::new(OsStr::from_bytes(b"a")).join(&path);
    assert!(matcher.matched(name.as_os_str().as_bytes(), false).is_none());
}
