//! Sets of characters, and the ones that Python's classes stand for.
//!
//! A set is a list of ranges of code points, lone surrogates included, since strings of Python can have them.

use rustpython_sre_engine::{
    SreCatCode,
    string::{lower_ascii, lower_unicode, upper_unicode},
};
use std::sync::LazyLock;

/// The last code point.
const LAST: u32 = char::MAX as u32;

/// No character behind this one has a case.
const LAST_CASED: u32 = 0x1_ffff;

/// Ranges in ascending order that neither overlap nor touch; both ends belong to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharSet(Vec<(u32, u32)>);

impl CharSet {
    pub fn new(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.retain(|&(first, last)| first <= last && first <= LAST);
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            let last = last.min(LAST);
            match merged.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub fn of(char: u32) -> Self {
        Self::new(vec![(char, char)])
    }

    pub fn all() -> Self {
        Self(vec![(0, LAST)])
    }

    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    pub fn contains(&self, char: u32) -> bool {
        let behind = self.0.partition_point(|&(first, _)| first <= char);
        behind.checked_sub(1).is_some_and(|at| char <= self.0[at].1)
    }

    /// The only character of the set.
    pub fn single(&self) -> Option<u32> {
        match *self.0 {
            [(first, last)] if first == last => Some(first),
            _ => None,
        }
    }

    pub fn complement(&self) -> Self {
        let starts = std::iter::once(0).chain(self.0.iter().map(|&(_, last)| last + 1));
        let ends = self.0.iter().map(|&(first, _)| first.checked_sub(1)).chain([Some(LAST)]);
        // Before a set that begins with the first code point there is nothing.
        Self::new(starts.zip(ends).filter_map(|(start, end)| Some((start, end?))).collect())
    }

    /// The characters whose image under `lower` is in the set.
    fn before(&self, lower: impl Fn(u32) -> u32) -> Self {
        let cased = || CASED.iter().map(|&(char, _)| char).filter(|&char| lower(char) != char);
        let fixed = Self::new(cased().map(|char| (char, char)).collect()).complement();
        let gained = cased().filter(|&char| self.contains(lower(char))).map(|char| (char, char));
        Self::new(self.intersection(&fixed).0.into_iter().chain(gained).collect())
    }

    pub fn ignoring_ascii_case(&self) -> Self {
        self.before(lower_ascii)
    }

    pub fn ignoring_case(&self) -> Self {
        self.before(lower_unicode)
    }

    fn intersection(&self, other: &Self) -> Self {
        let outside = [self.complement().0, other.complement().0].concat();
        Self::new(outside).complement()
    }
}

/// Characters that have a lower or an upper case besides themselves, each with its upper case.
static CASED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let cased = (0..=LAST_CASED).filter(|&char| lower_unicode(char) != char || upper_unicode(char) != char);
    cased.map(|char| (char, upper_unicode(char))).collect()
});

/// The characters that lie in a range, or whose upper case does.
pub fn range_or_upper(first: u32, last: u32) -> Vec<(u32, u32)> {
    let gained = CASED.iter().filter(|(_, upper)| (first..=last).contains(upper)).map(|&(char, _)| (char, char));
    std::iter::once((first, last)).chain(gained).collect()
}

/// Python's `str.isalnum` and the underscore: letters and numbers by their general category. (Rust's `is_alphanumeric`
/// counts vowel signs and circled letters as well.)
pub static WORD: LazyLock<CharSet> = LazyLock::new(|| by_category(r"[\p{L}\p{N}_]"));

/// Python's `str.isdecimal`.
static DIGIT: LazyLock<CharSet> = LazyLock::new(|| by_category(r"\p{Nd}"));

/// Python's `str.isspace`.
static SPACE: LazyLock<CharSet> = LazyLock::new(|| {
    let single = [0x20, 0x85, 0xa0, 0x1680, 0x202f, 0x205f, 0x3000].map(|char| (char, char));
    CharSet::new([&[(0x9, 0xd), (0x1c, 0x1f), (0x2000, 0x200a), (0x2028, 0x2029)], &single[..]].concat())
});

