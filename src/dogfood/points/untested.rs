//! Files of which no test names anything.

use super::super::point::{Point, Topic};
use crate::{
    corpus::{FileMeasures, Measured},
    review::finding::Place,
};

/// A file whose functions are simpler than this altogether needs no tests of its own.
const LEAST_COMPLEXITY: usize = 20;

/// The points about files that no test names. `changes` says how many commits of the last year have changed a file.
pub fn points(measured: &Measured, changes: impl Fn(&str) -> usize) -> Vec<Point> {
    let Some(unnamed) = &measured.named_by_no_test else { return Vec::new() };
    let complexity = |file: &FileMeasures| file.measures.functions.iter().map(|it| it.complexity).sum::<usize>();
    let files = measured.files.iter().filter(|it| unnamed.contains(&it.path));
    let files = files.map(|it| (it, complexity(it))).filter(|(_, complexity)| *complexity >= LEAST_COMPLEXITY);
    let point = |(file, complexity): (&FileMeasures, usize)| {
        let changes = changes(&file.path);
        let often =
            if changes > 1 { format!("; {changes} commits of the last year have changed it") } else { String::new() };
        let hardest = file.measures.functions.iter().max_by_key(|it| it.complexity);
        let hardest = hardest.map(|it| format!(", the hardest is `{}` (line {})", it.name, it.first_line));
        Point {
            kind: "no-test-names-it",
            topic: Topic::Tests,
            worth: (30.0 + complexity as f64 / 4.0 + 4.0 * (1.0 + changes as f64).ln()).min(66.0),
            place: Place::line(&file.path, 1),
            sentence: "no test names this file or anything that it defines".to_owned(),
            reason: format!(
                "the names of its {} functions stand in no test; their complexity is {complexity} altogether{}{often}",
                file.measures.functions.len(),
                hardest.unwrap_or_default()
            ),
            advice: "write a test of its hardest function, or see what the project's own coverage says".to_owned(),
            doubt:
                "Tests may reach it through others, which names do not tell; no report of coverage speaks of the file"
                    .to_owned(),
            evidence: Vec::new(),
            finding: None,
            fix: None,
        }
    };
    files.map(point).collect()
}
