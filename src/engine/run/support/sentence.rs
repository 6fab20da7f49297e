//! A reply in the pieces that are held against lines: the sentences of its lines, and of a sentence what each place in it
//! is said of.

use super::words::words;

/// The fewest words that are said of a place by themselves.
const OWN_WORDS: usize = 2;

/// The fewest words behind the last place of a sentence that are something else.
const FEWEST_BEHIND: usize = 3;

/// The mark that a line of a list begins with, and what the line says.
pub fn item(line: &str) -> (&str, &str) {
    let text = line.trim_start();
    let number = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let length = match text.as_bytes() {
        [b'-' | b'*' | b'+', b' ', ..] => 2,
        bytes
            if (1..4).contains(&number)
                && matches!(bytes.get(number), Some(b'.' | b')'))
                && bytes.get(number + 1) == Some(&b' ') =>
        {
            number + 2
        }
        _ if text.starts_with("• ") => "• ".len(),
        _ => 0,
    };
    let indent = line.len() - text.len();
    line.split_at(if length == 0 { 0 } else { indent + length })
}

/// The sentences of a line: cut behind `.`, `!` and `?` before white space.
pub fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let mut ends = rest.match_indices(['.', '!', '?']).map(|(at, _)| at + 1);
        let end = ends.find(|&at| rest[at..].starts_with([' ', '\t'])).unwrap_or(rest.len());
        let (sentence, behind) = rest.split_at(end);
        rest = behind;
        Some(sentence)
    })
}

/// What the lines of a text say one by one, whether they are prose or code: cut behind `.`, `!`, `?` and `;` where no
/// letter follows.
pub fn statements(text: &str) -> impl Iterator<Item = &str> {
    let mut ends = text.match_indices(['.', '!', '?', ';']).map(|(at, _)| at + 1);
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == text.len() {
            return None;
        }
        let end = ends.find(|&at| !text[at..].starts_with(char::is_alphanumeric)).unwrap_or(text.len());
        let statement = &text[start..end];
        start = end;
        Some(statement)
    })
}

/// The parts of a sentence with a place of their own; what stands around a single place belongs to it. A part that says
/// something behind the last place has none.
pub fn claims(sentence: &str) -> Vec<&str> {
    let (mut claims, mut start, mut own, mut is_behind_place) = (Vec::new(), 0, 0, false);
    for (at, word) in spaced_words(sentence) {
        let is_place = is_place(word);
        if is_behind_place && !is_place && own >= OWN_WORDS {
            claims.push(&sentence[start..at]);
            (start, own) = (at, 0);
        }
        own += if is_place { 0 } else { words(word).len() };
        is_behind_place = is_place;
    }
    let rest = &sentence[start..];
    let says_little = !rest.split_whitespace().any(is_place) && words(rest).len() < FEWEST_BEHIND;
    match claims.pop() {
        Some(last) if says_little => claims.push(&sentence[start - last.len()..]),
        Some(last) => claims.extend([last, rest]),
        None => claims.push(rest),
    }
    claims
}

fn spaced_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

/// Whether a word looks like `path:line`.
fn is_place(word: &str) -> bool {
    let word = word.trim_matches(|it: char| !it.is_alphanumeric());
    word.rsplit_once(':')
        .is_some_and(|(path, line)| !path.is_empty() && line.starts_with(|it: char| it.is_ascii_digit()))
}

/// A text without what looks like a place.
pub fn without_places(text: &str) -> String {
    text.split_whitespace().filter(|word| !is_place(word)).collect::<Vec<_>>().join(" ")
}
