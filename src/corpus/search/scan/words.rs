//! Finds the words of a question in a text, in every form of theirs and as parts of identifiers.

use super::filter::Filter;
use crate::corpus::search::{
    key::Key,
    query::Query,
    resolved_concepts::keys,
    stem::{beginnings, stem},
    terms::{Word, part_at, token_at, words},
};
use rustc_hash::FxHashMap;
use std::ops::RangeInclusive;
use xxhash_rust::xxh3::xxh3_64;

/// Parts of identifiers that are words: as in [`terms`](crate::corpus::search::terms).
const LENGTHS: RangeInclusive<usize> = 2..=30;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    filter: Filter,
    /// In ascending order; none meets another.
    keys: Vec<RangeInclusive<Key>>,
    has_wholes: bool,
}

impl Wanted {
    pub fn new(query: &Query) -> Self {
        let variants = || query.concepts.iter().flat_map(|concept| &concept.variants).map(|(text, _)| text.as_str());
        let mut wanted: Vec<RangeInclusive<Key>> = variants().map(keys).collect();
        wanted.sort_unstable_by_key(|keys| *keys.start());
        wanted.dedup();
        let begin = |text: &str| text.strip_prefix('=').map_or_else(|| beginnings(text), beginnings_of_whole);
        let beginnings: Vec<String> = variants().flat_map(begin).filter(|text| !text.is_empty()).collect();
        let filter = Filter::new(beginnings.iter().map(String::as_str));
        Self { filter, keys: wanted, has_wholes: variants().any(|text| text.starts_with('=')) }
    }

    /// The term of a name or a word, if that is looked for wherever it occurs.
    pub fn key_of(&self, word: &str) -> Option<Key> {
        let is_token = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (mut parts, mut whole) = (Vec::new(), None);
        words(word, |word| match word {
            Word::Part(part) => parts.push(Key::plain(&stem(part))),
            Word::Whole(word) => whole = Some(Key::whole(word)),
        });
        let lone = || if let [only] = parts[..] { Some(only) } else { None };
        whole.or_else(lone).filter(|key| is_token && self.has(*key))
    }

    fn has(&self, key: Key) -> bool {
        let behind = self.keys.partition_point(|keys| *keys.start() <= key);
        behind > 0 && self.keys[behind - 1].contains(&key)
    }
}

/// How an identifier may begin that is `whole` without its underscores.
fn beginnings_of_whole(whole: &str) -> Vec<String> {
    let mut characters = whole.chars();
    let first: String = characters.by_ref().take(1).collect();
    let second: String = characters.by_ref().take(1).collect();
    let third: String = characters.take(1).collect();
    vec![format!("{first}{second}{third}"), format!("{first}{second}_"), format!("{first}_")]
}

/// One thread's knowledge of the words that it has met.
#[derive(Debug)]
pub(super) struct WordScan<'a> {
    wanted: &'a Wanted,
    /// By the hash of a word in lower case, the number of its term if that is wanted.
    met: FxHashMap<u64, Option<u16>>,
    numbers: FxHashMap<Key, u16>,
    /// By their numbers.
    terms: Vec<Key>,
    folded: String,
}

/// The most words that are remembered.
const REMEMBERED: usize = 1 << 16;

impl<'a> WordScan<'a> {
    pub fn new(wanted: &'a Wanted) -> Self {
        let (met, numbers, terms) = (FxHashMap::default(), FxHashMap::default(), Vec::new());
        Self { wanted, met, numbers, terms, folded: String::new() }
    }

    /// The terms that were found, by their numbers.
    pub fn terms(&self) -> &[Key] {
        &self.terms
    }

    /// Calls `each` with the place and the term of every word that is wanted, in order.
    pub fn each(&mut self, text: &str, mut each: impl FnMut(usize, u16)) {
        let wanted = self.wanted;
        wanted.filter.each(text.as_bytes(), |at| {
            if !text.is_char_boundary(at) {
                return;
            }
            let Some(part) = part_at(text, at) else { return };
            if LENGTHS.contains(&part.len())
                && let Some(term) = self.term_of(part, false)
            {
                each(at, term);
            }
            if wanted.has_wholes
                && let Some(token) = token_at(text, at).filter(|token| token.len() > part.len())
                && let Some(term) = self.term_of(token, true)
            {
                each(at, term);
            }
        });
    }

    /// The number of the term that a part or a whole identifier is, if it is wanted.
    fn term_of(&mut self, word: &str, is_whole: bool) -> Option<u16> {
        let Self { wanted, met, numbers, terms, folded } = self;
        folded.clear();
        if word.is_ascii() {
            folded.extend(word.bytes().filter(|byte| *byte != b'_').map(|byte| char::from(byte.to_ascii_lowercase())));
        } else {
            folded.extend(word.chars().filter(|it| *it != '_').flat_map(char::to_lowercase));
        }
        // Parts and whole identifiers are told apart by one bit.
        let hash = xxh3_64(folded.as_bytes()) << 1 | u64::from(is_whole);
        if let Some(&known) = met.get(&hash) {
            return known;
        }
        let key = if is_whole { Key::whole(folded) } else { Key::plain(&stem(folded)) };
        let mut number = || {
            let next = u16::try_from(terms.len()).ok()?;
            Some(*numbers.entry(key).or_insert_with(|| {
                terms.push(key);
                next
            }))
        };
        let term = if wanted.has(key) { number() } else { None };
        if met.len() >= REMEMBERED {
            met.clear();
        }
        met.insert(hash, term);
        term
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the scan finds, and what taking every word of the text apart finds.
    fn check(question: &str, text: &str) {
        let query = Query::new(question);
        let wanted = Wanted::new(&query);
        let mut expected = Vec::new();
        words(text, |word| {
            let key = match word {
                Word::Part(part) => Key::plain(&stem(part)),
                Word::Whole(whole) => Key::whole(whole),
            };
            expected.extend(wanted.has(key).then_some(key));
        });
        let mut scan = WordScan::new(&wanted);
        let mut found = Vec::new();
        scan.each(text, |_, term| found.push(term));
        let mut found: Vec<Key> = found.into_iter().map(|term| scan.terms()[usize::from(term)]).collect();
        expected.sort_unstable();
        found.sort_unstable();
        // What is data to the index may be found as well.
        let mut left = found.iter();
        let missing: Vec<&Key> = expected.iter().filter(|key| !left.any(|found| found == *key)).collect();
        assert!(missing.is_empty(), "{} of {} for {question:.80}", missing.len(), expected.len());
        assert!(found.len() <= expected.len() + expected.len() / 50, "{} for {question:.80}", found.len());
    }

    #[test]
    fn all_forms_of_words_are_found() {
        let text = "The parserState was parsed; PARSING_ERRORS began. begun beginning organiser organized colouring \
                    parse_http_header(getHTTPHeader) stability stable sentences Größe größere __add_line__ addLine";
        for question in [
            "Where does parsing begin?",
            "organise colors",
            "is it stable",
            "add_line and `parseHTTPHeader`",
            "größe",
            "who sends headers",
        ] {
            check(question, text);
        }
    }

    #[test]
    fn all_words_of_this_program_are_found_as_the_index_finds_them() {
        let sources = [
            include_str!("../rank.rs"),
            include_str!("../query.rs"),
            include_str!("../related.txt"),
            include_str!("../short_forms.txt"),
            include_str!("../stem.rs"),
            include_str!("../../../../docs/architecture.md"),
        ]
        .concat();
        for words in sources.split_ascii_whitespace().collect::<Vec<_>>().chunks(400).step_by(7) {
            check(&words.join(" "), &sources);
        }
    }
}
