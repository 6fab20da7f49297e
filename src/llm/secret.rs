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
    fn a_key_is_trimmed_and_shows_itself_in_no_debug_output() {
        let key = Secret::new(" sk-12345\n").unwrap();
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.expose(), "sk-12345");
    }

    #[test]
    fn white_space_is_no_key() {
        assert!(Secret::new(" \n").is_none());
    }
}
