//! A point: something about a repository on which work pays, and how much.

use crate::review::finding::{Evidence, Fix, Place};

/// What a point is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Correctness,
    Tests,
    Performance,
    Documentation,
    DeadCode,
    Structure,
}

impl Topic {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Tests => "tests",
            Self::Performance => "performance",
            Self::Documentation => "documentation",
            Self::DeadCode => "dead code",
            Self::Structure => "structure",
        }
    }
}

/// How soon somebody should look at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    High,
    Medium,
    Low,
}

impl Priority {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// From so much worth on a point has a high priority, and a medium one.
const HIGH: f64 = 70.0;
const MEDIUM: f64 = 45.0;

/// What a further point of the same kind is worth beside the one before, so that none of them hides the others.
const OF_SAME_KIND: f64 = 0.88;

/// Something on which work pays.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// A stable name of what kind it is, for programs: a rule of reviews, or a measure.
    pub kind: &'static str,
    pub topic: Topic,
    /// From 0 to 100: how sure it is, how much it matters, and how often people come by.
    pub worth: f64,
    pub place: Place,
    pub sentence: String,
    /// What it rests on.
    pub reason: String,
    /// What could be done.
    pub advice: String,
    /// How it could be wrong.
    pub doubt: String,
    pub evidence: Vec<Evidence>,
    /// The identity of the finding that it is, if a review has it.
    pub finding: Option<String>,
    pub fix: Option<Fix>,
}

impl Point {
    pub fn priority(&self) -> Priority {
        match self.worth {
            worth if worth >= HIGH => Priority::High,
            worth if worth >= MEDIUM => Priority::Medium,
            _ => Priority::Low,
        }
    }
}

/// Orders points by their worth; of each kind every further one is worth a little less than the one before.
pub fn ranked(mut points: Vec<Point>) -> Vec<Point> {
    let by_worth = |a: &Point, b: &Point| b.worth.total_cmp(&a.worth).then_with(|| a.place.cmp(&b.place));
    points.sort_by(by_worth);
    let mut seen: Vec<(&'static str, i32)> = Vec::new();
    for point in &mut points {
        let before = match seen.iter_mut().find(|(kind, _)| *kind == point.kind) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                seen.push((point.kind, 0));
                0
            }
        };
        point.worth *= OF_SAME_KIND.powi(before);
    }
    points.sort_by(by_worth);
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(kind: &'static str, worth: f64, path: &str) -> Point {
        Point {
            kind,
            topic: Topic::Structure,
            worth,
            place: Place::line(path, 1),
            sentence: String::new(),
            reason: String::new(),
            advice: String::new(),
            doubt: String::new(),
            evidence: Vec::new(),
            finding: None,
            fix: None,
        }
    }

    #[test]
    fn no_kind_hides_the_others() {
        let mut points: Vec<Point> =
            ["a", "b", "c", "d", "e"].into_iter().map(|path| point("many", 80.0, path)).collect();
        points.push(point("few", 60.0, "z"));
        let order: Vec<String> = ranked(points).into_iter().map(|it| it.place.path).collect();
        assert_eq!(order, ["a", "b", "c", "z", "d", "e"]);
        assert_eq!(point("a", 70.0, "").priority(), Priority::High);
        assert_eq!(point("a", 44.9, "").priority(), Priority::Low);
    }
}
