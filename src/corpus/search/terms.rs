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
        let border = match (before, class) {
            (_, Class::Separator) | (Class::Separator, _) => true,
            (Class::Upper, Class::Lower) => false,
            // The last of several capitals begins a new word: `HTTPServer`.
            (Class::Upper, Class::Upper) => characters.peek().is_some_and(|&(_, next)| Class::of(next) == Class::Lower),
            (before, class) => before != class || class == Class::Ideograph,
        };
        if border {
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

#[cfg(test)]
mod tests {
    use super::*;

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
