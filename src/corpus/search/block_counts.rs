//! In how many blocks each term of some files occurs.

use super::{frequencies::BLOCK, table::Log};

/// What was counted so far, file by file.
#[derive(Debug, Default)]
pub(super) struct BlockCounts {
    /// For each term how many blocks have it, and the last of them, from 1.
    of_terms: Vec<(u32, u32)>,
    /// Blocks of the files before this one.
    before: usize,
}

impl BlockCounts {
    /// Notes that a term occurs at this byte of the file, behind all that was noted of that before.
    pub fn note(&mut self, term: u32, at: usize) {
        let term = term as usize;
        if term >= self.of_terms.len() {
            self.of_terms.resize((term + 1).next_power_of_two(), (0, 0));
        }
        let block = (self.before + at / BLOCK + 1) as u32;
        let (count, last) = &mut self.of_terms[term];
        if *last != block {
            (*count, *last) = (*count + 1, block);
        }
    }

    /// Goes on to the next file.
    pub fn end_file(&mut self, bytes: usize) {
        self.before += bytes.div_ceil(BLOCK);
    }

    /// How many blocks there are.
    pub fn all(&self) -> usize {
        self.before
    }

    /// The counts by the numbers of the terms, and begins anew.
    pub fn take_log(&mut self) -> Log {
        let mut log = Log::default();
        for (term, (count, _)) in (0..).zip(std::mem::take(self).of_terms).filter(|(_, (count, _))| *count > 0) {
            log.note(term, count, 0);
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::search::key::Key;

    #[test]
    fn a_block_counts_once_and_each_file_begins_one() {
        let mut counts = BlockCounts::default();
        for at in [0, 10, BLOCK, 3 * BLOCK - 1] {
            counts.note(0, at);
        }
        counts.end_file(3 * BLOCK - 1);
        counts.note(0, 0);
        counts.end_file(1);
        assert_eq!(counts.all(), 4);
        let table = counts.take_log().take_table(&[Key::whole("a")], &[0]);
        assert_eq!(table.list(0).collect::<Vec<_>>(), [(4, 0)]);
        assert_eq!(counts.all(), 0);
    }
}
