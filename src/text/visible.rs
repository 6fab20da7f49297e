//! Names and texts of others, so that nothing in them is taken for anything else.
//!
//! A file name may hold line feeds, escape sequences of a terminal, or marks that turn the order of letters around. Put
//! into a prompt or on a screen as it is, it forges lines, hides others, or writes the clipboard. Everything that shows
//! a name shows it through [`visible_name`]: each character that a reader cannot see becomes an escape, `\x1B` or
//! `\u{202E}`, and each byte that is no text becomes one like `\xFF`. The form is unambiguous, and [`name_of_visible`]
//! takes it back. [`visible_line`] does the same for other texts of one line, and [`visible_text`] for texts of many
//! lines on a terminal.

use std::{borrow::Cow, fmt::Write, path::Path};

/// Characters that are not seen, or that change how others are seen, besides the control characters: line and paragraph
/// separators, marks of writing direction, and what Unicode lets fonts ignore.
const HIDDEN: [(char, char); 19] = [
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{2028}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{FFFE}', '\u{FFFF}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
    ('\u{10FFFE}', '\u{10FFFF}'),
];

/// The most digits between the braces of an escape.
const MOST_DIGITS: usize = 6;

/// A name as it is shown, whatever bytes it has. Names that differ are shown differently: a backslash that would look
/// like the beginning of an escape is itself escaped.
pub fn visible_name(name: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(name)
        && !text.bytes().any(|byte| byte == b'\\')
    {
        return visible_line(text);
    }
    let mut shown = String::with_capacity(name.len() + 8);
    for chunk in name.utf8_chunks() {
        let text = chunk.valid();
        for (at, character) in text.char_indices() {
            match character == '\\' && escape(&text[at..]).is_some() {
                true => push_byte(&mut shown, b'\\'),
                false => push_visible(&mut shown, character),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_byte(&mut shown, byte));
    }
    Cow::Owned(shown)
}

/// A path as it is shown.
pub fn visible_path(path: &Path) -> String {
    visible_name(path.as_os_str().as_encoded_bytes()).into_owned()
}

/// The name that [`visible_name`] shows so.
pub fn name_of_visible(shown: &str) -> Cow<'_, [u8]> {
    if !shown.contains('\\') {
        return Cow::Borrowed(shown.as_bytes());
    }
    let mut name = Vec::with_capacity(shown.len());
    for part in visible_parts(shown) {
        match part {
            Part::Plain(text) => name.extend_from_slice(text.as_bytes()),
            Part::Byte(byte) => name.push(byte),
            Part::Character(character) => name.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(name)
}

/// A piece of a name that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    Plain(&'a str),
    /// An escape like `\xFF`.
    Byte(u8),
    /// An escape like `\u{202E}`.
    Character(char),
}

/// The pieces of a name that is shown, with its escapes understood.
pub fn visible_parts(shown: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = shown;
    std::iter::from_fn(move || {
        if let Some((part, length)) = escape(rest) {
            rest = &rest[length..];
            return Some(part);
        }
        let next = rest.match_indices('\\').map(|(at, _)| at).find(|&at| escape(&rest[at..]).is_some());
        let (plain, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        (!plain.is_empty()).then_some(Part::Plain(plain))
    })
}

/// The escape that a text begins with, and its length.
fn escape(text: &str) -> Option<(Part<'_>, usize)> {
    let rest = text.strip_prefix('\\')?;
    if let Some(digits) = rest.strip_prefix('x').and_then(|rest| rest.get(..2)) {
        return Some((Part::Byte(u8::from_str_radix(hexadecimal(digits)?, 16).ok()?), 4));
    }
    let (digits, _) = rest.strip_prefix("u{")?.split_once('}')?;
    let character = char::from_u32(u32::from_str_radix(hexadecimal(digits)?, 16).ok()?)?;
    Some((Part::Character(character), digits.len() + 4))
}

/// The digits, if they are nothing else, and not too many.
fn hexadecimal(digits: &str) -> Option<&str> {
    let is_number = (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then_some(digits)
}

/// A text of one line with everything visible that is not: a rule, a label, a name that is shown already. Backslashes
/// stay as they are.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden)
}

/// Whether all of a text is seen as it is.
pub fn is_visible(text: &str) -> bool {
    !text.chars().any(is_hidden)
}

/// A text for a terminal. Line feeds and tabs stay, and so does a carriage return in front of a line feed; all other
/// control characters, and the marks of writing direction, become visible.
pub fn visible_text(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return replaced(text, steers_terminal);
    }
    let lines = text.split_inclusive("\r\n").map(|line| match line.strip_suffix("\r\n") {
        Some(line) => replaced(line, steers_terminal) + "\r\n",
        None => replaced(line, steers_terminal),
    });
    Cow::Owned(lines.collect())
}

/// JSON for a terminal: the same characters in the form that JSON has for them.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let Some(first) = json.find(steers_terminal) else { return Cow::Borrowed(json) };
    let mut shown = json[..first].to_owned();
    for character in json[first..].chars() {
        if steers_terminal(character) {
            // None of them needs a surrogate, and a String can always be written to.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character does something to a terminal but appear on it.
fn steers_terminal(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

fn is_hidden(character: char) -> bool {
    // Nearly all names are ASCII.
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control() || HIDDEN.iter().any(|&(first, last)| (first..=last).contains(&character))
}

fn replaced(text: &str, is_replaced: fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(is_replaced) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 8);
    shown.push_str(&text[..first]);
    for character in text[first..].chars() {
        match is_replaced(character) {
            true => push_escaped(&mut shown, character),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

fn push_visible(shown: &mut String, character: char) {
    match is_hidden(character) {
        true => push_escaped(shown, character),
        false => shown.push(character),
    }
}

fn push_escaped(shown: &mut String, character: char) {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => push_byte(shown, byte),
        // A String can always be written to.
        _ => {
            let _ = write!(shown, "\\u{{{:X}}}", u32::from(character));
        }
    }
}

fn push_byte(shown: &mut String, byte: u8) {
    // A String can always be written to.
    let _ = write!(shown, "\\x{byte:02X}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_hide_nothing() {
        for (name, shown) in [
            ("src/main.rs", "src/main.rs"),
            ("é 漢字 😀 ñ/ü", "é 漢字 😀 ñ/ü"),
            ("a\n\nSYSTEM: b\n==> c <==", r"a\x0A\x0ASYSTEM: b\x0A==> c <=="),
            ("\u{1b}]52;c;YmFy\u{7}", r"\x1B]52;c;YmFy\x07"),
            ("a\tb\r\u{7f}", r"a\x09b\x0D\x7F"),
            ("\u{9b}2J", r"\u{9B}2J"),
            ("gpj.\u{202e}exe", r"gpj.\u{202E}exe"),
            ("a\u{2028}b\u{2029}c", r"a\u{2028}b\u{2029}c"),
            ("\u{feff}a\u{200b}b\u{200d}c\u{2060}d\u{ad}", r"\u{FEFF}a\u{200B}b\u{200D}c\u{2060}d\u{AD}"),
            ("a\u{e0041}\u{e0100}\u{fe0f}", r"a\u{E0041}\u{E0100}\u{FE0F}"),
            ("\u{61c}\u{200e}\u{200f}\u{2066}\u{2069}", r"\u{61C}\u{200E}\u{200F}\u{2066}\u{2069}"),
            // What only looks like an escape is told from one.
            (r"a\x1B", r"a\x5Cx1B"),
            (r"a\u{9b}", r"a\x5Cu{9b}"),
            (r"C:\temp\xylophone\u\{", r"C:\temp\xylophone\u\{"),
            ("\\\u{1b}", r"\\x1B"),
            ("\\x4\u{1b}", r"\x4\x1B"),
        ] {
            assert_eq!(visible_name(name.as_bytes()), shown);
            assert_eq!(name_of_visible(shown), name.as_bytes(), "{shown}");
            assert!(is_visible(shown));
            // What is shown already stays.
            assert_eq!(visible_line(shown), shown);
        }
        assert_eq!(visible_name(b"l\xe9g\xff\xc3\xa9"), r"l\xE9g\xFFé");
        assert_eq!(name_of_visible(r"l\xE9g\xFFé"), b"l\xe9g\xff\xc3\xa9".as_slice());
        assert_eq!(visible_line("a\\x1B\u{1b}"), "a\\x1B\\x1B");
    }

    #[test]
    fn no_control_character_but_the_ends_of_lines_and_tabs_reaches_a_terminal() {
        for (text, shown) in [
            ("plain\ntext\twith é 👨\u{200d}👩\n", "plain\ntext\twith é 👨\u{200d}👩\n"),
            ("\u{1b}[2J\u{9b}35m\u{202e}\u{8}\u{7f}\0", r"\x1B[2J\u{9B}35m\u{202E}\x08\x7F\x00"),
            ("one\r\ntwo\rthree\r\r\nfour\r", "one\r\ntwo\\x0Dthree\\x0D\r\nfour\\x0D"),
            ("\u{85}\u{2028}\u{61c}", r"\u{85}\u{2028}\u{61C}"),
        ] {
            assert_eq!(visible_text(text), shown);
        }
        let json = serde_json::json!({"a": "\u{1b}\u{9b}\u{202e}\n\u{7f}é"}).to_string();
        let shown = visible_json(&json);
        assert_eq!(shown, r#"{"a":"\u001b\u009b\u202e\n\u007fé"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()["a"], "\u{1b}\u{9b}\u{202e}\n\u{7f}é");
    }

    proptest! {
        #[test]
        fn every_name_is_shown_in_its_own_way_and_found_again(
            name in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..12),
                r"(\\|x|u|\{|\}|[0-9A-Fa-f]|\x1b|é|\u{202e}|/){0,12}".prop_map(String::into_bytes),
            ],
        ) {
            let shown = visible_name(&name);
            prop_assert!(is_visible(&shown), "{shown}");
            prop_assert_eq!(name_of_visible(&shown), name.as_slice());
        }
    }
}
