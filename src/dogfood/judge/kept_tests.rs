//! Existing tests stay as they are.
//!
//! A change may add tests, and may not alter one: with each line that was there, in its order, with nothing put into a function that was
//! there. So no assertion is weakened, no case is taken out, and no input is made easier. A change that has to alter a test is for a
//! person to make.

use crate::{
    corpus::{Language, Role, StopFlag, Symbol, definitions_in},
    edit::ChangedFile,
};
use regex::Regex;
use std::sync::LazyLock;

/// What begins an addition in files whose tests are no functions with names, as those of JavaScript.
const BEGINNINGS: [&str; 12] = [
    "import ",
    "const ",
    "function ",
    "async function ",
    "class ",
    "it(",
    "it.each",
    "test(",
    "test.each",
    "describe(",
    "//",
    "/*",
];

/// Folders of what tests go by: their code, and what they read and expect.
const FOLDERS: [&str; 14] = [
    "test",
    "tests",
    "testing",
    "spec",
    "specs",
    "__tests__",
    "testdata",
    "test_data",
    "fixtures",
    "snapshots",
    "__snapshots__",
    "golden",
    "goldens",
    "cassettes",
];

/// Where tests of Rust begin that stand in a file of code.
static INNER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r"#\[cfg\((?:test|all\(\s*test\b[^\]]*)\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s|#\[(?:\w+::)*test(?:\]|\()";
    Regex::new(pattern).expect("the pattern is right")
});

/// Whether a file is there for tests: as one, or as what one reads.
pub fn is_test(path: &str, text: &str) -> bool {
    Role::of_file(path, text) == Role::Test || is_data(path, text)
}

/// Whether a file is what tests read or expect, and no test itself.
fn is_data(path: &str, text: &str) -> bool {
    let mut folders = path.rsplit('/').skip(1);
    let lies_there = folders.any(|it| FOLDERS.contains(&it.to_lowercase().as_str())) || path.ends_with(".snap");
    lies_there && Role::of_file(path, text) != Role::Test
}

/// The tests that stand in a file of code itself, as those of Rust do: where they begin.
pub fn inner_tests(path: &str, text: &str) -> Option<usize> {
    if path.ends_with(".rs") { INNER.find(text).map(|it| it.start()) } else { None }
}

/// The tests of a file: all of it, or what stands behind its code.
fn tests_of<'t>(path: &str, text: &'t str) -> Option<&'t str> {
    if is_test(path, text) { Some(text) } else { inner_tests(path, text).map(|at| &text[at..]) }
}

/// Why a change is not offered that alters tests.
pub(super) fn objection(files: &[ChangedFile]) -> Option<String> {
    files.iter().find_map(|file| {
        let before = file.renamed_from.as_deref().unwrap_or(&file.path);
        let old = file.old.as_deref()?;
        if is_data(before, old) && (file.new.as_deref() != Some(old) || file.renamed_from.is_some()) {
            return Some(format!("it alters {before}, which tests go by"));
        }
        let old = tests_of(before, old)?;
        let new = file.new.as_deref().and_then(|new| tests_of(&file.path, new));
        match new {
            None => Some(format!("it removes the tests of {before}")),
            Some(_) if file.renamed_from.is_some() => {
                Some(format!("it moves the tests of {before}, which may then not be found"))
            }
            Some(new) => altered(&file.path, old, new),
        }
    })
}

/// How the tests of a file were altered.
fn altered(path: &str, old: &str, new: &str) -> Option<String> {
    let mut rest = new.lines().enumerate();
    // Where the lines of before are now.
    let mut kept = Vec::new();
    for line in old.lines() {
        match rest.find(|(_, it)| it.trim_end() == line.trim_end()) {
            Some((at, _)) => kept.push(at),
            None if line.trim().is_empty() => {}
            None => {
                let line = crate::text::one_line(line, 80);
                return Some(format!(
                    "it alters or removes `{line}` in the tests of {path}; existing tests stay as they are"
                ));
            }
        }
    }
    let language = Language::of_path(path)?;
    let stop = StopFlag::default();
    let (before, after) = (definitions_in(old, language, &stop), definitions_in(new, language, &stop));
    if before.iter().any(is_function) {
        return altered_function(path, (old, &before), (new, &after));
    }
    // Each run of lines that are new has to be whole.
    let lines: Vec<&str> = new.lines().collect();
    let added = (0..lines.len()).filter(|at| kept.binary_search(at).is_err() && !lines[*at].trim().is_empty());
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for at in added {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| lines[last + 1..at].iter().all(|it| it.trim().is_empty())) => {
                run.push(at);
            }
            _ => runs.push(vec![at]),
        }
    }
    let is_whole = |run: &Vec<usize>| {
        let text: String = run.iter().map(|&at| format!("{}\n", lines[at])).collect();
        let count = |open: char, close: char| text.matches(open).count() == text.matches(close).count();
        let first = lines[run[0]].trim_start();
        BEGINNINGS.iter().any(|it| first.starts_with(it)) && count('(', ')') && count('{', '}') && count('[', ']')
    };
    let broken = runs.iter().find(|run| !is_whole(run))?;
    let line = crate::text::one_line(lines[broken[0]], 80);
    Some(format!("it puts `{line}` into the tests of {path}, where it may alter one"))
}

fn is_function(symbol: &Symbol) -> bool {
    matches!(symbol.kind, "function" | "method" | "defun")
}

