//! Sets of characters that are asked for each character of a text: `SRE(charset)` in CPython.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::super::char_set::{CharSet, LAST};

/// From here on characters are rare, and looked up among ranges.
const FIRST_RARE: u32 = 0x1_0000;

/// The same characters as those of a [`CharSet`], in a form that answers at once.
#[derive(Debug, PartialEq, Eq)]
pub struct Set {
    /// A bit for each character up to the last one that is in the set and not rare.
    bits: Box<[u64]>,
    rare: CharSet,
    /// Whether everything else is in the set.
    is_negated: bool,
}

impl Set {
    pub fn new(set: &CharSet) -> Self {
        let is_negated = set.contains(LAST);
        let positive = if is_negated { set.complement() } else { set.clone() };
        let (frequent, rare): (Vec<_>, Vec<_>) = positive.ranges().iter().partition(|(first, _)| *first < FIRST_RARE);
        let words = frequent.last().map_or(0, |&(_, last)| last.min(FIRST_RARE - 1) / 64 + 1);
        let mut bits = vec![0; words as usize];
        for &(first, last) in &frequent {
            for word in first / 64..=last.min(FIRST_RARE - 1) / 64 {
                let (from, to) = (first.max(64 * word) % 64, last.min(64 * word + 63) % 64);
                bits[word as usize] |= u64::MAX >> (63 - (to - from)) << from;
            }
        }
        let across = frequent.into_iter().filter(|&(_, last)| last >= FIRST_RARE).map(|(_, last)| (FIRST_RARE, last));
        Self { bits: bits.into(), rare: CharSet::new(across.chain(rare).collect()), is_negated }
    }

    #[inline]
    pub fn contains(&self, char: u32) -> bool {
        let is_listed = match self.bits.get(char as usize / 64) {
            Some(word) => word >> (char % 64) & 1 != 0,
            None => char >= FIRST_RARE && self.rare.contains(char),
        };
        is_listed != self.is_negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_contains_what_its_ranges_say() {
        let interesting = [0, 1, 63, 64, 65, 127, 128, 0x3ff, 0xfffe, 0xffff, 0x1_0000, 0x1_0001, LAST - 1, LAST];
        let ranges = interesting.iter().flat_map(|&first| interesting.iter().map(move |&last| (first, last)));
        for range in ranges {
            let set = CharSet::new(vec![range, (70, 75)]);
            for set in [set.complement(), set] {
                let fast = Set::new(&set);
                for char in interesting.iter().flat_map(|&char| char.saturating_sub(2)..=(char + 2).min(LAST)) {
                    assert_eq!(fast.contains(char), set.contains(char), "{char:#x} in {set:x?}");
                }
            }
        }
    }
}
