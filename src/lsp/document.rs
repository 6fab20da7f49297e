//! An open document: what the client's user sees, which is the truth even if the disk says otherwise.

use super::position::PositionEncoding;
use lsp_types::TextDocumentContentChangeEvent;
use ropey::Rope;

/// The text of one version. Cloning is cheap: ropes share their parts.
#[derive(Debug, Clone)]
pub struct Document {
    pub text: Rope,
    pub version: i32,
    /// Whether it was changed since it was opened.
    pub is_edited: bool,
}

impl Document {
    pub fn new(text: &str, version: i32) -> Self {
        Self { text: Rope::from_str(text), version, is_edited: false }
    }

    /// Applies the changes of one notification, each to the result of the one before. An older version than the one that
    /// is here is ignored.
    pub fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>, encoding: PositionEncoding) {
        if version < self.version {
            tracing::warn!(version, known = self.version, "ignored a change to an older version");
            return;
        }
        for change in changes {
            match change.range {
                None => self.text = Rope::from_str(&change.text),
                Some(range) => {
                    let chars = encoding.chars_of(&self.text, range);
                    self.text.remove(chars.clone());
                    self.text.insert(chars.start, &change.text);
                }
            }
        }
        self.version = version;
        self.is_edited = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    fn edit(lines: (u32, u32, u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let (start_line, start, end_line, end) = lines;
        let range = Range::new(Position::new(start_line, start), Position::new(end_line, end));
        TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.to_owned() }
    }

    fn whole(text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent { range: None, range_length: None, text: text.to_owned() }
    }

    #[test]
    fn changes_apply_one_after_the_other() {
        let mut document = Document::new("a😀b\nc", 1);
        let changes = vec![edit((0, 3, 0, 4), "B"), edit((0, 1, 0, 3), "x\ny"), edit((2, 1, 2, 1), "!")];
        document.change(2, changes, PositionEncoding::Utf16);
        assert_eq!(document.text.to_string(), "ax\nyB\nc!");
        assert_eq!(document.version, 2);
    }

    #[test]
    fn an_older_version_changes_nothing() {
        let mut document = Document::new("new", 5);
        document.change(4, vec![whole("old")], PositionEncoding::Utf16);
        assert_eq!((document.text.to_string().as_str(), document.version), ("new", 5));
        document.change(5, vec![whole("again")], PositionEncoding::Utf16);
        assert_eq!(document.text.to_string(), "again");
    }

    #[test]
    fn impossible_ranges_do_not_panic() {
        let mut document = Document::new("ab\n", 1);
        document.change(2, vec![edit((9, 9, 0, 0), "x"), edit((0, 5, 0, 1), "y")], PositionEncoding::Utf8);
        assert_eq!(document.text.to_string(), "aby\nx");
    }
}
