//! Which tests a check has run, by their names and their number, as far as its output tells.
//!
//! Each ecosystem prints this in its own way. What is not understood is left aside: then only the exit status counts.

use regex::Regex;
use std::{collections::BTreeMap, sync::LazyLock};

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestState {
    Passed,
    Failed,
    Skipped,
}

/// The tests of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestResults {
    pub named: BTreeMap<String, TestState>,
    /// By the totals that are printed.
    pub passed: usize,
    pub skipped: usize,
}

/// Lines that name one test: the state may stand before or behind the name.
static NAMED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        // cargo
        r"^test (?P<name>\S.*?) \.\.\. (?P<state>ok|FAILED|ignored)",
        // pytest -v
        r"^(?P<name>\S+::\S.*?) (?P<state>PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b",
        // unittest -v
        r"^(?P<name>\w+ \([\w.]+\))(?:\s.*)? \.\.\. (?P<state>ok|FAIL|ERROR|skipped|expected failure|unexpected success)",
        // go test -v
        r"^\s*--- (?P<state>PASS|FAIL|SKIP): (?P<name>\S+)",
        // go test
        r"^(?P<state>ok|FAIL)\s+(?P<name>[\w.-]+(?:/[\w.-]+)+)\s",
        // TAP
        r"^\s*(?P<state>not ok|ok) \d+ (?:- )?(?P<name>.+)$",
        // Jest, Vitest, Mocha
        r"^\s*(?P<state>[✓✔√✕✗×○]) (?P<name>.+)$",
    ];
    patterns.iter().map(|it| Regex::new(it).expect("the pattern is right")).collect()
});

/// Lines that name a test that has failed once more, or of which nothing else is told.
static FAILED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?:FAIL|ERROR): (?P<unittest>\w+ \([\w.]+\))|^(?:FAILED|ERROR) (?P<pytest>\S+::\S+)";
    Regex::new(pattern).expect("the pattern is right")
});

