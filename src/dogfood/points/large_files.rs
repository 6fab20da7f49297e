//! Large files that are changed all the time.

use super::super::point::{Point, Topic};
use crate::{corpus::FileMeasures, review::finding::Place};

/// From so many lines on a file is large.
const LARGE: usize = 700;

/// A file must be changed by so many commits, and by one of so many, to be worth a word.
const LEAST_CHANGES: usize = 10;
const ONE_OF: usize = 15;

/// The points about them. `changes` says how many of the `commits` of the last year have changed a file.
pub fn points(files: &[FileMeasures], commits: usize, changes: impl Fn(&str) -> usize) -> Vec<Point> {
    let mut points = Vec::new();
    for file in files {
        let changes = changes(&file.path);
        if file.lines < LARGE || changes < LEAST_CHANGES || changes * ONE_OF < commits {
            continue;
        }
        points.push(Point {
            kind: "large-hot-file",
            topic: Topic::Structure,
            worth: (35.0 + file.lines as f64 / 100.0 + 40.0 * changes as f64 / commits.max(1) as f64).min(75.0),
            place: Place { path: file.path.clone(), first_line: 1, last_line: file.lines },
            sentence: format!("a file of {} lines is changed all the time", file.lines),
            reason: format!("{changes} of {commits} commits of the last year have changed it"),
            advice: "split it by what changes together".to_owned(),
            doubt: "It may be one thing, such as a table, that is best kept in one place".to_owned(),
            evidence: Vec::new(),
            finding: None,
            fix: None,
        });
    }
    points
}