/// The characters of a class of regular expressions.
pub fn by_category(class: &str) -> CharSet {
    let parsed = regex_syntax::parse(class).expect("the class is valid");
    let regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) = parsed.kind() else {
        unreachable!("a class of several ranges is a class");
    };
    CharSet::new(class.iter().map(|range| (range.start().into(), range.end().into())).collect())
}

/// The characters of a class like `\d`. The classes of line breaks occur in no pattern.
pub fn category(code: SreCatCode) -> Option<CharSet> {
    use SreCatCode as Cat;
    let ascii = |ranges: &[(char, char)]| {
        CharSet::new(ranges.iter().map(|&(first, last)| (u32::from(first), u32::from(last))).collect())
    };
    let ascii_word = || ascii(&[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')]);
    let ascii_space = || ascii(&[('\t', '\r'), (' ', ' ')]);
    Some(match code {
        Cat::DIGIT => ascii(&[('0', '9')]),
        Cat::NOT_DIGIT => ascii(&[('0', '9')]).complement(),
        Cat::SPACE => ascii_space(),
        Cat::NOT_SPACE => ascii_space().complement(),
        Cat::WORD | Cat::LOC_WORD => ascii_word(),
        Cat::NOT_WORD | Cat::LOC_NOT_WORD => ascii_word().complement(),
        Cat::UNI_DIGIT => DIGIT.clone(),
        Cat::UNI_NOT_DIGIT => DIGIT.complement(),
        Cat::UNI_SPACE => SPACE.clone(),
        Cat::UNI_NOT_SPACE => SPACE.complement(),
        Cat::UNI_WORD => WORD.clone(),
        Cat::UNI_NOT_WORD => WORD.complement(),
        Cat::LINEBREAK | Cat::NOT_LINEBREAK | Cat::UNI_LINEBREAK | Cat::UNI_NOT_LINEBREAK => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(char, char)]) -> CharSet {
        CharSet::new(ranges.iter().map(|&(first, last)| (first.into(), last.into())).collect())
    }

    #[test]
    fn ranges_are_merged_and_complemented() {
        let merged = set(&[('d', 'f'), ('a', 'b'), ('c', 'c'), ('x', 'z'), ('y', 'y')]);
        assert_eq!(merged, set(&[('a', 'f'), ('x', 'z')]));
        assert_eq!(merged.complement().complement(), merged);
        assert_eq!(CharSet::all().complement().ranges(), []);
        assert!(merged.contains(u32::from('c')) && !merged.contains(u32::from('g')));
        assert!(!merged.complement().contains(u32::from('a')) && merged.complement().contains(0xd800));
    }

    #[test]
    fn case_is_ignored_as_by_python() {
        // `re` adds the characters that need more than their lower case: here the long s.
        assert_eq!(CharSet::of('s'.into()).ignoring_case(), set(&[('S', 'S'), ('s', 's')]));
        assert_eq!(CharSet::of('k'.into()).ignoring_case(), set(&[('K', 'K'), ('k', 'k'), ('\u{212a}', '\u{212a}')]));
        assert_eq!(CharSet::of('k'.into()).ignoring_ascii_case(), set(&[('K', 'K'), ('k', 'k')]));
        assert_eq!(CharSet::of('K'.into()).ignoring_case().ranges(), [], "no lower case is an upper case");
    }

    #[test]
    fn classes_are_those_of_python() {
        let in_class = |code, char: char| category(code).unwrap().contains(char.into());
        for (code, inside, outside) in [
            (SreCatCode::UNI_WORD, "aé漢5½²ª_", "-\u{301}\u{94d}Ⓐ😀"),
            (SreCatCode::UNI_DIGIT, "5٣९", "½²x"),
            (SreCatCode::UNI_SPACE, " \u{1c}\u{85}\u{a0}\u{3000}", "x\u{200b}\u{feff}"),
            (SreCatCode::SPACE, " \n\u{b}", "\u{1c}\u{a0}"),
        ] {
            assert!(inside.chars().all(|char| in_class(code, char)), "{code:?}");
            assert!(!outside.chars().any(|char| in_class(code, char)), "{code:?}");
        }
    }
}
