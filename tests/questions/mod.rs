//! Whether the citations of an answer hold a place that was noted as right, and how often they do.

use serde::Deserialize;
use serde_json::Value;
use std::{fs, path::Path};

/// Citations that a person looks at.
pub const LOOKED_AT: usize = 5;

/// Longer citations do not count.
pub const LONGEST: usize = 60;

/// A place that answers: a file, and a text that occurs on one of its lines.
#[derive(Deserialize)]
pub struct Answer {
    file: String,
    line: String,
}

/// The place among the first citations of a result, from 1, of the first that answers.
pub fn rank(result: &Value, answers: &[Answer], sources: &Path) -> Option<usize> {
    let citations = result["citations"].as_array().expect("a list of citations");
    citations.iter().take(LOOKED_AT).position(|citation| holds(citation, answers, sources)).map(|at| at + 1)
}

fn holds(citation: &Value, answers: &[Answer], sources: &Path) -> bool {
    let line = |name: &str| citation[name].as_u64().and_then(|it| usize::try_from(it).ok()).expect("a number");
    let (first, last) = (line("startLine"), line("endLine"));
    last - first < LONGEST
        && answers.iter().any(|answer| {
            citation["path"] == answer.file.as_str() && {
                let text = fs::read(sources.join(&answer.file)).expect("the source is there");
                let text = String::from_utf8_lossy(&text);
                text.lines().skip(first - 1).take(last + 1 - first).any(|line| line.contains(&answer.line))
            }
        })
}

/// How many of how many questions were answered by the first citation, and by the first five.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub asked: usize,
    pub first: usize,
    pub five: usize,
}

impl Tally {
    pub fn add(&mut self, rank: Option<usize>) {
        self.asked += 1;
        self.first += usize::from(rank == Some(1));
        self.five += usize::from(rank.is_some());
    }

    /// A row of a table.
    pub fn row(self, name: &str) -> String {
        let percent = |count: usize| 100.0 * count as f64 / self.asked as f64;
        let (first, five) = (percent(self.first), percent(self.five));
        format!("| {name} | {} | {} ({first:.0} %) | {} ({five:.0} %) |\n", self.asked, self.first, self.five)
    }
}
