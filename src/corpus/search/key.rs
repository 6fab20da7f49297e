//! How the index names a term: by a number of 64 bits that is made from its text.
//!
//! Numbers take less room than texts and are the same in every part of every index, so that parts which were built at
//! different times fit together. Words of one family have neighbouring numbers. Two terms of one tree get the same number
//! about as likely as a bit of memory turns over by itself.

use super::stem::family;
use std::ops::RangeInclusive;
use xxhash_rust::xxh3::xxh3_64;

/// Whole identifiers have this bit; words and parts of identifiers do not.
const WHOLE: u64 = 1 << 63;

/// The bits that tell a word from others of its family, which the bits above stand for.
const OWN: u64 = (1 << 23) - 1;

/// The number of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

impl Key {
    /// Of a whole identifier, in lower case and without underscores.
    pub fn whole(identifier: &str) -> Self {
        Self(xxh3_64(identifier.as_bytes()) | WHOLE)
    }

    /// Of a word without its inflection.
    pub fn plain(stem: &str) -> Self {
        Self(above(&family(stem)) | xxh3_64(stem.as_bytes()) & OWN)
    }

    /// The keys of all words of the same root as `stem`, which need not be a word of the index.
    pub fn relatives(stem: &str) -> RangeInclusive<Self> {
        let family = above(&family(stem));
        Self(family)..=Self(family | OWN)
    }
}

fn above(family: &str) -> u64 {
    xxh3_64(family.as_bytes()) & !WHOLE & !OWN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_family_are_neighbours() {
        assert!(Key::relatives("pars").contains(&Key::plain("parser")));
        assert!(!Key::relatives("pars").contains(&Key::plain("print")));
        assert_ne!(Key::plain("pars"), Key::plain("parser"));
        assert!(Key::plain("zebra") < Key::whole("zebra"));
    }
}
