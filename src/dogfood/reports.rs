//! What a project's own tools have written down when its tests ran last: which lines they cover, and how long each took.
//!
//! Nothing is run for that. Reports are looked for where tools leave them, below the folder that is analysed; they may come from
//! anybody, and say of a file that has changed since nothing that is believed.

mod coverage;
mod tests_report;

use crate::corpus::{Measured, Report, changed_at, read_report};
use rustc_hash::FxHashMap;
use std::{collections::BTreeMap, path::Path, time::SystemTime};

/// Where reports of coverage lie, and in which form, the likeliest first.
const COVERAGE: [(&str, coverage::Form); 14] = [
    ("lcov.info", coverage::Form::Lcov),
    ("coverage/lcov.info", coverage::Form::Lcov),
    ("coverage.lcov", coverage::Form::Lcov),
    ("target/lcov.info", coverage::Form::Lcov),
    ("target/coverage/lcov.info", coverage::Form::Lcov),
    ("coverage.xml", coverage::Form::Cobertura),
    ("cobertura.xml", coverage::Form::Cobertura),
    ("coverage/coverage.xml", coverage::Form::Cobertura),
    ("coverage/cobertura-coverage.xml", coverage::Form::Cobertura),
    ("target/cobertura.xml", coverage::Form::Cobertura),
    ("coverage.json", coverage::Form::CoveragePy),
    ("cover.out", coverage::Form::Go),
    ("coverage.out", coverage::Form::Go),
    ("c.out", coverage::Form::Go),
];

/// Where reports of tests in the form of JUnit lie.
const TESTS: [&str; 10] = [
    "junit.xml",
    "test-results.xml",
    "report.xml",
    "test-report.xml",
    "test-results/junit.xml",
    "reports/junit.xml",
    "coverage/junit.xml",
    "target/junit.xml",
    "target/nextest/default/junit.xml",
    "target/nextest/ci/junit.xml",
];

/// Tests that are told as slow.
const MOST_SLOW: usize = 5;

/// The lines of a file that a report speaks of, each with whether a test has run it.
pub type Lines = BTreeMap<usize, bool>;

/// What reports say.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    pub coverage: Option<Coverage>,
    pub tests: Option<TestTimes>,
    /// Sentences about what was there and cannot be believed, or not be read.
    pub problems: Vec<String>,
}

/// What tests cover.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// The report, from the root on.
    pub report: String,
    /// By the paths of the text; without files that have changed since.
    pub files: FxHashMap<String, Lines>,
}

/// How long tests took.
#[derive(Debug, Clone, PartialEq)]
pub struct TestTimes {
    pub report: String,
    pub tests: usize,
    pub seconds: f64,
    /// The slowest first, in seconds.
    pub slowest: Vec<(String, f64)>,
}

impl Coverage {
    /// How many lines there are, and how many of them a test has run.
    pub fn counts(&self) -> (usize, usize) {
        let lines = || self.files.values().flat_map(Lines::values);
        (lines().count(), lines().filter(|is_covered| **is_covered).count())
    }
}

/// Looks for reports below a root, and for the files of a text in them. Blocks.
pub fn found(root: &Path, measured: &Measured) -> Reports {
    let mut reports = Reports::default();
    let mut read = |path: &str| match read_report(root, path) {
        Ok(report) => report,
        Err(error) => {
            reports.problems.push(format!("{path}: {error}"));
            None
        }
    };
    let with_coverage = COVERAGE.iter().find_map(|&(path, form)| Some((path, form, read(path)?)));
    let with_tests = TESTS.iter().find_map(|&path| Some((path, read(path)?)));
    if let Some((path, form, Report { text, modified })) = with_coverage {
        match coverage::read(form, &text) {
            Ok(told) => {
                let (files, changed) = placed(told, measured, |file| is_older(root, file, modified));
                if changed > 0 {
                    let files = crate::text::counted(changed, "file");
                    reports.problems.push(format!("what tests cover of {files}: changed since {path} was written"));
                }
                if !files.is_empty() {
                    reports.coverage = Some(Coverage { report: path.to_owned(), files });
                }
            }
            Err(why) => reports.problems.push(format!("{path}: {why}")),
        }
    }
    if let Some((path, Report { text, .. })) = with_tests {
        match tests_report::read(&text) {
            Ok(mut times) if !times.is_empty() => {
                let (tests, seconds) = (times.len(), times.iter().map(|(_, seconds)| seconds).sum());
                times.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                times.truncate(MOST_SLOW);
                reports.tests = Some(TestTimes { report: path.to_owned(), tests, seconds, slowest: times });
            }
            Ok(_) => reports.problems.push(format!("{path}: it names no test")),
            Err(why) => reports.problems.push(format!("{path}: {why}")),
        }
    }
    reports
}

