//! Functions that are hard to follow, above all in files that are changed often.

use super::super::point::{Point, Topic};
use crate::{corpus::FileMeasures, review::finding::Place};

/// From here on a function is worth a word. Linters of several languages warn from 15 or 25 on.
const HARD: usize = 25;

/// The most functions of one file that are told.
const MOST_OF_FILE: usize = 2;

/// The points about hard functions. `changes` says how many commits of the last year have changed a file.
pub fn points(files: &[FileMeasures], changes: impl Fn(&str) -> usize) -> Vec<Point> {
    let mut points = Vec::new();
    for file in files {
        let mut hard: Vec<_> = file.measures.functions.iter().filter(|it| it.complexity >= HARD).collect();
        hard.sort_by_key(|it| std::cmp::Reverse(it.complexity));
        let changes = changes(&file.path);
        points.extend(hard.into_iter().take(MOST_OF_FILE).map(|function| {
            let lines = function.last_line - function.first_line + 1;
            let place = Place {
                path: file.path.clone(),
                first_line: function.first_line,
                last_line: function.last_line,
            };
            let often = match changes {
                0 => String::new(),
                1 => ", in a file that one commit of the last year has changed".to_owned(),
                count => format!(", in a file that {count} commits of the last year have changed"),
            };
            Point {
                kind: "hard-function",
                topic: Topic::Structure,
                worth: (32.0 + (function.complexity - HARD) as f64 * 0.6 + 5.0 * (1.0 + changes as f64).ln()).min(85.0),
                place,
                sentence: format!("`{}` is hard to follow", function.name),
                reason: format!(
                    "its cognitive complexity is {} ({HARD} is much), its branches lie {} deep, and it has {lines} lines{often}",
                    function.complexity, function.nesting
                ),
                advice: "give parts of it names: early returns for the odd cases, a function for each inner loop".to_owned(),
                doubt: "What it does may be as involved as this by nature, such as a parser or a machine of states"
                    .to_owned(),
                evidence: Vec::new(),
                finding: None,
                fix: None,
            }
        }));
    }
    points
}
