//! Reading the JSON of servers, each of which has ideas of its own about what a field holds.
//!
//! A field stays raw text until somebody asks for it as something, and what is not of that kind is nothing: a server
//! that sends a number as text, or `null` for a list, is understood as far as it can be. So nothing that a server sends
//! takes more memory than its text, however many values it packs into it.

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// A field that may be missing, or `null`.
pub(super) type Field<'a> = Option<&'a RawValue>;

/// The largest number of tokens that is believed.
const MOST_TOKENS: f64 = 2_147_483_647.0;

/// The value as an object with the fields of `T`.
pub(super) fn object<'a, T: Deserialize<'a>>(field: Field<'a>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

/// The value as a text. Halves of surrogate pairs, which some servers cut apart, become replacement characters.
pub(super) fn text(field: Field<'_>) -> Option<String> {
    let raw = field?.get();
    match raw.starts_with('"') {
        true => serde_json::from_str(raw).ok().map(|Lossy(text)| text),
        false => None,
    }
}

/// The value as a number of something, also where it was written as `12.0` or `"12"`.
pub(super) fn count(field: Field<'_>) -> Option<u64> {
    let number: f64 = field?.get().trim_matches('"').trim().parse().ok()?;
    (0.0..=MOST_TOKENS).contains(&number).then_some(number as u64)
}

/// The first `most` elements of a list; none if it is no list.
pub(super) fn items<'a>(field: Field<'a>, most: usize) -> Vec<&'a RawValue> {
    let read = |list: &'a RawValue| serde_json::Deserializer::from_str(list.get()).deserialize_seq(Head(most)).ok();
    field.and_then(read).unwrap_or_default()
}

/// Takes the first elements of a list and passes over the rest.
struct Head(usize);

impl<'de> Visitor<'de> for Head {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut head = Vec::new();
        while head.len() < self.0 {
            match list.next_element()? {
                Some(item) => head.push(item),
                None => return Ok(head),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(head)
    }
}

/// A text that may hold halves of surrogate pairs.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn texts_are_taken_and_nothing_else_is_one() {
        let cases = [
            (r#""a\n\u00e9\ud83d\ude00""#, Some("a\né😀")),
            (r#""a\ud83d""#, Some("a\u{fffd}\u{fffd}\u{fffd}")),
            ("\"\"", Some("")),
            ("5", None),
            ("null", None),
            ("[97]", None),
            ("{}", None),
        ];
        for (json, expected) in cases {
            assert_eq!(text(Some(raw(json))).as_deref(), expected, "{json}");
        }
        assert_eq!(text(None), None);
    }

    #[test]
    fn counts_come_as_numbers_of_any_kind() {
        let cases = [
            ("12", Some(12)),
            ("12.0", Some(12)),
            ("\"12\"", Some(12)),
            ("1.2e1", Some(12)),
            ("0", Some(0)),
            ("-1", None),
            ("1e300", None),
            ("99999999999", None),
            ("\"many\"", None),
            ("null", None),
            ("[]", None),
        ];
        for (json, expected) in cases {
            assert_eq!(count(Some(raw(json))), expected, "{json}");
        }
    }

    #[test]
    fn of_a_list_the_head_is_taken() {
        let shown =
            |json: &'static str, most| items(Some(raw(json)), most).iter().map(|it| it.get()).collect::<Vec<_>>();
        assert_eq!(shown("[1, {\"a\": [2]}, 3]", 2), ["1", "{\"a\": [2]}"]);
        assert_eq!(shown("[1]", 2), ["1"]);
        assert!(shown("{}", 2).is_empty() && shown("null", 2).is_empty() && items(None, 2).is_empty());
    }
}
