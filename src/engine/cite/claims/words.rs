//! What kind of text is set apart in a line: a name is none that a file would have to hold.

/// How much a text in a line looks like a quotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A single word: an identifier, a path, an option, a type.
    Name,
    /// Two or three plain words: a command, a term.
    Phrase,
    /// Code with signs, or more words.
    Statement,
}

impl Kind {
    pub fn of(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let is_plain = words.clone().all(is_plain);
        match words.by_ref().take(4).count() {
            0 | 1 if is_plain => Self::Name,
            2 | 3 if is_plain => Self::Phrase,
            _ => Self::Statement,
        }
    }
}

/// Whether a word has only signs that names, paths, options and types have.
fn is_plain(word: &str) -> bool {
    let word = word.trim_end_matches([',', '.', ':', '?', '!']);
    let word = word.strip_suffix("()").unwrap_or(word);
    let word = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    word.chars().all(|it| it.is_alphanumeric() || "_-./:~#@$&*<>\\’'".contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_commands_are_told_from_what_is_quoted() {
        for text in
            ["foo", "Session::start", "run()", "src/a.rs", "--flag", "Vec<u8>", "&self", "a.b.c", "[lints]", "#12"]
        {
            assert_eq!(Kind::of(text), Kind::Name, "{text}");
        }
        for text in ["cargo test", "fn boat()", "HashMap<String, u8>", "the fast path"] {
            assert_eq!(Kind::of(text), Kind::Phrase, "{text}");
        }
        for text in ["sink(7)", "x = 1", "let x = 1;", "return;", "a || b", "so it is said", "\"text\"", "#[test]x"] {
            assert_eq!(Kind::of(text), Kind::Statement, "{text}");
        }
    }
}
