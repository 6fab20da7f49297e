//! Taking keys out of what a server says, in every form in which it may say them.
//!
//! Servers repeat what they were sent more often than one would think: the header as it came, the address with its
//! query, the credentials in base64, a field of a JSON text. So a key is looked for in the text as it is, in the text
//! with its escapes decoded, and as base64 and hexadecimal digits, without regard to case and to white space. A long
//! part of a key counts as well, since servers cut and wrap what they repeat.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use std::{collections::HashSet, fmt, ops::Range, sync::Arc};

/// What stands in a text in place of a key.
const MARK: &str = "[key]";

/// A shorter text is no key: taking it out of every message would make them unreadable.
const SHORTEST: usize = 4;

/// A part of a key that is at least this long, and at least half of it, is taken out as well.
const SHORTEST_PART: usize = 8;

/// How often escapes are decoded: a key may be encoded, and the address that it stands in once more.
const ROUNDS: usize = 2;

/// Knows the keys that a server was sent, and takes them out of texts.
#[derive(Clone, Default)]
pub(super) struct Redactor(Arc<[Form]>);

/// One form of a key, in lower case.
struct Form {
    bytes: Vec<u8>,
    /// How many bytes of it in a row count as the key.
    part: usize,
}

/// A byte to search, and the bytes of the text that stand for it.
type Sought = Vec<(u8, Range<usize>)>;

impl Redactor {
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().filter(|key| key.len() >= SHORTEST).flat_map(forms).collect())
    }

    /// The text without the keys.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let mut found = vec![false; text.len()];
        let mut sought = without_space(text);
        self.mark(&sought, &mut found);
        for _ in 0..ROUNDS {
            let decoded = decoded(&sought);
            if decoded.len() == sought.len() {
                break;
            }
            sought = decoded;
            self.mark(&sought, &mut found);
        }
        replaced(text, &found)
    }

    /// Notes the bytes of the text in which a key stands.
    fn mark(&self, sought: &Sought, found: &mut [bool]) {
        let bytes: Vec<u8> = sought.iter().map(|(byte, _)| *byte).collect();
        for form in self.0.iter().filter(|form| form.part <= bytes.len()) {
            let parts: HashSet<&[u8]> = form.bytes.windows(form.part).collect();
            for (at, window) in bytes.windows(form.part).enumerate() {
                if parts.contains(window) {
                    let (first, last) = (sought[at].1.start, sought[at + form.part - 1].1.end);
                    found[first..last].fill(true);
                }
            }
        }
    }
}

/// Keys stay out of debug output.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// The forms of a key: itself, in hexadecimal digits, and in base64 at each of the three places where it may begin in a
/// group of three bytes.
fn forms(key: &str) -> Vec<Form> {
    let hexadecimal: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut encoded = vec![hexadecimal];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(key.as_bytes());
        let whole = STANDARD_NO_PAD.encode(&bytes);
        // The characters at both ends also depend on what stands beside the key.
        let first = [0, 2, 3][before];
        let last = whole.len() - usize::from(bytes.len() % 3 != 0);
        let inner = &whole[first.min(last)..last];
        encoded.extend([inner.to_owned(), inner.replace('+', "-").replace('/', "_")]);
    }
    let form = |text: String| {
        let bytes: Vec<u8> = without_space(&text).into_iter().map(|(byte, _)| byte).collect();
        let part = (bytes.len() / 2).max(SHORTEST_PART).min(bytes.len());
        Form { bytes, part }
    };
    encoded.retain(|text| text.len() >= SHORTEST_PART);
    let mut forms: Vec<Form> = std::iter::once(key.to_owned()).chain(encoded).map(form).collect();
    forms.dedup_by(|a, b| a.bytes == b.bytes);
    forms
}

/// The bytes of the text in lower case, without white space and control characters, which wrapping puts between.
fn without_space(text: &str) -> Sought {
    let bytes = text.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace() && !byte.is_ascii_control());
    bytes.map(|(at, byte)| (byte.to_ascii_lowercase(), at..at + 1)).collect()
}

/// The same with `%41`, `\x41`, `\u0041` and `&#65;` as the characters that they stand for.
fn decoded(sought: &Sought) -> Sought {
    let mut decoded = Sought::with_capacity(sought.len());
    let mut at = 0;
    while at < sought.len() {
        let length = match escape(&sought[at..]) {
            Some((byte, length)) => {
                decoded.push((byte.to_ascii_lowercase(), sought[at].1.start..sought[at + length - 1].1.end));
                length
            }
            None => {
                decoded.push(sought[at].clone());
                1
            }
        };
        at += length;
    }
    decoded
}

