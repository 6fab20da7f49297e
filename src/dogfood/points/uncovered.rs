//! Functions that no test runs, as a report of the project's own coverage says.

use super::super::{
    point::{Point, Topic},
    reports::{Coverage, Lines},
};
use crate::{
    corpus::{FileMeasures, FunctionMeasure},
    review::finding::Place,
    text::counted,
};

/// A simpler function needs no test of its own, and fewer lines say nothing.
const LEAST_COMPLEXITY: usize = 5;
const LEAST_LINES: usize = 3;

/// The points about functions none of whose lines a test has run: of each file one, for the hardest.
pub fn points(files: &[FileMeasures], coverage: &Coverage, changes: impl Fn(&str) -> usize) -> Vec<Point> {
    let point = |file: &FileMeasures| {
        let lines = coverage.files.get(&file.path)?;
        let functions = &file.measures.functions;
        let mut bare: Vec<(&FunctionMeasure, usize)> =
            functions.iter().filter_map(|it| Some((it, never_run(it, lines)?))).collect();
        bare.sort_by_key(|(it, _)| (std::cmp::Reverse(it.complexity), it.first_line));
        let &(hardest, count) = bare.first()?;
        let others = match bare.len() - 1 {
            0 => String::new(),
            others => format!(", and so are {} more of this file", counted(others, "function")),
        };
        let changes = changes(&file.path);
        Some(Point {
            kind: "uncovered-function",
            topic: Topic::Tests,
            worth: (42.0 + hardest.complexity as f64 / 2.0 + 4.0 * (1.0 + changes as f64).ln()).min(69.0),
            place: Place { path: file.path.clone(), first_line: hardest.first_line, last_line: hardest.last_line },
            sentence: format!("no test runs `{}`", hardest.name),
            reason: format!(
                "by {} none of its {} is covered; its cognitive complexity is {}{others}",
                coverage.report,
                counted(count, "line"),
                hardest.complexity
            ),
            advice: "write a test that runs it".to_owned(),
            doubt: "The report may be of a part of the tests only, or of a build without some of the code".to_owned(),
            evidence: Vec::new(),
            finding: None,
            fix: None,
        })
    };
    files.iter().filter_map(point).collect()
}

/// How many lines a function has that could be run, if none of them was. Its first one counts as run where the file is read.
fn never_run(function: &FunctionMeasure, lines: &Lines) -> Option<usize> {
    if function.complexity < LEAST_COMPLEXITY || function.last_line <= function.first_line {
        return None;
    }
    let inside: Vec<bool> = lines.range(function.first_line + 1..=function.last_line).map(|(_, it)| *it).collect();
    (inside.len() >= LEAST_LINES && !inside.contains(&true)).then_some(inside.len())
}
