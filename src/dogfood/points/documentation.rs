//! Public items without documentation, where the project documents such items as a rule.

use super::super::point::{Point, Topic};
use crate::{
    corpus::{FileMeasures, PublicItem},
    review::finding::Place,
    text::counted,
};

/// A project that documents a smaller part of its public items has no such rule.
const LEAST_SHARE: f64 = 0.5;

/// A file must have so many without documentation to be worth a word, and so many are named.
const LEAST_OF_FILE: usize = 3;
const MOST_NAMED: usize = 5;

/// Public items, and those of them that are documented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Documented {
    pub public: usize,
    pub documented: usize,
}

impl Documented {
    pub fn of(files: &[FileMeasures]) -> Self {
        let items = || files.iter().flat_map(|it| &it.measures.public);
        Self { public: items().count(), documented: items().filter(|it| it.is_documented).count() }
    }

    fn share(self) -> f64 {
        self.documented as f64 / self.public.max(1) as f64
    }
}

/// The points about items that lack documentation: by file, or one where the project documents few.
pub fn points(files: &[FileMeasures]) -> Vec<Point> {
    let all = Documented::of(files);
    if all.share() < LEAST_SHARE {
        return Vec::new();
    }
    let mut points = Vec::new();
    for file in files {
        let public = &file.measures.public;
        let bare: Vec<&PublicItem> = public.iter().filter(|it| !it.is_documented).collect();
        let Some(first) = bare.first().filter(|_| bare.len() >= LEAST_OF_FILE) else { continue };
        let more = match bare.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named: Vec<String> =
            bare.iter().take(MOST_NAMED).map(|it| format!("`{}` (line {})", it.name, it.line)).collect();
        let share = bare.len() as f64 / public.len() as f64;
        points.push(Point {
            kind: "undocumented-items",
            topic: Topic::Documentation,
            worth: (20.0 + 15.0 * share + 1.2 * bare.len() as f64 + 15.0 * all.share()).min(66.0),
            place: Place::line(&file.path, first.line),
            sentence: format!("{} of {} have no documentation", bare.len(), counted(public.len(), "public item")),
            reason: format!(
                "{}{more}; of the whole project {} of {} are documented",
                named.join(", "),
                all.documented,
                all.public
            ),
            advice: "say of each in one sentence what it is for, and what its caller must know".to_owned(),
            doubt: "An item that is marked as public may be used only here, or be told elsewhere".to_owned(),
            evidence: Vec::new(),
            finding: None,
            fix: None,
        });
    }
    points
}
