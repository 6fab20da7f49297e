//! The words of code and prose.
//!
//! An identifier counts as its parts (`parseHTTPHeader` as parse, http, header) and also as a whole, so that both a
//! question in plain words and one that names it exactly find it.

/// A word that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A word, or a part of an identifier, in lower case.
    Part(&'a str),
    /// A whole identifier of several parts, in lower case and without underscores.
    Whole(&'a str),
}

/// Longer parts and identifiers are data rather than language.
const LONGEST_PART: usize = 30;
const LONGEST_WHOLE: usize = 60;
const LONGEST_NUMBER: usize = 5;

/// Calls `each` with every word of `text`, in order; an identifier follows its parts.
pub(super) fn words(text: &str, mut each: impl FnMut(Word<'_>)) {
    let mut buffer = String::new();
    tokens(text, |token| split(token, &mut buffer, &mut each));
}

/// Calls `each` with every number, word and identifier of `text` as it stands there.
pub(super) fn tokens<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let beyond_ascii = |at: usize| text[at..].chars().next().filter(|it| !it.is_ascii());
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        loop {
            at += bytes[at..].iter().take_while(|&&byte| IN_WORDS[usize::from(byte)]).count();
            match bytes.get(at).filter(|byte| !byte.is_ascii()).and_then(|_| beyond_ascii(at)) {
                Some(it) if it.is_alphanumeric() => at += it.len_utf8(),
                _ => break,
            }
        }
        if start < at {
            each(&text[start..at]);
        }
        // What ended the word is one character.
        at += bytes.get(at).filter(|byte| !byte.is_ascii()).and_then(|_| beyond_ascii(at)).map_or(1, char::len_utf8);
    }
}

