//! The words of a text as they are compared: what tells something, what is said exactly, and what turns a sentence into
//! its contrary.

use crate::corpus::stem;
use rustc_hash::FxHashSet;

/// Words that say nothing, or only that something is said.
const COMMON: [&str; 56] = [
    "the",
    "and",
    "that",
    "this",
    "with",
    "for",
    "from",
    "are",
    "was",
    "were",
    "has",
    "have",
    "had",
    "not",
    "but",
    "its",
    "which",
    "when",
    "where",
    "what",
    "who",
    "how",
    "will",
    "would",
    "can",
    "does",
    "did",
    "been",
    "being",
    "into",
    "than",
    "then",
    "there",
    "these",
    "those",
    "they",
    "also",
    "used",
    "uses",
    "line",
    "lines",
    "according",
    "based",
    "provided",
    "passage",
    "passages",
    "context",
    "document",
    "states",
    "stated",
    "mentions",
    "mentioned",
    "says",
    "shows",
    "shown",
    "indicates",
];

/// Numbers as words, as far as code has them often.
const NUMBERS: [(&str, &str); 21] = [
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("ninety", "90"),
    ("hundred", "100"),
    ("thousand", "1000"),
];

/// The words of a text that tell something, in lower case and without their endings; identifiers in their parts.
pub fn words(text: &str) -> FxHashSet<String> {
    parts(text)
        .filter(|it| (it.len() > 2 || is_number(it)) && !COMMON.contains(&it.as_str()))
        .map(|it| match NUMBERS.iter().find(|(word, _)| *word == it) {
            Some((_, digits)) => (*digits).to_owned(),
            None => stem(&it).into_owned(),
        })
        .collect()
}

/// Identifiers end where a small letter is followed by a capital, and numbers where their unit begins.
fn parts(text: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::with_capacity(text.len() + text.len() / 8);
    let mut before = ' ';
    for it in text.chars() {
        if it.is_uppercase() && before.is_lowercase() || it.is_alphabetic() && before.is_ascii_digit() {
            spaced.push(' ');
        }
        before = it;
        spaced.extend(it.to_lowercase());
    }
    let parts: Vec<String> =
        spaced.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    parts.into_iter()
}

pub fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|it| it.is_ascii_digit())
}

/// The parts of what a sentence says exactly: numbers, code, names with a capital, a full stop or an underscore inside.
pub fn exact(said: &str) -> FxHashSet<String> {
    let mut exact = FxHashSet::default();
    for (number, part) in said.split('`').enumerate() {
        for word in part.split_whitespace() {
            let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
            let inner = bare.chars().skip(1).any(|it| it.is_uppercase() || matches!(it, '_' | '.' | '/' | ':'));
            if number % 2 == 1 || inner || bare.bytes().any(|it| it.is_ascii_digit()) {
                exact.extend(words(bare));
            }
        }
    }
    exact
}

/// Words that turn a sentence into its contrary.
const DENIALS: [&str; 12] =
    ["not", "no", "never", "cannot", "none", "nothing", "without", "neither", "nor", "impossible", "unable", "nobody"];

/// Denials that say where something ends.
const BOUNDS: [&str; 12] = [
    "no more than",
    "not more than",
    "never more than",
    "no longer than",
    "not longer than",
    "never longer than",
    "no later than",
    "no less than",
    "not exceed",
    "never exceed",
    "cannot exceed",
    "not only",
];

/// Whether a text denies something.
pub fn denies(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    let lower = BOUNDS.iter().fold(lower, |text, bound| text.replace(bound, ""));
    lower
        .split(|it: char| !it.is_alphanumeric() && it != '\'')
        .any(|word| DENIALS.contains(&word) || word.ends_with("n't"))
}

/// Words that exclude each other where they are said of one thing.
const CONTRARIES: [(&str, &str); 20] = [
    ("most", "least"),
    ("maximum", "minimum"),
    ("max", "min"),
    ("before", "after"),
    ("first", "last"),
    ("enabled", "disabled"),
    ("true", "false"),
    ("increase", "decrease"),
    ("add", "remove"),
    ("open", "close"),
    ("start", "stop"),
    ("read", "write"),
    ("allow", "deny"),
    ("accept", "reject"),
    ("success", "failure"),
    ("older", "newer"),
    ("upper", "lower"),
    ("encrypt", "decrypt"),
    ("longer", "shorter"),
    ("more", "fewer"),
];

/// Whether words say the contrary of others: one has a word, and the other only its opposite.
pub fn contradicts(said: &FxHashSet<String>, there: &FxHashSet<String>) -> bool {
    CONTRARIES.iter().flat_map(|(one, other)| [(one, other), (other, one)]).any(|(one, other)| {
        let (one, other) = (stem(one), stem(other));
        let has = |words: &FxHashSet<String>, word: &str| words.contains(word);
        has(said, &one) && !has(said, &other) && !has(there, &one) && has(there, &other)
    })
}
