//! An API key, kept out of everything that is shown.

use std::fmt;

/// A key. It shows itself nowhere but in [`Secret::expose`].
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    /// The key without the white space around it, which comes from files and belongs to none; nothing if nothing is
    /// left.
    pub(super) fn new(key: &str) -> Option<Self> {
        let key = key.trim();
        (!key.is_empty()).then(|| Self(key.to_owned()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The text with every occurrence of the key taken out. Servers repeat what they were sent more often than one
    /// would think.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_itself_in_no_text_and_no_debug_output() {
        let key = Secret::new(" sk-12345\n").unwrap();
        assert_eq!(key.redact("no key sk-12345, Bearer sk-12345"), "no key [key], Bearer [key]");
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.expose(), "sk-12345");
    }

    #[test]
    fn white_space_is_no_key() {
        assert!(Secret::new(" \n").is_none());
    }
}
