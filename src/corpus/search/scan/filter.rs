//! Finds the places of a text where one of several words may begin, at the speed of memory.
//!
//! Any three bytes that a word may begin with have a mark in a small table, as the blocks of Wu and Manber have (*A Fast
//! Algorithm for Multi-Pattern Searching*, 1994), and all places are looked up, six at a time and without a branch for
//! each. Capital and small letters look alike: of each byte only the lowest five bits count.

/// Bits of a byte that count.
const FOLD: u32 = 0x1f_1f1f;

/// Places of the table, as a power of two. It fits into the first cache beside what is read.
const BITS: u32 = 14;

/// Spreads three bytes over the table.
const SPREAD: u32 = 0x9e37_79b1;

/// Places that are looked up at once: three bytes at each of them lie in a word of eight.
const AT_ONCE: usize = 6;

#[derive(Debug)]
pub(super) struct Filter {
    table: Box<[u8; 1 << BITS]>,
}

impl Filter {
    /// A filter for words with these beginnings.
    pub fn new<'a>(beginnings: impl Iterator<Item = &'a str>) -> Self {
        let mut table = Box::new([0; 1 << BITS]);
        for beginning in beginnings {
            // Beyond ASCII small letters may have other bytes than capital ones.
            let capital = || beginning.chars().take(1).flat_map(char::to_uppercase).chain(beginning.chars().skip(1));
            let spellings = match beginning.is_ascii() {
                true => vec![beginning.to_owned()],
                false => vec![beginning.to_owned(), beginning.to_uppercase(), capital().collect()],
            };
            spellings.iter().for_each(|spelling| mark(&mut table, spelling.as_bytes()));
        }
        Self { table }
    }

    /// Calls `each` with all places where a word may begin, in order.
    pub fn each(&self, bytes: &[u8], mut each: impl FnMut(usize)) {
        let look = |three: u64| self.table[slot(three as u32)];
        let mut at = 0;
        while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*eight);
            let marks: [u8; AT_ONCE] = std::array::from_fn(|place| look(word >> (8 * place)));
            if marks.iter().fold(0, |all, mark| all | mark) != 0 {
                (0..AT_ONCE).filter(|&place| marks[place] != 0).for_each(|place| each(at + place));
            }
            at += AT_ONCE;
        }
        // Behind the end nothing is read: what begins there is followed by zeros.
        for start in at..bytes.len() {
            let byte = |place: usize| u64::from(bytes.get(start + place).copied().unwrap_or_default());
            if look(byte(0) | byte(1) << 8 | byte(2) << 16) != 0 {
                each(start);
            }
        }
    }
}

/// Marks the first three bytes of a word, or all that may follow a shorter one.
fn mark(table: &mut [u8; 1 << BITS], beginning: &[u8]) {
    let choices = |place: usize| beginning.get(place).map_or(0..=31, |&byte| byte..=byte);
    for first in choices(0) {
        for second in choices(1) {
            for third in choices(2) {
                table[slot(u32::from(first) | u32::from(second) << 8 | u32::from(third) << 16)] = 1;
            }
        }
    }
}

fn slot(three: u32) -> usize {
    ((three & FOLD).wrapping_mul(SPREAD) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_beginning_is_missed(text in "[a-fA-F_ öÖПп]{0,40}", words in prop::collection::vec("[a-föп]{1,5}", 0..4)) {
            let filter = Filter::new(words.iter().map(String::as_str));
            let mut found = Vec::new();
            filter.each(text.as_bytes(), |at| found.push(at));
            prop_assert!(found.is_sorted());
            for (at, _) in text.char_indices() {
                let begins = words.iter().any(|word| text[at..].to_lowercase().starts_with(word));
                prop_assert!(!begins || found.contains(&at), "{} of {:?}", at, text);
            }
        }
    }

    #[test]
    fn little_else_is_found() {
        let filter = Filter::new(["page", "fault"].into_iter());
        let mut found = 0;
        filter.each("The quick brown fox jumps over the lazy dog, 0123456789. ".repeat(10).as_bytes(), |_| found += 1);
        assert_eq!(found, 0);
    }
}
