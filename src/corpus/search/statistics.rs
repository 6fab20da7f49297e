//! How common words are in a text of which only a part is indexed.

use super::{key::Key, resolved_concepts::Frequencies};

/// Counted in blocks of equal size, which stand for the passages.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Statistics {
    /// In ascending order.
    pub terms: Vec<Key>,
    /// How many blocks have each term.
    pub blocks: Vec<usize>,
    /// How many paths of files have it.
    pub files: Vec<usize>,
    pub all_blocks: usize,
    pub all_files: usize,
}

impl Statistics {
    /// Replaces what was counted in the part that is indexed.
    pub fn put_into(&self, frequencies: &mut Frequencies) {
        frequencies.all_passages = self.all_blocks.max(frequencies.all_passages);
        frequencies.all_files = self.all_files.max(frequencies.all_files);
        for (number, term) in frequencies.terms.iter().enumerate() {
            if let Ok(known) = self.terms.binary_search(term) {
                // Where everything that has the term is indexed, it was counted exactly.
                frequencies.passages[number] = frequencies.passages[number].max(self.blocks[known]);
                frequencies.files[number] = frequencies.files[number].max(self.files[known]);
            }
        }
    }

    /// How common the terms are, with blocks in place of passages.
    pub fn frequencies(&self) -> Frequencies {
        Frequencies {
            terms: self.terms.clone(),
            passages: self.blocks.clone(),
            files: self.files.clone(),
            all_passages: self.all_blocks,
            all_files: self.all_files,
        }
    }
}
