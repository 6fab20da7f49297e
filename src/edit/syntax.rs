//! Errors in the syntax of a file that a change has brought.

use crate::corpus::{Language, StopFlag, syntax_errors};
use rustc_hash::FxHashMap;

/// The most errors that are told.
const MOST: usize = 10;

/// A place that no rule of the language allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// In the new text, from 1.
    pub line: usize,
    pub what: String,
}

/// The errors that the new text of a file has and the old one had not, the first ones of them. None where the language
/// has no grammar here, or a text is too large or too odd to be parsed.
pub fn new_syntax_errors(path: &str, old: &str, new: &str) -> Vec<SyntaxError> {
    let Some(language) = Language::of_path(path) else { return Vec::new() };
    let errors = |text: &str| syntax_errors(text, language, &StopFlag::default());
    let (Some(before), Some(after)) = (errors(old), errors(new)) else { return Vec::new() };
    let old_lines: Vec<&str> = old.lines().collect();
    let new_lines: Vec<&str> = new.lines().collect();
    // An error that was there before is known by what it is and what its line says, wherever that is now.
    let mut known: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    for (line, what) in &before {
        *known.entry((what, text_of(&old_lines, *line))).or_default() += 1;
    }
    let mut errors = Vec::new();
    for (line, what) in &after {
        match known.get_mut(&(what.as_str(), text_of(&new_lines, *line))) {
            Some(count) if *count > 0 => *count -= 1,
            _ => errors.push(SyntaxError { line: *line, what: what.clone() }),
        }
    }
    errors.truncate(MOST);
    errors
}

fn text_of<'t>(lines: &[&'t str], line: usize) -> &'t str {
    lines.get(line.saturating_sub(1)).map_or("", |line| line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_that_are_new_are_told() {
        let whole = "fn a() {\n    b();\n}\n";
        assert_eq!(new_syntax_errors("a.rs", whole, "fn a() {\n    c();\n}\n"), []);
        let broken = new_syntax_errors("a.rs", whole, "fn a() {\n    b(;\n}\n");
        assert!(broken.first().is_some_and(|it| it.line == 2), "{broken:?}");
        let missing = new_syntax_errors("a.rs", whole, "fn a() {\n    b();\n");
        assert!(!missing.is_empty());
        assert_eq!(new_syntax_errors("a.rs", "fn a( {\n}\n", "// x\nfn a( {\n}\n"), []);
        assert_eq!(new_syntax_errors("a.unknown", whole, "fn ("), []);
        assert!(!new_syntax_errors("a.py", "", "def f(:\n").is_empty());
    }
}
