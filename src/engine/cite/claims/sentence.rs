//! How far words of a passage are from each other, and what is said between them.

use regex::Regex;
use std::sync::LazyLock;

/// What lies between a place and its quotation if one belongs to the other.
static BOND: LazyLock<Regex> = LazyLock::new(|| {
    let words = "does|do|is|are|says?|said|reads?|has|have|contains?|holds?|states?|shows?|declares?|defines?|sets?\
                 |returns?|writes?|it|line|lines|at|in|on|from|as|of|with|has it|where|there|code|text|quote";
    Regex::new(&format!(r"(?i)^(?:[\s*_`|()\[\]<>\x22'“”‘’«»]|:|=|->|=>|[-–—→]|\b(?:{words})\b)*$"))
        .expect("it is right")
});

/// Where what is quoted is not said to be there, but said not to be, or to come.
static PROPOSAL: LazyLock<Regex> = LazyLock::new(|| {
    let words = "replac\\w*|instead|rather than|chang\\w+|rewrit\\w*|should|would|needs? to|to fix|the fix|look like\
                 |examples?|usage|e\\.g|suggest\\w*|propos\\w*|equivalent|pseudo\\S*|like this|simplif\\w*|not|no|never\
                 |without|lacks?|add|insert|append";
    Regex::new(&format!(r"(?i)(?:\b(?:{words})|n't)(?:\W|$)")).expect("it is right")
});

/// Bytes between two marks in which remarks are looked for.
const NEAR: usize = 300;

/// How many words and signs lie between, and how many ends of sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Distance {
    pub cost: usize,
    pub sentences: usize,
}

/// The distance over a text between two marks.
pub fn distance(between: &str) -> Distance {
    let mut distance = Distance::default();
    for word in between.split_whitespace() {
        let said = word.chars().any(char::is_alphanumeric);
        distance.cost += usize::from(said);
        distance.cost += 6 * word.matches([',', '|']).count() + 12 * word.matches(';').count();
        if matches!(word.to_ascii_lowercase().as_str(), "and" | "but" | "while" | "whereas" | "or" | "then") {
            distance.cost += 4;
        }
    }
    let mut rest = between;
    while let Some(at) = rest.find(['.', '!', '?']) {
        let end = at + 1;
        let behind = rest[end..].trim_start_matches(['.', '!', '?', ')', '*', '_', '"', '”', '\'']);
        let next = behind.trim_start().chars().next();
        if behind.starts_with(char::is_whitespace) && !next.is_some_and(char::is_lowercase) {
            distance.cost += 30;
            distance.sentences += 1;
        }
        rest = behind;
    }
    distance
}

/// Whether nothing else is said between a place and a quotation.
pub fn is_bond(between: &str) -> bool {
    between.len() <= 60 && BOND.is_match(between)
}

/// Whether what binds a place to what is behind it says that this stands there: a sign or a verb.
pub fn is_said(between: &str) -> bool {
    let said = between.trim_matches([' ', '\n', '\t', '*', '_', '`', ')', ']']);
    !said.is_empty() && !said.starts_with(['(', '[', '|'])
}

/// Whether it is said near what is quoted that it does not stand there.
pub fn is_proposal(near: &str) -> bool {
    let near = &near[near.ceil_char_boundary(near.len().saturating_sub(NEAR))..];
    PROPOSAL.is_match(near)
}

/// Whether two places are named together.
pub fn is_listed(between: &str) -> bool {
    let between = between.trim_matches([' ', '\n', '\t', '*', '_', '`', '(', ')', '[', ']']);
    matches!(between, "" | "," | "and" | ", and" | "&" | "or" | "/" | "+")
}