/// Numbers of tests in a summary.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\b(\d+) (passed|passing|skipped|ignored|pending|xfailed|deselected|todo)\b";
    Regex::new(pattern).expect("the pattern is right")
});
static RAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^Ran (\d+) tests? in ").expect("the pattern is right"));
static SKIPPED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bskipped=(\d+)").expect("the pattern is right"));
static TAP_COUNTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[#ℹ] (pass|skipped|todo) (\d+)$").expect("the pattern is right"));

/// What changes from run to run behind a name: how long it took, and the line that a test in a comment stands on.
static PASSING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s*(?:\(\d+(?:\.\d+)?\s?m?s\)|\d+ms| \(line \d+\))").expect("the pattern is right"));

/// Reads the output of a check.
pub fn read(output: &str) -> TestResults {
    let mut results = TestResults::default();
    let mut program = String::new();
    for line in output.lines() {
        let line = line.trim_end();
        // Of several programs of cargo, each has its own tests; those in comments belong to none of them.
        if let Some(rest) = line.trim_start().strip_prefix("Running ") {
            program = rest.split(" (").next().unwrap_or_default().to_owned();
        } else if line.trim_start().starts_with("Doc-tests ") {
            program = line.trim_start().to_owned();
        }
        if let Some(failed) = FAILED.captures(line) {
            let name = failed.name("unittest").or(failed.name("pytest")).map_or("", |it| it.as_str());
            results.named.insert(name.to_owned(), TestState::Failed);
            continue;
        }
        if let Some((name, state)) = named(line) {
            let name = if program.is_empty() { name } else { format!("{program}: {name}") };
            let mut key = name.clone();
            let mut number = 1;
            while results.named.contains_key(&key) {
                number += 1;
                key = format!("{name} #{number}");
            }
            results.named.insert(key, state);
            continue;
        }
        results.count(line);
    }
    results
}

fn named(line: &str) -> Option<(String, TestState)> {
    let found = NAMED.iter().find_map(|it| it.captures(line))?;
    let name = PASSING.replace_all(&found["name"], "").trim().to_owned();
    let skips = ["# skip", "# SKIP", "# todo", "# TODO"].iter().any(|it| name.contains(it));
    let state = match &found["state"] {
        _ if skips => TestState::Skipped,
        "ok" | "PASSED" | "PASS" | "✓" | "✔" | "√" => TestState::Passed,
        "ignored" | "SKIPPED" | "XFAIL" | "skipped" | "expected failure" | "SKIP" | "○" => TestState::Skipped,
        _ => TestState::Failed,
    };
    (!name.is_empty()).then_some((name, state))
}

impl TestResults {
    fn count(&mut self, line: &str) {
        let number = |text: &str| text.parse::<usize>().unwrap_or_default();
        if let Some(ran) = RAN.captures(line) {
            self.passed += number(&ran[1]);
        }
        if let Some(skipped) = SKIPPED.captures(line) {
            self.skipped += number(&skipped[1]);
        }
        if let Some(counted) = TAP_COUNTED.captures(line) {
            match &counted[1] {
                "pass" => self.passed += number(&counted[2]),
                _ => self.skipped += number(&counted[2]),
            }
        }
        for counted in COUNTED.captures_iter(line) {
            match &counted[2] {
                "passed" | "passing" => self.passed += number(&counted[1]),
                _ => self.skipped += number(&counted[1]),
            }
        }
    }

    /// What has passed or was counted before and is not so any more, in words.
    pub fn losses(&self, after: &Self) -> Vec<String> {
        let passed = self.named.iter().filter(|(_, state)| **state == TestState::Passed);
        let mut losses: Vec<String> = passed
            .filter_map(|(name, _)| match after.named.get(name) {
                Some(TestState::Passed) => None,
                Some(TestState::Failed) => Some(format!("the test `{name}` passed before and fails")),
                Some(TestState::Skipped) => Some(format!("the test `{name}` passed before and is skipped")),
                None => Some(format!("the test `{name}` passed before and is not run")),
            })
            .collect();
        if after.passed < self.passed {
            losses.push(format!("{} tests were run before, and {} are now", self.passed, after.passed));
        }
        if after.skipped > self.skipped {
            losses.push(format!("{} tests were skipped before, and {} are now", self.skipped, after.skipped));
        }
        losses
    }

    /// What has failed, by name.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.named.iter().filter(|(_, state)| **state == TestState::Failed).map(|(name, _)| name.as_str())
    }

    /// Leaves out what two runs of the same tree say differently, and names it.
    pub fn without_flaky(mut self, other: &Self) -> (Self, Vec<String>) {
        let is_flaky = |name: &String, state: &TestState| other.named.get(name) != Some(state);
        let flaky: Vec<String> =
            self.named.iter().filter(|(name, state)| is_flaky(name, state)).map(|(name, _)| name.clone()).collect();
        self.named.retain(|name, _| !flaky.contains(name));
        self.passed = self.passed.min(other.passed);
        self.skipped = self.skipped.max(other.skipped);
        (self, flaky)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_what_each_ecosystem_prints() {
        for (output, passed, failed, skipped, counts) in [
            (
                "     Running unittests src/lib.rs (target/debug/deps/a-1)\ntest a::b ... ok\ntest c ... FAILED\ntest d ... ignored, slow\n\
                 \n   Doc-tests a\ntest src/lib.rs - f (line 10) ... ok\ntest result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
                vec!["Doc-tests a: src/lib.rs - f", "unittests src/lib.rs: a::b"],
                vec!["unittests src/lib.rs: c"],
                1,
                (2, 1),
            ),
            (
                "tests/test_a.py::test_one PASSED [ 50%]\ntests/test_a.py::test_two[x y] FAILED\ntests/test_a.py::test_three SKIPPED (no)\n\
                 ==== 1 failed, 1 passed, 1 skipped in 0.02s ====\n",
                vec!["tests/test_a.py::test_one"],
                vec!["tests/test_a.py::test_two[x y]"],
                1,
                (1, 1),
            ),
            (
                "test_one (test_a.A.test_one) ... ok\ntest_two (test_a.A.test_two) ... FAIL\ntest_three (a.B) ... skipped 'no'\n\
                 Ran 3 tests in 0.001s\nFAILED (failures=1, skipped=1)\n",
                vec!["test_one (test_a.A.test_one)"],
                vec!["test_two (test_a.A.test_two)"],
                1,
                (3, 1),
            ),
            (
                "=== RUN   TestOne\n--- PASS: TestOne (0.01s)\n--- FAIL: TestTwo (0.00s)\n    --- SKIP: TestThree (0.00s)\nok  \texample.org/a\t0.02s\n",
                vec!["TestOne", "example.org/a"],
                vec!["TestTwo"],
                1,
                (0, 0),
            ),
            (
                "ok 1 - one\nnot ok 2 - two\nok 3 - three # SKIP\n# pass 1\n# skipped 1\n",
                vec!["one"],
                vec!["two"],
                1,
                (1, 1),
            ),
            (
                "  ✓ adds (3 ms)\n  ✕ fails (1 ms)\n  ○ skipped later\nTests:  1 failed, 1 skipped, 1 passed, 3 total\n",
                vec!["adds"],
                vec!["fails"],
                1,
                (1, 1),
            ),
            (
                "FAIL: test_two (a.A.test_two)\nRan 2 tests in 0.001s\n",
                vec![],
                vec!["test_two (a.A.test_two)"],
                0,
                (2, 0),
            ),
            ("FAILED tests/a.py::test_b - assert 1 == 2\n", vec![], vec!["tests/a.py::test_b"], 0, (0, 0)),
            ("all is well\n", vec![], vec![], 0, (0, 0)),
        ] {
            let found = read(output);
            let with = |state: TestState| -> Vec<&str> {
                found.named.iter().filter(|it| *it.1 == state).map(|it| it.0.as_str()).collect()
            };
            assert_eq!(with(TestState::Passed), passed, "{output}");
            assert_eq!(with(TestState::Failed), failed, "{output}");
            assert_eq!((with(TestState::Skipped).len(), (found.passed, found.skipped)), (skipped, counts), "{output}");
        }
    }

    #[test]
    fn what_is_lost_and_what_is_flaky_is_told() {
        let before = read("test a ... ok\ntest b ... ok\ntest c ... ok\ntest d ... FAILED\n3 passed\n");
        let after = read("test a ... ok\ntest b ... FAILED\ntest c ... ignored\ntest e ... ok\n2 passed; 1 ignored\n");
        assert_eq!(before.losses(&before), Vec::<String>::new());
        assert_eq!(
            before.losses(&after),
            [
                "the test `b` passed before and fails",
                "the test `c` passed before and is skipped",
                "3 tests were run before, and 2 are now",
                "0 tests were skipped before, and 1 are now",
            ]
        );
        let (steady, flaky) = before.without_flaky(&after);
        assert_eq!((steady.named.len(), steady.passed), (1, 2));
        assert_eq!(flaky, ["b", "c", "d"]);
    }
}
