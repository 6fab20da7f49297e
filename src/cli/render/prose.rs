//! A run of prose: styled words, which are set in lines.

use super::{Look, links::linked, styled};
use crate::text::visible_text;
use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// What stays on one line, as the terminal gets it.
#[derive(Debug, Default, Clone)]
struct Word {
    text: String,
    width: usize,
}

/// The words of a paragraph, a heading, or a cell of a table.
#[derive(Debug, Default)]
pub(super) struct Prose {
    /// The lines that the text itself has.
    lines: Vec<Vec<Word>>,
    /// Whether the next text goes on in the last word.
    is_in_word: bool,
}

impl Prose {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(Vec::is_empty)
    }

    /// Adds a text, which may be broken between its words.
    pub(super) fn push(&mut self, look: &Look, style: Style, text: &str) {
        let text = visible_text(text);
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                self.end_line();
            }
            let mut links = look.links.of(line).into_iter().peekable();
            let mut at = 0;
            for word in line.split_inclusive(char::is_whitespace) {
                let end = at + word.len();
                let bare = word.trim_end();
                let mut shown = String::new();
                let mut from = 0;
                // A link has no blank in it, so it lies in one word.
                while let Some((range, url)) = links.next_if(|(range, _)| range.end <= end) {
                    let (first, last) = (range.start - at, range.end - at);
                    shown += &styled(style, &bare[from..first]);
                    shown += &linked(&url, &styled(style, &bare[first..last]));
                    from = last;
                }
                shown += &styled(style, &bare[from..]);
                if !bare.is_empty() {
                    self.add(&shown, bare.width());
                }
                self.is_in_word &= bare.len() == word.len();
                at = end;
            }
        }
        if text.ends_with('\n') {
            self.end_line();
        }
    }

    /// Adds a text that stays whole, such as code.
    pub(super) fn push_whole(&mut self, look: &Look, style: Style, text: &str) {
        let text = visible_text(text).replace('\n', " ");
        let mut shown = String::new();
        let mut from = 0;
        for (range, url) in look.links.of(&text) {
            shown += &styled(style, &text[from..range.start]);
            shown += &linked(&url, &styled(style, &text[range.clone()]));
            from = range.end;
        }
        shown += &styled(style, &text[from..]);
        self.add(&shown, text.width());
    }

    fn add(&mut self, shown: &str, width: usize) {
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        let Some(line) = self.lines.last_mut() else { return };
        match line.last_mut().filter(|_| self.is_in_word) {
            Some(word) => {
                word.text += shown;
                word.width += width;
            }
            None => line.push(Word { text: shown.to_owned(), width }),
        }
        self.is_in_word = true;
    }

    pub(super) fn end_line(&mut self) {
        self.lines.push(Vec::new());
        self.is_in_word = false;
    }

    /// The lines, none wider than `width` unless a single word is.
    pub(super) fn set(self, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for words in self.lines.into_iter().filter(|words| !words.is_empty()) {
            let (mut line, mut used) = (String::new(), 0);
            for Word { text, width: wide } in words {
                if used > 0 && used + 1 + wide > width {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                if used > 0 {
                    line.push(' ');
                    used += 1;
                }
                line += &text;
                used += wide;
            }
            lines.push(line);
        }
        lines
    }

    /// All of it on one line, and how wide that is.
    pub(super) fn set_in_line(self) -> (String, usize) {
        let words: Vec<Word> = self.lines.into_iter().flatten().collect();
        let width = words.iter().map(|it| it.width + 1).sum::<usize>().saturating_sub(1);
        (words.into_iter().map(|it| it.text).collect::<Vec<_>>().join(" "), width)
    }
}