/// The character that an escape at the beginning stands for, and the length of the escape.
fn escape(sought: &[(u8, Range<usize>)]) -> Option<(u8, usize)> {
    let start: Vec<u8> = sought.iter().take(8).map(|(byte, _)| *byte).collect();
    let number = |digits: &[u8], radix| u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match start.as_slice() {
        [b'%', high, low, ..] => Some((number(&[*high, *low], 16)?, 3)),
        [b'\\', b'x', high, low, ..] => Some((number(&[*high, *low], 16)?, 4)),
        [b'\\', b'u', b'0', b'0', high, low, ..] => Some((number(&[*high, *low], 16)?, 6)),
        [b'&', b'#', b'x', rest @ ..] => {
            let digits = rest.iter().position(|byte| *byte == b';')?;
            Some((number(&rest[..digits], 16)?, digits + 4))
        }
        [b'&', b'#', rest @ ..] => {
            let digits = rest.iter().position(|byte| *byte == b';')?;
            Some((number(&rest[..digits], 10)?, digits + 3))
        }
        [b'\\', after, ..] if !after.is_ascii_alphanumeric() => Some((*after, 2)),
        _ => None,
    }
}

/// The text with a mark in place of each stretch that was found.
fn replaced(text: &str, found: &[bool]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut hidden = false;
    for (at, letter) in text.char_indices() {
        let hides = found[at..at + letter.len_utf8()].contains(&true);
        match (hides, hidden) {
            (true, false) => shown.push_str(MARK),
            (true, true) => {}
            (false, _) => shown.push(letter),
        }
        hidden = hides;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-Pear/key+9?1";

    fn check(text: &str, expected: &str) {
        assert_eq!(Redactor::new([KEY]).redact(text), expected, "{text:?}");
    }

    #[test]
    fn a_key_is_taken_out_in_every_form() {
        check("no such key: sk-Pear/key+9?1.", "no such key: [key].");
        check("Bearer SK-PEAR/KEY+9?1", "Bearer [key]");
        check("/v1?api-key=sk-Pear%2Fkey%2B9%3F1&x=1", "/v1?api-key=[key]&x=1");
        check("%73%6b%2d%50%65%61%72%2f%6B%65%79%2B%39%3F%31", "[key]");
        check("twice: sk-Pear%252Fkey%252B9%253F1", "twice: [key]");
        check(r"json: sk-Pear\/key+9\u003f1", "json: [key]");
        check(r"\x73\x6b\x2d\x50\x65\x61\x72/key+9?1", "[key]");
        check("sk-Pear&#47;key&#x2b;9?1", "[key]");
        check("wrapped: sk-Pea\n  r/key+9?1", "wrapped: [key]");
        check("hex 736b2d506561722f6b65792b393f31", "hex [key]");
        check("cut: sk-Pear/key+9…", "cut: [key]…");
    }

    #[test]
    fn a_key_is_taken_out_of_base64_wherever_it_begins_there() {
        for before in ["", "u", "us", "user:", "Bearer ", "a longer name:"] {
            for after in ["", ":", "@h", "password"] {
                let encoded = STANDARD_NO_PAD.encode(format!("{before}{KEY}{after}"));
                for text in [encoded.clone(), encoded.replace('+', "-").replace('/', "_")] {
                    let shown = Redactor::new([KEY]).redact(&format!("Basic {text}=="));
                    assert!(shown.contains(MARK), "{before:?} {after:?}: {shown}");
                    // At most the characters at the ends are left, which hold a byte of the key at either side.
                    let left = shown.len() - "Basic ==".len() - MARK.len();
                    let beside = (before.len() + after.len()) * 4 / 3 + 6;
                    assert!(left <= beside, "{before:?} {after:?}: {shown}");
                }
            }
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in ["", "the model `m` does not exist", "50% off", "a\\b é漢 &amp; %zz \\u12", "sk-Pea"] {
            check(text, text);
        }
        let nothing = Redactor::new(["", "abc"]);
        assert_eq!(nothing.redact("abcabc"), "abcabc");
        assert_eq!(format!("{:?}", Redactor::new([KEY])), "Redactor");
    }

    #[test]
    fn several_keys_are_taken_out_side_by_side() {
        let two = Redactor::new(["first-key", "other-key"]);
        assert_eq!(two.redact("é first-key and OTHER-KEY, first-keyother-key"), "é [key] and [key], [key]");
    }
}
