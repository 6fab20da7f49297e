//! What a file defines, and where.

use super::{
    context::ContextText,
    error::{Error, LookupError},
    language::Language,
    segment::Segment,
    stop::StopFlag,
    structure::{Definition, Lines, definitions},
    symbol::{LONGEST_SIGNATURE, Symbol},
    syntax,
};
use crate::text::cut_head;

/// The largest file that has an outline, in bytes.
const LARGEST: usize = 16 << 20;

/// The most symbols of a file. The rest of a longer outline is left out.
const MOST_SYMBOLS: usize = 50_000;

/// The symbols of the file `path` in the order of their lines.
///
/// The twenty most used languages are parsed. Other languages, and files that are too large or too odd to parse, are looked
/// at line by line; a file without any known structure has no symbols.
///
/// # Errors
/// The file does not exist, is too large or cannot be read, or the search for symbols is stopped.
pub fn outline(context: &ContextText, path: &str, stop: &StopFlag) -> Result<Vec<Symbol>, LookupError> {
    let segment: &Segment = context.segment_of_path(path)?;
    if segment.text.len() > LARGEST {
        return Err(LookupError::Text(Error::TooLongToOutline { bytes: segment.text.len(), most: LARGEST }));
    }
    let mut symbols = symbols(&context.read(segment.text.clone())?, segment.language, stop);
    stop.check()?;
    symbols.truncate(MOST_SYMBOLS);
    Ok(symbols)
}

/// The symbols of a text that lies nowhere.
pub fn definitions_in(text: &str, language: &Language, stop: &StopFlag) -> Vec<Symbol> {
    if text.len() > LARGEST { Vec::new() } else { symbols(text, Some(language), stop) }
}

/// The symbols of a text of this language, at most [`LARGEST`] bytes; some or none if it is stopped.
pub(super) fn symbols(text: &str, language: Option<&Language>, stop: &StopFlag) -> Vec<Symbol> {
    let parsed = language.and_then(|language| syntax::symbols(text, language, stop));
    parsed.unwrap_or_else(|| by_lines(text, language))
}

/// The symbols that can be told by lines and their indentation.
pub(super) fn by_lines(text: &str, language: Option<&Language>) -> Vec<Symbol> {
    let lines = Lines::new(text);
    let symbol = |it: Definition<'_>| Symbol {
        name: cut_head(it.name, LONGEST_SIGNATURE).shown.to_owned(),
        kind: it.kind,
        first_line: it.line + 1,
        last_line: it.lines.end,
        depth: it.depth,
        signature: cut_head(lines.line(it.line).trim(), LONGEST_SIGNATURE).shown.to_owned(),
    };
    definitions(&lines, language).into_iter().take(MOST_SYMBOLS).map(symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn names(path: &str, text: &str) -> Vec<String> {
        let context = Snapshot::of_text(Some(path), text.to_owned()).context().unwrap();
        let symbols = outline(&context, path, &StopFlag::default()).unwrap();
        symbols.iter().map(|it| format!("{} {} {}-{}", it.kind, it.name, it.first_line, it.last_line)).collect()
    }

    #[test]
    fn languages_without_a_grammar_are_looked_at_by_lines() {
        assert_eq!(names("a.jl", "module A\n  function f()\n    1\n  end\nend\n"), ["module A 1-5", "function f 2-4"]);
        assert_eq!(names("a.md", "# A\ntext\n"), ["heading A 1-2"]);
        assert_eq!(names("a.el", "(defun a ()\n  1)\n"), ["defun a 1-2"]);
        assert!(names("a.unknown", "fn a() {}\n").is_empty());
    }

    #[test]
    fn an_outline_is_bounded_and_stops() {
        // A line with many symbols, of which each shows as much as is kept and no more.
        let context = Snapshot::of_text(Some("a.rs"), "fn a() {} ".repeat(150_000)).context().unwrap();
        let symbols = outline(&context, "a.rs", &StopFlag::default()).unwrap();
        assert!(symbols.len() <= MOST_SYMBOLS && symbols.iter().all(|it| it.signature.len() <= LONGEST_SIGNATURE));
        let stop = StopFlag::default();
        stop.raise();
        assert!(matches!(outline(&context, "a.rs", &stop), Err(LookupError::Text(Error::Stopped))));
        let large = Snapshot::of_text(Some("a.rs"), "// x\n".repeat(LARGEST / 5 + 1)).context().unwrap();
        let error = outline(&large, "a.rs", &StopFlag::default()).unwrap_err();
        assert!(error.to_string().contains("too large for outline()"), "{error}");
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let context = Snapshot::of_text(Some("a.rs"), String::new()).context().unwrap();
        assert!(outline(&context, "b.rs", &StopFlag::default()).is_err());
    }
}
