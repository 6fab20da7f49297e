//! The comments of a file: by its syntax tree, or by what its lines begin with where there is no grammar.

use crate::corpus::{
    language::{Language, Style},
    stop::StopFlag,
    syntax,
};
use std::ops::Range;

/// The bytes of the comments of a text in this language, in order. Prose has none.
pub fn comments(text: &str, language: Option<&Language>, stop: &StopFlag) -> Vec<Range<usize>> {
    let Some(language) = language else { return Vec::new() };
    syntax::comments(text, language, stop).unwrap_or_else(|| by_lines(text, language))
}

/// The lines that are nothing but a comment.
fn by_lines(text: &str, language: &Language) -> Vec<Range<usize>> {
    if matches!(language.style, Style::Markdown | Style::Org) {
        return Vec::new();
    }
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let at = start;
        start += line.len();
        (at, line)
    });
    let is_comment = |line: &str| language.comments.iter().any(|mark| line.trim_start().starts_with(mark));
    lines.filter(|(_, line)| is_comment(line)).map(|(at, line)| at..at + line.trim_end().len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_strings_and_code() {
        for (path, text, expected) in [
            (
                "a.rs",
                "// one\nlet a = \"// two\"; /* three */\n/// four\nfn f() {}\n",
                &["// one", "/* three */", "/// four\n"][..],
            ),
            ("a.py", "# one\nx = '# two'  # three\n", &["# one", "# three"]),
            ("a.toml", "# one\na = 1 # two\n", &["# one"]),
            ("a.el", ";; one\n(a)\n", &[";; one"]),
            ("a.md", "# A heading\n", &[]),
            ("a.unknown", "// one\n", &[]),
        ] {
            let found = comments(text, Language::of_path(path), &StopFlag::default());
            let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{path}");
        }
    }
}
