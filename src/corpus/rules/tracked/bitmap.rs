//! Compressed bitmaps (EWAH), as an index has them.

use std::ops::Range;

/// The bits that are set in the first of the bitmaps in `bytes`, in order. Nothing if it is cut.
///
/// A word says how often a word of equal bits is repeated (the bit, and 32 bits of a number), and how many words stand
/// behind it as they are (31 bits).
pub(super) fn set_bits(bytes: &[u8]) -> Option<Vec<Range<u64>>> {
    let mut words = words(bytes)?;
    let mut set = Vec::new();
    let mut at = 0_u64;
    while let Some(word) = words.next() {
        let (bit, repeated, literal) = (word & 1, word >> 1 & 0xffff_ffff, word >> 33);
        if bit == 1 && repeated > 0 {
            set.push(at..at + repeated * 64);
        }
        at += repeated * 64;
        for _ in 0..literal {
            let word = words.next()?;
            set.extend((0..64).filter(|bit| word >> bit & 1 == 1).map(|bit| at + bit..at + bit + 1));
            at += 64;
        }
    }
    Some(set)
}

/// The words of the first bitmap: behind its length in bits, and their number.
fn words(bytes: &[u8]) -> Option<impl Iterator<Item = u64>> {
    let (_, rest) = bytes.split_at_checked(4)?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (words, _) = rest.as_chunks::<8>();
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    Some(words.get(..count)?.iter().map(|word| u64::from_be_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_words_are_read() {
        let bitmap = |words: &[u64]| {
            let mut bytes = [0_u32, u32::try_from(words.len()).unwrap()].map(u32::to_be_bytes).concat();
            words.iter().for_each(|word| bytes.extend(word.to_be_bytes()));
            bytes
        };
        // Two words of nothing, one as it is, then one word of ones.
        let bytes = bitmap(&[2 << 1 | 1 << 33, 0b101, 1 | 1 << 1]);
        assert_eq!(set_bits(&bytes).unwrap(), [128..129, 130..131, 192..256]);
        assert_eq!(set_bits(&bitmap(&[])).unwrap(), []);
        for wrong in [&bytes[..7], &bytes[..30], &bitmap(&[5 << 33, 1])] {
            assert!(set_bits(wrong).is_none());
        }
    }
}
