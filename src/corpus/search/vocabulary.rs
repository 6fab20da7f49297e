//! The terms of the files that are being indexed together, by numbers.
//!
//! Code repeats itself: of a hundred words in it about ninety were met before, just as they stand there. So what a word
//! consists of is worked out once for each spelling in a part, and the stem and family of what it consists of, which
//! cost most, once for many parts.

use super::{
    key::Key,
    stem::stem,
    terms::{Word, is_data, split},
};
use rustc_hash::FxHashMap;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// The most words whose stems are kept from part to part.
const REMEMBERED: usize = 1 << 18;

#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// The keys of words in lower case; outlives the part.
    stems: FxHashMap<Box<str>, Key>,
    terms: FxHashMap<Key, u32>,
    keys: Vec<Key>,
    /// The terms of words in lower case, by their hashes.
    words: FxHashMap<u64, u32>,
    /// Where in `parts` the terms of a token are, by the hash of the token as it was written.
    tokens: FxHashMap<u64, (u32, u32)>,
    parts: Vec<Term>,
    buffer: String,
}

/// A term that a token consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    pub number: u32,
    /// Whether it is a whole identifier, which follows its parts.
    pub is_whole: bool,
}

impl Vocabulary {
    /// The place of the terms of one token, for [`Self::term`].
    pub fn terms_of(&mut self, token: &str) -> Range<usize> {
        // Numbers are rarely met twice.
        if token.as_bytes()[0].is_ascii_digit() && is_data(token) {
            return 0..0;
        }
        let hash = xxh3_64(token.as_bytes());
        if let Some(&(start, end)) = self.tokens.get(&hash) {
            return start as usize..end as usize;
        }
        let Self { stems, terms, keys, words, parts, buffer, .. } = self;
        let start = parts.len();
        let mut number = |key| {
            *terms.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len() as u32 - 1
            })
        };
        split(token, buffer, &mut |word| {
            let (number, is_whole) = match word {
                Word::Part(part) => {
                    let known = words.entry(xxh3_64(part.as_bytes()));
                    (*known.or_insert_with(|| number(key_of(stems, part))), false)
                }
                Word::Whole(whole) => (number(Key::whole(whole)), true),
            };
            parts.push(Term { number, is_whole });
        });
        self.tokens.insert(hash, (start as u32, self.parts.len() as u32));
        start..self.parts.len()
    }

    pub fn term(&self, place: usize) -> Term {
        self.parts[place]
    }

    /// The keys of all terms.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Forgets the part, and keeps what helps with the next one.
    pub fn clear(&mut self) {
        // Not cleared in place: tables that grew for a large part would be slow for a small one.
        *self = Self { stems: std::mem::take(&mut self.stems), ..Self::default() };
    }
}

fn key_of(stems: &mut FxHashMap<Box<str>, Key>, word: &str) -> Key {
    if let Some(&key) = stems.get(word) {
        return key;
    }
    if stems.len() >= REMEMBERED {
        stems.clear();
    }
    let key = Key::plain(&stem(word));
    stems.insert(word.into(), key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_have_the_same_numbers_however_they_are_spelled() {
        let mut vocabulary = Vocabulary::default();
        let mut terms = |token| {
            let place = vocabulary.terms_of(token);
            place.map(|it| vocabulary.term(it).number).collect::<Vec<_>>()
        };
        assert_eq!(terms("readFile"), [0, 1, 2]);
        assert_eq!(terms("READ_FILE"), [0, 1, 2]);
        assert_eq!(terms("reading"), [0]);
        assert!(terms("0x00ff12ab34").is_empty());
        vocabulary.clear();
        assert!(vocabulary.keys().is_empty());
    }
}
