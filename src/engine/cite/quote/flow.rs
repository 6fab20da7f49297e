//! A quotation as one run of words, wherever its lines break.

use crate::engine::cite::quote::whole;

/// The parts of a quotation, looked for one behind the other in a text that comes in pieces.
pub struct Flow {
    parts: Vec<String>,
    /// How many of them were found.
    found: usize,
    fold: Fold,
    /// What has come and may still hold the next part.
    buffer: String,
    /// Bytes at its beginning that only tell whether a word begins behind them.
    looked: usize,
    /// Places that were nearly it.
    rejected: usize,
}

impl Flow {
    /// Of a quotation; `is_loose` leaves marks of Markdown and of comments out of account.
    pub fn new(quoted: &str, is_loose: bool) -> Self {
        let parts = quoted.replace("...", "…");
        let parts = parts.split('…').map(|part| {
            let mut folded = String::new();
            let mut fold = Fold::new(is_loose);
            fold.push(part, &mut folded);
            folded.trim().to_owned()
        });
        let parts = parts.filter(|part| !part.is_empty()).collect();
        Self { parts, found: 0, fold: Fold::new(is_loose), buffer: String::new(), looked: 0, rejected: 0 }
    }

    pub fn is_found(&self) -> bool {
        // Nothing is nowhere.
        !self.parts.is_empty() && self.found == self.parts.len()
    }

    pub fn gave_up(&self) -> bool {
        self.rejected > whole::REJECTED
    }

    pub fn push(&mut self, piece: &str) {
        if self.gave_up() {
            return;
        }
        self.fold.push(piece, &mut self.buffer);
        let mut from = self.looked;
        while let Some(part) = self.parts.get(self.found) {
            match whole::find(&self.buffer, from, part, &mut self.rejected) {
                // The next character, which may be of the same word, is still to come.
                Some(found) if found.end == self.buffer.len() && whole::ends_with_word(part) => break,
                Some(found) => (self.found, from) = (self.found + 1, found.end),
                None => {
                    let rest = self.buffer.len().saturating_sub(part.len());
                    from = from.max(self.buffer.floor_char_boundary(rest));
                    break;
                }
            }
        }
        let kept = self.buffer[..from].char_indices().next_back().map_or(0, |(at, _)| at);
        self.looked = from - kept;
        self.buffer.drain(..kept);
    }
}

/// Folds white space of a text that comes in pieces.
struct Fold {
    is_loose: bool,
    after_space: bool,
    at_line_start: bool,
}

impl Fold {
    fn new(is_loose: bool) -> Self {
        Self { is_loose, after_space: true, at_line_start: true }
    }

    fn push(&mut self, mut piece: &str, folded: &mut String) {
        while !piece.is_empty() {
            // Most of a text is words of visible ASCII characters.
            let plain = if self.is_loose { 0 } else { plain_length(piece) };
            if plain > 0 {
                folded.push_str(&piece[..plain]);
                (self.after_space, self.at_line_start) = (false, false);
                piece = &piece[plain..];
            }
            let mut rest = piece.chars();
            let Some(it) = rest.next() else { return };
            piece = rest.as_str();
            if it.is_whitespace() {
                if !self.after_space {
                    folded.push(' ');
                }
                self.after_space = true;
                self.at_line_start |= it == '\n';
                continue;
            }
            let it = match it {
                _ if !self.is_loose => it,
                '*' | '_' | '`' | '\\' => continue,
                '/' | '#' | ';' | '-' | '>' | '!' | '|' if self.at_line_start => continue,
                '’' | '‘' => '\'',
                '“' | '”' | '„' => '"',
                it => it,
            };
            folded.push(it);
            (self.after_space, self.at_line_start) = (false, false);
        }
    }
}

/// How many bytes at the beginning are visible ASCII characters.
fn plain_length(text: &str) -> usize {
    text.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(text.len())
}