/// The bytes of ASCII that words are made of.
const IN_WORDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// Calls `each` with the parts of one token and, if it is an identifier of several, with the whole. `buffer` is room to
/// work in.
pub(super) fn split(word: &str, buffer: &mut String, each: &mut impl FnMut(Word<'_>)) {
    if is_data(word) {
        return;
    }
    buffer.clear();
    let mut parts = 0;
    let mut start = 0;
    let mut emit = |part: &str, buffer: &mut String| {
        let from = buffer.len();
        if part.is_ascii() {
            buffer.push_str(part);
            buffer[from..].make_ascii_lowercase();
        } else {
            buffer.extend(part.chars().flat_map(char::to_lowercase));
        }
        let part = &buffer[from..];
        if part.is_empty() {
            return;
        }
        parts += 1;
        if part.len() > 1 && part.len() <= LONGEST_PART {
            each(Word::Part(part));
        }
    };
    let mut before = Class::Separator;
    let mut characters = word.char_indices().peekable();
    while let Some((at, it)) = characters.next() {
        let class = Class::of(it);
        if is_border(before, class, || characters.peek().map_or(Class::Separator, |&(_, next)| Class::of(next))) {
            emit(&word[start..at], buffer);
            start = if class == Class::Separator { at + it.len_utf8() } else { at };
        }
        before = class;
    }
    emit(&word[start..], buffer);
    if parts > 1 && buffer.len() <= LONGEST_WHOLE {
        each(Word::Whole(buffer));
    }
}

/// Whether a part of an identifier ends between two characters of these classes; `next` is the class behind them.
fn is_border(before: Class, class: Class, next: impl FnOnce() -> Class) -> bool {
    match (before, class) {
        (_, Class::Separator) | (Class::Separator, _) => true,
        (Class::Upper, Class::Lower) => false,
        // The last of several capitals begins a new word: `HTTPServer`.
        (Class::Upper, Class::Upper) => next() == Class::Lower,
        (before, class) => before != class || class == Class::Ideograph,
    }
}

/// The part of an identifier, or the word, that begins at byte `at` of `text`, if one does there.
pub(super) fn part_at(text: &str, at: usize) -> Option<&str> {
    let (first, len) = Class::at(text, at);
    let mut end = at + len;
    let before = Class::before(text, at);
    let is_start = first != Class::Separator
        && (before == Class::Separator || is_border(before, first, || Class::at(text, end).0));
    if !is_start {
        return None;
    }
    let mut before = first;
    loop {
        let (class, len) = Class::at(text, end);
        if is_border(before, class, || Class::at(text, end + len).0) {
            return Some(&text[at..end]);
        }
        (before, end) = (class, end + len);
    }
}

/// The token that begins at byte `at` of `text`, or with underscores just before it.
pub(super) fn token_at(text: &str, at: usize) -> Option<&str> {
    let is_in_word = |byte: &u8| !byte.is_ascii() || IN_WORDS[usize::from(*byte)];
    let underscores = text.as_bytes()[..at].iter().rev().take_while(|byte| **byte == b'_').count();
    let start = at - underscores;
    if start > 0 && is_in_word(&text.as_bytes()[start - 1]) {
        return None;
    }
    let end = text.as_bytes()[at..].iter().position(|byte| !is_in_word(byte)).map_or(text.len(), |len| at + len);
    Some(&text[start..end])
}

/// Where the token begins that has a part at byte `at` of `text`; of a very long one, somewhere in it.
pub(super) fn token_start(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[at.saturating_sub(LONGEST_WHOLE)..at];
    let is_in_word = |byte: &&u8| !byte.is_ascii() || IN_WORDS[usize::from(**byte)];
    at - before.iter().rev().take_while(is_in_word).count()
}

/// Whether a word is a long number or a hash rather than a name.
pub(super) fn is_data(word: &str) -> bool {
    word.len() > LONGEST_NUMBER && word.bytes().filter(u8::is_ascii_digit).count() * 2 >= word.len()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Separator,
    Lower,
    Upper,
    Digit,
    /// A character that is a word by itself.
    Ideograph,
}

impl Class {
    /// The class of the character at byte `at`, and its length. What is no part of a word separates words.
    fn at(text: &str, at: usize) -> (Self, usize) {
        match text.as_bytes().get(at) {
            None => (Self::Separator, 0),
            Some(byte) if byte.is_ascii() => (OF_ASCII[usize::from(*byte)], 1),
            Some(_) => {
                let it = text[at..].chars().next().unwrap_or_default();
                (if it.is_alphanumeric() { Self::of(it) } else { Self::Separator }, it.len_utf8())
            }
        }
    }

    /// The class of the character that ends at byte `at`.
    fn before(text: &str, at: usize) -> Self {
        match at.checked_sub(1).map(|last| text.as_bytes()[last]) {
            None => Self::Separator,
            Some(byte) if byte.is_ascii() => OF_ASCII[usize::from(byte)],
            Some(_) => {
                text[..at].chars().next_back().map_or(Self::Separator, |it| Self::at(text, at - it.len_utf8()).0)
            }
        }
    }

    fn of(it: char) -> Self {
        match it {
            '_' => Self::Separator,
            'A'..='Z' => Self::Upper,
            'a'..='z' => Self::Lower,
            '0'..='9' => Self::Digit,
            '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' | '\u{20000}'..='\u{3ffff}' => Self::Ideograph,
            _ if it.is_uppercase() => Self::Upper,
            _ => Self::Lower,
        }
    }
}

/// The class of each character of ASCII.
const OF_ASCII: [Class; 128] = {
    let mut table = [Class::Separator; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' => Class::Upper,
            b'a'..=b'z' => Class::Lower,
            b'0'..=b'9' => Class::Digit,
            _ => Class::Separator,
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_found_where_they_begin(text in "[ab_ABC1ö 日—.]{0,30}") {
            let mut expected = Vec::new();
            tokens(&text, |token| {
                if !is_data(token) {
                    split(token, &mut String::new(), &mut |word| {
                        if let Word::Part(part) = word {
                            expected.push(part.to_owned());
                        }
                    });
                }
            });
            let starts = (0..text.len()).filter(|at| text.is_char_boundary(*at));
            let found = starts.filter_map(|at| part_at(&text, at)).filter(|part| part.len() > 1).map(str::to_lowercase);
            let found: Vec<String> = found.collect();
            if text.chars().filter(char::is_ascii_digit).count() < 3 {
                prop_assert_eq!(found, expected);
            }
        }
    }

    fn check(text: &str, expected: &str) {
        let mut found = Vec::new();
        words(text, |word| match word {
            Word::Part(part) => found.push(part.to_owned()),
            Word::Whole(whole) => found.push(format!("={whole}")),
        });
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn identifiers_count_as_their_parts_and_as_a_whole() {
        check("parseHTTPHeader", "parse http header =parsehttpheader");
        check("max_file_size MAX_SIZE", "max file size =maxfilesize max size =maxsize");
        check("utf8 sha256sum x1", "utf =utf8 sha 256 sum =sha256sum =x1");
        check("IOError, getX", "io error =ioerror get =getx");
        check("the end.", "the end");
        check("Größe naïve", "größe naïve");
        check("日本", "日 本 =日本");
        check("_x __init__", "init");
        check("a b", "");
    }

    #[test]
    fn data_is_left_out() {
        check(&"x".repeat(200), "");
        check("0x00ff12ab34 123456789 8080 -32700", "8080 32700");
    }
}