/// Which function of the tests has another text than before.
fn altered_function(path: &str, old: (&str, &[Symbol]), new: (&str, &[Symbol])) -> Option<String> {
    let functions = |(text, symbols): (&str, &[Symbol])| -> Vec<(String, String)> {
        let lines: Vec<&str> = text.lines().collect();
        let of = |symbol: &Symbol| {
            let is_lead = |line: &str| line.trim_start().starts_with("#[") || line.trim_start().starts_with('@');
            let mut first = symbol.first_line - 1;
            while first > 0 && is_lead(lines[first - 1]) {
                first -= 1;
            }
            let last = symbol.last_line.min(lines.len());
            let own =
                lines.get(first..last).unwrap_or_default().iter().map(|it| format!("{}\n", it.trim_end())).collect();
            (symbol.name.clone(), own)
        };
        symbols.iter().filter(|it| is_function(it)).map(of).collect()
    };
    let mut after = functions(new);
    functions(old).into_iter().find_map(|(name, text)| {
        let at = after.iter().position(|(own, new)| *own == name && new.trim_end() == text.trim_end());
        match at {
            Some(at) => {
                after.remove(at);
                None
            }
            None => Some(format!("it alters the test or helper `{name}` of {path}; existing tests stay as they are")),
        }
    })
}

/// The files with nothing of a change but its tests: what the old code is held against. Empty if there are none.
pub fn tests_alone(files: &[ChangedFile]) -> Vec<(String, String)> {
    let of = |file: &ChangedFile| {
        let new = file.new.as_deref()?;
        if is_test(&file.path, new) {
            return Some((file.path.clone(), new.to_owned()));
        }
        let at = inner_tests(&file.path, new)?;
        let old = file.old.as_deref()?;
        let code = inner_tests(&file.path, old).map_or(old, |at| &old[..at]);
        let with = format!("{}{}", code, &new[at..]);
        (with != old).then(|| (file.path.clone(), with))
    };
    files.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, old: Option<&str>, new: Option<&str>) -> ChangedFile {
        ChangedFile {
            path: path.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
            renamed_from: None,
            hunks: Vec::new(),
        }
    }

    const PYTHON: &str =
        "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n";

    #[test]
    fn tests_may_be_added_and_not_altered() {
        let added = format!("{PYTHON}\n    def test_b(self):\n        self.assertEqual(f(2), 3)\n");
        let weaker = PYTHON.replace("self.assertEqual(f(1), 2)", "self.assertTrue(f(1))");
        let early = PYTHON.replace("        self.assert", "        return\n        self.assert");
        let skipped = PYTHON.replace("    def test_a", "    @skip\n    def test_a");
        let rust =
            "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {\n        assert!(true);\n    }\n}\n";
        let rust_added = rust.replace("    #[test]\n    fn a", "    #[test]\n    fn b() {}\n\n    #[test]\n    fn a");
        let rust_ignored = rust.replace("    fn a", "    #[ignore]\n    fn a");
        let script = "import { f } from './f';\n\ndescribe('f', () => {\n  it('a', () => {\n    expect(f(1)).toBe(2);\n  });\n});\n";
        let script_added = script.replace("  it('a'", "  it('b', () => {\n    expect(f(2)).toBe(3);\n  });\n  it('a'");
        let script_early = script.replace("    expect(f(1))", "    return;\n    expect(f(1))");
        for (path, old, new, is_altered) in [
            ("test_a.py", PYTHON, Some(added.as_str()), false),
            ("test_a.py", PYTHON, Some(weaker.as_str()), true),
            ("test_a.py", PYTHON, Some(early.as_str()), true),
            ("test_a.py", PYTHON, Some(skipped.as_str()), true),
            ("test_a.py", PYTHON, Some("import unittest\n"), true),
            ("test_a.py", PYTHON, None, true),
            ("a.py", PYTHON, Some("x = 1\n"), false),
            ("src/a.rs", rust, Some(rust_added.as_str()), false),
            ("src/a.rs", rust, Some(rust_ignored.as_str()), true),
            ("src/a.rs", rust, Some("fn f() {}\n"), true),
            ("src/a.rs", rust, Some(&rust.replace("fn f() {}", "fn g() {}")), false),
            ("tests/data/expected.json", "{\"a\": 1}\n", Some("{\"a\": 2}\n"), true),
            ("src/__snapshots__/a.snap", "1\n", Some("2\n"), true),
            ("src/b.rs", "#[cfg(all(test, unix))]\nmod tests {\n    fn a() {}\n}\n", Some("fn b() {}\n"), true),
            (
                "src/c.rs",
                "#[tokio::test]\nasync fn a() {\n    b();\n}\n",
                Some("#[tokio::test]\nasync fn a() {}\n"),
                true,
            ),
            ("f.test.ts", script, Some(script_added.as_str()), false),
            ("f.test.ts", script, Some(script_early.as_str()), true),
        ] {
            let found = objection(&[file(path, Some(old), new)]);
            assert_eq!(found.is_some(), is_altered, "{path} {new:?}: {found:?}");
        }
    }

    #[test]
    fn of_a_change_its_tests_can_be_taken_alone() {
        let rust = "fn f() -> u8 { 1 }\n\n#[cfg(test)]\nmod tests {\n    fn a() {}\n}\n";
        let fixed = rust.replace("{ 1 }", "{ 2 }").replace("    fn a", "    fn b() {}\n    fn a");
        let files = [
            file("src/a.rs", Some(rust), Some(&fixed)),
            file("src/b.rs", Some("fn g() {}\n"), Some("fn h() {}\n")),
            file("tests/c.rs", None, Some("fn t() {}\n")),
        ];
        let alone = tests_alone(&files);
        assert_eq!(alone.len(), 2);
        assert_eq!(alone[0], ("src/a.rs".to_owned(), rust.replace("    fn a", "    fn b() {}\n    fn a")));
        assert_eq!(alone[1].0, "tests/c.rs");
        assert_eq!(tests_alone(&files[1..2]), []);
    }
}