/// Whether a file is as old as a report, or older.
fn is_older(root: &Path, file: &str, modified: SystemTime) -> bool {
    changed_at(root, file).is_some_and(|changed| changed <= modified)
}

/// The lines by the files of the text, and how many files have changed since. A report names files from a root of its own, or from that
/// of the machine: the file is meant whose path is the end of the name, or has it as its end.
fn placed(
    told: Vec<(String, Lines)>,
    measured: &Measured,
    is_believed: impl Fn(&str) -> bool,
) -> (FxHashMap<String, Lines>, usize) {
    let mut by_name: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for file in &measured.files {
        by_name.entry(name(&file.path)).or_default().push(&file.path);
    }
    let is_end =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|it| it.is_empty() || it.ends_with('/'));
    let (mut files, mut changed) = (FxHashMap::<String, Lines>::default(), 0);
    for (named, lines) in told {
        let named = named.replace('\\', "/");
        let named = named.trim_start_matches("./");
        let candidates = by_name.get(name(named)).map_or(&[][..], Vec::as_slice);
        // Of several the one is meant that has most in common; and none if that is not clear.
        let within = candidates.iter().filter(|path| is_end(named, path)).max_by_key(|path| path.len());
        let mut around = candidates.iter().filter(|path| is_end(path, named));
        let path = match (within, around.next(), around.next()) {
            (Some(path), ..) | (None, Some(path), None) => *path,
            _ => continue,
        };
        if !is_believed(path) {
            changed += 1;
            continue;
        }
        let known = files.entry(path.to_owned()).or_default();
        for (line, is_covered) in lines {
            *known.entry(line).or_default() |= is_covered;
        }
    }
    (files, changed)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{FileMeasures, Measures};

    fn measured(paths: &[&str]) -> Measured {
        let file = |path: &&str| FileMeasures { path: (*path).to_owned(), lines: 1, measures: Measures::default() };
        Measured { files: paths.iter().map(file).collect(), named_by_no_test: None }
    }

    #[test]
    fn files_are_found_by_the_ends_of_their_paths() {
        let measured = measured(&["src/a.py", "lib/src/a.py", "go/b.go", "x/c.js", "y/c.js"]);
        for (named, expected) in [
            ("src/a.py", Some("src/a.py")),
            ("/home/ann/project/src/a.py", Some("src/a.py")),
            ("/home/ann/project/lib/src/a.py", Some("lib/src/a.py")),
            ("example.org/project/go/b.go", Some("go/b.go")),
            ("b.go", Some("go/b.go")),
            (".\\x\\c.js", Some("x/c.js")),
            ("c.js", None),
            ("bb.go", None),
            ("", None),
        ] {
            let (files, changed) = placed(vec![(named.to_owned(), Lines::from([(1, true)]))], &measured, |_| true);
            assert_eq!((files.keys().next().map(String::as_str), changed), (expected, 0), "{named}");
        }
        let told = vec![("src/a.py".to_owned(), Lines::new())];
        assert_eq!(placed(told, &measured, |_| false).1, 1);
    }

    #[test]
    fn a_report_that_is_a_link_or_no_text_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "SF:a.py\nDA:1,1\n").unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink(&secret, root.join("lcov.info")).unwrap();
        std::fs::write(root.join("junit.xml"), [0xff, 0xfe]).unwrap();
        let reports = found(&root, &measured(&["a.py"]));
        assert!(reports.coverage.is_none() && reports.tests.is_none());
        assert!(reports.problems.iter().any(|it| it.starts_with("lcov.info: ")), "{:?}", reports.problems);
        assert!(reports.problems.iter().any(|it| it.starts_with("junit.xml: ")), "{:?}", reports.problems);
    }
}
