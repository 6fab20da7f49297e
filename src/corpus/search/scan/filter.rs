//! Finds the places of a text where one of several words may begin, at the speed of memory.
//!
//! Any three bytes that a word may begin with have a mark in a small table, as the blocks of Wu and Manber have (*A Fast
//! Algorithm for Multi-Pattern Searching*, 1994), and all places are looked up, six at a time and without a branch for
//! each. Capital and small letters look alike: of each byte only the lowest five bits count. Places in the middle of a word,
//! which most are, are left out at once. Of a longer word two more bytes are looked at where the first three are marked;
//! three in four of these places are none then.

/// Bits of a byte that count, of five bytes.
const FOLD: u64 = 0x1f_1f1f_1f1f;

/// What a byte may be, as far as it counts.
const BYTES: std::ops::RangeInclusive<u8> = 0..=31;

/// Places of the table: all that three bytes may be.
const THREE: usize = 1 << 15;

/// Bits of the filter for five bytes, as a power of two.
const FIVE_BITS: u32 = 16;

/// Spreads five bytes over the bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Places that are looked up at once: three bytes at each of them lie in a word of eight.
const AT_ONCE: usize = 6;

/// What the table says of three bytes.
const NO_WORD: u8 = 0;
const LONGER_WORD: u8 = 1;
const WORD: u8 = 2;

#[derive(Debug)]
pub(super) struct Filter {
    table: Box<[u8; THREE]>,
    /// A bit for each hash that the first five bytes of a longer word may have.
    longer: Box<[u64; 1 << (FIVE_BITS - 6)]>,
}

impl Filter {
    /// A filter for words with these beginnings.
    pub fn new<'a>(beginnings: impl Iterator<Item = &'a str>) -> Self {
        let mut filter = Self { table: Box::new([NO_WORD; THREE]), longer: Box::new([0; 1 << (FIVE_BITS - 6)]) };
        for beginning in beginnings {
            // Beyond ASCII small letters may have other bytes than capital ones.
            let capital = || beginning.chars().take(1).flat_map(char::to_uppercase).chain(beginning.chars().skip(1));
            let spellings = match beginning.is_ascii() {
                true => vec![beginning.to_owned()],
                false => vec![beginning.to_owned(), beginning.to_uppercase(), capital().collect()],
            };
            spellings.iter().for_each(|spelling| filter.mark(spelling.as_bytes()));
        }
        filter
    }

    /// Marks the first bytes of a word, or all that may follow a shorter one.
    fn mark(&mut self, beginning: &[u8]) {
        let choices = |place: usize| beginning.get(place).map_or(BYTES, |byte| byte & 31..=byte & 31);
        let mark = if beginning.len() > 3 { LONGER_WORD } else { WORD };
        for (first, second) in choices(0).flat_map(|first| choices(1).map(move |second| (first, second))) {
            for third in choices(2) {
                let slot = slot(fold(&[first, second, third]));
                self.table[slot] = mark.max(self.table[slot]);
            }
        }
        let [first, second, third, ..] = *beginning else { return };
        for fourth in choices(3).filter(|_| mark == LONGER_WORD) {
            for fifth in choices(4) {
                let bit = hash(fold(&[first, second, third, fourth, fifth]));
                self.longer[bit >> 6] |= 1 << (bit & 63);
            }
        }
    }

    /// Calls `each` with all places where a word may begin, in order. None begins between two small letters.
    pub fn each(&self, bytes: &[u8], mut each: impl FnMut(usize)) {
        let eight_at = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let (mut at, mut before) = (0, 0);
        while let Some(eight) = eight_at(at) {
            let (packed, small) = (packed(eight), small_letters(eight));
            let mark_at = |place: usize| u64::from(self.table[(packed >> (5 * place)) as usize % THREE]) << (8 * place);
            let inside = small & (small << 8 | before);
            // A mark has two bits.
            let mut marks = (0..AT_ONCE).fold(0, |all, place| all | mark_at(place)) & !(inside >> 7 | inside >> 6);
            while marks != 0 {
                let place = marks.trailing_zeros() as usize / 8;
                let mark = (marks >> (8 * place)) as u8;
                marks &= !(0xff << (8 * place));
                if eight_at(at + place).is_none_or(|eight| self.may_begin(mark, eight)) {
                    each(at + place);
                }
            }
            before = small >> (8 * (AT_ONCE - 1)) & 0x80;
            at += AT_ONCE;
        }
        // Behind the end nothing is read: what begins there is followed by zeros.
        let is_small = |at: usize| bytes[at].is_ascii_lowercase();
        for start in (at..bytes.len()).filter(|&start| start == 0 || !is_small(start - 1) || !is_small(start)) {
            let first = &bytes[start..bytes.len().min(start + 5)];
            if self.may_begin(self.table[slot(fold(first))], fold(first)) {
                each(start);
            }
        }
    }

    /// Whether a word may begin with these bytes, of whose first three the table says `mark`.
    fn may_begin(&self, mark: u8, eight: u64) -> bool {
        let bit = hash(eight & FOLD);
        mark == WORD || mark == LONGER_WORD && self.longer[bit >> 6] >> (bit & 63) & 1 == 1
    }
}

/// The highest bit of each of eight bytes that is a small letter of ASCII.
fn small_letters(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x80 * ONES;
    let low = eight & !HIGHEST;
    let (from_a, beyond_z) = (low + (0x80 - 0x61) * ONES, low + (0x80 - 0x7b) * ONES);
    from_a & !beyond_z & !eight & HIGHEST
}

/// The bits that count of up to five bytes.
fn fold(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(byte & 31))
}

/// The bits that count of eight bytes, side by side.
fn packed(eight: u64) -> u64 {
    let bytes = eight & 0x1f1f_1f1f_1f1f_1f1f;
    let pairs = bytes & 0x001f_001f_001f_001f | bytes >> 3 & 0x03e0_03e0_03e0_03e0;
    let fours = pairs & 0x0000_03ff_0000_03ff | pairs >> 6 & 0x000f_fc00_000f_fc00;
    fours & 0x000f_ffff | fours >> 12 & 0x00ff_fff0_0000
}

/// The place in the table of three bytes.
fn slot(folded: u64) -> usize {
    packed(folded) as usize % THREE
}

fn hash(folded: u64) -> usize {
    (folded.wrapping_mul(SPREAD) >> (64 - FIVE_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_beginning_is_missed(text in "[a-fA-F_ öÖПп]{0,40}", words in prop::collection::vec("[a-föп]{1,7}", 0..4)) {
            let filter = Filter::new(words.iter().map(String::as_str));
            let mut found = Vec::new();
            filter.each(text.as_bytes(), |at| found.push(at));
            prop_assert!(found.is_sorted());
            let is_inside = |at: usize| at > 0 && text.as_bytes()[at - 1..=at].iter().all(u8::is_ascii_lowercase);
            prop_assert!(!found.iter().any(|&at| is_inside(at)));
            for (at, _) in text.char_indices() {
                let begins = !is_inside(at) && words.iter().any(|word| text[at..].to_lowercase().starts_with(word));
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
