//! Where the words of a question are, block by block.

use super::words::{Wanted, WordScan};
use crate::corpus::{
    search::{
        frequencies::{BLOCK, Frequencies},
        key::Key,
        terms::token_start,
    },
    segment::Segment,
};

/// The most blocks of a text: those of a huge one are larger.
const MOST_BLOCKS: usize = 1 << 22;

/// How a text is divided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    /// Bytes of a block. Each file begins with a new one.
    pub size: usize,
}

/// How often a word occurs in a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub file: u32,
    pub block: u32,
    pub term: u16,
    pub count: u16,
}

/// What a part of the text has of a question.
#[derive(Debug)]
pub(in crate::corpus) struct Hits {
    /// By the numbers that hits have for them.
    pub(super) terms: Vec<Key>,
    /// In the order of the text.
    pub(super) hits: Vec<Hit>,
}

/// One thread's look at a text, file by file.
#[derive(Debug)]
pub(in crate::corpus) struct ThreadScan<'a> {
    words: WordScan<'a>,
    blocks: Blocks,
    hits: Vec<Hit>,
}

/// What the paths of all files have of a question.
#[derive(Debug)]
pub(super) struct PathHits {
    pub terms: Vec<Key>,
    /// File and term, in the order of the files.
    pub hits: Vec<(usize, u16)>,
}

impl Blocks {
    pub fn of_text(bytes: usize) -> Self {
        Self { size: BLOCK.max(bytes.div_ceil(MOST_BLOCKS)) }
    }

    fn of(self, file: &Segment) -> usize {
        file.text.len().div_ceil(self.size)
    }
}

impl<'a> ThreadScan<'a> {
    pub(super) fn new(wanted: &'a Wanted, blocks: Blocks) -> Self {
        Self { words: WordScan::new(wanted), blocks, hits: Vec::new() }
    }

    /// Looks at the text of file number `file`, or a part of it that begins at byte `offset`.
    pub fn look(&mut self, file: usize, offset: usize, text: &str) {
        let Self { words, blocks, hits } = self;
        let file = u32::try_from(file).unwrap_or(u32::MAX);
        let mut block_start = hits.len();
        words.each(text, |at, term| {
            let block = ((offset + token_start(text, at)) / blocks.size) as u32;
            if hits[block_start..].last().is_none_or(|last| last.block != block) {
                block_start = hits.len();
            }
            match hits[block_start..].iter_mut().find(|hit| hit.term == term) {
                Some(hit) => hit.count = hit.count.saturating_add(1),
                None => hits.push(Hit { file, block, term, count: 1 }),
            }
        });
    }

    /// What was found since this was last asked.
    pub fn take(&mut self) -> Hits {
        let mut hits = std::mem::take(&mut self.hits);
        hits.shrink_to_fit();
        Hits { terms: self.words.terms().to_vec(), hits }
    }
}

impl Hits {
    /// Gives each file the number that `of` has for its own; what has none is left out.
    pub fn renumber(&mut self, of: impl Fn(usize) -> Option<usize>) {
        self.hits.retain_mut(|hit| {
            let number = of(hit.file as usize).and_then(|number| u32::try_from(number).ok());
            hit.file = number.unwrap_or_default();
            number.is_some()
        });
    }

    /// For each of its terms the number among `terms`, which are in ascending order.
    pub(super) fn numbers(&self, terms: &[Key]) -> Vec<usize> {
        numbers(&self.terms, terms)
    }
}

impl PathHits {
    pub fn of(files: &[Segment], mut thread: ThreadScan<'_>) -> Self {
        let mut hits = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let first = hits.len();
            thread.words.each(file.path.as_deref().unwrap_or_default(), |_, term| {
                if !hits[first..].contains(&(number, term)) {
                    hits.push((number, term));
                }
            });
        }
        Self { terms: thread.words.terms().to_vec(), hits }
    }

    pub fn numbers(&self, terms: &[Key]) -> Vec<usize> {
        numbers(&self.terms, terms)
    }
}

fn numbers(own: &[Key], terms: &[Key]) -> Vec<usize> {
    own.iter().map(|term| terms.partition_point(|known| known < term)).collect()
}

/// How common the words are in the whole text.
pub(super) fn frequencies(hits: &[Hits], paths: &PathHits, files: &[Segment], blocks: Blocks) -> Frequencies {
    let mut terms: Vec<Key> = hits.iter().flat_map(|hits| &hits.terms).chain(&paths.terms).copied().collect();
    terms.sort_unstable();
    terms.dedup();
    let (mut in_blocks, mut in_paths) = (vec![0; terms.len()], vec![0; terms.len()]);
    for hits in hits {
        let numbers = hits.numbers(&terms);
        hits.hits.iter().for_each(|hit| in_blocks[numbers[usize::from(hit.term)]] += 1);
    }
    let numbers = paths.numbers(&terms);
    paths.hits.iter().for_each(|(_, term)| in_paths[numbers[usize::from(*term)]] += 1);
    let all_blocks = files.iter().map(|file| blocks.of(file)).sum();
    // A block in which a part of the text ends is counted for the next part as well.
    in_blocks.iter_mut().for_each(|count: &mut usize| *count = (*count).min(all_blocks));
    Frequencies { terms, blocks: in_blocks, files: in_paths, all_blocks, all_files: files.len() }
}
