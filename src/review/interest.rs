//! Which part of a text a review is about: what has changed, lines that somebody has chosen, or all of it.

use super::{
    finding::{Finding, Place},
    since::Since,
};

/// Both must hold where both are given.
#[derive(Debug, Clone, Copy)]
pub struct Interest<'r> {
    pub since: Option<&'r Since>,
    pub only: Option<&'r Place>,
}

impl Interest<'_> {
    /// Whether a finding is about it.
    pub fn concerns(&self, finding: &Finding) -> bool {
        self.since.is_none_or(|since| since.concerns(finding)) && self.is_chosen(&finding.place)
    }

    /// Whether lines of a place are of interest.
    pub fn touches(&self, place: &Place) -> bool {
        self.since.is_none_or(|since| since.touches(place)) && self.is_chosen(place)
    }

    fn is_chosen(&self, place: &Place) -> bool {
        self.only.is_none_or(|only| {
            only.path == place.path && only.first_line <= place.last_line && place.first_line <= only.last_line
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_lines_are_those_that_overlap() {
        let only = Place { path: "a.rs".to_owned(), first_line: 5, last_line: 9 };
        let interest = Interest { since: None, only: Some(&only) };
        for (path, first_line, last_line, expected) in [
            ("a.rs", 5, 5, true),
            ("a.rs", 9, 20, true),
            ("a.rs", 1, 4, false),
            ("a.rs", 10, 10, false),
            ("b.rs", 5, 9, false),
        ] {
            let place = Place { path: path.to_owned(), first_line, last_line };
            assert_eq!(interest.touches(&place), expected, "{place}");
        }
        let all = Interest { since: None, only: None };
        assert!(all.touches(&Place::line("b.rs", 1)));
    }
}
