//! What the beginning of a file with a NUL byte in it tells.

use std::char::{REPLACEMENT_CHARACTER, decode_utf16};

/// Of a file that a person has named at most one byte in this many may be something else than text.
const TEXT_SHARE: usize = 3;

/// From this many units on, letters alone tell UTF-16.
const LONG: usize = 64;

/// From this many units on, letters of one alphabet tell it. They share a high byte; blanks and punctuation have two
/// more.
const SHORT: usize = 8;
const ALPHABET: usize = 3;

/// How the bytes make code units, if they are UTF-16 without a byte order mark: all of them are letters and other characters
/// of texts, and some are ASCII, as blanks and line feeds are in any language.
pub(super) fn unmarked_utf16(probe: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let (pairs, rest) = probe.as_chunks::<2>();
    let is_text = |unit: fn([u8; 2]) -> u16| {
        // The last one may be the first half of a character.
        let is_half = pairs.last().is_some_and(|&pair| matches!(unit(pair), 0xd800..=0xdbff));
        let units = &pairs[..pairs.len() - usize::from(is_half)];
        let mut ascii = 0;
        let is_text = decode_utf16(units.iter().map(|&pair| unit(pair))).all(|decoded| {
            let character = decoded.unwrap_or(REPLACEMENT_CHARACTER);
            ascii += usize::from(character.is_ascii());
            is_of_text(character)
        });
        let mut high: Vec<u8> = units.iter().map(|&pair| unit(pair).to_be_bytes()[0]).collect();
        high.sort_unstable();
        high.dedup();
        let is_alphabet = units.len() >= SHORT && high.len() <= ALPHABET;
        let is_enough = units.len() >= LONG && ascii * 64 >= units.len();
        is_text && ascii > 0 && (ascii * 2 > units.len() || is_alphabet || is_enough)
    };
    let units: [fn([u8; 2]) -> u16; 2] = [u16::from_le_bytes, u16::from_be_bytes];
    units.into_iter().find(|&unit| rest.is_empty() && is_text(unit))
}

fn is_of_text(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{c}' | ' '..='~' | '\u{a0}'..='\u{ff}' => true,
        // Punctuation, signs and pictures.
        '\u{2010}'..='\u{2bff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' | '\u{1f000}'..='\u{1faff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{300}'..='\u{36f}' => true,
        character => character.is_alphanumeric() || character.is_whitespace(),
    }
}

/// Whether only a small part is not text (NUL bytes above all).
pub(super) fn is_mostly_text(probe: &[u8]) -> bool {
    let is_foreign = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 8 | 0xc | 0x1b);
    let foreign: usize =
        probe.utf8_chunks().map(|chunk| chunk.valid().bytes().filter(is_foreign).count() + chunk.invalid().len()).sum();
    foreign * TEXT_SHARE <= probe.len()
}
