//! Sets of characters, and the ones that Python's classes stand for.
//!
//! A set is a list of ranges of code points, lone surrogates included, since strings of Python can have them.

use super::{
    case::{lower_ascii, lower_unicode, upper_ascii, upper_unicode},
    code::CategoryCode,
};
use std::sync::LazyLock;

/// The last code point.
pub const LAST: u32 = char::MAX as u32;

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

    /// The characters that are in the set after some have become others, as `moved` says in ascending order.
    fn before(&self, moved: &[(u32, u32)]) -> Self {
        let mut ranges = Vec::new();
        for &(first, last) in &self.0 {
            let mut start = first;
            let behind = moved.partition_point(|&(char, _)| char < first);
            for &(char, _) in moved[behind..].iter().take_while(|&&(char, _)| char <= last) {
                // Nothing lies between two that follow each other.
                ranges.extend(char.checked_sub(1).map(|before| (start, before)));
                start = char + 1;
            }
            ranges.push((start, last));
        }
        ranges.extend(moved.iter().filter(|&&(_, image)| self.contains(image)).map(|&(char, _)| (char, char)));
        Self::new(ranges)
    }

    pub fn ignoring_ascii_case(&self) -> Self {
        self.before(&LOWERED_IN_ASCII)
    }

    pub fn ignoring_case(&self) -> Self {
        self.before(&LOWERED)
    }

    /// As locales do that know the letters of ASCII: both cases of a character are looked up.
    pub fn ignoring_locale_case(&self) -> Self {
        Self::new([self.before(&LOWERED_IN_ASCII).0, self.before(&RAISED_IN_ASCII).0].concat())
    }
}

/// The characters that `change` makes others of, with those.
fn changed(last: u32, change: impl Fn(u32) -> u32) -> Vec<(u32, u32)> {
    (0..=last).map(|char| (char, change(char))).filter(|(char, image)| char != image).collect()
}

static LOWERED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| changed(LAST_CASED, lower_unicode));
static LOWERED_IN_ASCII: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| changed(0x7f, lower_ascii));
static RAISED_IN_ASCII: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| changed(0x7f, upper_ascii));

/// Characters that have an upper case besides themselves, with that.
static RAISED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| changed(LAST_CASED, upper_unicode));

/// The characters that lie in a range, or whose upper case does.
pub fn range_or_upper(first: u32, last: u32) -> Vec<(u32, u32)> {
    let gained = RAISED.iter().filter(|(_, upper)| (first..=last).contains(upper)).map(|&(char, _)| (char, char));
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
pub fn category(code: CategoryCode) -> Option<CharSet> {
    use CategoryCode as Cat;
    let ascii = |ranges: &[(char, char)]| {
        CharSet::new(ranges.iter().map(|&(first, last)| (u32::from(first), u32::from(last))).collect())
    };
    let ascii_word = || ascii(&[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')]);
    let ascii_space = || ascii(&[('\t', '\r'), (' ', ' ')]);
    Some(match code {
        Cat::Digit => ascii(&[('0', '9')]),
        Cat::NotDigit => ascii(&[('0', '9')]).complement(),
        Cat::Space => ascii_space(),
        Cat::NotSpace => ascii_space().complement(),
        Cat::Word | Cat::LocWord => ascii_word(),
        Cat::NotWord | Cat::LocNotWord => ascii_word().complement(),
        Cat::UniDigit => DIGIT.clone(),
        Cat::UniNotDigit => DIGIT.complement(),
        Cat::UniSpace => SPACE.clone(),
        Cat::UniNotSpace => SPACE.complement(),
        Cat::UniWord => WORD.clone(),
        Cat::UniNotWord => WORD.complement(),
        Cat::LineBreak | Cat::NotLineBreak | Cat::UniLineBreak | Cat::UniNotLineBreak => return None,
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
        assert_eq!(CharSet::of('K'.into()).ignoring_locale_case(), set(&[('K', 'K'), ('k', 'k')]));
        assert_eq!(set(&[('A', 'b')]).ignoring_ascii_case(), set(&[('A', 'B'), ('[', 'b')]));
    }

    #[test]
    fn classes_are_those_of_python() {
        let in_class = |code, char: char| category(code).unwrap().contains(char.into());
        for (code, inside, outside) in [
            (CategoryCode::UniWord, "aé漢5½²ª_", "-\u{301}\u{94d}Ⓐ😀"),
            (CategoryCode::UniDigit, "5٣९", "½²x"),
            (CategoryCode::UniSpace, " \u{1c}\u{85}\u{a0}\u{3000}", "x\u{200b}\u{feff}"),
            (CategoryCode::Space, " \n\u{b}", "\u{1c}\u{a0}"),
        ] {
            assert!(inside.chars().all(|char| in_class(code, char)), "{code:?}");
            assert!(!outside.chars().any(|char| in_class(code, char)), "{code:?}");
        }
    }
}
