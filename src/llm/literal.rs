//! Reads the values that models write: JSON, and what they write in its place.
//!
//! Models write JSON by heart. They forget to escape a line feed, leave a comma behind the last item, and write `True`,
//! `None` or single quotes where they have Python in mind. What is meant is plain, so it is read. Each byte is looked at
//! a bounded number of times, and nothing is nested deeper than [`DEEPEST`].

use serde_json::{Map, Value};

/// How deep values may lie in each other.
const DEEPEST: usize = 64;

/// The value at the start of a text, and how many bytes it takes; nothing if there is none, or more than `most` of them.
pub fn value_at_start(text: &str, most: usize) -> Option<(Value, usize)> {
    let mut reader = Reader { text, at: 0, left: most };
    let value = reader.value(0)?;
    Some((value, reader.at))
}

/// The value that a whole text stands for.
pub fn whole_value(text: &str, most: usize) -> Option<Value> {
    let (value, end) = value_at_start(text, most)?;
    text[end..].trim().is_empty().then_some(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Values that may still come.
    left: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        self.left = self.left.checked_sub(1)?;
        if depth > DEEPEST {
            return None;
        }
        match self.rest().chars().next()? {
            '{' => self.object(depth),
            '[' => self.list(']', depth),
            '(' => self.list(')', depth),
            '"' | '\'' => self.text().map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut fields = Map::new();
        self.at += 1;
        loop {
            self.skip_space();
            if self.takes("}") {
                return Some(Value::Object(fields));
            }
            let name = match self.rest().chars().next()? {
                '"' | '\'' => self.text()?,
                _ => self.name()?.to_owned(),
            };
            self.skip_space();
            if !self.takes(":") {
                return None;
            }
            let value = self.value(depth + 1)?;
            fields.insert(name, value);
            self.skip_space();
            if !self.takes(",") && !self.rest().starts_with('}') {
                return None;
            }
        }
    }

    fn list(&mut self, end: char, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            if self.rest().starts_with(end) {
                self.at += 1;
                return Some(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if !self.takes(",") && !self.rest().starts_with(end) {
                return None;
            }
        }
    }

    /// A name without quotes.
    fn name(&mut self) -> Option<&str> {
        let rest = &self.text[self.at..];
        let length = rest.find(|it: char| !it.is_alphanumeric() && !"_-.".contains(it)).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| &rest[..length])
    }

    /// A number, or a word that stands for a value.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let length = rest.find(|it: char| !it.is_ascii_alphanumeric() && !"+-._".contains(it)).unwrap_or(rest.len());
        let value = match &rest[..length] {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            "null" | "None" => Value::Null,
            number => serde_json::from_str(number).ok().filter(Value::is_number)?,
        };
        self.at += length;
        Some(value)
    }

    /// A text between quotes of JSON or Python. A line feed in it means itself.
    fn text(&mut self) -> Option<String> {
        let quote = self.rest().chars().next()?;
        let long = quote.to_string().repeat(3);
        let end = if self.takes(&long) {
            long
        } else {
            self.at += 1;
            quote.to_string()
        };
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find([quote, '\\'])?;
            text.push_str(&rest[..plain]);
            self.at += plain;
            if self.takes(&end) {
                return Some(text);
            }
            match rest[plain..].starts_with('\\') {
                true => {
                    let (letter, length) = escape(&rest[plain..])?;
                    text.push_str(&letter);
                    self.at += length;
                }
                // One quote in a text that ends with three.
                false => {
                    text.push(quote);
                    self.at += 1;
                }
            }
        }
    }
}

/// What an escape at the start of a text stands for, and its length. An unknown one stands for itself.
fn escape(text: &str) -> Option<(String, usize)> {
    let letter = text[1..].chars().next()?;
    let plain = match letter {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        'b' => "\u{8}",
        'f' => "\u{c}",
        '"' | '\'' | '\\' | '/' => return Some((letter.to_string(), 2)),
        '\n' => "",
        'u' => return Some(unit(text).unwrap_or(("\\u".to_owned(), 2))),
        _ => return Some((format!("\\{letter}"), 1 + letter.len_utf8())),
    };
    Some((plain.to_owned(), 2))
}

/// A character by its number in UTF-16, which may take two escapes.
fn unit(text: &str) -> Option<(String, usize)> {
    let number = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|it| it.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = number(0)?;
    if let Some(letter) = char::from_u32(first.into()) {
        return Some((letter.to_string(), 6));
    }
    let pair = number(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    Some(pair.map_or(("\u{fffd}".to_owned(), 6), |letter| (letter.to_string(), 12)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_they_are_meant() {
        for (text, expected, rest) in [
            (r#"{"a": [1, -2.5, true, null]} b"#, json!({"a": [1, -2.5, true, null]}), " b"),
            ("{'a': True, b: None, 'c': (1, 'x',),}", json!({"a": true, "b": null, "c": [1, "x"]}), ""),
            ("\"a\nb\\n\\\"\\u00e9\\ud83d\\ude00\\ud800\\q\"", json!("a\nb\n\"é😀\u{fffd}\\q"), ""),
            ("'''it's\n'''", json!("it's\n"), ""),
            ("\"\"", json!(""), ""),
            ("12x", json!(null), "12x"),
            ("{\"a\": 1 \"b\": 2}", json!(null), "{\"a\": 1 \"b\": 2}"),
            ("{\"a\"", json!(null), "{\"a\""),
            ("\"\\", json!(null), "\"\\"),
        ] {
            let (value, length) = value_at_start(text, 100).unwrap_or((Value::Null, 0));
            assert_eq!((value, &text[length..]), (expected, rest), "{text}");
        }
    }

    #[test]
    fn there_is_a_bound_on_depth_and_on_values() {
        assert_eq!(value_at_start(&"[".repeat(100_000), 1_000_000), None);
        assert_eq!(value_at_start("[1, 2, 3]", 3), None);
        assert!(value_at_start("[1, 2, 3]", 4).is_some());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_json_is_read_alike(text in "[a-zé\\\\\"\n]{0,9}", number: i32, flag: bool) {
            let value = json!({&text: [number, flag, {"x": &text}], "y": null});
            proptest::prop_assert_eq!(whole_value(&value.to_string(), 100), Some(value));
        }

        #[test]
        fn any_text_is_looked_at_without_harm(text in "[\\[\\](){}:,'\"\\\\a1 \nuTé]{0,60}") {
            if let Some((_, end)) = value_at_start(&text, 50) {
                proptest::prop_assert!(text.is_char_boundary(end));
            }
        }
    }
}
